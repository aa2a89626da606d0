/** `npm run bench -- discovery`: how long looking takes and what it asks, with ten fakes on true default ports. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { ServiceDiscovery, type ServiceEndpoint } from 'local-llm-router';
import { percentiles } from './measure.js';
import type { ServersReport } from './servers.js';

const ROUNDS = 30;
const PROBE_MS = 1_000;

const child = fork('scripts/run.mjs', ['bench/servers.ts']);
try {
  const { asked: fakes, holes } = await heard(child);
  console.log(`${fakes.length} services up on loopback, every other default port closed`);
  const memory = await peak();
  child.send('asked');
  const { asked } = await heard(child);
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) times.push(await look(fakes.length));
  const { p50, p99 } = percentiles(times);
  row('discoverAll, new connections', `p50 ${p50.toFixed(1)} ms, worst ${p99.toFixed(1)} ms`, '<= 150 ms');
  row('memory at the peak of the first look', `${(memory / 2 ** 20).toFixed(1)} MB more`, '<= 30 MB');
  row('again within the time to live', `${(await again()).toFixed(3)} ms`, '<= 1 ms');
  const held = await look(
    fakes.length,
    holes.map((baseURL) => ({ type: 'openai-compatible', baseURL })),
  );
  row(`with three black holes, ${PROBE_MS} ms each`, `${held.toFixed(0)} ms`, `<= ${PROBE_MS + 50} ms`);
  for (const { type, requests } of asked) row(`requests to ${type}`, String(requests));
} finally {
  child.kill();
}

/** One look without anything kept from an earlier one, in milliseconds. */
async function look(expected: number, services: ServiceEndpoint[] = []): Promise<number> {
  const discovery = new ServiceDiscovery({ hosts: ['localhost'], probeTimeoutMs: PROBE_MS, services });
  const start = performance.now();
  const report = await discovery.discoverAll();
  const elapsed = performance.now() - start;
  await discovery.close();
  if (report.services.length !== expected) throw new Error(`found ${report.services.length} of ${expected} services`);
  return elapsed;
}

/** The most that the first look adds to the memory of this process, in bytes, once the HTTP client is loaded. */
async function peak(): Promise<number> {
  const loading = new ServiceDiscovery({ hosts: [], services: [{ type: 'vllm', baseURL: 'http://localhost:1' }] });
  await loading.discoverAll();
  await loading.close();
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 1);
  await again();
  clearInterval(timer);
  return Math.max(most, process.memoryUsage().rss) - before;
}

/** A second look within the time to live, in milliseconds. */
async function again(): Promise<number> {
  const discovery = new ServiceDiscovery({ hosts: ['localhost'] });
  await discovery.discoverAll();
  const start = performance.now();
  await discovery.discoverAll();
  const elapsed = performance.now() - start;
  await discovery.close();
  return elapsed;
}

async function heard(servers: ChildProcess): Promise<ServersReport> {
  const [report] = (await once(servers, 'message')) as [ServersReport];
  return report;
}

function row(what: string, value: string, target = ''): void {
  console.log(`${what.padEnd(40)} ${value.padEnd(36)} ${target}`.trimEnd());
}
