import type { ModelIdentity } from '../core/model.js';
import type { ServiceType } from '../core/service.js';
import { printable } from '../internal/redact.js';
import { readName, type ServerFacts } from './model-id.js';
import type { Catalogued } from './name-index.js';

/** What a server says about the weights behind a name. */
export interface WeightFacts {
  /** The file or repository that it loads. */
  readonly weights?: string | undefined;
  /** How many parameters they have. */
  readonly parameters?: number | undefined;
  /** Architecture as GGUF files name it, for example `qwen3moe`. */
  readonly architecture?: string | undefined;
  /** Label of their quantisation. */
  readonly quantization?: string | undefined;
}

/** Which model is served under a name. What its server says about the weights wins over the name; `notes` tell where they differ. */
export function identifyModel(
  id: string,
  facts: WeightFacts,
  service: ServiceType,
): { readonly identity: ModelIdentity; readonly notes: readonly string[] } {
  const { weights, parameters, architecture, quantization } = facts;
  const told: ServerFacts | undefined =
    parameters === undefined && architecture === undefined
      ? undefined
      : {
          isSized: parameters !== undefined,
          fits: (model) => isSize(parameters, model) && isArchitecture(architecture, model),
        };
  const named = readName(id, service);
  let identity = told === undefined ? named : readName(id, service, told);
  const notes: string[] = [];
  const size = parameters === undefined ? null : Number((parameters / 1e9).toPrecision(3));
  if (named.key !== null && identity.key === null) {
    identity = { ...named, key: null, base: named.key, sizeB: size ?? named.sizeB, confidence: 0.3 };
    const reported = [
      ...(size === null ? [] : [`${size} billion parameters`]),
      ...(architecture ? [architecture] : []),
    ];
    notes.push(`Its name says ${named.key}; its server reports ${printable(reported.join(', '), 80)}.`);
  } else if (
    size !== null &&
    (identity.sizeB === null || (identity.key === null && !near(size, identity.sizeB, 0.25)))
  ) {
    if (identity.sizeB !== null) {
      notes.push(`Its name says ${identity.sizeB} billion parameters; its server reports ${size}.`);
    }
    identity = { ...identity, sizeB: size };
  }
  // A name that says it was altered is believed; so is a file that says it where the name hides it.
  if (weights !== undefined && !(identity.derivative && identity.base !== null)) {
    const loaded = readName(weights, service, told);
    const isOther = loaded.derivative || (loaded.variant === 'base' && !isNamedAs(weights, id));
    if (loaded.key !== identity.key && (loaded.key !== null || (identity.key !== null && isOther))) {
      const isOtherSize = named.sizeB !== null && loaded.sizeB !== null && named.sizeB !== loaded.sizeB;
      const says = named.key ?? (isOtherSize ? `${named.sizeB} billion parameters` : null);
      if (says !== null) notes.push(`Its name says ${says}; its server loads ${fileOf(weights)}.`);
      identity = { ...loaded, id, sizeB: loaded.sizeB ?? identity.sizeB };
    }
  }
  const [said, reported] = [bitsOf(named.quantization), bitsOf(quantization)];
  if (said !== undefined && reported !== undefined && said !== reported) {
    notes.push(`Its name says ${named.quantization}; its server reports ${printable(quantization, 40)}.`);
  }
  return { identity, notes };
}

function fileOf(path: string): string {
  return printable(path.split(/[/\\]/).at(-1), 80);
}

function near(a: number, b: number, share: number): boolean {
  return Math.abs(a - b) <= b * share;
}

/**
 * Whether a count of parameters may be the catalogued one. Some catalogued sizes are those of names (`24`, not `23.6`), vision
 * towers are counted or not, and small models count their embeddings once or twice.
 */
function isSize(parameters: number | undefined, { total, variant }: Catalogued): boolean {
  if (parameters === undefined || total === null) return true;
  const billions = parameters / 1e9;
  if (billions === Math.floor(total)) return true; // `7B`, as texts round it
  const isNominal = Number.isInteger(total) || /vl|vision|omni/.test(variant ?? '');
  // Names round down: codegemma's 7B are 8.5 billion.
  return near(billions, total, total < 3 ? 0.3 : isNominal ? (billions > total ? 0.25 : 0.2) : 0.05);
}

/** Architectures that name one line of models; `llama` is also what many others were written as. */
const LINES = ['qwen', 'llama', 'gemma', 'gpt-oss', 'phi', 'mistral', 'granite'] as const;
const NEVER_LLAMA = /qwen|gemma|gpt-oss/;

/** Whether a model can have this architecture; `true` where nobody can tell. */
function isArchitecture(architecture: string | undefined, { key, family, variant }: Catalogued): boolean {
  const given = architecture?.toLowerCase().replace(/^gptoss/, 'gpt-oss') ?? '';
  const line = LINES.find((name) => given.startsWith(name));
  if (line === undefined) return true;
  const text = `${family} ${key} ${variant}`;
  if (text.includes(line)) {
    const generation = given.slice(line.length, line.length + 1);
    // `qwen-7b` is a size.
    const named = new RegExp(`${line}-?([2-9])(?![\\d.]*b)`).exec(text)?.[1];
    return !/qwen|gemma/.test(line) || named === undefined || !/\d/.test(generation) || named === generation;
  }
  return line === 'llama' ? !NEVER_LLAMA.test(text) : !LINES.some((name) => text.includes(name));
}

/** The number in a label: bits, as far as labels agree. Of `IQ2_XXS/Q4_K_M` the last counts. */
function bitsOf(label: string | null | undefined): string | undefined {
  return label?.includes('bpw') ? undefined : /\d+/.exec(label?.split('/').at(-1) ?? '')?.[0];
}

/** Whether a file is called just as the model is served: it says no more than the name, other than a repository. */
function isNamedAs(weights: string, id: string): boolean {
  const stem = (name: string): string =>
    name
      .slice(name.lastIndexOf('/') + 1)
      .toLowerCase()
      .replace(/\.gguf$/, '');
  return /\.gguf$/i.test(weights) && stem(weights) === stem(id);
}
