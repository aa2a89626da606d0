/** What a host injects may throw, reject, never settle or give nonsense: no call hangs for it or falls with it unawares. */
import { inspect } from 'node:util';
import { LocalLLMRouter, type RouteResult, RouterError, SecurityModule } from 'local-llm-router';
import { type FakeServer, fakeOllama } from 'local-llm-router/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HostOutcome, type HostRow, hosts, type Misbehaving, type Mode, NONSENSE } from './hosts.js';

const TEXT = 'All is well.';
/** What the host's own errors say; it is the host's, and must not leak into messages of ours. */
const CANARY = 'host-canary';

let server: FakeServer;
beforeEach(async () => {
  const models = ['one:7b', 'two:7b'].map((id) => ({ id, loaded: true, contextLength: 8_192 }));
  server = await fakeOllama({ models, reply: TEXT });
});
afterEach(() => server.close());

const acts = (mode: Mode, garbage: unknown): (() => unknown) =>
  ({
    throws: () => {
      throw new TypeError(CANARY);
    },
    rejects: () => Promise.reject(new TypeError(CANARY)),
    hangs: () => new Promise(() => {}),
    garbage: () => garbage,
  })[mode];

/** Makes the call with the part misbehaving, and gives how it ended. */
async function play(row: HostRow, mode: Mode, garbage: unknown, how: 'route' | 'stream') {
  if (row.slowToClose) vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let armed = row.fromTheStart === true;
  let misbehaved = 0;
  const act = acts(mode, garbage);
  const bad = ((wellBehaved: (...args: never[]) => unknown) =>
    (...args: never[]) => {
      if (!armed) return wellBehaved(...args);
      misbehaved += 1;
      return act();
    }) as Misbehaving;
  const router = new LocalLLMRouter({
    discovery: false,
    services: [{ type: server.type, baseURL: server.url }],
    retry: { maxRetries: 0 },
    ...row.options(bad, server),
  });
  try {
    if (!armed) await router.initialize();
    row.prepare?.(router, bad);
    armed = true;
    // Nothing but this ends a call that waits for its host.
    const leave = new AbortController();
    const call: Promise<RouteResult> = (async () => {
      const request = { prompt: 'Where is Cart used?', session: 'host' };
      if (how === 'route') return router.route(request, { signal: leave.signal });
      const stream = router.stream(request, { signal: leave.signal });
      for await (const _event of stream);
      return stream.result;
    })();
    const watched = call.then(
      (result) => ({ result, error: undefined }),
      (error: unknown) => ({ result: undefined, error }),
    );
    if (row.ends[mode] === 'waits') {
      await expect.poll(() => misbehaved, { interval: 1 }).toBeGreaterThan(0);
      leave.abort();
      // The end of a call is recorded, too.
      if (row.slowToClose) await vi.advanceTimersByTimeAsync(60_000);
    }
    const { result, error } = await watched;
    return { result, error, misbehaved, router };
  } finally {
    const closed = router.close();
    if (row.slowToClose) await vi.advanceTimersByTimeAsync(60_000);
    await closed;
    vi.useRealTimers();
  }
}

function ended(expected: HostOutcome, { result, error }: Awaited<ReturnType<typeof play>>): void {
  if (expected === 'answer') {
    expect(error).toBeUndefined();
    expect([TEXT, 'by the host']).toContain(result?.text);
    return;
  }
  expect(result).toBeUndefined();
  expect(RouterError.is(error)).toBe(true);
  const { code, message } = error as RouterError;
  expect(expected === 'waits' ? ['ERR_ABORTED'] : expected).toContain(code);
  expect(message).not.toContain(CANARY);
  expect(message).not.toMatch(/undefined|is not a function|of null|\[object/);
}

describe.each(hosts)('$part', (row) => {
  for (const mode of ['throws', 'rejects', 'hangs', 'garbage'] as const) {
    for (const how of ['route', 'stream'] as const) {
      const expected = row.ends[mode];
      if (expected === undefined) continue;
      const what = typeof expected === 'string' ? expected : expected.join(' or ');
      it(`${mode}: ${how} ${what === 'answer' ? 'answers' : what === 'waits' ? 'ends by its signal' : `is ${what}`}`, async () => {
        for (const garbage of mode === 'garbage' ? (row.garbage ?? NONSENSE) : [undefined]) {
          const outcome = await play(row, mode, garbage, how);
          const told = mode === 'garbage' ? `given ${inspect(garbage)}` : undefined;
          try {
            ended(expected, outcome);
          } catch (error) {
            (error as Error).message += ` (${told ?? mode})`;
            throw error;
          }
          expect(outcome.router.status().queues).toEqual([]);
        }
      });
    }
  }
});

describe('validateEndpoint, whatever `lookup` gives', () => {
  it.each([...NONSENSE, [undefined], [{}], [{ address: 7 }], [{ address: 'x'.repeat(10_000) }]])(
    '%s',
    async (given) => {
      const security = new SecurityModule({ allowedHosts: ['gpu.lan'], lookup: (async () => given) as never });
      const { allowed, reason } = await security.validateEndpoint('http://gpu.lan');
      expect(allowed).toBe(false);
      expect(reason).toMatch(/gpu\.lan/);
      expect(reason.length).toBeLessThan(300);
      await security.close();
    },
  );
});
