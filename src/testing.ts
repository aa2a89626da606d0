/** Fake model servers on loopback, for tests of what uses them; they need no test runner. */

export type {
  ContentPart,
  CustomToolCall,
  FileContext,
  FinishReason,
  Message,
  Position,
  Range,
  ResponseFormat,
  RouteRequest,
  TextPart,
  ToolCall,
  ToolChoice,
  ToolDefinition,
  Usage,
} from './core/chat.js';
export type { FetchLike } from './core/fetch-like.js';
export type { Capability, ModelRef } from './core/model.js';
export type { KnownServiceType, ServiceType } from './core/service.js';
export type { TaskCategory } from './core/task.js';
export type { ChatRequest, Transport, TransportEvent } from './core/transport.js';
export type {
  DefinedModel,
  DefinedService,
  ProbeReply,
  ServiceDefinition,
} from './services/service-definition.js';
export type { ConformanceCheck } from './testing/conformance.js';
export { fakeDockerModelRunner } from './testing/fake-docker-model-runner.js';
export { fakeGPT4All } from './testing/fake-gpt4all.js';
export { fakeJan } from './testing/fake-jan.js';
export { fakeKoboldCpp } from './testing/fake-koboldcpp.js';
export { fakeLemonade } from './testing/fake-lemonade.js';
export { fakeLlamaCpp } from './testing/fake-llama-cpp.js';
export { fakeLlamaCppPython } from './testing/fake-llama-cpp-python.js';
export { fakeLlamaSwap } from './testing/fake-llama-swap.js';
export { fakeLMStudio } from './testing/fake-lm-studio.js';
export { fakeLocalAI } from './testing/fake-localai.js';
export { fakeMlxLm } from './testing/fake-mlx-lm.js';
export { fakeOllama } from './testing/fake-ollama.js';
export { fakeOpenWebUI } from './testing/fake-open-webui.js';
export type { FakeRequest } from './testing/fake-request.js';
export type {
  FakeChat,
  FakeModel,
  FakeReply,
  FakeServer,
  FakeServerOptions,
  FakeToolCall,
} from './testing/fake-server.js';
export { fakeSGLang } from './testing/fake-sglang.js';
export { fakeTabbyAPI } from './testing/fake-tabbyapi.js';
export { fakeTextGenerationWebUI } from './testing/fake-text-generation-webui.js';
export { fakeVLLM } from './testing/fake-vllm.js';
export type { FakeFault, FakeFaultName } from './testing/faults.js';
export { fakeFaults } from './testing/faults.js';
export type { ServiceConformanceOptions } from './testing/service-conformance.js';
export { serviceConformance } from './testing/service-conformance.js';
export type { ConformanceServer, TransportConformanceOptions } from './testing/transport-conformance.js';
export { transportConformance } from './testing/transport-conformance.js';
