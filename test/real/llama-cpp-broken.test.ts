/** A real llama.cpp server that is killed, stopped and continued, and that is left while it works. */
import {
  type LocalLLMRouter,
  type RouteRequest,
  RouterError,
  type RouterOptions,
  type RouteStream,
} from 'local-llm-router';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startLlamaServer } from './llama-server.js';
import { busySlots, pause } from './llama-slots.js';
import type { RealServer } from './python-server.js';
import { routerFor, SENTENCE } from './routing.js';
import { tinyModels } from './tiny-model.js';

const ENDLESS = SENTENCE.repeat(3_000);
const running: RealServer[] = [];
afterAll(async () => {
  await Promise.all(running.map((server) => server.stop()));
});

async function serve(
  kind: keyof typeof tinyModels,
  options: Record<string, unknown> = {},
  name = `tiny-${kind}`,
): Promise<RealServer> {
  const server = await startLlamaServer(tinyModels[kind], name, {
    endpoint_slots: true,
    n_ctx: kind === 'endless' ? 131_072 : 8_192,
    n_parallel: 2,
    ...options,
  });
  running.push(server);
  return server;
}

/** A router that has seen its servers well; asks them in this order. */
async function over(servers: readonly RealServer[], options: RouterOptions = {}): Promise<LocalLLMRouter> {
  const router = routerFor(
    servers.map(({ url }, index) => ({ type: 'llama.cpp', baseURL: url, priority: index })),
    { retry: { maxRetries: 0 }, ...options },
  );
  await router.initialize();
  return router;
}

/** Stops the process; it goes on when the test ends, whatever became of it. */
function freeze(server: RealServer): void {
  onTestFinished(() => server.kill('SIGCONT'));
  server.kill('SIGSTOP');
}

const forever = { prompt: 'Go on', maxTokens: 60_000, model: 'tiny-endless' } satisfies RouteRequest;
/** Takes a minute to be read, if nobody stops it. */
const long = { prompt: 'word '.repeat(12_000), maxTokens: 50, model: 'tiny-endless' } satisfies RouteRequest;

/** Reads a stream to its end; calls `then` after so many words. */
async function read(
  stream: RouteStream,
  words: number,
  then: () => void,
): Promise<{ text: string; error: RouterError | undefined }> {
  let text = '';
  let seen = 0;
  try {
    for await (const event of stream) {
      if (event.type !== 'text') continue;
      text += event.text;
      seen += 1;
      if (seen === words) then();
    }
    return { text, error: undefined };
  } catch (error) {
    if (!RouterError.is(error)) throw error;
    return { text, error };
  }
}

