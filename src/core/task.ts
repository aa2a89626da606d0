/**
 * What kind of answer a query wants.
 * @public
 */
export type TaskCategory = 'coding' | 'reasoning' | 'analysis' | 'documentation';

/**
 * The finer kind of work, as escalation rules and reports use it.
 * @public
 */
export type TaskType = 'code_generation' | 'code_refactor' | 'reasoning' | 'analysis' | 'completion' | 'creative';

/**
 * What `classifyTask` found out about a query.
 * @public
 */
export interface TaskClassification {
  /** The best category. */
  readonly category: TaskCategory;
  /** Probability that the category is right, 0 to 1, calibrated. */
  readonly confidence: number;
  /** The other categories, likeliest first. */
  readonly alternatives: readonly { readonly category: TaskCategory; readonly confidence: number }[];
  /** Whether a good answer needs workspace code that the message does not hold. */
  readonly requiresSerena: boolean;
  /** The cues that decided, in the order of the text. */
  readonly keywordsMatched: readonly string[];
  /** The finer kind of work. */
  readonly taskType: TaskType;
  /** Expected effort. */
  readonly complexity: TaskComplexity;
}

/**
 * Expected effort of a task, not the length of its text.
 * @public
 */
export interface TaskComplexity {
  /** 1 (trivial) to 10 (a project). */
  readonly score: number;
  /** `low` 1-3, `medium` 4-6, `high` 7-10. */
  readonly band: 'low' | 'medium' | 'high';
  /** What raised or lowered the score, as far as it has a name: half of the score is learned from whole queries. */
  readonly reasons: readonly string[];
}

/** The band that a score of complexity falls into. */
export function bandOf(score: number): TaskComplexity['band'] {
  if (score <= 3) return 'low';
  return score <= 6 ? 'medium' : 'high';
}

/**
 * What the host knows about a request beside its text.
 * @public
 */
export interface ClassifyOptions {
  /** The request offers tools to the model. */
  readonly hasTools?: boolean | undefined;
  /** The request carries images. */
  readonly hasImages?: boolean | undefined;
}
