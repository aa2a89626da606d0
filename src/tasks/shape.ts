import { FORM, type Language, NOUN, roleLetter, VERB } from './lexicon.js';
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
  const n = tokens.length;
  const units = new Array<number>(4 * n);
  for (let i = 0; i < n; i++) {
    const { entry, mark } = tokens[i] as Token;
    units[i] = mark > 0 ? MARKS.charCodeAt(mark) : roleLetter(entry);
    units[n + i] = ZERO + (entry & VERB);
    units[2 * n + i] = formOf(entry);
    units[3 * n + i] = ZERO + ((entry & NOUN) >> 4);
  }
  const all = String.fromCharCode(...units);
  const row = (k: number): string => all.slice(k * n, k * n + n);
  return { tokens, language, roles: row(0), verbs: row(1), forms: row(2), nouns: row(3) };
}

const DOT = 46;
const ZERO = 48;
const MARKS = ' ,;';

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

/** Unit for how a verb stands. */
function formOf(entry: number): number {
  if ((entry & VERB) === 0) return DOT;
  return (entry & NOUN) > 0 && (entry & FORM) === 0 ? 118 : 'b3dg'.charCodeAt((entry & FORM) >> 13);
}
