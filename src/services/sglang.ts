import type { Capability } from '../core/model.js';
import { asArray, asCount, asObject, asString } from '../internal/json.js';
import { assumed, goodObject, listReading, openAiList, said, windowsOf } from './reply.js';
import { schemaCapabilities } from './served-model.js';
import type { Ask, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * SGLang; facts read from its source, not checked against a real server.
 * `/health` and `/health_generate` generate a token, and `/server_info` holds the keys: neither is in the table.
 * It answers Ollama's `/api/tags` too. An adapter is asked for as `base:adapter`; by its own name the base would answer.
 */
export const sglang: ServiceSpec = {
  type: 'sglang',
  name: 'SGLang',
  ports: [30000],
  transport: 'openai',
  usesNumCtx: false,
  owner: 'sglang',
  never: ['GET /health'],
  requests: ['GET /', 'GET /v1/models', 'GET /model_info', 'GET /v1/loads?include=core'],
  identify,
  read,
};

type Json = Record<string, unknown>;

async function identify(ask: Ask): Promise<boolean> {
  if ((await ask('GET /'))?.json === 'SGLang is running') return true;
  // The text at the root can be replaced, for example by Ollama's.
  return openAiList(await ask('GET /v1/models'))?.some(({ item }) => item['owned_by'] === 'sglang') ?? false;
}

async function read(ask: Ask): Promise<Reading | null> {
  const [list, about, load] = await Promise.all([
    ask('GET /v1/models'),
    ask('GET /model_info'),
    ask('GET /v1/loads?include=core'),
  ]);
  const capabilities = capabilitiesOf(goodObject(about));
  return listReading(list, asString(goodObject(load)?.['version']), (items) => {
    const windowOf = windowsOf(items);
    return {
      maxConcurrent: requestsAtOnce(load),
      models: items.map(({ name, item }) => modelFacts(name, item, windowOf(item), capabilities)),
    };
  });
}

/** Of all its data-parallel ranks together. */
function requestsAtOnce(load: Reply | null): number | undefined {
  const ranks = asArray(goodObject(load)?.['loads']).map((rank) => asCount(asObject(rank)?.['max_running_requests']));
  return ranks.includes(undefined) ? undefined : asCount(ranks.reduce<number>((sum, n) => sum + (n ?? 0), 0));
}

function modelFacts(
  id: string,
  item: Json,
  window: number | undefined,
  capabilities: ModelFacts['capabilities'],
): ModelFacts {
  const parent = asString(item['parent']);
  return {
    id: parent === undefined ? id : `${parent}:${id}`,
    aliases: parent === undefined ? undefined : [id],
    weights: asString(item['root']),
    capabilities: capabilities ?? schemaCapabilities(id),
    state: said('loaded'),
    contextLength: said(window),
    maxContextLength: said(window),
  };
}

/** Whether tools and thoughts are parsed stands only beside the keys, so they are neither promised nor ruled out. */
function capabilitiesOf(about: Json | undefined): ModelFacts['capabilities'] {
  if (about?.['is_generation'] === false) return said(['embedding']);
  if (about?.['is_generation'] !== true) return undefined;
  const found: Capability[] = ['completion', 'chat', 'json-schema'];
  if (about['has_image_understanding'] === true) found.push('vision');
  if (about['has_audio_understanding'] === true) found.push('audio');
  return assumed(found);
}
