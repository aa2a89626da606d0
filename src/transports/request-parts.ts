/** What both wire dialects check and pick from a request before it is sent. */

import type { ContentPart, Message, ToolCall, ToolDefinition } from '../core/chat.js';
import type { ModelRef } from '../core/model.js';
import type { ChatRequest } from '../core/transport.js';
import { unsupported } from './wire-errors.js';

/** A tool that the wire can carry. */
export type FunctionTool = Extract<ToolDefinition, { type: 'function' }>;

/** The address of the model's service. */
export function addressOf(model: ModelRef): string {
  if (model.baseURL === null) throw unsupported(model, 'it runs in this process and is not reached over HTTP.');
  return model.baseURL;
}

/** The function tools that the model may call; custom ones are refused. */
export function offeredTools(request: ChatRequest): FunctionTool[] {
  const choice = request.toolChoice;
  if (typeof choice === 'object' && choice.type === 'custom') throw customTool(request);
  const tools = (request.tools ?? []).map((tool) => {
    if (tool.type !== 'function') throw customTool(request);
    return tool;
  });
  if (typeof choice !== 'object' || choice.type !== 'allowed_tools') return tools;
  const names = new Set(
    choice.allowed_tools.tools.map(
      (tool) => (tool['function'] as { name?: unknown } | undefined)?.name ?? tool['name'],
    ),
  );
  return tools.filter((tool) => names.has(tool.function.name));
}

/** The function calls of an assistant's message; custom ones are refused. */
export function functionCalls(request: ChatRequest, message: Message): ToolCall[] {
  return (message.tool_calls ?? []).map((call) => {
    if (call.type !== 'function') throw customTool(request);
    return call;
  });
}

/** The text before the gap of a fill-in-the-middle request. */
export function prefixOf(request: ChatRequest): string {
  return request.prompt ?? textOf(request.messages.at(-1)?.content);
}

/** The text of a message's content. */
export function textOf(content: string | ContentPart[] | null | undefined): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function customTool(request: ChatRequest): Error {
  return unsupported(request.model, 'custom tools do not exist on local servers. Offer it as a function tool instead.');
}
