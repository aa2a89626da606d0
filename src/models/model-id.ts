import type { ModelIdentity } from '../core/model.js';
import type { ServiceType } from '../core/service.js';
import { CATALOG_NAMES } from './catalog-names.js';
import {
  BASE,
  BUILD_TAIL,
  CHAT,
  DERIVATIVE,
  FINETUNERS,
  MAKER_VARIANT,
  MAYBE_PACKAGING,
  MOVING_TAGS,
  PACKAGING,
  REPACKERS,
  UNMARKED_IS_BASE,
  UNSURE_TAGS,
} from './model-words.js';

/** One name of a catalogued model, taken apart. */
interface Name {
  readonly model: Catalogued;
  readonly size: number | null;
  readonly active: number | null;
  readonly release: string | null;
}

interface Catalogued {
  readonly key: string;
  readonly family: string;
  readonly version: string | null;
  readonly variant: string | null;
  readonly total: number | null;
  /** Whether a name of it carries a chat mark, whether all do, and whether one carries a base mark. */
  readonly chatMarked: boolean;
  readonly alwaysMarked: boolean;
  readonly baseMarked: boolean;
  /** Sizes and releases over all its names. */
  readonly sizes: ReadonlySet<number>;
  readonly releases: ReadonlySet<string>;
}

/** A name taken apart, before any look-up. */
interface Parts {
  /** What is left when size, quantisation, packaging and chat marks are off; sorted, without repetition. */
  words: string[];
  size: number | null;
  active: number | null;
  release: string | null;
  quantization: string | null;
  chat: boolean;
  base: boolean;
  /** The name counts experts. */
  experts: boolean;
  /** Two different sizes: a merge, or no name at all. */
  conflict: boolean;
}

interface Index {
  readonly bySignature: ReadonlyMap<string, readonly Name[]>;
  /** Words of the catalogued names, each with the family that it points to. */
  readonly words: ReadonlyMap<string, string>;
  readonly makers: ReadonlySet<string>;
}

let index: Index | undefined;

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
  const text = String(id);
  index ??= buildIndex();
  const { stem, tag, publisher, folder } = splitPath(text, index.makers);
  // Names are short; what is longer is no name, and must not cost time.
  if (stem === '' || stem.length + tag.length > 250) return identity(text, null, publisher, NOTHING, 0);
  const dotted = tag === '' ? /\.i?q\d\w*$/i.test(stem) : false;
  const parts = takeApart(tag === '' ? stem : `${stem}:${tag}`, index.words);
  const service = o?.service;

  const lower = text.toLowerCase();
  const library = lower.startsWith('library/') ? lower.slice(8) : lower;
  const bare = library.endsWith(':latest') ? library.slice(0, -7) : library;
  const found = match(parts, index, tag !== '' || service === 'ollama');
  const owner = publisher?.toLowerCase() ?? '';

  if (found !== null && found !== 'ambiguous' && !parts.conflict) {
    const { model, implied } = found;
    if (parts.base && !model.baseMarked && model.variant?.includes('base') !== true) {
      return identity(text, found.model, publisher, parts, 0.8, { key: null, variant: 'base' });
    }
    if (!parts.chat && unmarkedIsBase(model, text, owner, service, index.makers)) {
      return identity(text, model, publisher, parts, 0.7, { key: null, variant: 'base' });
    }
    if (parts.chat && !allowsChat(model)) {
      return identity(text, model, publisher, parts, 0.5, { key: null, derivative: owner !== '', base: model.key });
    }
    // A file named like its base in the repository of someone who finetunes: `.Q4_K_M` is how a finetuning notebook exports.
    const unknownOwner = owner !== '' && !REPACKERS.has(owner) && !index.makers.has(owner);
    if (FINETUNERS.has(owner) || (dotted && unknownOwner) || isDerivative(folder, parts, index.words)) {
      return identity(text, model, publisher, parts, 0.6, { key: null, derivative: true, base: model.key });
    }
    const tags = tag !== '' || service === 'ollama' || service === 'open-webui';
    if (tags && MOVING_TAGS.has(bare))
      return identity(text, model, publisher, parts, 0.4, { key: null, variant: null });
    const ownDerivative = /distill|finetune/.test(model.variant ?? '');
    const unsure = UNSURE_TAGS.has(bare) || unknownOwner;
    const confidence = Math.max(0.5, 0.97 - 0.08 * implied - (unsure ? 0.3 : 0));
    return identity(text, model, publisher, parts, confidence, { key: model.key, derivative: ownDerivative });
  }
  return withoutKey(text, publisher, parts, found === 'ambiguous', index);
}

