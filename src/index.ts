/**
 * Routes AI coding queries to the best model that already runs on this machine or closed network.
 *
 * @packageDocumentation
 */

export { ContextManager } from './context/context-manager.js';
export type { ContextOptions } from './context/context-options.js';
export type { HandoffReport } from './context/sessions.js';
export type { Summarizer } from './context/summary.js';
export type { TokenCounter } from './context/token-counter.js';
export type {
  AssistantMessage,
  ContentPart,
  CustomToolCall,
  FileContext,
  FinishReason,
  Message,
  Position,
  ProposedEdit,
  Range,
  ResponseFormat,
  RouteEvent,
  RouteOptions,
  RouteRequest,
  RouteResult,
  RouteTimings,
  TextPart,
  Timeouts,
  ToolCall,
  ToolChoice,
  ToolDefinition,
  Usage,
} from './core/chat.js';
export type { Clock } from './core/clock.js';
export type {
  Attempt,
  CompactionReport,
  ContextReport,
  FallbackLevel,
  RankedModel,
  Rejection,
  Requirements,
  RoutingDecision,
  ScorePart,
  SerenaCall,
  SerenaReport,
} from './core/decision.js';
export type { CodingAgent, Environment } from './core/environment.js';
export type { RouterErrorCode, RouterErrorDetails } from './core/errors.js';
export { RouterError } from './core/errors.js';
export type { CallOptions, Unsubscribe } from './core/events.js';
export type { FetchLike } from './core/fetch-like.js';
export type { Logger } from './core/logger.js';
export type { Capability, Fact, MemoryEstimate, ModelIdentity, ModelRef, ServedModel } from './core/model.js';
export type { ModelJudge, TaskClassifier } from './core/second-opinion.js';
export type { SerenaClient } from './core/serena-client.js';
export type {
  DiscoveryFailure,
  DiscoveryReport,
  KnownServiceType,
  Service,
  ServiceChange,
  ServiceEndpoint,
  ServiceType,
} from './core/service.js';
export type { KeyValueStore } from './core/store.js';
export type { ClassifyOptions, TaskCategory, TaskClassification, TaskComplexity, TaskType } from './core/task.js';
export type { ChatRequest, Transport, TransportEvent } from './core/transport.js';
export type { DiscoveryOptions } from './discovery/discovery-options.js';
export { detectEnvironment } from './discovery/environment.js';
export { ServiceDiscovery } from './discovery/service-discovery.js';
export { parseCodeEdits } from './edits/parse-code-edits.js';
export type { ExecutionOutcome, FallbackExecutorOptions, RetryOptions } from './execution/fallback-executor.js';
export { FallbackExecutor } from './execution/fallback-executor.js';
export type { CatalogOverride } from './models/catalog.js';
export type { MemoryOptions } from './models/memory.js';
export { estimateMemory } from './models/memory.js';
export { parseModelId } from './models/model-id.js';
export type { Ranking } from './models/model-selector.js';
export { ModelSelector } from './models/model-selector.js';
export type { RequestFacts, RoutingRule, RuleCondition } from './models/routing-rules.js';
export type {
  ModelSelectorOptions,
  Strategy,
  TaskRoute,
  TaskRouteInEffect,
  TaskRouting,
} from './models/selector-options.js';
export type { EmbedOptions, EmbedResult } from './router/embed.js';
export type { RouterStatus } from './router/local-llm-router.js';
export { LocalLLMRouter } from './router/local-llm-router.js';
export { quickRoute } from './router/quick-route.js';
export type { RouteStream } from './router/route-stream.js';
export type { RouterHooks } from './router/router-hooks.js';
export type { RouterOptions, SerenaOptions } from './router/router-options.js';
export type { AuditKeyFileOptions } from './security/audit-key-file.js';
export { auditKeyFile } from './security/audit-key-file.js';
export type { AuditLog, AuditValue } from './security/audit-log-view.js';
export type { AuditSink } from './security/audit-sinks.js';
export type { DeploymentFinding, DeploymentReport } from './security/deployment-finding.js';
export type { EgressDecision } from './security/network-policy.js';
export type { QueryRecord } from './security/security-module.js';
export { SecurityModule } from './security/security-module.js';
export type { AuditOptions, HostAddress, SecurityOptions } from './security/security-options.js';
export type { AuditFault, AuditVerification, VerifyOptions } from './security/verify-audit-log.js';
export { verifyAuditLog } from './security/verify-audit-log.js';
export type { DefinedModel, DefinedService, ProbeReply, ServiceDefinition } from './services/service-definition.js';
export { classifyTask } from './tasks/classify-task.js';
export { gpt4allTransport } from './transports/gpt4all.js';
export { ollamaTransport } from './transports/ollama.js';
export { openaiTransport } from './transports/openai.js';
