import { afterEach, describe, expect, it } from 'vitest';
import type { RankedModel } from '../../src/core/decision.js';
import { FallbackExecutor } from '../../src/execution/fallback-executor.js';
import { resolveTimeouts } from '../../src/execution/timeouts.js';
import { ollamaTransport } from '../../src/transports/ollama.js';
import { openaiTransport } from '../../src/transports/openai.js';
import { modelAt, type RawServer, rawServer, recorded, reply, sendRecorded } from '../transports/loopback.js';

const servers: RawServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
const serve = async (answer: Parameters<typeof rawServer>[0]) => {
  const server = await rawServer(answer);
  servers.push(server);
  return server;
};
const ranked = (url: string, type: 'ollama' | 'vllm' = 'vllm', id = 'm'): RankedModel => ({
  model: { ...modelAt(url, id), type, service: `${type}@${url.slice(7)}` },
  score: 1,
  parts: [],
});
const make = (change: Partial<ConstructorParameters<typeof FallbackExecutor>[0]> = {}) =>
  new FallbackExecutor({
    transports: [ollamaTransport(), openaiTransport()],
    fetch,
    retry: { maxRetries: 0 },
    ...change,
  });
const GOOD = 'llama.cpp/b11549-wheel/chat-stream-usage';

describe('FallbackExecutor', () => {
  it('gives the first whole answer and what was tried before', async () => {
    const dead = await rawServer(() => {});
    await dead.close();
    const page = await serve((socket) => void socket.end(reply('<html></html>', 'text/html')));
    const good = await serve((socket) => sendRecorded(socket, recorded(GOOD)));
    const list = [ranked(dead.url), ranked(page.url, 'ollama'), ranked(good.url)];
    const outcome = await make().executeWithFallback({ prompt: 'Say hi' }, list);
    expect(outcome).toMatchObject({
      fallbackLevel: 'fallback',
      result: { text: ' The quick brown fox', finishReason: 'length' },
    });
    expect(outcome.attempts.map(({ outcome: end, code }) => code ?? end)).toEqual([
      'ERR_UNREACHABLE',
      'ERR_BAD_RESPONSE',
      'ok',
    ]);
    expect(outcome.error).toBeUndefined();
    const { result } = outcome;
    expect(result?.message).toEqual({ role: 'assistant', content: ' The quick brown fox' });
    expect(result?.usage).toMatchObject({ inputTokens: 25, outputTokens: 4, source: 'reported' });
    expect(result?.decision).toMatchObject({ id: result?.id, ranked: list, selected: list[0] });
    expect(result?.model).toEqual(list[2]?.model);
  });

  it('talks to Ollama in its own dialect', async () => {
    const server = await serve((socket) => sendRecorded(socket, recorded('ollama/0.33.0-rc2/tools-stream')));
    const { result } = await make().executeWithFallback({ prompt: 'Weather?' }, [ranked(server.url, 'ollama')]);
    expect(server.requests[0]?.head).toMatch(/^POST \/api\/chat /);
    expect(result).toMatchObject({
      finishReason: 'tool_calls',
      message: { content: null, tool_calls: [{ function: { name: 'get_weather' } }] },
    });
  });

  it('sends an overlong conversation again without its beginning', async () => {
    const server = await serve((socket) =>
      sendRecorded(socket, recorded(server.requests.length === 1 ? 'llama.cpp/b11549-wheel/overflow-stream' : GOOD)),
    );
    const long = 'x'.repeat(2_000);
    const messages = [
      { role: 'system' as const, content: 'Be brief.' },
      { role: 'user' as const, content: long },
      { role: 'assistant' as const, content: long },
      { role: 'user' as const, content: 'And now?' },
    ];
    const outcome = await make().executeWithFallback({ messages }, [ranked(server.url)]);
    expect(outcome.fallbackLevel).toBe('reduced-context');
    expect(JSON.parse(server.requests[1]?.body ?? '').messages).toEqual([messages[0], messages[3]]);
  });

  it('says why there is no answer, and never throws for it', async () => {
    const server = await serve((socket) => sendRecorded(socket, recorded('llama.cpp/b11549-wheel/overflow-stream')));
    const outcome = await make().executeWithFallback({ prompt: 'SECRET' }, [ranked(server.url)]);
    expect(outcome).toMatchObject({
      result: null,
      fallbackLevel: 'failed',
      error: { code: 'ERR_CONTEXT_OVERFLOW', contextLimit: 1024 },
    });
    expect(outcome.error?.message).not.toContain('SECRET');
    expect((await make().executeWithFallback({ prompt: 'x' }, [])).error?.code).toBe('ERR_NO_MODEL');
    const none = await make({ transports: [] }).executeWithFallback({ prompt: 'x' }, [ranked(server.url)]);
    expect(none).toMatchObject({ error: { code: 'ERR_UNSUPPORTED' }, attempts: [{ outcome: 'skipped' }] });
  });

  it('gives the partial text of an answer that broke off', async () => {
    const server = await serve((socket) => sendRecorded(socket, recorded('ollama/0.33.0-rc2/midstream-parse-error')));
    const other = await serve((socket) => sendRecorded(socket, recorded(GOOD)));
    const outcome = await make().executeWithFallback({ prompt: 'x' }, [
      ranked(server.url, 'ollama'),
      ranked(other.url),
    ]);
    expect(outcome.error).toMatchObject({ code: 'ERR_INTERRUPTED', partialText: 'The skyR' });
    expect(other.requests).toHaveLength(0);
  });

  it('ends with the call: by its signal and by its total time', async () => {
    const server = await serve(() => {});
    const aborted = make().executeWithFallback({ prompt: 'x' }, [ranked(server.url)], { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    const late = await make().executeWithFallback({ prompt: 'x' }, [ranked(server.url)], { timeouts: { totalMs: 20 } });
    expect(late.error?.code).toBe('ERR_TIMEOUT');
    await server.idle();
  });

  it('counts tokens itself where the server does not', async () => {
    const body = 'data: {"choices":[{"delta":{"content":"hello there"},"finish_reason":"stop"}]}\n\n';
    const server = await serve((socket) => void socket.end(reply(body)));
    const { result } = await make().executeWithFallback({ prompt: 'Say hello' }, [ranked(server.url)]);
    expect(result?.usage.source).toBe('estimated');
    expect(result?.usage.outputTokens).toBeGreaterThan(0);
  });

  it.each<[string, unknown, RegExp]>([
    ['no options', undefined, /transports/],
    ['a wrong transport', { transports: [{}], fetch }, /transports/],
    [
      'a wrong number',
      { transports: [], fetch, retry: { maxRetries: -1 } },
      /retry\.maxRetries: got -1; use a whole number from 0 to 10/,
    ],
    ['an unknown option', { transports: [], fetch, retires: {} }, /retires: unknown option/],
  ])('refuses %s', (_, options, message) => {
    expect(() => new FallbackExecutor(options as never)).toThrow(message);
  });

  const good = { prompt: 'x' };
  it.each<[string, unknown[], string, RegExp]>([
    ['a request without text', [{}, []], 'ERR_INVALID_REQUEST', /got neither/],
    ['prompt and messages', [{ ...good, messages: [] }, []], 'ERR_INVALID_REQUEST', /got both/],
    ['no request', [undefined, []], 'ERR_INVALID_REQUEST', /query: got undefined/],
    ['an unknown member', [{ ...good, temprature: 1 }, []], 'ERR_INVALID_REQUEST', /temprature: unknown/],
    ['a wrong value', [{ ...good, temperature: 99 }, []], 'ERR_INVALID_REQUEST', /temperature: got 99; use a number/],
    ['no ranking', [good, undefined], 'ERR_INVALID_REQUEST', /ranked: got undefined; use a list/],
    ['a ranking of names', [good, ['qwen3:8b']], 'ERR_INVALID_REQUEST', /ranked\.0: got "qwen3:8b"; use/],
    ['a ranking without models', [good, [{ score: 1 }]], 'ERR_INVALID_REQUEST', /ranked\.0: got an object; use/],
    ['an unknown option', [good, [], { timeout: 1 }], 'ERR_INVALID_OPTION', /timeout: unknown option/],
    ['a wrong signal', [good, [], { signal: {} }], 'ERR_INVALID_OPTION', /signal/],
  ])('refuses %s', async (_, args, code, message) => {
    const call = make().executeWithFallback(...(args as Parameters<FallbackExecutor['executeWithFallback']>));
    const error: unknown = await call.catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'RouterError', code, message: expect.stringMatching(message) });
  });
});

describe('time-outs', () => {
  it('of the call come before the service, those before the router, and loading takes longer', () => {
    expect(resolveTimeouts(undefined, undefined, undefined, false)).toEqual({
      firstContentMs: 120_000,
      loadingMs: 600_000,
      idleMs: 60_000,
      connectMs: 3_000,
      totalMs: undefined,
      queueMs: undefined,
    });
    expect(resolveTimeouts(undefined, undefined, undefined, true).firstContentMs).toBe(600_000);
    expect(
      resolveTimeouts({ idleMs: 1 }, { idleMs: 2, totalMs: 2 }, { idleMs: 3, totalMs: 3, firstContentMs: 3 }, true),
    ).toMatchObject({
      idleMs: 1,
      totalMs: 2,
      firstContentMs: 3,
    });
  });
});
