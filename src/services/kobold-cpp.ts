import type { Capability } from '../core/model.js';
import { asCount, asObject, asString } from '../internal/json.js';
import { assumed, goodObject, openAiList, said } from './reply.js';
import type { Ask, ControlRequest, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * KoboldCpp; measured on 1.104, router mode read from the source of 1.117.
 * It cuts a prompt that does not fit without a word, so its true window is read; one generation runs at a time.
 * All of these requests answer while it generates and leave the generation alone; tokens are counted only to try a key.
 */
export const koboldCpp: ServiceSpec = {
  type: 'koboldcpp',
  name: 'KoboldCpp',
  ports: [5001],
  transport: 'openai',
  cutsPrompts: true,
  usesNumCtx: false,
  owner: 'koboldcpp',
  requests: [
    'GET /api/extra/version',
    'GET /api/extra/true_max_context_length',
    'GET /api/extra/perf',
    'GET /api/v1/model',
    'GET /v1/models',
    'POST /api/extra/tokencount',
  ],
  identify,
  read,
  // With `--admin` only; the process starts anew with it.
  load: { isEarly: true, requests: ({ id }) => reload(id), outcome },
  unload: { requests: () => reload('unload_model'), outcome },
};

function reload(filename: string): readonly ControlRequest[] {
  return [{ path: '/api/admin/reload_config', body: { filename } }];
}

/** Without `--admin` it answers 200 all the same. */
function outcome({ json }: Reply): 'unsupported' | undefined {
  return asObject(json)?.['success'] === false ? 'unsupported' : undefined;
}

type Json = Record<string, unknown>;

async function identify(ask: Ask): Promise<boolean> {
  const about = await ask('GET /api/extra/version');
  return isSwapping(about) || cardOf(about) !== undefined;
}

/** TabbyAPI says the same name, with nothing but a version beside it. */
function cardOf(about: Reply | null): Json | undefined {
  const card = goodObject(about);
  return card?.['result'] === 'KoboldCpp' && typeof card['llm'] === 'boolean' ? card : undefined;
}

/** The router's reply while it exchanges the model. */
function isSwapping(about: Reply | null): boolean {
  return about?.status === 502 && about.text.includes('KoboldCpp is not available');
}

async function read(ask: Ask): Promise<Reading | null> {
  const about = await ask('GET /api/extra/version');
  if (isSwapping(about)) return { status: 'loading', models: [] };
  const card = cardOf(about);
  if (card === undefined) return null;
  const version = asString(card['version']);
  // Lists stay open behind a password; what it guards is generating.
  if (card['protected'] === true && (await ask('POST /api/extra/tokencount', { prompt: '' }))?.status === 401) {
    return { status: 'unauthorized', version, models: [] };
  }
  // Without a text model the list holds the word "inactive", and a chat is answered with nothing.
  if (card['llm'] === false) return { status: 'up', version, maxConcurrent: 1, models: [] };
  const [list, window, perf, current] = await Promise.all([
    ask('GET /v1/models'),
    ask('GET /api/extra/true_max_context_length'),
    ask('GET /api/extra/perf'),
    ask('GET /api/v1/model'),
  ]);
  const listed = openAiList(list)?.filter(({ name }) => !NO_MODELS.has(name));
  if (listed === undefined) return null;
  const loaded = loadedName(card, listed, asString(goodObject(current)?.['result']));
  const running: Partial<ModelFacts> = {
    capabilities: said(capabilitiesOf(card)),
    state: said('loaded'),
    contextLength: said(asCount(goodObject(window)?.['value'])),
    parallelSlots: said(1),
    busy: said(isBusy(goodObject(perf))),
  };
  return {
    status: 'up',
    version,
    maxConcurrent: 1,
    models: listed.map(({ name }) => ({ ...modelFacts(name), ...(name === loaded ? running : {}) })),
  };
}

/** Entries of the list that stand for no model. */
const NO_MODELS: ReadonlySet<string> = /* @__PURE__ */ new Set(['inactive', 'initial_model', 'unload_model']);

/** A router lists its whole folder, and claims of everything that it is loaded. */
function loadedName(card: Json, listed: readonly { name: string }[], current: string | undefined): string | undefined {
  return card['router'] === true || listed.length > 1 ? current : listed[0]?.name;
}

function modelFacts(id: string): ModelFacts {
  const short = /^koboldcpp\/(.+)$/.exec(id)?.[1];
  // Tools and schemas work by grammar, with any model.
  return {
    id,
    aliases: short === undefined ? undefined : [short],
    capabilities: assumed(['completion', 'chat', 'json-schema', 'tools']),
  };
}

function capabilitiesOf(card: Json): readonly Capability[] {
  const found: Capability[] = ['completion', 'chat', 'json-schema', 'tools'];
  if (card['vision'] === true) found.push('vision');
  if (card['audio'] === true) found.push('audio');
  return found;
}

function isBusy(perf: Json | undefined): boolean | undefined {
  const idle = asObject(perf)?.['idle'];
  return idle === 0 || idle === 1 ? idle === 0 : undefined;
}
