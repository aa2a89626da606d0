import { fakeLlamaCpp, fakeOllama } from 'local-llm-router/testing';
import { expect, it } from 'vitest';
import { ManualClock } from './manual-clock.js';
import { failure, over, up } from './setup.js';

// Alone in its file: what other tests leave for a moment would count.
it('a closed router leaves no socket and no timer behind, whatever happened before', async () => {
  const fakes = [
    await up(fakeOllama({ reply: 'One two three four five six.' })),
    await up(fakeLlamaCpp({ faults: ['hang-mid-stream'], models: [{ id: 'm', contextLength: 16_384 }] })),
    await up(fakeOllama({ models: [{ id: 'broken:7b' }], faults: ['reset'] })),
  ];
  // The runner has timers of its own; all of the router's go through its clock.
  const clock = new ManualClock();
  const router = over(fakes, { clock, timeouts: { totalMs: 100_000, queueMs: 100_000, connectMs: 2_000 } });
  await router.route({ prompt: 'hello', model: 'qwen2.5-coder:7b' });
  await failure(router.route({ prompt: 'hello', model: 'broken:7b' }));
  for await (const { type } of router.stream({ prompt: 'hello', model: 'm' })) if (type === 'text') break;
  // Answers that have begun, and that nobody reads on.
  for (const model of ['m', 'qwen2.5-coder:7b']) {
    const unread = router.stream({ prompt: 'hello', model, session: model })[Symbol.asyncIterator]();
    for (let event = await unread.next(); event.value?.type !== 'text'; ) event = await unread.next();
  }
  const waiting = failure(router.route({ prompt: 'hello', session: 'm' }));
  expect(sockets()).toBeGreaterThan(0);
  expect(clock.pending).not.toEqual([]);
  await router.close();
  await waiting;
  expect(clock.pending).toEqual([]);
  for (let i = 0; i < 1_000 && sockets() > 0; i++) await new Promise(setImmediate);
  expect(sockets()).toBe(0);
});

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}
