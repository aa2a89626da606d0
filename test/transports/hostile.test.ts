import type { Socket } from 'node:net';
import { inspect } from 'node:util';
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
const END = line('', '"done":true,"done_reason":"stop"');

async function openaiSays(body: string, type?: string, status?: string, more?: string): Promise<Collected> {
  const { url } = await serve((socket) => void socket.end(reply(body, type, status, more)));
  return collect(ask(openai, url));
}
async function ollamaSays(body: string, type = 'application/x-ndjson'): Promise<Collected> {
  const { url } = await serve((socket) => void socket.end(reply(body, type)));
  return collect(ask(ollama, url));
}
const code = (got: Collected): string | undefined => (got.error as RouterError | undefined)?.code;

describe('a server that answers in words of JavaScript', () => {
  it.each(['constructor', '__proto__', 'toString'])('a reason to end of %s is unknown', async (reason) => {
    const openaiGot = await openaiSays(HI + data(chunk({}, reason)) + DONE);
    await server?.close();
    const ollamaGot = await ollamaSays(line('hi') + line('', `"done":true,"done_reason":"${reason}"`));
    expect(openaiGot.finish?.finishReason).toBe('unknown');
    expect(ollamaGot.finish?.finishReason).toBe('unknown');
  });
});

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
  it.each([
    ['a bare [DONE]', HI + DONE],
    ['a clean end of the body', HI],
    ['half an event', `${HI}data: {"choices":[{"del`],
    ['nothing at all', ''],
    ['only comments', ': ping\n\n: ping\n\n'],
    ['a server that gave up', HI + data(chunk({}, 'abort')) + DONE],
  ])('%s is an interruption', async (_, body) => {
    expect((await openaiSays(body)).error).toMatchObject({ code: 'ERR_INTERRUPTED', isRetryable: true });
  });

  it('a body shorter than announced is an interruption', async () => {
    const got = await openaiSays(HI, 'text/event-stream', '200 OK', 'Content-Length: 5000\r\n');
    expect(got).toMatchObject({ text: 'hi', error: { code: 'ERR_INTERRUPTED' } });
  });

  it.each([
    ['done:false', line('hi')],
    ['done:true without a reason', line('hi') + line('', '"done":true')],
    ['half a line', `${line('hi')}{"message":{"con`],
  ])('Ollama: %s is an interruption', async (_, body) => {
    expect(await ollamaSays(body)).toMatchObject({ text: 'hi', error: { code: 'ERR_INTERRUPTED' } });
  });

  it('a cut after the reason for stopping loses nothing', async () => {
    const got = await openaiSays(HI + STOP, 'text/event-stream', '200 OK', 'Content-Length: 5000\r\n');
    expect(got).toMatchObject({ text: 'hi', finish: { finishReason: 'stop' } });
    expect(got.error).toBeUndefined();
  });
});

describe('what is no answer', () => {
  it.each([
    ['a web page', '<!doctype html><p>Login</p>', 'text/html'],
    ['a web page under another name', '\n <html>Login</html>', 'text/plain'],
    ['an event that is not JSON', `${data('not json')}${STOP}`, undefined],
    ['plain text', 'Internal Server Error', 'text/plain'],
    ['broken JSON', '{"choices":[{"message":{"content":"hi"', 'application/json'],
    ['an error as text', '{"error":"Unexpected endpoint"}', 'application/json'],
    ['an error object', data('{"error":{"message":"PROMPT"}}') + DONE, undefined],
    ['a flat error object', data('{"object":"error","message":"PROMPT","code":500}'), undefined],
    ['an error event', 'event: error\ndata: it broke on PROMPT\n\n', undefined],
    ['a raw error line', `${HI}{"error":{"message":"PROMPT"}}\n`, undefined],
    ['the last words of a proxy', `${HI}proxy error: Failed to read connection`, undefined],
  ])('%s is a bad response', async (_, body, type) => {
    const { error } = await openaiSays(body, type);
    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE' });
    expect(String((error as Error).message)).not.toContain('PROMPT');
  });

  it.each([
    ['a web page', '<html></html>'],
    ['a line that is not JSON', `${line('hi')}oops\n${END}`],
    ['plain text', 'Internal Server Error'],
    ['an error line', `${line('hi')}{"error":"it broke on PROMPT"}\n`],
  ])('Ollama: %s is a bad response', async (_, body) => {
    const { error } = await ollamaSays(body);
    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE' });
    expect(String((error as Error).message)).not.toContain('PROMPT');
  });

  it('an overflow inside a 200 is an overflow', async () => {
    const said = 'The number of tokens to keep from the initial prompt is greater than the context length';
    expect(code(await openaiSays(`event: error\ndata: {"error":{"message":"${said}"}}\n\n`))).toBe(
      'ERR_CONTEXT_OVERFLOW',
    );
  });
});

