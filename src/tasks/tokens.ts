import { NOUNS, type Noun, ROLES, type Role, VERBS, type Verb } from './cue-kinds.js';
import {
  BASE,
  type Entry,
  fold,
  ING,
  LATIN,
  type Language,
  type Lexicon,
  lexicon,
  misspelt,
  NOUN_MASK,
  NOUN_SHIFT,
  ROLE_SHIFT,
  TECH,
  THIRD,
  VERB_MASK,
  VERB_NOUN,
} from './lexicon.js';

/** A word, phrase or boundary of the request, with what the cues know of it. */
export interface Token {
  /** Folded text; a boundary is its punctuation mark. */
  readonly text: string;
  readonly verb: Verb | null;
  readonly noun: Noun | null;
  readonly role: Role | null;
  readonly base: boolean;
  readonly third: boolean;
  readonly ing: boolean;
  readonly verbNoun: boolean;
  readonly tech: boolean;
  /** A name out of code: a path, `camelCase`, `snake_case`, `call()`, `@name`. */
  readonly ident: boolean;
  /** `.`, `?`, `,` ...; empty for words. */
  readonly boundary: '' | 'hard' | 'soft';
}

/** Splits a request into tokens and tells its language. */
export function tokenize(text: string): { tokens: Token[]; language: Language } {
  const chunks = text.match(CHUNKS) ?? [];
  const language = languageOf(text, chunks);
  const words: { text: string; raw: string; boundary: '' | 'hard' | 'soft' }[] = [];
  for (const chunk of chunks) {
    const mark = BOUNDARIES[chunk];
    if (mark !== undefined) {
      words.push({ text: chunk, raw: chunk, boundary: mark });
      continue;
    }
    const bare = trimChunk(chunk);
    if (bare !== '') {
      if (SEGMENTED[language] === true && WIDE.test(bare)) segment(bare, lexicon(language), words);
      else if ((language === 'fr' || language === 'it') && /['’]/.test(bare)) {
        for (const part of bare.split(/['’]/))
          if (part !== '') words.push({ text: fold(part), raw: part, boundary: '' });
      } else
        words.push({ text: /^we['’]/i.test(bare) ? 'we' : fold(bare).replace(/['’]/g, ''), raw: bare, boundary: '' });
    }
    if (chunk.endsWith('.') && !chunk.endsWith('..') && !ABBREVIATIONS.has(chunk)) {
      words.push({ text: '.', raw: '.', boundary: 'hard' });
    }
  }
  return { tokens: lookUp(words, language), language };
}

const CHUNKS = /[^\s,;:!?()[\]{}"“”„«»。，？！、；：「」…]+(?:\(\))?|[,;:!?\n。，？！、；：…]/g;
const BOUNDARIES: Record<string, 'hard' | 'soft' | undefined> = {
  ',': 'soft',
  '、': 'soft',
  '，': 'soft',
  ';': 'hard',
  ':': 'hard',
  '!': 'hard',
  '?': 'hard',
  '\n': 'hard',
  '。': 'hard',
  '？': 'hard',
  '！': 'hard',
  '；': 'hard',
  '：': 'hard',
  '…': 'soft',
  '-': 'hard',
  '–': 'hard',
  '—': 'hard',
};
const ABBREVIATIONS: ReadonlySet<string> = /* @__PURE__ */ new Set(['e.g.', 'i.e.', 'etc.', 'vs.', 'z.B.', 'd.h.']);
const SEGMENTED: { readonly [L in Language]?: boolean } = { zh: true, ja: true, ko: true };
const WIDE = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;

function trimChunk(chunk: string): string {
  let start = 0;
  let end = chunk.length;
  // A leading dot or dash belongs to a file name or an option; a trailing one does not.
  while (start < end && "'’*`<>|~".includes(chunk.charAt(start))) start++;
  while (end > start && "'’*`<>|~.".includes(chunk.charAt(end - 1))) end--;
  return chunk.slice(start, end);
}

/** By script, else by how many of the first words each language knows. */
function languageOf(text: string, chunks: readonly string[]): Language {
  if (/[\u3040-\u30ff]/.test(text)) return 'ja';
  if (/[\uac00-\ud7af]/.test(text)) return 'ko';
  if (/[\u3400-\u9fff]/.test(text)) return 'zh';
  if (/[\u0400-\u04ff]/.test(text)) return 'ru';
  const score = [0, 0, 0, 0, 0, 0];
  let seen = 0;
  for (const chunk of chunks) {
    if (seen >= 14) break;
    if (BOUNDARIES[chunk] !== undefined) continue;
    seen++;
    const word = fold(trimChunk(chunk));
    const english = lexicon('en').words.get(word);
    for (let i = 0; i < LATIN.length; i++) {
      if (i === 0 ? english !== undefined : knows(lexicon(LATIN[i] as Language), word, english === undefined)) {
        score[i] = (score[i] as number) + 1;
      }
    }
  }
  let best = 0;
  for (let i = 1; i < score.length; i++) if ((score[i] as number) > (score[best] as number)) best = i;
  return LATIN[best] as Language;
}

function knows(lex: Lexicon, word: string, stemToo: boolean): boolean {
  if (lex.words.has(word)) return true;
  const apostrophe = word.search(/['’]/);
  if (apostrophe > 0 && apostrophe < 3) return lex.words.has(word.slice(0, apostrophe));
  return stemToo && word.length > 3 && stemOf(lex, word) !== undefined;
}

function stemOf(lex: Lexicon, word: string): Entry | undefined {
  for (let length = Math.min(word.length, 14); length > 1; length--) {
    const entry = lex.stems.get(word.slice(0, length));
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** Longest cue at each place; what no cue begins at is passed over. */
function segment(
  chunk: string,
  lex: Lexicon,
  out: { text: string; raw: string; boundary: '' | 'hard' | 'soft' }[],
): void {
  for (let at = 0; at < chunk.length; ) {
    if (!WIDE.test(chunk.charAt(at))) {
      const end = at + 1 + Math.max(0, chunk.slice(at + 1).search(WIDE_OR_END));
      const word = chunk.slice(at, end);
      out.push({ text: fold(word), raw: word, boundary: '' });
      at = end;
      continue;
    }
    let length = Math.min(8, chunk.length - at);
    while (length > 0 && !lex.words.has(chunk.slice(at, at + length))) length--;
    if (length > 0) out.push({ text: chunk.slice(at, at + length), raw: '', boundary: '' });
    at += Math.max(1, length);
  }
}

const WIDE_OR_END = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|$/;

function lookUp(
  words: readonly { text: string; raw: string; boundary: '' | 'hard' | 'soft' }[],
  language: Language,
): Token[] {
  const own = lexicon(language);
  const english = lexicon('en');
  const tokens: Token[] = [];
  let since = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as (typeof words)[number];
    if (word.boundary !== '') {
      since = i + 1;
      tokens.push(token(word.text, 0, false, word.boundary));
      continue;
    }
    const phrase = own.phrases
      .get(word.text)
      ?.find(({ rest }) => rest.every((part, k) => words[i + 1 + k]?.text === part));
    if (phrase !== undefined) {
      tokens.push(token([word.text, ...phrase.rest].join(' '), phrase.entry, false, ''));
      i += phrase.rest.length;
      continue;
    }
    let entry = own.words.get(word.text) ?? stemOf(own, word.text);
    if (entry === undefined && (language === 'es' || language === 'pt' || language === 'it')) {
      const sister = lexicon(language === 'es' ? 'pt' : 'es');
      entry = sister.words.get(word.text) ?? stemOf(sister, word.text);
    }
    if (entry === undefined && language === 'de') entry = compound(own, word.text);
    if (entry === undefined && /ть(?:ся)?$/.test(word.text)) entry = INFINITIVE;
    if (entry === undefined && language === 'en' && i - since < 4) entry = misspelt(word.text);
    if (entry === undefined && language !== 'en') {
      // Developers mix English nouns and verbs into every language; its small words mean other things there.
      entry = (english.words.get(word.text) ?? 0) & ~(63 << ROLE_SHIFT);
    }
    let ident = (word.text === 'line' || word.text === 'lines') && /^\d/.test(words[i + 1]?.text ?? '');
    if (entry === undefined || entry === 0) {
      ident = isIdentifier(word.raw);
      if (!ident && word.text.includes('-')) entry = english.words.get(word.text.slice(word.text.lastIndexOf('-') + 1));
      if (entry === undefined && word.raw.endsWith("n't")) entry = english.words.get('doesnt');
    } else if (word.raw.includes('()')) ident = true;
    tokens.push(token(word.text, entry ?? 0, ident, ''));
  }
  return tokens;
}

/** A German compound is what its last part is. */
function compound(lex: Lexicon, word: string): Entry | undefined {
  for (let at = 3; at < word.length - 3 && at < 24; at++) {
    const part = word.slice(at);
    const entry = lex.words.get(part) ?? stemOf(lex, part);
    if (entry !== undefined && (entry & NOUN_MASK) !== 0) return entry & NOUN_MASK;
  }
  return undefined;
}

const INFINITIVE = (VERBS.indexOf('do') + 1) | BASE;

function token(text: string, entry: Entry, ident: boolean, boundary: '' | 'hard' | 'soft'): Token {
  return {
    text,
    verb: VERBS[(entry & VERB_MASK) - 1] ?? null,
    noun: NOUNS[((entry >> NOUN_SHIFT) & 15) - 1] ?? null,
    role: ROLES[((entry >> ROLE_SHIFT) & 63) - 1] ?? null,
    base: (entry & BASE) !== 0,
    third: (entry & THIRD) !== 0,
    ing: (entry & ING) !== 0,
    verbNoun: (entry & VERB_NOUN) !== 0,
    tech: (entry & TECH) !== 0,
    ident,
    boundary,
  };
}

const FOLDERS =
  /^(?:src|lib|app|apps|packages|test|tests|docs|utils|services|components|config|scripts|api|server|client|cmd|internal|pkg|modules|models|views|controllers|tools|bin)\/[a-z]/i;

/** Whether a word looks like a name out of code rather than out of a sentence. */
export function isIdentifier(word: string): boolean {
  if (word.length < 2 || word.startsWith('http')) return false;
  if (/^[@#][\w-]+$/.test(word) || word.endsWith('()')) return true;
  if (/[a-z\d][A-Z]/.test(word) || /[A-Za-z\d]_[A-Za-z\d]/.test(word)) return true;
  if (/^\.{0,2}\/[\w.-]/.test(word)) return true;
  if (/\.[a-z]{1,5}$/i.test(word) && /^[\w./\\@-]+$/.test(word)) return !/^(?:e\.g|i\.e|z\.b)$/i.test(word);
  if (/^[\w.@-]+(?:\/[\w.@-]+)+$/.test(word))
    return /[._\d]|-/.test(word) || word.split('/').length > 2 || FOLDERS.test(word);
  return false;
}
