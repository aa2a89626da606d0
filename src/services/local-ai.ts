import type { Capability } from '../core/model.js';
import { asArray, asCount, asObject, asString } from '../internal/json.js';
import { askEach } from './ask-each.js';
import { goodObject, type ListItem, namedItems, openAiList, refusal, said, strings } from './reply.js';
import { schemaCapabilities } from './served-model.js';
import type { Ask, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * LocalAI; facts read from its source (4.9) and measured on 3.12.1.
 * It answers Ollama's routes, and a name with a slash that it does not know may be downloaded: only listed names without one
 * are asked about. An alias of a model that it passes on to a cloud shows in no reply: a limit of this description.
 */
export const localAI: ServiceSpec = {
  type: 'localai',
  name: 'LocalAI',
  ports: [8080],
  transport: 'openai',
  usesNumCtx: false,
  requests: [
    'GET /.well-known/localai.json',
    'GET /version',
    'GET /system',
    'GET /readyz',
    'GET /v1/models/capabilities',
    'GET /v1/models',
    'GET /api/tags',
    'POST /api/show',
  ],
  identify,
  read,
  load: { requests: ({ id: model }) => [{ path: '/backend/load', body: { model } }] },
  unload: { requests: ({ id: model }) => [{ path: '/backend/shutdown', body: { model } }] },
};

type Json = Record<string, unknown>;

async function identify(ask: Ask): Promise<boolean> {
  const card = await ask('GET /.well-known/localai.json');
  const about = goodObject(card);
  if (about) return 'version' in about && asObject(about['endpoints']) !== undefined;
  if (isLoginPage(card)) {
    const ready = await ask('GET /readyz');
    return ready?.status === 200 && ready.text === '';
  }
  // Older builds do not have the card. Whoever refuses it in another form is another server and asked no further.
  if (!isUnknownPath(card)) return false;
  const [version, system] = await Promise.all([ask('GET /version'), ask('GET /system')]);
  const keys = Object.keys(goodObject(version) ?? {});
  const state = goodObject(system);
  return keys.join() === 'version' && Array.isArray(state?.['backends']) && Array.isArray(state['loaded_models']);
}

/** Its 404 has an empty `type`; with opaque errors it has no body at all. */
function isUnknownPath(reply: Reply | null): boolean {
  if (reply?.status !== 404) return false;
  return reply.text === '' || asObject(asObject(reply.json)?.['error'])?.['type'] === '';
}

/** With a key, 3.x refuses every GET with its web page, whatever is accepted; `/readyz` stays open. */
function isLoginPage(reply: Reply | null): boolean {
  const challenge = reply?.headers.get('www-authenticate') ?? '';
  return reply?.status === 401 && /^Bearer/i.test(challenge) && reply.text.includes('static/assets/highlightjs.');
}

async function read(ask: Ask): Promise<Reading | null> {
  const [card, ready, capable] = await Promise.all([
    ask('GET /.well-known/localai.json'),
    ask('GET /readyz'),
    ask('GET /v1/models/capabilities'),
  ]);
  const versioned = goodObject(card) ?? goodObject(await ask('GET /version'));
  // An unstamped build says " ()".
  const version = /v?\d[\w.+-]*/.exec(asString(versioned?.['version']) ?? '')?.[0];
  if (ready?.status === 503 && asObject(ready.json)?.['status'] === 'starting') {
    return { status: 'loading', version, models: [] };
  }
  const rich = openAiList(capable);
  const plain = rich ? null : await ask('GET /v1/models');
  const status = refusal(rich ? null : plain);
  if (status !== undefined) return { status, version, models: [] };
  const items = rich ?? openAiList(plain);
  if (items === undefined) return null;
  const [system, tags] = await Promise.all([ask('GET /system'), rich ? ask('GET /api/tags') : null]);
  const loaded = loadedNames(system);
  const tagged = new Map(namedItems(goodObject(tags)?.['models'], 'name').map(({ name, item }) => [name, item]));
  const shown = tagged.size === 0 ? new Map<string, Json>() : await askEach(ask, unsized(items), (name) => ({ name }));
  return {
    status: 'up',
    version,
    // The order of the list changes from call to call.
    models: items
      .map(({ name, item }) => {
        const tag = tagged.get(name) ?? tagged.get(`${name}:latest`) ?? {};
        const state = loaded && (loaded.has(name) ? ('loaded' as const) : ('unloaded' as const));
        return { ...modelFacts(name, item, tag, shown.get(name)), state: said(state) };
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

/** What `/system` lists; with keys of several users it is for the administrator only. */
function loadedNames(system: Reply | null): ReadonlySet<string> | undefined {
  const list = goodObject(system)?.['loaded_models'];
  if (!Array.isArray(list)) return undefined;
  return new Set(asArray(list).flatMap((entry) => asString(asObject(entry)?.['id']) ?? []));
}

/** The chat models whose window the list leaves out, as it does up to 4.9. */
function unsized(items: readonly ListItem[]): string[] {
  return items
    .filter(({ name, item }) => !name.includes('/') && asCount(item['context_size']) === undefined)
    .filter(({ item }) => strings(item['capabilities']).some((word) => word === 'chat' || word === 'completion'))
    .map(({ name }) => name);
}

function modelFacts(id: string, item: Json, tag: Json, shown: Json | undefined): ModelFacts {
  const details = asObject(tag['details']);
  const set = asObject(shown?.['model_info'])?.['general.context_length'];
  return {
    id,
    sizeBytes: said(asCount(tag['size'])),
    quantization: said(asString(details?.['quantization_level'])),
    capabilities: capabilitiesOf(id, item),
    contextLength: said(asCount(item['context_size']) ?? asCount(set)),
    // The backend stands where Ollama has the family.
    remote: details?.['family'] === 'cloud-proxy' ? 'yes' : 'no',
  };
}

const CAPABILITIES: ReadonlyMap<string, readonly Capability[]> = /* @__PURE__ */ new Map<string, readonly Capability[]>(
  [
    // A JSON schema becomes a grammar.
    ['chat', ['chat', 'json-schema']],
    ['completion', ['completion']],
    ['vision', ['vision']],
    ['tools', ['tools']],
    ['thinking', ['reasoning']],
    ['embeddings', ['embedding']],
    ['rerank', ['rerank']],
    ['image', ['image-generation']],
    ['tts', ['speech']],
  ],
);

function capabilitiesOf(id: string, item: Json): ModelFacts['capabilities'] {
  const words = item['capabilities'];
  if (Array.isArray(words)) return said(strings(words).flatMap((word) => CAPABILITIES.get(word) ?? []));
  return schemaCapabilities(id);
}
