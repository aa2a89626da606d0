import http from 'node:http';
import net from 'node:net';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RouterError } from '../../src/core/errors.js';
import { isPlatformFetch } from '../../src/security/platform-fetch.js';
import { SecurityModule } from '../../src/security/security-module.js';
import { closeServer, listen } from './fake-sockets.js';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.unstubAllGlobals();
  for (const close of open.splice(0).reverse()) await close();
});

function secured(o: ConstructorParameters<typeof SecurityModule>[0] = {}): SecurityModule {
  const security = new SecurityModule(o);
  open.push(() => security.close());
  return security;
}

interface Peer {
  readonly base: string;
  /** Connections so far. */
  readonly sockets: net.Socket[];
  /** What came in, over all connections. */
  received(): string;
  /** Resolves when there is no connection. */
  deserted(): Promise<void>;
}

/** A raw server; `reply` is called at the first bytes of each connection. */
async function peer(
  reply: (socket: net.Socket) => void,
  onConnect: (socket: net.Socket) => void = () => {},
): Promise<Peer> {
  const sockets: net.Socket[] = [];
  let received = '';
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
    });
    socket.once('data', () => reply(socket));
    onConnect(socket);
  });
  const port = await listen(server);
  open.push(async () => {
    for (const socket of sockets) socket.destroy();
    await closeServer(server);
  });
  return {
    base: `http://127.0.0.1:${port}`,
    sockets,
    received: () => received,
    async deserted() {
      for (const socket of sockets) {
        if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
      }
    },
  };
}

/** Answers with what it was asked. */
async function mirror(): Promise<string> {
  const server = http.createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { method, url, rawHeaders } = request;
    const fields: [string, string][] = [];
    for (let i = 0; i < rawHeaders.length; i += 2) fields.push([rawHeaders[i] as string, rawHeaders[i + 1] as string]);
    const body = Buffer.concat(pieces).toString('latin1');
    response.end(JSON.stringify({ method, url, headers: Object.fromEntries(fields), body }));
  });
  const port = await listen(server);
  open.push(() => closeServer(server));
  return `http://127.0.0.1:${port}`;
}

interface Mirrored {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

async function failureOf(work: Promise<unknown>): Promise<RouterError> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (e: unknown) => e,
  );
  if (!RouterError.is(error)) throw error;
  return error;
}

const platform = globalThis.fetch;
const wrapped: typeof fetch = (...args) => platform(...args);
const HEAD = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`;

describe("the platform's own fetch", () => {
  it('is known on this Node.js', () => {
    expect(isPlatformFetch(platform)).toBe(true);
  });

  const marked = Object.assign(platform.bind(null), { __original: platform });
  it.each<[string, unknown]>([
    ['a wrapper', wrapped],
    ['a spy', vi.fn(platform)],
    ['a proxy', new Proxy(platform, {})],
    ['a bound one', platform.bind(globalThis)],
    ['a marked one', marked],
    [
      'one of the same name and shape',
      new Function('fetchImpl', 'return function fetch(input, init = undefined) { return fetchImpl(input, init); }')(
        platform,
      ),
    ],
    [
      'one that says that it is the platform’s',
      Object.assign(wrapped.bind(null), { toString: () => Function.prototype.toString.call(platform) }),
    ],
    ['something that is no function', { call: platform }],
    ['nothing', undefined],
  ])('is not %s', (_, fetch) => {
    expect(isPlatformFetch(fetch)).toBe(false);
    expect(isPlatformFetch(platform)).toBe(true);
  });

  it('is not where a wrapper hides behind its text but marks itself, as zone.js does', () => {
    const hidden = function fetch() {} as unknown as Record<string, unknown>;
    hidden['__zone_symbol__OriginalDelegate'] = platform;
    const original = Function.prototype.toString;
    const spy = vi.spyOn(Function.prototype, 'toString').mockImplementation(function (this: unknown) {
      return original.call(this === hidden ? platform : this);
    });
    const known = isPlatformFetch(hidden);
    spy.mockRestore();
    expect(known).toBe(false);
  });

  it('is not asked, and sends no header of its own', async () => {
    const base = await mirror();
    const { fetch } = secured();
    const sent = (await (await fetch(`${base}/a?b=c#d`.replace('#d', ''))).json()) as Mirrored;
    expect(sent.url).toBe('/a?b=c');
    expect(Object.keys(sent.headers).sort()).toEqual(['accept-encoding', 'connection', 'host', 'user-agent']);
    expect(sent.headers['host']).toBe(new URL(base).host);
  });

  it('is looked for at each call: what replaces it is asked from then on, and no longer once it is gone', async () => {
    const base = await mirror();
    const { fetch } = secured();
    const spy = vi.fn(wrapped);
    const byFetch = async (): Promise<boolean> =>
      'sec-fetch-mode' in ((await (await fetch(base)).json()) as Mirrored).headers;
    expect(await byFetch()).toBe(false);
    vi.stubGlobal('fetch', spy);
    expect(await byFetch()).toBe(true);
    expect(spy).toHaveBeenCalledTimes(1);
    vi.unstubAllGlobals();
    expect(await byFetch()).toBe(false);
    expect(spy).toHaveBeenCalledTimes(1);
  });
});

