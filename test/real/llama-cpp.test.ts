import { type DiscoveryOptions, type RouteEvent, RouterError, type RouterOptions } from 'local-llm-router';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, atPort, discover, single } from './discover.js';
import { startLlamaServer } from './llama-server.js';
import { busySlots, idle, pause } from './llama-slots.js';
import type { RealServer } from './python-server.js';
import { routerFor as routerForServices, SENTENCE } from './routing.js';
import { tinyModels } from './tiny-model.js';

const servers: RealServer[] = [];
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

async function serve(kind: keyof typeof tinyModels, options: Record<string, unknown>): Promise<RealServer> {
  const server = await startLlamaServer(tinyModels[kind], `tiny-${kind}`, { endpoint_slots: true, ...options });
  servers.push(server);
  return server;
}

const endpoint = ({ url }: RealServer) => ({ type: 'llama.cpp', baseURL: url }) as const;
const routerFor = (running: readonly RealServer[], options: RouterOptions = {}) =>
  routerForServices(running.map(endpoint), options);

describe('a real llama.cpp server', () => {
  let chain: RealServer;
  let endless: RealServer;
  beforeAll(async () => {
    [chain, endless] = await Promise.all([
      serve('chain', { n_ctx: 8_192, n_parallel: 2 }),
      serve('endless', { n_ctx: 131_072, n_parallel: 2 }),
    ]);
  });

  it('tells its version, the context in force, its slots and what is loaded', async () => {
    const { services } = await routerFor([endless]).initialize();
    expect(services).toMatchObject([{ type: 'llama.cpp', status: 'up', baseURL: endless.url }]);
    expect(services[0]?.version).toEqual(expect.any(String));
    expect(services[0]?.models).toMatchObject([
      {
        id: 'tiny-endless',
        contextLength: { value: 65_536, source: 'server' },
        maxContextLength: { value: 131_072, source: 'server' },
        parallelSlots: { value: 2, source: 'server' },
        state: { value: 'loaded', source: 'server' },
        locality: 'loopback',
        remote: 'no',
      },
    ]);
  });

  const ways: [string, (url: string) => DiscoveryOptions][] = [
    ['named', (baseURL) => ({ services: [{ type: 'llama.cpp', baseURL }] })],
    ['at an old default port, which others use too', (url) => atPort(url, 8080)],
    ['at its default port', (url) => atPort(url, 9931)],
  ];
  it.each(ways)('is found as it says itself: %s', async (_, options) => {
    const props = (await ask(endless.url, '/props')) as {
      build_info: string;
      total_slots: number;
      default_generation_settings: { n_ctx: number };
    };
    const { data } = await ask(endless.url, '/v1/models');
    const [listed] = data as [{ id: string; meta: Record<'n_ctx_train' | 'size', number> }];
    const slots = (await ask(endless.url, '/slots')) as unknown as { n_ctx: number }[];
    const { service, model } = single(await discover(options(endless.url)));
    expect(service).toMatchObject({ type: 'llama.cpp', status: 'up', version: props.build_info });
    expect(slots.map(({ n_ctx }) => n_ctx)).toEqual([model.contextLength.value, model.contextLength.value]);
    expect(model).toMatchObject({
      id: listed.id,
      contextLength: { value: props.default_generation_settings.n_ctx, source: 'server' },
      maxContextLength: { value: listed.meta.n_ctx_train, source: 'server' },
      parallelSlots: { value: props.total_slots, source: 'server' },
      sizeBytes: { value: listed.meta.size, source: 'server' },
      state: { value: 'loaded', source: 'server' },
    });
  });

  it('is found where the host does not know its kind', async () => {
    const { service, model } = single(
      await discover({ services: [{ type: 'openai-compatible', baseURL: endless.url }] }),
    );
    expect(service).toMatchObject({ type: 'openai-compatible', status: 'up' });
    expect(model).toMatchObject({ id: 'tiny-endless', contextLength: { value: 65_536, source: 'server' } });
  });

  it('is called by its name where the host takes it for another', async () => {
    const { services, failures } = await discover({ services: [{ type: 'vllm', baseURL: endless.url }] });
    expect(services).toEqual([]);
    expect(failures).toMatchObject([{ code: 'ERR_BAD_RESPONSE', remedy: "Set its type to 'llama.cpp'." }]);
  });

  it('goes on generating while discovery looks at it', async () => {
    const stream = routerFor([endless]).stream({ prompt: 'Go on', maxTokens: 300 });
    let look: Promise<unknown> | undefined;
    for await (const event of stream) if (event.type === 'text') look ??= discover({ services: [endpoint(endless)] });
    expect(await look).toMatchObject({ services: [{ status: 'up' }] });
    expect(await stream.result).toMatchObject({ finishReason: 'length', usage: { outputTokens: 300 } });
  });

  it('is routed to', async () => {
    const result = await routerFor([chain]).route('Say hi');
    expect(result).toMatchObject({
      text: SENTENCE,
      finishReason: 'stop',
      model: { id: 'tiny-chain', type: 'llama.cpp', baseURL: chain.url },
      fallbackLevel: 'primary',
      attempts: [{ outcome: 'ok', retries: 0 }],
      usage: { source: 'reported', outputTokens: 36 },
      message: { role: 'assistant', content: SENTENCE },
    });
    expect(result.usage.inputTokens).toBeGreaterThanOrEqual(25);
  });

  it('goes on with a conversation', async () => {
    const router = routerFor([chain]);
    const first = await router.route({ prompt: 'Say hi', session: 's' });
    const second = await router.route({ prompt: 'And again', session: 's' });
    expect(second.usage.inputTokens).toBeGreaterThan(first.usage.inputTokens + SENTENCE.length / 8);
  });

  it('is streamed from, word by word, with the same result', async () => {
    const stream = routerFor([chain]).stream('Say hi');
    const events: RouteEvent[] = [];
    for await (const event of stream) events.push(event);
    const texts = events.flatMap((event) => (event.type === 'text' ? [event.text] : []));
    expect(texts).toEqual([...tinyModels.chain.pieces]);
    expect(events[0]?.type).toBe('decision');
    expect(events.at(-1)).toEqual({ type: 'done', result: await stream.result });
  });

  it('is asked by many at once, and answers all', async () => {
    const router = routerFor([chain]);
    const asked = Array.from({ length: 12 }, (_, i) => router.route({ prompt: `Say hi ${i}`, session: `s${i}` }));
    expect((await Promise.all(asked)).map(({ text }) => text)).toEqual(asked.map(() => SENTENCE));
  });

  // Many seconds of generating, if nobody stops it.
  const forever = { prompt: 'Go on', maxTokens: 60_000 };

  it('would go on generating if it were not cancelled', async () => {
    const reading = new AbortController();
    const { prompt: content, maxTokens: max_tokens } = forever;
    const body = JSON.stringify({ messages: [{ role: 'user', content }], max_tokens, stream: true });
    const reply = await fetch(`${endless.url}/v1/chat/completions`, { method: 'POST', body, signal: reading.signal });
    const read = reply.text().catch(() => {});
    expect(await idle(endless)).toBe(false);
    reading.abort();
    await read;
    expect(await idle(endless)).toBe(true);
  });

  it('stops generating when a stream is cancelled', async () => {
    const leave = new AbortController();
    const stream = routerFor([endless]).stream(forever, { signal: leave.signal });
    let words = 0;
    const failure = await (async () => {
      for await (const event of stream) if (event.type === 'text' && ++words === 20) leave.abort();
    })().catch((error: unknown) => error);
    expect(RouterError.is(failure) && failure.code).toBe('ERR_ABORTED');
    expect(await idle(endless)).toBe(true);
  });

  it('stops generating when the reader of a stream leaves', async () => {
    for await (const event of routerFor([endless]).stream(forever)) if (event.type === 'text') break;
    expect(await idle(endless)).toBe(true);
  });

  it('stops generating when a route is cancelled', async () => {
    const leave = new AbortController();
    const router = routerFor([endless]);
    const failure = router.route(forever, { signal: leave.signal }).catch((error: unknown) => error);
    while ((await busySlots(endless)) === 0) await pause();
    leave.abort();
    expect(RouterError.is(await failure) && ((await failure) as RouterError).code).toBe('ERR_ABORTED');
    expect(await idle(endless)).toBe(true);
  });

  it('keeps to the limit of the request', async () => {
    const result = await routerFor([endless]).route({ prompt: 'Go on', maxTokens: 50 });
    expect(result).toMatchObject({ finishReason: 'length', usage: { outputTokens: 50 } });
  });
});

