/** How a host app tests its use of the router: mock the servers with msw, and no model has to run. Works with msw 2 and 3. */
import { LocalLLMRouter } from 'local-llm-router';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

const ndjson = (...lines: object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

/** An Ollama with one model. */
const ollama = [
  http.get('http://localhost:11434/api/tags', () =>
    HttpResponse.json({
      models: [{ name: 'qwen2.5-coder:7b', model: 'qwen2.5-coder:7b', digest: 'd1', size: 4_700_000_000 }],
    }),
  ),
  http.post('http://localhost:11434/api/show', () =>
    HttpResponse.json({ capabilities: ['completion', 'tools'], model_info: { 'qwen2.context_length': 32_768 } }),
  ),
  http.post('http://localhost:11434/api/chat', () =>
    HttpResponse.text(
      ndjson(
        { message: { role: 'assistant', content: 'const answer' }, done: false },
        { message: { role: 'assistant', content: ' = 42;' }, done: false },
        {
          message: { role: 'assistant', content: '' },
          done: true,
          done_reason: 'stop',
          prompt_eval_count: 20,
          eval_count: 4,
        },
      ),
    ),
  ),
];

/** An LM Studio; the plainest mock there is, one JSON completion, is a whole answer too. */
const lmStudio = [
  http.get('http://localhost:1234/v1/models', () =>
    HttpResponse.json({ object: 'list', data: [{ id: 'phi-4', object: 'model', owned_by: 'organization_owner' }] }),
  ),
  http.post('http://localhost:1234/v1/chat/completions', () =>
    HttpResponse.json({
      choices: [{ index: 0, message: { role: 'assistant', content: 'Because of the cache.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 },
    }),
  ),
];

// Whatever else discovery asks for is not there; a model server of this machine stays out of the test.
const server = setupServer(http.all('*', () => new HttpResponse('404 page not found', { status: 404 })));
beforeAll(() => server.listen());
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

it('streams from the mocked Ollama', async () => {
  server.use(...ollama);
  const router = new LocalLLMRouter({ discovery: { types: ['ollama'] } });
  const pieces: string[] = [];
  for await (const text of router.stream('Write a constant').textStream) pieces.push(text);
  await router.close();
  expect(pieces).toEqual(['const answer', ' = 42;']);
});

it('takes a plain JSON completion for an answer', async () => {
  server.use(...lmStudio);
  const router = new LocalLLMRouter({ discovery: { types: ['lmstudio'] } });
  const { text, model, usage } = await router.route('Why is it stale?');
  await router.close();
  expect(text).toBe('Because of the cache.');
  expect(model).toMatchObject({ id: 'phi-4', type: 'lmstudio', baseURL: 'http://localhost:1234' });
  expect(usage).toEqual({ inputTokens: 12, outputTokens: 5, source: 'reported' });
});

it('falls back to the other server when one dies', async () => {
  server.use(
    http.post('http://localhost:11434/api/chat', () => HttpResponse.error()),
    ...ollama,
    ...lmStudio,
  );
  const router = new LocalLLMRouter({ discovery: { types: ['ollama', 'lmstudio'] }, retry: { maxRetries: 0 } });
  const { text, attempts, fallbackLevel } = await router.route('Write a constant');
  await router.close();
  expect(text).toBe('Because of the cache.');
  expect(attempts.map(({ model, outcome }) => [model.id, outcome])).toEqual([
    ['qwen2.5-coder:7b', 'failed'],
    ['phi-4', 'ok'],
  ]);
  expect(fallbackLevel).toBe('fallback');
});
