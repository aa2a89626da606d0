import type { TaskCategory } from '../core/task.js';
import type { Reading } from './reading.js';

// Every sign counts for or against; above zero in sum, code must be looked up. Weights set by hand.
const BASE_NEED = { coding: -0.2, reasoning: -2.2, analysis: 0.9, documentation: 0.3 } as const;

/** Whether a good answer needs workspace code that the message does not hold. */
export function needsWorkspace(r: Reading, category: TaskCategory, hasTools: boolean): boolean {
  const { ties, material, clauses } = r;
  const main = clauses.find((c) => c.act !== 'statement') ?? clauses[0];
  const { act = '', verb = null, word = '', object = null, fresh = false } = main ?? {};
  const text = main?.shape.text ?? '';
  const makes = verb === 'make' || verb === 'do';
  const adds = ADDING.test(word);
  let need: number = BASE_NEED[category];
  if (ties.pasted) need -= material.code + material.diff + material.inline > 0 ? 5 : 3;
  if (material.quote > 0) need -= 3;
  if (ties.ours) need += 3;
  if (ties.we) need += 1;
  if (ties.pointed) need += 1.6;
  if (ties.named) need += 2;
  if (ties.definite) need += makes && !adds ? 0.4 : 1.3;
  if (hasTools) need += 0.6;
  // Long requests and "the following" bring what they speak of.
  if (!ties.ours && clauses.reduce((n, c) => n + c.tokens.length, 0) > 40) need -= 2;
  if (/\b(?:following|below)\b/.test(text)) need -= 2;
  if (ties.tech && !ties.given) need -= 1.2;
  if (category === 'coding') {
    if (verb === 'change' || adds) need += fresh && !adds ? 0.6 : 1.2;
    // "Write a function that ..." stands alone.
    else if (makes && act !== 'wish') need -= fresh || ties.tech ? 1.8 : 1.2;
    if (act === 'wish') need += 1.2;
    if (act === 'complaint') need += 1.4;
    // "Regex for ...", "python function that ...": something new that is only named.
    if (act === 'statement')
      need += object === 'code' && (ties.tech || ALONE.test(text)) && !/^the\b/.test(text) ? -1.6 : 1.4;
  } else if (category === 'documentation') {
    if (object === 'message' || LETTER.test(text) || (fresh && verb === 'make' && ties.general)) need -= 3;
    else if (ties.pointed && !ties.named && OWN_TEXT.test(text)) need -= 3.5;
    else if (object === 'prose' && verb !== 'explain') need += 0.9;
  }
  if (/^(?:howTo|howDoes|can)$/.test(act)) need -= 2;
  if (act === 'choose' && category !== 'reasoning') need -= 0.6;
  if (object === 'concept') need -= 1.5;
  else if (ties.general && category === 'documentation' && verb !== 'make') need -= 0.9;
  return main === undefined ? ties.ours : need > 0;
}

const ADDING =
  /^(?:add|insert|include|introduce|put|sort|call|return|cache|log|run|commit)$|^(?:ajout|anad|agreg|adicion|добав|添加|增加|追加|추가|fug)/;
const ALONE = / (?:that|which|for|to)\b/;
// Texts for people outside, and texts that the message holds itself.
const LETTER = /\b(?:story|poem|essay|blog ?post|article|speech|resume|joke|title|talk|newsletter|user stories)\b/;
const OWN_TEXT = /\b(?:sentence|paragraph|text|following|spelling|translate)\b/;
