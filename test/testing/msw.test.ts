import { LocalLLMRouter, type RouterError, type RouterOptions } from 'local-llm-router';
import { mswHandlers } from 'local-llm-router/testing/msw';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const server = setupServer();
// Nothing that a test did not mock may be asked for.
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(async () => {
  // First, because a router may look for servers once more in the background.
  await Promise.all(routers.splice(0).map((made) => made.close()));
  server.resetHandlers();
});
afterAll(() => server.close());

const routers: LocalLLMRouter[] = [];
function router(options: RouterOptions = {}): LocalLLMRouter {
  const made = new LocalLLMRouter({ retry: { maxRetries: 0 }, discovery: { hosts: ['localhost'] }, ...options });
  routers.push(made);
  return made;
}

async function failure(call: Promise<unknown>): Promise<RouterError> {
  try {
    await call;
  } catch (error) {
    return error as RouterError;
  }
  throw new Error('the call did not fail');
}

describe('the mocked servers', () => {
  it('are found at their default addresses, each as what it is', async () => {
    server.use(...mswHandlers());
    const { services } = await router().discovery.discoverAll();
    expect(services.map(({ id, status }) => [id, status]).sort()).toEqual([
      ['llama.cpp@localhost:8080', 'up'],
      ['lmstudio@localhost:1234', 'up'],
      ['ollama@localhost:11434', 'up'],
      ['vllm@localhost:8000', 'up'],
    ]);
    for (const { models } of services) expect(models.length).toBeGreaterThan(0);
  });

  it('are those that are named, and nothing else is there', async () => {
    server.use(...mswHandlers({ ollama: { models: [{ id: 'qwen2.5-coder:7b' }] } }));
    const made = router();
    const { services } = await made.discovery.discoverAll();
    expect(services.map(({ type }) => type)).toEqual(['ollama']);
    expect(made.discovery.models().map(({ id }) => id)).toEqual(['qwen2.5-coder:7b']);
  });

  it('stream what the test says', async () => {
    server.use(...mswHandlers({ ollama: { reply: 'const answer = 42;' } }));
    const pieces: string[] = [];
    for await (const piece of router().stream('Write a constant').textStream) pieces.push(piece);
    expect(pieces).toEqual(['const', ' answer', ' =', ' 42;']);
  });

  it.each(['ollama', 'lmstudio', 'llama.cpp', 'vllm'] as const)(
    '%s answers, calls tools and tells its usage',
    async (name) => {
      const models = [{ id: 'm', loaded: true, contextLength: 16_384, maxContextLength: 32_768 }];
      const reply = ({ tools }: { tools: readonly unknown[] }) =>
        tools.length > 0 ? { toolCalls: [{ name: 'read_file', arguments: { path: 'a' } }] } : 'Hello there';
      server.use(...mswHandlers({ [name]: { models, reply } }));
      const made = router();
      const plain = await made.route('Say hello');
      expect(plain).toMatchObject({ text: 'Hello there', model: { type: name }, usage: { source: 'reported' } });
      const tools = [{ type: 'function' as const, function: { name: 'read_file' } }];
      const { toolCalls } = await made.route({ prompt: 'read a', tools });
      expect(toolCalls.map((call) => call.function)).toEqual([{ name: 'read_file', arguments: '{"path":"a"}' }]);
    },
  );

  it('answer at another address, with a key', async () => {
    server.use(...mswHandlers({ vllm: { baseURL: 'http://localhost:9999', apiKey: 'k' } }));
    const services = [{ type: 'vllm' as const, baseURL: 'http://localhost:9999', apiKey: 'k' }];
    expect((await router({ discovery: false, services }).route('Hi')).model.service).toBe('vllm@localhost:9999');
  });

  it('embed', async () => {
    server.use(...mswHandlers({ ollama: { models: [{ id: 'nomic-embed-text', capabilities: ['embedding'] }] } }));
    expect((await router().embed(['a', 'b'])).embeddings).toHaveLength(2);
  });
});

describe('what goes wrong', () => {
  const both = (faults: string) =>
    mswHandlers({
      ollama: { models: [{ id: 'qwen2.5-coder:7b', loaded: true }], faults: [faults as 'reset'] },
      lmstudio: { models: [{ id: 'spare', loaded: true }], reply: 'From the other one' },
    });
  const coder = { coding: { primary: ['qwen2.5-coder:7b'] } };

  it.each([
    'reset',
    'html',
    'status-500',
    'close-before-content',
    'error-before-content',
    'empty-answer',
    'no-finish',
    'redirect',
    'compressed',
    'not-http',
    'flood',
  ])('%s moves on to the other server, or breaks off where text had come', async (fault) => {
    server.use(...both(fault));
    const call = router({ taskRouting: coder }).route({ prompt: 'Write a function', task: 'coding' });
    if (fault === 'no-finish') {
      expect(await failure(call)).toMatchObject({ code: 'ERR_INTERRUPTED' });
      return;
    }
    const { text, attempts } = await call;
    expect(text).toBe('From the other one');
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'ok']);
  });

  it.each(['byte-by-byte', 'bom', 'crlf', 'keep-alives', 'more-after-end'] as const)(
    '%s is only the form of a whole answer',
    async (fault) => {
      server.use(...mswHandlers({ ollama: { reply: 'é 😀', faults: [fault] } }));
      expect((await router().route('Count')).text).toBe('é 😀');
    },
  );

  it('in the middle leaves what had come', async () => {
    server.use(...mswHandlers({ ollama: { reply: 'one two three four', faults: ['close-mid-stream'] } }));
    const error = await failure(router().route('Count'));
    expect(error).toMatchObject({ code: 'ERR_INTERRUPTED', partialText: 'one two' });
  });

  it('can be waited for in vain, and left', async () => {
    server.use(...mswHandlers({ ollama: { faults: ['hang'] } }));
    const controller = new AbortController();
    const made = router();
    made.onDecision(() => setTimeout(() => controller.abort(), 20));
    expect(await failure(made.route('Hi', { signal: controller.signal }))).toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('can be mocked by hand before the rest', async () => {
    server.use(
      http.post('http://localhost:11434/api/chat', () =>
        HttpResponse.json({ error: 'out of memory' }, { status: 500 }),
      ),
      ...mswHandlers({ ollama: true }),
    );
    expect(await failure(router().route('Hi'))).toMatchObject({ code: 'ERR_ALL_ATTEMPTS_FAILED' });
  });

  it.each([
    ['an unknown server', { ollamma: true }, /ollamma: unknown option/],
    ['an unknown option', { ollama: { repyl: 'x' } }, /mswHandlers: ollama: repyl: unknown option/],
    ['nothing', { vllm: false }, /vllm: got false/],
  ])('%s is told', async (_, options, words) => {
    expect(() => mswHandlers(options as never)).toThrow(words);
  });
});