describe('bounds', () => {
  const endless = async (head: string, piece: string) => {
    const { url, idle } = await serve((socket) => {
      socket.write(head);
      const more = (): void => {
        while (!socket.destroyed && socket.write(piece));
        if (!socket.destroyed) socket.once('drain', more);
      };
      more();
    });
    return { url, idle };
  };

  it.each([
    ['an event stream without a newline', openai, 'data: ', 'x'.repeat(65_536)],
    ['an NDJSON stream without a newline', ollama, '{"message":"', 'x'.repeat(65_536)],
    ['one event of many lines', openai, '', `data: ${'x'.repeat(1000)}\n`],
    ['comments for ever', openai, '', `: ${'x'.repeat(65_000)}\n`],
  ])('%s is cut off', async (_, transport, start, piece) => {
    const { url, idle } = await endless(reply(start), piece);
    expect(code(await collect(ask(transport, url)))).toBe('ERR_TOO_LARGE');
    await idle();
  });
});

describe('odd but right', () => {
  const whole = { text: 'hi', finish: { finishReason: 'stop' } };
  it.each([
    ['CRLF', (HI + STOP + DONE).replaceAll('\n', '\r\n')],
    ['lone CR', (HI + STOP + DONE).replaceAll('\n', '\r')],
    ['a BOM', `\ufeff${HI}${STOP}${DONE}`],
    ['comments and pings', `: ping\n\n${HI}:\n\n${STOP}${DONE}`],
    ['no space after the colon', (HI + STOP + DONE).replaceAll('data: ', 'data:')],
    ['data over two lines', `data: {"choices":\ndata: [{"delta":{"content":"hi"}}]}\n\n${STOP}`],
    ['no blank line between events', (HI + STOP + DONE).replaceAll('\n\n', '\n')],
    ['event, id and retry fields', `event: message\nid: 1\nretry: 10\n${HI}${STOP}${DONE}`],
    ['an unknown field', `foo: bar\n${HI}${STOP}${DONE}`],
    ['[DONE] twice and more after it', HI + STOP + DONE + DONE + data(chunk({ content: 'no' })) + data('rubbish')],
    ['no [DONE]', HI + STOP],
    ['no last blank line', (HI + STOP).trimEnd()],
    ['JSON without content', data('{"x":1}') + data('[]') + data('null') + data('7') + HI + STOP],
    [
      'choices empty, null and missing',
      data('{"choices":[]}') + data('{"choices":null}') + HI + data('{"id":"x"}') + STOP,
    ],
    [
      'empty and null deltas',
      data(chunk({ content: '' })) + data(chunk({ content: null })) + HI + data(chunk(null)) + STOP,
    ],
    ['content as parts', data(chunk({ content: [{ type: 'text', text: 'hi' }] })) + STOP],
    ['a second choice', data('{"choices":[{"index":1,"delta":{"content":"no"}}]}') + HI + STOP],
    ['error: null', data('{"error":null,"choices":[]}') + HI + STOP],
    ['one JSON body', '{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'],
    ['one JSON body over many lines', JSON.stringify(JSON.parse(chunk({ content: 'hi' }, 'stop')), null, 2)],
  ])('%s', async (_, body) => {
    const got = await openaiSays(body, 'text/plain');
    expect(got.error).toBeUndefined();
    expect(got).toMatchObject(whole);
  });

  it.each([
    ['CRLF', (line('hi') + END).replaceAll('\n', '\r\n')],
    ['a BOM', `\ufeff${line('hi')}${END}`],
    ['blank lines', `\n${line('hi')}\n\n${END}`],
    ['no last newline', (line('hi') + END).trimEnd()],
    ['more after the end', `${line('hi')}${END}${line('no')}rubbish\n`],
    [
      'one JSON body over many lines',
      JSON.stringify(JSON.parse(line('hi', '"done":true,"done_reason":"stop"')), null, 2),
    ],
  ])('Ollama: %s', async (_, body) => {
    const got = await ollamaSays(body, 'text/plain');
    expect(got.error).toBeUndefined();
    expect(got).toMatchObject(whole);
  });

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
