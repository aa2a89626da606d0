import { bandOf, type TaskCategory, type TaskComplexity } from '../core/task.js';
import { effortOf } from './lexicon.js';
import { MEAN_EFFORT } from './model-table.js';
import type { Reading } from './reading.js';
import type { Token } from './tokens.js';

/** Base effort by category; signals add to it. Set by hand. */
const BASE = { coding: 3.1, reasoning: 3.3, analysis: 3.3, documentation: 2.8 } as const;

/**
 * Estimates the effort of a task from what is asked: scope, number of demands, hard or easy matter.
 * Pasted material gives context, not difficulty, and the length of the text hardly counts. What the trained weights say of
 * its words, against the mean, counts for as much.
 */
export function estimateComplexity(
  { clauses, material, ties }: Reading,
  category: TaskCategory,
  learned: number,
): TaskComplexity {
  let sum: number = BASE[category];
  const reasons: string[] = [];
  const add = (there: boolean, amount: number, reason: string): void => {
    if (!there) return;
    sum += amount;
    reasons.push(reason);
  };
  const main = clauses.find((c) => c.act !== 'statement') ?? clauses[0];
  const { act = '', verb = null, object = null } = main ?? {};
  let words = 0;
  let demands = 0;
  // How many words speak of each: none, wide scope, hard, easy.
  const of: [number, number, number, number] = [0, 0, 0, 0];
  for (const { act: does, shape } of clauses) {
    words += shape.roles.length;
    if (does === 'order' || does === 'wish') demands++;
    for (let i = shape.from; i < shape.to; i++) {
      const { text, hash, mark } = shape.all.tokens[i] as Token;
      if (mark === 0) of[effortOf(text, hash) as 0]++;
    }
  }
  const [, scope, hard, easy] = of;
  if (words > 0) sum += Math.max(-0.9, Math.min(1.2, 0.55 * (Math.log2(words) - 3)));
  add(scope > 0, 0.2, 'wide scope');
  add(hard > 0, Math.min(1.8, 0.3 + 0.5 * hard), 'hard matter');
  add(hard === 0 && easy > 0, -0.8, 'easy matter');
  add(demands > 1, Math.min(0.9, 0.2 * (demands - 1)), 'several demands');
  add(ties.pasted && category !== 'reasoning', material.trace + material.log > 0 ? -0.2 : -0.9, 'all is given');
  const needs = ties.ours || ties.we || (ties.named && !ties.pasted);
  add(needs, category === 'documentation' ? 0.1 : 0.3, 'needs the workspace');
  if (category === 'reasoning') {
    const known = act.startsWith('what') || object === 'concept';
    add(known, -0.9, 'known concept');
    add(
      !known && (verb === 'reason' || act === 'choose' || act === 'howDoes' || object === 'plan'),
      verb === 'reason' ? 1.5 : 0.5,
      'a decision',
    );
  } else if (category === 'analysis') {
    const lookUp = /^(?:where|whatIs|whatDoes)$/.test(act);
    add(lookUp, -0.7, 'a look-up');
    add(verb === 'check' && !ties.pasted, object === 'finding' || object === 'code' ? 1.4 : 0.9, 'needs a search');
    add(act === 'why' && !ties.pasted && !ties.pointed, 0.6, 'unknown cause');
  }
  add(words === 0 && !ties.pasted, -2, 'no task');
  const score = Math.max(1, Math.min(10, Math.round((sum + MEAN_EFFORT + learned) / 2)));
  return { score, band: bandOf(score), reasons };
}