describe.each([
  ['without the global fetch', platform],
  ['through a wrapped one', wrapped],
])('%s, a body goes out', (_, global) => {
  const bytes = new TextEncoder().encode('-bytes-');
  const form = new FormData();
  form.set('field', 'value');
  form.set('file', new File(['text'], 'a.txt', { type: 'text/x-a' }));
  const stream = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(bytes);
        controller.enqueue(bytes);
        controller.close();
      },
    });
  const long = 'x'.repeat(300_000);
  it.each<[string, () => RequestInit['body'], string | undefined, string | RegExp, number | undefined]>([
    ['a string', () => 'é', 'text/plain;charset=UTF-8', 'Ã©', 2],
    ['an empty string', () => '', 'text/plain;charset=UTF-8', '', 0],
    ['a long string', () => long, 'text/plain;charset=UTF-8', long, 300_000],
    ['no body', () => null, undefined, '', 0],
    ['bytes', () => bytes, undefined, '-bytes-', 7],
    ['a part of bytes', () => bytes.subarray(1, 6), undefined, 'bytes', 5],
    ['a view', () => new DataView(bytes.buffer, 1, 2), undefined, 'by', 2],
    ['a buffer', () => bytes.slice().buffer, undefined, '-bytes-', 7],
    ['no bytes', () => new Uint8Array(), undefined, '', 0],
    [
      'a query',
      () => new URLSearchParams({ a: 'b c', d: 'ü' }),
      'application/x-www-form-urlencoded;charset=UTF-8',
      'a=b+c&d=%C3%BC',
      14,
    ],
    ['a blob', () => new Blob(['{}'], { type: 'application/json' }), 'application/json', '{}', 2],
    ['a blob without a type', () => new Blob(['{}']), undefined, '{}', 2],
    ['a stream', stream, undefined, '-bytes--bytes-', undefined],
    ['a stream of Node.js', () => Readable.from([bytes, bytes]) as never, undefined, '-bytes--bytes-', undefined],
    [
      'a form',
      () => form,
      'multipart/form-data; boundary=',
      /name="field"\r\n\r\nvalue\r\n[\s\S]*name="file"; filename="a.txt"\r\nContent-Type: text\/x-a\r\n\r\ntext\r\n/,
      Number.NaN,
    ],
  ])('%s', async (_kind, body, type, expected, length) => {
    vi.stubGlobal('fetch', global);
    const base = await mirror();
    const { fetch } = secured();
    const sent = (await (await fetch(base, { method: 'POST', body: body() ?? null })).json()) as Mirrored;
    if (typeof expected === 'string') expect(sent.body).toBe(expected);
    else expect(sent.body).toMatch(expected);
    if (type === undefined) expect(sent.headers).not.toHaveProperty('content-type');
    else expect(sent.headers['content-type']?.slice(0, type.length)).toBe(type);
    if (length === undefined) expect(sent.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
    else expect(Number(sent.headers['content-length'])).toBe(Number.isNaN(length) ? sent.body.length : length);
  });

  it('that of a Request, with its type and headers; a type that is given stays', async () => {
    vi.stubGlobal('fetch', global);
    const base = await mirror();
    const { fetch } = secured();
    const request = new Request(base, { method: 'PUT', body: 'text', headers: { 'x-a': 'b' } });
    const sent = (await (await fetch(request)).json()) as Mirrored;
    expect(sent).toMatchObject({
      method: 'PUT',
      body: 'text',
      headers: { 'x-a': 'b', 'content-type': 'text/plain;charset=UTF-8' },
    });
    const typed = await fetch(base, { method: 'POST', body: 'x', headers: { 'Content-Type': 'application/json' } });
    expect(((await typed.json()) as Mirrored).headers['content-type']).toBe('application/json');
  });

  it('with the method in capitals, and header values without the line break of a key file', async () => {
    vi.stubGlobal('fetch', global);
    const base = await mirror();
    const headers = { authorization: ' Bearer key\r\n' };
    const sent = (await (await secured().fetch(base, { method: 'delete', headers })).json()) as Mirrored;
    expect(sent).toMatchObject({ method: 'DELETE', headers: { authorization: 'Bearer key' } });
  });

  it('of a stream that fails is an error, and the connection is closed', async () => {
    vi.stubGlobal('fetch', global);
    const server = await peer(() => {});
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes),
      pull() {
        throw new Error('the source failed');
      },
    });
    const error = await failureOf(
      secured().fetch(server.base, { method: 'POST', body, duplex: 'half' } as RequestInit),
    );
    expect(error.message).not.toContain('the source failed');
    await server.deserted();
  });
});

