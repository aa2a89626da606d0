import type { ContentPart, CustomToolCall, Message, ToolCall, ToolDefinition } from '../core/chat.js';
import {
  addWeight,
  charsPerToken,
  estimateTokens,
  type TextWeight,
  type TokenCounter,
  tokensOf,
} from './token-counter.js';

/** Tokens of an image; what Ollama reckons for one. */
const MEDIA_TOKENS = 768;
/** Tokens of the role and the separators that a chat template adds to a message. */
const MESSAGE_TOKENS = 4;
/** The same for a tool call or a tool definition. */
const CALL_TOKENS = 8;

// How far reported usage may move the estimates of a model, and from which prompt on it says something about them.
const FACTOR_MIN = 0.5;
const FACTOR_MAX = 2;
const CALIBRATION_TOKENS = 64;

interface Counted {
  content: Message['content'];
  parts: number;
  calls: Message['tool_calls'];
  readonly weight: TextWeight;
  fixed: number;
  /** Counts of the host's counter, by model. */
  exact: Map<string | null, number> | undefined;
}

/**
 * Counts messages: the host's counter where there is one, else an estimate that learns from reported usage.
 * A message object is looked at once, however often it is counted.
 */
export class MessageCounter {
  readonly #counter: TokenCounter | undefined;
  readonly #seen = new WeakMap<object, Counted>();
  readonly #factors = new Map<string | null, number>();

  constructor(counter: TokenCounter | undefined) {
    this.#counter = counter;
  }

  /** Tokens of a message as far as they are known without asking: the host's count if it was made, else the estimate. */
  known(message: Message, model: string | null): number {
    const counted = this.#look(message);
    return counted.exact?.get(model) ?? this.#estimate(counted, model);
  }

  /** Tokens of a message; a promise only where the host's counter gives one. `failed` hears of a counter that does not count. */
  count(message: Message, model: string | null, failed: () => void): number | Promise<number> {
    const counter = this.#counter;
    if (counter === undefined) return this.#estimate(this.#look(message), model);
    const counted = this.#look(message);
    const before = counted.exact?.get(model);
    if (before !== undefined) return before;
    const keep = (tokens: unknown): number => {
      if (!isCount(tokens)) {
        failed();
        return this.#estimate(counted, model);
      }
      const total = Math.ceil(tokens) + counted.fixed;
      counted.exact ??= new Map();
      counted.exact.set(model, total);
      return total;
    };
    try {
      const tokens: unknown = counter.count(textOf(message), model);
      return isThenable(tokens) ? Promise.resolve(tokens).then(keep, () => keep(undefined)) : keep(tokens);
    } catch {
      return keep(undefined);
    }
  }

  /** Estimated tokens that tool definitions add to the prompt. */
  tools(tools: readonly ToolDefinition[], model: string | null): number {
    let tokens = 0;
    for (const tool of tools) {
      let counted = this.#seen.get(tool);
      if (counted === undefined) {
        counted = newCount(CALL_TOKENS);
        addWeight(counted.weight, JSON.stringify(tool));
        this.#seen.set(tool, counted);
      }
      tokens += this.#estimate(counted, model);
    }
    return tokens;
  }

  /** Estimated tokens of a text. */
  text(text: string, model: string | null): number {
    return Math.ceil(estimateTokens(text, model) * this.#factor(model));
  }

  /** Corrects the estimates for a model by what its server reported for a whole prompt. */
  calibrate(model: string | null, estimated: number, reported: number): void {
    // Servers leave out cached tokens or cut prompts: a report far off says nothing about the tokenizer.
    const ratio = reported / estimated;
    if (!(estimated >= CALIBRATION_TOKENS) || !(ratio > 0.4 && ratio < 2.5)) return;
    // Up at once, down slowly: too low an estimate overflows the window, too high a one only compacts early.
    const next = this.#factor(model) * (ratio > 1 ? ratio : 1 - (1 - ratio) * 0.2);
    this.#factors.set(model, Math.min(FACTOR_MAX, Math.max(FACTOR_MIN, next)));
  }

  #factor(model: string | null): number {
    return this.#factors.get(model) ?? 1;
  }

  #estimate(counted: Counted, model: string | null): number {
    return Math.ceil(tokensOf(counted.weight, charsPerToken(model)) * this.#factor(model)) + counted.fixed;
  }

  #look(message: Message): Counted {
    const seen = this.#seen.get(message);
    const parts = Array.isArray(message.content) ? message.content.length : 0;
    // Messages are mutable: one that was given new content is counted anew.
    if (seen && seen.content === message.content && seen.parts === parts && seen.calls === message.tool_calls)
      return seen;
    const counted = newCount(MESSAGE_TOKENS);
    counted.content = message.content;
    counted.parts = parts;
    counted.calls = message.tool_calls;
    for (const text of textsOf(message)) addWeight(counted.weight, text);
    counted.fixed += (message.tool_calls?.length ?? 0) * CALL_TOKENS;
    if (Array.isArray(message.content)) for (const part of message.content) counted.fixed += mediaTokens(part);
    this.#seen.set(message, counted);
    return counted;
  }
}

function newCount(fixed: number): Counted {
  return {
    content: undefined,
    parts: 0,
    calls: undefined,
    weight: { ascii: 0, pieces: 0, wide: 0 },
    fixed,
    exact: undefined,
  };
}

function mediaTokens(part: ContentPart): number {
  if (part.type === 'text' || part.type === 'refusal') return 0;
  // Base64: three bytes in four characters, four bytes of a document to a token.
  if (part.type === 'file') return Math.max(MEDIA_TOKENS, Math.ceil(((part.file?.file_data?.length ?? 0) * 3) / 16));
  return MEDIA_TOKENS;
}

/** All text of a message that the model reads, piece by piece. */
function textsOf(message: Message): string[] {
  const texts: string[] = [];
  if (typeof message.content === 'string') texts.push(message.content);
  else if (Array.isArray(message.content)) {
    for (const part of message.content) {
      if (part.type === 'text') texts.push(part.text ?? '');
      else if (part.type === 'refusal') texts.push(part.refusal ?? '');
    }
  }
  if (message.name !== undefined) texts.push(message.name);
  for (const call of message.tool_calls ?? []) {
    const { name, input } = calledWith(call);
    texts.push(name, input);
  }
  return texts;
}

/** Name and arguments of a tool call, of either kind; what a host left out is empty. */
export function calledWith(call: ToolCall | CustomToolCall): { name: string; input: string } {
  return call.type === 'custom'
    ? { name: call.custom?.name ?? '', input: call.custom?.input ?? '' }
    : { name: call.function?.name ?? '', input: call.function?.arguments ?? '' };
}

/** All text of a message that the model reads, as one. */
export function textOf(message: Message): string {
  return textsOf(message).join('\n');
}

function isCount(tokens: unknown): tokens is number {
  return typeof tokens === 'number' && tokens >= 0 && tokens < Number.MAX_SAFE_INTEGER;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null)?.then === 'function';
}
