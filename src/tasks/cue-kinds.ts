/** What a word can do in a request; the cue files sort their words by these names. */

/** Verbs, by what is to be done. */
export const VERBS = ['make', 'change', 'do', 'explain', 'document', 'check', 'reason', 'show'] as const;
/** A verb's kind. */
export type Verb = (typeof VERBS)[number];

/** Nouns: documentation, text about something, a message to somebody, code, a plan, a finding, an idea, the workspace. */
export const NOUNS = ['prose', 'text', 'message', 'code', 'plan', 'finding', 'concept', 'workspace'] as const;
/** A noun's kind. */
export type Noun = (typeof NOUNS)[number];

/** Small words that shape a sentence, each with the letter that stands for it in a clause's shape. */
export const ROLES = {
  why: 'y',
  how: 'h',
  what: 'w',
  where: 'l',
  which: 'k',
  auxiliary: 'x',
  modal: 'm',
  or: '|',
  choice: 'o',
  preposition: 'p',
  definite: 'd',
  indefinite: 'a',
  this: 't',
  our: 'u',
  we: 'e',
  my: 'j',
  you: 'z',
  me: 'i',
  skip: 's',
  failure: 'f',
  and: '&',
  works: 'r',
  to: '2',
  goAhead: 'g',
  persona: 'q',
  any: 'n',
  plain: 'b',
} as const;
/** A small word's part. */
export type Role = keyof typeof ROLES;

/** Rows that speak of effort: wide scope, hard or easy matter. */
export const EFFORTS = ['scope', 'hard', 'easy'] as const;

/**
 * The cues of one language: words separated by blanks; `_` joins the words of a phrase, `*` ends a stem.
 * A word may stand in several rows (a verb and a noun); within verbs, nouns or roles the first row wins.
 */
export type Cues = { readonly [K in Verb | Noun | Role | (typeof EFFORTS)[number]]?: string };