describe('a real llama.cpp server with too little context', () => {
  it('names the context where a prompt cannot fit', async () => {
    const small = await serve('chain', { n_ctx: 512 });
    // Counted too low, so that the prompt is sent and the server itself refuses it.
    const router = routerFor([small], { tokenCounter: { count: (text) => text.length / 8 } });
    const failure = await router.route('x'.repeat(1_500)).catch((error: unknown) => error);
    expect(RouterError.is(failure)).toBe(true);
    const { code, message, attempts = [] } = failure as RouterError;
    expect([code, ...attempts.map((attempt) => attempt.code)]).toContain('ERR_CONTEXT_OVERFLOW');
    expect(`${message} ${attempts.map(({ reason }) => reason).join(' ')}`).toMatch(/context/i);
    expect(message).not.toContain('xxx');
  });

  it('gets a shortened conversation where its context shrank since it was found', async () => {
    const wide = await serve('chain', { n_ctx: 8_192 });
    const router = routerFor([wide]);
    await router.initialize();
    await wide.stop();
    const narrow = await serve('chain', { n_ctx: 2_048, port: Number(new URL(wide.url).port) });
    expect(narrow.url).toBe(wide.url);
    const messages = Array.from({ length: 8 }, (_, i) => ({
      role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content: `${i} ${'word '.repeat(100)}`,
    }));
    const result = await router.route({ messages: [...messages, { role: 'user', content: 'Say hi' }] });
    expect(result).toMatchObject({ text: SENTENCE, fallbackLevel: 'reduced-context' });
    expect(result.attempts.map(({ outcome, code }) => [outcome, code])).toEqual([
      ['failed', 'ERR_CONTEXT_OVERFLOW'],
      ['ok', undefined],
    ]);
    expect(result.usage.inputTokens).toBeLessThan(2_048);
  });
});

describe('real llama.cpp servers with thinking and tools', () => {
  it('gives thoughts apart from the text', async () => {
    const result = await routerFor([await serve('think', { n_ctx: 4_096 })]).route('Say hi');
    expect(result.text.trim()).toBe('Answer follows here now');
    expect(result.reasoning?.trim()).toBe('First I look at this question then decide');
  });

  it('gives tool calls whole', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    const result = await routerFor([await serve('tool', { n_ctx: 4_096 })]).route({
      prompt: 'How is the weather in Oslo?',
      tools: [{ type: 'function', function: { name: 'get_weather', parameters } }],
    });
    expect(result).toMatchObject({
      finishReason: 'tool_calls',
      toolCalls: [{ type: 'function', function: { name: 'get_weather', arguments: '{"city": "Oslo"}' } }],
    });
  });
});
