import type { Message } from '../core/chat.js';
import type { Requirements } from '../core/decision.js';
import type { Capability } from '../core/model.js';
import type { NormalRequest } from './route-request.js';

/** Tokens of an answer that a model must at least have room for, where the request names no `maxTokens`. */
const ROOM_FOR_ANSWER = 512;

/** What a model must offer to take this request; `inputTokens` is the whole prompt. */
export function requirementsOf(
  request: NormalRequest,
  messages: readonly Message[],
  inputTokens: number,
  allowExternal: boolean,
): Requirements {
  const { wire, session, model } = request;
  return {
    contextTokens: inputTokens + Math.min(wire.maxTokens ?? ROOM_FOR_ANSWER, ROOM_FOR_ANSWER),
    capabilities: neededCapabilities(request, messages),
    allowExternal,
    ...(wire.strategy === undefined ? {} : { strategy: wire.strategy }),
    ...(session === undefined ? {} : { session }),
    ...(model === undefined ? {} : { model }),
  };
}

function neededCapabilities({ wire }: NormalRequest, messages: readonly Message[]): Capability[] {
  const parts = new Set<string>();
  for (const { content } of messages) if (Array.isArray(content)) for (const { type } of content) parts.add(type);
  const needed: [Capability, boolean][] = [
    ['fill-in-the-middle', wire.suffix !== undefined],
    ['tools', (wire.tools?.length ?? 0) > 0 && wire.toolChoice !== 'none'],
    ['json-schema', wire.responseFormat?.type === 'json_schema'],
    ['vision', parts.has('image_url')],
    ['audio', parts.has('input_audio')],
  ];
  return needed.filter(([, needs]) => needs).map(([capability]) => capability);
}

/** Whether some message carries an image. */
export function hasImages(messages: readonly Message[]): boolean {
  return messages.some(({ content }) => Array.isArray(content) && content.some(({ type }) => type === 'image_url'));
}

/** The text of the last user message; empty where there is none. */
export function lastUserText(messages: readonly Message[]): string {
  const content = messages.findLast(({ role }) => role === 'user')?.content;
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

/** The same messages with code context behind the last user message; the given ones stay as they are. */
export function withCodeContext(messages: readonly Message[], context: string | null): Message[] {
  const at = context === null ? -1 : messages.findLastIndex(({ role }) => role === 'user');
  if (at < 0) return [...messages];
  const message = messages[at] as Message;
  const content =
    typeof message.content === 'string'
      ? `${message.content}\n\n${context}`
      : [...(message.content ?? []), { type: 'text' as const, text: context as string }];
  return messages.with(at, { ...message, content });
}
