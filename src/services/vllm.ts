import { asObject, asString } from '../internal/json.js';
import { goodObject, listReading, openAiList, said, windowsOf } from './reply.js';
import { schemaCapabilities } from './served-model.js';
import type { Ask, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/** vLLM, Python and Rust front end; facts read from its source, not checked against a real server. */
export const vllm: ServiceSpec = {
  type: 'vllm',
  name: 'vLLM',
  ports: [8000],
  transport: 'openai',
  usesNumCtx: false,
  owner: 'vllm',
  requests: ['GET /version', 'GET /v1/models'],
  identify,
  read,
};

type Json = Record<string, unknown>;

async function identify(ask: Ask): Promise<boolean> {
  // First, because the list of another server on this port (llama-cpp-python) would break off a running answer.
  if (versionOf(await ask('GET /version')) === undefined) return false;
  const list = await ask('GET /v1/models');
  // With a key `/version` stays open, and `error` is a bare string: no other server says it so.
  if (list?.status === 401) return asObject(list.json)?.['error'] === 'Unauthorized';
  return openAiList(list)?.some(({ item }) => item['owned_by'] === 'vllm') ?? false;
}

function versionOf(reply: Reply | null): string | undefined {
  const version = asString(goodObject(reply)?.['version']);
  // LocalAI has a version of blanks and brackets here.
  return version !== undefined && /\d/.test(version) ? version : undefined;
}

async function read(ask: Ask): Promise<Reading | null> {
  const [version, list] = await Promise.all([ask('GET /version'), ask('GET /v1/models')]);
  return listReading(list, versionOf(version), (items) => {
    const windowOf = windowsOf(items);
    return { models: items.map(({ name, item }) => modelFacts(name, item, windowOf(item))) };
  });
}

function modelFacts(id: string, item: Json, window: number | undefined): ModelFacts {
  return {
    id,
    weights: asString(item['root']),
    capabilities: schemaCapabilities(id),
    state: said('loaded'),
    contextLength: said(window),
    maxContextLength: said(window),
  };
}
