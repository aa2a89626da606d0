import type { ServiceType } from '../core/service.js';
import { asCount, asObject, asString } from '../internal/json.js';
import { isRemote, ollamaCapabilities } from './ollama.js';
import { goodObject, namedItems, refusal, said } from './reply.js';
import type { Ask, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * Open WebUI, a proxy before Ollama and servers of the OpenAI dialect; measured on 0.12.4.
 * Its list wants a key also where nobody has to log in, and asks each backend for its own list.
 */
export const openWebUI: ServiceSpec = {
  type: 'open-webui',
  name: 'Open WebUI',
  // 3000 is what its documentation maps the container to.
  ports: [8080, 3000],
  transport: 'openai',
  isProxy: true,
  // Below `/v1` and everywhere else it serves its page, with status 200.
  apiPath: '/api',
  usesNumCtx: false,
  requests: ['GET /api/config', 'GET /api/models'],
  identify: async (ask) => configOf(await ask('GET /api/config')) !== undefined,
  read,
};

type Json = Record<string, unknown>;

/** Its name says nothing: installations are renamed. */
function configOf(reply: Reply | null): { version: string } | undefined {
  const config = goodObject(reply);
  const version = asString(config?.['version']);
  const isOwn = config?.['status'] === true && asString(config['name']) !== undefined && asObject(config['features']);
  return isOwn && version !== undefined ? { version } : undefined;
}

async function read(ask: Ask): Promise<Reading | null> {
  const [config, list] = await Promise.all([ask('GET /api/config'), ask('GET /api/models')]);
  const version = configOf(config)?.version;
  const status = refusal(list);
  if (status === 'unauthorized') {
    const why = 'wants the key of a user';
    const remedy =
      'Make an API key in the account settings of Open WebUI (an administrator has to allow keys) and give it as `apiKey` of this service.';
    return { status, version, models: [], refused: { why, remedy } };
  }
  if (status !== undefined) return { status, version, models: [] };
  const data = goodObject(list)?.['data'];
  if (!Array.isArray(data)) return null;
  const items = namedItems(data, 'id');
  return {
    status: 'up',
    version,
    behind: backends(items.map(({ item }) => item)),
    models: items.map(({ name, item }) => modelFacts(name, item)),
  };
}

const OWNERS: ReadonlyMap<unknown, ServiceType> = /* @__PURE__ */ new Map<unknown, ServiceType>([
  ['vllm', 'vllm'],
  ['llamacpp', 'llama.cpp'],
  ['llama-swap', 'llama-swap'],
  ['organization_owner', 'lmstudio'],
  ['koboldcpp', 'koboldcpp'],
  ['docker', 'docker-model-runner'],
  ['lemonade', 'lemonade'],
  ['sglang', 'sglang'],
  ['tabbyAPI', 'tabbyapi'],
]);

/** What it stands before, as far as the lists of its backends name them; it passes those on unchanged. */
function backends(items: readonly Json[]): ServiceType[] | undefined {
  const found = items.flatMap((item): ServiceType[] => {
    if (asObject(item['ollama'])) return ['ollama'];
    return [OWNERS.get(asObject(item['openai'])?.['owned_by']) ?? []].flat();
  });
  return found.length > 0 ? [...new Set(found)] : undefined;
}

function modelFacts(id: string, item: Json): ModelFacts {
  const tag = asObject(item['ollama']);
  const upstream = asObject(item['openai']) ?? {};
  const info = asObject(item['info']);
  const details = asObject(tag?.['details']);
  const window =
    asCount(asObject(info?.['params'])?.['num_ctx']) ??
    asCount(upstream['max_model_len']) ??
    asCount(asObject(upstream['meta'])?.['n_ctx']) ??
    asCount(upstream['context_length']);
  // As Ollama, Jan and Lemonade mark what they pass on themselves.
  const leaves = (tag && isRemote(id, tag)) || upstream['owned_by'] === 'remote' || upstream['recipe'] === 'cloud';
  return {
    id,
    // A preset of a user's has a name of its own over the model that it uses.
    weights: asString(info?.['base_model_id']),
    digest: said(asString(tag?.['digest'])),
    sizeBytes: said(asCount(tag?.['size'])),
    quantization: said(asString(details?.['quantization_level'])),
    // It has no route for text completions, so a gap cannot be filled through it.
    capabilities: said(
      ollamaCapabilities(tag?.['capabilities'])?.filter((capability) => capability !== 'fill-in-the-middle'),
    ),
    state: said(typeof item['loaded'] === 'boolean' ? (item['loaded'] ? 'loaded' : 'unloaded') : undefined),
    contextLength: said(window),
    maxContextLength: said(asCount(details?.['context_length']) ?? window),
    // `connection_type` is a label that says nothing of where a connection or pipe leads.
    remote: leaves ? 'yes' : 'unknown',
  };
}