describe('a reply that comes without the global fetch', () => {
  it('is a Response in all its parts', async () => {
    const reply = `HTTP/1.1 201 Made\r\nX-A: 1\r\nx-a: 2\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{"a":1}`;
    const { base } = await peer((socket) => socket.end(reply));
    const { fetch } = secured();
    const response = await fetch(`${base}/x`);
    expect(response).toBeInstanceOf(Response);
    expect(response).toMatchObject({
      status: 201,
      statusText: 'Made',
      ok: true,
      type: 'basic',
      url: `${base}/x`,
      redirected: false,
      bodyUsed: false,
    });
    expect([...response.headers]).toEqual([
      ['content-length', '7'],
      ['content-type', 'application/json'],
      ['x-a', '1, 2'],
    ]);
    const copy = response.clone();
    expect(copy.url).toBe(response.url);
    expect(await response.json()).toEqual({ a: 1 });
    expect(response.bodyUsed).toBe(true);
    await expect(response.text()).rejects.toBeInstanceOf(TypeError);
    expect(await copy.text()).toBe('{"a":1}');
    const read = await fetch(base);
    const text = read.text();
    expect([read.bodyUsed, read.body?.locked]).toEqual([true, false]);
    expect(() => read.clone()).toThrow(TypeError);
    await expect(read.json()).rejects.toBeInstanceOf(TypeError);
    expect(await text).toBe('{"a":1}');
    expect(new TextDecoder().decode(await (await fetch(base)).arrayBuffer())).toBe('{"a":1}');
    const bytes = await ((await fetch(base)) as unknown as { bytes(): Promise<Uint8Array> }).bytes();
    expect(new TextDecoder().decode(bytes)).toBe('{"a":1}');
    const blob = await (await fetch(base)).blob();
    expect([blob.type, await blob.text()]).toEqual(['application/json', '{"a":1}']);
    const again = new Response((await fetch(base)).body);
    expect(await again.text()).toBe('{"a":1}');
  });

  it('can be read as a form', async () => {
    const { base } = await peer((socket) =>
      socket.end(`${HEAD}content-type: application/x-www-form-urlencoded\r\ncontent-length: 7\r\n\r\na=b&c=d`),
    );
    expect([...(await (await secured().fetch(base)).formData())]).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('keeps a reason phrase that a Response can hold', async () => {
    const { base } = await peer((socket) =>
      socket.end('HTTP/1.1 200 In Ordnung \u4f60\r\ncontent-length: 2\r\n\r\nok'),
    );
    const response = await secured().fetch(base);
    expect([response.statusText, await response.text()]).toEqual(['', 'ok']);
  });

  it.each([204, 205])('has no body with a %i, whatever follows', async (status) => {
    const server = await peer((socket) => socket.write(`HTTP/1.1 ${status} X\r\ncontent-length: 99\r\n\r\nand more`));
    const response = await secured().fetch(server.base);
    expect([response.status, response.body, await response.text()]).toEqual([status, null, '']);
    await server.deserted();
  });

  it('has no body after HEAD', async () => {
    const server = await peer((socket) => socket.write(`${HEAD}content-length: 99\r\n\r\n`));
    const response = await secured().fetch(server.base, { method: 'HEAD' });
    expect([response.body, response.headers.get('content-length')]).toEqual([null, '99']);
    await server.deserted();
  });

  it.each([301, 307])('names the status of a refused redirect: %i', async (status) => {
    const server = await peer((socket) => socket.write(`HTTP/1.1 ${status} X\r\nlocation: /\r\n\r\n`));
    const { code, message } = await failureOf(secured().fetch(server.base));
    expect(code).toBe('ERR_BAD_RESPONSE');
    expect(message).toContain(`redirect (${status})`);
    await server.deserted();
  });

  it.each([600, 700, 999])('is refused with status %i, and its connection closed', async (status) => {
    const server = await peer((socket) => socket.write(`HTTP/1.1 ${status} X\r\n\r\n`));
    expect((await failureOf(secured().fetch(server.base))).message).toContain(`status ${status}`);
    await server.deserted();
  });

  it('may follow sixteen interim replies, and not one more', async () => {
    const hints = (count: number): string => 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(count);
    const few = await peer((socket) => socket.write(`${hints(16)}${HEAD}content-length: 2\r\n\r\nok`));
    expect(await (await secured().fetch(few.base)).text()).toBe('ok');
    const many = await peer((socket) => socket.write(`${hints(17)}${HEAD}content-length: 2\r\n\r\nok`));
    expect((await failureOf(secured().fetch(many.base))).code).toBe('ERR_BAD_RESPONSE');
  });

  it('is given up where interim replies never end', async () => {
    const server = await peer((socket) => {
      const flood = (): void => {
        if (!socket.destroyed) socket.write('HTTP/1.1 103 Early Hints\r\n\r\n', () => setImmediate(flood));
      };
      flood();
    });
    const error = await failureOf(secured().fetch(server.base));
    expect(error.code).toBe('ERR_BAD_RESPONSE');
    expect(error.message).toMatch(/interim/);
    await server.deserted();
  });

  it.each<[string, (socket: net.Socket) => void]>([
    ['ends', (socket) => socket.end()],
    ['is closed', (socket) => socket.destroy()],
    ['is reset', (socket) => socket.resetAndDestroy()],
  ])('does not come where each connection %s as soon as it is made: that is said at once', async (_, close) => {
    const server = await peer(() => {}, close);
    const error = await failureOf(secured().fetch(server.base, { method: 'POST', body: 'prompt' }));
    expect(error.code).toBe('ERR_UNREACHABLE');
    expect(server.sockets).toHaveLength(1);
  });

  it('is not asked for twice where a used connection breaks', async () => {
    let requests = 0;
    const server = await peer(
      () => {},
      (socket) =>
        socket.on('data', () => {
          requests += 1;
          if (requests === 1) socket.write(`${HEAD}content-length: 2\r\n\r\nok`);
          else socket.destroy();
        }),
    );
    const { fetch } = secured();
    expect(await (await fetch(server.base, { method: 'POST', body: 'one' })).text()).toBe('ok');
    await new Promise(setImmediate);
    expect((await failureOf(fetch(server.base, { method: 'POST', body: 'two' }))).code).toBe('ERR_UNREACHABLE');
    expect(requests).toBe(2);
  });

  it('waits at the server while nobody reads', async () => {
    const TOTAL = 64 * 1024 * 1024;
    const piece = Buffer.alloc(1024 * 1024, 'x');
    let flowing: net.Socket | undefined;
    const server = await peer((socket) => {
      flowing = socket;
      socket.write(`${HEAD}content-length: ${TOTAL}\r\n\r\n`);
      for (let i = 0; i < 64; i += 1) socket.write(piece);
    });
    const response = await secured().fetch(server.base);
    const left = (): number => (flowing as net.Socket).writableLength;
    const settled = async (): Promise<number> => {
      for (let before = -1, calm = 0; calm < 100; ) {
        await new Promise(setImmediate);
        calm = before === left() ? calm + 1 : 0;
        before = left();
      }
      return left();
    };
    const waiting = await settled();
    expect(waiting).toBeGreaterThan(TOTAL / 2);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    expect(value?.byteLength).toBeLessThanOrEqual(65_536);
    // The system's buffers may move by what was read, not more.
    expect(await settled()).toBeGreaterThan(TOTAL / 2);
    let size = value?.byteLength ?? 0;
    for (;;) {
      const next = await reader.read();
      if (next.done) break;
      size += next.value.byteLength;
    }
    expect(size).toBe(TOTAL);
  });

  it('that is reset while nobody reads it is broken off, and ends no process', async () => {
    for (const size of [65_537, 70_000, 140_000]) {
      const server = await peer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.write('x'.repeat(size));
        setTimeout(() => socket.resetAndDestroy());
      });
      const response = await secured().fetch(server.base);
      await server.deserted();
      for (let turns = 0; turns < 100; turns += 1) await new Promise(setImmediate);
      const read = await response.text().then((text) => text.length, RouterError.is);
      // The reset may be noticed only by reading on.
      expect(read === true || (read as number) <= size).toBe(true);
    }
  });

  it('comes whole in pieces of a byte, of which no more wait than can be carried', async () => {
    const { base } = await peer((socket) => socket.end(`${CHUNKED}${'1\r\nx\r\n'.repeat(50_000)}0\r\n\r\n`));
    const reader = ((await secured().fetch(base)).body as ReadableStream<Uint8Array>).getReader();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += new TextDecoder().decode(value);
    }
    expect(text).toBe('x'.repeat(50_000));
  });

  it('does not change under its reader', async () => {
    const { base } = await peer((socket) => socket.end(`${CHUNKED}3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n`));
    const reader = ((await secured().fetch(base)).body as ReadableStream<Uint8Array>).getReader();
    const { value: first } = await reader.read();
    structuredClone(first, { transfer: [(first as Uint8Array).buffer as ArrayBuffer] });
    const { value: second } = await reader.read();
    expect(new TextDecoder().decode(second)).toBe('def');
  });

  it('lets go of its connection when nobody can read it any more', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const server = await peer((socket) => socket.write(`${CHUNKED}3\r\nabc\r\n`));
    const { fetch } = secured();
    expect((await fetch(server.base)).status).toBe(200);
    const [socket] = server.sockets;
    while (!socket?.destroyed) {
      collect();
      await new Promise(setImmediate);
    }
  });

  it('keeps its connection while somebody holds a part of it', async () => {
    const collect = runInNewContext('gc') as () => void;
    const server = await peer((socket) => socket.write(`${CHUNKED}3\r\nabc\r\n`));
    const { fetch } = secured();
    const reader = ((await fetch(server.base)).body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    for (let i = 0; i < 5; i += 1) {
      collect();
      await new Promise(setImmediate);
    }
    server.sockets[0]?.write('3\r\ndef\r\n0\r\n\r\n');
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('def');
    expect((await reader.read()).done).toBe(true);
  });
});

