import type { Message, ToolDefinition } from '../core/chat.js';
import { asArray, asObject } from '../internal/json.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeChat, FakeReply } from './fake-server.js';
import type { FakeSettings } from './fake-settings.js';
import { type Answer, fakeId } from './generation.js';

/** The fields of a request body; none where it is no JSON object. */
export function fields(request: FakeRequest): Readonly<Record<string, unknown>> {
  return asObject(request.body) ?? {};
}

/** Tokens of the prompt: a quarter of its characters, tools included, rounded up; at least one. */
export function promptTokens(messages: unknown, tools: unknown): number {
  let characters = asArray(tools).length > 0 ? JSON.stringify(tools).length : 0;
  for (const message of asArray(messages)) characters += textOf(asObject(message)?.['content']).length;
  return Math.max(1, Math.ceil(characters / 4));
}

/** What the model answers, cut where the request's limit says so. */
export async function answerTo(
  settings: FakeSettings,
  o: { request: FakeRequest; model: string; messages?: unknown; promptTokens: number; limit: number; count: number },
): Promise<Answer> {
  const chat: FakeChat = {
    model: o.model,
    messages: asArray(o.messages ?? fields(o.request)['messages']) as readonly Message[],
    tools: asArray(fields(o.request)['tools']) as readonly ToolDefinition[],
    request: o.request,
  };
  const said = await settings.reply(chat);
  const reply: FakeReply = typeof said === 'string' ? { text: said } : said;
  const limit = Math.max(1, o.limit);
  const allReasoning = pieces(reply.reasoning);
  const allText = pieces(reply.text);
  const reasoning = allReasoning.slice(0, limit);
  const text = allText.slice(0, limit - reasoning.length);
  const cut = reasoning.length + text.length < allReasoning.length + allText.length;
  const calls = cut ? [] : (reply.toolCalls ?? []);
  const toolCalls = calls.map((call, index) => ({
    id: fakeId(o.count * 16 + index, 32),
    name: call.name,
    arguments: typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments),
  }));
  return {
    reasoning,
    text,
    toolCalls,
    finish: cut ? 'length' : (reply.finishReason ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop')),
    promptTokens: o.promptTokens,
    outputTokens: reasoning.length + text.length + toolCalls.length,
  };
}

/** The number in the first of these fields that holds one, else no limit. */
export function limitOf(body: Readonly<Record<string, unknown>>, ...names: readonly string[]): number {
  for (const name of names) {
    const value = body[name];
    if (typeof value === 'number' && value >= 0) return value;
  }
  return Number.POSITIVE_INFINITY;
}

/** Eight numbers that depend on the text only, of length 1 together. */
export function embeddingOf(text: string, dimensions = 8): number[] {
  const raw = Array.from({ length: dimensions }, (_, i) => {
    let hash = i + 1;
    for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
    return Math.sin(hash);
  });
  const length = Math.hypot(...raw) || 1;
  return raw.map((value) => value / length);
}

/** The texts of an embedding request. */
export function inputsOf(body: Readonly<Record<string, unknown>>): string[] {
  const { input } = body;
  return typeof input === 'string' ? [input] : asArray(input).map(textOf);
}

/** Words with the space before them, as models stream them. */
function pieces(text: string | undefined): string[] {
  return text?.match(/\s*\S+|\s+$/g) ?? [];
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return asArray(content)
    .map((part) => asObject(part)?.['text'])
    .filter((text) => typeof text === 'string')
    .join('');
}
