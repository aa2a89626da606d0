// Runs the unit tests where there is no network but loopback, on systems that can take it away.
import { spawnSync } from 'node:child_process';

const up = 'ip link set lo up';
const ways = [['-rn'], ['-n']];
const way = ways.find((flags) => spawnSync('unshare', [...flags, 'sh', '-c', up]).status === 0);
if (way === undefined) {
  console.log('skipped: this system allows no network namespace (unshare -n)');
} else {
  const tests = `${up} && exec "${process.execPath}" node_modules/vitest/vitest.mjs run`;
  // `npm test` has drawn all schedules.
  const env = { ...process.env, SCHEDULES: '1000' };
  const run = spawnSync('unshare', [...way, 'sh', '-c', tests], { stdio: ['ignore', 'inherit', 'inherit'], env });
  process.exitCode = run.status ?? 1;
}
