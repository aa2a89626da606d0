import type { TaskCategory, TaskComplexity } from '../core/task.js';
import type { Reading } from './classify-task.js';
import { EFFORT_WORDS } from './cues-effort.js';

/** Base effort by category; signals add to it. Set by hand. */
const BASE = { coding: 3, reasoning: 3.2, analysis: 3.4, documentation: 2.5 } as const;

/**
 * Estimates the effort of a task from what is asked: scope, number of demands, hard or easy matter.
 * Pasted material gives context, not difficulty, and the length of the text hardly counts.
 */
export function estimateComplexity(r: Reading, category: TaskCategory): TaskComplexity {
  let sum: number = BASE[category];
  const reasons: string[] = [];
  const add = (amount: number, reason: string): void => {
    sum += amount;
    if (!reasons.includes(reason)) reasons.push(reason);
  };
  const s = r.surroundings;
  const main = r.clauses.find((c) => c.act !== 'statement') ?? r.clauses[0];
  const words = r.clauses.reduce((n, c) => n + c.tokens.length, 0);
  if (words > 0) sum += Math.max(-0.9, Math.min(1.2, 0.55 * (Math.log2(words) - 3)));
  const matter: { [kind: string]: number } = {};
  for (const clause of r.clauses) {
    for (const t of clause.tokens) {
      const kind = EFFORT_WORDS.get(t.text);
      if (kind !== undefined) matter[kind] = (matter[kind] ?? 0) + 1;
    }
  }
  if (matter['scope']) add(0.6, 'wide scope');
  if (matter['hard']) add(Math.min(1.8, 0.5 + 0.5 * matter['hard']), 'hard matter');
  if (matter['easy'] && !matter['hard']) add(-0.9, 'small or mechanical');
  if (matter['product'] && main?.verb === 'make' && category === 'coding') add(1.4, 'a whole product');
  const demands = r.clauses.filter((c) => c.act === 'order' || c.act === 'wish').length;
  if (demands > 1) add(Math.min(1.5, 0.4 * (demands - 1)), 'several demands');
  if (s.pasted)
    add(
      category === 'reasoning' ? 0 : r.material.trace + r.material.log > 0 ? -0.2 : -0.9,
      'everything needed is given',
    );
  if (s.ours || s.we || (s.named > 0 && !s.pasted))
    add(category === 'documentation' ? 0.2 : 0.5, 'needs the workspace');
  else if (s.pointed && !s.pasted && words < 8) add(-0.4, 'one place');
  if (main !== undefined) {
    if (category === 'reasoning') {
      if (main.act === 'whatIs' || main.act === 'whatDoes' || main.object === 'concept') add(-0.9, 'a known concept');
      else if (main.verb === 'reason') add(1.3, 'design or decision');
      else if (main.act === 'choose' || main.act === 'howDoes') add(0.5, 'design or decision');
      if (main.object === 'plan' && main.act === 'order') add(0.6, 'design or decision');
    }
    if (category === 'analysis') {
      if (main.act === 'where' || main.act === 'whatIs' || main.act === 'whatDoes') add(-0.7, 'a look-up');
      else if (main.verb === 'check' && !s.pasted)
        add(main.object === 'finding' || main.object === 'code' ? 1 : 0.5, 'a search through code');
      else if (main.act === 'why' && !s.pasted && !s.pointed) add(0.6, 'an unknown cause');
    }
    if (category === 'documentation' && main.object === 'prose' && !s.pasted) add(0.3, 'a document');
    if (category === 'coding' && main.verb === 'make' && main.object === 'code' && !s.pasted) add(0.2, 'new code');
  }
  if (r.clauses.length === 0 && !s.pasted) add(-2, 'no task');
  const score = Math.max(1, Math.min(10, Math.round(sum)));
  return { score, band: score <= 3 ? 'low' : score <= 6 ? 'medium' : 'high', reasons };
}
