/** `npm run bench`: ratios in one run, printed as a table and written to bench/results.json. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalLLMRouter, type Message, type RouterOptions, SecurityModule, ServiceDiscovery } from 'local-llm-router';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { Agent, request as undiciRequest } from 'undici';
import { type Contestants, cpuTime, latency, percentiles, throughput } from './measure.js';

const messages: Message[] = [{ role: 'user', content: 'Write a function that parses RFC 3339 dates.' }];
const quick = process.argv.includes('--quick');
const CALLS = quick ? 200 : 2_000;
const LONG = 20_000;
const results: Record<string, unknown> = { node: process.version };

const ollama = await upstream('ollama');
const vllm = await upstream('vllm');
const rows: string[][] = [['measure', 'bare', 'router', 'ratio', 'target']];

try {
  await compare('ollama /api/chat', ollama.url, 'ollama', ollamaClient(ollama.url));
  await compare('openai /v1/chat', vllm.url, 'vllm', openaiClient(vllm.url));
  await guard(ollama.url);
  await audit();
  await decisions();
  importTime();
} finally {
  ollama.stop();
  vllm.stop();
}
table(rows);
writeFileSync(new URL('./results.json', `file://${process.cwd()}/bench/`), `${JSON.stringify(results, null, 2)}\n`);

type Call = (tokens?: number) => Promise<number>;

async function compare(name: string, url: string, type: 'ollama' | 'vllm', client: Call): Promise<void> {
  const router = await routerFor({ services: [{ type, baseURL: url }] });
  const model = 'qwen2.5-coder:7b';
  const route: Call = async (seed) => {
    let pieces = 0;
    const request = { messages, model, ...(seed === undefined ? {} : { seed }) };
    if (seed === undefined) return (await router.route(request)).text.length;
    for await (const event of router.stream(request)) if (event.type === 'text') pieces += 1;
    return pieces;
  };
  const contestants: Contestants = { fetch: plainFetch(url, type), bare: () => client(), router: () => route() };
  const times = await latency(contestants, CALLS);
  const cpu = await cpuTime(contestants, CALLS);
  const rates = await throughput(contestants, 64, CALLS);
  const chunks = await chunkRate({ bare: client, router: route });
  results[name] = { times, cpu, rates, chunks };
  const added = ((times['router']?.p50 ?? 0) - (times['bare']?.p50 ?? 0)).toFixed(3);
  row(`${name} p50 ms (+${added})`, times['bare']?.p50, times['router']?.p50, '<= 1.15 or +0.12 ms');
  row(`${name} p99 ms`, times['bare']?.p99, times['router']?.p99, '');
  row(`${name} CPU us per call`, cpu['bare'], cpu['router'], '');
  row(`${name} calls/s at 64`, rates['bare'], rates['router'], '>= 0.85');
  row(`${name} chunks/s`, chunks['bare'], chunks['router'], '>= 0.85');
  row(`${name} plain fetch p50 ms`, times['fetch']?.p50, times['router']?.p50, '');
  await router.close();
}

/** What the guard costs: the same request and its whole reply through undici alone and through the guarded fetch. */
async function guard(url: string): Promise<void> {
  const security = new SecurityModule();
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  const target = `${url}/api/chat`;
  const body = JSON.stringify({ model: 'qwen2.5-coder:7b', messages, stream: true });
  const init = { method: 'POST', body, headers: { 'content-type': 'application/json' } } as const;
  const contestants: Contestants = {
    bare: async () => (await undiciRequest(target, { ...init, dispatcher })).body.text(),
    guarded: async () => (await security.fetch(target, init)).text(),
  };
  // Turn by turn: the difference is smaller than what the machine's mood changes from one moment to the next.
  const times = await latency(contestants, 3 * CALLS, 1);
  const cpu = await cpuTime(contestants, CALLS);
  results['guard'] = { times, cpu };
  row('guarded fetch p50 ms (bare: undici)', times['bare']?.p50, times['guarded']?.p50, '<= 1.05');
  row('guarded fetch CPU us per call', cpu['bare'], cpu['guarded'], '');
  await Promise.all([security.close(), dispatcher.close()]);
}

/** What the records of one route cost (before and after the attempt, and the query) in files with a key, `batch` durability. */
async function audit(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-audit-'));
  const security = new SecurityModule({ audit: { directory, key: new Uint8Array(32).fill(7) } });
  const router = await routerFor({ discovery: hundredModels() });
  const decision = await router.explain('Fix the race in the session cache.');
  const fields = { call: decision.id, service: 'ollama@localhost:11434', model: 'm1', level: 'primary' };
  const record = async (): Promise<void> => {
    await security.logSecurityEvent('bench.start', fields);
    await security.logSecurityEvent('bench.end', { ...fields, outcome: 'ok', ms: 1, retries: 0 });
    await security.logQuery({ query: 'Fix the race in the session cache.', decision, outcome: 'ok' });
  };
  const times = await latency({ audit: record }, 3 * CALLS);
  results['audit'] = times['audit'];
  rows.push([
    'audit per route, batch files',
    '',
    `${((times['audit']?.p50 ?? 0) * 1_000).toFixed(1)} us`,
    '',
    '<= 30 us',
  ]);
  await Promise.all([router.close(), security.close()]);
  rmSync(directory, { recursive: true });
}

