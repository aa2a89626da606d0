import type { ClassifyOptions } from '../core/task.js';
import { type Clause, readClauses } from './clauses.js';
import type { Language } from './lexicon.js';
import { hasMaterial, type Material } from './material.js';
import { findRequest } from './request-text.js';
import type { Shape } from './shape.js';

/** A message as the estimates read it. */
export interface Reading {
  readonly clauses: readonly Clause[];
  readonly language: Language;
  readonly material: Material;
  /** Slash command without its slash. */
  readonly command: string | null;
  /** What ties it to certain code or text. */
  readonly ties: Ties;
}

/** What ties a request to certain code or text. */
export interface Ties {
  /** Code, output or a picture is in the message. */
  readonly pasted: boolean;
  /** "our", "us", the repository. */
  readonly ours: boolean;
  /** "we" doing something now. */
  readonly we: boolean;
  /** "this", "the selected". */
  readonly pointed: boolean;
  /** A name out of code. */
  readonly named: boolean;
  /** "the parser", "the login page". */
  readonly definite: boolean;
  /** One certain thing: any of the first five. */
  readonly given: boolean;
  /** Nothing points at a certain thing. */
  readonly general: boolean;
}

/** Reads a message. */
export function readMessage(message: string, o: ClassifyOptions): Reading {
  const { text, material, command } = findRequest(message);
  const { clauses, language } = readClauses(text);
  const pasted = hasMaterial(material) || o?.hasImages === true;
  const some = (test: (c: Clause) => boolean): boolean => clauses.some(test);
  const ours = some(({ shape }) => shape.roles.includes('u') || isOurs(shape));
  const we = some(({ act, shape }) => shape.roles.includes('e') && !/howTo|choose|order|statement/.test(act));
  // "Explain" alone means what the host shows.
  const pointed = some(
    ({ act, shape }) => shape.roles.includes('t') || (act === 'order' && clauses.length + shape.roles.length === 2),
  );
  const named = some(({ shape: { all, from, to } }) => all.tokens.slice(from, to).some((token) => token.ident));
  const definite = some(isDefinite);
  const given = pasted || ours || we || pointed || named;
  return {
    clauses,
    language,
    material,
    command,
    ties: { pasted, ours, we, pointed, named, definite, given, general: !given && !definite },
  };
}

/** A workspace or a part of it, which no indefinite article makes new. */
function isOurs({ roles, nouns }: Shape): boolean {
  for (let at = nouns.indexOf('8'); at >= 0; at = nouns.indexOf('8', at + 1))
    if (roles.charAt(at - 1) !== 'a') return true;
  return false;
}

/** "The parser" is a certain thing; "the same thread", "the CAP theorem", "the lifecycle of a component" are not. */
function isDefinite({ shape }: Clause): boolean {
  const { roles, nouns, all, from } = shape;
  for (let at = roles.indexOf('d'); at >= 0; at = roles.indexOf('d', at + 1)) {
    if (VAGUE.test(all.tokens[from + at + 1]?.text ?? '')) continue;
    // Up to the end of the noun phrase.
    const length = roles.slice(at + 1, at + 6).search(/[px]/);
    const end = length < 0 ? at + 6 : at + 1 + length;
    if (/[57]/.test(nouns.slice(at + 1, end))) continue;
    if (
      all.tokens[from + end]?.text !== 'of' ||
      /[dtuj]/.test(roles.charAt(end + 1)) ||
      all.tokens[from + end + 1]?.ident
    )
      return true;
  }
  return false;
}

const VAGUE = /^(?:same|first|last|most|best|only|number|other|next|world|internet|user|browser|future|following)$/;
