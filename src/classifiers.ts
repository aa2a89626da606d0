/** Second opinions by local models that are loaded anyway: on the task, on the model to take, and summaries. */

export { modelSummarizer } from './context/model-summarizer.js';
export type { Summarizer } from './context/summary.js';
export type { LocalModelOptions, LocalRouter } from './core/local-router.js';
export type { ModelJudge, TaskClassifier } from './core/second-opinion.js';
export { embeddingClassifier } from './tasks/embedding-classifier.js';
export { judgeClassifier } from './tasks/judge-classifier.js';
export { modelJudge } from './tasks/model-judge.js';
