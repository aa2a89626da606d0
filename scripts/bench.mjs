// `npm run bench` measures the router against the bare clients; `npm run bench -- discovery` another part: bench/<part>.ts.
import { existsSync } from 'node:fs';

const [part] = process.argv.slice(2);
const isPart = part !== undefined && existsSync(`bench/${part}.ts`);
process.argv.splice(2, isPart ? 1 : 0, `bench/${isPart ? part : 'run'}.ts`);
await import('./run.mjs');
