import type { Clock } from '../core/clock.js';
import type { RouterError, RouterErrorCode } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import { refKey } from '../internal/model-name.js';
import { LONGEST_WISH_MS, wishOf } from './retry.js';

/** `open`: left alone for a while; `half-open`: one trial may show whether it works again. */
export type HealthState = 'closed' | 'open' | 'half-open';

/** Failures in a row until a model is left alone. */
const THRESHOLD = 3;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;
/** Pauses are shorter or longer by up to this share. */
const SPREAD = 0.2;

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
    return entry !== undefined && entry.until !== 0 && (entry.trial || this.#stateOf(entry) === 'open');
  }

  /** An attempt begins; it must end in `succeeded`, `failed` or `released`. Says whether it is the one trial. */
  begin(model: ModelRef): boolean {
    const entry = this.#entries.get(refKey(model));
    if (entry === undefined || entry.trial || this.#stateOf(entry) !== 'half-open') return false;
    entry.trial = true;
    return true;
  }

  /** The model answered. */
  succeeded(model: ModelRef): void {
    this.#entries.delete(refKey(model));
  }

  /** The attempt ended without telling anything about the model. */
  released(model: ModelRef, isTrial = true): void {
    const entry = this.#entries.get(refKey(model));
    if (entry !== undefined && isTrial) entry.trial = false;
  }

  /** The attempt failed; a model that is still being loaded has not. */
  failed(model: ModelRef, error: RouterError, isTrial = true): void {
    if (NOT_ITS_FAULT.has(error.code) || error.isLoading === true) {
      this.released(model, isTrial);
      return;
    }
    const key = refKey(model);
    const entry = this.#entries.get(key) ?? { model, failures: 0, opened: 0, until: 0, trial: false };
    this.#entries.set(key, entry);
    const wasTrial = entry.trial && isTrial;
    if (wasTrial) entry.trial = false;
    entry.failures += 1;
    const now = this.#clock.now();
    const wish = Math.min(wishOf(error), LONGEST_WISH_MS);
    if (wish > 0) {
      entry.until = Math.max(this.#stateOf(entry) === 'open' ? entry.until : 0, now + wish);
      return;
    }
    // Those that were under way when it was opened fail too: only its trial tells that the pause was too short.
    if (entry.until === 0 ? entry.failures < THRESHOLD : !wasTrial) return;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** entry.opened, LONGEST_PAUSE_MS);
    entry.opened = Math.min(entry.opened + 1, 10);
    entry.until = now + pause * (1 - SPREAD + 2 * SPREAD * this.#random());
  }

  /** Every model that is not closed. */
  snapshot(): { model: ModelRef; state: HealthState }[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.until !== 0)
      .map((entry) => ({ model: entry.model, state: this.#stateOf(entry) }));
  }

  #stateOf(entry: Entry): HealthState {
    if (entry.until === 0) return 'closed';
    const left = entry.until - this.#clock.now();
    // A clock that was set back must not make it longer.
    return left > 0 && left <= LONGEST_PAUSE_MS * (1 + SPREAD) ? 'open' : 'half-open';
  }
}
