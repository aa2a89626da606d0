import { llamaCppDialect } from './fake-llama-cpp.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise, type ServedFake } from './fake-settings.js';
import type { Dialect, Handler, Reply } from './generation.js';
import { startFake } from './loopback.js';
import { engineOf, fileOf } from './wrapped-engine.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'qwen2.5-coder-7b', loaded: true, contextLength: 16_384 },
  { id: 'gemma-3-4b', contextLength: 8_192 },
];

/**
 * Starts a fake llama-swap (as v250): one model runs at a time, and a request for another one swaps it in. Answers come as
 * from a llama.cpp and name its file. A model with a `contextLength` is listed as one whose abilities were configured, one
 * with `remote` as a peer's, which fails when asked.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeLlamaSwap(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeLlamaSwap', { models: DEFAULT_MODELS, contextLength: 4_096 });
  return startFake(llamaSwap(settings), settings, 'fakeLlamaSwap');
}

const text = (body: string, status = 200, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers },
  body,
});
const json = (value: unknown): Reply => {
  const body = `${JSON.stringify(value)}\n`;
  // The HTTP server of Go sends a length only of what fits into its buffer.
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body, chunked: body.length > 2_048 };
};
const failed = (status: number, message: string, type: string, code: string): Reply => ({
  status,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ src: 'llama-swap', error: { message, type, param: null, code } }),
});

const ERRORS: Readonly<Record<number, readonly [type: string, code: string]>> = {
  404: ['invalid_request_error', 'not_found'],
  429: ['rate_limit_error', 'concurrency_limit'],
};
const GUARDED = /^\/(?:v1|api|running|unload|models)(?:\/|$)/;

function llamaSwap(settings: FakeSettings): Dialect {
  let running = settings.models.find(({ loaded, remote }) => loaded && !remote)?.id;
  const engines = new Map(
    settings.models.map((model) => [
      model.id,
      engineOf(settings, model, {
        file: fileOf(model),
        headers: { Server: 'llama.cpp', 'Access-Control-Allow-Origin': '' },
      }),
    ]),
  );
  const passOn = (path: string): { POST: Handler } => ({
    POST: (request) => {
      if (request.model === undefined) {
        return failed(404, 'no model id could be identified', 'invalid_request_error', 'not_found');
      }
      const model = settings.models.find(({ id }) => id === request.model);
      const engine = model && engines.get(model.id);
      if (model === undefined || engine === undefined) {
        return failed(404, 'no router for requested model', 'invalid_request_error', 'not_found');
      }
      if (model.remote) return failed(502, 'peer proxy error', 'server_error', 'internal_error');
      running = model.id;
      return engine(path, request);
    },
  });
  /** Routes that hold the id of a model, which may hold slashes. */
  const named = ({ method, path }: FakeRequest): Reply | undefined => {
    const [, stop, start] = /^\/(?:api\/models\/unload\/(.+)|upstream\/(.+)\/health)$/.exec(path) ?? [];
    if (stop === undefined ? start === undefined || method !== 'GET' : method !== 'POST') return undefined;
    const model = settings.models.find(({ id }) => id === decodeURIComponent(stop ?? start ?? ''));
    if (model === undefined || model.remote)
      return failed(404, 'model not found', 'invalid_request_error', 'not_found');
    if (stop !== undefined) {
      if (running === model.id) running = undefined;
      return text('OK');
    }
    running = model.id;
    const headers = { Server: 'llama.cpp', 'Access-Control-Allow-Origin': '' };
    const type = { 'Content-Type': 'application/json; charset=utf-8' };
    return { status: 200, headers: { ...headers, ...type }, body: '{"status":"ok"}' };
  };
  const unload = (reply: Reply) => (): Reply => {
    running = undefined;
    return reply;
  };
  const version = (): Reply => json({ build_date: '2026-08-22T16:29:57Z', commit: '0bdb3720', version: 'v250' });
  const list = (): Reply =>
    json({ data: settings.models.map((model) => entry(model, running)).sort(byId), object: 'list' });

  return {
    type: 'llama-swap',
    date: true,
    keepAlive: { idleMs: 0, requests: Number.POSITIVE_INFINITY, header: null },
    headers: () => ({}),
    generates: new Set(['/v1/chat/completions']),
    routes: {
      '/': {
        GET: () => ({
          status: 302,
          headers: { 'Content-Type': 'text/html; charset=utf-8', Location: '/ui' },
          body: '<a href="/ui">Found</a>.\n\n',
        }),
      },
      '/health': { GET: () => text('OK') },
      '/api/version': { GET: version, HEAD: version },
      '/v1/models': { GET: list },
      '/models': { GET: list },
      '/running': { GET: () => json({ running: settings.models.filter(({ id }) => id === running).map(process) }) },
      '/unload': { GET: unload(text('OK')), HEAD: unload(text('OK')) },
      '/api/models/unload': { POST: unload(json({ msg: 'ok' })) },
      '/v1/chat/completions': passOn('/v1/chat/completions'),
      '/v1/embeddings': passOn('/v1/embeddings'),
    },
    refuse: (request) =>
      settings.apiKey === undefined || !GUARDED.test(request.path) || hasKey(request, settings.apiKey)
        ? undefined
        : unauthorized(),
    missing: (request, allowed) =>
      allowed === undefined
        ? (named(request) ?? text('404 page not found\n', 404, NO_SNIFF))
        : text('Method Not Allowed\n', 405, { ...NO_SNIFF, Allow: allowed.join(', ') }),
    error: (_, status, message) => failed(status, message, ...(ERRORS[status] ?? ['server_error', 'internal_error'])),
    loading: ({ model }) => failed(503, `[${model ?? ''}] process is not ready`, 'server_error', 'internal_error'),
    overflow: llamaCppDialect(settings).overflow,
  };
}

