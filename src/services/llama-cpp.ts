import type { Capability, ServedModel } from '../core/model.js';
import { asCount, asObject, asString } from '../internal/json.js';
import { assumed, goodObject, listReading, said, strings } from './reply.js';
import { assumedCapabilities } from './served-model.js';
import type { Ask, ModelFacts, Reading, ServiceSpec } from './service-spec.js';

/**
 * llama.cpp's `llama-server`, with one model or as a router over several; measured on v0.5.0 and b11549.
 * `/slots`, `/props?model=` and any POST wake or load a model, so they are not in the table.
 */
export const llamaCpp: ServiceSpec = {
  type: 'llama.cpp',
  name: 'llama.cpp',
  // 8080 up to v0.5.0; later builds have 9931 compiled in.
  ports: [8080, 9931],
  transport: 'openai',
  usesNumCtx: false,
  owner: 'llamacpp',
  requests: ['GET /health', 'GET /props', 'GET /v1/models'],
  identify,
  read,
  load: {
    isEarly: true,
    requests: ({ id: model }) => [{ path: '/models/load', body: { model } }],
    outcome: ({ text }) => (text.includes('already running') ? 'done' : undefined),
  },
  unload: {
    requests: ({ id: model }) => [{ path: '/models/unload', body: { model } }],
    outcome: ({ text }) => (text.includes('is not running') ? 'done' : undefined),
  },
};

type Json = Record<string, unknown>;

async function identify(ask: Ask): Promise<boolean> {
  const health = await ask('GET /health');
  // On every reply, also on 401, 404 and 503.
  if (health?.headers.get('server') === 'llama.cpp') return true;
  // A reverse proxy may drop the header. Only after these words: what `/props` does at other servers is not known.
  if (goodObject(health)?.['status'] !== 'ok') return false;
  const props = goodObject(await ask('GET /props'));
  return (
    asString(props?.['build_info']) !== undefined && asObject(props?.['default_generation_settings']) !== undefined
  );
}

async function read(ask: Ask): Promise<Reading | null> {
  const [list, properties] = await Promise.all([ask('GET /v1/models'), ask('GET /props')]);
  const props = goodObject(properties) ?? {};
  return listReading(list, asString(props['build_info']), (items) => {
    const isRouter = props['role'] === 'router' || items.some(({ item }) => asObject(item['status']) !== undefined);
    return {
      childPorts: isRouter ? childPorts(items.map(({ item }) => asObject(item['status']) ?? {})) : undefined,
      maxConcurrent: isRouter ? undefined : asCount(props['total_slots']),
      models: items.map(({ name, item }) => ({
        ...(isRouter ? routedModel(name, item) : { ...commonFacts(name, item), ...singleModel(item, props) }),
        ...otherKind(name),
      })),
    };
  });
}

function commonFacts(id: string, item: Json): ModelFacts {
  const meta = asObject(item['meta']) ?? {};
  const aliases = strings(item['aliases']).filter((alias) => alias !== id);
  return {
    id,
    aliases: aliases.length > 0 ? aliases : undefined,
    parameters: asCount(meta['n_params']),
    sizeBytes: said(asCount(meta['size'])),
    quantization: said(asString(meta['ftype'])),
    contextLength: said(asCount(meta['n_ctx'])),
    maxContextLength: said(asCount(meta['n_ctx_train'])),
  };
}

/** No reply tells an embedding model from another, so its name has to. */
function otherKind(id: string): Partial<ModelFacts> {
  const guess = assumedCapabilities(id);
  return guess.includes('chat') ? {} : { capabilities: assumed(guess) };
}

function singleModel(item: Json, props: Json): Partial<ModelFacts> {
  const meta = asObject(item['meta']) ?? {};
  const settings = asObject(props['default_generation_settings']);
  return {
    weights: asString(props['model_path']),
    quantization: said(asString(meta['ftype']) ?? asString(props['model_ftype'])),
    contextLength: said(asCount(settings?.['n_ctx']) ?? asCount(meta['n_ctx'])),
    parallelSlots: said(asCount(props['total_slots'])),
    state: said(props['is_sleeping'] === true ? 'sleeping' : 'loaded'),
    capabilities: capabilitiesOf(props),
  };
}

/** A grammar enforces schemas for every model; tools and thinking show in the chat template. */
function capabilitiesOf(props: Json): ModelFacts['capabilities'] {
  const found: Capability[] = ['completion', 'chat', 'json-schema'];
  const caps = asObject(props['chat_template_caps']);
  const modalities = asObject(props['modalities']) ?? {};
  if (caps?.['supports_tools'] === true && caps['supports_tool_calls'] !== false) found.push('tools');
  if (modalities['vision'] === true) found.push('vision');
  if (modalities['audio'] === true) found.push('audio');
  if (modalities['video'] === true) found.push('video');
  if (/<think|enable_thinking|reasoning_content/.test(asString(props['chat_template']) ?? '')) found.push('reasoning');
  return caps ? said(found) : assumed(found);
}

type State = ServedModel['state']['value'];

const STATES: ReadonlyMap<unknown, State> = /* @__PURE__ */ new Map<unknown, State>([
  ['loaded', 'loaded'],
  ['loading', 'loading'],
  ['sleeping', 'sleeping'],
  ['unloaded', 'unloaded'],
  ['downloaded', 'unloaded'],
]);

function routedModel(id: string, item: Json): ModelFacts {
  const facts = commonFacts(id, item);
  const status = asObject(item['status']) ?? {};
  const args = strings(status['args']);
  const inputs = strings(asObject(item['architecture'])?.['input_modalities']);
  const found: Capability[] = ['completion', 'chat', 'json-schema'];
  if (inputs.includes('image')) found.push('vision');
  if (inputs.includes('audio')) found.push('audio');
  return {
    ...facts,
    state: said(STATES.get(status['value']) ?? 'unknown'),
    weights: textAfter(args, '--model', '-m', '--hf-repo', '-hf'),
    contextLength: facts.contextLength ?? said(contextOfLoad(args)),
    // Nothing says here whether the template knows tools or thinking.
    capabilities: assumed(found),
  };
}

/** Each model of a router is a process that listens on a port of its own, 0 while it does not run. */
function childPorts(statuses: readonly Json[]): number[] {
  return statuses.flatMap((status) => numberAfter(strings(status['args']), '--port') ?? []);
}

/** The number behind the last of these flags on a command line. */
function numberAfter(args: readonly string[], ...flags: readonly string[]): number | undefined {
  return asCount(Number(textAfter(args, ...flags)));
}

function textAfter(args: readonly string[], ...flags: readonly string[]): string | undefined {
  const at = Math.max(...flags.map((flag) => args.lastIndexOf(flag)));
  return at < 0 ? undefined : args[at + 1];
}

/** The window per slot that the command line of a model asks for. */
export function contextOfLoad(args: readonly string[]): number | undefined {
  const total = numberAfter(args, '--ctx-size', '-c');
  const isUnified = args.includes('--kv-unified') || args.includes('-kvu');
  const slots = isUnified ? 1 : (numberAfter(args, '--parallel', '-np') ?? 1);
  return total === undefined ? undefined : asCount(Math.floor(total / slots));
}
