import http from 'node:http';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RouterError } from '../../src/core/errors.js';
import { SecurityModule } from '../../src/security/security-module.js';
import { closeServer, forbiddenListener, listen } from './fake-sockets.js';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function secured(o: ConstructorParameters<typeof SecurityModule>[0] = {}): SecurityModule {
  const security = new SecurityModule(o);
  open.push(() => security.close());
  return security;
}

/** A server that answers each connection with these bytes, whatever it is asked. */
async function raw(reply: (socket: net.Socket) => void): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => reply(socket));
  });
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  const port = await listen(server);
  open.push(async () => {
    for (const socket of sockets) socket.destroy();
    await closeServer(server);
  });
  return `http://127.0.0.1:${port}`;
}

async function site(handler: http.RequestListener): Promise<string> {
  const server = http.createServer(handler);
  const port = await listen(server);
  open.push(() => closeServer(server));
  return `http://127.0.0.1:${port}`;
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
const PATHS: readonly [string, typeof fetch][] = [
  ["the platform's own fetch, which is not asked", platform],
  ['a global fetch that somebody wrapped, which is', (...args) => platform(...args)],
];

describe.each(PATHS)('with %s', (_, global) => {
  beforeEach(() => vi.stubGlobal('fetch', global));
  afterEach(() => vi.unstubAllGlobals());

  describe('a request through the guarded fetch', () => {
    it('reaches an allowed server and gives its answer, status, headers and address', async () => {
      const base = await site((request, response) => {
        let body = '';
        request.on('data', (chunk) => {
          body += chunk;
        });
        request.on('end', () => {
          response.writeHead(201, { 'x-note': 'yes', 'content-type': 'application/json' });
          response.end(JSON.stringify({ method: request.method, body }));
        });
      });
      const response = await secured().fetch(`${base}/v1/x`, { method: 'POST', body: 'hello' });
      expect(response.status).toBe(201);
      expect(response.ok).toBe(true);
      expect(response.headers.get('x-note')).toBe('yes');
      expect(response.url).toBe(`${base}/v1/x`);
      expect(await response.json()).toEqual({ method: 'POST', body: 'hello' });
    });

    it('takes a URL and a Request as well', async () => {
      const base = await site((request, response) => {
        request.pipe(response);
      });
      const { fetch } = secured();
      expect(await (await fetch(new URL(base))).text()).toBe('');
      const request = new Request(base, { method: 'PUT', body: 'from a request' });
      expect(await (await fetch(request)).text()).toBe('from a request');
      const overridden = new Request(base, { method: 'PUT', body: 'first' });
      expect(await (await fetch(overridden, { body: 'second' })).text()).toBe('second');
    });

    it('sends what the host configures and nothing that tells about the machine', async () => {
      const base = await site((request, response) => response.end(JSON.stringify(request.headers)));
      const response = await secured().fetch(base, {
        headers: {
          Authorization: 'Bearer k',
          'X-Api-Key': 'k2',
          'X-Team': 'blue',
          'Content-Type': 'application/json',
          'User-Agent': 'OpenAI/JS 6.49.0',
          'X-Stainless-OS': 'Linux',
          'OpenAI-Organization': 'org',
          Cookie: 'a=b',
          'Accept-Encoding': 'gzip',
          'Proxy-Authorization': 'secret',
        },
      });
      const sent = (await response.json()) as Record<string, string>;
      expect(sent).toMatchObject({
        authorization: 'Bearer k',
        'x-api-key': 'k2',
        'x-team': 'blue',
        'content-type': 'application/json',
        'user-agent': 'local-llm-router',
        'accept-encoding': 'identity',
      });
      expect(Object.keys(sent).filter((name) => /stainless|organization|cookie|proxy/.test(name))).toEqual([]);
    });

    it('keeps a user agent that the host chose, and drops that of the ollama client', async () => {
      const base = await site((request, response) => response.end(request.headers['user-agent']));
      const { fetch } = secured();
      expect(await (await fetch(base, { headers: { 'user-agent': 'my-editor/1' } })).text()).toBe('my-editor/1');
      expect(await (await fetch(base, { headers: { 'user-agent': 'ollama-js/0.6.4 (x64)' } })).text()).toBe(
        'local-llm-router',
      );
    });

    it.each([301, 302, 303, 307, 308])('refuses a %i to another server, which hears nothing', async (status) => {
      const target = await forbiddenListener('127.0.0.2');
      open.push(target.close);
      const base = await site((_, response) => {
        response.writeHead(status, { location: `http://127.0.0.2:${target.port}/` });
        response.end();
      });
      const error = await failureOf(secured().fetch(base, { method: 'POST', body: 'prompt' }));
      expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE', isRetryable: false });
      expect(error.message).toContain(base);
      expect(error.message).toContain('redirect refused');
      expect(target.connections()).toBe(0);
    });

    it('refuses a redirect within the same server', async () => {
      let requests = 0;
      const base = await site((_, response) => {
        requests += 1;
        response.writeHead(307, { location: '/elsewhere' });
        response.end();
      });
      expect((await failureOf(secured().fetch(base))).code).toBe('ERR_BAD_RESPONSE');
      expect(requests).toBe(1);
    });

    it('does not trust a second DNS answer, and uses the one that it judged', async () => {
      const forbidden = await forbiddenListener('127.0.0.2');
      open.push(forbidden.close);
      const base = await site((_, response) => response.end('ok'));
      const port = new URL(base).port;
      const answers = [['127.0.0.1'], ['127.0.0.2']];
      const asked: string[] = [];
      const security = secured({
        allowedHosts: ['gpu.lan'],
        allowedCidrs: ['127.0.0.1/32'],
        lookup: async (host) => {
          asked.push(host);
          return (answers.shift() ?? []).map((address) => ({ address, family: 4 as const }));
        },
      });
      expect(await (await security.fetch(`http://gpu.lan:${port}/`)).text()).toBe('ok');
      expect(asked).toEqual(['gpu.lan']);
      const rebound = await failureOf(security.fetch(`http://gpu.lan:${forbidden.port}/`));
      expect(rebound.code).toBe('ERR_EGRESS_DENIED');
      expect(forbidden.connections()).toBe(0);
    });

    it('denies a name as soon as one of its answers is forbidden', async () => {
      const forbidden = await forbiddenListener('127.0.0.2');
      open.push(forbidden.close);
      const security = secured({
        allowedHosts: ['gpu.lan'],
        allowedCidrs: ['127.0.0.1/32'],
        lookup: async () => [
          { address: '127.0.0.1', family: 4 },
          { address: '127.0.0.2', family: 4 },
        ],
      });
      expect((await failureOf(security.fetch(`http://gpu.lan:${forbidden.port}/`))).code).toBe('ERR_EGRESS_DENIED');
      expect(forbidden.connections()).toBe(0);
    });

    it.each([
      '127.0.0.2',
      '127.0.2',
      '2130706434',
      '0x7f000002',
      '0177.0.0.2',
      '[::ffff:127.0.0.2]',
      '[::ffff:7f00:2]',
    ])('denies a forbidden address written as %s', async (host) => {
      const forbidden = await forbiddenListener('127.0.0.2');
      open.push(forbidden.close);
      const security = secured({ allowedHosts: [], allowedCidrs: ['127.0.0.1/32'] });
      expect((await failureOf(security.fetch(`http://${host}:${forbidden.port}/`))).code).toBe('ERR_EGRESS_DENIED');
      expect(forbidden.connections()).toBe(0);
    });

    it('does not reuse a connection that a narrower policy would not make', async () => {
      const base = await site((_, response) => response.end('ok'));
      const wide = secured();
      expect(await (await wide.fetch(base)).text()).toBe('ok');
      const narrow = wide.narrow({ allowedHosts: [], allowedCidrs: ['10.0.0.0/8'] });
      expect((await failureOf(narrow.fetch(base))).code).toBe('ERR_EGRESS_DENIED');
      expect(await (await wide.fetch(base)).text()).toBe('ok');
    });

    it.each<[string | undefined, string]>([
      ['127.0.0.2', 'ERR_EGRESS_DENIED'],
      ['::ffff:127.0.0.2', 'ERR_EGRESS_DENIED'],
      [undefined, 'it went through'],
    ])('looks at the peer of a connected socket: %s', async (peer, outcome) => {
      let requests = 0;
      const base = await site((_, response) => {
        requests += 1;
        response.end('ok');
      });
      // What `remoteAddress` reads.
      const sockets = net.Socket.prototype as unknown as { _getpeername(): { address?: string | undefined } };
      const mock = vi.spyOn(sockets, '_getpeername').mockReturnValue({ address: peer });
      const { fetch } = secured({ allowedHosts: [], allowedCidrs: ['127.0.0.1/32'] });
      const result = await fetch(base).then(
        () => 'it went through',
        (error: RouterError) => error.code,
      );
      mock.mockRestore();
      expect(result).toBe(outcome);
      expect(requests).toBe(peer === undefined ? 1 : 0);
    });

    it('records new connections and refusals, not every request', async () => {
      const base = await site((_, response) => response.end('ok'));
      const security = secured();
      for (let i = 0; i < 10; i++) await (await security.fetch(base)).text();
      await failureOf(security.fetch('http://gpu.lan/'));
      const records = security.audit.recent().slice(1);
      const connections = records.filter(({ event }) => event === 'egress.connect');
      // fetch may open a second connection before it has taken the first one back.
      expect(connections.length).toBeLessThanOrEqual(2);
      expect(connections[0]).toMatchObject({
        host: '127.0.0.1',
        address: '127.0.0.1',
        port: Number(new URL(base).port),
      });
      expect(records.at(-1)).toMatchObject({ event: 'egress.deny', rule: 'R4', host: 'gpu.lan' });
    });

    it('judges the URL of an injected fetch and gives it no dispatcher', async () => {
      const seen: unknown[] = [];
      const security = secured({
        fetch: async (input, init) => {
          seen.push(input, init && 'dispatcher' in init);
          return new Response('mine');
        },
      });
      expect(await (await security.fetch('http://localhost:11434/x')).text()).toBe('mine');
      expect(seen).toEqual(['http://localhost:11434/x', false]);
      expect((await failureOf(security.fetch('http://8.8.8.8/'))).code).toBe('ERR_EGRESS_DENIED');
      expect(seen.length).toBe(2);
    });

    it('waits for more than five connections at once and holds 64 in flight', async () => {
      let waiting = 0;
      const held: http.ServerResponse[] = [];
      const base = await site((_, response) => {
        waiting += 1;
        held.push(response);
        if (waiting === 64) for (const each of held) each.end('ok');
      });
      const { fetch } = secured();
      const texts = await Promise.all(Array.from({ length: 64 }, async () => (await fetch(base)).text()));
      expect(new Set(texts)).toEqual(new Set(['ok']));
    });
  });

  describe('what goes wrong on the way is a typed error', () => {
    const HEAD = 'HTTP/1.1 200 OK\r\n';
    it.each<[string, (socket: net.Socket) => void, string]>([
      ['closes without a byte', (s) => s.end(), 'ERR_UNREACHABLE'],
      ['resets', (s) => s.resetAndDestroy(), 'ERR_UNREACHABLE'],
      ['speaks SSH', (s) => s.end('SSH-2.0-OpenSSH_9.6\r\n'), 'ERR_BAD_RESPONSE'],
      ['answers without a status line', (s) => s.end('<html>secret-reply</html>'), 'ERR_BAD_RESPONSE'],
      ['floods with 100 Continue', (s) => s.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(50)), 'ERR_BAD_RESPONSE'],
      ['sends a header of 20 kB', (s) => s.end(`${HEAD}x: ${'a'.repeat(20_000)}\r\n\r\n`), 'ERR_TOO_LARGE'],
      [
        'sends 5000 headers',
        (s) => s.end(`${HEAD}content-length: 0\r\n${'a: b\r\n'.repeat(5000)}\r\n`),
        'ERR_TOO_LARGE',
      ],
      [
        'switches protocols unasked',
        (s) => s.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
        'ERR_BAD_RESPONSE',
      ],
      ['sends status 000', (s) => s.end('HTTP/1.1 000 Zero\r\ncontent-length: 0\r\n\r\n'), 'ERR_BAD_RESPONSE'],
      ['sends status 999', (s) => s.end('HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n'), 'ERR_BAD_RESPONSE'],
      ['has two lengths', (s) => s.end(`${HEAD}content-length: 3\r\ncontent-length: 5\r\n\r\nabc`), 'ERR_BAD_RESPONSE'],
      [
        'has a length and chunks',
        (s) => s.end(`${HEAD}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`),
        'ERR_BAD_RESPONSE',
      ],
      ['has a negative length', (s) => s.end(`${HEAD}content-length: -1\r\n\r\nabc`), 'ERR_BAD_RESPONSE'],
      ['has bare line feeds', (s) => s.end('HTTP/1.1 200 OK\nx: y\n\n'), 'ERR_BAD_RESPONSE'],
      ['has NUL in a header', (s) => s.end(`${HEAD}x: a\0b\r\n\r\n`), 'ERR_BAD_RESPONSE'],
      ['asks for proxy credentials', (s) => s.end('HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n'), 'ERR_BAD_RESPONSE'],
      ['compresses', (s) => s.end(`${HEAD}content-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc`), 'ERR_BAD_RESPONSE'],
      [
        'stacks encodings',
        (s) => s.end(`${HEAD}content-encoding: ${'gzip,'.repeat(99)}gzip\r\ncontent-length: 3\r\n\r\nabc`),
        'ERR_BAD_RESPONSE',
      ],
      [
        'uses an unknown encoding',
        (s) => s.end(`${HEAD}content-encoding: x-odd\r\ncontent-length: 3\r\n\r\nabc`),
        'ERR_BAD_RESPONSE',
      ],
    ])('a server that %s', async (_, reply, code) => {
      const base = await raw(reply);
      const error = await failureOf(secured().fetch(base));
      expect(error.code).toBe(code);
      expect(error.message).toContain(base);
      expect(error.cause).toBeUndefined();
      expect(error.message).not.toMatch(/secret-reply|OpenSSH/);
    });

    it('says that a port speaks TLS, and that one does not', async () => {
      const tls = await raw((s) => s.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46])));
      expect((await failureOf(secured().fetch(tls))).message).toMatch(/use https:/);
      const plain = await raw((s) => s.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'));
      const error = await failureOf(secured().fetch(plain.replace('http:', 'https:')));
      expect(error.code).toBe('ERR_BAD_RESPONSE');
      expect(error.message).toMatch(/use http:/);
    });

    it('names the refused port', async () => {
      const base = await site(() => {});
      await open.pop()?.();
      const error = await failureOf(secured().fetch(base));
      expect(error).toMatchObject({ code: 'ERR_UNREACHABLE', isRetryable: false });
      expect(error.message).toContain('ECONNREFUSED');
    });

    it('tells an unknown name from a forbidden one', async () => {
      const lookup = async (): Promise<never> => {
        throw Object.assign(new Error('no such host secret.lan'), { code: 'ENOTFOUND' });
      };
      const error = await failureOf(secured({ lookup }).fetch('http://host.docker.internal:11434/'));
      expect(error.code).toBe('ERR_UNREACHABLE');
      expect(error.message).toContain('ENOTFOUND');
    });

    it.each(['constructor', '__proto__'])('takes an error code of %s for an unknown one', async (code) => {
      const fetch = async (): Promise<never> => {
        throw Object.assign(new Error('x'), { code });
      };
      const error = await failureOf(secured({ fetch }).fetch('http://localhost:11434/'));
      expect(error.code).toBe('ERR_UNREACHABLE');
      expect(error.message).toBe('http://localhost:11434 could not be asked: the request failed.');
    });

    it.each([undefined, null, 'text', {}, { status: 200, headers: {} }])(
      'says so if the fetch of the host gives no response (%j)',
      async (answer) => {
        const error = await failureOf(secured({ fetch: async () => answer as never }).fetch('http://localhost:11434/'));
        expect(error.code).toBe('ERR_BAD_RESPONSE');
        expect(error.message).toMatch(/`fetch` .* no Response/);
      },
    );

    it('gives up on a look-up that hangs', async () => {
      const lookup = (): Promise<never> => new Promise(() => {});
      const security = secured({ lookup, connectTimeoutMs: 20 });
      expect((await failureOf(security.fetch('http://localhost:11434/'))).code).toBe('ERR_TIMEOUT');
      expect(await security.validateEndpoint('http://localhost:11434/')).toMatchObject({ allowed: false, rule: 'R5' });
    });

    it.each<[string, (socket: net.Socket) => void]>([
      ['ends before its length', (s) => s.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npartial')],
      ['is reset', (s) => s.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npartial', () => s.resetAndDestroy())],
      ['lacks its last chunk', (s) => s.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n')],
      ['has a chunk size that is none', (s) => s.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n')],
    ])('a reply that %s fails its reader', async (_, reply) => {
      const base = await raw(reply);
      const work = async (): Promise<string> => (await secured().fetch(base)).text();
      const error = await failureOf(work());
      expect(error.code).toBe('ERR_BAD_RESPONSE');
      expect(error.message).toContain(base);
    });

    it('refuses what is no address and no list of headers, and shows neither', async () => {
      const security = secured();
      for (const input of [undefined, null, 5, {}, { url: 5 }] as unknown as string[]) {
        expect((await failureOf(security.fetch(input))).code).toBe('ERR_EGRESS_DENIED');
        expect(await security.validateEndpoint(input)).toMatchObject({ allowed: false, rule: 'R1' });
      }
      for (const headers of ['authorization: canary', 5, [5], { x: Symbol('canary') }] as unknown as HeadersInit[]) {
        const error = await failureOf(security.fetch('http://127.0.0.1:1', { headers }));
        expect(error.code).toBe('ERR_INVALID_REQUEST');
        expect(error.message).not.toContain('canary');
      }
    });

    it('does not show the value of a header that cannot be sent', async () => {
      const error = await failureOf(
        secured().fetch('http://localhost:11434/', { headers: { authorization: 'canary\n1' } }),
      );
      expect(error.code).toBe('ERR_INVALID_REQUEST');
      expect(error.message).not.toContain('canary');
    });

    it('does not send a body with GET', async () => {
      expect((await failureOf(secured().fetch('http://localhost:11434/', { body: 'x' }))).code).toBe(
        'ERR_INVALID_REQUEST',
      );
    });

    it('is closed after close, also for what is under way', async () => {
      const base = await raw(() => {});
      const security = secured();
      const pending = failureOf(security.fetch(base));
      await new Promise((resolve) => setImmediate(resolve));
      await security.close();
      expect((await pending).code).toBe('ERR_CLOSED');
      expect((await failureOf(security.fetch(base))).code).toBe('ERR_CLOSED');
    });
  });

  describe('an abort', () => {
    it('before the call sends nothing', async () => {
      const target = await forbiddenListener('127.0.0.1');
      open.push(target.close);
      const reason = new Error('enough');
      const error = await failureOf(
        secured().fetch(`http://127.0.0.1:${target.port}/`, { signal: AbortSignal.abort(reason) }),
      );
      expect(error).toMatchObject({ code: 'ERR_ABORTED', cause: reason });
      expect(target.connections()).toBe(0);
    });

    it('before the head closes the connection', async () => {
      const controller = new AbortController();
      let closed: Promise<unknown> = Promise.resolve();
      const base = await raw((socket) => {
        closed = new Promise((resolve) => socket.once('close', resolve));
        controller.abort();
      });
      expect((await failureOf(secured().fetch(base, { signal: controller.signal }))).code).toBe('ERR_ABORTED');
      await closed;
    });

    it('in the middle of a reply fails the reader and closes the connection', async () => {
      const controller = new AbortController();
      let closed: Promise<unknown> = Promise.resolve();
      const base = await raw((socket) => {
        closed = new Promise((resolve) => socket.once('close', resolve));
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n');
      });
      const response = await secured().fetch(base, { signal: controller.signal });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      expect((await reader.read()).value).toHaveLength(3);
      const next = failureOf(reader.read());
      controller.abort();
      expect((await next).code).toBe('ERR_ABORTED');
      await closed;
    });

    it('with a time-out as its reason is a time-out', async () => {
      const late = new RouterError('ERR_TIMEOUT', 'first content took longer than 5 ms');
      const controller = new AbortController();
      const base = await raw(() => controller.abort(late));
      expect(await failureOf(secured().fetch(base, { signal: controller.signal }))).toBe(late);
    });

    it('fails the reader of a mock that never ends, and cancels it', async () => {
      let cancelled: unknown;
      const endless = new ReadableStream({
        cancel: (reason) => {
          cancelled = reason;
        },
      });
      const controller = new AbortController();
      const { fetch } = secured({ fetch: async () => new Response(endless) });
      const response = await fetch('http://localhost:11434/', { signal: controller.signal });
      const text = failureOf(response.text());
      const reason = new Error('stop');
      controller.abort(reason);
      expect((await text).code).toBe('ERR_ABORTED');
      expect(cancelled).toBe(reason);
    });

    it('reaches an unread body too', async () => {
      let cancelled = false;
      const endless = new ReadableStream({
        cancel: () => {
          cancelled = true;
        },
      });
      const controller = new AbortController();
      const { fetch } = secured({ fetch: async () => new Response(endless) });
      const response = await fetch('http://localhost:11434/', { signal: controller.signal });
      controller.abort();
      expect(cancelled).toBe(true);
      expect((await failureOf(response.text())).code).toBe('ERR_ABORTED');
    });

    it('leaves no listener on the signal once a reply is read or cancelled', async () => {
      let listeners = 0;
      const { signal } = new AbortController();
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listeners += 1;
        add(...args);
      };
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listeners -= 1;
        remove(...args);
      };
      const { fetch } = secured({ fetch: async () => new Response('some text') });
      await (await fetch('http://localhost:11434/', { signal })).text();
      expect(listeners).toBe(0);
      await (await fetch('http://localhost:11434/', { signal })).body?.cancel();
      expect(listeners).toBe(0);
    });
  });
});
