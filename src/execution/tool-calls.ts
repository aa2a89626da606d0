import type { ToolCall } from '../core/chat.js';
import { RouterError } from '../core/errors.js';
import type { TransportEvent } from '../core/transport.js';

/** A model that asks for more is broken, and a huge index would only cost memory. */
const MAX_CALLS = 128;

type Delta = Extract<TransportEvent, { type: 'tool-call-delta' }>;

/** Puts the pieces of tool calls together. */
export class ToolCalls {
  readonly #calls = new Map<number, { id: string | undefined; name: string | undefined; arguments: string }>();

  /** Takes a piece; throws `ERR_BAD_RESPONSE` where it cannot belong to any call. */
  add(delta: Delta): void {
    if (!Number.isSafeInteger(delta.index) || delta.index < 0 || delta.index >= MAX_CALLS) {
      throw new RouterError(
        'ERR_BAD_RESPONSE',
        `The answer holds a tool call with an index outside 0-${MAX_CALLS - 1}.`,
      );
    }
    const call = this.#calls.get(delta.index) ?? { id: undefined, name: undefined, arguments: '' };
    this.#calls.set(delta.index, call);
    call.id ??= delta.id;
    // Some servers repeat the name with every piece.
    call.name ??= delta.name;
    call.arguments += delta.arguments;
  }

  /** The whole calls in order, each with an id of its own. */
  finish(): ToolCall[] {
    const ids = new Set<string>();
    return [...this.#calls]
      .sort(([a], [b]) => a - b)
      .map(([, call]) => {
        if (call.name === undefined || call.name === '') {
          throw new RouterError('ERR_BAD_RESPONSE', 'The answer holds a tool call without a name.');
        }
        const id = call.id !== undefined && !ids.has(call.id) ? call.id : `call_${crypto.randomUUID()}`;
        ids.add(id);
        return { id, type: 'function', function: { name: call.name, arguments: call.arguments || '{}' } };
      });
  }
}