describe('an abort at any moment closes the connection and leaves nothing', () => {
  /** A signal that counts who listens to it. */
  function counted(): { signal: AbortSignal; abort(reason?: unknown): void; listeners(): number } {
    const controller = new AbortController();
    const { signal } = controller;
    const held = new Set<unknown>();
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      held.add(args[1]);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      held.delete(args[1]);
      remove(...args);
    };
    return { signal, abort: (reason) => controller.abort(reason), listeners: () => held.size };
  }

  it('while the name is looked up', async () => {
    const { signal, abort, listeners } = counted();
    let stopped: unknown;
    const lookup = (_: string, o: { signal?: AbortSignal | undefined }): Promise<never> =>
      new Promise(() => {
        o.signal?.addEventListener('abort', () => {
          stopped = o.signal?.reason;
        });
        abort('enough');
      });
    const error = await failureOf(secured({ lookup }).fetch('http://localhost:11434/', { signal }));
    expect(error).toMatchObject({ code: 'ERR_ABORTED', cause: 'enough' });
    expect(stopped).toBe('enough');
    expect(listeners()).toBe(0);
  });

  it('while the connection is being made', async () => {
    const sockets: net.Socket[] = [];
    const { signal, abort, listeners } = counted();
    vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket) {
      sockets.push(this);
      setImmediate(abort);
      return this;
    });
    expect((await failureOf(secured().fetch('http://127.0.0.1:9/', { signal }))).code).toBe('ERR_ABORTED');
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
    expect(listeners()).toBe(0);
  });

  it('while two connections to one server are being made: only that of the aborted request', async () => {
    const sockets: net.Socket[] = [];
    const { signal, abort } = counted();
    vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket) {
      sockets.push(this);
      if (sockets.length === 2) setImmediate(abort);
      return this;
    });
    const security = new SecurityModule();
    const other = failureOf(security.fetch('http://127.0.0.1:9/'));
    expect((await failureOf(security.fetch('http://127.0.0.1:9/', { signal }))).code).toBe('ERR_ABORTED');
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([false, true]);
    await security.close();
    expect((await other).code).toBe('ERR_CLOSED');
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });

  it('right after the call, and the next request is served', async () => {
    const base = await mirror();
    const { fetch } = secured();
    for (let i = 0; i < 5; i += 1) {
      const { signal, abort, listeners } = counted();
      const early = failureOf(fetch(base, { signal }));
      let turns: Promise<unknown> = Promise.resolve();
      for (let turn = 0; turn < i; turn += 1) turns = turns.then(() => {});
      await turns;
      abort();
      expect((await early).code).toBe('ERR_ABORTED');
      expect(listeners()).toBe(0);
    }
    expect((await fetch(base)).status).toBe(200);
  });

  it.each([
    ['before the head', ''],
    ['in the middle of the head', `${HEAD}content-len`],
    ['between interim replies', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ])('%s', async (_, bytes) => {
    const { signal, abort, listeners } = counted();
    const server = await peer((socket) => socket.write(bytes, () => setImmediate(abort)));
    const { fetch } = secured();
    expect((await failureOf(fetch(server.base, { signal }))).code).toBe('ERR_ABORTED');
    await server.deserted();
    expect(listeners()).toBe(0);
  });

  it.each<[string, (response: Response) => Promise<unknown>]>([
    ['while its text is read', (response) => response.text()],
    ['while its stream is read', (response) => drain(response.body as ReadableStream<Uint8Array>)],
    ['while a clone is read', (response) => response.clone().text()],
  ])('in the middle of the body, %s', async (_, read) => {
    const { signal, abort, listeners } = counted();
    const server = await peer((socket) => socket.write(`${CHUNKED}3\r\nabc\r\n`));
    const response = await secured().fetch(server.base, { signal });
    const failed = failureOf(read(response));
    setImmediate(abort);
    expect((await failed).code).toBe('ERR_ABORTED');
    await server.deserted();
    expect(listeners()).toBe(0);
  });

  it('with a body that nobody reads, whose reader fails later', async () => {
    const { signal, abort, listeners } = counted();
    const server = await peer((socket) => socket.write(`${CHUNKED}3\r\nabc\r\n`));
    const response = await secured().fetch(server.base, { signal });
    abort();
    await server.deserted();
    expect(listeners()).toBe(0);
    expect((await failureOf(response.text())).code).toBe('ERR_ABORTED');
  });

  it('after a whole reply has come, but before it is read', async () => {
    const { signal, abort, listeners } = counted();
    const server = await peer((socket) => socket.write(`${HEAD}content-length: 3\r\n\r\nabc`));
    const response = await secured().fetch(server.base, { signal });
    // The bytes came with the head: the connection is free, and nothing listens any more.
    expect(listeners()).toBe(0);
    abort();
    expect((await failureOf(response.text())).code).toBe('ERR_ABORTED');
  });

  it('while the request body is still going out', async () => {
    const { signal, abort, listeners } = counted();
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel() {
        cancelled = true;
      },
    });
    const server = await peer(() => setImmediate(abort));
    const init = { method: 'POST', body, signal, duplex: 'half' } as RequestInit;
    expect((await failureOf(secured().fetch(server.base, init))).code).toBe('ERR_ABORTED');
    await server.deserted();
    expect(cancelled).toBe(true);
    expect(listeners()).toBe(0);
  });

  it('leaves no listener after replies that were read, cancelled, refused or broken off', async () => {
    const { signal, listeners } = counted();
    const replies = [
      `${CHUNKED}3\r\nabc\r\n0\r\n\r\n`,
      `${CHUNKED}3\r\nabc\r\n`,
      'HTTP/1.1 302 Found\r\n\r\n',
      `${HEAD}content-length: 100\r\n\r\nabc`,
      'SSH-2.0\r\n',
    ];
    const server = await peer((socket) => socket.write(replies.shift() as string));
    const { fetch } = secured();
    const one = async (read: (response: Response) => Promise<unknown>): Promise<void> => {
      await fetch(server.base, { signal })
        .then(read)
        .catch(() => {});
      for (const socket of server.sockets) socket.destroy();
      expect(listeners()).toBe(0);
    };
    await one((response) => response.text());
    await one(async (response) => response.body?.cancel());
    await one((response) => response.text());
    await one((response) => {
      for (const socket of server.sockets) socket.end();
      return response.text();
    });
    await one((response) => response.text());
    expect(replies).toEqual([]);
  });

  it('is what closing the module does to all that is under way', async () => {
    const server = await peer((socket) => socket.write(`${CHUNKED}3\r\nabc\r\n`));
    const silent = await peer(() => {});
    const security = new SecurityModule();
    const response = await security.fetch(server.base);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    const reading = failureOf(reader.read());
    const waiting = failureOf(security.fetch(silent.base));
    await new Promise(setImmediate);
    await security.close();
    expect([(await reading).code, (await waiting).code]).toEqual(['ERR_CLOSED', 'ERR_CLOSED']);
    await Promise.all([server.deserted(), silent.deserted()]);
  });
});

async function drain(stream: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stream.getReader();
  for (let done = false; !done; ) ({ done } = await reader.read());
}
