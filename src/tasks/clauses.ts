import { type Act, actOf } from './acts.js';
import { NOUNS, type Noun, VERBS, type Verb } from './cue-kinds.js';
import type { Language } from './lexicon.js';
import { type Letters, lettersOf, type Shape, shapeFrom, shapeOf, wordsOf } from './shape.js';
import { tokenize } from './tokens.js';

/** One clause of a request. Its shape has strings with a letter for each token, so that patterns can be read off them. */
export interface Clause {
  /** What it does. */
  readonly act: Act;
  /** Of an order, or what a question asks how to do. */
  readonly verb: Verb | null;
  /** Kind of the thing that the verb acts on, or that a statement names. */
  readonly object: Noun | null;
  readonly shape: Shape;
}

/** Reads a request as clauses; sentences that only say who the model is to be are left out. */
export function readClauses(text: string): { clauses: Clause[]; language: Language } {
  const { tokens, language } = tokenize(text);
  const letters = lettersOf(tokens, language);
  const { roles } = letters;
  const clauses: Clause[] = [];
  let start = 0;
  const close = (end: number, asked: boolean): void => {
    const from = skipFillers(roles, start);
    if (from < end && roles.charAt(start) !== 'q')
      clauses.push(readClause(shapeOf(letters, from, end, asked), clauses.at(-1)));
    start = end + 1;
  };
  // Sentences end at hard marks; clauses also at commas and "and" where an order or a question begins.
  for (let i = 0; i < roles.length; i++) {
    const role = roles.charAt(i);
    if (role === ';') close(i, '?？'.includes(tokens[i]?.text ?? ';'));
    else if ((role === ',' || role === '&') && begins(letters, skipFillers(roles, i + 1), role, start)) close(i, false);
  }
  close(roles.length, false);
  return { clauses, language };
}

/** Whether a clause of its own begins at a token behind a comma or an "and". */
function begins({ roles, forms }: Letters, at: number, mark: string, start: number): boolean {
  const role = roles.charAt(at);
  const form = forms.charAt(at);
  if (form === 'b' || (form === 'v' && /[.bdatujyhwlkzin]/.test(roles.charAt(at + 1)))) {
    // "Read it and fix it" is two orders, "people who read and write" is none.
    const head = skipFillers(roles, start);
    return mark === ',' || /[bv]/.test(forms.charAt(head)) || /[yhwlkm]/.test(roles.charAt(head));
  }
  return role === 'y' || role === 'h' || (mark === ',' && /^(?:[wlkx]|p[wk]|m[ie])/.test(role + roles.charAt(at + 1)));
}

function skipFillers(roles: string, from: number): number {
  let k = from;
  while (k < roles.length && 's&,'.includes(roles.charAt(k))) k++;
  return k;
}

function readClause(shape: Shape, before: Clause | undefined): Clause {
  const { verbs, roles } = shape;
  let act = actOf(shape, before === undefined);
  const at = verbAt(shape, act);
  let verb = kindAt(VERBS, verbs, at);
  if (act === 'order' && (verb === 'explain' || verb === 'show')) {
    // "Explain why ...", "tell me where ...": the question inside is what is asked.
    const inner = innerAct(shape, at);
    if (inner !== null && (verb === 'show' || /why|where|howTo|choose|whatWrong/.test(inner))) {
      act = inner;
      verb = inner === 'howTo' ? 'do' : null;
    }
  }
  if (act === 'howTo' && verb === 'reason') act = 'choose';
  let object = objectOf(shape, at);
  // "The chapter is outdated, rewrite it."
  if (object === null && before !== undefined && roles.length < 8 && IT.test(wordsOf(shape))) ({ object } = before);
  return { act, verb: act === 'order' || act === 'howTo' || act === 'wish' ? verb : null, object, shape };
}

const IT = /\b(?:it|them|that)\b/;

function innerAct(shape: Shape, at: number): Act | null {
  for (let i = at + 1; i < Math.min(shape.roles.length, at + 4); i++) {
    if (/[yhwlk]/.test(shape.roles.charAt(i))) return actOf(shapeFrom(shape, i), false);
    if (shape.nouns.charAt(i) !== '0') return null;
  }
  return null;
}

function verbAt({ verbs, forms, roles, language }: Shape, act: Act): number {
  if (!/order|howTo|wish|choose/.test(act)) return -1;
  if (language === 'ja' || language === 'ko') return verbs.search(/[1-8]0*$/);
  const from = act === 'howTo' ? roles.indexOf('h') : act === 'wish' ? roles.indexOf('m') : 0;
  for (let i = Math.max(0, from); i < verbs.length; i++) {
    if (verbs.charAt(i) !== '0' && (act !== 'howTo' || 'bv'.includes(forms.charAt(i)))) return i;
  }
  return -1;
}

/** The noun that the verb acts on: the last one of the first noun phrase behind it (the first in Romance), else one before it. */
function objectOf({ roles, nouns, verbs, language }: Shape, at: number): Noun | null {
  const headFirst = language === 'fr' || language === 'es' || language === 'ru';
  let object: Noun | null = null;
  let seen = false;
  const end = Math.min(nouns.length, at + 12);
  for (let i = at + 1; i < end; i++) {
    const role = roles.charAt(i);
    const noun = kindAt(NOUNS, nouns, i);
    if (role !== '.' && '2yhwlkxp'.includes(role)) {
      // "check for leaks", "look at the parser": the preposition belongs to the verb.
      if (seen) break;
    } else if (object !== null && role !== '.' && 'dtuj,&a'.includes(role)) break;
    else if (noun !== null) {
      object = noun;
      seen = true;
      if (headFirst) break;
    } else if (role === '.' && verbs.charAt(i) === '0') seen = true;
  }
  for (let i = at - 1; i >= 0 && object === null; i--) object = kindAt(NOUNS, nouns, i);
  return object;
}

/** The kind of a digit; null for none. Asking a list for what stands at -1 would be slow. */
function kindAt<T>(kinds: readonly T[], digits: string, at: number): T | null {
  const kind = at < 0 ? 0 : digits.charCodeAt(at) - 48;
  return kind > 0 ? (kinds[kind - 1] as T) : null;
}
