import type { Capability } from '../core/model.js';
import { asArray, asCount, asObject, asString } from '../internal/json.js';
import { goodObject, type ListItem, namedItems, openAiList, refusal, said, strings } from './reply.js';
import { parameterCount, schemaCapabilities } from './served-model.js';
import type { Ask, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * LM Studio; facts from its documentation and its SDK, not checked against a real server.
 * A model that LM Link serves from another machine of the user is shown in no reply: a limit of this description.
 */
export const lmStudio: ServiceSpec = {
  type: 'lmstudio',
  name: 'LM Studio',
  ports: [1234],
  transport: 'openai',
  usesNumCtx: false,
  owner: 'organization_owner',
  requests: ['GET /lmstudio-greeting', 'GET /api/v1/models', 'GET /api/v0/models', 'GET /v1/models'],
  identify,
  read,
  load: { requests: ({ id: model }) => [{ path: '/api/v1/models/load', body: { model } }], outcome: noRoute },
  unload: {
    requests: ({ id, aliases }) =>
      [id, ...aliases].map((instance_id) => ({ path: '/api/v1/models/unload', body: { instance_id } })),
    outcome: noRoute,
  },
};

/** Unknown paths are answered with 200 and a text. */
function noRoute({ status, json }: Reply): 'unsupported' | undefined {
  return status === 200 && asString(asObject(json)?.['error']) !== undefined ? 'unsupported' : undefined;
}

type Json = Record<string, unknown>;

async function identify(ask: Ask): Promise<boolean> {
  if (goodObject(await ask('GET /lmstudio-greeting'))?.['lmstudio'] === true) return true;
  const [v1, v0] = await Promise.all([ask('GET /api/v1/models'), ask('GET /api/v0/models')]);
  // An empty list could be anybody's.
  return isLocked(v1) || (nativeItems(v1)?.length ?? 0) > 0 || olderItems(v0) !== undefined;
}

/** The reply of a server that wants a token; other servers answer 401 too, with other words. */
function isLocked(reply: Reply | null): boolean {
  return reply?.status === 401 && asObject(asObject(reply.json)?.['error'])?.['code'] === 'invalid_api_key';
}

/** `/api/v1/models`, since 0.4. */
function nativeItems(reply: Reply | null): ListItem[] | undefined {
  const models = goodObject(reply)?.['models'];
  const items = namedItems(models, 'key');
  return items.length > 0 || (Array.isArray(models) && models.length === 0) ? items : undefined;
}

/** `/api/v0/models`, since 0.3.6. */
function olderItems(reply: Reply | null): ListItem[] | undefined {
  const items = openAiList(reply)?.filter(({ item }) => 'compatibility_type' in item || 'state' in item);
  return items && items.length > 0 ? items : undefined;
}

async function read(ask: Ask): Promise<Reading | null> {
  const v1 = await ask('GET /api/v1/models');
  const native = nativeItems(v1);
  if (native) return { status: 'up', models: native.map(({ name, item }) => nativeModel(name, item)) };
  const older = olderItems(await ask('GET /api/v0/models'));
  if (older) return { status: 'up', models: older.map(({ name, item }) => olderModel(name, item)) };
  const list = await ask('GET /v1/models');
  const items = openAiList(list);
  if (items)
    return { status: 'up', models: items.map(({ name }) => ({ id: name, capabilities: schemaCapabilities(name) })) };
  // Without the token it wants, some versions answer the list with 200 and an error.
  const status = refusal(v1) ?? refusal(list) ?? (asObject(list?.json)?.['error'] ? 'unauthorized' : undefined);
  return status === undefined ? null : { status, models: [] };
}

function nativeModel(id: string, item: Json): ModelFacts {
  const instances = asArray(item['loaded_instances']).map((x) => asObject(x) ?? {});
  const configs = instances.map((x) => asObject(x['config']) ?? {});
  // Several instances of one model may have been loaded with different windows: the smallest holds for all.
  const windows = configs.flatMap((config) => asCount(config['context_length']) ?? []);
  const aliases = instances.flatMap((x) => asString(x['id']) ?? []).filter((alias) => alias !== id);
  const isEmbedding = item['type'] === 'embedding';
  const caps = asObject(item['capabilities']);
  const found: Capability[] = isEmbedding ? ['embedding'] : ['completion', 'chat', 'json-schema'];
  if (caps?.['trained_for_tool_use'] === true) found.push('tools');
  if (caps?.['vision'] === true) found.push('vision');
  if (asObject(caps?.['reasoning'])) found.push('reasoning');
  return {
    id,
    aliases: aliases.length > 0 ? aliases : undefined,
    parameters: parameterCount(asString(item['params_string'])),
    architecture: asString(item['architecture']),
    sizeBytes: said(asCount(item['size_bytes'])),
    quantization: said(asString(asObject(item['quantization'])?.['name'])),
    capabilities: caps || isEmbedding ? said(found) : schemaCapabilities(id),
    state: Array.isArray(item['loaded_instances']) ? said(instances.length > 0 ? 'loaded' : 'unloaded') : undefined,
    contextLength: windows.length > 0 ? said(Math.min(...windows)) : undefined,
    maxContextLength: said(asCount(item['max_context_length'])),
    parallelSlots: said(asCount(configs[0]?.['parallel'])),
  };
}

function olderModel(id: string, item: Json): ModelFacts {
  const type = item['type'];
  const found: Capability[] = type === 'embeddings' ? ['embedding'] : ['completion', 'chat', 'json-schema'];
  if (type === 'vlm') found.push('vision');
  if (strings(item['capabilities']).includes('tool_use')) found.push('tools');
  const isKnown = type === 'llm' || type === 'vlm' || type === 'embeddings';
  const state = item['state'];
  return {
    id,
    architecture: asString(item['arch']),
    quantization: said(asString(item['quantization'])),
    // Before 0.3.16 the list has no capabilities, so tools are not ruled out by their absence.
    capabilities: isKnown
      ? { value: found, source: 'capabilities' in item ? 'server' : 'assumed' }
      : schemaCapabilities(id),
    state: state === 'loaded' ? said('loaded') : state === 'not-loaded' ? said('unloaded') : undefined,
    contextLength: said(asCount(item['loaded_context_length'])),
    maxContextLength: said(asCount(item['max_context_length'])),
  };
}