const NO_SNIFF = { 'X-Content-Type-Options': 'nosniff' };
function unauthorized(): Reply {
  const reply = failed(401, 'unauthorized: invalid or missing API key', 'authentication_error', 'unauthorized');
  return { ...reply, headers: { ...reply.headers, 'Www-Authenticate': 'Basic realm="llama-swap"' } };
}

function hasKey({ headers }: FakeRequest, key: string): boolean {
  const { authorization = '', 'x-api-key': own } = headers;
  const basic = /^Basic (.*)$/.exec(authorization)?.[1];
  const given = basic === undefined ? authorization.replace(/^Bearer /, '') : atob(basic).replace(/^[^:]*:/, '');
  return given === key || own === key;
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}

function entry(
  model: ServedFake,
  running: string | undefined,
): Readonly<Record<'id', string> & Record<string, unknown>> {
  const { id, contextLength } = model;
  const about = model.remote ? { peerID: id.split('/')[0], type: 'peer' } : { type: 'model' };
  const seen = ['image', 'audio'].filter((kind) => model.capabilities.has(kind === 'image' ? 'vision' : 'audio'));
  const inputs = ['text', ...seen];
  return {
    id,
    object: 'model',
    created: Math.floor(Date.now() / 1000),
    owned_by: 'llama-swap',
    ...(model.contextSet && {
      name: id,
      architecture: { input_modalities: inputs, modality: `${inputs.join('+')}->text`, output_modalities: ['text'] },
      capabilities: {
        ...(model.capabilities.has('tools') && { function_calling: true }),
        ...(model.capabilities.has('vision') && { vision: true }),
      },
      ...(model.capabilities.has('tools') && { supported_parameters: ['tools', 'tool_choice'] }),
      context_length: contextLength,
    }),
    meta: { llamaswap: about, ...(model.contextSet && { n_ctx: contextLength }) },
    status: { value: running === id ? 'loaded' : 'unloaded' },
  };
}

function process(model: ServedFake): object {
  return {
    model: model.id,
    state: 'ready',
    cmd: `llama-server --host 127.0.0.1 --port 5800 -m ${fileOf(model)} -c ${model.contextLength} -np 1`,
    proxy: 'http://127.0.0.1:5800',
    ttl: 0,
    name: '',
    description: '',
  };
}
