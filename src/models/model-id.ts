import type { ModelIdentity } from '../core/model.js';
import type { ServiceType } from '../core/service.js';
import {
  DERIVATIVE,
  FINETUNERS,
  MAKER_VARIANT,
  MAYBE_PACKAGING,
  MOVING_TAGS,
  UNMARKED_IS_BASE,
  UNSURE_TAGS,
} from './model-words.js';
import { type Catalogued, type Name, type NameIndex, nameIndex } from './name-index.js';
import { NOTHING, type Parts, splitPath, takeApart } from './name-parts.js';

/**
 * Reads a served name: family, version, size, quantisation, whether it is a derivative, and which catalogued model it is, if any.
 *
 * Pure, synchronous and total: any string gives an answer. A name is matched word by word, never by substring; one word
 * that stays unexplained (a finetune's name, `abliterated`, a person's) means no key. What one name does not decide
 * (an alias, a moving tag, a finetune under its base's file name) gives no key either, or a low confidence.
 *
 * @param id - The name as the server lists it: an Ollama tag, a repository, a file name or path, an alias.
 * @param o - `service`: the server that lists it, since servers name differently; one that is not known counts as not given.
 * @returns What the name says; fields that it does not tell are `null`.
 * @example
 * ```ts
 * parseModelId('qwen2.5-coder:32b-instruct-q4_K_M').key; // 'qwen2.5-coder-32b'
 * parseModelId('bartowski/Qwen2.5-Coder-32B-Instruct-abliterated-GGUF').derivative; // true
 * ```
 * @public
 */
export function parseModelId(id: string, o?: { service?: ServiceType | undefined }): ModelIdentity {
  return readName(id, o?.service);
}

/** What a server says about the weights behind a name: which catalogued models they cannot be. */
export interface ServerFacts {
  /** It tells the size. */
  readonly isSized: boolean;
  fits(model: Catalogued): boolean;
}

/** Reads a name, beside what its server says. */
export function readName(id: string, service: ServiceType | undefined, facts?: ServerFacts): ModelIdentity {
  const text = String(id);
  const index = nameIndex();
  // What its administrator put before the names of one connection: any word and a dot.
  const bareId = service === 'open-webui' ? text.replace(/^[a-z][\w-]*\.(?=[a-z])(?!i?q\d|b?f\d|gguf)/i, '') : text;
  const { stem, tag: given, publisher, folder } = splitPath(bareId, index.publishers);
  const tag = service === 'lmstudio' && /^\d$/.test(given) ? '' : given; // the second copy of a loaded model
  // Names are short; what is longer is no name, and must not cost time.
  if (stem === '' || stem.length + tag.length > 250) return identity(text, null, publisher, NOTHING, 0);
  const dotted = tag === '' && /\.i?q\d\w*$/i.test(stem);
  const parts = takeApart(tag === '' ? stem : `${stem}:${tag}`, index.words);

  const lower = bareId.toLowerCase();
  const bare = lower.replace(/^library\/|:latest$/g, '');
  const found = match(parts, index, tag !== '' || service === 'ollama', facts);
  const owner = publisher?.toLowerCase() ?? '';

  if (found !== null && found !== 'ambiguous' && !parts.conflict) {
    const { model, implied } = found;
    if (parts.base && !model.baseMarked && !model.variant?.includes('base')) {
      return identity(text, found.model, publisher, parts, 0.8, { key: null, variant: 'base' });
    }
    if (!parts.chat && unmarkedIsBase(model, text, owner, service, index.publishers)) {
      return identity(text, model, publisher, parts, 0.7, { key: null, variant: 'base' });
    }
    if (parts.chat && !allowsChat(model)) {
      return identity(text, model, publisher, parts, 0.5, { key: null, derivative: owner !== '', base: model.key });
    }
    // A file named like its base in the repository of someone who finetunes: `.Q4_K_M` is how a finetuning notebook exports.
    const unknownOwner = owner !== '' && !index.publishers.has(owner);
    if (FINETUNERS.has(owner) || (dotted && unknownOwner) || isDerivative(folder, parts, index.words)) {
      return identity(text, model, publisher, parts, 0.6, { key: null, derivative: true, base: model.key });
    }
    const tags = tag !== '' || service === 'ollama' || service === 'open-webui';
    if (tags && MOVING_TAGS.has(bare) && !(facts?.isSized && found.isOnly))
      return identity(text, model, publisher, parts, 0.4, { key: null, variant: null });
    const ownDerivative = /distill|finetune/.test(model.variant ?? '');
    const unsure = UNSURE_TAGS.has(bare) || unknownOwner;
    const confidence = Math.max(0.5, 0.97 - 0.08 * implied - (unsure ? 0.3 : 0));
    return identity(text, model, publisher, parts, confidence, { key: model.key, derivative: ownDerivative });
  }
  return withoutKey(text, publisher, parts, found === 'ambiguous', index);
}