/** Waits until so many slots are busy. */
async function untilBusy(server: RealServer, count: number): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if ((await busySlots(server)) === count) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${count} slots did not become busy.`);
}

async function untilIdle(server: RealServer): Promise<void> {
  for (let i = 0; i < 8; i++) {
    await pause();
    if ((await busySlots(server)) === 0) return;
  }
  throw new Error('The server goes on generating for nobody.');
}

describe('a real llama.cpp server that is killed', () => {
  it('in mid stream: the text so far, without a wait for a time limit', async () => {
    const [server, other] = await Promise.all([serve('endless'), serve('chain')]);
    const router = await over([server, other]);
    const { text, error } = await read(router.stream({ ...forever, model: undefined }), 20, () =>
      server.kill('SIGKILL'),
    );
    expect(error).toMatchObject({
      code: 'ERR_INTERRUPTED',
      partialText: text,
      attempts: [{ model: { id: 'tiny-endless' }, outcome: 'failed' }],
    });
    expect((error as RouterError).cause).not.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(text.split(' ').length).toBeGreaterThan(19);
    expect(ENDLESS.startsWith(text)).toBe(true);
    expect(router.context.session('default')?.messages ?? []).toEqual([]);
    // The next call is for the other one.
    expect(await router.route('Say hi')).toMatchObject({ text: SENTENCE, model: { id: 'tiny-chain' } });
  });

  it.each([
    ['while it reads the prompt', 'word '.repeat(2_500)],
    ['before it takes the request', 'Say hi'],
  ])('%s: the next one answers', async (when, prompt) => {
    const [server, other] = await Promise.all([serve('endless'), serve('endless', {}, 'tiny-other')]);
    const router = await over([server, other]);
    if (when.startsWith('before')) freeze(server);
    const call = router.route({ prompt, maxTokens: 60 });
    if (when.startsWith('while')) await untilBusy(server, 1);
    else await expect.poll(() => router.status().queues[0]?.running).toBe(1);
    server.kill('SIGKILL');
    const result = await call;
    expect(result).toMatchObject({ model: { id: 'tiny-other' }, usage: { outputTokens: 60 } });
    expect(ENDLESS.startsWith(result.text)).toBe(true);
    expect(result.attempts.map(({ model, outcome }) => [model.id, outcome])).toEqual([
      ['tiny-endless', 'failed'],
      ['tiny-other', 'ok'],
    ]);
    expect(result.attempts[0]?.code).not.toBe('ERR_TIMEOUT');
  });
});

describe('a real llama.cpp server whose process is stopped', () => {
  let server: RealServer;
  let other: RealServer;
  beforeAll(async () => {
    [server, other] = await Promise.all([serve('endless'), serve('chain')]);
  });

  it('before its first content: after firstContentMs the next one answers', async () => {
    const router = await over([server, other], { timeouts: { firstContentMs: 1_500 } });
    freeze(server);
    const result = await router.route({ prompt: 'Say hi', maxTokens: 60 });
    expect(result).toMatchObject({ text: SENTENCE, model: { id: 'tiny-chain' } });
    expect(result.attempts).toMatchObject([
      { model: { id: 'tiny-endless' }, outcome: 'failed', code: 'ERR_TIMEOUT' },
      { model: { id: 'tiny-chain' }, outcome: 'ok' },
    ]);
    // What it took meanwhile is for nobody.
    server.kill('SIGCONT');
    await untilIdle(server);
  });

  it('in mid stream: after idleMs the text so far', async () => {
    const router = await over([server, other], { timeouts: { idleMs: 1_500 } });
    const { text, error } = await read(router.stream(forever), 20, () => freeze(server));
    expect(error).toMatchObject({ code: 'ERR_INTERRUPTED', partialText: text, cause: { code: 'ERR_TIMEOUT' } });
    expect(ENDLESS.startsWith(text)).toBe(true);
    server.kill('SIGCONT');
    await untilIdle(server);
    expect(await router.route({ ...forever, maxTokens: 40 })).toMatchObject({ usage: { outputTokens: 40 } });
  });

  it.each(['before its first content', 'in mid stream'])(
    '%s, and continued in time: the whole answer',
    async (when) => {
      const router = await over([server]);
      const stop = (): void => {
        freeze(server);
        // It is stopped for a moment, far from any limit.
        setTimeout(() => server.kill('SIGCONT'), 1_000);
      };
      if (when.startsWith('before')) stop();
      const stream = router.stream({ ...forever, maxTokens: 2_000 });
      const { text, error } = await read(stream, when.startsWith('before') ? -1 : 20, stop);
      expect(error).toBeUndefined();
      expect(ENDLESS.startsWith(text)).toBe(true);
      expect(await stream.result).toMatchObject({ text, finishReason: 'length', usage: { outputTokens: 2_000 } });
    },
  );
});

describe('a real llama.cpp server whose caller leaves', () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await serve('endless', { endpoint_metrics: true });
  });

  it.each(['route', 'stream'] as const)('stops reading the prompt (%s)', async (kind) => {
    const router = await over([server]);
    const leave = new AbortController();
    const { signal } = leave;
    const call = kind === 'route' ? router.route(long, { signal }) : router.stream(long, { signal }).result;
    const failed = call.catch((error: unknown) => error);
    await untilBusy(server, 1);
    leave.abort();
    expect(await failed).toMatchObject({ code: 'ERR_ABORTED', attempts: [{ outcome: 'cancelled' }] });
    expect(router.status().queues).toEqual([]);
    await untilIdle(server);
  });

  it('stops generating in mid stream', async () => {
    const router = await over([server]);
    const leave = new AbortController();
    const { text, error } = await read(router.stream(forever, { signal: leave.signal }), 20, () => leave.abort());
    expect(error).toMatchObject({ code: 'ERR_ABORTED' });
    expect(ENDLESS.startsWith(text)).toBe(true);
    await untilIdle(server);
  });

  it('forgets a request that waits for one of its slots', async () => {
    // More than it has slots: what is too much waits in the server, not in the router.
    const router = routerFor([{ type: 'llama.cpp', baseURL: server.url, maxConcurrent: 8 }]);
    await router.initialize();
    const start = (session: string) => {
      const leave = new AbortController();
      const call = router.route({ ...forever, session }, { signal: leave.signal }).catch((error: unknown) => error);
      return { leave: () => leave.abort(), call };
    };
    const first = [start('a'), start('b')];
    await untilBusy(server, 2);
    const third = start('c');
    await expect.poll(() => deferred(server), { timeout: 10_000 }).toBe(1);
    third.leave();
    expect(await third.call).toMatchObject({ code: 'ERR_ABORTED' });
    // It looks for lost clients only in moments without a word of any answer: while others stream it knows of none.
    for (const { leave } of first) leave();
    await Promise.all(first.map(({ call }) => call));
    await untilIdle(server);
    expect(await deferred(server)).toBe(0);
  });
});

/** Requests that wait for a slot, as the server counts them. */
async function deferred({ url }: RealServer): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^llamacpp:requests_deferred (\d+)/m.exec(text)?.[1] ?? Number.NaN);
}
