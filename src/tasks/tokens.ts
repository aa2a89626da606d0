import { hashOf, hashStep, SEED } from './cue-hash.js';
import { fold } from './fold.js';
import { type Entry, findEnglish, type Language, type Lexicon, lexicon, opensPhrase, ROLE } from './lexicon.js';

/** A word or phrase of a request, or a mark between clauses. */
export interface Token {
  /** Folded words; or the mark, where `mark` says so. */
  readonly text: string;
  /** As it is written. */
  readonly raw: string;
  /** Hash of the text. */
  readonly hash: number;
  /** What the cues know of it. */
  entry: Entry;
  /** A name out of code: a path, `camelCase`, `snake_case`, `call()`, `@name`. */
  ident: boolean;
  /** 1: a comma; 2: the end of a sentence or line; 0: a word. */
  readonly mark: 0 | 1 | 2;
}

/** Splits a request into tokens and tells its language. */
export function tokenize(text: string): { tokens: Token[]; language: Language } {
  let words = wordsIn(text);
  const language = languageOf(text, words);
  const lex = lexicon(language);
  const english = language === 'en';
  const segmented = language === 'zh' || language === 'ja' || language === 'ko';
  if (language === 'fr') words = words.flatMap(elided);
  const tokens: Token[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as Token;
    tokens.push(word);
    if (word.mark > 0) continue;
    if (segmented && WIDE.test(word.raw)) {
      tokens.pop();
      segment(word.raw, lex, tokens);
      continue;
    }
    const phrase = opensPhrase(word.hash) ? longestPhrase(words, i, lex) : 1;
    if (phrase > 1) {
      const text = words
        .slice(i, i + phrase)
        .map((part) => part.text)
        .join(' ');
      const hash = hashOf(text);
      tokens[tokens.length - 1] = { text, raw: text, hash, entry: lex.at(hash), ident: false, mark: 0 };
      i += phrase - 1;
    } else {
      // Developers mix English nouns and verbs into every language; its small words mean other things there.
      if (!english) word.entry = lex.find(word.text) || word.entry & ~ROLE;
      if (word.entry === 0 && language === 'ru' && /ть(?:ся)?$/.test(word.text)) word.entry = 3;
      if (word.ident) {
        if (word.entry === 0 && word.text.includes('-')) {
          const last = word.text.slice(word.text.lastIndexOf('-') + 1);
          word.entry = (lex.find(last) || findEnglish(last, hashOf(last))) & ~ROLE;
        }
        word.ident = word.entry === 0 ? isIdentifier(word.raw) : word.raw.endsWith('()');
      }
    }
  }
  return { tokens, language };
}

/** Words, as English knows them, with `()` behind them, and marks. */
function wordsIn(text: string): Token[] {
  const words: Token[] = [];
  for (let i = 0; i < text.length; ) {
    let end = i;
    let unit = 0;
    let hash = SEED;
    let capital = false;
    let odd = 0;
    let dot = 0;
    for (; end < text.length; end++) {
      unit = text.charCodeAt(end);
      const letter = unit | 32;
      if (letter > 96 && letter < 123) {
        hash = hashStep(hash, letter);
        if (unit !== letter) capital = true;
      } else if (isGap(unit)) break;
      else if (unit === 46 && (end + 1 === text.length || isGap(text.charCodeAt(end + 1)))) {
        dot = 1;
        break;
      } else odd |= unit > 127 || unit === 39 ? 2 : 1;
    }
    if (end === i) {
      if (unit !== 32 && isMark(unit)) words.push(markToken(text.charAt(i), COMMAS.includes(text.charAt(i)) ? 1 : 2));
      i++;
      continue;
    }
    if (unit === 40 && end + 1 < text.length && text.charCodeAt(end + 1) === 41) {
      end += 2;
      odd |= 1;
    }
    const chunk = text.slice(i, end);
    i = end + dot;
    if (odd === 0) {
      const word = capital ? chunk.toLowerCase() : chunk;
      words.push({ text: word, raw: chunk, hash, entry: findEnglish(word, hash), ident: capital, mark: 0 });
    } else if ('-–—'.includes(chunk)) words.push(markToken(chunk, 2));
    else {
      const bare = chunk.replace(AROUND, '');
      if (bare !== '') words.push(wordToken(bare, odd > 1));
    }
    if (dot > 0 && !NO_STOP.test(chunk)) words.push(markToken('.', 2));
  }
  return words;
}

// A leading dot or dash belongs to a file name or an option; a trailing one does not.
const AROUND = /^['’*`<>|~]+|['’*`<>|~.]{1,20}$/g;
// Abbreviations end no sentence, nor do several dots.
const NO_STOP = /^(?:e\.g|i\.e|etc|vs)$|\.$/;

function markToken(text: string, mark: 1 | 2): Token {
  return { text, raw: text, hash: 0, entry: 0, ident: false, mark };
}

function wordToken(raw: string, accented = true): Token {
  // "We're" is "we".
  const text = accented ? fold(raw).replace(/(?<=^we)['’].*|['’]/g, '') : raw.toLowerCase();
  const hash = hashOf(text);
  return { text, raw, hash, entry: findEnglish(text, hash), ident: true, mark: 0 };
}

/** "L'application" is two words. */
function elided(word: Token): Token | Token[] {
  return word.mark > 0
    ? word
    : word.raw
        .split(/['’]/)
        .filter((part) => part !== '')
        .map((part) => wordToken(part));
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
const WIDE = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;

/** By script, else by how many of the first words each language knows; English where it knows most of them. */
function languageOf(message: string, words: readonly Token[]): Language {
  if (/[\u0400-\uffff]/.test(message)) {
    for (const [script, language] of SCRIPTS) if (script.test(message)) return language;
  }
  let best = 0.5;
  const first: string[] = [];
  for (let i = 0; i < words.length && first.length < 9; i++) {
    const { raw, text, entry } = words[i] as Token;
    if (raw.length < 2) continue;
    // What is longer as it is written has an apostrophe, as in "l'application".
    first.push(raw.length > text.length ? fold(raw).replace(/^\w{1,2}['’]/, '') : text);
    if (entry !== 0) best++;
  }
  let language: Language = 'en';
  if (best < first.length * 0.4 + 0.5) {
    for (const other of LATIN) {
      const lex = lexicon(other);
      const known = first.filter((word) => lex.find(word) !== 0).length;
      if (known > best) {
        best = known;
        language = other;
      }
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
      const token = wordToken(word);
      token.entry &= ~ROLE;
      token.ident = token.entry === 0 ? isIdentifier(word) : word.endsWith('()');
      out.push(token);
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
    if (found !== 0) {
      const text = chunk.slice(at, at + length);
      out.push({ text, raw: text, hash: foundHash, entry: found, ident: false, mark: 0 });
    }
    at += length;
  }
}

/** Of how many words the longest phrase is that begins at a word. */
function longestPhrase(words: readonly Token[], at: number, lex: Lexicon): number {
  let taken = 1;
  let { hash } = words[at] as Token;
  for (let k = 1; k < 6; k++) {
    const next = words[at + k];
    if (next === undefined || next.mark > 0) break;
    hash = hashOf(next.text, hashStep(hash, 32));
    if (lex.at(hash) !== 0) taken = k + 1;
  }
  return taken;
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
