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
  // "L'application" is two words.
  if (language === 'fr') words = wordsIn(text.replace(/['’]/g, ' '));
  const wide = WIDE.test(text);
  const tokens: Token[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as Token;
    if (wide && WIDE.test(word.raw)) {
      segment(word.raw, lex, tokens);
      continue;
    }
    // The longest phrase that begins here.
    let { hash } = word;
    let end = i;
    for (let k = i + 1; opensPhrase(hash) && k < words.length && (words[k] as Token).mark === 0; k++) {
      hash = hashOf((words[k] as Token).text, hashStep(hash, 32));
      if (lex.at(hash) !== 0) end = k;
    }
    if (end > i) {
      const parts = words.slice(i, end + 1);
      const text = parts.map((part) => part.text).join(' ');
      hash = hashOf(text);
      tokens.push({ ...tokenOf(text, hash, lex.at(hash)), raw: parts.map((part) => part.raw).join(' ') });
      i = end;
      continue;
    }
    tokens.push(word);
    if (word.mark > 0) continue;
    // Developers mix English nouns and verbs into every language; its small words mean other things there.
    if (language !== 'en')
      word.entry = lex.find(word.text) || word.entry & ~ROLE || (/ть(?:ся)?$/.test(word.text) ? DO : 0);
    if (!word.ident) continue;
    if (word.entry === 0 && word.text.includes('-')) {
      const last = word.text.slice(word.text.lastIndexOf('-') + 1);
      word.entry = (lex.find(last) || findEnglish(last, hashOf(last))) & ~ROLE;
    }
    word.ident = word.raw.endsWith('()') || (word.entry === 0 && IDENTIFIER.test(word.raw));
  }
  return { tokens, language };
}

// The verb "do", for what only ends like a Russian verb.
const DO = 3;
const WIDE = /[\u3040-\ud7af]/;

/** Words, as English knows them, with `()` behind them, and marks. */
function wordsIn(text: string): Token[] {
  const words: Token[] = [];
  for (let i = 0; i < text.length; ) {
    let end = i;
    let unit = 0;
    let hash = SEED;
    let capital = false;
    // 1: more than letters; 2: apostrophes or more than ASCII.
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
      const mark = unit === 32 ? -1 : MARKS.indexOf(text.charAt(i));
      if (mark >= 0) words.push(tokenOf(text.charAt(i), 0, 0, mark < 4 ? 1 : 2));
      i++;
      continue;
    }
    if (unit === 40 && text.charCodeAt(end + 1) === 41) {
      end += 2;
      odd |= 1;
    }
    const chunk = text.slice(i, end);
    i = end + dot;
    if (odd === 0) {
      const word = capital ? chunk.toLowerCase() : chunk;
      words.push({ text: word, raw: chunk, hash, entry: findEnglish(word, hash), ident: capital, mark: 0 });
    } else if ('-–—'.includes(chunk)) words.push(tokenOf(chunk, 0, 0, 2));
    else {
      const bare = chunk.replace(AROUND, '');
      for (const raw of bare === '' ? [] : odd > 1 ? (bare.match(SCRIPT) as string[]) : [bare]) {
        // "We're" is "we".
        const word = odd > 1 ? fold(raw).replace(/(?<=^we)['’].*|['’]/g, '') : raw.toLowerCase();
        hash = hashOf(word);
        words.push({ text: word, raw, hash, entry: findEnglish(word, hash), ident: true, mark: 0 });
      }
    }
    if (dot > 0 && !NO_STOP.test(chunk)) words.push(tokenOf('.', 0, 0, 2));
  }
  return words;
}

// A leading dot or dash belongs to a file name or an option; a trailing one does not.
const AROUND = /^['’*`<>|~]+|['’*`<>|~.]{1,20}$/g;
// Of one script: "API를" is two words.
const SCRIPT = /[\u3040-\ud7af]+|[^\u3040-\ud7af]+/g;
// Abbreviations end no sentence, nor do several dots.
const NO_STOP = /^(?:e\.g|i\.e|etc|vs)$|\.$/;

function tokenOf(text: string, hash: number, entry: Entry, mark: 0 | 1 | 2 = 0): Token {
  return { text, raw: text, hash, entry, ident: false, mark };
}

// Four commas, then what ends a sentence.
const MARKS = ',、，…\n!:;?。？！；：';
// Blanks, marks, brackets and the double quote: a bit for each ASCII unit, 32 in a number.
const GAPS = [0x3e00, 0x8c001307 | 0, 0x28000000, 0x28000000];
const WIDE_GAPS = `${MARKS}¿¡“”„«»「」\u00a0\u3000\u2028\u202f\ufeff`;

/** Whether a unit stands between words: a blank, a bracket, a quotation mark, a mark. */
function isGap(unit: number): boolean {
  if (unit < 128) return (((GAPS[unit >> 5] as number) >> (unit & 31)) & 1) === 1;
  return (unit < 0xc0 || unit > 0x2000) && WIDE_GAPS.includes(String.fromCharCode(unit));
}

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
  if (best < first.length * 0.42 + 0.5) {
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
    let hash = SEED;
    let found: Token | undefined;
    for (let i = at; i < at + 8 && i < chunk.length; i++) {
      hash = hashStep(hash, chunk.charCodeAt(i));
      const entry = lex.at(hash);
      if (entry !== 0) found = tokenOf(chunk.slice(at, i + 1), hash, entry);
    }
    if (found !== undefined) out.push(found);
    at += found?.text.length ?? 1;
  }
}

// What looks like a name out of code rather than out of a sentence.
const IDENTIFIER =
  /^(?!http)(?:[@#][\w-]+$|[\w.-]+\/$|.*(?:[a-z\d][A-Z]|[A-Za-z\d]_[A-Za-z\d])|\.{0,2}\/\w|[\w./\\@-]+\.[A-Za-z]{1,5}$|(?=.*[._\d-]|.*\/.*\/|(?:src|lib|apps?|packages|tests?|docs|utils)\/)[\w.@-]+(?:\/[\w.@-]+)+$)/;
