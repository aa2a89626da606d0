import type { Capability } from '../core/model.js';
import { asCount, asObject, asString } from '../internal/json.js';
import { assumed, goodObject, listReading, namedItems, said, strings } from './reply.js';
import { assumedCapabilities } from './served-model.js';
import type { Ask, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * Lemonade Server; facts read from its source, not checked against a real server.
 * A model that is listed without being downloaded would be downloaded by the first request, so it is left out.
 * It answers Ollama's routes too, and unknown paths with 200 and a web page.
 */
export const lemonade: ServiceSpec = {
  type: 'lemonade',
  name: 'Lemonade',
  // 8000 in older releases.
  ports: [13305, 8000],
  transport: 'openai',
  usesNumCtx: false,
  owner: 'lemonade',
  requests: ['GET /v1/health', 'GET /v1/models'],
  identify,
  read,
  load: {
    requests: ({ id: model_name, isPinned }) => [
      { path: '/v1/load', body: { model_name, ...(isPinned ? { pinned: true } : {}) } },
    ],
  },
  unload: { requests: ({ id: model_name }) => [{ path: '/v1/unload', body: { model_name } }] },
};

type Json = Record<string, unknown>;

async function identify(ask: Ask): Promise<boolean> {
  const health = await ask('GET /v1/health');
  if (isLocked(health)) return true;
  const body = goodObject(health);
  return Array.isArray(body?.['all_models_loaded']) && asString(body['version']) !== undefined;
}

function isLocked(reply: Reply | null): boolean {
  return reply?.status === 401 && asObject(reply.json)?.['error'] === 'Invalid or missing API key';
}

async function read(ask: Ask): Promise<Reading | null> {
  const [health, list] = await Promise.all([ask('GET /v1/health'), ask('GET /v1/models')]);
  const body = goodObject(health);
  const running = body?.['all_models_loaded'];
  const loaded = Array.isArray(running)
    ? new Map(namedItems(running, 'model_name').map(({ name, item }) => [name, item]))
    : undefined;
  return listReading(list, asString(body?.['version']), (items) => ({
    models: items
      .filter(({ item }) => item['downloaded'] !== false)
      .map(({ name, item }) => modelFacts(name, item, loaded)),
  }));
}

function modelFacts(id: string, item: Json, loaded: ReadonlyMap<string, Json> | undefined): ModelFacts {
  const running = loaded?.get(id);
  const size = item['size'];
  const max = asCount(item['max_context_window']) ?? asCount(item['context_length']);
  const window = asCount(asObject(running?.['recipe_options'])?.['ctx_size']);
  return {
    id,
    weights: asString(item['checkpoint']),
    // Gigabytes with a fraction.
    sizeBytes: said(typeof size === 'number' ? asCount(Math.round(size * 1e9)) : undefined),
    capabilities: capabilitiesOf(id, item),
    state: loaded && said(running ? 'loaded' : 'unloaded'),
    busy: typeof running?.['is_busy'] === 'boolean' ? said(running['is_busy']) : undefined,
    contextLength: said(window),
    maxContextLength: said(window === undefined ? max : Math.max(window, max ?? 0)),
    remote: item['recipe'] === 'cloud' ? 'yes' : 'no',
  };
}

const LABELS: ReadonlyMap<string, Capability> = /* @__PURE__ */ new Map<string, Capability>([
  ['vision', 'vision'],
  ['tool-calling', 'tools'],
  ['reasoning', 'reasoning'],
]);

function capabilitiesOf(id: string, item: Json): ModelFacts['capabilities'] {
  const labels = strings(item['labels']);
  if (labels.includes('embeddings')) return said(['embedding']);
  if (labels.includes('reranking')) return said(['rerank']);
  const guess = assumedCapabilities(id);
  if (!guess.includes('chat')) return assumed(guess);
  // Only this engine is known to hold an answer to a schema.
  const schema: readonly Capability[] = item['recipe'] === 'llamacpp' ? ['json-schema'] : [];
  const found = [...guess, ...schema, ...labels.flatMap((label) => LABELS.get(label) ?? [])];
  return labels.length > 0 ? said(found) : assumed(found);
}
