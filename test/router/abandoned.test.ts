import { fakeOllama } from 'local-llm-router/testing';
import { expect, it } from 'vitest';
import { ManualClock } from './manual-clock.js';
import { chats, failure, over, said, soon, up } from './setup.js';

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

it.each(['decision', 'attempt-failed'])('a stream that nobody reads on from its %s keeps no session', async (at) => {
  const clock = new ManualClock();
  const faults = [{ name: 'status-500', model: 'm:7b', times: 1 }] as const;
  const models = [
    { id: 'm:7b', loaded: true },
    { id: 'n:7b', loaded: true },
  ];
  const fake = await up(fakeOllama({ models, faults, reply: 'One two three four.' }));
  const router = over(fake, { clock, timeouts: { idleMs: 1_000 } });
  await router.initialize();
  const events = router.stream('first')[Symbol.asyncIterator]();
  for (let event = await events.next(); event.value?.type !== at; ) event = await events.next();
  const asked = chats(fake).length;
  const second = router.route('second');
  await soon(() => clock.pending.includes(1_000)).toBe(true);
  clock.advance(1_000);
  expect((await second).text).toBe('One two three four.');
  const error = await failure(async () => {
    while (!(await events.next()).done);
  });
  expect(error).toMatchObject({ code: 'ERR_TIMEOUT' });
  expect(error.message).toContain('Nobody read');
  // Of the first call nothing was sent after that.
  expect(
    chats(fake)
      .slice(asked)
      .map((request) => said(request).at(-1)?.content),
  ).not.toContain('first');
  expect(router.status()).toMatchObject({ health: [], queues: [] });
  await soon(() => clock.pending).toEqual([]);
});
