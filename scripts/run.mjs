// Runs a TypeScript file of this repository against the built package: node scripts/run.mjs examples/start.ts [args]
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [file, ...args] = process.argv.slice(2);
ensureBuilt();
// Inside the package, so that `import 'local-llm-router'` finds the package itself.
const out = join('.run', file.replace(/\.ts$/, '.js'));
mkdirSync(dirname(out), { recursive: true });
await build({
  entryPoints: [file],
  outfile: out,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // Not the paths of the repository: the example runs against what a user gets.
  tsconfigRaw: {},
});
process.argv = [process.argv[0], file, ...args];
await import(pathToFileURL(out).href);

function ensureBuilt() {
  const built = statSync('dist/index.js', { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync('src', { recursive: true }).map((name) => statSync(join('src', name)).mtimeMs);
  if (built > Math.max(...sources)) return;
  process.stderr.write('Building ...\n');
  const tsup = spawnSync(process.execPath, ['node_modules/tsup/dist/cli-default.js'], { encoding: 'utf8' });
  if (tsup.status === 0) return;
  process.stderr.write(tsup.stdout + tsup.stderr);
  process.exit(1);
}
