import type { FinishReason, Usage } from '../core/chat.js';
import type { ModelRef } from '../core/model.js';
import type { TransportEvent } from '../core/transport.js';
import { asArray, asCount, asObject, asString, writeJson } from '../internal/json.js';
import type { SseMeaning } from './sse-parser.js';
import { TextDeltas } from './stream-body.js';
import { badReply, inBandError, interrupted, noModelLoaded } from './wire-errors.js';

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['stop_sequence', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['tool_calls', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
]);
/** Words by which a server says that it gave up (vLLM says `abort`). */
const GIVEN_UP: ReadonlySet<string> = new Set(['abort', 'error', 'cancelled', 'canceled']);

/** A model that asks for more is broken. */
const MAX_CALLS = 128;

/** Reads chat-completion chunks, text-completion chunks and whole completions; only the first choice counts. */
export class OpenAIReply implements SseMeaning {
  readonly #model: ModelRef;
  readonly #text = new TextDeltas('text');
  readonly #reasoning = new TextDeltas('reasoning');
  #reason: FinishReason | undefined;
  #usage: Usage | undefined;
  #servedModel: string | undefined;
  /** Ids by index, for servers that send no index. */
  readonly #calls: (string | undefined)[] = [];

  constructor(model: ModelRef) {
    this.#model = model;
  }

  message(data: unknown, event: string, out: TransportEvent[]): void {
    const chunk = asObject(data);
    const error = chunk?.['error'];
    if (
      event === 'error' ||
      chunk?.['object'] === 'error' ||
      (error !== undefined && error !== null && error !== false)
    ) {
      throw inBandError(data, this.#model);
    }
    if (chunk === undefined) return;
    // KoboldCpp without a model answers with nothing, and calls it an answer that became too long.
    if (chunk['id'] === 'koboldcpp' && chunk['model'] === 'inactive') throw noModelLoaded(this.#model);
    if (isLoadingNote(chunk, this.#model)) {
      out.push({ type: 'progress' });
      return;
    }
    this.#servedModel ??= asString(chunk['model']);
    this.#usage = usageOf(chunk['usage']) ?? this.#usage;
    const choices = asArray(chunk['choices']);
    for (const item of choices) {
      const choice = asObject(item);
      if (choice === undefined || (choice['index'] ?? 0) !== 0) continue;
      const failure = dressedUpError(choice, chunk, this.#model);
      if (failure !== undefined) throw inBandError({ error: { code: 500, message: failure } }, this.#model);
      this.#choice(choice, out);
      break;
    }
  }

  finish(out: TransportEvent[]): boolean {
    if (this.#reason === undefined) return false;
    out.push({ type: 'finish', finishReason: this.#reason, usage: this.#usage, servedModel: this.#servedModel });
    return true;
  }

  #choice(choice: Record<string, unknown>, out: TransportEvent[]): void {
    const delta = asObject(choice['delta']) ?? asObject(choice['message']);
    this.#reasoning.push(asString(delta?.['reasoning_content']) ?? asString(delta?.['reasoning']), out);
    this.#text.push(textOf(delta ? delta['content'] : choice['text']), out);
    if (delta?.['tool_calls']) this.#toolCalls(asArray(delta['tool_calls']), out);
    const reason = asString(choice['finish_reason']);
    if (reason === undefined) return;
    if (GIVEN_UP.has(reason)) throw interrupted(this.#model, 'the server gave up');
    this.#reason = REASONS.get(reason) ?? 'unknown';
  }

  #toolCalls(calls: readonly unknown[], out: TransportEvent[]): void {
    for (const item of calls) {
      const call = asObject(item);
      if (call === undefined) continue;
      const fn = asObject(call['function']) ?? {};
      const id = asString(call['id']);
      const args = fn['arguments'];
      const index = typeof call['index'] === 'number' ? call['index'] : this.#indexOf(id);
      if (!Number.isInteger(index) || index < 0 || index >= MAX_CALLS) {
        throw badReply(this.#model, `the reply holds a tool call with a number outside 0-${MAX_CALLS - 1}`);
      }
      out.push({
        type: 'tool-call-delta',
        index,
        id,
        name: asString(fn['name']),
        arguments: typeof args === 'string' ? args : asObject(args) ? writeJson(args) : '',
      });
    }
  }

  /** Without an index a new id begins a new call, and no id continues the last one. */
  #indexOf(id: string | undefined): number {
    const known = id === undefined ? this.#calls.length - 1 : this.#calls.indexOf(id);
    return known >= 0 ? known : this.#calls.push(id) - 1;
  }
}

/**
 * LocalAI 3.x writes a failure as the assistant's words, in the frame that ends the stream; its own last frame has none.
 * At a server whose type is not known the count of tokens tells it from an answer.
 */
function dressedUpError(
  choice: Record<string, unknown>,
  chunk: Record<string, unknown>,
  { type }: ModelRef,
): string | undefined {
  if (choice['finish_reason'] !== 'stop') return undefined;
  const content = asString(asObject(choice['delta'])?.['content']);
  const tokens = asObject(chunk['usage'])?.['completion_tokens'];
  return content?.startsWith('Internal error: ') && (type === 'localai' || tokens === 0) ? content : undefined;
}

/** llama-swap tells of a load as reasoning, in chunks without anything else; what the backend sends has an id. */
function isLoadingNote(chunk: Record<string, unknown>, { type }: ModelRef): boolean {
  return type === 'llama-swap' && Object.keys(chunk).length === 1 && 'choices' in chunk;
}

/** Content as a text or as parts. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return asArray(content)
    .map((part) => asString(asObject(part)?.['text']) ?? '')
    .join('');
}

/** Usage where it says anything; some servers send zeros or nulls on every chunk, or count the answer alone. */
export function usageOf(value: unknown): Usage | undefined {
  const usage = asObject(value);
  const inputTokens = asCount(usage?.['prompt_tokens']);
  const outputTokens = asCount(usage?.['completion_tokens']);
  if (inputTokens === undefined) return undefined;
  return {
    inputTokens,
    outputTokens: outputTokens ?? 0,
    cachedTokens: asCount(asObject(usage?.['prompt_tokens_details'])?.['cached_tokens']),
    reasoningTokens: asCount(asObject(usage?.['completion_tokens_details'])?.['reasoning_tokens']),
    source: 'reported',
  };
}
