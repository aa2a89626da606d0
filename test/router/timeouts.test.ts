import type { RouterError, RouterOptions, Timeouts, Transport } from 'local-llm-router';
import { type FakeServerOptions, fakeLlamaCpp, fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { ManualClock } from './manual-clock.js';
import { chats, collect, failure, over, soon, up } from './setup.js';

const ANSWER = 'One two three four five six.';
const LOADED = { models: [{ id: 'first:7b', loaded: true }] };
const TWO = { models: [{ id: 'first:7b', loaded: true }, { id: 'second:7b' }] };

/** A router whose time stands still, over one fake Ollama. */
async function still(fake: FakeServerOptions, options: RouterOptions = {}) {
  const clock = new ManualClock();
  const server = await up(fakeOllama({ reply: ANSWER, ...fake }));
  const router = over(server, { clock, ...options });
  await router.initialize();
  return { clock, server, router };
}

describe('time limits', () => {
  it.each<[string, FakeServerOptions, number]>([
    ['a model that is loaded has 120 seconds for its first content', LOADED, 120_000],
    ['a model that is not loaded has 600 seconds', { models: [{ id: 'first:7b' }] }, 600_000],
  ])('%s', async (_, fake, ms) => {
    const { clock, server, router } = await still({ ...fake, faults: ['hang'] });
    const call = failure(router.route('hello'));
    await soon(() => chats(server).length).toBe(1);
    clock.advance(ms - 1);
    expect(chats(server)[0]?.cancelled).toBe(false);
    clock.advance(1);
    const error = await call;
    expect(error).toMatchObject({ code: 'ERR_ALL_ATTEMPTS_FAILED', attempts: [{ code: 'ERR_TIMEOUT', retries: 0 }] });
    await soon(() => chats(server)[0]?.cancelled).toBe(true);
  });

  it('a model that is silent for 60 seconds in the middle is interrupted', async () => {
    const { clock, router } = await still({ ...LOADED, faults: ['hang-mid-stream'] });
    const stream = router.stream('hello');
    const pieces: string[] = [];
    const call = failure(async () => {
      for await (const piece of stream.textStream) pieces.push(piece);
    });
    await soon(() => pieces.length).toBe(3);
    clock.advance(60_000);
    const error = await call;
    expect(error).toMatchObject({ code: 'ERR_INTERRUPTED', partialText: 'One two three' });
    expect((error.cause as RouterError).code).toBe('ERR_TIMEOUT');
  });

  it.each<[string, Timeouts | undefined, Timeouts | undefined, Timeouts | undefined]>([
    ["the call's own", { firstContentMs: 7 }, { firstContentMs: 70 }, { firstContentMs: 700 }],
    ["the service's own", undefined, { firstContentMs: 7 }, { firstContentMs: 700 }],
    ["the router's", undefined, undefined, { firstContentMs: 7 }],
  ])('%s come first', async (_, call, service, timeouts) => {
    const clock = new ManualClock();
    const fake = await up(fakeOllama({ faults: ['hang'] }));
    const router = over([], {
      clock,
      timeouts,
      services: [{ type: 'ollama', baseURL: fake.url, timeouts: service, models: ['qwen2.5-coder:7b'] }],
    });
    await router.initialize();
    const failed = failure(router.route({ prompt: 'hello', model: 'qwen2.5-coder:7b' }, { timeouts: call }));
    await soon(() => chats(fake).length).toBe(1);
    expect(clock.pending).toEqual([7]);
    clock.advance(7);
    expect((await failed).attempts).toMatchObject([{ code: 'ERR_TIMEOUT' }]);
  });

  it('after a time-out before the first content the next model is asked', async () => {
    const primary = { primary: ['first:7b'] };
    const { clock, server, router } = await still(
      { ...TWO, faults: [{ name: 'hang', model: 'first:7b' }] },
      { taskRouting: { coding: primary, reasoning: primary, analysis: primary, documentation: primary } },
    );
    const call = router.route('hello', { timeouts: { firstContentMs: 50 } });
    await soon(() => chats(server).length).toBe(1);
    clock.advance(50);
    expect(await call).toMatchObject({ text: ANSWER, attempts: [{ code: 'ERR_TIMEOUT' }, { outcome: 'ok' }] });
  });

  it('totalMs ends the whole call, whatever model is next', async () => {
    const { clock, server, router } = await still({ ...TWO, faults: ['hang'] }, { timeouts: { totalMs: 500 } });
    const call = failure(router.route('hello'));
    await soon(() => chats(server).length).toBe(1);
    clock.advance(500);
    expect(await call).toMatchObject({ code: 'ERR_TIMEOUT', attempts: [{ outcome: 'failed' }] });
    await soon(() => chats(server)[0]?.cancelled).toBe(true);
    expect(router.context.sessions()).toEqual([]);
    expect(clock.pending).toEqual([]);
  });

  it('totalMs interrupts an answer that has begun, also while nobody reads on', async () => {
    const { clock, server, router } = await still({ ...LOADED, faults: ['hang-mid-stream'] });
    const events = router.stream('hello', { timeouts: { totalMs: 500 } })[Symbol.asyncIterator]();
    for (let event = await events.next(); event.value?.type !== 'text'; ) event = await events.next();
    clock.advance(500);
    await soon(() => chats(server)[0]?.cancelled).toBe(true);
    const error = await failure(() => collect({ [Symbol.asyncIterator]: () => events }));
    expect(error).toMatchObject({ code: 'ERR_INTERRUPTED', partialText: 'One' });
    expect((error.cause as RouterError).code).toBe('ERR_TIMEOUT');
    expect(clock.pending).toEqual([]);
  });

  it('leave no timer behind after an answer', async () => {
    const { clock, router } = await still(LOADED, { timeouts: { totalMs: 500, idleMs: 5, queueMs: 5 } });
    await router.route('hello');
    await collect(router.stream('hello'));
    await failure(router.route('x', { signal: AbortSignal.abort() }));
    await soon(() => clock.pending).toEqual([]);
  });
});

describe('the queue of a service with few slots', () => {
  const start = async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fake = await up(fakeLlamaCpp({ models: [{ id: 'm', contextLength: 16_384 }] }));
    const order: string[] = [];
    const transport: Transport = {
      name: 'openai',
      specificationVersion: 1,
      capabilities: {},
      async *chat({ messages }) {
        order.push(String(messages.at(-1)?.content));
        await held;
        yield { type: 'text', text: 'ok' };
        yield { type: 'finish', finishReason: 'stop' };
      },
    };
    const clock = new ManualClock();
    const router = over([], {
      clock,
      transports: [transport],
      services: [{ type: 'llama.cpp', baseURL: fake.url, maxConcurrent: 1 }],
    });
    await router.initialize();
    const ask = (content: string, priority?: 'background') =>
      collect(router.stream({ messages: [{ role: 'user', content }], priority }));
    return { router, clock, order, ask, release: () => release() };
  };

  it('lets calls in one by one, interactive ones first, and tells their place', async () => {
    const { router, order, ask, release } = await start();
    const calls = [ask('first')];
    await soon(() => order).toEqual(['first']);
    calls.push(ask('later', 'background'));
    await soon(() => router.status().queues[0]?.waiting).toBe(1);
    calls.push(ask('sooner'));
    await soon(() => router.status().queues).toMatchObject([{ running: 1, waiting: 2, slots: 1 }]);
    release();
    const [, later] = await Promise.all(calls);
    expect(order).toEqual(['first', 'sooner', 'later']);
    const places = later?.flatMap((event) => (event.type === 'status' ? [[event.phase, event.queuePosition]] : []));
    expect(places?.[0]).toEqual(['queued', 1]);
    expect(places).toContainEqual(['queued', 2]);
    expect(router.status().queues).toEqual([]);
  });

  it('is left after queueMs', async () => {
    const { router, clock, order, ask, release } = await start();
    const first = ask('first');
    await soon(() => order).toEqual(['first']);
    const waiting = failure(
      router.route({ messages: [{ role: 'user', content: 'b' }] }, { timeouts: { queueMs: 50 } }),
    );
    await soon(() => router.status().queues[0]?.waiting).toBe(1);
    clock.advance(50);
    expect(await waiting).toMatchObject({ code: 'ERR_QUEUE_FULL', isRetryable: true });
    release();
    await first;
    expect(order).toEqual(['first']);
  });
});
