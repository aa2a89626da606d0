import type { Message } from '../core/chat.js';
import type { ChatRequest } from '../core/transport.js';
import { checkMedia, extraMembers, functionCalls, offeredTools, prefixOf, sampling } from './request-parts.js';
import { unsupported } from './wire-errors.js';

/** The body of `POST /v1/chat/completions`; what the caller did not give is left to the server. */
export function chatBody(request: ChatRequest): Record<string, unknown> {
  checkMedia(request);
  const tools = offeredTools(request);
  const choice = request.toolChoice;
  return {
    ...common(request),
    messages: request.messages.map((message) => wireMessage(request, message)),
    // An empty list is a 400 at vLLM, and a choice without tools too.
    ...(tools.length > 0 && {
      tools,
      tool_choice: typeof choice === 'object' && choice.type === 'allowed_tools' ? choice.allowed_tools.mode : choice,
    }),
    response_format: responseFormat(request),
    reasoning_effort: request.reasoningEffort,
    ...extraMembers(request),
    model: request.model.id,
  };
}

/** The body of `POST /v1/completions` with a gap to fill. */
export function fillBody(request: ChatRequest): Record<string, unknown> {
  return {
    ...common(request),
    prompt: prefixOf(request),
    suffix: request.suffix,
    ...extraMembers(request),
    model: request.model.id,
  };
}

function common(request: ChatRequest): Record<string, unknown> {
  return {
    stream: true,
    stream_options: { include_usage: true },
    // Ollama ignores `max_completion_tokens`; every local server reads this one.
    max_tokens: request.maxTokens,
    ...sampling(request),
    stop: request.stop,
  };
}

/** They ignore a schema, so the answer would be anything. */
const SCHEMALESS: ReadonlySet<string> = /* @__PURE__ */ new Set(['mlx-lm', 'text-generation-webui']);

function responseFormat({ model, responseFormat: format }: ChatRequest): unknown {
  if (format?.type === 'json_schema') {
    if (SCHEMALESS.has(model.type)) {
      throw unsupported(model, `a server of type ${model.type} enforces no JSON schema. Ask for JSON in the prompt.`);
    }
    // It fails at the usual form and takes this one (measured on 0.3.36).
    if (model.type === 'llama-cpp-python') return { type: 'json_object', schema: format.json_schema.schema };
  }
  // LM Studio knows schemas only.
  if (format?.type === 'json_object' && model.type === 'lmstudio') {
    return { type: 'json_schema', json_schema: { name: 'object', schema: { type: 'object' } } };
  }
  return format;
}

/** Known members only: strict servers refuse the others. Templates of local models know no `developer`. */
function wireMessage(request: ChatRequest, message: Message): Record<string, unknown> {
  const calls = functionCalls(request, message);
  return {
    role: message.role === 'developer' ? 'system' : message.role,
    // llama-cpp-python fails at a null.
    content: message.content ?? (calls.length > 0 && request.model.type !== 'llama-cpp-python' ? null : ''),
    name: message.name,
    ...(calls.length > 0 && { tool_calls: calls }),
    tool_call_id: message.tool_call_id,
  };
}
