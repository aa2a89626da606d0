import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';

/** A request to send and what came back: as recorded, or from a fake. */
export interface Exchange {
  readonly status: number;
  /** Header names and values as sent, without those of the moment. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the connection ended before the body was complete. */
  readonly cut: boolean;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A recorded exchange of `test/fixtures/<folder>/<name>.json`. */
export function recorded(folder: string, name: string): { asked: Asked; got: Exchange } {
  const file = new URL(`../fixtures/${folder}/${name}.json`, import.meta.url);
  const { request, response, end } = JSON.parse(readFileSync(file, 'utf8'));
  const chunks: { text: string }[] = response.chunks ?? [];
  return {
    // What was sent may have been written with other blanks.
    asked: { ...request, headers: withoutLength(request.headers) },
    got: {
      status: response.status,
      headers: response.headers,
      body: response.body ?? chunks.map(({ text }) => text).join(''),
      cut: (end ?? response.end ?? response.bodyError) !== undefined,
    },
  };
}

function withoutLength(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-length'));
}

/** Sends a request byte by byte as told, on a connection of its own. */
export function ask(url: string, asked: Asked): Promise<Exchange> {
  const { hostname, port } = new URL(url);
  const payload = asked.body === undefined || typeof asked.body === 'string' ? asked.body : JSON.stringify(asked.body);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        hostname,
        port,
        path: asked.path,
        method: asked.method,
        agent: false,
        headers: {
          Connection: 'close',
          ...(payload !== undefined && { 'Content-Length': String(Buffer.byteLength(payload)) }),
          ...asked.headers,
        },
      },
      (incoming) => {
        let body = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (text: string) => {
          body += text;
        });
        incoming.on('error', () => {});
        incoming.on('close', () => {
          const headers: Record<string, string> = {};
          for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
            headers[incoming.rawHeaders[i] as string] = incoming.rawHeaders[i + 1] as string;
          }
          resolve({ status: incoming.statusCode ?? 0, headers, body, cut: !incoming.complete });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

/** Headers whose values must agree; of the others only the names. */
const SAME_VALUE = new Set([
  ...['content-type', 'server', 'x-accel-buffering', 'allow', 'location', 'transfer-encoding'],
  ...['cache-control', 'connection', 'www-authenticate'],
]);

/** For servers whose case of header names Node cannot imitate. */
export function anyCase(exchange: Exchange): Exchange {
  const headers = Object.entries(exchange.headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { ...exchange, headers: Object.fromEntries(headers) };
}

/** What two replies must have in common: everything but the values of the moment. */
export function likeness(exchange: Exchange, looseKeys: readonly string[] = []): object {
  const headers = Object.entries(exchange.headers)
    .map(([name, value]) => (SAME_VALUE.has(name.toLowerCase()) ? `${name}: ${value}` : name))
    .sort();
  return { status: exchange.status, cut: exchange.cut, headers, events: events(exchange.body, looseKeys) };
}

/** The parts of a body, each as its shape; neighbours of one shape count once. */
function events(body: string, looseKeys: readonly string[]): unknown[] {
  const parts = body.startsWith('data:')
    ? body.split(/(?<=\n\n)/)
    : body.startsWith('{')
      ? body.split(/(?<=\n)(?!$)/)
      : [body];
  const shapes = parts.map((part) => {
    const [, prefix = '', json = '', end = ''] = /^(data: )?([\s\S]*?)(\n*)$/.exec(part) ?? [];
    try {
      return { prefix, end, json: shape(JSON.parse(json), looseKeys) };
    } catch {
      return { prefix, end, text: json.startsWith('<') ? '<html>' : json };
    }
  });
  return shapes.filter((value, at) => at === 0 || JSON.stringify(value) !== JSON.stringify(shapes[at - 1]));
}

/** Keys and types; of a list the distinct shapes of its items. Members of `looseKeys` count as present only. */
export function shape(value: unknown, looseKeys: readonly string[] = []): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => JSON.stringify(shape(item, looseKeys)));
    return [...new Set(items)].sort().map((item) => JSON.parse(item) as unknown);
  }
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([key, item]) => [key, looseKeys.includes(key) ? '…' : shape(item, looseKeys)]),
  );
}
