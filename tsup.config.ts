import { defineConfig } from 'tsup';

// One file out per file in, so that an importer's bundler drops whole modules.
export default defineConfig({
  // The readable cue lists are packed into cue-table.ts; nothing imports them at run time.
  entry: ['src/**/*.ts', '!src/tasks/cues-{eastern,en,western}.ts'],
  format: ['esm'],
  target: 'node20.19',
  bundle: false,
  splitting: false,
  sourcemap: true,
  clean: true,
  dts: false,
});
