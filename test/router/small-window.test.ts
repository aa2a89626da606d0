import { LocalLLMRouter } from 'local-llm-router';
import { type FakeServer, fakeLlamaCpp } from 'local-llm-router/testing';
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
