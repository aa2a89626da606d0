import type { Clock } from '../core/clock.js';
import type { RouterError, RouterErrorCode } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import { refKey } from '../internal/model-name.js';

/** `open`: left alone for a while; `half-open`: one trial may show whether it works again. */
export type HealthState = 'closed' | 'open' | 'half-open';

/** Failures in a row until a model is left alone. */
const THRESHOLD = 3;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;
/** A server's own wish is honoured up to this. */
const LONGEST_WISH_MS = 30_000;

/** Codes that say nothing about the model at its service. */
const NOT_ITS_FAULT: ReadonlySet<RouterErrorCode> = new Set<RouterErrorCode>([
  'ERR_CONTEXT_OVERFLOW',
  'ERR_UNSUPPORTED',
  'ERR_INVALID_REQUEST',
  'ERR_EGRESS_DENIED',
  'ERR_QUEUE_FULL',
  'ERR_ABORTED',
  'ERR_CLOSED',
  'ERR_AUDIT',
]);

interface Entry {
  readonly model: ModelRef;
  failures: number;
  /** How often it was opened in a row; doubles the pause. */
  opened: number;
  /** Until when it is left alone; 0 while closed. */
  until: number;
  /** A trial is under way. */
  trial: boolean;
}

/** Remembers per model and service which ones keep failing, so that calls do not wait for them. */
export class Health {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #entries = new Map<string, Entry>();

  /** `random` spreads the pauses, so that many processes do not come back at once. */
  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Where the model stands now. */
  state(model: ModelRef): HealthState {
    const entry = this.#entries.get(refKey(model));
    return entry === undefined ? 'closed' : this.#stateOf(entry);
  }

  /** Whether the model is better left alone now: open, or its one trial is under way. */
  blocked(model: ModelRef): boolean {
    const entry = this.#entries.get(refKey(model));
    return entry !== undefined && entry.until !== 0 && (entry.trial || this.#clock.now() < entry.until);
  }

  /** An attempt begins; it must end in `succeeded`, `failed` or `released`. */
  begin(model: ModelRef): void {
    const entry = this.#entries.get(refKey(model));
    if (entry !== undefined && this.#stateOf(entry) === 'half-open') entry.trial = true;
  }

  /** The model answered. */
  succeeded(model: ModelRef): void {
    this.#entries.delete(refKey(model));
  }

  /** The attempt ended without telling anything about the model. */
  released(model: ModelRef): void {
    const entry = this.#entries.get(refKey(model));
    if (entry !== undefined) entry.trial = false;
  }

  /** The attempt failed. */
  failed(model: ModelRef, error: RouterError): void {
    if (NOT_ITS_FAULT.has(error.code)) {
      this.released(model);
      return;
    }
    const key = refKey(model);
    const entry = this.#entries.get(key) ?? { model, failures: 0, opened: 0, until: 0, trial: false };
    this.#entries.set(key, entry);
    entry.trial = false;
    entry.failures += 1;
    const wish = Math.min(error.retryAfterMs ?? 0, LONGEST_WISH_MS);
    const again = entry.until !== 0;
    if (entry.failures < THRESHOLD && !again && wish === 0) return;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** entry.opened, LONGEST_PAUSE_MS);
    if (wish === 0) entry.opened = Math.min(entry.opened + 1, 10);
    // Plus or minus a fifth.
    entry.until = this.#clock.now() + Math.max(wish, wish > 0 ? 0 : pause * (0.8 + 0.4 * this.#random()));
  }

  /** Every model that is not closed. */
  snapshot(): { model: ModelRef; state: HealthState }[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.until !== 0)
      .map((entry) => ({ model: entry.model, state: this.#stateOf(entry) }));
  }

  #stateOf(entry: Entry): HealthState {
    if (entry.until === 0) return 'closed';
    return this.#clock.now() < entry.until ? 'open' : 'half-open';
  }
}
