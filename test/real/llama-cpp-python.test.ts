import { type DiscoveryOptions, RouterError } from 'local-llm-router';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, atPort, discover, single } from './discover.js';
import { startLlamaCppPythonServer } from './llama-cpp-python-server.js';
import type { RealServer } from './python-server.js';
import { itIsRoutedTo, routerFor, SENTENCE } from './routing.js';
import { tinyModels } from './tiny-model.js';

const endpoint = ({ url }: RealServer, contextLength = 2_048) =>
  ({ type: 'llama-cpp-python', baseURL: url, contextLength }) as const;

const ways: [string, (url: string) => DiscoveryOptions][] = [
  ['named', (baseURL) => ({ services: [{ type: 'llama-cpp-python', baseURL }] })],
  ['at its default port, which others use too', (url) => atPort(url, 8000)],
];
// One whose kind the host does not know.
const unknown: (typeof ways)[number] = [
  'as an OpenAI-compatible one',
  (baseURL) => ({ services: [{ type: 'openai-compatible', baseURL }] }),
];

describe('a real llama-cpp-python server', () => {
  let chain: RealServer;
  let endless: RealServer;
  let easilyInterrupted: RealServer;
  beforeAll(async () => {
    [chain, endless, easilyInterrupted] = await Promise.all([
      startLlamaCppPythonServer(tinyModels.chain, 'tiny-chain'),
      // Without interrupting, a second request waits for the first.
      startLlamaCppPythonServer(tinyModels.endless, 'tiny-endless', {
        model: { n_ctx: 131_072 },
        server: { interrupt_requests: false },
      }),
      startLlamaCppPythonServer(tinyModels.endless, 'tiny-endless', { model: { n_ctx: 131_072 } }),
    ]);
  });
  afterAll(() => Promise.all([chain, endless, easilyInterrupted].map((server) => server?.stop())));

  it.each(ways)('is found as it says itself: %s', async (_, options) => {
    const { info } = await ask(chain.url, '/openapi.json');
    const { service, model } = single(await discover(options(chain.url)));
    expect(service).toMatchObject({
      type: 'llama-cpp-python',
      status: 'up',
      version: (info as { version: string }).version,
    });
    expect(model).toMatchObject({
      // Its list is never asked for; the name in a request does not matter to it.
      id: 'default',
      state: { value: 'loaded', source: 'server' },
      contextLength: { source: 'assumed' },
      remote: 'no',
    });
    // It names its window only where it refuses: this one was started without a word about it.
    const refusal = await fetch(`${chain.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(3_000) }] }),
    });
    expect((await refusal.text()).slice(0, 300)).toContain(
      `maximum context length is ${model.contextLength.value} tokens`,
    );
  });

  /** What becomes of an answer during which something else happens. */
  async function answerDuring(meanwhile: () => Promise<void>) {
    const router = routerFor([endpoint(easilyInterrupted, 131_072)], { retry: { maxRetries: 0 } });
    const stream = router.stream({ prompt: 'Go on', maxTokens: 2_000 });
    let happened: Promise<void> | undefined;
    for await (const event of stream) if (event.type === 'text') happened ??= meanwhile();
    await happened;
    return stream.result;
  }

  it('would be interrupted by a look at its list', async () => {
    const failure = await answerDuring(async () => {
      await ask(easilyInterrupted.url, '/v1/models');
    }).catch((error: unknown) => error);
    expect(RouterError.is(failure)).toBe(true);
  });

  it.each([...ways, unknown])('is not interrupted by discovery: %s', async (_, options) => {
    const result = await answerDuring(async () => {
      const { services, answered } = await discover(options(easilyInterrupted.url));
      expect(services).toMatchObject([{ status: 'up', models: [{ id: 'default' }] }]);
      expect(answered).not.toContain('GET /v1/models');
    });
    expect(result).toMatchObject({ finishReason: 'length', attempts: [{ outcome: 'ok' }] });
  });

  it('is called by its name where the host takes it for another', async () => {
    const { services, failures } = await discover({ services: [{ type: 'vllm', baseURL: chain.url }] });
    expect(services).toEqual([]);
    expect(failures).toMatchObject([{ code: 'ERR_BAD_RESPONSE', remedy: "Set its type to 'llama-cpp-python'." }]);
  });

  it('has the models and the window that the host names', async () => {
    const { model } = single(await discover({ services: [{ ...endpoint(chain, 1_024), models: ['mine'] }] }));
    expect(model).toMatchObject({ id: 'mine', contextLength: { value: 1_024, source: 'config' } });
  });

  itIsRoutedTo({ chain: () => endpoint(chain), endless: () => endpoint(endless, 131_072) });
});

describe('a real llama-cpp-python server with less context than it was taken for', () => {
  it('gives an error, not an empty answer', async () => {
    const server = await startLlamaCppPythonServer(tinyModels.chain, 'tiny-chain', { model: { n_ctx: 512 } });
    try {
      const router = routerFor([endpoint(server)]);
      const failure = await router.route('x'.repeat(1_000)).catch((error: unknown) => error);
      expect(RouterError.is(failure)).toBe(true);
      const { message, attempts = [] } = failure as RouterError;
      expect(attempts).toMatchObject([{ outcome: 'failed', code: 'ERR_INTERRUPTED' }]);
      expect(message).not.toContain('xxx');
      // It goes on serving what fits.
      expect((await router.route('Say hi')).text).toBe(SENTENCE);
    } finally {
      await server.stop();
    }
  });
});
