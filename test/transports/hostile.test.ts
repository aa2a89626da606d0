import type { Socket } from 'node:net';
import { inspect } from 'node:util';
// What stands here is beside the catalogue of test/hostile, whose rows go through the router.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RouterError } from '../../src/core/errors.js';
import type { TransportEvent } from '../../src/core/transport.js';
import { ollamaTransport } from '../../src/transports/ollama.js';
import { openaiTransport } from '../../src/transports/openai.js';
import { type Collected, collect, modelAt, type RawServer, rawServer, reply } from './loopback.js';

const openai = openaiTransport();
const ollama = ollamaTransport();
let server: RawServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const serve = async (answer: (socket: Socket) => void | Promise<void>, onConnect?: (socket: Socket) => void) => {
  server = await rawServer(answer, onConnect);
  return server;
};
const ask = (transport: typeof openai, url: string, signal = new AbortController().signal) =>
  transport.chat(
    { model: modelAt(url), messages: [{ role: 'user', content: 'PROMPT' }], headers: {} },
    { signal, fetch },
  );

const chunk = (delta: unknown, finish: string | null = null): string =>
  JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] });
const data = (json: string): string => `data: ${json}\n\n`;
const HI = data(chunk({ content: 'hi' }));
const STOP = data(chunk({}, 'stop'));
const DONE = 'data: [DONE]\n\n';
const line = (content: string, more = '"done":false'): string =>
  `{"message":{"role":"assistant","content":"${content}"},${more}}\n`;

async function openaiSays(body: string, type?: string, status?: string, more?: string): Promise<Collected> {
  const { url } = await serve((socket) => void socket.end(reply(body, type, status, more)));
  return collect(ask(openai, url));
}
const code = (got: Collected): string | undefined => (got.error as RouterError | undefined)?.code;

