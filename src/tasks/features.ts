import { ACTS } from './acts.js';
import type { Clause } from './clauses.js';
import { hashStep, SEED } from './cue-hash.js';
import { NOUNS, VERBS } from './cue-kinds.js';
import type { Reading } from './reading.js';
import type { Token } from './tokens.js';

/** Takes a feature of a message, by its hash, and how much it counts. */
export type Take = (feature: number, value: number) => void;

// Families of features. Their numbers are part of the hashes that the trained weights stand under.
const KIND = 1;
const KIND_OBJECT = 2;
const KIND_SETTING = 3;
const WANTED = 5;
const PAIR = 6;
const WORD = 7;
const FIRST = 8;
const TIE = 10;
const CLAUSES = 11;
const MATERIAL = 12;
const LENGTH = 14;

const POSITION = [1, 0.6, 0.5, 0.4];
// How many words of a clause are read, and how many of them in pairs.
const WORDS = 12;
const PAIRS = 6;
const TIES = ['pasted', 'ours', 'we', 'pointed', 'named', 'definite', 'general'] as const;

function hash(family: number, a: number, b = 0): number {
  return hashStep(hashStep(hashStep(SEED, family), a), b);
}

/** Hands over every feature of a message. */
export function readFeatures(r: Reading, take: Take): void {
  const { clauses, ties, material } = r;
  take(hash(0, 0), 1);
  let stated = true;
  for (const { act } of clauses) if (act !== 'statement' && act !== 'complaint' && act !== 'wish') stated = false;
  // Languages without articles tell no "the parser" from "a parser".
  const setting = ties.given ? 1 : !ties.general ? 2 : /ru|zh|ja|ko/.test(r.language) ? 4 : 3;
  let rank = 0;
  let words = 0;
  let checked = false;
  for (const clause of clauses) {
    const { act, verb, shape } = clause;
    const { tokens } = shape.all;
    words += shape.to - shape.from;
    const weight =
      stated || (act !== 'statement' && act !== 'complaint')
        ? (POSITION[rank++] ?? 0.4)
        : act === 'complaint'
          ? 0.45
          : 0.35;
    const kind = kindOf(clause);
    // "Review it and fix what you find" is answered with changed code.
    if (checked && verb === 'change' && clause.object !== 'prose') take(hash(CLAUSES, 9), 1);
    checked ||= verb === 'check';
    const object = clause.object === null ? 0 : NOUNS.indexOf(clause.object) + 1;
    take(hash(KIND, kind), weight);
    take(hash(KIND_OBJECT, kind, object), weight);
    take(hash(KIND_SETTING, kind, setting), weight);
    if (verb !== null && (act === 'wish' || act === 'howTo')) take(hash(WANTED, kind, VERBS.indexOf(verb)), weight);
    const end = Math.min(shape.to, shape.from + WORDS);
    let last = 0;
    let near = weight;
    for (let k = shape.from; k < end; k++) {
      const h = (tokens[k] as Token).hash;
      if (h === 0) continue;
      // "A test for the readme generator": what stands behind the preposition says less.
      if (act === 'order' && shape.all.roles.charAt(k) === 'p' && k > shape.from + 1) near = weight / 2;
      take(hash(WORD, h), near);
      if (last !== 0 && k < shape.from + PAIRS) take(hash(PAIR, last, h), near / weight);
      last = h;
    }
    if (shape.to > shape.from) take(hash(FIRST, (tokens[shape.from] as Token).hash), weight);
  }
  for (const [i, tie] of TIES.entries()) if (ties[tie]) take(hash(TIE, i), 1);
  take(hash(CLAUSES, Math.min(4, clauses.length)), 1);
  const alone = clauses.length === 0 && r.command === null ? 1 : 0;
  if (material.trace + material.log > material.code) take(hash(MATERIAL, 1, alone), 1);
  else if (material.code > 0) take(hash(MATERIAL, 2, alone), 1);
  if (material.quote > 0) take(hash(MATERIAL, 3), 1);
  take(hash(LENGTH, 0), Math.log2(words + 1) / 3 - 1);
}

/** An order is what its verb is; "I want to <verb>" is a kind of its own. */
function kindOf({ act, verb }: Clause): number {
  if (act === 'order') return 32 + (verb === null ? 0 : VERBS.indexOf(verb) + 1);
  return act === 'wish' && verb !== null ? 51 : ACTS.indexOf(act);
}
