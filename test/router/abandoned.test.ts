import { fakeOllama } from 'local-llm-router/testing';
import { expect, it } from 'vitest';
import { ManualClock } from './manual-clock.js';
import { chats, failure, over, soon, up } from './setup.js';

it.each(['text', 'status'])('a stream that nobody reads on from its %s keeps neither slot nor session', async (at) => {
  const clock = new ManualClock();
  const fake = await up(fakeOllama({ models: [{ id: 'm:7b', loaded: true }], reply: 'One two three four.' }));
  const service = { type: 'ollama', baseURL: fake.url, maxConcurrent: 1 } as const;
  const router = over([], { clock, services: [service], timeouts: { idleMs: 1_000 } });
  await router.initialize();
  const events = router.stream('first')[Symbol.asyncIterator]();
  for (let event = await events.next(); event.value?.type !== at; ) event = await events.next();
  const second = router.route('second');
  expect(router.status().queues).toMatchObject([{ running: 1 }]);
  clock.advance(1_000);
  expect((await second).text).toBe('One two three four.');
  expect(chats(fake)).toHaveLength(at === 'text' ? 2 : 1);
  const error = await failure(async () => {
    while (!(await events.next()).done);
  });
  expect(error).toMatchObject({ code: at === 'text' ? 'ERR_INTERRUPTED' : 'ERR_TIMEOUT' });
  expect(String(error.cause ?? error)).toContain('Nobody read');
  expect(router.status()).toMatchObject({ health: [], queues: [] });
  await soon(() => clock.pending).toEqual([]);
});
