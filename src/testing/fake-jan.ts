import { llamaCppDialect } from './fake-llama-cpp.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise } from './fake-settings.js';
import type { Dialect, Handler, Reply } from './generation.js';
import { startFake } from './loopback.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'Jan-v3-4b-base-instruct-Q4_K_XL', loaded: true, family: 'qwen3', contextLength: 16_384, parameterSize: '4B' },
  { id: 'Qwen2_5-Coder-7B-Instruct-Q4_K_M', family: 'qwen2', contextLength: 16_384 },
];

/**
 * Starts a fake Jan: built from its source, not from a recording. What it passes on is answered as llama.cpp answers;
 * its own words are bare text. A model with `remote` is listed as one of a provider in the cloud, and fails when asked.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeJan(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeJan', { models: DEFAULT_MODELS, contextLength: 8_192 });
  return startFake(jan(settings), settings, 'fakeJan');
}

const json = (value: unknown): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
const text = (status: number, body: string): Reply => ({ status, headers: {}, body });

/** Answered to everybody, whatever key or host name. */
const OPEN: ReadonlySet<string> = new Set(['/', '/openapi.json', '/favicon.ico']);
const PAGE =
  '\n<!DOCTYPE html>\n<html lang="en">\n<head>\n  <title>API Docs</title>\n</head>\n<body></body>\n</html>\n';
const ABOUT = {
  openapi: '3.0.0',
  info: { title: 'Jan API Server Endpoints', version: '1.0' },
  servers: [{ url: 'http://127.0.0.1:1337/v1', description: 'Jan API server' }],
  paths: { '/models': {}, '/chat/completions': {} },
};

function jan(settings: FakeSettings): Dialect {
  const backend = llamaCppDialect(settings);
  /** Looks for the model, then lets its own server answer. */
  const passOn = (path: string): { POST: Handler } => ({
    POST: (request) => {
      if (typeof request.body !== 'object') return text(400, 'Invalid JSON body: EOF while parsing a value');
      if (request.model === undefined) return text(400, "Request body must contain a 'model' field");
      const model = settings.models.find(({ id }) => id === request.model);
      if (model === undefined) return text(404, `No running session found for model '${request.model}'`);
      if (model.remote) return text(502, 'Proxy request to model failed: error sending request');
      const answer = backend.routes[path]?.['POST'];
      return answer === undefined ? text(404, 'Not Found') : answer(request);
    },
  });

  return {
    ...backend,
    type: 'jan',
    date: true,
    keepAlive: { idleMs: 0, requests: Number.POSITIVE_INFINITY, header: null },
    headers: () => ({}),
    generates: new Set(['/v1/chat/completions']),
    routes: {
      '/': { GET: () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: PAGE }) },
      '/openapi.json': { GET: () => json(ABOUT) },
      '/v1/models': { GET: () => json({ object: 'list', data: settings.models.map(entry) }) },
      '/v1/chat/completions': passOn('/v1/chat/completions'),
      '/v1/embeddings': passOn('/v1/embeddings'),
    },
    refuse: (request) => (OPEN.has(request.path) ? undefined : refusal(request, settings.apiKey)),
    missing: () => text(404, 'Not Found'),
  };
}

function refusal({ headers }: FakeRequest, key: string | undefined): Reply | undefined {
  const { host = '', authorization, 'x-api-key': own } = headers;
  if (!/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(host)) return text(403, 'Invalid host header');
  const fits = key === undefined || authorization === `Bearer ${key}` || own === key;
  return fits ? undefined : text(401, 'Invalid or missing authorization token');
}

function entry({ id, remote }: { readonly id: string; readonly remote: boolean }): object {
  return { id, object: 'model', created: 1, owned_by: remote ? 'remote' : 'llama.cpp' };
}
