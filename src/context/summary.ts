import type { Message } from '../core/chat.js';
import type { CallOptions } from '../core/events.js';
import { calledWith, textOf } from './message-counter.js';
import { estimateTokens } from './token-counter.js';

/**
 * Writes the summary that takes the place of older messages; inject one that asks a small model.
 * @public
 */
export interface Summarizer {
  /**
   * Sums up `messages` (the oldest may be an earlier summary) in at most `maxTokens` tokens; a longer text is cut.
   * A throw falls back to an extract; the call waits for it, so give it a time limit of its own.
   */
  summarize(messages: readonly Message[], o: CallOptions & { maxTokens: number }): Promise<string>;
}

/** First line of the message that holds a summary. */
export const SUMMARY_HEAD = '[Summary of the earlier conversation]';

// What is looked at of a message, and what a line keeps of it, in characters.
const LOOK = 2000;
const GIST = 160;

/** The default summary: what was asked, answered and called, a line each; the first request and the newest lines stay. */
export function extractSummary(messages: readonly Message[], maxTokens: number): string {
  const lines = messages.flatMap(linesOf);
  const [first = '', ...rest] = lines;
  let tokens = estimateTokens(first, null);
  const kept: string[] = [];
  for (const line of rest.reverse()) {
    tokens += estimateTokens(line, null) + 1;
    if (tokens > maxTokens) break;
    kept.push(line);
  }
  return [first, ...kept.reverse()].join('\n');
}

function linesOf(message: Message): string[] {
  const text = message.role === 'user' || message.role === 'assistant' ? contentOf(message) : '';
  if (text.startsWith(SUMMARY_HEAD)) return text.slice(SUMMARY_HEAD.length).split('\n').filter(Boolean);
  const lines: string[] = [];
  if (text !== '')
    lines.push(`- ${message.role === 'user' ? 'The user asked' : 'The assistant answered'}: ${gist(text)}`);
  for (const call of message.tool_calls ?? []) {
    const { name, input } = calledWith(call);
    lines.push(`- The assistant called ${name}: ${gist(input)}`);
  }
  return lines;
}

function contentOf(message: Message): string {
  return typeof message.content === 'string'
    ? message.content
    : textOf({ role: message.role, content: message.content ?? null });
}

/** The first sentence without fenced code, on one line. */
function gist(text: string): string {
  const plain = text
    .slice(0, LOOK)
    .replace(/```[\s\S]*?(?:```|$)/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const end = plain.search(/[.!?。！？](?:\s|$)/);
  const sentence = end >= 0 && end < GIST ? plain.slice(0, end + 1) : plain;
  return sentence.length > GIST ? `${sentence.slice(0, GIST)}…` : sentence;
}
