// `npm run soak`: minutes of what the tests do for a moment, with what it leaves behind. Not part of any gate.
//   npm run soak -- --routes 20000     fewer routes; the other parts shrink with them
//   npm run soak -- --only routes      one part: routes, schedules, fuzz or kills
import { spawnSync } from 'node:child_process';

const { routes, only } = options(process.argv.slice(2));
const scale = routes / 100_000;
const vitest = (file) => ['node_modules/vitest/vitest.mjs', 'run', file, '--maxWorkers=1'];
const PARTS = [
  { name: 'routes', args: ['--expose-gc', 'scripts/run.mjs', 'bench/soak.ts', '--routes', String(routes)] },
  { name: 'schedules', args: vitest('test/hostile/schedules.test.ts'), env: { SCHEDULES: times(50_000) } },
  { name: 'fuzz', args: vitest('test/hostile/fuzz.test.ts'), env: { FUZZ_TIMES: times(20) } },
  { name: 'kills', args: vitest('test/security/audit-crash.test.ts'), env: { AUDIT_KILLS: times(200) } },
];
const parts = PARTS.filter(({ name }) => only === undefined || name === only);
if (parts.length === 0 || !(routes >= 1)) {
  console.error(`Usage: npm run soak -- [--routes <number>] [--only ${PARTS.map(({ name }) => name).join('|')}]`);
  process.exit(2);
}

const missed = parts.filter(({ name, args, env }) => {
  console.log(`\n== ${name} ${JSON.stringify(env ?? { routes })}`);
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  return status !== 0;
});
console.log(missed.length === 0 ? '\nsoak: all held' : `\nsoak: MISSED: ${missed.map(({ name }) => name).join(', ')}`);
process.exitCode = missed.length === 0 ? 0 : 1;

/** So much of it at 100 000 routes. */
function times(count) {
  return String(Math.max(1, Math.round(count * scale)));
}

function options(args) {
  const value = (name) => (args.includes(name) ? (args[args.indexOf(name) + 1] ?? '') : undefined);
  return { routes: Number(value('--routes') ?? 100_000), only: value('--only') };
}
