import type { Capability } from '../core/model.js';
import { asArray, asCount, asObject, asString } from '../internal/json.js';
import { cachePerToken } from './cache-per-token.js';
import { assumed, goodObject, listReading, said, strings } from './reply.js';
import { ASSUMED_CONTEXT, assumedCapabilities, parameterCount } from './served-model.js';
import type { Ask, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * Docker Model Runner; measured on 642c7211. Its engines are llama.cpp, vLLM and others, so their wire is theirs.
 * `/models/create` downloads, and `/engines/status` says "Running" without an engine: neither is in the table.
 * It answers Ollama's routes too. Answers name the model by the path of its file.
 */
export const dockerModelRunner: ServiceSpec = {
  type: 'docker-model-runner',
  name: 'Docker Model Runner',
  ports: [12434],
  transport: 'openai',
  usesNumCtx: false,
  owner: 'docker',
  requests: ['GET /', 'GET /version', 'GET /v1/models', 'GET /models', 'GET /engines/ps', 'GET /engines/_configure'],
  identify,
  read,
  load: {
    requests: ({ id: model }) => [
      {
        path: '/v1/chat/completions',
        headers: { 'x-preload-only': 'true' },
        body: { model, messages: [{ role: 'user', content: 'hi' }] },
      },
    ],
  },
  unload: { requests: ({ id }) => [{ path: '/engines/unload', body: { models: namesOf(id) } }] },
};

type Json = Record<string, unknown>;

async function identify(ask: Ask): Promise<boolean> {
  return (await ask('GET /'))?.text.trim() === 'Docker Model Runner is running';
}

async function read(ask: Ask): Promise<Reading | null> {
  const [list, version, native, running, settings] = await Promise.all([
    ask('GET /v1/models'),
    ask('GET /version'),
    ask('GET /models'),
    ask('GET /engines/ps'),
    ask('GET /engines/_configure'),
  ]);
  const store = byTag(native);
  const runners = objects(running);
  const configured = objects(settings) ?? [];
  return listReading(list, asString(goodObject(version)?.['version']), (items) => ({
    models: items.map(({ name, item }) => modelFacts(name, item, { kept: store.get(name), runners, configured })),
  }));
}

function objects(reply: Reply | null): Json[] | undefined {
  const list = reply?.status === 200 ? reply.json : undefined;
  return Array.isArray(list) ? list.map((entry) => asObject(entry) ?? {}) : undefined;
}

function byTag(native: Reply | null): ReadonlyMap<string, Json> {
  return new Map((objects(native) ?? []).flatMap((kept) => strings(kept['tags']).map((tag) => [tag, kept] as const)));
}

function modelFacts(
  id: string,
  item: Json,
  o: {
    readonly kept: Json | undefined;
    readonly runners: readonly Json[] | undefined;
    readonly configured: readonly Json[];
  },
): ModelFacts {
  const names = namesOf(id);
  const dmr = asObject(item['dmr']) ?? {};
  const config = asObject(o.kept?.['config']) ?? {};
  const own = o.runners?.filter((runner) => names.includes(asString(runner['model_name']) ?? '')) ?? [];
  const set = o.configured.find((entry) => names.includes(asString(entry['Model']) ?? ''));
  const max = asCount(dmr['context_window']);
  // What is packed with the model comes before what was configured.
  const window = asCount(config['context_size']) ?? asCount(asObject(set?.['Config'])?.['context-size']);
  return {
    id,
    aliases: names.filter((name) => name !== id),
    digest: said(asString(o.kept?.['id'])),
    parameters: parameterCount(asString(dmr['parameters'])),
    architecture: asString(dmr['architecture']),
    sizeBytes: said(bytesOf(asString(dmr['size']))),
    quantization: said(asString(dmr['quantization'])),
    cacheBytesPerToken: said(cachePerToken(config['gguf'])),
    capabilities: capabilitiesOf(id, own, asObject(config['gguf'])),
    // Once for each way in which it is used; one that loads is no use yet.
    state:
      o.runners && said(own.length === 0 ? 'unloaded' : own.every((r) => r['loading'] === true) ? 'loading' : 'loaded'),
    busy: o.runners && said(own.some((runner) => runner['in_use'] === true)),
    contextLength: said(window) ?? assumed(Math.min(max ?? ASSUMED_CONTEXT, ASSUMED_CONTEXT)),
    maxContextLength: said(max === undefined ? window : Math.max(max, window ?? 0)),
  };
}

/** The list puts a registry host before each name and a tag behind it; requests and `/engines/ps` do without both. */
function namesOf(id: string): string[] {
  const short = id.replace(/^[^/]*[.:][^/]*\/(?=.)/, '');
  return [...new Set([id, short].flatMap((name) => [name, name.replace(/(?<=.):latest$/, '')]))];
}

const UNITS: ReadonlyMap<string, number> = /* @__PURE__ */ new Map([
  ['B', 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
  ['KB', 1e3],
  ['kB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
]);

/** Sizes are texts such as `467.75KiB`, rounded by the server. */
function bytesOf(text: string | undefined): number | undefined {
  const [, number, unit = ''] = /^(\d{1,12}(?:\.\d{1,6})?)\s?([KkMGT]?i?B)$/.exec(text ?? '') ?? [];
  return asCount(Math.round(Number(number) * (UNITS.get(unit) ?? Number.NaN)));
}

/** Only a GGUF carries its template into the list; the runner's mode tells embedding models. */
function capabilitiesOf(id: string, own: readonly Json[], gguf: Json | undefined): ModelFacts['capabilities'] {
  const modes = own.map((runner) => runner['mode']);
  const isEmbedding = modes.length > 0 && asArray(modes).every((mode) => mode === 'embedding');
  const template = asString(gguf?.['tokenizer.chat_template']);
  if (isEmbedding && template === undefined) return said(['embedding']);
  const guess = assumedCapabilities(id);
  if (!guess.includes('chat')) return assumed(guess);
  const found: Capability[] = [...guess, 'json-schema'];
  if (template === undefined) return assumed(found);
  if (/\btools\b|tool_call/.test(template)) found.push('tools');
  if (/<think|enable_thinking|reasoning_content/.test(template)) found.push('reasoning');
  return said(found);
}
