import { FORM, ING, type Language, NOUN, PAST, roleLetter, TECH, VERB } from './lexicon.js';
import type { Token } from './tokens.js';

/** Letters of the tokens of a clause. */
export interface Shape {
  /** Roles, as `ROLES` has them; `.` none, `,` a comma. */
  readonly roles: string;
  /** Verbs: digit of the kind, 0 none. */
  readonly verbs: string;
  /** How a verb stands: `b` dictionary form, `v` the same but also a noun, `3` adds, `g` adding, `d` added. */
  readonly forms: string;
  /** Nouns: digit of the kind, 0 none. */
  readonly nouns: string;
  /** `i` a name out of code, `t` a technology. */
  readonly names: string;
  readonly words: readonly string[];
  /** The words, joined. */
  readonly text: string;
  /** It ends with a question mark. */
  readonly asked: boolean;
  readonly language: Language;
}

/** Reads the letters of a clause. */
export function shapeOf(tokens: readonly Token[], asked: boolean, language: Language): Shape {
  let roles = '';
  let verbs = '';
  let forms = '';
  let nouns = '';
  let names = '';
  for (const { entry, mark, ident } of tokens) {
    roles += mark > 0 ? ',' : roleLetter(entry);
    verbs += entry & VERB;
    forms += formOf(entry);
    nouns += (entry & NOUN) >> 4;
    names += ident ? 'i' : (entry & TECH) !== 0 ? 't' : '.';
  }
  const words = tokens.map((t) => t.text);
  return { roles, verbs, forms, nouns, names, words, text: words.join(' '), asked, language };
}

/** Letter for how a verb stands. */
export function formOf(entry: number): string {
  if ((entry & VERB) === 0) return '.';
  const form = entry & FORM;
  if (form === 0) return (entry & NOUN) !== 0 ? 'v' : 'b';
  return form === ING ? 'g' : form === PAST ? 'd' : '3';
}
