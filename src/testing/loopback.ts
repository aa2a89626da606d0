/// <reference lib="esnext.disposable" preserve="true" />
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RouterError } from '../core/errors.js';
import { asObject, asString, parseJson } from '../internal/json.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeServer } from './fake-server.js';
import type { FakeSettings } from './fake-settings.js';
import type { Dialect, Outcome } from './generation.js';
import { type Line, play } from './play.js';

/** Starts a server on 127.0.0.1 that talks this dialect. */
export async function startFake(dialect: Dialect, settings: FakeSettings, owner: string): Promise<FakeServer> {
  const { createServer } = await import('node:http');
  const requests: FakeRequest[] = [];
  const served = new WeakMap<object, number>();
  let closing = false;
  const server = createServer((incoming, response) => {
    const count = (served.get(incoming.socket) ?? 0) + 1;
    served.set(incoming.socket, count);
    answer(incoming, response, count).catch(() => response.destroy());
  });
  server.keepAliveTimeout = dialect.keepAlive.idleMs;
  await listen(server, settings.port, owner);
  const { port } = server.address() as AddressInfo;

  async function answer(incoming: IncomingMessage, response: ServerResponse, count: number): Promise<void> {
    const request = await read(incoming);
    requests.push(request);
    const line = lineOf(response, (left) => {
      request.cancelled = left && !closing;
    });
    response.sendDate = dialect.date;
    setConnection(response, dialect, count);
    for (const [name, value] of Object.entries(dialect.headers(request))) response.setHeader(name, value);
    const fault = settings.pickFault(request, dialect.generates.has(request.path));
    await play(line, { dialect, request, fault, delayMs: settings.delayMs }, () => handle(dialect, request));
  }

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing = true;
    closed ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closed;
  };
  return { url: `http://127.0.0.1:${port}`, port, type: dialect.type, requests, close, [Symbol.asyncDispose]: close };
}

/** What the server says to a request that nothing goes wrong with. */
export async function handle(dialect: Dialect, request: FakeRequest): Promise<Outcome> {
  const refused = dialect.refuse(request);
  if (refused !== undefined) return refused;
  const methods = Object.hasOwn(dialect.routes, request.path) ? dialect.routes[request.path] : undefined;
  const handler = methods && Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (handler === undefined) return dialect.missing(request, methods && Object.keys(methods));
  try {
    return await handler(request);
  } catch (error) {
    // Only a reply function of the test can throw: its message helps whoever wrote it.
    return dialect.error(
      request,
      500,
      `The reply function threw: ${error instanceof Error ? error.message : 'no error'}`,
    );
  }
}

async function read(incoming: IncomingMessage): Promise<FakeRequest & { cancelled: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of incoming) text += decoder.decode(chunk, { stream: true });
  text += decoder.decode();
  const [path = '/', ...rest] = (incoming.url ?? '/').split('?');
  const body = text === '' ? undefined : (parseJson(text) ?? text);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value);
  return {
    method: incoming.method ?? 'GET',
    path,
    query: rest.length > 0 ? `?${rest.join('?')}` : '',
    headers,
    body,
    model: asString(asObject(body)?.['model']),
    cancelled: false,
  };
}

function lineOf(response: ServerResponse, ended: (left: boolean) => void): Line {
  let cut = false;
  const gone = new Promise<void>((resolve) => {
    response.once('close', () => {
      ended(!cut && !response.writableFinished);
      resolve();
    });
  });
  return {
    gone,
    head: (status, headers) => void response.writeHead(status, headers),
    write: (piece) =>
      new Promise((resolve) => {
        if (response.destroyed) return resolve();
        response.write(piece, () => resolve());
      }),
    raw: (bytes) => void response.socket?.write(bytes),
    end: () => void response.end(),
    cut: () => {
      cut = true;
      if (response.headersSent) response.flushHeaders();
      response.socket?.destroySoon();
    },
    pause: async (ms) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const waited = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      });
      await Promise.race([waited, gone]);
      clearTimeout(timer);
    },
  };
}

function setConnection(response: ServerResponse, { keepAlive }: Dialect, count: number): void {
  if (keepAlive.never === true) {
    response.shouldKeepAlive = false;
    // Node then writes neither of them, and ends the body with the connection.
    response.removeHeader('Connection');
    response.removeHeader('Transfer-Encoding');
    return;
  }
  if (!response.shouldKeepAlive || keepAlive.header === undefined) return;
  if (count >= keepAlive.requests) {
    response.setHeader('Connection', 'close');
    return;
  }
  // Without this call Node adds `Connection: keep-alive`, which these servers do not send.
  response.removeHeader('Connection');
  if (keepAlive.header !== null) response.setHeader('Keep-Alive', keepAlive.header);
}

function listen(server: Server, port: number, owner: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: Error) =>
      reject(
        new RouterError('ERR_INVALID_OPTION', `${owner}: port ${port} cannot be used; use port 0 for any free one.`, {
          cause,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
}
