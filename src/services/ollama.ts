import type { Capability } from '../core/model.js';
import { asCount, asObject, asString } from '../internal/json.js';
import { askEach } from './ask-each.js';
import { cachePerToken } from './cache-per-token.js';
import { assumed, goodObject, type ListItem, namedItems, openAiList, refusal, said, strings } from './reply.js';
import { ASSUMED_CONTEXT, parameterCount, schemaCapabilities } from './served-model.js';
import type { Ask, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * Ollama through its native API; facts read from its source and measured on 0.33.
 * `/api/show` is never asked about a cloud model: that would call out.
 */
export const ollama: ServiceSpec = {
  type: 'ollama',
  name: 'Ollama',
  ports: [11434],
  transport: 'ollama',
  looseJson: true,
  usesNumCtx: true,
  requests: ['GET /', 'GET /api/version', 'GET /api/tags', 'GET /api/ps', 'GET /v1/models', 'POST /api/show'],
  identify,
  read,
  load: {
    renews: true,
    // Without the context that it has, a loaded model would be loaded anew. An embedding model refuses to generate.
    requests: ({ id: model, isEmbedding, numCtx: num_ctx, isPinned }) => [
      {
        path: isEmbedding ? '/api/embed' : '/api/generate',
        body: {
          model,
          ...(isEmbedding ? { input: '' } : {}),
          ...(isPinned ? { keep_alive: -1 } : {}),
          ...(num_ctx === undefined ? {} : { options: { num_ctx } }),
        },
      },
    ],
  },
  unload: { requests: ({ id: model }) => [{ path: '/api/generate', body: { model, keep_alive: 0 } }] },
  digests,
};

async function identify(ask: Ask): Promise<boolean> {
  const [tags, version, root] = await Promise.all([ask('GET /api/tags'), ask('GET /api/version'), ask('GET /')]);
  const models = modelsOf(tags);
  if (models === undefined || isAnotherVersion(version)) return false;
  const isEmulated = EMULATED_VERSIONS.has(goodObject(version)?.['version']);
  if (models.some((entry) => isAnotherModel(entry, isEmulated))) return false;
  if (root?.status === 200 && root.text.trim() === 'Ollama is running') return true;
  if (models.length === 0 ? isEmulated : namedItems(models, 'name').length === 0) return false;
  // A reverse proxy hides the greeting, and so do impostors: their OpenAI list names them.
  const owners = (openAiList(await ask('GET /v1/models')) ?? []).map(({ item }) => item['owned_by']);
  return !owners.some((owner) => OTHER_OWNERS.has(owner));
}

function modelsOf(tags: Reply | null): readonly unknown[] | undefined {
  const models = goodObject(tags)?.['models'];
  return Array.isArray(models) ? models : undefined;
}

// Ollama gives the namespace of a model ("library"); these give their own name.
const OTHER_OWNERS: ReadonlySet<unknown> = /* @__PURE__ */ new Set([
  'koboldcpp',
  'docker',
  'lemonade',
  'sglang',
  'vllm',
  'llama-swap',
  'llamacpp',
  'organization_owner',
]);

/** llama-swap adds `commit`, Open WebUI `deployment_id`; Ollama says its version and nothing else. */
function isAnotherVersion(reply: Reply | null): boolean {
  const body = goodObject(reply);
  return body !== undefined && Object.keys(body).some((key) => key !== 'version');
}

// Constants of LocalAI, KoboldCpp and Docker Model Runner.
const EMULATED_VERSIONS: ReadonlySet<unknown> = /* @__PURE__ */ new Set(['0.9.0', '0.7.0', '0.1.0']);

function isAnotherModel(entry: unknown, isEmulated: boolean): boolean {
  const model = asObject(entry) ?? {};
  const details = asObject(model['details']) ?? {};
  if (details['family'] === 'koboldcpp' || details['format'] === 'sglang') return true;
  // No manifest is empty, and its digest stands alone: LocalAI and Docker Model Runner write otherwise.
  return isEmulated && (model['size'] === 0 || /^sha256:/.test(asString(model['digest']) ?? ''));
}

async function read(ask: Ask): Promise<Reading | null> {
  const [tags, version, ps] = await Promise.all([ask('GET /api/tags'), ask('GET /api/version'), ask('GET /api/ps')]);
  const status = refusal(tags);
  if (status !== undefined) return { status, models: [] };
  const list = modelsOf(tags);
  if (list === undefined) return null;
  const running = modelsOf(ps)?.map((entry) => asObject(entry) ?? {});
  const listed = namedItems(list, 'name');
  const shown = await showAll(ask, listed);
  return {
    status: 'up',
    version: asString(goodObject(version)?.['version']),
    models: listed.map(({ name, item }) => modelFacts(name, item, running, shown.get(name))),
  };
}

/** Of what is in memory there may be two under one name: a runner keeps the digest that it was loaded with. */
async function digests(ask: Ask, id: string, of: 'listed' | 'loaded'): Promise<string[] | null> {
  const list = modelsOf(await ask(of === 'listed' ? 'GET /api/tags' : 'GET /api/ps'));
  const named = list?.map((entry) => asObject(entry) ?? {}).filter((entry) => entry['name'] === id);
  return named?.flatMap((entry) => asString(entry['digest']) ?? []) ?? null;
}

type Json = Record<string, unknown>;

/** `/api/show` where the list lacks capabilities or the trained window, as it does before 0.30. */
function showAll(ask: Ask, listed: readonly ListItem[]): Promise<Map<string, Json>> {
  const unknown = listed
    .filter(({ name, item }) => !isRemote(name, item))
    .filter(({ item }) => !Array.isArray(item['capabilities']) || trainedContext(item) === undefined);
  return askEach(
    ask,
    unknown.map(({ name }) => name),
    (model) => ({ model }),
  );
}

function modelFacts(
  name: string,
  item: Json,
  running: readonly Json[] | undefined,
  shown: Json | undefined,
): ModelFacts {
  const digest = asString(item['digest']);
  // One runner serves all names over one digest; the name of a re-created model may be held by a runner of old weights.
  const runner = running?.find((r) => (digest && asString(r['digest']) ? r['digest'] === digest : r['name'] === name));
  const max = trainedContext(item) ?? shownContext(shown);
  const details = asObject(item['details']);
  const info = asObject(shown?.['model_info']);
  const short = name.endsWith(':latest') ? name.slice(0, -':latest'.length) : undefined;
  return {
    id: name,
    aliases: short ? [short] : undefined,
    digest: said(digest),
    sizeBytes: said(asCount(item['size'])),
    weights: baseOf(info),
    parameters: asCount(info?.['general.parameter_count']) ?? parameterCount(asString(details?.['parameter_size'])),
    architecture: asString(details?.['family']),
    quantization: said(asString(details?.['quantization_level'])),
    cacheBytesPerToken: said(cachePerToken(info)),
    capabilities: capabilities(name, item, shown),
    state: running === undefined ? assumed('unknown') : said(runner ? 'loaded' : 'unloaded'),
    contextLength: said(asCount(runner?.['context_length'])) ?? contextOfLoad(shown, max),
    maxContextLength: said(max),
    memoryBytes: said(asCount(runner?.['size'])),
    remote: isRemote(name, item) ? 'yes' : 'no',
  };
}

/** The name that whoever made the file wrote into it; without the finetune nobody can tell the base from its chat model. */
function baseOf(info: Json | undefined): string | undefined {
  const [basename, finetune, ...rest] = ['basename', 'finetune', 'size_label', 'version'].map((field) =>
    asString(info?.[`general.${field}`]),
  );
  if (basename === undefined || finetune === undefined) return undefined;
  return [basename, rest[0], finetune, rest[1]].filter((part) => part !== undefined).join('-');
}

/** Ollama passes these on to another machine: stubs say so, cloud names are sent out whether listed or not. */
export function isRemote(name: string, item: Json): boolean {
  if (asString(item['remote_host']) !== undefined || asString(item['remote_model']) !== undefined) return true;
  return CLOUD_TAG.test(name);
}

// As Ollama reads it: in any case, with blanks around it.
const CLOUD_TAG = /:\s*(?:[^/:]*-)?cloud\s*(?::|$)/i;

function trainedContext(item: Json): number | undefined {
  return asCount(asObject(item['details'])?.['context_length']);
}

function shownContext(shown: Json | undefined): number | undefined {
  const info = asObject(shown?.['model_info']) ?? {};
  return asCount(info[`${String(info['general.architecture'])}.context_length`]);
}

/** What a load would give: `num_ctx` of the Modelfile, else the least of the automatic sizes; never above the trained window. */
function contextOfLoad(shown: Json | undefined, max: number | undefined): ModelFacts['contextLength'] {
  const line = /^num_ctx\s+(\d{1,15})\s*$/m.exec(asString(shown?.['parameters']) ?? '');
  const set = asCount(Number(line?.[1]));
  if (set !== undefined) return said(Math.min(set, max ?? set));
  return assumed(Math.min(max ?? ASSUMED_CONTEXT, ASSUMED_CONTEXT));
}

const CAPABILITIES: ReadonlyMap<string, readonly Capability[]> = /* @__PURE__ */ new Map<string, readonly Capability[]>(
  [
    // A JSON schema is enforced for every model that completes.
    ['completion', ['completion', 'chat', 'json-schema']],
    ['insert', ['fill-in-the-middle']],
    ['tools', ['tools']],
    ['vision', ['vision']],
    ['audio', ['audio']],
    ['thinking', ['reasoning']],
    ['embedding', ['embedding']],
    ['image', ['image-generation']],
  ],
);

/** What its list of capabilities means; `undefined` where there is none. */
export function ollamaCapabilities(list: unknown): Capability[] | undefined {
  return Array.isArray(list) ? strings(list).flatMap((word) => CAPABILITIES.get(word) ?? []) : undefined;
}

function capabilities(name: string, item: Json, shown: Json | undefined): ModelFacts['capabilities'] {
  const known = ollamaCapabilities(item['capabilities']) ?? ollamaCapabilities(shown?.['capabilities']);
  return said(known) ?? schemaCapabilities(name);
}
