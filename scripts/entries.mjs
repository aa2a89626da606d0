import { readFileSync } from 'node:fs';

/** The package's manifest. */
export const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

/** Public entries: the `specifier` that hosts import and the `file` in `dist`, without its ending. */
export const entries = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target === 'object')
  .map(([name, target]) => ({
    specifier: manifest.name + name.slice(1),
    file: target.default.replace('./dist/', '').replace(/\.js$/, ''),
  }));
