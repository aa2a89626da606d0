import { type Cues, NOUNS, ROLES, VERBS } from './cue-kinds.js';
import { JA, KO, RU, ZH } from './cues-eastern.js';
import { EN } from './cues-en.js';
import { DE, ES, FR, IT, PT } from './cues-western.js';

/** Languages with cues of their own. */
export type Language = 'en' | 'de' | 'fr' | 'es' | 'pt' | 'it' | 'ru' | 'zh' | 'ja' | 'ko';

/** What is known of a word, packed: verb kind, noun kind and role count from 1 (0: none), then the flags below. */
export type Entry = number;

export const VERB_MASK = 15;
export const NOUN_SHIFT = 4;
export const NOUN_MASK = 15 << NOUN_SHIFT;
export const ROLE_SHIFT = 8;
/** Dictionary form of a verb; set for every verb outside English. */
export const BASE = 1 << 14;
/** English third person, as in titles ("Adds ..."). */
export const THIRD = 1 << 15;
/** English -ing form. */
export const ING = 1 << 16;
/** Verb and noun alike ("test", "design"). */
export const VERB_NOUN = 1 << 17;
/** Name of a technology. */
export const TECH = 1 << 18;

/** The cues of one language, ready to be looked up. */
export interface Lexicon {
  readonly words: ReadonlyMap<string, Entry>;
  readonly stems: ReadonlyMap<string, Entry>;
  /** First word → rest of the phrase, longest first. */
  readonly phrases: ReadonlyMap<string, readonly { readonly rest: readonly string[]; readonly entry: Entry }[]>;
}

const LISTS: { readonly [L in Language]: Cues } = {
  en: EN,
  de: DE,
  fr: FR,
  es: ES,
  pt: PT,
  it: IT,
  ru: RU,
  zh: ZH,
  ja: JA,
  ko: KO,
};

/** Languages in Latin letters, told apart by their words. */
export const LATIN = ['en', 'de', 'fr', 'es', 'pt', 'it'] as const;

// Built at first use and kept: about a millisecond once, nothing at import.
const built = /* @__PURE__ */ new Map<Language, Lexicon>();

/** The lexicon of a language. */
export function lexicon(language: Language): Lexicon {
  let found = built.get(language);
  if (found === undefined) {
    found = build(LISTS[language], language === 'en');
    built.set(language, found);
  }
  return found;
}

/** Lower case without accents, so that `Où` and `ou` are one word; Han, kana and hangul stay as they are. */
export function fold(text: string): string {
  return text.toLowerCase().replace(ACCENTED, foldLetter);
}

const ACCENTED = /[\u00df-\u024f\u0439\u0451]/g;

function foldLetter(letter: string): string {
  return letter === 'ß' ? 'ss' : letter === 'œ' ? 'oe' : letter.normalize('NFD').charAt(0);
}

function build(cues: Cues, english: boolean): Lexicon {
  const words = new Map<string, Entry>();
  const stems = new Map<string, Entry>();
  const phrases = new Map<string, { rest: string[]; entry: Entry }[]>();
  const put = (map: Map<string, Entry>, key: string, entry: Entry): void => {
    map.set(key, merge(map.get(key) ?? 0, entry));
  };
  const add = (list: string | undefined, entry: Entry, forms?: (word: string) => void): void => {
    for (const raw of list === undefined || list === '' ? [] : list.split(' ')) {
      const word = fold(raw);
      if (word.endsWith('*')) put(stems, word.slice(0, -1), entry);
      else if (word.includes('_')) {
        const [first = '', ...rest] = word.split('_');
        const known = phrases.get(first) ?? [];
        const same = known.find((p) => p.rest.join(' ') === rest.join(' '));
        if (same === undefined) known.push({ rest, entry });
        else same.entry = merge(same.entry, entry);
        phrases.set(first, known);
      } else {
        put(words, word, entry);
        forms?.(word);
      }
    }
  };
  VERBS.forEach((verb, i) => {
    add(
      cues[verb],
      (i + 1) | BASE,
      english ? (word) => inflect(word, i + 1, (form, e) => put(words, form, e)) : undefined,
    );
  });
  NOUNS.forEach((noun, i) => {
    const entry = noun === 'tech' ? TECH : (i + 1) << NOUN_SHIFT;
    const plural = english && noun !== 'tech' ? (word: string) => put(words, pluralOf(word), entry) : undefined;
    add(cues[noun], entry, plural);
  });
  ROLES.forEach((role, i) => {
    add(cues[role], (i + 1) << ROLE_SHIFT);
  });
  add(cues.verbNoun, VERB_NOUN);
  for (const list of phrases.values()) list.sort((a, b) => b.rest.length - a.rest.length);
  return { words, stems, phrases };
}

/** Each part from the row that came first; flags of both. */
function merge(a: Entry, b: Entry): Entry {
  const verb = a & VERB_MASK || b & VERB_MASK;
  const noun = a & (15 << NOUN_SHIFT) || b & (15 << NOUN_SHIFT);
  const role = a & (63 << ROLE_SHIFT) || b & (63 << ROLE_SHIFT);
  return verb | noun | role | ((a | b) & ~0x3fff);
}

function inflect(word: string, verb: Entry, put: (form: string, entry: Entry) => void): void {
  const stem = word.endsWith('e') ? word.slice(0, -1) : word;
  const last = word.charAt(word.length - 1);
  const short = word.length <= 5 && SHORT_STEM.test(word);
  put(pluralOf(word), verb | THIRD);
  put(`${short ? word + last : stem}ing`, verb | ING);
  put(last === 'y' ? `${word.slice(0, -1)}ied` : `${short ? word + last : stem}ed`, verb);
}

// One vowel before one consonant: the consonant doubles (plan, planning).
const SHORT_STEM = /^[^aeiou]*[aeiou][bdgklmnprt]$/;

function pluralOf(word: string): string {
  if (/(?:s|x|ch|sh)$/.test(word)) return `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

/**
 * The entry of a misspelt English verb, question word or document noun: one letter too many, too few, wrong or swapped
 * after the first. Only for words that no cue knows, and only of five letters or more.
 */
export function misspelt(word: string): Entry | undefined {
  if (word.length < 5 || word.length > 16 || !/^[a-z]+$/.test(word)) return undefined;
  nearMisses ??= collectNearMisses();
  for (const form of lessOne(word)) {
    const entry = nearMisses.get(form);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

let nearMisses: Map<string, Entry> | undefined;

function collectNearMisses(): Map<string, Entry> {
  const out = new Map<string, Entry>();
  for (const [word, entry] of lexicon('en').words) {
    const role = ROLES[((entry >> ROLE_SHIFT) & 63) - 1];
    const asks = role === 'why' || role === 'what' || role === 'where' || role === 'which';
    const prose = ((entry & NOUN_MASK) >> NOUN_SHIFT) - 1 === 0;
    if (word.length < 5 || !((entry & BASE) !== 0 || asks || prose)) continue;
    for (const form of lessOne(word)) if (!out.has(form)) out.set(form, entry);
  }
  return out;
}

/** The word itself and the word without each of its letters but the first. */
function lessOne(word: string): string[] {
  const forms = [word];
  for (let i = 1; i < word.length; i++) forms.push(word.slice(0, i) + word.slice(i + 1));
  return forms;
}
