import { hashOf, hashStep, SEED } from './cue-hash.js';
import { fold } from './fold.js';
import { type Entry, findEnglish, type Language, type Lexicon, lexicon, opensPhrase, ROLE } from './lexicon.js';

/** A word or phrase of a request, or a mark between clauses. */
export interface Token {
  /** Folded words; or the mark, where `mark` says so. */
  readonly text: string;
  /** Hash of the text. */
  readonly hash: number;
  /** What the cues know of it. */
  readonly entry: Entry;
  /** A name out of code: a path, `camelCase`, `snake_case`, `call()`, `@name`. */
  readonly ident: boolean;
  /** 1: a comma; 2: the end of a sentence or line; 0: a word. */
  readonly mark: 0 | 1 | 2;
}

/** Splits a request into tokens and tells its language. */
export function tokenize(text: string): { tokens: Token[]; language: Language } {
  const chunks = chunksOf(text);
  const language = languageOf(text, chunks);
  const lex = lexicon(language);
  const tokens: Token[] = [];
  const words: string[] = [];
  const segmented = language === 'zh' || language === 'ja' || language === 'ko';
  const flush = (): void => {
    if (words.length > 0) readWords(words, language, lex, tokens);
    words.length = 0;
  };
  for (const chunk of chunks) {
    const one = chunk.length === 1;
    const mark = !one ? 0 : COMMAS.includes(chunk) ? 1 : isMark(chunk.charCodeAt(0)) || '-–—'.includes(chunk) ? 2 : 0;
    if (mark === 0) {
      const bare = trim(chunk);
      if (segmented && WIDE.test(bare)) {
        flush();
        segment(bare, lex, tokens);
      } else if (language === 'fr') words.push(...bare.split(/['’]/).filter((part) => part !== ''));
      else if (bare !== '') words.push(bare);
      if (one || chunk.charCodeAt(chunk.length - 1) !== 46 || !/[^.]\.$/.test(chunk) || ABBREVIATION.test(chunk))
        continue;
    }
    flush();
    tokens.push({ text: mark > 0 ? chunk : '.', hash: 0, entry: 0, ident: false, mark: mark || 2 });
  }
  flush();
  return { tokens, language };
}

/** Runs of what words are made of, with `()` behind them, and marks. */
function chunksOf(text: string): string[] {
  const chunks: string[] = [];
  for (let i = 0; i < text.length; ) {
    let end = i;
    let unit = text.charCodeAt(end);
    // A blank is the commonest gap, a letter the commonest rest.
    while (unit !== 32 && end < text.length && (isLetter(unit) || !isGap(unit))) unit = text.charCodeAt(++end);
    if (end === i) {
      if (unit !== 32 && isMark(unit)) chunks.push(text.charAt(i));
      i++;
      continue;
    }
    if (unit === 40 && text.charCodeAt(end + 1) === 41) end += 2;
    chunks.push(text.slice(i, end));
    i = end;
  }
  return chunks;
}

// A bit for each ASCII unit, 32 in a number: \n ! , : ; ?
const MARKS = [0x400, 0x8c001002 | 0, 0, 0];
// Blanks, marks, brackets and the double quote.
const GAPS = [0x3e00, 0x8c001307 | 0, 0x28000000, 0x28000000];
const WIDE_MARKS = '。，？！、；：…';
const WIDE_GAPS = `${WIDE_MARKS}¿¡“”„«»「」\u00a0\u3000\u2028\u202f\ufeff`;

function isMark(unit: number): boolean {
  return unit < 128 ? hasBit(MARKS, unit) : WIDE_MARKS.includes(String.fromCharCode(unit));
}

/** Whether a unit stands between words: a blank, a bracket, a quotation mark, a mark. */
function isGap(unit: number): boolean {
  if (unit < 128) return hasBit(GAPS, unit);
  return (unit < 0xc0 || unit > 0x2000) && WIDE_GAPS.includes(String.fromCharCode(unit));
}

function hasBit(bits: readonly number[], unit: number): boolean {
  return (((bits[unit >> 5] as number) >> (unit & 31)) & 1) === 1;
}

const COMMAS = ',、，…';
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
  let english = 0;
  for (const word of words) if (findEnglish(word, hashOf(word)) !== 0) english++;
  if (english >= words.length * 0.45) return 'en';
  let best = english + 0.5;
  let language: Language = 'en';
  for (const other of LATIN) {
    const lex = lexicon(other);
    let known = 0;
    for (const word of words) if (lex.find(word.replace(/^\w{1,2}['’]/, '')) !== 0) known++;
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
      const text = fold(word);
      const hash = hashOf(text);
      out.push(wordToken(word, findEnglish(text, hash) & ~ROLE, text, hash));
      at += word.length;
      continue;
    }
    let hash = SEED;
    let length = 1;
    let found = 0;
    let foundHash = 0;
    for (let i = 0; i < 8 && at + i < chunk.length; i++) {
      hash = hashStep(hash, chunk.charCodeAt(at + i));
      const entry = lex.at(hash);
      if (entry !== 0) {
        found = entry;
        foundHash = hash;
        length = i + 1;
      }
    }
    if (found !== 0)
      out.push({ text: chunk.slice(at, at + length), hash: foundHash, entry: found, ident: false, mark: 0 });
    at += length;
  }
}

/** Looks the words of a sentence up, the longest phrase first. */
function readWords(words: readonly string[], language: Language, lex: Lexicon, out: Token[]): void {
  const folded = words.map(foldWord);
  for (let i = 0; i < words.length; i++) {
    const text = folded[i] as string;
    const hash = hashOf(text);
    if (opensPhrase(hash)) {
      const taken = longestPhrase(folded, i, hash, lex);
      if (taken > 1) {
        const phrase = folded.slice(i, i + taken).join(' ');
        const key = hashOf(phrase);
        out.push({ text: phrase, hash: key, entry: lex.at(key), ident: false, mark: 0 });
        i += taken - 1;
        continue;
      }
    }
    let entry = language === 'en' ? findEnglish(text, hash) : lex.find(text);
    if (entry === 0) {
      // Developers mix English nouns and verbs into every language; its small words mean other things there.
      if (language !== 'en') entry = findEnglish(text, hash) & ~ROLE;
      if (entry === 0 && language === 'ru' && /ть(?:ся)?$/.test(text)) entry = 3;
      if (entry === 0 && text.includes('-')) {
        const last = text.slice(text.lastIndexOf('-') + 1);
        entry = (lex.find(last) || findEnglish(last, hashOf(last))) & ~ROLE;
      }
    }
    out.push(wordToken(words[i] as string, entry, text, hash));
  }
}

/** Lower case, without accents and apostrophes. */
function foldWord(word: string): string {
  let plain = true;
  let lower = true;
  for (let i = 0; i < word.length; i++) {
    const unit = word.charCodeAt(i);
    if (unit > 127 || unit === 39) plain = false;
    else if (unit < 91 && unit > 64) lower = false;
  }
  if (plain) return lower ? word : word.toLowerCase();
  return /^we['’]/i.test(word) ? 'we' : fold(word).replace(/['’]/g, '');
}

/** Of how many words the longest phrase is that begins at a word; 0: none. */
function longestPhrase(words: readonly string[], at: number, start: number, lex: Lexicon): number {
  let taken = 0;
  let hash = start;
  for (let k = 1; k < 6 && at + k < words.length; k++) {
    hash = hashOf(words[at + k] as string, hashStep(hash, 32));
    if (lex.at(hash) !== 0) taken = k + 1;
  }
  return taken;
}

function wordToken(raw: string, entry: Entry, text: string, hash: number): Token {
  return { text, hash, entry, ident: entry === 0 ? isIdentifier(raw) : raw.endsWith('()'), mark: 0 };
}

/** Whether a word looks like a name out of code rather than out of a sentence. */
export function isIdentifier(word: string): boolean {
  if (!/[^a-z]/.test(word) || word.length < 2 || word.startsWith('http')) return false;
  if (
    word.endsWith('()') ||
    /^[@#][\w-]+$|^[\w.-]+\/$|[a-z\d][A-Z]|[A-Za-z\d]_[A-Za-z\d]|^\.{0,2}\/\w|^[\w./\\@-]+\.[A-Za-z]{1,5}$/.test(word)
  )
    return true;
  return /^[\w.@-]+(?:\/[\w.@-]+)+$/.test(word) && (/[._\d-]|\/.*\//.test(word) || FOLDERS.test(word));
}

const FOLDERS = /^(?:src|lib|apps?|packages|tests?|docs|utils|services|components|config|scripts)\//;