const NOTHING: Parts = {
  words: [],
  size: null,
  active: null,
  release: null,
  quantization: null,
  chat: false,
  base: false,
  experts: false,
  conflict: false,
};

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

// --- look-up -------------------------------------------------------------------------------------------------------

/** The one catalogued model that every word fits; what the name leaves out may be implied only where it is unique. */
function match(
  parts: Parts,
  { bySignature }: Index,
  tagged: boolean,
): { model: Catalogued; implied: number } | 'ambiguous' | null {
  let names = bySignature.get(parts.words.join(' '));
  if (names === undefined) {
    const fewer = parts.words.filter((w) => !MAYBE_PACKAGING.has(w));
    if (fewer.length < parts.words.length) names = bySignature.get(fewer.join(' '));
  }
  if (names === undefined) {
    const spelled = parts.words.map((w) => (/^[1-9]\d$/.test(w) ? `${w[0]}.${w[1]}` : w)).sort();
    names = bySignature.get(spelled.join(' '));
  }
  if (names === undefined) return null;
  let best: Catalogued | undefined;
  let least = Number.POSITIVE_INFINITY;
  let tie = false;
  for (const name of names) {
    const implied = distance(parts, name, tagged);
    if (implied > least) continue;
    tie = implied === least ? tie || best !== name.model : false;
    least = implied;
    best = name.model;
  }
  if (best === undefined || least === Number.POSITIVE_INFINITY) return null;
  // `qwen3-vl:30b`: an instruct and a thinking model bear that name.
  if (!parts.chat && parts.release === null && best.alwaysMarked && hasTwin(parts, best, bySignature)) tie = true;
  return tie ? 'ambiguous' : { model: best, implied: least };
}

/** How many facts of a catalogued name the given one leaves out; infinite where one contradicts it. */
function distance(parts: Parts, name: Name, tagged: boolean): number {
  let implied = 0;
  if (parts.size !== name.size) {
    if (parts.size !== null && name.size !== null) return Number.POSITIVE_INFINITY;
    if (parts.size !== null && !fitsSize(parts.size, name.model)) return Number.POSITIVE_INFINITY;
    // A library tag without a size means the server's default build: only sure where there is one size.
    if (parts.size === null) implied += tagged ? 1 : 2;
  }
  if (parts.active !== name.active) {
    if (parts.active !== null && name.active !== null) return Number.POSITIVE_INFINITY;
    implied += parts.active === null ? 0.25 : 0.5;
  }
  if (parts.release !== name.release) {
    if (parts.release !== null && !name.model.releases.has(parts.release)) return Number.POSITIVE_INFINITY;
    if (parts.release === null) implied += 2;
  }
  if (parts.chat && !allowsChat(name.model)) implied += 1;
  return implied;
}

function hasTwin(parts: Parts, model: Catalogued, bySignature: Index['bySignature']): boolean {
  return ['thinking', 'think', 'reasoning'].some((word) =>
    bySignature.get([...parts.words, word].sort().join(' '))?.some((n) => [...model.sizes].some((s) => s === n.size)),
  );
}

function fitsSize(size: number, { sizes, total }: Catalogued): boolean {
  return sizes.has(size) || (total !== null && Math.abs(size - total) <= total * 0.04);
}

function allowsChat(model: Catalogued): boolean {
  return model.chatMarked || /instruct|chat|coder|agent/.test(model.variant ?? '');
}

