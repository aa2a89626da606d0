import { FORM, ING, type Language, NOUN, PAST, roleLetter, VERB } from './lexicon.js';
import type { Token } from './tokens.js';

/** A request, read word by word: of each string, a letter for each token. */
export interface Letters {
  readonly tokens: readonly Token[];
  readonly language: Language;
  /** Roles, as `ROLES` has them; `.` none, `,` a comma, `;` the end of a sentence. */
  readonly roles: string;
  /** Verbs: digit of the kind, 0 none. */
  readonly verbs: string;
  /** How a verb stands: `b` dictionary form, `v` the same but also a noun, `3` adds, `g` adding, `d` added. */
  readonly forms: string;
  /** Nouns: digit of the kind, 0 none. */
  readonly nouns: string;
  /** `i` a name out of code. */
  readonly names: string;
}

/** Letters of the tokens of a clause. */
export interface Shape extends Omit<Letters, 'tokens'> {
  readonly all: Letters;
  readonly from: number;
  readonly to: number;
  /** It ends with a question mark. */
  readonly asked: boolean;
}

/** Reads the letters of a request. */
export function lettersOf(tokens: readonly Token[], language: Language): Letters {
  const roles: number[] = [];
  const verbs: number[] = [];
  const forms: number[] = [];
  const nouns: number[] = [];
  const names: number[] = [];
  for (const { entry, mark, ident } of tokens) {
    roles.push(mark === 1 ? COMMA : mark === 2 ? STOP : entry === 0 ? DOT : roleLetter(entry).charCodeAt(0));
    verbs.push(ZERO + (entry & VERB));
    forms.push((entry & VERB) === 0 ? DOT : formOf(entry).charCodeAt(0));
    nouns.push(ZERO + ((entry & NOUN) >> 4));
    names.push(ident ? NAME : DOT);
  }
  const join = (units: number[]): string => String.fromCharCode(...units);
  return {
    tokens,
    language,
    roles: join(roles),
    verbs: join(verbs),
    forms: join(forms),
    nouns: join(nouns),
    names: join(names),
  };
}

const COMMA = 44;
const STOP = 59;
const DOT = 46;
const ZERO = 48;
const NAME = 105;

/** The letters of some of the tokens. */
export function shapeOf(all: Letters, from: number, to: number, asked: boolean): Shape {
  return {
    all,
    from,
    to,
    asked,
    language: all.language,
    roles: all.roles.slice(from, to),
    verbs: all.verbs.slice(from, to),
    forms: all.forms.slice(from, to),
    nouns: all.nouns.slice(from, to),
    names: all.names.slice(from, to),
  };
}

/** A clause from one of its tokens on. */
export function shapeFrom({ all, from, to, asked }: Shape, at: number): Shape {
  return shapeOf(all, from + at, to, asked);
}

/** The words of a clause, joined; at most the first `most`. */
export function wordsOf({ all, from, to }: Shape, most = 30): string {
  let text = (all.tokens[from] as Token | undefined)?.text ?? '';
  for (let i = from + 1; i < to && i < from + most; i++) text += ` ${(all.tokens[i] as Token).text}`;
  return text;
}

/** Letter for how a verb stands. */
function formOf(entry: number): string {
  if ((entry & VERB) === 0) return '.';
  const form = entry & FORM;
  if (form === 0) return (entry & NOUN) !== 0 ? 'v' : 'b';
  return form === ING ? 'g' : form === PAST ? 'd' : '3';
}
