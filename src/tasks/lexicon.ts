import { digitAt, hashOf, hashStep, reader, SEED, SlotMap, slotOf } from './cue-hash.js';
import { KINDS, OPENERS, ROLE_LETTERS, TABLE } from './cue-table.js';

/** Languages with cues of their own; `es` is Spanish and Portuguese, and serves for Italian. */
export type Language = Exclude<keyof typeof TABLE, 'effort'>;

/** What is known of a word, packed: verb and noun count from 1 (0: none), then role and flags. */
export type Entry = number;

export const VERB = 15;
export const NOUN = 15 << 4;
export const ROLE = 31 << 8;
/** English third person ("adds"), -ing form, other form; none: as in the dictionary. */
export const THIRD = 1 << 13;
export const ING = 2 << 13;
export const PAST = 3 << 13;
export const FORM = 3 << 13;

/** The letter of an entry's role; `.` for none. */
export function roleLetter(entry: Entry): string {
  return ROLE_LETTERS.charAt((entry & ROLE) >> 8);
}

const SLOT_BITS = 9;
const KIND_BITS = 3;

/** The cues of one language, looked up by hash; a word that no cue has is taken for one in about a thousand. */
export class Lexicon {
  readonly #entries: SlotMap;

  constructor(language: Language | 'effort') {
    const [count, space, packed] = TABLE[language];
    const next = reader(packed);
    this.#entries = new SlotMap(
      count,
      space,
      () => next(SLOT_BITS),
      () => next(KIND_BITS),
    );
  }

  /** Entry of a hash; 0: no cue. */
  at(hash: number): Entry {
    const kind = this.#entries.get(hash);
    return kind < 0 ? 0 : (KINDS[kind] as number);
  }

  /** Entry of a whole word, else of the longest cue of three letters or more that it begins with. */
  find(word: string): Entry {
    let hash = SEED;
    let stem = 0;
    for (let i = 0; i < word.length; i++) {
      hash = hashStep(hash, word.charCodeAt(i));
      if (i > 1 && i < 15) stem = this.at(hash) || stem;
    }
    return this.at(hash) || stem;
  }
}

/** Whether a phrase may begin with the word of a hash; of others it says so too, rarely. */
export function opensPhrase(hash: number): boolean {
  const bit = slotOf(hash, OPENERS.length * 6);
  return ((digitAt(OPENERS, (bit / 6) | 0) >> (bit % 6)) & 1) === 1;
}

// Made at first use and kept: under a millisecond each, nothing at import.
const made: { [L in Language | 'effort']?: Lexicon } = {};

/** The lexicon of a language. */
export function lexicon(language: Language | 'effort'): Lexicon {
  made[language] ??= new Lexicon(language);
  return made[language];
}

/** An English word in any form: the dictionary form's entry, marked with the form. */
export function findEnglish(word: string, hash: number): Entry {
  const lex = lexicon('en');
  const exact = lex.at(hash);
  if (exact !== 0 || word.length < 4) return exact;
  const end = word.charAt(word.length - 1);
  const form = end === 's' ? THIRD : end === 'd' ? PAST : end === 'g' ? ING : 0;
  const ending = form === ING ? 'ing' : form === PAST ? 'ed' : 's';
  if (form === 0 || !word.endsWith(ending)) return 0;
  const stem = word.slice(0, -ending.length);
  // "tries", "tried": the y is back; "caches", "cached": the e; "planning": the doubled letter goes.
  const entry =
    lex.at(hashOf(stem)) ||
    (form === THIRD ? 0 : lex.at(hashOf(`${stem}e`)) || lex.at(hashOf(stem.slice(0, -1)))) ||
    (stem.endsWith('e') ? lex.at(hashOf(stem.slice(0, -1))) : 0) ||
    (/ie?$/.test(stem) ? lex.at(hashOf(stem.replace(/ie?$/, 'y'))) : 0);
  const kept = entry & ~(form === THIRD ? ROLE : ROLE | NOUN);
  return kept === 0 ? 0 : kept | form;
}

/** What a word of any language says of effort: 1 wide scope, 2 hard matter, 3 easy matter; 0 nothing. */
export function effortOf(word: string, hash: number): number {
  const lex = lexicon('effort');
  return lex.at(hash) || (word.endsWith('s') ? lex.at(hashOf(word.slice(0, -1))) : 0);
}