describe('a server that does not answer', () => {
  it('is not running: unreachable, and not worth repeating', async () => {
    const { url, close } = await rawServer(() => {});
    await close();
    const { error } = await collect(ask(openai, url));
    expect(error).toMatchObject({
      code: 'ERR_UNREACHABLE',
      isRetryable: false,
      model: 'tiny',
      service: 'test@loopback',
    });
  });

  it('hangs up without a word: unreachable', async () => {
    const { url } = await serve((socket) => void socket.end());
    expect(code(await collect(ask(openai, url)))).toBe('ERR_UNREACHABLE');
  });

  it('resets the connection: unreachable, worth repeating', async () => {
    const { url } = await serve((socket) => void socket.resetAndDestroy());
    expect((await collect(ask(ollama, url))).error).toMatchObject({ code: 'ERR_UNREACHABLE', isRetryable: true });
  });

  it('is another kind of server: a bad response', async () => {
    const { url } = await serve((socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    const { error } = await collect(ask(openai, url));
    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE' });
    expect(inspect(error, { depth: 10 })).not.toContain('OpenSSH');
  });

  it('redirects: refused, and nothing goes to the target', async () => {
    const target = await rawServer((socket) => void socket.end(reply(HI + STOP + DONE)));
    const { url } = await serve(
      (socket) => void socket.end(reply('', 'text/plain', '307 X', `Location: ${target.url}/v1/chat/completions\r\n`)),
    );
    expect(code(await collect(ask(openai, url)))).toBe('ERR_BAD_RESPONSE');
    expect(target.requests).toHaveLength(0);
    await target.close();
  });
});

describe('an answer without its end', () => {
  it('a body shorter than announced is an interruption', async () => {
    const got = await openaiSays(HI, 'text/event-stream', '200 OK', 'Content-Length: 5000\r\n');
    expect(got).toMatchObject({ text: 'hi', error: { code: 'ERR_INTERRUPTED' } });
  });

  it('a cut after the reason for stopping loses nothing', async () => {
    const got = await openaiSays(HI + STOP, 'text/event-stream', '200 OK', 'Content-Length: 5000\r\n');
    expect(got).toMatchObject({ text: 'hi', finish: { finishReason: 'stop' } });
    expect(got.error).toBeUndefined();
  });
});

describe('odd but right', () => {
  it('joins characters that a server cut in two, and repairs lone halves', async () => {
    const got = await openaiSays(
      data(String.raw`{"choices":[{"delta":{"content":"a\ud83d"}}]}`) +
        data(String.raw`{"choices":[{"delta":{"content":"\ude00b\ud800"}}]}`) +
        data(chunk({ content: 'c' })) +
        STOP,
    );
    expect(got.text).toBe('a\u{1f600}b\ufffdc');
  });

  it('gives each delta as one event', async () => {
    const { url } = await serve((socket) => void socket.end(reply(HI + HI + HI + STOP + DONE)));
    const events: TransportEvent[] = [];
    for await (const event of ask(openai, url)) events.push(event);
    expect(events.map((event) => event.type)).toEqual(['text', 'text', 'text', 'finish']);
  });

  it('numbers tool calls where a server does not', async () => {
    const call = (id: string | undefined, args: string) =>
      data(chunk({ tool_calls: [{ id, function: { name: id && 'f', arguments: args } }] }));
    const got = await openaiSays(
      call('a', '{"x"') + call(undefined, ':1}') + call('b', '{}') + data(chunk({}, 'tool_calls')),
    );
    expect(got.calls).toEqual([
      { id: 'a', name: 'f', arguments: '{"x":1}' },
      { id: 'b', name: 'f', arguments: '{}' },
    ]);
  });
});

describe('Retry-After', () => {
  it.each([
    ['2', 2000],
    ['0.5', 500],
    ['-1', undefined],
    ['NaN', undefined],
    ['999999999', 86_400_000],
    ['Wed, 01 Jan 2099 00:00:00 GMT', 86_400_000],
  ])('%s', async (value, retryAfterMs) => {
    const got = await openaiSays('{}', 'application/json', '429 X', `Retry-After: ${value}\r\n`);
    expect(got.error).toMatchObject({ code: 'ERR_OVERLOADED', isRetryable: true });
    expect((got.error as RouterError).retryAfterMs).toBe(retryAfterMs);
  });
});

describe('a model that is not in memory yet', () => {
  it.each<[string, string, string, true | undefined]>([
    ['llama.cpp', '503 X', '{"error":{"message":"Loading model","type":"unavailable_error","code":503}}', true],
    ['LocalAI', '503 X', '{"error":{"code":"model_loading","type":"model_loading"},"loading":{"progress":0.3}}', true],
    ['llama-swap', '503 X', '{"src":"llama-swap","error":{"message":"[m] process is not ready"}}', true],
    ['KoboldCpp', '502 X', '<html>KoboldCpp is not available</html>', true],
    ['one that never will be', '500 X', '{"error":{"message":"error loading model: tensor not found"}}', undefined],
    ['a server without one', '503 X', '{"detail":"No models are currently loaded."}', undefined],
    [
      'a busy server',
      '503 X',
      '{"error":"server busy, please try again.  maximum pending requests exceeded"}',
      undefined,
    ],
  ])('%s', async (_, status, body, isLoading) => {
    const got = await openaiSays(body, 'application/json', status);
    expect((got.error as RouterError).isLoading).toBe(isLoading);
  });
});

describe('cancelling', () => {
  it('closes the connection before the reply begins', async () => {
    const { url, idle } = await serve(() => controller.abort());
    const controller = new AbortController();
    expect(code(await collect(ask(openai, url, controller.signal)))).toBe('ERR_ABORTED');
    await idle();
  });

  it.each([
    ['openai', openai, HI],
    ['ollama', ollama, line('hi')],
  ])('%s: closes the connection in the middle of the answer', async (_, transport, first) => {
    const { url, idle } = await serve((socket) => void socket.write(reply(first)));
    const controller = new AbortController();
    const got: string[] = [];
    const run = async () => {
      for await (const event of ask(transport, url, controller.signal)) {
        got.push(event.type);
        controller.abort();
      }
    };
    await expect(run()).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(got).toEqual(['text']);
    await idle();
  });

  it('closes the connection when the loop is left', async () => {
    const { url, idle } = await serve((socket) => void socket.write(reply(HI + HI)));
    for await (const event of ask(openai, url)) {
      expect(event.type).toBe('text');
      break;
    }
    await idle();
  });

  it('keeps the connection for the next request after a whole answer', async () => {
    const body = HI + STOP + DONE;
    let connections = 0;
    const { url } = await serve(
      (socket) => void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
      () => {
        connections += 1;
      },
    );
    for (let call = 0; call < 5; call++) expect((await collect(ask(openai, url))).text).toBe('hi');
    // The client may look for a connection before the last one is back.
    expect(connections).toBeLessThanOrEqual(2);
  });
});

describe('the environment', () => {
  it('gives neither address nor key nor header, and nothing is printed', async () => {
    vi.stubEnv('OPENAI_BASE_URL', 'http://127.0.0.1:9/elsewhere');
    vi.stubEnv('OPENAI_API_KEY', 'ENV-KEY');
    vi.stubEnv('OPENAI_ORG_ID', 'ENV-ORG');
    vi.stubEnv('OPENAI_PROJECT_ID', 'ENV-PROJECT');
    vi.stubEnv('OPENAI_CUSTOM_HEADERS', 'X-Env: ENV-HEADER');
    vi.stubEnv('OPENAI_LOG', 'debug');
    vi.stubEnv('OLLAMA_HOST', 'http://127.0.0.1:9');
    vi.stubEnv('OLLAMA_API_KEY', 'ENV-KEY');
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name));
    const { url, requests } = await serve((socket) => void socket.end(reply('oops', 'text/plain', '500 X')));
    await collect(ask(openai, url));
    await collect(ask(ollama, url));
    vi.unstubAllEnvs();
    expect(requests.map(({ head }) => head.split('\r\n')[0])).toEqual([
      'POST /v1/chat/completions HTTP/1.1',
      'POST /api/chat HTTP/1.1',
    ]);
    for (const { head } of requests) expect(head).not.toMatch(/ENV-|authorization|x-stainless|ollama-js|OpenAI\//i);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });
});
