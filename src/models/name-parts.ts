import { BASE, BUILD_TAIL, CHAT, MAYBE_PACKAGING, PACKAGING } from './model-words.js';

/** A name taken apart, before any look-up. */
export interface Parts {
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
  /** Two different sizes or dates: a merge, a later release, or no name at all. */
  conflict: boolean;
}

/** Of a name that says nothing. */
export const NOTHING: Parts = {
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

const HOSTS = /^(?:hf\.co|huggingface\.co|modelscope\.cn|registry\.ollama\.ai|(?:index\.)?docker\.io|ghcr\.io)$/;

/** Cuts folders, host, publisher and tag off; `folder` is the directory of a file, which may say more than its name. */
export function splitPath(
  id: string,
  publishers: ReadonlySet<string>,
): { stem: string; tag: string; publisher: string | null; folder: string } {
  const text = id.slice(-4096).replace(/@sha256.*/s, '');
  const segments = text.split(/[/\\]+/).filter((s) => !/^[.~]?$/.test(s));
  const cached = segments[segments.indexOf('snapshots') - 1]?.split('--'); // the layout of the Hugging Face cache
  let stem = (segments.pop()?.trim() ?? '').replace(/^text-embedding-(?=[a-z])/i, '');
  let folder = '';
  let publisher = segments.at(-1) ?? null;
  const isFile = /\.(?:gguf|bin|safetensors)$/i.test(stem);
  if (isFile && publisher !== null) {
    folder = publisher;
    publisher = segments.at(-2) ?? null;
  }
  if (cached !== undefined) {
    folder = cached.at(-1) ?? '';
    publisher = cached.at(-2) ?? null;
  }
  // `model.gguf` says nothing: its folder is the name.
  if (folder !== '' && (!isFile || /^(?:ggml-)?(?:model|weights|main)\b/i.test(stem))) stem = folder;
  // `owner_Name-GGUF_Name-Q4_K_M.gguf`: how downloads are kept under one name.
  const packed = stem.search(/-gguf_./i);
  if (packed >= 0) {
    folder = stem.slice(0, packed);
    publisher = JOINT.exec(folder)?.[1] ?? publisher;
    stem = stem.slice(packed + 6);
  }
  if (publisher !== null && (HOSTS.test(publisher.toLowerCase()) || LOCAL_FOLDER.test(publisher))) publisher = null;
  let tag = '';
  const colon = stem.lastIndexOf(':');
  if (colon > 0) {
    tag = stem.slice(colon + 1);
    stem = stem.slice(0, colon);
  }
  // `Publisher_Model`, `publisher.Model`, `Publisher--Model`: how repackers and galleries keep the publisher, and twice.
  for (let joint = JOINT.exec(stem); joint !== null; joint = JOINT.exec(stem)) {
    const owner = (joint[1] as string).toLowerCase();
    if (!publishers.has(owner)) break;
    publisher = joint[1] as string;
    stem = stem.slice(joint[0].length);
  }
  return { stem, tag, publisher, folder };
}

const JOINT = /^([A-Za-z0-9-]+?)(?:[_.]|--)(?=[A-Za-z])/;
const LOCAL_FOLDER = /^(?:library|koboldcpp|models?|local|ai|gguf|llama-cpp|weights|hf|[a-z]:)$/i;

const NUMBER = /^v?(\d+(?:\.\d+)*)$/;
const SIZE = /^(e?)(\d+(?:\.\d+)?)([bmt])$/;
const ACTIVE = /^a(\d+(?:\.\d+)?)b$/;
const QUANT =
  /^(?:i?q\d(?:f\d+)?(?:\.\d+)*|tq\d.*|(?:[wa]|kv)?(?:nv|mx|b|n)?fp?(?:4|6|8|16|32)(?:mix|a\d+)?|(?:mx)?int\d(?:mix)?|w\d+a\d+|\d(?:\.\d+)?bit(?:gs\d+)?|\d+(?:\.\d+)?bpw|awq|gptq(?:model)?|exl[23](?:\.\d+)*|bnb|dwq\d?|qx\d+|hqq|aqlm|autoround|optiq|quark|ud|smol|gs?\d{2,3}|(?:32|64|128)g)$/;
/** Behind such a label: the kind of its blocks, the settings and the date of the build. */
const QUANT_TAIL =
  /^(?:k[slt]{0,2}|s|m|l|xs|xxs|xl|xxl|nl|p|hi|mixed|block|dynamic|kv|qad|moe|a?sym|vortex|actorder|true|false|\d+g|\d(?:\.\d+)?|v\d|[hr]\d|\d+x\d+|\d{6}|\d{8})$/;

/** Cuts a name into words and takes out what has a meaning of its own: sizes, release, quantisation, packaging. */
export function takeApart(name: string, words: ReadonlyMap<string, string>): Parts {
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
    const tail = open && (QUANT_TAIL.test(token) || (parts.size !== null && /^[48]b$/.test(token)));
    if (tail || (!first && isQuant(token))) {
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
    if (
      isDigit(name.charCodeAt(i - 1)) &&
      (c === 46 ? isDigit(name.charCodeAt(i + 1)) : c === 95 && joins(name, from, i))
    ) {
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

/** Whether an underscore after a digit stands for a dot: in `v1_5`, `q4_0` and `-1_5B`, not in `2507_4.0bpw` and `Qwen_3_8B`. */
function joins(name: string, from: number, at: number): boolean {
  if (at - from > (name.startsWith('q', from) ? 7 : 3) && !/^[a-z]+\d$/.test(name.slice(from, at))) return false;
  let end = at + 1;
  while (isDigit(name.charCodeAt(end))) end++;
  const rest = name.slice(end, end + 3);
  if (/^b(?:it|pw)/.test(rest)) return false;
  const isSize = /^[bmtx]/.test(rest);
  if (isSize && (name[from - 1] !== '-' || !/[\dae]/.test(name[from] as string))) return false;
  return end > at + 1 && end < at + 4 && !/^\.\d/.test(rest);
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
    if (
      size &&
      !(size[3] === 'm' && Number(size[2]) < 10) &&
      !(size[3] === 't' && parts.size !== null && parts.size !== Number(size[2]) * 1000)
    ) {
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
        else if (parts.release === null) parts.release = token;
        else if (parts.release !== token) parts.conflict = true; // a later release of a dated one
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
