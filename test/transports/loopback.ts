import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { ModelRef } from '../../src/core/model.js';
import type { TransportEvent } from '../../src/core/transport.js';

/** What came in over one connection. */
export interface RawRequest {
  head: string;
  body: string;
}

/** A raw TCP server on loopback; `answer` is called with each whole HTTP request. */
export interface RawServer {
  url: string;
  requests: RawRequest[];
  /** Resolves when every connection that brought a request is gone. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export async function rawServer(
  answer: (socket: Socket, request: RawRequest) => void | Promise<void>,
  onConnect: (socket: Socket) => void = () => {},
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  // Node's fetch may open one more in advance; it does not count.
  const used = new Set<Socket>();
  const waiting: (() => void)[] = [];
  const requests: RawRequest[] = [];
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      used.delete(socket);
      if (used.size === 0) for (const wake of waiting.splice(0)) wake();
    });
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      for (;;) {
        const end = seen.indexOf('\r\n\r\n');
        if (end === -1) return;
        const head = seen.slice(0, end);
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (seen.length < end + 4 + length) return;
        const body = Buffer.from(seen.slice(end + 4, end + 4 + length), 'latin1').toString();
        seen = seen.slice(end + 4 + length);
        const request = { head, body };
        requests.push(request);
        used.add(socket);
        void answer(socket, request);
      }
    });
    onConnect(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    idle: () => (used.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An HTTP reply that ends with the connection, so that its body has no length of its own. */
export const reply = (body: string, type = 'text/event-stream', status = '200 OK', more = ''): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\n${more}Connection: close\r\n\r\n${body}`;

/** A model at a loopback server. */
export const modelAt = (baseURL: string, id = 'tiny'): ModelRef => ({
  id,
  key: null,
  service: 'test@loopback',
  type: 'openai-compatible',
  baseURL,
});

/** A recorded exchange with a true server. */
export interface Recorded {
  status: number;
  headers: Record<string, string>;
  /** The pieces of the body as they came. */
  chunks: string[];
  /** Whether the body was cut. */
  cut: boolean;
}

export function recorded(name: string): Recorded {
  const file = JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
  const { status, headers = {}, body, chunks } = file.response;
  return {
    status,
    headers,
    chunks: chunks ? chunks.map((chunk: { text: string }) => chunk.text) : [body ?? ''],
    cut: (file.response.end ?? file.end ?? '') === 'server-closed-mid-body',
  };
}

/** Serves one recorded body in chunked framing, cut into pieces by `cuts` (offsets in bytes). */
export function replay(record: Recorded, cuts: readonly number[] | 'as recorded' = 'as recorded'): Response {
  const encoder = new TextEncoder();
  const pieces =
    cuts === 'as recorded'
      ? record.chunks.map((chunk) => encoder.encode(chunk))
      : cutAt(encoder.encode(record.chunks.join('')), cuts);
  let next = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces[next++];
      if (piece !== undefined) controller.enqueue(piece);
      else if (record.cut) controller.error(new TypeError('terminated'));
      else controller.close();
    },
  });
  const headers = Object.fromEntries(
    Object.entries(record.headers).filter(([name]) => !/^(?:content-length|transfer-encoding|connection)$/i.test(name)),
  );
  return new Response(body, { status: record.status, headers });
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at]
    .map((from, index) => bytes.subarray(from, at[index] ?? bytes.length))
    .filter((piece) => piece.length > 0);
}

/** Sends a recorded reply over a socket, byte by byte as it was framed. */
export function sendRecorded(socket: Socket, record: Recorded): void {
  const headers = Object.entries(record.headers).filter(
    ([name]) => !/^(?:content-length|transfer-encoding|connection)$/i.test(name),
  );
  socket.write(
    `HTTP/1.1 ${record.status} X\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}Transfer-Encoding: chunked\r\n\r\n`,
  );
  for (const chunk of record.chunks) {
    if (chunk !== '') socket.write(`${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`);
  }
  if (record.cut) socket.destroy();
  else socket.write('0\r\n\r\n');
}

/** What a stream gave, put together. */
export interface Collected {
  text: string;
  reasoning: string;
  calls: { id?: string | undefined; name?: string | undefined; arguments: string }[];
  finish?: Extract<TransportEvent, { type: 'finish' }>;
  error?: unknown;
}

export async function collect(events: AsyncIterable<TransportEvent>): Promise<Collected> {
  const got: Collected = { text: '', reasoning: '', calls: [] };
  try {
    for await (const event of events) {
      if (event.type === 'text') got.text += event.text;
      else if (event.type === 'reasoning') got.reasoning += event.text;
      else if (event.type === 'finish') got.finish = event;
      else if (event.type === 'tool-call-delta') {
        const call = got.calls[event.index] ?? { arguments: '' };
        got.calls[event.index] = call;
        call.id ??= event.id;
        call.name ??= event.name;
        call.arguments += event.arguments;
      }
    }
  } catch (error) {
    got.error = error;
  }
  return got;
}