function unmarkedIsBase(
  model: Catalogued,
  id: string,
  owner: string,
  service: ServiceType | undefined,
  makers: ReadonlySet<string>,
): boolean {
  if (!model.chatMarked) return false;
  if (!UNMARKED_IS_BASE.has(model.family) && !UNMARKED_IS_BASE.has(`${model.family}${model.version}`)) return false;
  if (service === 'lmstudio' || service === 'localai' || service === 'gpt4all') return false;
  if (service === 'ollama' && !/^(hf\.co|huggingface\.co|modelscope\.cn)\//i.test(id)) return false;
  if (owner === '' && id.includes(':')) return false; // a library's tag: its chat model
  return (
    makers.has(owner) || REPACKERS.has(owner) || service === 'vllm' || service === 'sglang' || /[A-Z]|\.gguf$/.test(id)
  );
}

/** A name that is no catalogued model: what can be told of it, and what it was probably made from. */
function withoutKey(
  id: string,
  publisher: string | null,
  parts: Parts,
  ambiguous: boolean,
  index: Index,
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
  const base = derivative ? match({ ...parts, words: known }, index, false) : null;
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

// --- taking apart --------------------------------------------------------------------------------------------------

const HOSTS = /^(?:hf\.co|huggingface\.co|modelscope\.cn|registry\.ollama\.ai|(?:index\.)?docker\.io|ghcr\.io)$/;

/** Cuts folders, host, publisher and tag off; `folder` is the directory of a file, which may say more than its name. */
function splitPath(
  id: string,
  makers: ReadonlySet<string>,
): { stem: string; tag: string; publisher: string | null; folder: string } {
  let text = id.length > 4096 ? id.slice(-4096) : id;
  const digest = text.indexOf('@sha256');
  if (digest >= 0) text = text.slice(0, digest);
  const segments = text.split(/[/\\]+/).filter((s) => s !== '' && s !== '.' && s !== '~');
  let stem = (segments.pop()?.trim() ?? '').replace(/^text-embedding-(?=[a-z])/i, '');
  let folder = '';
  let publisher = segments.at(-1) ?? null;
  if (/\.(?:gguf|bin|safetensors)$/i.test(stem) && publisher !== null) {
    folder = publisher;
    publisher = segments.at(-2) ?? null;
    // `model.gguf` says nothing: its folder is the name.
    if (/^(?:ggml-)?(?:model|weights|main)\b/i.test(stem)) stem = folder;
  }
  if (publisher === 'snapshots') {
    const cached = segments.at(-2)?.split('--') ?? []; // the layout of the Hugging Face cache
    stem = cached.at(-1) ?? stem;
    publisher = cached.at(-2) ?? null;
  }
  if (publisher !== null && (HOSTS.test(publisher.toLowerCase()) || LOCAL_FOLDER.test(publisher))) publisher = null;
  let tag = '';
  const colon = stem.lastIndexOf(':');
  if (colon > 0) {
    tag = stem.slice(colon + 1);
    stem = stem.slice(0, colon);
  }
  // `Publisher_Model` and `publisher.Model`: how repackers and galleries keep the publisher.
  const joint = /^([A-Za-z0-9-]+?)[_.](?=[A-Za-z])/.exec(stem);
  const owner = joint?.[1]?.toLowerCase() ?? '';
  if (joint && (makers.has(owner) || REPACKERS.has(owner))) {
    publisher = joint[1] ?? publisher;
    stem = stem.slice(joint[0].length);
  }
  return { stem, tag, publisher, folder };
}

const LOCAL_FOLDER = /^(?:library|koboldcpp|models?|local|ai|gguf|llama-cpp|weights|hf|[a-z]:)$/i;

const NUMBER = /^v?(\d+(?:\.\d+)*)$/;
const SIZE = /^(e?)(\d+(?:\.\d+)?)([bmt])$/;
const ACTIVE = /^a(\d+(?:\.\d+)?)b$/;
const QUANT =
  /^(?:i?q\d(?:\.\d+)*|tq\d.*|[bf]?f?p?(?:4|8|16|32)|bf16|[bf]p?16|fp?(?:4|8|16|32)|(?:nv|mx)fp[468]|mxint\d|nf4|int[248]|w\d+a\d+|\d(?:\.\d+)?bit|\d+(?:\.\d+)?bpw|awq|gptq|exl[23]|bnb|dwq|hqq|aqlm|autoround|optiq|ud|g?128g?|g32|g64)$/;
const QUANT_TAIL = /^(?:k|s|m|l|xs|xxs|xl|xxl|nl|p|mixed|block|[01]|v[23])$/;

/** Cuts a name into words and takes out what has a meaning of its own: sizes, release, quantisation, packaging. */
function takeApart(name: string, words: ReadonlyMap<string, string>): Parts {
  const parts: Parts = { ...NOTHING, words: [] };
  const lower = name.toLowerCase();
  const source = lower.length === name.length ? name : lower;
  let quantFrom = -1;
  let quantTo = -1;
  let open = false; // the word before belonged to the quantisation
  let repeated = false;
  let apex = false;
  let first = true;
  const { tokens, starts, ends } = scan(lower);
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as string;
    const from = starts[i] as number;
    const at = ends[i] as number;
    if (open ? isQuant(token) || QUANT_TAIL.test(token) : !first && isQuant(token)) {
      if (token === 'ud' && !isQuant(tokens[i + 1] ?? '')) continue;
      if (!open) repeated = quantTo - quantFrom > 3; // `…-Q4_K_M-GGUF:Q4_K_M`: the first says it
      if (!open && !repeated) quantFrom = from;
      if (!repeated) quantTo = at;
      open = true;
      continue;
    }
    // `w-mxfp4-a-fp8`
    if ((token === 'w' || token === 'a') && isQuant(tokens[i + 1] ?? '')) {
      if (!open) quantFrom = from;
      open = true;
      continue;
    }
    open = false;
    const isFirst = first;
    first = false;
    if (token === 'apex' && !isFirst) {
      apex = true;
      continue;
    }
    if (apex && BUILD_TAIL.has(token)) continue;
    if (PACKAGING.has(token)) continue;
    if (CHAT.has(token)) {
      parts.chat = true;
      continue;
    }
    if (BASE.has(token)) {
      parts.base = true;
      continue;
    }
    readToken(token, tokens[i + 1], parts, words);
  }
  if (quantFrom >= 0) parts.quantization = source.slice(quantFrom, quantTo);
  if (parts.experts && parts.active === null) {
    parts.active = parts.size; // `17B-16E`: 17 billion are active
    parts.size = null;
  }
  parts.words = [...new Set(parts.words)].sort();
  return parts;
}

function isQuant(token: string): boolean {
  return token.length > 1 && token.length < 12 && QUANT.test(token);
}

/** Words of letters and digits; a dot or underscore between two digits belongs to the word (`3.3`, `v1_5`, `q4_0`). */
function scan(name: string): { tokens: string[]; starts: number[]; ends: number[] } {
  const tokens: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  let from = -1;
  let joined = false;
  for (let i = 0; i <= name.length; i++) {
    const c = i < name.length ? name.charCodeAt(i) : 32;
    if (isDigit(c) || (c >= 97 && c <= 122) || c > 127) {
      if (from < 0) from = i;
      continue;
    }
    if (from < 0) continue;
    if ((c === 46 || c === 95) && isDigit(name.charCodeAt(i - 1)) && isDigit(name.charCodeAt(i + 1))) {
      joined ||= c === 95;
      continue;
    }
    const token = name.slice(from, i);
    tokens.push(joined ? token.replaceAll('_', '.') : token);
    starts.push(from);
    ends.push(i);
    from = -1;
    joined = false;
  }
  return { tokens, starts, ends };
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function readToken(token: string, next: string | undefined, parts: Parts, words: ReadonlyMap<string, string>): void {
  const code = token.charCodeAt(0);
  const digit = isDigit(code);
  if (digit || code === 101 || code === 97) {
    const size = SIZE.exec(token);
    // `1m`, `128k`: a context, not a size.
    if (size && !(size[3] === 'm' && Number(size[2]) < 10) && !(size[3] === 't' && parts.size !== null)) {
      const value = Number(size[2]) * (size[3] === 'b' ? 1 : size[3] === 't' ? 1000 : 0.001);
      if (parts.size !== null && parts.size !== value) parts.conflict = true;
      parts.size = Math.round(value * 1e4) / 1e4;
      if (size[1] === 'e') parts.words.push('e');
      return;
    }
    const active = ACTIVE.exec(token);
    if (active) {
      parts.active = Number(active[1]);
      return;
    }
    if (digit) {
      if (/^(?:\d{4}|\d{6}|\d{8})$/.test(token)) {
        if (parts.release !== null && parts.release.length === 2) parts.release += `-${token}`;
        else parts.release ??= token;
        return;
      }
      if (/^(?:0[1-9]|1[0-2])$/.test(token) && /^20\d\d$/.test(next ?? '')) {
        parts.release = token;
        return;
      }
      if (/^\d{5}$/.test(token) || /^\d+e$/.test(token)) {
        if (token.endsWith('e')) parts.experts = true;
        return; // shards; experts
      }
      if (/^\d+x\d/.test(token) || /^\d+[km]$/.test(token)) {
        parts.words.push(token);
        return;
      }
    }
  }
  if (token === 'of' && /^\d{5}$/.test(next ?? '')) return;
  if (words.has(token)) {
    parts.words.push(token);
    return;
  }
  const number = NUMBER.exec(token);
  if (number) {
    parts.words.push(plain(number[1] as string));
    return;
  }
  // Glued: `llama3.3`, `qwen2.5vl`, `gemma3n`, `k2.5`, `r7b`.
  const runs = /\d/.test(token) && !MAYBE_PACKAGING.has(token) ? token.match(/\d+(?:\.\d+)*|[^\d.]+/g) : null;
  if (runs === null || runs.length < 2) {
    parts.words.push(token);
    return;
  }
  for (let i = 0; i < runs.length; i++) {
    const run = runs[i] as string;
    const glued = run + (runs[i + 1] ?? '');
    if (/^\d/.test(run) && /^[\d.]+b$/.test(glued)) {
      parts.size = Number(run);
      i++;
    } else parts.words.push(/^\d/.test(run) ? plain(run) : run);
  }
}

/** `4.0` and `4` are one version. */
function plain(version: string): string {
  return version.replace(/(?:\.0)+$/, '');
}

// --- index ---------------------------------------------------------------------------------------------------------

function buildIndex(): Index {
  const bySignature = new Map<string, Name[]>();
  const words = new Map<string, string>();
  const makers = new Set<string>();
  let family = '';
  for (const line of CATALOG_NAMES.split('\n')) {
    if (line.startsWith('#')) {
      family = line.slice(1);
      continue;
    }
    const [key = '', version = '', variant = '', maker = '', total = '', ...aliases] = line.split('|');
    makers.add(maker.toLowerCase());
    const taken = [key, ...aliases].map((name) => takeApart(name, words));
    const model: Catalogued = {
      key,
      family,
      version: version || null,
      variant: variant || null,
      total: total === '' ? null : Number(total),
      chatMarked: taken.some((p) => p.chat),
      alwaysMarked: taken.every((p) => p.chat),
      baseMarked: taken.some((p) => p.base),
      sizes: new Set(taken.flatMap((p) => p.size ?? [])),
      releases: new Set(taken.flatMap((p) => p.release ?? [])),
    };
    for (const { words: all, size, active, release } of taken) {
      const signature = all.join(' ');
      const names = bySignature.get(signature) ?? [];
      if (!names.some((n) => n.model === model && n.size === size && n.active === active && n.release === release)) {
        names.push({ model, size, active, release });
      }
      bySignature.set(signature, names);
      for (const word of all) {
        // A word that says the family: not a number, not a kind of model.
        const telling = !/^\d/.test(word) && word.length > 1 && !MAKER_VARIANT.has(word) && !MAYBE_PACKAGING.has(word);
        if (!words.has(word)) words.set(word, telling ? family : '');
      }
    }
  }
  return { bySignature, words, makers };
}
