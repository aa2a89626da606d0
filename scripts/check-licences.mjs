// Compares the packages that an install of this one brings, with their licences, with the committed list; `--write` renews it.
import { readFileSync, writeFileSync } from 'node:fs';

const snapshot = 'etc/runtime-packages.json';
const allowed = /^(?:MIT|ISC|0BSD|BSD-2-Clause|BSD-3-Clause|Apache-2\.0)$/;

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const packages = Object.fromEntries(
  Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path.startsWith('node_modules/') && !dev && !devOptional)
    .map(([path, { license }]) => [path.slice(path.lastIndexOf('node_modules/') + 13), license ?? 'unknown'])
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);
const text = `${JSON.stringify(packages, null, 2)}\n`;
if (process.argv.includes('--write')) writeFileSync(snapshot, text);

const refused = Object.entries(packages).filter(([, licence]) => !allowed.test(licence));
for (const [name, licence] of refused) console.error(`${name} is under ${licence}: MIT, ISC, BSD and Apache only.`);
const same = readFileSync(snapshot, 'utf8') === text;
if (!same)
  console.error(`${snapshot} is not up to date: npm run check:licences -- --write, read the change, commit it.`);
console.log(`${Object.keys(packages).length} runtime packages`);
process.exitCode = same && refused.length === 0 ? 0 : 1;
