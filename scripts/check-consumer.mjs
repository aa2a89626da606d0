// Installs the packed tarball in a temporary folder as a host does, imports every entry, and compiles a strict host.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { entries, manifest } from './entries.mjs';
import { pack, temporaryFolder } from './pack.mjs';

const folder = temporaryFolder();
const fixtures = 'test/package/consumer';
const tarball = pack(folder);
writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n');
// The optional peer is there too, as for a host that uses the entry that needs it.
const peers = Object.keys(manifest.peerDependencies).map((name) => `${name}@${manifest.devDependencies[name]}`);
execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', tarball, ...peers], {
  cwd: folder,
  stdio: 'inherit',
});

let failed = 0;
const check = (name, fault) => {
  console.log(`${fault ? 'FAIL' : 'ok  '} ${name}${fault ? `\n${fault}` : ''}`);
  if (fault) failed += 1;
};

// Importing prints nothing and leaves nothing that keeps the process alive.
const leftovers = `
setImmediate(() => setImmediate(() => {
  const open = process.getActiveResourcesInfo().filter((kind) => !/^(?:Immediate|PipeWrap)$/.test(kind));
  if (open.length > 0) console.log('still open: ' + open.join(', '));
}));`;
for (const { specifier } of entries) {
  const ways = { import: `await import('${specifier}');`, require: `require('${specifier}');` };
  for (const [way, code] of Object.entries(ways)) {
    const type = way === 'import' ? 'module' : 'commonjs';
    const run = spawnSync(process.execPath, [`--input-type=${type}`, '-e', code + leftovers], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 30_000,
    });
    const fault = run.stdout + run.stderr || (run.status === 0 ? '' : `ended with ${run.signal ?? run.status}`);
    check(`${way} ${specifier}`, fault);
  }
}

// The command comes with the package.
for (const command of Object.keys(manifest.bin)) {
  const run = spawnSync(join(folder, 'node_modules/.bin', command), ['help'], { cwd: folder, encoding: 'utf8' });
  check(`command ${command}`, run.status === 0 && run.stdout.startsWith('Usage: ') ? '' : `${run.stdout}${run.stderr}`);
}

// The declarations hold for a host that checks libraries too, has no Node types, and is strict about optional members.
const everything = entries.map(({ specifier }, i) => `import * as entry${i} from '${specifier}';\nvoid entry${i};\n`);
writeFileSync(join(folder, 'every-entry.ts'), everything.join(''));
for (const file of readdirSync(fixtures)) copyFileSync(join(fixtures, file), join(folder, file));
for (const options of [[], ['--module', 'esnext', '--moduleResolution', 'bundler']]) {
  const run = spawnSync(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', '.', ...options], {
    cwd: folder,
    encoding: 'utf8',
  });
  check(`a strict host compiles (${options.at(-1) ?? 'nodenext'})`, run.status === 0 ? '' : run.stdout + run.stderr);
}
process.exitCode = failed === 0 ? 0 : 1;
