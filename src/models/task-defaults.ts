import type { TaskCategory } from '../core/task.js';

/** What holds for a category of tasks where the host says nothing. */
export interface TaskDefaults {
  /** Catalogue keys, best first; they only score. */
  readonly models: readonly string[];
  /** Context window that a model needs for this kind of work, in tokens. */
  readonly minContext: number;
  /** Whether Serena is asked for every such task. */
  readonly requireSerena: boolean;
}

/** Starting values of the router, set by hand in January 2025. */
export const taskDefaults: Readonly<Record<TaskCategory, TaskDefaults>> = {
  coding: {
    models: [
      'deepseek-v3',
      'qwen2.5-coder-32b',
      'deepseek-coder-v2',
      'codellama-70b',
      'qwen2.5-coder-14b',
      'codellama-34b',
      'starcoder2-15b',
      'phi-4',
      'qwen2.5-coder-7b',
      'codellama-7b',
      'deepseek-coder-6.7b',
    ],
    minContext: 8192,
    requireSerena: false,
  },
  reasoning: {
    models: [
      'deepseek-r1',
      'deepseek-v3',
      'deepseek-r1-distill-llama-70b',
      'qwen2.5-72b-instruct',
      'llama-3.3-70b-instruct',
      'deepseek-r1-distill-qwen-32b',
      'mistral-small-24b',
      'qwen2.5-32b-instruct',
      'phi-4',
      'gemma-2-27b',
      'deepseek-r1-distill-qwen-14b',
      'deepseek-r1-distill-llama-8b',
      'gemma-2-9b',
    ],
    minContext: 16384,
    requireSerena: false,
  },
  analysis: {
    models: ['deepseek-v3', 'qwen2.5-coder-32b', 'deepseek-coder-v2', 'codellama-34b', 'qwen2.5-72b-instruct'],
    minContext: 16384,
    requireSerena: true,
  },
  documentation: {
    models: [
      'qwen2.5-72b-instruct',
      'llama-3.3-70b-instruct',
      'qwen2.5-32b-instruct',
      'mistral-small-24b',
      'mistral-nemo-12b',
      'gemma-2-27b',
    ],
    minContext: 8192,
    requireSerena: false,
  },
};

/** Short names that hosts write for catalogued models in their lists. */
export const SHORT_NAMES: Readonly<Record<string, string>> = {
  'deepseek-r1-distill-70b': 'deepseek-r1-distill-llama-70b',
  'deepseek-r1-distill-32b': 'deepseek-r1-distill-qwen-32b',
  'deepseek-r1-distill-14b': 'deepseek-r1-distill-qwen-14b',
  'deepseek-r1-distill-8b': 'deepseek-r1-distill-llama-8b',
  'codellama-34b-instruct': 'codellama-34b',
};

/** `[tier, coding, reasoning, analysis, documentation]`: tier 1 best to 3 basic, scores 0-100 set by hand. */
export type StartingScore = readonly [1 | 2 | 3, number, number, number, number];

/** Hand-set tiers and scores of January 2025, without a benchmark behind them; they stand in where nothing was measured. */
export const STARTING_SCORES: Readonly<Record<string, StartingScore>> = {
  'deepseek-v3': [1, 99, 97, 96, 92],
  'qwen2.5-coder-32b': [1, 96, 82, 92, 88],
  'deepseek-coder-v2': [1, 95, 88, 92, 80],
  'codellama-70b': [1, 90, 70, 85, 75],
  'codellama-34b': [2, 85, 70, 88, 75],
  'qwen2.5-coder-14b': [2, 82, 60, 75, 70],
  'starcoder2-15b': [2, 80, 50, 70, 60],
  'deepseek-coder-6.7b': [3, 75, 50, 65, 55],
  'codellama-7b': [3, 70, 45, 60, 50],
  'deepseek-r1': [1, 92, 99, 95, 90],
  'deepseek-r1-distill-llama-70b': [1, 88, 94, 90, 86],
  'qwen2.5-72b-instruct': [1, 88, 95, 92, 94],
  'llama-3.3-70b-instruct': [1, 85, 92, 88, 90],
  'deepseek-r1-distill-qwen-32b': [2, 82, 90, 85, 82],
  'mistral-small-24b': [2, 80, 85, 82, 84],
  'qwen2.5-32b-instruct': [2, 78, 86, 82, 88],
  'phi-4': [2, 82, 88, 80, 78],
  'deepseek-r1-distill-qwen-14b': [2, 75, 85, 78, 76],
  'llama-3.2-11b-vision': [2, 68, 78, 75, 80],
  'gemma-2-27b': [2, 78, 82, 78, 80],
  'deepseek-r1-distill-llama-8b': [3, 68, 78, 70, 68],
  'gemma-2-9b': [3, 72, 75, 70, 74],
  'llama-3.2-3b': [3, 55, 65, 58, 65],
  'mistral-nemo-12b': [2, 65, 70, 65, 82],
  'mistral-7b': [3, 55, 60, 55, 72],
  'phi-3-medium': [2, 72, 75, 68, 70],
  'yi-34b': [2, 72, 82, 75, 80],
  'command-r-plus': [1, 70, 85, 78, 88],
  'wizardcoder-33b': [2, 85, 60, 75, 65],
  'magicoder-7b': [3, 78, 50, 65, 55],
  'dolphin-mixtral-8x7b': [2, 75, 78, 72, 75],
  'nous-hermes-2-mixtral': [2, 72, 82, 75, 78],
  'solar-10.7b': [3, 60, 72, 65, 75],
  // Listed for coding without scores of its own: those of the list's third tier.
  'qwen2.5-coder-7b': [3, 75, 50, 65, 55],
};
