import { EventEmitter } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { LocalLLMRouter, type RouterOptions, type SecurityOptions } from 'local-llm-router';
import { afterEach, beforeEach, expect, onTestFinished, vi } from 'vitest';

/** A place that nothing may reach; counts what does. */
export interface Forbidden {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Connections that were made, and bytes that came. */
  reached(): { connections: number; bytes: number };
}

export const NOTHING = { connections: 0, bytes: 0 };

/** Starts a listener on an address that the policy of a test does not allow; it answers, so that whoever comes stays. */
export async function forbidden(address = '127.0.0.2', port = 0): Promise<Forbidden> {
  let connections = 0;
  let bytes = 0;
  const server = net.createServer((socket) => {
    connections += 1;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      bytes += data.length;
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
    });
  });
  server.listen(port, address);
  await EventEmitter.once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port: given } = server.address() as net.AddressInfo;
  const host = address.includes(':') ? `[${address}]` : address;
  return { host, port: given, url: `http://${host}:${given}`, reached: () => ({ connections, bytes }) };
}

/** A request that a model server got. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface ModelServer {
  readonly url: string;
  readonly port: number;
  readonly asked: Asked[];
  /** Connections that were made to it. */
  connections(): number;
}

export interface ServerOptions {
  /** Answers instead, if it returns `true`. */
  readonly instead?: (asked: Asked, response: http.ServerResponse) => boolean;
  /** On every reply. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
  /** Whether its model is in memory; Ollama only. */
  readonly loaded?: boolean;
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: string }[];
}

/** An honest server of two models, in the dialects of OpenAI and Ollama. */
export async function modelServer(options: ServerOptions = {}): Promise<ModelServer> {
  const { instead, headers = {} } = options;
  const asked: Asked[] = [];
  let connections = 0;
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const got: Asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
    asked.push(got);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (instead?.(got, response)) return;
    answer(got, response, options);
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await EventEmitter.once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as net.AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, asked, connections: () => connections };
}

const DETAILS = { context_length: 32_768, family: 'qwen2', parameter_size: '7B', quantization_level: 'Q4_K_M' };

const MODELS = [
  { name: 'm:7b', digest: 'a'.repeat(64), size: 1, capabilities: ['completion', 'tools', 'insert'], details: DETAILS },
  { name: 'nomic-embed-text:latest', digest: 'b'.repeat(64), size: 1, capabilities: ['embedding'], details: DETAILS },
];
const DATA = ['m', 'nomic-embed-text'].map((id) => ({ id, max_model_len: 32_768 }));

function answer(
  { path }: Asked,
  response: http.ServerResponse,
  { text = 'done', toolCalls, loaded = false }: ServerOptions,
): void {
  const calls = toolCalls?.map((call, index) => ({ index, id: `c${index}`, type: 'function', function: call }));
  const end = { model: 'm:7b', done: true, done_reason: 'stop' };
  const answers: Record<string, unknown> = {
    '/api/tags': { models: MODELS },
    '/api/ps': { models: loaded ? MODELS.slice(0, 1) : [] },
    '/api/version': { version: '0.33.0' },
    '/api/chat': { ...end, message: { role: 'assistant', content: text } },
    '/api/generate': { ...end, response: text },
    '/api/embed': { embeddings: [[1, 2]] },
    '/v1/models': { object: 'list', data: DATA },
    '/v1/embeddings': { object: 'list', data: [{ index: 0, embedding: [1, 2] }] },
  };
  const events = [
    { choices: [{ index: 0, delta: { content: text, tool_calls: calls } }] },
    { choices: [{ index: 0, delta: {}, finish_reason: calls ? 'tool_calls' : 'stop' }] },
  ];
  if (path === '/') response.end('Ollama is running');
  else if (path === '/v1/chat/completions') {
    response.setHeader('content-type', 'text/event-stream');
    response.end(`${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`);
  } else {
    response.statusCode = path in answers ? 200 : 404;
    response.end(`${JSON.stringify(answers[path] ?? { error: { message: 'not found' } })}\n`);
  }
}

/** What the tests allow: one address, and the names that lead to it. */
export function policy(lookup?: SecurityOptions['lookup']): SecurityOptions {
  return { allowedHosts: ['gpu.lan', 'far.lan'], allowedCidrs: ['127.0.0.1/32'], lookup };
}

/** A router over these servers; closed when the test ends. */
export function routerOver(services: RouterOptions['services'], options: RouterOptions = {}): LocalLLMRouter {
  const router = new LocalLLMRouter({
    discovery: false,
    retry: { maxRetries: 0 },
    security: policy(),
    ...options,
    services,
  });
  onTestFinished(() => router.close());
  return router;
}

/** How a host may use the library. */
export type Surface = 'initialize' | 'route' | 'stream' | 'embed' | 'fill' | 'warm' | 'unload' | 'security.fetch';

export const SURFACES: readonly Surface[] = ['initialize', 'route', 'stream', 'embed', 'fill', 'security.fetch'];

/** Uses it so; failures are answers too. */
export async function use(router: LocalLLMRouter, surface: Surface, url: string): Promise<unknown> {
  try {
    switch (surface) {
      case 'initialize':
        return await router.initialize();
      case 'route':
        return await router.route({ prompt: 'secret-prompt', session: 's' });
      case 'stream': {
        const events: unknown[] = [];
        for await (const event of router.stream({ prompt: 'secret-prompt', session: 's' })) events.push(event);
        return events;
      }
      case 'embed':
        return await router.embed('secret-prompt');
      case 'fill':
        return await router.route({ prompt: 'secret-prompt', suffix: 'secret-suffix' });
      case 'warm':
      case 'unload':
        return await router[surface]('m:7b');
      case 'security.fetch':
        return await (await router.security.fetch(url, { method: 'POST', body: 'secret-prompt' })).text();
    }
  } catch (error) {
    return error;
  }
}

/** Fails a test of this file that lets the library write to the console. */
export function expectSilence(): void {
  const spies: { mock: { calls: unknown[][] } }[] = [];
  beforeEach(() => {
    spies.length = 0;
    for (const name of ['debug', 'info', 'log', 'warn', 'error', 'trace'] as const) {
      spies.push(vi.spyOn(console, name).mockImplementation(() => {}));
    }
    spies.push(vi.spyOn(process, 'emitWarning').mockImplementation(() => {}));
  });
  afterEach(() => {
    expect(spies.flatMap(({ mock }) => mock.calls)).toEqual([]);
  });
}
