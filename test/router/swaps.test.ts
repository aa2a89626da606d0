import { fakeLlamaSwap, fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { chats, failure, over, soon, up } from './setup.js';

const TWO = [{ id: 'a:7b', loaded: true, contextLength: 8_192 }, { id: 'b:7b' }];

/** How often the server was asked for another model than just before. */
function changes(models: readonly (string | undefined)[]): number {
  return models.filter((model, i) => i > 0 && model !== models[i - 1]).length;
}

describe('requests for two models of one server', () => {
  it('do not make it swap them to and fro', async () => {
    const fake = await up(fakeLlamaSwap({ models: TWO, reply: 'One two three four five.', delayMs: 2 }));
    const router = over(fake);
    await router.initialize();
    const calls = Array.from({ length: 24 }, (_, n) =>
      router.route({ prompt: `question ${n}`, session: `s${n}`, model: n % 2 === 0 ? 'a:7b' : 'b:7b' }),
    );
    expect((await Promise.all(calls)).map(({ model }) => model.id)).toEqual(
      calls.map((_, n) => (n % 2 === 0 ? 'a:7b' : 'b:7b')),
    );
    const asked = chats(fake).map(({ model }) => model);
    expect(asked).toHaveLength(24);
    // Side by side they would be 23.
    expect(changes(asked)).toBeLessThanOrEqual(4);
    expect(router.status().queues).toEqual([]);
  });

  it('run side by side where both are in memory', async () => {
    const both = TWO.map((model) => ({ ...model, loaded: true }));
    const fake = await up(fakeOllama({ models: both, faults: ['hang'] }));
    const router = over(fake);
    await router.initialize();
    const calls = ['a:7b', 'b:7b'].map((model) => failure(router.route({ prompt: 'hi', session: model, model })));
    await soon(() => chats(fake).map(({ model }) => model)).toEqual(['a:7b', 'b:7b']);
    await router.close();
    for (const call of calls) expect(await call).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('wait for each other where one has to be loaded first: told as queued, and let go of on abort', async () => {
    const fake = await up(fakeOllama({ models: TWO, faults: [{ name: 'hang', times: 1 }] }));
    const router = over(fake);
    await router.initialize();
    const running = new AbortController();
    const first = failure(router.route({ prompt: 'hi', session: 'a', model: 'a:7b' }, { signal: running.signal }));
    await soon(() => chats(fake).length).toBe(1);
    const events = router.stream({ prompt: 'hi', session: 'b', model: 'b:7b' })[Symbol.asyncIterator]();
    await events.next();
    expect((await events.next()).value).toMatchObject({ type: 'status', phase: 'queued', queuePosition: 1 });
    const gone = new AbortController();
    const third = failure(router.route({ prompt: 'hi', session: 'c', model: 'b:7b' }, { signal: gone.signal }));
    await soon(() => router.status().queues).toMatchObject([{ running: 1, waiting: 2 }]);
    gone.abort();
    expect(await third).toMatchObject({ code: 'ERR_ABORTED' });
    const late = await failure(
      router.route({ prompt: 'hi', session: 'd', model: 'b:7b' }, { timeouts: { queueMs: 1 } }),
    );
    expect(late).toMatchObject({ code: 'ERR_QUEUE_FULL' });
    expect(chats(fake)).toHaveLength(1);
    running.abort();
    await first;
    expect((await events.next()).value).toMatchObject({ type: 'status', phase: 'loading' });
    for (let step = await events.next(); !step.done; ) step = await events.next();
    expect(chats(fake).map(({ model }) => model)).toEqual(['a:7b', 'b:7b']);
  });

  it('run beside the newcomer as soon as its server says that they are still in memory', async () => {
    const fake = await up(fakeOllama({ models: TWO, faults: [{ name: 'hang-mid-stream', model: 'b:7b' }] }));
    const router = over(fake);
    await router.initialize();
    const events = router.stream({ prompt: 'hi', session: 'b', model: 'b:7b' })[Symbol.asyncIterator]();
    for (let event = await events.next(); event.value?.type !== 'text'; ) event = await events.next();
    expect((await router.route({ prompt: 'hi', session: 'a', model: 'a:7b' })).model.id).toBe('a:7b');
    expect(router.status().queues).toMatchObject([{ running: 1, waiting: 0 }]);
    await events.return?.();
    expect(router.status().queues).toEqual([]);
  });

  it('are sent as they come where the server does not say what it has in memory', async () => {
    const fake = await up(fakeOllama({ models: TWO, faults: ['hang'] }));
    const router = over([], { services: [{ type: 'openai-compatible', baseURL: fake.url }] });
    await router.initialize();
    const calls = ['a:7b', 'b:7b'].map((model) => failure(router.route({ prompt: 'hi', session: model, model })));
    await soon(() => chats(fake).length).toBe(2);
    await router.close();
    await Promise.all(calls);
  });
});
