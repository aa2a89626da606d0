// What the tracked files must not hold: registry addresses, paths of one machine, a README that nobody reads to its end.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const README_LINES = 250;
const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 }).trim();
const problems = [];

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const resolved = Object.values(lock.packages).filter((entry) => 'resolved' in entry).length;
if (resolved > 0) problems.push(`package-lock.json: ${resolved} packages with "resolved"; .npmrc must omit it.`);

// The host that this machine installs from, and the public one; spelled in parts, so that this file does not name it.
const registry = new URL(run('npm', 'config', 'get', 'registry')).host;
const words = [registry, ['registry', 'npmjs', 'org'].join('.')].map((word) => word.replaceAll('.', '[.]'));
const paths = ['(^|[^[:alnum:]_.-])/(work|root)/[[:alnum:]_.-]', '[.][.]/[.]?(shared|library)/'];
try {
  const found = run('git', 'grep', '--untracked', '-nIE', [...words, ...paths].join('|'), '--', '.');
  for (const line of found.split('\n')) problems.push(`names a registry or a machine: ${line.slice(0, 160)}`);
} catch (error) {
  if (error.status !== 1) throw error; // 1: nothing found
}

const lines = readFileSync('README.md', 'utf8').split('\n').length;
if (lines >= README_LINES) problems.push(`README.md has ${lines} lines; under ${README_LINES}.`);

for (const problem of problems) console.error(problem);
console.log(`${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
