import { asArray } from '../internal/json.js';
import { fields } from './answer.js';
import { llamaCppDialect } from './fake-llama-cpp.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise, type ServedFake } from './fake-settings.js';
import type { Dialect, Handler, Reply } from './generation.js';
import { startFake } from './loopback.js';
import { engineOf } from './wrapped-engine.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'docker.io/ai/qwen2.5-coder:latest', loaded: true, family: 'qwen2', contextLength: 8_192 },
  { id: 'docker.io/ai/gemma3:4B-Q4_K_M', family: 'gemma3', contextLength: 4_096 },
];

/**
 * Starts a fake Docker Model Runner (as commit 642c7211). A model is asked for by its listed name, or without registry host
 * and `:latest`; answers come as from a llama.cpp and name the path of a file. It asks for no key.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeDockerModelRunner(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeDockerModelRunner', { models: DEFAULT_MODELS, contextLength: 4_096 });
  return startFake(dockerModelRunner(settings), settings, 'fakeDockerModelRunner');
}

const json = (value: unknown): Reply => ({
  status: 200,
  headers: { 'Content-Type': 'application/json' },
  body: `${JSON.stringify(value)}\n`,
});
const text = (body: string): Reply => ({
  status: 200,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body,
});
/** As Go's HTTP server writes an error. */
const failed = (status: number, message: string): Reply => ({
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' },
  body: `${message}\n`,
});

function dockerModelRunner(settings: FakeSettings): Dialect {
  const loaded = new Map(settings.models.filter((model) => model.loaded).map(({ id }) => [id, new Date()]));
  const passOn = (path: string): { POST: Handler } => ({
    POST: (request) => {
      if (typeof request.body !== 'object') return failed(400, 'invalid request');
      const { model: name } = request;
      if (name === undefined) return failed(400, 'model is required');
      const model = settings.models.find(({ id }) => id === name || plain(id) === plain(name));
      if (model === undefined) {
        return failed(404, `error while getting model: get model '"${name}"': model not found`);
      }
      loaded.set(model.id, new Date());
      if (request.headers['x-preload-only'] === 'true') return { status: 200, headers: {}, body: '' };
      const file = `/srv/models/bundles/sha256/${model.digest}/model/model.gguf`;
      return engineOf(settings, model, { file, headers: { Server: 'llama.cpp' } })(path, request);
    },
  });
  const list = { GET: () => json({ object: 'list', data: settings.models.map(entry) }) };
  const running = (): ServedFake[] => settings.models.filter(({ id }) => loaded.has(id));

  return {
    type: 'docker-model-runner',
    date: true,
    keepAlive: { idleMs: 0, requests: Number.POSITIVE_INFINITY, header: null },
    headers: () => ({}),
    generates: new Set(['/v1/chat/completions', '/engines/v1/chat/completions']),
    routes: {
      '/': { GET: () => text('Docker Model Runner is running') },
      '/version': { GET: () => json({ version: 'dev' }) },
      '/v1/models': list,
      '/engines/v1/models': list,
      '/models': { GET: () => json(settings.models.map(native)) },
      '/engines/ps': {
        GET: () =>
          json(
            running().map(({ id }) => ({
              backend_name: 'llama.cpp',
              model_name: plain(id),
              mode: 'completion',
              last_used: loaded.get(id)?.toISOString(),
            })),
          ),
      },
      '/engines/_configure': { GET: () => json([]) },
      '/engines/unload': {
        POST: (request) => {
          const { all, models } = fields(request);
          const names = asArray(models).map((name) => plain(String(name)));
          const gone = running().filter(({ id }) => all === true || names.includes(plain(id)));
          for (const { id } of gone) loaded.delete(id);
          return json({ unloaded_runners: gone.length });
        },
      },
      '/api/version': { GET: () => json({ version: '0.1.0' }) },
      '/api/tags': { GET: () => json({ models: settings.models.map(ollamaEntry) }) },
      '/api/ps': {
        GET: () =>
          json({ models: running().map((model) => ({ ...named(model), expires_at: new Date().toISOString() })) }),
      },
      '/v1/chat/completions': passOn('/v1/chat/completions'),
      '/engines/v1/chat/completions': passOn('/v1/chat/completions'),
      '/v1/embeddings': passOn('/v1/embeddings'),
    },
    refuse: ({ headers }: FakeRequest) =>
      headers['origin'] === undefined ? undefined : failed(403, 'Origin not allowed'),
    missing: (_, allowed) =>
      allowed === undefined ? failed(404, '404 page not found') : failed(405, 'Method Not Allowed'),
    error: (_, status, message) => failed(status, message),
    loading: () => failed(503, 'service unavailable'),
    overflow: llamaCppDialect(settings).overflow,
  };
}

/** Without registry host and default tag. */
function plain(id: string): string {
  return id.replace(/^[^/]*[.:][^/]*\/(?=.)/, '').replace(/:latest$/, '');
}

const created = (): number => Math.floor(Date.now() / 1000);

function sizeText(bytes: number): string {
  const power = Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 2 ** (10 * power)).toFixed(2)}${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}

function facts(model: ServedFake): object {
  const { family: architecture, parameterSize: parameters, quantization } = model;
  return { architecture, parameters, quantization, size: sizeText(model.sizeBytes) };
}

function entry(model: ServedFake): object {
  const dmr = { context_window: model.maxContextLength, ...facts(model) };
  return { id: model.id, object: 'model', created: created(), owned_by: 'docker', dmr };
}

function native(model: ServedFake): object {
  const tools = model.capabilities.has('tools') ? '{% if tools %}{{ tools }}{% endif %}' : '';
  const gguf = { 'general.architecture': model.family, 'tokenizer.chat_template': `{{ messages }}${tools}` };
  const config = { format: 'gguf', ...facts(model), gguf, context_size: model.contextLength };
  return { id: `sha256:${model.digest}`, tags: [model.id], created: created(), config };
}

function named(model: ServedFake): object {
  return { name: model.id, model: model.id, size: 0, digest: `sha256:${model.digest}` };
}

function ollamaEntry(model: ServedFake): object {
  const { family, parameterSize, quantization } = model;
  return {
    ...named(model),
    modified_at: '2026-11-20T11:08:15Z',
    details: {
      format: 'gguf',
      family,
      families: [family],
      parameter_size: parameterSize,
      quantization_level: quantization,
    },
  };
}
