import { type Act, actOf } from './acts.js';
import { NOUNS, type Noun, VERBS, type Verb } from './cue-kinds.js';
import { type Language, roleLetter } from './lexicon.js';
import { formOf, type Shape, shapeOf } from './shape.js';
import { type Token, tokenize } from './tokens.js';

/** One clause of a request. Its four shapes have a letter for each token, so that patterns can be read off them. */
export interface Clause {
  /** What it does. */
  readonly act: Act;
  /** Of an order, or what a question asks how to do. */
  readonly verb: Verb | null;
  /** The verb as written. */
  readonly word: string;
  /** Kind of the thing that the verb acts on, or that a statement names. */
  readonly object: Noun | null;
  /** The object is new ("a", "some") rather than known ("the", "this", "our"). */
  readonly fresh: boolean;
  readonly tokens: readonly Token[];
  readonly shape: Shape;
}

/** Reads a request as clauses; sentences that only say who the model is to be are left out. */
export function readClauses(text: string): { clauses: Clause[]; language: Language } {
  const { tokens, language } = tokenize(text);
  const clauses: Clause[] = [];
  for (const [words, asked] of split(tokens)) {
    const start = skipFillers(words, 0);
    const said = words.slice(start);
    if (said.length === 0 || roleLetter(words[0]?.entry ?? 0) === 'q') continue;
    clauses.push(readClause(said, shapeOf(said, asked, language), clauses));
  }
  return { clauses, language };
}

/** Sentences at hard marks; then at commas and "and" where an order or a question begins. */
function split(tokens: readonly Token[]): [Token[], boolean][] {
  const out: [Token[], boolean][] = [];
  let words: Token[] = [];
  const close = (asked: boolean): void => {
    if (words.length > 0) out.push([words, asked]);
    words = [];
  };
  tokens.forEach((t, i) => {
    const and = roleLetter(t.entry) === '&';
    if (t.mark === 2) close(t.text === '?' || t.text === '？');
    else if ((t.mark === 1 || and) && words.length > 0 && begins(tokens, skipFillers(tokens, i + 1), and, words))
      close(false);
    else words.push(t);
  });
  close(false);
  return out;
}

/** Whether a clause of its own begins at a token behind a comma or an "and". */
function begins(tokens: readonly Token[], at: number, and: boolean, before: readonly Token[]): boolean {
  const next = tokens[at];
  if (next === undefined || next.mark > 0) return false;
  const follows = tokens[at + 1];
  const role = roleLetter(next.entry);
  const form = formOf(next.entry);
  if (form === 'b' || (form === 'v' && startsObject(follows))) {
    // "Read it and fix it" is two orders, "people who read and write" is none.
    return !and || leadsOrder(before);
  }
  if (role === 'y' || role === 'h') return true;
  if (and) return false;
  const after = follows === undefined ? '' : roleLetter(follows.entry);
  return /[wlkx]/.test(role) || (role === 'p' && /[wk]/.test(after)) || (role === 'm' && /[ie]/.test(after));
}

function leadsOrder(words: readonly Token[]): boolean {
  const head = words[skipFillers(words, 0)];
  return head !== undefined && (/[bv]/.test(formOf(head.entry)) || /[yhwlkm]/.test(roleLetter(head.entry)));
}

function skipFillers(tokens: readonly Token[], from: number): number {
  let k = from;
  for (let t = tokens[k]; t !== undefined && t.mark < 2; t = tokens[++k]) {
    if (t.mark === 0 && !/[s&]/.test(roleLetter(t.entry))) break;
  }
  return k;
}

/** Whether a token can begin what a verb acts on. */
export function startsObject(t: Token | undefined): boolean {
  return t !== undefined && t.mark === 0 && (t.ident || /[.bdatujyhwlkzin]/.test(roleLetter(t.entry)));
}

