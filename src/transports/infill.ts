import type { FinishReason, Usage } from '../core/chat.js';
import type { ModelRef } from '../core/model.js';
import type { ChatRequest, TransportEvent } from '../core/transport.js';
import { asCount, asObject, asString } from '../internal/json.js';
import { extraMembers, prefixOf, sampling, stopList } from './request-parts.js';
import type { SseMeaning } from './sse-parser.js';
import { TextDeltas } from './stream-body.js';
import { inBandError, interrupted } from './wire-errors.js';

/** The body of llama.cpp's `POST /infill`, which knows the model's own tokens for a gap. */
export function infillBody(request: ChatRequest): Record<string, unknown> {
  return {
    input_prefix: prefixOf(request),
    input_suffix: request.suffix,
    stream: true,
    n_predict: request.maxTokens,
    ...sampling(request),
    stop: stopList(request),
    ...extraMembers(request),
    // Of one model it is ignored; a router and llama-swap go by it.
    model: request.model.id,
  };
}

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['eos', 'stop'],
  ['word', 'stop'],
  ['limit', 'length'],
]);

/** Reads llama.cpp's native completions, whose last event says why it stopped; there is no `[DONE]`. */
export class InfillReply implements SseMeaning {
  readonly #model: ModelRef;
  readonly #text = new TextDeltas('text');
  #end: { readonly reason: FinishReason; readonly usage: Usage; readonly servedModel: string | undefined } | undefined;

  constructor(model: ModelRef) {
    this.#model = model;
  }

  message(data: unknown, event: string, out: TransportEvent[]): void {
    const chunk = asObject(data);
    if (event === 'error' || (chunk?.['error'] ?? null) !== null) throw inBandError(data, this.#model);
    if (chunk === undefined) return;
    this.#text.push(asString(chunk['content']), out);
    if (chunk['stop'] !== true) return;
    const reason = REASONS.get(asString(chunk['stop_type']) ?? '');
    if (reason === undefined) throw interrupted(this.#model, 'the server gave up');
    const inputTokens = asCount(chunk['tokens_evaluated']) ?? 0;
    const outputTokens = asCount(chunk['tokens_predicted']) ?? 0;
    const usage = { inputTokens, outputTokens, source: 'reported' as const };
    this.#end = { reason, usage, servedModel: asString(chunk['model']) };
  }

  finish(out: TransportEvent[]): boolean {
    if (this.#end === undefined) return false;
    const { reason, usage, servedModel } = this.#end;
    out.push({ type: 'finish', finishReason: reason, usage, servedModel });
    return true;
  }
}
