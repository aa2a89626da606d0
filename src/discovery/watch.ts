import type { Clock } from '../core/clock.js';
import type { Unsubscribe } from '../core/events.js';
import type { Logger } from '../core/logger.js';
import type { ServiceChange } from '../core/service.js';
import { Subscribers } from '../internal/subscribers.js';
import { thrownName } from '../internal/thrown-name.js';

/** Servers that come and go must not make a storm of probes. */
const SHORTEST_PAUSE_MS = 250;
/** While nobody answers, the pause doubles up to this many times its length. */
const LONGEST_BACKOFF = 4;

/** What a watch works with. */
export interface WatchOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Between two looks, in milliseconds. */
  readonly intervalMs: number;
  /** Looks once; says whether anybody answered. The first look after a pause without listeners may use a kept result. */
  look(o: { readonly signal: AbortSignal; readonly isFirst: boolean }): Promise<boolean>;
  /** Spreads the looks of many processes. */
  readonly random?: (() => number) | undefined;
}

/** Looks again and again while somebody listens, and holds nothing while nobody does. */
export class Watch {
  readonly #o: WatchOptions;
  readonly #listeners = new Subscribers<[ServiceChange]>();
  #looking: AbortController | undefined;
  #timer: unknown;

  constructor(options: WatchOptions) {
    this.#o = options;
  }

  add(listener: (change: ServiceChange) => void): Unsubscribe {
    const leave = this.#listeners.add(listener);
    if (this.#looking === undefined) {
      this.#looking = new AbortController();
      void this.#look(this.#looking.signal, { isFirst: true, backoff: 1 });
    }
    return () => {
      leave();
      if (this.#listeners.size === 0) this.#rest();
    };
  }

  /** Tells the listeners; one that throws is logged. */
  emit(changes: readonly ServiceChange[]): void {
    for (const change of changes) this.#listeners.emit(this.#o.logger, change);
  }

  /** Whether somebody listens. */
  get isOn(): boolean {
    return this.#listeners.size > 0;
  }

  close(): void {
    this.#listeners.clear();
    this.#rest();
  }

  #rest(): void {
    this.#looking?.abort();
    this.#looking = undefined;
    this.#o.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #look(signal: AbortSignal, o: { readonly isFirst: boolean; readonly backoff: number }): Promise<void> {
    const { clock, logger, intervalMs, look, random = Math.random } = this.#o;
    let answered = false;
    try {
      answered = await look({ signal, isFirst: o.isFirst });
    } catch (error) {
      if (signal.aborted) return;
      logger.warn('Looking for services failed', thrownName(error));
    }
    if (signal.aborted) return;
    const backoff = answered ? 1 : Math.min(2 * o.backoff, LONGEST_BACKOFF);
    // Plus or minus a fifth.
    const pause = Math.max(SHORTEST_PAUSE_MS, intervalMs * backoff * (0.8 + 0.4 * random()));
    this.#timer = clock.setTimeout(() => void this.#look(signal, { isFirst: false, backoff }), pause);
  }
}
