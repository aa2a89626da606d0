// Runs the unit tests against the build on another Node: `node scripts/test-node.mjs 24`. MSW=3 is set on 24.
import { spawnSync } from 'node:child_process';

const [major, inside] = process.argv.slice(2);
const self = 'scripts/test-node.mjs';
const [command, ...args] =
  inside === undefined
    ? ['npx', '-y', '-p', `node@${major}`, 'node', self, major, 'inside']
    : [process.execPath, 'node_modules/vitest/vitest.mjs', 'run'];

// A shell or an npm setting may bring the machine's own Node instead, and nothing would tell.
if (inside !== undefined && process.versions.node.split('.')[0] !== major) {
  console.error(`Asked for Node ${major}, got ${process.version}.`);
  process.exit(1);
}
if (inside !== undefined) console.log(`Node ${process.version}`);
// `npm test` has drawn them all.
const env = { ...process.env, SCHEDULES: '1000', TEST_TARGET: 'dist', ...(major === '24' ? { MSW: '3' } : {}) };
process.exitCode = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env }).status ?? 1;
