/** Calls that wait for what never comes: each must end by itself, by its time limit or by its signal. */
import { RouterError, type ToolDefinition } from 'local-llm-router';
import { fakeLlamaCpp, fakeOllama } from 'local-llm-router/testing';
import { expect, it } from 'vitest';
import { chats, collect, failure, over, up } from './setup.js';

const tools: ToolDefinition[] = [{ type: 'function', function: { name: 'read_file', parameters: { type: 'object' } } }];

it('a tool result may be routed on the same session from within the loop', async () => {
  const fake = await up(
    fakeOllama({
      models: [{ id: 'agent:7b', capabilities: ['completion', 'chat', 'tools'] }],
      reply: ({ messages }) =>
        messages.at(-1)?.role === 'tool'
          ? 'It is empty.'
          : { toolCalls: [{ name: 'read_file', arguments: { path: 'a' } }] },
    }),
  );
  const router = over(fake);
  let answer = '';
  for await (const event of router.stream({ prompt: 'What is in a?', session: 's', tools })) {
    if (event.type !== 'tool-call') continue;
    const messages = [{ role: 'tool' as const, tool_call_id: event.toolCall.id, content: '' }];
    answer = (await router.route({ messages, session: 's', tools })).text;
  }
  expect(answer).toBe('It is empty.');
  expect(router.context.session('s')?.messages.map(({ role }) => role)).toEqual([
    'user',
    'assistant',
    'tool',
    'assistant',
  ]);
});

it('a call waits for its session no longer than queueMs', async () => {
  const fake = await up(fakeOllama({ faults: ['hang'] }));
  const router = over(fake);
  const stream = router.stream({ prompt: 'first', session: 's' });
  const first = collect(stream).catch(() => {});
  await expect.poll(() => chats(fake).length).toBe(1);
  const error = await failure(router.route({ prompt: 'second', session: 's' }, { timeouts: { queueMs: 20 } }));
  expect(error).toMatchObject({ code: 'ERR_QUEUE_FULL', isRetryable: true });
  await router.close();
  await first;
});

it('a key function that never answers does not hold the signal, the time limit or close()', async () => {
  const fake = await up(fakeLlamaCpp());
  let asked = 0;
  const apiKey = () => {
    asked += 1;
    // The first one is for discovery.
    return asked === 1 ? 'k' : new Promise<string>(() => {});
  };
  const router = over([], { services: [{ type: 'llama.cpp', baseURL: fake.url, apiKey }] });
  await router.initialize();
  const signal = AbortSignal.timeout(30);
  expect(await failure(router.route('hi', { signal }))).toMatchObject({ code: 'ERR_TIMEOUT' });
  expect(await failure(router.route('hi', { timeouts: { totalMs: 30 } }))).toMatchObject({ code: 'ERR_TIMEOUT' });
  const last = failure(router.route('hi'));
  await expect.poll(() => asked).toBe(4);
  await router.close();
  expect(await last).toMatchObject({ code: 'ERR_CLOSED' });
});

it('a stream that was read in part cannot be read again from its middle', async () => {
  const fake = await up(fakeOllama({ reply: 'word '.repeat(900) }));
  const stream = over(fake).stream('hi');
  expect((await collect(stream)).length).toBeGreaterThan(600);
  expect(() => stream[Symbol.asyncIterator]()).toThrow(RouterError);
  expect((await stream.result).text.length).toBeGreaterThan(4_000);
});
