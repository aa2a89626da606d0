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

/** How tokens are chosen, by the names that all wires have for it. */
export function sampling(request: ChatRequest): Record<string, unknown> {
  return {
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    seed: request.seed,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
  };
}

/** Where to stop, for wires that take a list only. */
export function stopList({ stop }: ChatRequest): string[] | undefined {
  return typeof stop === 'string' ? [stop] : stop;
}

/**
 * The extra members but for a model: that was chosen and checked. Servers in Go (Ollama, LocalAI) take names in any case, and of
 * several the last.
 */
export function extraMembers({ extraBody = {} }: ChatRequest): Record<string, unknown> {
  return Object.fromEntries(Object.entries(extraBody).filter(([name]) => name.toLowerCase() !== 'model'));
}

/**
 * Refuses media that a server would have to fetch: it would do so past the policy of this machine, from its own disk or
 * network too. Holds for kinds of parts that we do not know as well.
 */
export function checkMedia(request: ChatRequest): void {
  // Extra members may hold other messages, which take the place of ours.
  for (const message of [...request.messages, ...membersNamed(request.extraBody, 'messages').flat()]) {
    for (const part of membersNamed(message, 'content').filter(Array.isArray).flat()) {
      if (!holdsAddress(besideText(part), 'part')) continue;
      throw unsupported(
        request.model,
        'the server would fetch media from an address by itself, past the network policy. Read it first, and send it as a data URL ("data:image/png;base64,...").',
      );
    }
  }
}

/** In any case: see {@link extraMembers}. */
function membersNamed(value: unknown, wanted: string): unknown[] {
  return Object.entries(Object(value)).flatMap(([name, member]) => (name.toLowerCase() === wanted ? [member] : []));
}

/** A text may be an address. */
function besideText(part: Partial<ContentPart> | null): unknown {
  if (part?.type !== 'text' && part?.type !== 'refusal') return part;
  return { ...part, text: null, refusal: null };
}

// More levels than any kind of part has.
const MAX_DEPTH = 5;

function holdsAddress(value: unknown, key: string, depth = 0): boolean {
  if (typeof value === 'string') {
    // Where an address belongs, a path is one too; elsewhere it is told by its scheme.
    return key.endsWith('url') ? !/^data:/i.test(value) : /^\s*(?!data:)[a-z][a-z\d+.-]{1,30}:\//i.test(value);
  }
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return false;
  return Object.entries(value).some(([name, member]) => holdsAddress(member, name, depth + 1));
}

/** The text of a message's content. */
export function textOf(content: string | ContentPart[] | null | undefined): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function customTool(request: ChatRequest): Error {
  return unsupported(request.model, 'custom tools do not exist on local servers. Offer it as a function tool instead.');
}
