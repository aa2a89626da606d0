/**
 * Part of `npm run soak`: many routes over loopback sockets to servers of which 1 % of the answers go wrong in each of all
 * known ways. Shows what they leave behind. Needs `--expose-gc`; `--routes <n>`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { LocalLLMRouter, RouterError } from 'local-llm-router';
import type { SoakServers } from './soak-servers.js';

const at = process.argv.indexOf('--routes');
const ROUTES = at < 0 ? 100_000 : Number(process.argv[at + 1]);
const IN_FLIGHT = 32;
/** So many routes fill what is bounded by design: the last audit records, what was learnt of models, pools. */
const WARM_UP = 5_000;
const MAX_GROWTH_MB = 10;

const { gc } = globalThis;
if (gc === undefined || !Number.isInteger(ROUTES) || ROUTES < 1) throw new Error('Run this through `npm run soak`.');

const misses: string[] = [];
const ends: Record<string, number> = {};
process.on('unhandledRejection', (reason) => misses.push(`an unhandled rejection: ${String(reason)}`));
process.on('warning', (warning) => misses.push(`a warning: ${warning.message}`));

const child = fork('scripts/run.mjs', ['bench/soak-servers.ts']);
const { services } = await heard(child);
const before = await handles();
const router = new LocalLLMRouter({
  discovery: false,
  services,
  timeouts: { firstContentMs: 500, idleMs: 300, totalMs: 3_000 },
  retry: { maxRetries: 1, minDelayMs: 10 },
});
await router.initialize();
const heaps: number[] = [];
const started = performance.now();
await many(WARM_UP);
heaps.push(await heap());
for (let quarter = 0; quarter < 4; quarter++) {
  await many(Math.ceil(ROUTES / 4));
  heaps.push(await heap());
}
const seconds = (performance.now() - started) / 1_000;
await router.close();
const after = await handles();
child.send('struck');
const { struck } = await heard(child);
child.kill();

const [first = 0, ...later] = heaps;
const growth = (later.at(-1) ?? 0) - first;
row('routes', `${ROUTES} after ${WARM_UP} to warm up, ${IN_FLIGHT} at once, ${seconds.toFixed(0)} s`);
row('how they ended', told(ends));
row('faults that struck', `${Object.values(struck).reduce((sum, n) => sum + n, 0)}: ${told(struck)}`);
row('heap after GC, MB', `${first.toFixed(1)} -> ${later.map((mb) => mb.toFixed(1)).join(' -> ')}`);
row('heap growth', `${growth.toFixed(1)} MB`, `<= ${MAX_GROWTH_MB} MB`);
row('handles before', told(before));
row('handles after', told(after));
if (growth > MAX_GROWTH_MB) misses.push(`the heap grew by ${growth.toFixed(1)} MB`);
if (told(before) !== told(after)) misses.push('handles are left');
if ((ends['ok'] ?? 0) < 0.5 * ROUTES) misses.push('fewer than half of the calls got an answer');
for (const [name, times] of Object.entries(struck)) if (times < ROUTES / 500) misses.push(`too little of ${name}`);
for (const miss of misses) console.log(`MISS: ${miss}`);
process.exitCode = misses.length > 0 ? 1 : 0;

async function many(count: number): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const end = await one(left);
      ends[end] = (ends[end] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const { queues } = router.status();
  if (queues.length > 0) misses.push(`queues: ${JSON.stringify(queues)}`);
}

/** One call, in one of the ways in which callers make them; gives how it ended. */
async function one(n: number): Promise<string> {
  const session = n % 5 === 0 ? `session ${n % 100}` : undefined;
  const request =
    session === undefined
      ? { messages: [{ role: 'user' as const, content: `Explain number ${n}` }] }
      : { prompt: `Explain number ${n}`, session };
  const leave = new AbortController();
  const { signal } = leave;
  if (n % 50 === 7) setTimeout(() => leave.abort(), Math.random() * 20);
  try {
    if (n % 3 !== 0) return check(await router.route(request, { signal }));
    const stream = router.stream(request, { signal });
    let text = '';
    for await (const event of stream) {
      if (event.type === 'text') text += event.text;
      if (n % 30 === 9 && event.type === 'text') return 'left';
    }
    const result = await stream.result;
    if (result.text !== text) misses.push('another text was streamed');
    return check(result);
  } catch (error) {
    if (!RouterError.is(error)) {
      misses.push(`it threw ${String(error)}`);
      return 'thrown';
    }
    return error.code;
  } finally {
    // Conversations are the host's to end: these grow to a few messages.
    if (session !== undefined && Math.random() < 0.2) router.context.clear({ session });
  }
}

function check({ text, model }: { readonly text: string; readonly model: { readonly id: string } }): string {
  if (text !== `All of it by ${model.id}.`) misses.push(`${model.id} answered "${text}"`);
  return 'ok';
}

/** Megabytes in use once nothing runs any more and all that can go is gone. */
async function heap(): Promise<number> {
  // What answers late is waited for, and finalisers have their turn.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  for (let i = 0; i < 4; i++) {
    await gc?.({ type: 'major', execution: 'async' });
    await new Promise(setImmediate);
  }
  return process.memoryUsage().heapUsed / 2 ** 20;
}

/** What keeps the process alive, by kind; what is closing has its time to. */
async function handles(): Promise<Record<string, number>> {
  await new Promise((resolve) => setTimeout(resolve, 500));
  const count: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo().sort()) count[kind] = (count[kind] ?? 0) + 1;
  return count;
}

async function heard(servers: ChildProcess): Promise<SoakServers> {
  const [report] = (await once(servers, 'message')) as [SoakServers];
  return report;
}

function told(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ');
}

function row(what: string, value: string, target = ''): void {
  console.log(`${what.padEnd(20)} ${value} ${target}`.trimEnd());
}
