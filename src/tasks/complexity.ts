import type { TaskCategory, TaskComplexity } from '../core/task.js';
import { effortOf } from './lexicon.js';
import type { Reading } from './reading.js';

/** Base effort by category; signals add to it. Set by hand. */
const BASE = { coding: 3, reasoning: 3.2, analysis: 3.4, documentation: 2.5 } as const;

// Signals overlap, so their sum strays too far from the mean effort.
const SHRINK = 0.8;
const MEAN = 3.4;

/**
 * Estimates the effort of a task from what is asked: scope, number of demands, hard or easy matter.
 * Pasted material gives context, not difficulty, and the length of the text hardly counts.
 */
export function estimateComplexity({ clauses, material, ties }: Reading, category: TaskCategory): TaskComplexity {
  let sum: number = BASE[category];
  const reasons: string[] = [];
  const add = (amount: number, reason: string): void => {
    sum += amount;
    reasons.push(reason);
  };
  const main = clauses.find((c) => c.act !== 'statement') ?? clauses[0];
  const { act = '', verb = null, object = null } = main ?? {};
  let words = 0;
  // How many words speak of each: none, wide scope, hard, easy, product.
  const of: [number, number, number, number, number] = [0, 0, 0, 0, 0];
  for (const { tokens } of clauses) {
    words += tokens.length;
    for (const t of tokens) of[effortOf(t.text) as 0]++;
  }
  const [, scope, hard, easy, product] = of;
  if (words > 0) sum += Math.max(-0.9, Math.min(1.2, 0.55 * (Math.log2(words) - 3)));
  if (scope > 0) add(0.4, 'wide scope');
  if (hard > 0) add(Math.min(1.8, 0.3 + 0.5 * hard), 'hard matter');
  else if (easy > 0) add(-0.9, 'easy matter');
  if (product > 0 && verb === 'make' && category === 'coding') add(1.4, 'a whole product');
  const demands = clauses.filter((c) => c.act === 'order' || c.act === 'wish').length;
  if (demands > 1) add(Math.min(1.2, 0.3 * (demands - 1)), 'several demands');
  if (ties.pasted && category !== 'reasoning') {
    add(material.trace + material.log > 0 ? -0.2 : -0.9, 'all is given');
  }
  if (ties.ours || ties.we || (ties.named && !ties.pasted)) {
    add(category === 'documentation' ? 0.2 : 0.5, 'needs the workspace');
  } else if (ties.pointed && !ties.pasted && words < 8) add(-0.2, 'one place');
  if (category === 'reasoning') {
    if (/^what/.test(act) || object === 'concept') add(-0.9, 'known concept');
    else if (verb === 'reason') add(object === 'plan' ? 1.9 : 1.3, 'a decision');
    else if (act === 'choose' || act === 'howDoes') add(0.5, 'a decision');
    else if (object === 'plan') add(0.6, 'a decision');
  } else if (category === 'analysis') {
    if (/^(?:where|whatIs|whatDoes)$/.test(act)) add(-0.7, 'a look-up');
    else if (verb === 'check' && !ties.pasted)
      add(object === 'finding' || object === 'code' ? 1 : 0.5, 'needs a search');
    else if (act === 'why' && !ties.pasted && !ties.pointed) add(0.6, 'unknown cause');
  } else if (object === 'prose' && !ties.pasted && category === 'documentation') sum += 0.3;
  if (words === 0 && !ties.pasted) add(-2, 'no task');
  const score = Math.max(1, Math.min(10, Math.round(SHRINK * sum + (1 - SHRINK) * MEAN)));
  return { score, band: score <= 3 ? 'low' : score <= 6 ? 'medium' : 'high', reasons };
}
