import type { FinishReason, Usage } from '../core/chat.js';
import type { ModelRef } from '../core/model.js';
import type { TransportEvent } from '../core/transport.js';
import { asArray, asCount, asObject, asString, writeJson } from '../internal/json.js';
import { TextDeltas } from './stream-body.js';
import { inBandError } from './wire-errors.js';

const REASONS: ReadonlySet<string> = new Set<FinishReason>(['stop', 'length']);

/** Reads the lines of `/api/chat` and `/api/generate`; gives `true` with the line that completes the answer. */
export function ollamaReply(model: ModelRef): (data: unknown, out: TransportEvent[]) => boolean {
  const texts = new TextDeltas('text');
  const thoughts = new TextDeltas('reasoning');
  let calls = 0;
  return (data, out) => {
    const line = asObject(data);
    if (line === undefined) return false;
    if (line['error'] !== undefined && line['error'] !== null) throw inBandError(line, model);
    const message = asObject(line['message']) ?? line;
    thoughts.push(asString(message['thinking']), out);
    texts.push(asString(message['content']) ?? asString(line['response']), out);
    // Always whole calls, on the last line or before it; `index` is not unique over lines in every version.
    for (const item of asArray(message['tool_calls'])) {
      const call = asObject(item);
      const fn = asObject(call?.['function']);
      if (call === undefined || fn === undefined) continue;
      const args = fn['arguments'];
      out.push({
        type: 'tool-call-delta',
        index: calls++,
        id: asString(call['id']),
        name: asString(fn['name']),
        arguments: typeof args === 'string' ? args : writeJson(args ?? {}),
      });
    }
    const reason = line['done'] === true ? asString(line['done_reason']) : undefined;
    // `load` and `unload` answer a request without messages.
    if (reason === undefined || reason === 'load' || reason === 'unload') return false;
    out.push({
      type: 'finish',
      finishReason: REASONS.has(reason) ? (reason as FinishReason) : 'unknown',
      usage: usageOf(line),
      servedModel: asString(line['model']),
    });
    return true;
  };
}

/** Counts are left out by the server where they are 0. */
export function usageOf(line: Record<string, unknown>): Usage | undefined {
  const inputTokens = asCount(line['prompt_eval_count']);
  const outputTokens = asCount(line['eval_count']);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  return { inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0, source: 'reported' };
}