function identity(
  id: string,
  model: Catalogued | null,
  publisher: string | null,
  parts: Parts,
  confidence: number,
  more: { key?: string | null; base?: string | null; variant?: string | null; derivative?: boolean } = {},
): ModelIdentity {
  return {
    id,
    key: more.key ?? null,
    base: more.base ?? null,
    family: model?.family ?? null,
    version: model?.version ?? null,
    sizeB: parts.size,
    activeB: parts.active,
    variant: more.variant !== undefined ? more.variant : (model?.variant ?? null),
    quantization: parts.quantization,
    publisher,
    derivative: more.derivative ?? false,
    confidence: Math.round(confidence * 100) / 100,
  };
}

/** The one catalogued model that every word fits; what the name leaves out may be implied only where it is unique. */
function match(
  parts: Parts,
  { bySignature }: NameIndex,
  tagged: boolean,
  facts: ServerFacts | undefined,
): { model: Catalogued; implied: number; isOnly: boolean } | 'ambiguous' | null {
  let names = bySignature.get(parts.words.join(' '));
  if (names === undefined) {
    // One of such words may belong to the name (`Phi-4-multimodal`) while another does not.
    const maybe = parts.words.filter((w) => MAYBE_PACKAGING.has(w));
    for (const gone of maybe.length > 1 ? [...maybe.map((w) => [w]), maybe] : [maybe]) {
      names ??= bySignature.get(parts.words.filter((w) => !gone.includes(w)).join(' '));
    }
  }
  if (names === undefined) {
    const spelled = parts.words.map((w) => (/^[1-9]\d$/.test(w) ? `${w[0]}.${w[1]}` : w)).sort();
    names = bySignature.get(spelled.join(' '));
  }
  if (names === undefined) return null;
  let best: Catalogued | undefined;
  let least = Number.POSITIVE_INFINITY;
  let tie = false;
  const fitting = facts === undefined ? names : names.filter(({ model }) => facts.fits(model));
  for (const name of fitting) {
    const implied = distance(parts, name, facts?.isSized ? 0 : tagged ? 1 : 2);
    if (implied > least) continue;
    tie = implied === least ? tie || best !== name.model : false;
    least = implied;
    best = name.model;
  }
  if (best === undefined || least === Number.POSITIVE_INFINITY) return null;
  // `qwen3-vl:30b`: an instruct and a thinking model bear that name.
  if (!parts.chat && parts.release === null && best.alwaysMarked && hasTwin(parts, best, bySignature)) tie = true;
  return tie ? 'ambiguous' : { model: best, implied: least, isOnly: fitting.every(({ model }) => model === best) };
}

