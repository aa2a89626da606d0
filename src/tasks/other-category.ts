import type { TaskCategory, TaskClassification, TaskType } from '../core/task.js';

/** Every category. */
export const CATEGORIES: readonly TaskCategory[] = ['coding', 'reasoning', 'analysis', 'documentation'];

/** The finer kind of work where only the category is known. */
const USUAL: Readonly<Record<TaskCategory, TaskType>> = {
  coding: 'code_generation',
  reasoning: 'reasoning',
  analysis: 'analysis',
  documentation: 'creative',
};

/** The first judgement with another one's category; what follows from the category alone changes with it. */
export function otherCategory(
  first: TaskClassification,
  category: TaskCategory,
  confidence: number,
): TaskClassification {
  if (category === first.category) return { ...first, confidence: Math.max(first.confidence, confidence) };
  const rest = [{ category: first.category, confidence: first.confidence }, ...first.alternatives]
    .filter((other) => other.category !== category)
    .map((other) => ({ ...other, confidence: Math.min(other.confidence, 1 - confidence) }));
  return { ...first, category, confidence, alternatives: rest, taskType: USUAL[category] };
}
