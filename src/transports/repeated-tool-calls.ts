import type { TransportEvent } from '../core/transport.js';
import type { EventFilter } from './stream-body.js';

type Delta = Extract<TransportEvent, { type: 'tool-call-delta' }>;

/**
 * LocalAI 3.x streams each state of a call that it has parsed so far as a call of its own, and the true ones again at the
 * end, each opened by its name without arguments (measured on 3.12.1). Only those count; nothing marks the others earlier,
 * so calls come with the `finish`.
 */
export class RepeatedToolCalls implements EventFilter {
  readonly #held: Delta[] = [];

  take(event: TransportEvent, out: TransportEvent[]): void {
    if (event.type === 'tool-call-delta') {
      this.#held.push(event);
      return;
    }
    if (event.type === 'finish') {
      const opening = this.#held.findIndex(({ name, arguments: text }) => name !== undefined && text === '');
      out.push(...this.#held.splice(0).slice(Math.max(0, opening)));
    }
    out.push(event);
  }
}