/** How many facts of a catalogued name the given one leaves out; infinite where one contradicts it. */
function distance(parts: Parts, name: Name, unsized: number): number {
  let implied = 0;
  if (parts.size !== name.size) {
    if (parts.size !== null && name.size !== null) return Number.POSITIVE_INFINITY;
    if (parts.size !== null && !fitsSize(parts.size, name.model)) return Number.POSITIVE_INFINITY;
    // A library tag without a size means the server's default build: only sure where there is one size.
    if (parts.size === null) implied += unsized;
  }
  if (parts.active !== name.active) {
    // A name that tells its size and no active one is a dense model's.
    if (parts.active !== null && (name.active !== null || name.size !== null)) return Number.POSITIVE_INFINITY;
    implied += parts.active === null ? 0.25 : 0.5;
  }
  if (parts.release !== name.release) {
    if (parts.release !== null && !name.model.releases.has(parts.release)) return Number.POSITIVE_INFINITY;
    if (parts.release === null) implied += 2;
  }
  // `qwen3:4b-instruct` is the later release that has the mark, not the model without one.
  if (parts.chat && !allowsChat(name.model)) implied += 3;
  return implied;
}

function hasTwin(parts: Parts, model: Catalogued, bySignature: NameIndex['bySignature']): boolean {
  return ['thinking', 'think', 'reasoning'].some((word) =>
    bySignature.get([...parts.words, word].sort().join(' '))?.some((n) => [...model.sizes].some((s) => s === n.size)),
  );
}

function fitsSize(size: number, { sizes, total }: Catalogued): boolean {
  return sizes.has(size) || (total === null ? sizes.size === 0 : Math.abs(size - total) <= total * 0.04);
}

function allowsChat(model: Catalogued): boolean {
  return model.chatMarked || /instruct|chat|agent|coder-(?!base)/.test(model.variant ?? '');
}

function unmarkedIsBase(
  model: Catalogued,
  id: string,
  owner: string,
  service: ServiceType | undefined,
  publishers: ReadonlySet<string>,
): boolean {
  if (!model.chatMarked) return false;
  if (!UNMARKED_IS_BASE.has(model.family) && !UNMARKED_IS_BASE.has(`${model.family}${model.version}`)) return false;
  if (/^(?:lmstudio|localai|gpt4all)$/.test(service ?? '')) return false;
  if (service === 'ollama' && !/^(hf\.co|huggingface\.co|modelscope\.cn)\//i.test(id)) return false;
  if (owner === '' && id.includes(':')) return false; // a library's tag: its chat model
  return publishers.has(owner) || service === 'vllm' || service === 'sglang' || /[A-Z]|\.gguf$/.test(id);
}

/** A name that is no catalogued model: what can be told of it, and what it was probably made from. */
function withoutKey(
  id: string,
  publisher: string | null,
  parts: Parts,
  ambiguous: boolean,
  index: NameIndex,
): ModelIdentity {
  const known: string[] = [];
  let family: string | null = null;
  let families = 0;
  let strange = 0;
  let marked = parts.conflict;
  for (const word of parts.words) {
    const points = index.words.get(word);
    if (points !== undefined) {
      known.push(word);
      if (points !== '') {
        family ??= points;
        families++;
      }
    } else if (!MAKER_VARIANT.has(word) && !MAYBE_PACKAGING.has(word) && !/^\d/.test(word)) strange++;
    if (DERIVATIVE.has(word)) marked = true;
  }
  if (ambiguous) {
    const first = index.bySignature.get(parts.words.join(' '))?.[0]?.model ?? null;
    return identity(id, first, publisher, parts, 0.4, { variant: null });
  }
  const derivative = marked || (family !== null && strange > 0);
  const base = derivative ? match({ ...parts, words: known }, index, false, undefined) : null;
  const model = base !== null && base !== 'ambiguous' ? base.model : null;
  return {
    ...identity(id, model, publisher, parts, derivative ? 0.7 : family !== null ? 0.5 : 0.2, {
      base: model?.key ?? null,
      derivative,
      variant: derivative ? 'finetune' : parts.base ? 'base' : parts.chat ? 'instruct' : null,
    }),
    family: model?.family ?? (families > 0 ? family : null),
  };
}

/** A file named like its base in the folder of a finetune. */
function isDerivative(folder: string, parts: Parts, words: ReadonlyMap<string, string>): boolean {
  if (folder === '') return false;
  return takeApart(folder, words).words.some((w) => DERIVATIVE.has(w) && !parts.words.includes(w));
}
