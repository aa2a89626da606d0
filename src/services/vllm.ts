import { asCount, asObject, asString } from '../internal/json.js';
import { assumed, goodObject, openAiList, refusal, said } from './reply.js';
import { assumedCapabilities } from './served-model.js';
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
  const status = refusal(list);
  if (status !== undefined) return { status, version: versionOf(version), models: [] };
  const items = openAiList(list);
  if (items === undefined) return null;
  const windows = new Map(items.map(({ name, item }) => [name, asCount(item['max_model_len'])]));
  return {
    status: 'up',
    version: versionOf(version),
    models: items.map(({ name, item }) => modelFacts(name, item, windows)),
  };
}

function modelFacts(id: string, item: Json, windows: ReadonlyMap<string, number | undefined>): ModelFacts {
  // A LoRA adapter has no window of its own: it runs in its parent's.
  const window = asCount(item['max_model_len']) ?? windows.get(asString(item['parent']) ?? '');
  const guess = assumedCapabilities(id);
  return {
    id,
    weights: asString(item['root']),
    capabilities: assumed(guess.includes('chat') ? [...guess, 'json-schema'] : guess),
    state: said('loaded'),
    contextLength: said(window),
    maxContextLength: said(window),
  };
}
