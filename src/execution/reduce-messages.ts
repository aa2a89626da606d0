import type { Message } from '../core/chat.js';
import { isSystem } from '../internal/messages.js';

/** Characters per token, on the safe side for code and prose alike. */
const CHARS_PER_TOKEN = 3;

/** Tokens of a conversation, roughly. */
export function roughTokens(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + Math.ceil(lengthOf(message) / CHARS_PER_TOKEN) + 4, 0);
}

/**
 * The system messages and as much of the newest conversation as fits; `null` where nothing can be left out.
 * It is cut before a user's message only, so a tool call never loses its result.
 */
export function reduceMessages(messages: readonly Message[], maxTokens: number): Message[] | null {
  const system = messages.filter(isSystem);
  const talk = messages.filter((message) => !isSystem(message));
  for (let from = 1; from < talk.length; from++) {
    if (talk[from]?.role !== 'user') continue;
    const kept = [...system, ...talk.slice(from)];
    if (roughTokens(kept) <= maxTokens) return kept;
  }
  return null;
}

function lengthOf(message: Message): number {
  const { content, tool_calls: calls } = message;
  const text = typeof content === 'string' ? content.length : JSON.stringify(content ?? '').length;
  return text + (calls === undefined ? 0 : JSON.stringify(calls).length);
}