/** Chunks per second of one long answer; the best of interleaved rounds, so that garbage collection hits neither. */
async function chunkRate(contestants: Record<string, Call>): Promise<Record<string, number>> {
  const rates: Record<string, number[]> = {};
  for (let round = 0; round < (quick ? 3 : 9); round += 1) {
    for (const [name, call] of Object.entries(contestants)) {
      const start = performance.now();
      const pieces = await call(LONG);
      if (pieces !== LONG) throw new Error(`${name} read ${pieces} of ${LONG} chunks`);
      rates[name] = [...(rates[name] ?? []), (LONG / (performance.now() - start)) * 1000];
    }
  }
  return Object.fromEntries(Object.entries(rates).map(([name, list]) => [name, percentiles(list).p50]));
}

async function decisions(): Promise<void> {
  const router = await routerFor({ discovery: hundredModels() });
  for (const [label, size, target] of [
    ['1 kB', 1_000, '<= 0.1 ms, p99 <= 0.5'],
    ['32 kB', 32_000, '<= 0.4 ms'],
  ] as const) {
    const text = `Fix the race in the session cache. ${'It fails when two requests refresh one token. '.repeat(1_000)}`;
    const calls = await latency({ explain: () => router.explain(text.slice(0, size)) }, CALLS);
    results[`decision ${label}`] = calls['explain'];
    rows.push([
      `decision, 100 models, ${label}`,
      '',
      `${calls['explain']?.p50.toFixed(3)} / p99 ${calls['explain']?.p99.toFixed(3)} ms`,
      '',
      target,
    ]);
  }
  await router.close();
}

/** A discovery that already knows a hundred models and asks nobody. */
function hundredModels(): ServiceDiscovery {
  const list = Array.from({ length: 100 }, (_, i) => ({
    name: `${['qwen2.5-coder', 'llama3.1', 'gemma2', 'mistral-nemo', 'deepseek-r1'][i % 5]}:${(i % 30) + 1}b`,
    model: `m${i}`,
    modified_at: '2026-01-01T00:00:00Z',
    size: 4e9,
    digest: String(i).padStart(64, '0'),
    details: { family: 'x', parameter_size: '7B', quantization_level: 'Q4_K_M', context_length: 131_072 },
    capabilities: ['completion', 'tools'],
  }));
  return new ServiceDiscovery({
    hosts: [],
    services: [{ type: 'ollama', baseURL: 'http://localhost:11434' }],
    ttlMs: 1e9,
    fetch: async (input) => {
      const path = new URL(input instanceof Request ? input.url : input).pathname;
      const reply = { '/api/version': { version: '0.33.0' }, '/api/tags': { models: list }, '/api/ps': { models: [] } }[
        path
      ];
      return reply === undefined ? new Response('404 page not found', { status: 404 }) : Response.json(reply);
    },
  });
}

function importTime(): void {
  const script = "const t = performance.now(); await import('local-llm-router'); console.log(performance.now() - t);";
  const times = Array.from({ length: 9 }, () =>
    Number(spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout),
  );
  results['import ms'] = percentiles(times).p50;
  rows.push(['import local-llm-router', '', `${percentiles(times).p50.toFixed(1)} ms`, '', '']);
}

async function routerFor(options: RouterOptions): Promise<LocalLLMRouter> {
  const router = new LocalLLMRouter({ discovery: false, ...options });
  await router.initialize();
  return router;
}

function ollamaClient(host: string): Call {
  const client = new Ollama({ host });
  return async (seed) => {
    let pieces = 0;
    const stream = await client.chat({
      model: 'qwen2.5-coder:7b',
      messages: messages as { role: string; content: string }[],
      stream: true,
      ...(seed === undefined ? {} : { options: { seed } }),
    });
    for await (const part of stream) if (part.message.content !== '') pieces += 1;
    return pieces;
  };
}

function openaiClient(url: string): Call {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
  return async (seed) => {
    let pieces = 0;
    const stream = await client.chat.completions.create({
      model: 'qwen2.5-coder:7b',
      messages: messages as OpenAI.ChatCompletionMessageParam[],
      stream: true,
      stream_options: { include_usage: true },
      ...(seed === undefined ? {} : { seed }),
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) pieces += 1;
    return pieces;
  };
}

function plainFetch(url: string, type: 'ollama' | 'vllm'): () => Promise<unknown> {
  const path = type === 'ollama' ? '/api/chat' : '/v1/chat/completions';
  const body = JSON.stringify({ model: 'qwen2.5-coder:7b', messages, stream: true });
  return async () =>
    (await fetch(url + path, { method: 'POST', body, headers: { 'content-type': 'application/json' } })).text();
}

async function upstream(kind: string): Promise<{ url: string; stop(): void }> {
  const child = spawn(process.execPath, ['scripts/run.mjs', 'bench/upstream.ts', kind], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: `http://127.0.0.1:${String(port).trim()}`, stop: () => child.kill() };
}

function row(name: string, bare = Number.NaN, router = Number.NaN, target = ''): void {
  const shown = (x: number): string => (x >= 100 ? Math.round(x).toLocaleString('en') : x.toFixed(3));
  rows.push([name, shown(bare), shown(router), (router / bare).toFixed(2), target]);
}

function table(lines: string[][]): void {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length))) ?? [];
  for (const line of lines)
    console.log(
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}
