import { LocalLLMRouter } from 'local-llm-router';
import { type FakeServer, fakeLlamaCpp, fakeLlamaCppPython } from 'local-llm-router/testing';
import { afterEach, expect, it } from 'vitest';

let server: FakeServer;
let router: LocalLLMRouter;

afterEach(async () => {
  await router.close();
  await server.close();
});

async function start(options: { minContext?: number } = {}): Promise<void> {
  server = await fakeLlamaCpp({ models: [{ id: 'tiny', contextLength: 2048, loaded: true }] });
  router = new LocalLLMRouter({
    discovery: false,
    services: [{ type: 'llama.cpp', baseURL: server.url }],
    ...(options.minContext === undefined ? {} : { taskRouting: { coding: { minContext: options.minContext } } }),
  });
}

it('a window below what is usual for the task is better than no answer', async () => {
  await start();
  const { model, decision } = await router.route('Write a function that adds two numbers');
  expect(model.id).toBe('tiny');
  expect(decision.notes.join()).toContain('window');
});

it('a minContext that the host gave is kept', async () => {
  await start({ minContext: 4096 });
  await expect(router.route({ prompt: 'Write a function', task: 'coding' })).rejects.toMatchObject({
    code: 'ERR_NO_MODEL',
  });
});

it('a long conversation is compacted into it', async () => {
  await start();
  const old = 'We talked about the parser and its error messages. '.repeat(40);
  for (let i = 0; i < 6; i += 1) router.context.addMessage({ role: i % 2 ? 'assistant' : 'user', content: old });
  const { decision } = await router.route('And now?');
  expect(decision.context.compaction).not.toBeNull();
  expect(decision.context.inputTokens).toBeLessThan(2048);
});

it('a server that ends the stream of an overlong prompt without a word is asked again with a shorter one', async () => {
  server = await fakeLlamaCppPython({ models: [{ id: 'default', contextLength: 2048 }], reply: 'Short enough.' });
  router = new LocalLLMRouter({
    discovery: false,
    services: [{ type: 'llama-cpp-python', baseURL: server.url }],
    retry: { maxRetries: 0 },
  });
  const old = 'We talked about the parser and its error messages. '.repeat(60);
  for (let i = 0; i < 6; i += 1) router.context.addMessage({ role: i % 2 ? 'assistant' : 'user', content: old });
  const { text, fallbackLevel, attempts } = await router.route('And now?');
  expect({ text, fallbackLevel }).toEqual({ text: 'Short enough.', fallbackLevel: 'reduced-context' });
  expect(attempts).toMatchObject([{ code: 'ERR_INTERRUPTED' }, { outcome: 'ok' }]);
});

it('a short prompt that it breaks off was not too long', async () => {
  server = await fakeLlamaCppPython({ models: [{ id: 'default' }], faults: ['no-finish'], reply: '' });
  router = new LocalLLMRouter({
    discovery: false,
    services: [{ type: 'llama-cpp-python', baseURL: server.url }],
    retry: { maxRetries: 0 },
  });
  await expect(router.route('Hello')).rejects.toMatchObject({ attempts: [{ code: 'ERR_INTERRUPTED' }] });
});
