import { fields } from './answer.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise, type ServedFake } from './fake-settings.js';
import type { Dialect, Handler, Reply } from './generation.js';
import { startFake } from './loopback.js';
import { engineOf, fileOf } from './wrapped-engine.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'Qwen2.5-Coder-7B-Instruct-GGUF', loaded: true, contextLength: 16_384 },
  { id: 'Gemma-3-4b-it-GGUF', contextLength: 8_192, maxContextLength: 131_072 },
];

/**
 * Starts a fake Lemonade Server (11.7): built from its source, not from a recording. Answers come as from a llama.cpp.
 * A model with `remote` is listed with the recipe `cloud`, and fails when asked.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeLemonade(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeLemonade', { models: DEFAULT_MODELS, contextLength: 4_096 });
  return startFake(lemonade(settings), settings, 'fakeLemonade');
}

const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});
const failed = (status: number, message: string, type: string, more: object = {}): Reply =>
  json({ error: { message, type, ...more } }, status);

const VERSION = '11.7.0';
const API = /^\/(?:api|v0|v1)\//;
const PAGE = '<!doctype html>\n<html><head><title>Lemonade</title></head><body></body></html>\n';

function lemonade(settings: FakeSettings): Dialect {
  const loaded = new Set(settings.models.filter((model) => model.loaded && !model.remote).map(({ id }) => id));
  const passOn = (path: string): Handler => {
    return (request) => {
      const model = settings.models.find(({ id }) => id === request.model);
      const more = { param: 'model', code: 'model_not_found', requested_model: request.model ?? '' };
      if (model === undefined) return failed(404, `Model not found: ${request.model ?? ''}`, 'model_not_found', more);
      if (model.remote) return failed(502, 'The provider cannot be reached', 'model_load_error');
      loaded.add(model.id);
      return engineOf(settings, model, { file: fileOf(model), headers: {} })(path, request);
    };
  };
  const control =
    (on: boolean) =>
    (request: FakeRequest): Reply => {
      const body = fields(request);
      const name = String(body['model_name'] ?? body['model'] ?? '');
      const model = settings.models.find(({ id }) => id === name);
      const isThere = on ? model !== undefined && !model.remote : loaded.has(name);
      if (model === undefined || !isThere) {
        const more = { param: 'model', code: 'model_not_found', requested_model: name };
        return failed(404, `Model not ${on ? 'found' : 'loaded'}: ${name}`, 'model_not_found', more);
      }
      if (on) loaded.add(name);
      else loaded.delete(name);
      return on
        ? json({ checkpoint: fileOf(model), model_name: name, recipe: 'llamacpp', status: 'success' })
        : json({ message: 'Model unloaded successfully', model_name: name, status: 'success' });
    };
  const health = (): Reply =>
    json({
      status: 'ok',
      version: VERSION,
      websocket_port: 9_000,
      model_loaded: [...loaded].at(-1) ?? null,
      all_models_loaded: settings.models.filter(({ id }) => loaded.has(id)).map(running),
      pinned_models: [],
      max_models: { llm: 1, embedding: 1, reranking: 1 },
    });
  const own: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
    '/health': { GET: health },
    '/models': { GET: () => json({ object: 'list', data: settings.models.map(entry) }) },
    '/chat/completions': { POST: passOn('/v1/chat/completions') },
    '/embeddings': { POST: passOn('/v1/embeddings') },
    '/load': { POST: control(true) },
    '/unload': { POST: control(false) },
  };
  const prefixes = ['/v1', '/v0', '/api/v1', '/api/v0'];

  return {
    type: 'lemonade',
    date: false,
    keepAlive: { idleMs: 5_000, requests: Number.POSITIVE_INFINITY, header: undefined },
    headers: () => ({}),
    generates: new Set(prefixes.map((prefix) => `${prefix}/chat/completions`)),
    routes: {
      ...Object.fromEntries(
        prefixes.flatMap((prefix) => Object.entries(own).map(([path, methods]) => [`${prefix}${path}`, methods])),
      ),
      '/live': { GET: () => json({ status: 'ok' }) },
      '/api/version': { GET: () => json({ version: '0.16.1' }) },
      '/api/tags': { GET: () => json({ models: settings.models.map(ollamaEntry) }) },
    },
    refuse: ({ path, headers }) =>
      settings.apiKey === undefined || !API.test(path) || headers['authorization'] === `Bearer ${settings.apiKey}`
        ? undefined
        : json({ error: 'Invalid or missing API key' }, 401),
    missing: ({ method, path }) =>
      method === 'GET' && !API.test(path)
        ? { status: 200, headers: { 'Content-Type': 'text/html' }, body: PAGE }
        : failed(404, 'The requested endpoint does not exist', 'not_found', { path }),
    error: (_, status, message) => failed(status, message, status === 400 ? 'bad_request' : 'internal_error'),
    loading: () => failed(503, 'The model is still loading', 'model_load_error'),
    overflow: (_, prompt, context) =>
      failed(400, `request (${prompt} tokens) exceeds the available context size (${context} tokens)`, 'bad_request'),
  };
}

function running(model: ServedFake): object {
  return {
    model_name: model.id,
    checkpoint: fileOf(model),
    last_use: 0,
    type: model.capabilities.has('embedding') ? 'embedding' : 'llm',
    device: 'cpu',
    pinned: false,
    recipe: 'llamacpp',
    pid: 4_242,
    launch_command: `llama-server -m ${fileOf(model)} --ctx-size ${model.contextLength}`,
    recipe_options: { ctx_size: model.contextLength },
    backend_url: 'http://127.0.0.1:8001/v1',
    is_busy: false,
    is_streaming: false,
  };
}

const LABELS = [
  ['vision', 'vision'],
  ['tools', 'tool-calling'],
  ['reasoning', 'reasoning'],
  ['embedding', 'embeddings'],
  ['rerank', 'reranking'],
] as const;

function entry(model: ServedFake): object {
  return {
    id: model.id,
    object: 'model',
    created: Math.floor(Date.now() / 1000),
    owned_by: 'lemonade',
    checkpoint: fileOf(model),
    recipe: model.remote ? 'cloud' : 'llamacpp',
    size: model.sizeBytes / 1e9,
    max_context_window: model.maxContextLength,
    downloaded: true,
    suggested: true,
    update_available: false,
    labels: LABELS.filter(([capability]) => model.capabilities.has(capability)).map(([, label]) => label),
  };
}

function ollamaEntry({ id, sizeBytes, digest, family, parameterSize, quantization }: ServedFake): object {
  const details = { format: 'gguf', family, parameter_size: parameterSize, quantization_level: quantization };
  return { name: `${id}:latest`, model: `${id}:latest`, size: sizeBytes, digest, details };
}
