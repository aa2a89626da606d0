import type { Capability, ServedModel } from '../core/model.js';
import type { ServiceType } from '../core/service.js';
import { asArray, asCount, asObject, asString } from '../internal/json.js';
import { contextOfLoad } from './llama-cpp.js';
import { goodObject, listReading, namedItems, said, strings } from './reply.js';
import type { Ask, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * llama-swap, a proxy that starts and stops other servers; measured on v250.
 * `GET /unload`, and `HEAD` as well, stops every model; `/upstream/...`, `/props?model=` and any POST start one.
 * Answers name the model as its backend does. The bare name of a peer's model, though unlisted, is passed on too.
 */
export const llamaSwap: ServiceSpec = {
  type: 'llama-swap',
  name: 'llama-swap',
  // Its containers are published on 9292.
  ports: [8080, 9292],
  transport: 'openai',
  usesNumCtx: false,
  owner: 'llama-swap',
  isProxy: true,
  requests: ['GET /api/version', 'GET /v1/models', 'GET /running'],
  identify,
  read,
  load: {
    // Any request starts the model, and this one spends no token; whether its backend knows the path does not matter.
    requests: ({ id }) => [{ path: `/upstream/${pathOf(id)}/health`, method: 'GET' }],
    outcome: ({ json }) => (asObject(json)?.['src'] === 'llama-swap' ? 'failed' : 'done'),
  },
  unload: { requests: ({ id }) => [{ path: `/api/models/unload/${pathOf(id)}` }] },
};

/** Ids may hold slashes, which stay; nothing else of an id may become part of the address. */
function pathOf(id: string): string {
  return id
    .split('/')
    .map((part) => encodeURIComponent(part).replace(/^\.+$/, (dots) => dots.replaceAll('.', '%2E')))
    .join('/');
}

type Json = Record<string, unknown>;

async function identify(ask: Ask): Promise<boolean> {
  const reply = await ask('GET /api/version');
  if (asObject(reply?.json)?.['src'] === 'llama-swap') return true;
  const body = goodObject(reply);
  // Ollama says its version and nothing else.
  return [body?.['version'], body?.['commit'], body?.['build_date']].every((x) => asString(x) !== undefined);
}

async function read(ask: Ask): Promise<Reading | null> {
  const [version, list, active] = await Promise.all([
    ask('GET /api/version'),
    ask('GET /v1/models'),
    ask('GET /running'),
  ]);
  const running = runningOf(active);
  const commands = [...(running?.values() ?? [])].map(({ command }) => command);
  return listReading(list, asString(goodObject(version)?.['version']), (items) => {
    const kinds = new Map(items.map(({ name, item }) => [name, about(item)['type']]));
    return {
      behind: [...new Set(commands.flatMap((command) => backendOf(command) ?? []))],
      models: items
        // An alias stands with its model.
        .filter(({ item }) => about(item)['type'] !== 'alias')
        .map(({ name, item }) => modelFacts(name, item, { running, kinds })),
    };
  });
}

/** A process that it keeps. Its command line may hold secrets: only the kind of server and the window are read from it. */
interface Running {
  readonly state: ServedModel['state']['value'];
  readonly command: readonly string[];
  readonly upstream: string | undefined;
}

const STATES: ReadonlyMap<unknown, Running['state']> = /* @__PURE__ */ new Map<unknown, Running['state']>([
  ['ready', 'loaded'],
  ['starting', 'loading'],
  ['stopping', 'unloaded'],
]);

function runningOf(reply: Reply | null): ReadonlyMap<string, Running> | undefined {
  const list = goodObject(reply)?.['running'];
  if (!Array.isArray(list)) return undefined;
  return new Map(
    namedItems(list, 'model').map(({ name, item }) => [
      name,
      {
        state: STATES.get(item['state']) ?? 'unknown',
        command: asString(item['cmd'])?.split(/\s+/) ?? [],
        upstream: asString(item['proxy']),
      },
    ]),
  );
}

/** Programs and modules by the beginning of their names. */
const BACKENDS: readonly (readonly [RegExp, ServiceType])[] = [
  [/^llama-server/, 'llama.cpp'],
  [/^vllm/, 'vllm'],
  [/^sglang/, 'sglang'],
  [/^mlx_lm/, 'mlx-lm'],
  [/^llama_cpp/, 'llama-cpp-python'],
  [/^koboldcpp/, 'koboldcpp'],
  [/^ollama/, 'ollama'],
];

function backendOf(command: readonly string[]): ServiceType | undefined {
  const names = command.map((word) => word.slice(Math.max(word.lastIndexOf('/'), word.lastIndexOf('\\')) + 1));
  for (const name of names) {
    const found = BACKENDS.find(([pattern]) => pattern.test(name));
    if (found) return found[1];
  }
  return undefined;
}

function about(item: Json): Json {
  return asObject(asObject(item['meta'])?.['llamaswap']) ?? {};
}

function modelFacts(
  id: string,
  item: Json,
  o: {
    readonly running: ReadonlyMap<string, Running> | undefined;
    readonly kinds: ReadonlyMap<string, unknown>;
  },
): ModelFacts {
  const own = o.running?.get(id);
  const isModel = about(item)['type'] === 'model';
  const configured = asCount(item['context_length']) ?? asCount(asObject(item['meta'])?.['n_ctx']);
  const window = own && backendOf(own.command) === 'llama.cpp' ? contextOfLoad(own.command) : undefined;
  const aliases = strings(about(item)['aliases']);
  const listed = asObject(item['status'])?.['value'];
  return {
    id,
    aliases: aliases.length > 0 ? aliases : undefined,
    state:
      isModel && o.running
        ? said(own?.state ?? 'unloaded')
        : said(listed === 'loaded' || listed === 'unloaded' ? listed : undefined),
    // What was configured is for show; the command line is what runs.
    contextLength: said(window ?? configured),
    maxContextLength: said(window === undefined ? configured : Math.max(window, configured ?? 0)),
    capabilities: capabilitiesOf(asObject(item['capabilities'])),
    remote: remoteOf(about(item), o.kinds),
    upstream: own?.upstream,
  };
}

/** A peer is another machine; a selector or profile may choose one, and what it chooses need not be listed. */
function remoteOf(what: Json, kinds: ReadonlyMap<string, unknown>): ModelFacts['remote'] {
  if (what['type'] === 'peer') return 'yes';
  if (what['type'] === 'model' || what['type'] === undefined) return 'no';
  const targets = asArray(what['targets']).map((target) => kinds.get(asString(target) ?? ''));
  if (targets.includes('peer')) return 'yes';
  return targets.length > 0 && targets.every((kind) => kind === 'model') ? 'no' : 'unknown';
}

/** Only what the host configured is told; a schema is for the backend to know. */
function capabilitiesOf(told: Json | undefined): ModelFacts['capabilities'] {
  if (told === undefined) return undefined;
  if (told['reranker'] === true) return said(['rerank']);
  if (told['image_generation'] === true) return said(['image-generation']);
  if (told['audio_speech'] === true) return said(['speech']);
  const found: Capability[] = ['completion', 'chat'];
  if (told['function_calling'] === true) found.push('tools');
  if (told['vision'] === true) found.push('vision');
  return said(found);
}
