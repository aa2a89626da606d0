/** Second opinions by local models that are loaded anyway: on the task, on the model to take, and summaries. */

export { modelSummarizer } from './context/model-summarizer.js';
export type { Summarizer } from './context/summary.js';
export type {
  ContentPart,
  CustomToolCall,
  FileContext,
  Message,
  Position,
  Range,
  ResponseFormat,
  RouteOptions,
  RouteRequest,
  TextPart,
  Timeouts,
  ToolCall,
  ToolChoice,
  ToolDefinition,
} from './core/chat.js';
export type { RankedModel, ScorePart } from './core/decision.js';
export type { CallOptions } from './core/events.js';
export type { LocalModelOptions, LocalRouter } from './core/local-router.js';
export type { Capability, Fact, ModelIdentity, ModelRef, ServedModel } from './core/model.js';
export type { ModelJudge, TaskClassifier } from './core/second-opinion.js';
export type { KnownServiceType, ServiceType } from './core/service.js';
export type { TaskCategory, TaskClassification, TaskComplexity, TaskType } from './core/task.js';
export { embeddingClassifier } from './tasks/embedding-classifier.js';
export { judgeClassifier } from './tasks/judge-classifier.js';
export { modelJudge } from './tasks/model-judge.js';
