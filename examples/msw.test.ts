/** How a host app tests its use of the router: mock the servers with msw, and no model has to run. Works with msw 2 and 3. */
import { LocalLLMRouter } from 'local-llm-router';
import { mswHandlers } from 'local-llm-router/testing/msw';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

it('streams from the mocked Ollama', async () => {
  server.use(...mswHandlers({ ollama: { models: [{ id: 'qwen2.5-coder:7b' }], reply: 'const answer = 42;' } }));
  const router = new LocalLLMRouter();
  const pieces: string[] = [];
  for await (const text of router.stream('Write a constant').textStream) pieces.push(text);
  await router.close();
  expect(pieces).toEqual(['const', ' answer', ' =', ' 42;']);
});

it('falls back to the other server when one dies', async () => {
  server.use(
    ...mswHandlers({
      ollama: { models: [{ id: 'qwen2.5-coder:7b', loaded: true }], faults: ['reset'] },
      lmstudio: { models: [{ id: 'phi-4' }], reply: 'Because of the cache.' },
    }),
  );
  const router = new LocalLLMRouter({ retry: { maxRetries: 0 } });
  const { text, attempts, fallbackLevel } = await router.route('Why is it stale?');
  await router.close();
  expect(text).toBe('Because of the cache.');
  expect(attempts.map(({ model, outcome }) => [model.id, outcome])).toEqual([
    ['qwen2.5-coder:7b', 'failed'],
    ['phi-4', 'ok'],
  ]);
  expect(fallbackLevel).toBe('fallback');
});

it('takes mocks by hand, too: the plainest JSON completion is a whole answer', async () => {
  server.use(
    http.get('http://localhost:1234/v1/models', () =>
      HttpResponse.json({ object: 'list', data: [{ id: 'phi-4', object: 'model', owned_by: 'organization_owner' }] }),
    ),
    http.post('http://localhost:1234/v1/chat/completions', () =>
      HttpResponse.json({
        choices: [{ index: 0, message: { role: 'assistant', content: 'Because.' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 },
      }),
    ),
    // At every other address nothing is found.
    ...mswHandlers({}),
  );
  const router = new LocalLLMRouter();
  const { text, model, usage } = await router.route('Why is it stale?');
  await router.close();
  expect(text).toBe('Because.');
  expect(model).toMatchObject({ id: 'phi-4', type: 'lmstudio', baseURL: 'http://localhost:1234' });
  expect(usage).toEqual({ inputTokens: 12, outputTokens: 5, source: 'reported' });
});
