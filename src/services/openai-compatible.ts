import type { ServiceEndpoint } from '../core/service.js';
import { asCount, asObject, asString } from '../internal/json.js';
import { llamaCppPython } from './llama-cpp-python.js';
import { openAiList, refusal, said } from './reply.js';
import type { Ask, ModelFacts, Reading, SafeRequest, ServiceSpec } from './service-spec.js';

/** What the host says of an endpoint that is read through this description. */
export type OpenAiEndpoint = Partial<Pick<ServiceEndpoint, 'type' | 'name' | 'paths' | 'models'>>;

/**
 * Any server that speaks the OpenAI protocol and is no other known one. It is never identified: it is what remains.
 * With a host's endpoint: its own paths, its own list of models, and its own type.
 */
export function openAiCompatible(endpoint: OpenAiEndpoint = {}): ServiceSpec {
  const list = `GET ${endpoint.paths?.models ?? '/v1/models'}` as SafeRequest;
  const health = endpoint.paths?.health && (`GET ${endpoint.paths.health}` as SafeRequest);
  const type = endpoint.type ?? 'openai-compatible';
  return {
    type,
    name: type === 'openai-compatible' ? 'OpenAI-compatible server' : type.replace(/^custom:/, ''),
    ports: [],
    // A kind of the host's own may bring a transport of that name; without one, `openai` talks to it.
    transport: type.startsWith('custom:') ? type : 'openai',
    usesNumCtx: false,
    requests: ['GET /openapi.json', list, ...(health ? [health] : [])],
    identify: () => Promise.resolve(false),
    read: (ask) => read(ask, { list, health: health || undefined, models: endpoint.models }),
  };
}

type Json = Record<string, unknown>;
type Route = { list: SafeRequest; health: SafeRequest | undefined; models: readonly string[] | undefined };

async function read(ask: Ask, o: Route): Promise<Reading | null> {
  if (o.list === 'GET /v1/models') {
    // Asked first, because its list would interrupt the answer that it is generating for somebody else.
    const python = await llamaCppPython.read(ask, o.models);
    if (python) return { ...python, owner: llamaCppPython.owner };
  }
  const reply = await ask(o.models && o.health ? o.health : o.list);
  const status = refusal(reply);
  if (status !== undefined) return { status, models: [] };
  const items = openAiList(reply);
  const owner = asString(items?.[0]?.item['owned_by']);
  // Its description was asked for above; behind paths of their own other servers stand.
  const isProxy = items !== undefined && o.list === 'GET /v1/models' && (await isLiteLLM(ask));
  const listed = items?.map(({ name, item }) => ({
    ...modelFacts(name, item),
    // Its list does not say which of its models leave the machine.
    ...(isProxy ? { remote: 'unknown' as const } : {}),
  }));
  if (o.models === undefined) return listed ? { status: 'up', owner, isProxy, models: listed } : null;
  // The host's list counts; any answer shows that somebody is there.
  const byId = new Map(listed?.map((facts) => [facts.id, facts]));
  return reply && { status: 'up', owner, isProxy, models: o.models.map((id) => byId.get(id) ?? { id }) };
}

/** The title of its description; BerriAI/litellm, litellm/proxy/proxy_server.py. A paid licence may change it. */
async function isLiteLLM(ask: Ask): Promise<boolean> {
  return /"title"\s*:\s*"LiteLLM API\b/.test((await ask('GET /openapi.json'))?.text.slice(0, 4_096) ?? '');
}

const STATES: ReadonlyMap<unknown, 'loaded' | 'unloaded'> = /* @__PURE__ */ new Map<unknown, 'loaded' | 'unloaded'>([
  ['loaded', 'loaded'],
  ['unloaded', 'unloaded'],
]);

/** The extra fields that servers and proxies of this dialect add to their lists. */
function modelFacts(id: string, item: Json): ModelFacts {
  const meta = asObject(item['meta']);
  const window = asCount(item['max_model_len']) ?? asCount(meta?.['n_ctx']) ?? asCount(item['context_length']);
  const max =
    asCount(item['max_context_length']) ??
    asCount(item['max_context_window']) ??
    // The trained window; what Docker Model Runner loads with is not in its list.
    asCount(asObject(item['dmr'])?.['context_window']);
  return {
    id,
    weights: asString(item['root']),
    parameters: asCount(meta?.['n_params']),
    contextLength: said(window),
    maxContextLength: said(max ?? window),
    state: said(STATES.get(asObject(item['status'])?.['value'])),
    remote: remoteOf(item, meta),
  };
}

/** Jan, Lemonade and llama-swap mark what they pass on; behind Open WebUI's connections anything may stand. */
function remoteOf(item: Json, meta: Json | undefined): ModelFacts['remote'] {
  const isPeer = asObject(meta?.['llamaswap'])?.['type'] === 'peer';
  if (item['owned_by'] === 'remote' || item['recipe'] === 'cloud' || isPeer) return 'yes';
  return 'connection_type' in item || 'pipe' in item || 'urlIdx' in item ? 'unknown' : 'no';
}
