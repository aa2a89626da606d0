import { digitAt, hashBack, hashStep, reader, SEED, SlotMap, slotOf } from './cue-hash.js';
import { KINDS, OPENERS, ROLE_LETTERS, TABLE } from './cue-table.js';

/** Languages with cues of their own; `es` is Spanish and Portuguese, and serves for Italian. */
export type Language = Exclude<keyof typeof TABLE, 'effort'>;

/** What is known of a word, packed: verb and noun count from 1 (0: none), then role and flags. */
export type Entry = number;

export const VERB = 15;
export const NOUN = 15 << 4;
export const ROLE = 31 << 8;
/** English third person ("adds"), other form, -ing form, by the length of the ending; none: as in the dictionary. */
export const FORM = 3 << 13;

/** The unit of the letter of an entry's role; that of `.` for none. */
export function roleLetter(entry: Entry): number {
  return ROLE_LETTERS.charCodeAt((entry & ROLE) >> 8);
}

const SLOT_BITS = 9;
const KIND_BITS = 3;

/** The cues of one language, looked up by hash; of other hashes one in 350 to 550 is taken for a cue. */
export class Lexicon {
  readonly #entries: SlotMap;

  constructor(language: Language | 'effort') {
    const [count, space, packed] = TABLE[language];
    const next = reader(packed);
    this.#entries = new SlotMap(
      count,
      space,
      () => next(SLOT_BITS),
      () => KINDS[next(KIND_BITS)] as number,
    );
  }

  /** Entry of a hash; 0: no cue. */
  at(hash: number): Entry {
    const entry = this.#entries.get(hash);
    return entry < 0 ? 0 : entry;
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

/** Whether a phrase may begin with the words of a hash; of others it says so too, rarely. */
export function opensPhrase(hash: number): boolean {
  const bit = slotOf(hash, OPENERS.length * 6);
  return ((digitAt(OPENERS, (bit / 6) | 0) >> (bit % 6)) & 1) === 1;
}

// Made at first use and kept, in about a millisecond; nothing at import.
const made: { [L in Language | 'effort']?: Lexicon } = {};

/** The lexicon of a language. */
export function lexicon(language: Language | 'effort'): Lexicon {
  made[language] ??= new Lexicon(language);
  return made[language];
}

/** An English word in any form: the dictionary form's entry, marked with the form. */
export function findEnglish(word: string, hash: number): Entry {
  // Not by `lexicon`: a name that is written out is found faster.
  made.en ??= new Lexicon('en');
  const lex = made.en;
  const exact = lex.at(hash);
  const { length } = word;
  if (exact !== 0 || length < 4) return exact;
  const last = word.charCodeAt(length - 1);
  // How long the ending is: -s, -ed, -ing.
  const form = last === 115 ? 1 : last === 100 ? 2 : last === 103 ? 3 : 0;
  const cut = length - form;
  if (form === 0 || word.charCodeAt(cut) !== ENDINGS.charCodeAt(form)) return 0;
  let stem = hash;
  for (let i = length; i > cut; ) stem = hashBack(stem, word.charCodeAt(--i));
  const end = word.charCodeAt(cut - 1);
  const shorter = hashBack(stem, end);
  // "caches", "cached": the e is back; "planning": the doubled letter goes; "tries", "tried": so is the y.
  const entry =
    lex.at(stem) ||
    (form > 1 ? lex.at(hashStep(stem, E)) : 0) ||
    (form > 1 || end === E ? lex.at(shorter) : 0) ||
    (word.startsWith('ie', length - 3) ? lex.at(hashStep(form > 1 ? shorter : hashBack(shorter, I), Y)) : 0);
  const kept = entry & ~(form === 1 ? ROLE : ROLE | NOUN);
  return kept === 0 ? 0 : kept | (form << 13);
}

const ENDINGS = ' sei';
const E = 101;
const I = 105;
const Y = 121;

/** What a word of any language says of effort: 1 wide scope, 2 hard matter, 3 easy matter; 0 nothing. */
export function effortOf(word: string, hash: number): number {
  made.effort ??= new Lexicon('effort');
  const last = word.charCodeAt(word.length - 1);
  return made.effort.at(hash) || (last === 115 ? made.effort.at(hashBack(hash, last)) : 0);
}
