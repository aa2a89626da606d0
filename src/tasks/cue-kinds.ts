/** What a word can do in a request; the cue files sort their words by these names. */

/** Verbs, by what is to be done. */
export const VERBS = ['make', 'change', 'do', 'explain', 'document', 'check', 'reason', 'show'] as const;
/** A verb's kind. */
export type Verb = (typeof VERBS)[number];

/** Nouns, by what they name: documentation, text about something, a message to somebody, code, a plan, a finding, an idea, a technology, the workspace. */
export const NOUNS = ['prose', 'text', 'message', 'code', 'plan', 'finding', 'concept', 'tech', 'workspace'] as const;
/** A noun's kind. */
export type Noun = (typeof NOUNS)[number];

/** Small words that shape a sentence. */
export const ROLES = [
  'why',
  'how',
  'what',
  'where',
  'which',
  'auxiliary',
  'modal',
  'choice',
  'preposition',
  'definite',
  'indefinite',
  'this',
  'our',
  'we',
  'my',
  'you',
  'me',
  'skip',
  'failure',
  'and',
  'works',
  'to',
  'goAhead',
  'persona',
  'any',
  'plain',
] as const;
/** A small word's part. */
export type Role = (typeof ROLES)[number];

/**
 * The cues of one language: words separated by blanks; `_` joins the words of a phrase, `*` ends a stem.
 * A word may stand in several rows (a verb and a noun); within verbs, nouns or roles the first row wins.
 */
export type Cues = { readonly [K in Verb | Noun | Role | 'verbNoun']?: string };
