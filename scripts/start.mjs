// `npm start`: builds what is missing and runs the example.
process.argv.splice(2, 0, 'examples/start.ts');
await import('./run.mjs');
