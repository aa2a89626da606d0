import fs from 'node:fs';
import { join } from 'node:path';
import { LocalLLMRouter, SecurityModule, type SecurityOptions, verifyAuditLog } from 'local-llm-router';
import { type FakeRequest, fakeOllama } from 'local-llm-router/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attempt, key, linesIn, model, scratch } from './records.js';

const MODELS = [
  { id: 'qwen2.5-coder:7b', loaded: true },
  { id: 'nomic-embed-text:latest', capabilities: ['embedding'] as const },
];
const PROMPT = 'Write a function that parses dates';

let directory: string;
let closing: (() => Promise<void>)[];
beforeEach(async () => {
  const { path, done } = await scratch();
  directory = join(path, 'audit');
  closing = [done];
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

const isWork = ({ method, path }: FakeRequest): boolean => method === 'POST' && /\/(chat|generate|embed)$/.test(path);

/** A server that tells of each request for work at the moment it arrives, and a router over it. */
async function scene(security: SecurityOptions, arrived: (request: FakeRequest) => void) {
  const fake = await fakeOllama({
    models: MODELS,
    faults: (request) => {
      if (isWork(request)) arrived(request);
      return undefined;
    },
  });
  const router = new LocalLLMRouter({
    discovery: false,
    services: [{ type: 'ollama', baseURL: fake.url }],
    retry: { maxRetries: 0 },
    security,
  });
  closing.push(
    () => fake.close(),
    () => router.close(),
  );
  return { fake, router };
}

const CALLS: Record<string, (router: LocalLLMRouter) => Promise<unknown>> = {
  route: (router) => router.route(PROMPT),
  stream: async (router) => {
    for await (const _ of router.stream(PROMPT));
  },
  embed: (router) => router.embed(PROMPT),
};

describe.each(Object.keys(CALLS))('%s', (name) => {
  const call = CALLS[name] as (router: LocalLLMRouter) => Promise<unknown>;

  it.each(['none', 'batch', 'record'] as const)(
    'is in the file before it is on the wire (durability %s)',
    async (d) => {
      const seen: string[][] = [];
      const { fake, router } = await scene({ audit: { directory, key, durability: d } }, () => {
        const text = fs.readFileSync(join(directory, 'audit-00000001.jsonl'), 'utf8');
        seen.push(text.match(/"event":"attempt\.\w+"/g) ?? []);
      });
      await call(router);
      expect(fake.requests.filter(isWork)).toHaveLength(1);
      expect(seen).toEqual([['"event":"attempt.start"']]);
    },
  );

  it('waits for every sink in block mode', async () => {
    const arrivals: FakeRequest[] = [];
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let told = (): void => {};
    const hasIntent = new Promise<void>((resolve) => {
      told = resolve;
    });
    const slow = {
      write: async (lines: string[]) => {
        if (!lines.some((line) => line.includes('"attempt.start"'))) return;
        told();
        await gate;
      },
    };
    const { fake, router } = await scene({ audit: { sinks: [slow], onFailure: 'block' } }, (r) => arrivals.push(r));
    const running = call(router);
    await hasIntent;
    // Whatever had been sent by now would arrive before this.
    await fetch(`${fake.url}/api/version`);
    expect(arrivals).toEqual([]);
    release();
    await running;
    expect(arrivals).toHaveLength(1);
  });

  it('sends nothing that cannot be recorded in block mode', async () => {
    const arrivals: FakeRequest[] = [];
    let isBroken = false;
    const sink = {
      write: async () => {
        if (isBroken) throw new Error('no room');
      },
    };
    const { router } = await scene({ audit: { directory, sinks: [sink] }, strict: true }, (r) => arrivals.push(r));
    await router.initialize();
    isBroken = true;
    await expect(call(router)).rejects.toMatchObject({ code: 'ERR_AUDIT' });
    expect(arrivals).toEqual([]);
    isBroken = false;
    await call(router);
    expect(arrivals).toHaveLength(1);
  });
});

it('records every one of the calls that wait for the key, and counts what else it could not keep', async () => {
  let give = (_: Uint8Array): void => {};
  const late = new Promise<Uint8Array>((resolve) => {
    give = resolve;
  });
  const security = new SecurityModule({ audit: { directory, key: () => late, onFailure: 'block' } });
  const calls = Array.from({ length: 1_500 }, (_, i) => {
    return security.recordAttemptStart({ call: `call-${i}`, model, level: 'primary' });
  });
  for (let i = 0; i < 10; i++) security.recordAttemptEnd({ call: 'ended', attempt });
  give(key);
  await Promise.all(calls);
  await security.close();
  const records = (await linesIn(directory)).map((line) => JSON.parse(line));
  expect(new Set(records.map(({ call }) => call).filter(Boolean)).size).toBe(1_500);
  expect(records.filter(({ event }) => event === 'audit.gap')).toMatchObject([{ dropped: 10 }]);
  await expect(security.logSecurityEvent('after.close')).rejects.toMatchObject({ code: 'ERR_AUDIT' });
  expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
});

it('records each attempt of a call before it is made, and its end after', async () => {
  const { router } = await scene({ audit: { directory, key } }, () => {});
  await Promise.all([router.route(PROMPT), router.embed(PROMPT), router.route(PROMPT)]);
  const records = (await linesIn(directory)).map((line) => JSON.parse(line));
  const calls = new Map<string, string[]>();
  for (const { call: id, event } of records) {
    if (id !== undefined) calls.set(id, [...(calls.get(id) ?? []), event]);
  }
  expect([...calls.values()]).toEqual(Array(3).fill(['attempt.start', 'attempt.end', 'query']));
});