function readClause(tokens: readonly Token[], shape: Shape, earlier: readonly Clause[]): Clause {
  const before = earlier.at(-1);
  let act = actOf(shape, tokens, before === undefined);
  const at = verbAt(shape, act);
  let verb = VERBS[Number(shape.verbs.charAt(at)) - 1] ?? null;
  if (act === 'order' && (verb === 'explain' || verb === 'show')) {
    // "Explain why ...", "tell me where ...": the question inside is what is asked.
    const inner = innerAct(shape, tokens, at);
    if (inner !== null && (verb === 'show' || /why|where|howTo|choose|whatWrong/.test(inner))) {
      act = inner;
      verb = inner !== 'howTo' ? null : verb === 'explain' ? verb : 'do';
    }
  }
  const word = at >= 0 ? (tokens[at] as Token).text : act === 'order' ? (tokens[0] as Token).text : '';
  const near = tokens
    .slice(at + 1, at + 5)
    .map((t) => t.text)
    .join(' ');
  // "Make the list sortable" changes something that is there.
  if (/^(?:make|get)$/.test(word) && (/[dtuj]/.test(shape.roles.charAt(at + 1)) || shape.names.charAt(at + 1) === 'i'))
    verb = 'change';
  if (act === 'howTo' && verb === 'reason') act = 'choose';
  if ((verb === 'make' || verb === 'show') && ABOUT.test(near)) verb = 'explain';
  let { object, fresh } = objectOf(shape, at);
  // "Design a form", "suggest a regex": the thing itself is wanted.
  if (fresh && /code|text|prose/.test(object ?? '') && /^(?:design|suggest)$/.test(word)) verb = 'make';
  // "The chapter is outdated, rewrite it."
  if (object === null && before !== undefined && tokens.length < 8 && IT.test(shape.text)) ({ object } = before);
  if (act !== 'order' && act !== 'howTo' && act !== 'wish' && act !== 'can') verb = null;
  return { act, verb, word, object, fresh, tokens, shape };
}

const ABOUT = /\boverview|explanation|introduction\b/;
const IT = /\b(?:it|them|that|lo|es)\b|它/;

function innerAct(shape: Shape, tokens: readonly Token[], at: number): Act | null {
  for (let i = at + 1; i < Math.min(tokens.length, at + 4); i++) {
    if (/[yhwlk]/.test(shape.roles.charAt(i)))
      return actOf(shapeOf(tokens.slice(i), shape.asked, shape.language), tokens.slice(i), false);
    if (shape.nouns.charAt(i) !== '0' || shape.names.charAt(i) === 'i') return null;
  }
  return null;
}

function verbAt({ verbs, forms, roles, language }: Shape, act: Act): number {
  if (!/order|howTo|can|wish|choose/.test(act)) return -1;
  if (language === 'ja' || language === 'ko') return verbs.search(/[1-8]0*$/);
  if (act === 'order' && verbs.charAt(0) !== '0') return 0;
  const from = act === 'howTo' ? roles.indexOf('h') : act === 'wish' ? roles.indexOf('m') : 0;
  for (let i = Math.max(0, from); i < verbs.length; i++) {
    if (verbs.charAt(i) !== '0' && roles.charAt(i) !== 'x' && (act !== 'howTo' || /[bv]/.test(forms.charAt(i))))
      return i;
  }
  return -1;
}

/** The noun that the verb acts on: the last one of the first noun phrase behind it (the first in Romance), else one before it. */
function objectOf(
  { roles, nouns, names, verbs, forms, language }: Shape,
  at: number,
): { object: Noun | null; fresh: boolean } {
  const headFirst = /fr|es|ru/.test(language);
  const eastern = /zh|ja|ko/.test(language);
  let object: Noun | null = null;
  let fresh = false;
  let known = false;
  let seen = false;
  for (let i = at + 1; i < nouns.length; i++) {
    const role = roles.charAt(i);
    if (!seen && role === 'a') fresh = true;
    if (!seen && /[dtuj]/.test(role)) known = true;
    const noun = NOUNS[Number(nouns.charAt(i)) - 1];
    if (/[2yhwlkx]/.test(role) || (role === 'p' && !eastern)) {
      // "check for leaks", "look at the parser": the preposition belongs to the verb.
      if (seen && (i > at + 1 || noun !== undefined)) break;
    } else if (object !== null && /[datuj]/.test(role)) break;
    else if (object !== null && (/[,&]/.test(role) || (language === 'zh' && forms.charAt(i) === 'b'))) break;
    else if (noun !== undefined && !(forms.charAt(i) === 'b' && i > at + 3)) {
      object = noun;
      seen = true;
      if (headFirst) break;
    } else if (names.charAt(i) === 'i' || (role === '.' && verbs.charAt(i) === '0')) seen = true;
  }
  for (let i = at - 1; i >= 0 && object === null; i--) object = NOUNS[Number(nouns.charAt(i)) - 1] ?? null;
  return { object, fresh: fresh && !known };
}
