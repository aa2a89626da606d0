import { LocalLLMRouter } from 'local-llm-router';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { collect } from './setup.js';

// As a host's test does it. Whatever else discovery asks for is not there; servers of this machine stay out of it.
const server = setupServer(http.all('*', () => new HttpResponse('404 page not found', { status: 404 })));
beforeAll(() => server.listen());
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

const OLLAMA = 'http://localhost:11434';
const STUDIO = 'http://localhost:1234';

function router(): LocalLLMRouter {
  const made = new LocalLLMRouter({ retry: { maxRetries: 0 } });
  onTestFinished(() => made.close());
  return made;
}

/** A body of these lines, one chunk each. */
function streamed(lines: readonly string[], type: string): HttpResponse<ReadableStream> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const line of lines) controller.enqueue(new TextEncoder().encode(line));
      controller.close();
    },
  });
  return new HttpResponse(body, { headers: { 'content-type': type } });
}

const ndjson = (...lines: readonly object[]) =>
  streamed(
    lines.map((line) => `${JSON.stringify(line)}\n`),
    'application/x-ndjson',
  );
const sse = (...chunks: readonly object[]) =>
  streamed([...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n'], 'text/event-stream');

describe('a mocked Ollama', () => {
  const mock = (onChat: (body: unknown) => Response) =>
    server.use(
      http.get(`${OLLAMA}/api/tags`, () =>
        HttpResponse.json({
          models: [{ name: 'qwen2.5-coder:7b', model: 'qwen2.5-coder:7b', digest: 'abc', size: 1 }],
        }),
      ),
      http.post(`${OLLAMA}/api/show`, () =>
        HttpResponse.json({
          capabilities: ['completion', 'tools'],
          model_info: { 'general.architecture': 'qwen2', 'qwen2.context_length': 32_768 },
        }),
      ),
      http.post(`${OLLAMA}/api/chat`, async ({ request }) => onChat(await request.json())),
    );

  it('is asked through its own API, and its stream is the answer', async () => {
    const bodies: unknown[] = [];
    mock((body) => {
      bodies.push(body);
      return ndjson(
        { model: 'qwen2.5-coder:7b', message: { role: 'assistant', content: 'Hello' }, done: false },
        { model: 'qwen2.5-coder:7b', message: { role: 'assistant', content: ' there' }, done: false },
        {
          model: 'qwen2.5-coder:7b',
          message: { role: 'assistant', content: '' },
          done: true,
          done_reason: 'stop',
          prompt_eval_count: 7,
          eval_count: 2,
        },
      );
    });
    const stream = router().stream('Say hello');
    expect(await collect(stream.textStream)).toEqual(['Hello', ' there']);
    expect(await stream.result).toMatchObject({
      text: 'Hello there',
      model: { id: 'qwen2.5-coder:7b', service: 'ollama@localhost:11434', baseURL: OLLAMA },
      usage: { inputTokens: 7, outputTokens: 2, source: 'reported' },
    });
    expect(bodies).toMatchObject([{ model: 'qwen2.5-coder:7b', stream: true, truncate: false }]);
  });

  it('may answer at once, with one plain object', async () => {
    mock(() =>
      HttpResponse.json({
        model: 'qwen2.5-coder:7b',
        message: { role: 'assistant', content: 'Hello there' },
        done: true,
        done_reason: 'stop',
      }),
    );
    expect((await router().route('Say hello')).text).toBe('Hello there');
  });

  it('that fails is followed by another mocked server', async () => {
    mock(() => HttpResponse.json({ error: 'out of memory' }, { status: 500 }));
    server.use(
      http.get(`${STUDIO}/v1/models`, () => HttpResponse.json({ object: 'list', data: [{ id: 'spare' }] })),
      http.post(`${STUDIO}/v1/chat/completions`, () =>
        HttpResponse.json({
          choices: [{ index: 0, message: { role: 'assistant', content: 'From the other one' }, finish_reason: 'stop' }],
        }),
      ),
    );
    const { text, attempts, fallbackLevel } = await router().route('Write a function');
    expect(text).toBe('From the other one');
    expect(fallbackLevel).toBe('fallback');
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'ok']);
  });
});

describe('a mocked LM Studio', () => {
  const mock = (answer: () => Response) =>
    server.use(
      http.get(`${STUDIO}/v1/models`, () =>
        HttpResponse.json({ object: 'list', data: [{ id: 'qwen2.5-coder-7b-instruct', object: 'model' }] }),
      ),
      http.post(`${STUDIO}/v1/chat/completions`, answer),
    );

  it('is asked, and its stream is the answer', async () => {
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      id: 'x',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'qwen2.5-coder-7b-instruct',
      choices: [{ index: 0, delta, finish_reason }],
    });
    mock(() => sse(chunk({ role: 'assistant', content: 'Hello' }), chunk({ content: ' there' }), chunk({}, 'stop')));
    const events = await collect(router().stream('Say hello'));
    expect(events.flatMap((event) => (event.type === 'text' ? [event.text] : []))).toEqual(['Hello', ' there']);
    expect(events.at(-1)).toMatchObject({ type: 'done', result: { text: 'Hello there', model: { baseURL: STUDIO } } });
  });

  it('may answer at once, with a plain completion', async () => {
    mock(() =>
      HttpResponse.json({
        id: 'x',
        object: 'chat.completion',
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
      }),
    );
    expect(await router().route('Say hello')).toMatchObject({
      text: 'Hello there',
      message: { role: 'assistant', content: 'Hello there' },
      usage: { inputTokens: 5, outputTokens: 2, source: 'reported' },
    });
  });

  it('can be left in the middle of an answer that never ends', async () => {
    mock(
      () =>
        new HttpResponse(
          new ReadableStream({
            start(controller) {
              const delta = { choices: [{ index: 0, delta: { content: 'Hello' }, finish_reason: null }] };
              controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(delta)}\n\n`));
            },
          }),
          { headers: { 'content-type': 'text/event-stream' } },
        ),
    );
    const pieces: string[] = [];
    for await (const piece of router().stream('Say hello').textStream) {
      pieces.push(piece);
      break;
    }
    expect(pieces).toEqual(['Hello']);
  });
});
