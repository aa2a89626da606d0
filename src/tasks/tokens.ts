import { hashOf, hashStep, SEED } from './cue-hash.js';
import { fold } from './fold.js';
import { type Entry, findEnglish, type Language, type Lexicon, lexicon, NOUN, opensPhrase, ROLE } from './lexicon.js';

/** A word or phrase of a request, or a mark between clauses. */
export interface Token {
  /** Folded words; or the mark, where `mark` says so. */
  readonly text: string;
  /** What the cues know of it. */
  readonly entry: Entry;
  /** A name out of code: a path, `camelCase`, `snake_case`, `call()`, `@name`. */
  readonly ident: boolean;
  /** 1: a comma; 2: the end of a sentence or line; 0: a word. */
  readonly mark: 0 | 1 | 2;
}

/** Splits a request into tokens and tells its language. */
export function tokenize(text: string): { tokens: Token[]; language: Language } {
  const chunks = text.match(CHUNKS) ?? [];
  const language = languageOf(text, chunks);
  const lex = lexicon(language);
  const tokens: Token[] = [];
  const words: string[] = [];
  const flush = (): void => {
    readWords(words, language, tokens);
    words.length = 0;
  };
  const segmented = /zh|ja|ko/.test(language);
  for (const chunk of chunks) {
    const mark = chunk.length > 1 ? 0 : COMMAS.includes(chunk) ? 1 : STOPS.includes(chunk) ? 2 : 0;
    if (mark === 0) {
      const bare = trim(chunk);
      if (segmented && WIDE.test(bare)) {
        flush();
        segment(bare, lex, tokens);
      } else if (language === 'fr') words.push(...bare.split(/['’]/).filter((part) => part !== ''));
      else if (bare !== '') words.push(bare);
    }
    if (mark > 0 || (chunk.endsWith('.') && /[^.]\.$/.test(chunk) && !ABBREVIATION.test(chunk))) {
      flush();
      tokens.push({ text: mark > 0 ? chunk : '.', entry: 0, ident: false, mark: mark || 2 });
    }
  }
  flush();
  return { tokens, language };
}

const CHUNKS = /[^\s,;:!?¿¡()[\]{}"“”„«»。，？！、；：「」…]+(?:\(\))?|[,;:!?\n。，？！、；：…]/g;
const COMMAS = ',、，…';
const STOPS = ';:!?\n。？！；：-–—';
const ABBREVIATION = /^(?:e\.g|i\.e|etc|vs)\.$/;
const WIDE = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;

// A leading dot or dash belongs to a file name or an option; a trailing one does not.
function trim(chunk: string): string {
  return isLetter(chunk.charCodeAt(0)) && isLetter(chunk.charCodeAt(chunk.length - 1))
    ? chunk
    : chunk.replace(/^['’*`<>|~]+|['’*`<>|~.]{1,20}$/g, '');
}

function isLetter(unit: number): boolean {
  return (unit | 32) > 96 && (unit | 32) < 123;
}

/** By script, else by how many of the first words each language knows; English where it knows most of them. */
function languageOf(text: string, chunks: readonly string[]): Language {
  if (/[\u0400-\uffff]/.test(text)) {
    for (const [script, language] of SCRIPTS) if (script.test(text)) return language;
  }
  const words: string[] = [];
  for (let i = 0; i < chunks.length && words.length < 9; i++) {
    const chunk = chunks[i] as string;
    if (chunk.length > 1) words.push(fold(trim(chunk)));
  }
  const english = words.filter((word) => findEnglish(word) !== 0).length;
  if (english >= words.length * 0.45) return 'en';
  let best = english + 0.5;
  let language: Language = 'en';
  for (const other of LATIN) {
    const lex = lexicon(other);
    const known = words.filter((word) => lex.find(word.replace(/^\w{1,2}['’]/, '')) !== 0).length;
    if (known > best) {
      best = known;
      language = other;
    }
  }
  return language;
}

const LATIN = ['de', 'fr', 'es'] as const;
const SCRIPTS: readonly (readonly [RegExp, Language])[] = [
  [/[\u3040-\u30ff]/, 'ja'],
  [/[\uac00-\ud7af]/, 'ko'],
  [/[\u3400-\u9fff]/, 'zh'],
  [/[\u0400-\u04ff]/, 'ru'],
];

/** Longest cue at each place; what no cue begins at is passed over. */
function segment(chunk: string, lex: Lexicon, out: Token[]): void {
  for (let at = 0; at < chunk.length; ) {
    if (!WIDE.test(chunk.charAt(at))) {
      const word = /^[^\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+/.exec(chunk.slice(at, at + 40))?.[0] ?? ' ';
      out.push(wordToken(word, findEnglish(fold(word)) & ~ROLE));
      at += word.length;
      continue;
    }
    let hash = SEED;
    let length = 1;
    let found = 0;
    for (let i = 0; i < 8 && at + i < chunk.length; i++) {
      hash = hashStep(hash, chunk.charCodeAt(at + i));
      const entry = lex.at(hash);
      if (entry !== 0) {
        found = entry;
        length = i + 1;
      }
    }
    if (found !== 0) out.push({ text: chunk.slice(at, at + length), entry: found, ident: false, mark: 0 });
    at += length;
  }
}

/** Looks the words of a sentence up, the longest phrase first. */
function readWords(words: readonly string[], language: Language, out: Token[]): void {
  const lex = lexicon(language);
  const folded = words.map((word) => (FOLDS.test(word) ? foldWord(word) : word.toLowerCase()));
  for (let i = 0; i < words.length; i++) {
    const text = folded[i] as string;
    const raw = words[i] as string;
    const hash = hashOf(text);
    let entry = language === 'en' ? findEnglish(text, hash) : lex.find(text);
    if (opensPhrase(hash)) {
      const [phrase, taken] = longestPhrase(folded, i, hash, lex);
      if (taken > 1) {
        out.push({ text: folded.slice(i, i + taken).join(' '), entry: phrase, ident: false, mark: 0 });
        i += taken - 1;
        continue;
      }
    }
    // Developers mix English nouns and verbs into every language; its small words mean other things there.
    if (entry === 0 && language !== 'en') entry = findEnglish(text) & ~ROLE;
    if (entry === 0 && language === 'de') entry = compound(lex, text);
    if (entry === 0 && /ть(?:ся)?$/.test(text)) entry = 3;
    if (entry === 0 && text.includes('-')) entry = findEnglish(text.slice(text.lastIndexOf('-') + 1)) & ~ROLE;
    out.push(wordToken(raw, entry, text));
  }
}

const FOLDS = /[\u0080-\uffff']/;

function foldWord(word: string): string {
  return /^we['’]/i.test(word) ? 'we' : fold(word).replace(/['’]/g, '');
}

/** The longest phrase that begins at a word, and of how many words it is. */
function longestPhrase(words: readonly string[], at: number, start: number, lex: Lexicon): [Entry, number] {
  let best: [Entry, number] = [0, 0];
  let hash = start;
  for (let k = 1; k < 6 && at + k < words.length; k++) {
    hash = hashOf(words[at + k] as string, hashStep(hash, 32));
    const entry = lex.at(hash);
    if (entry !== 0) best = [entry, k + 1];
  }
  return best;
}

function wordToken(raw: string, entry: Entry, text: string = fold(raw)): Token {
  return { text, entry, ident: (entry === 0 && isIdentifier(raw)) || raw.endsWith('()'), mark: 0 };
}

/** A German compound is what its last part is. */
function compound(lex: Lexicon, word: string): Entry {
  for (let at = 3; at < word.length - 3 && at < 24; at++) {
    const noun = lex.find(word.slice(at)) & NOUN;
    if (noun !== 0) return noun;
  }
  return 0;
}

/** Whether a word looks like a name out of code rather than out of a sentence. */
export function isIdentifier(word: string): boolean {
  if (!/[^a-z]/.test(word) || word.length < 2 || word.startsWith('http')) return false;
  if (
    /^[@#][\w-]+$|^[\w.-]+\/$|[a-z\d][A-Z]|[A-Za-z\d]_[A-Za-z\d]|^\.{0,2}\/\w|^[\w./\\@-]+\.[A-Za-z]{1,5}$/.test(word)
  )
    return true;
  return /^[\w.@-]+(?:\/[\w.@-]+)+$/.test(word) && (/[._\d-]|\/.*\//.test(word) || FOLDERS.test(word));
}

const FOLDERS = /^(?:src|lib|apps?|packages|tests?|docs|utils|services|components|config|scripts)\//;
