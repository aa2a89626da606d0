import type { Clock } from '../core/clock.js';
import { RouterError } from '../core/errors.js';
import { linkSignal, raceAbort } from '../internal/deadline.js';

/** Lets calls on one session run one after another; calls on different sessions do not wait for each other. */
export class SessionQueue {
  readonly #clock: Clock;
  readonly #tails = new Map<string, Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a call would have to wait. */
  isBusy(session: string): boolean {
    return this.#tails.has(session);
  }

  /**
   * Resolves when it is this call's turn; the function that it gives must be called at the end.
   * Rejects on abort, and with `ERR_QUEUE_FULL` after `queueMs`.
   */
  async enter(session: string, signal: AbortSignal, queueMs: number | undefined): Promise<() => void> {
    const before = this.#tails.get(session);
    let release = (): void => {};
    const done = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tail = before === undefined ? done : before.then(() => done);
    this.#tails.set(session, tail);
    const leave = (): void => {
      release();
      if (this.#tails.get(session) === tail) this.#tails.delete(session);
    };
    try {
      if (before !== undefined) await this.#wait(before, signal, queueMs);
      return leave;
    } catch (error) {
      // Those behind still wait for those before: `tail` is chained to both.
      release();
      void tail.then(leave);
      throw error;
    }
  }

  async #wait(before: Promise<void>, signal: AbortSignal, queueMs: number | undefined): Promise<void> {
    const link = linkSignal(signal);
    const timer =
      queueMs === undefined ? undefined : this.#clock.setTimeout(() => link.abort(tooLong(queueMs)), queueMs);
    try {
      await raceAbort(link.signal, before);
    } finally {
      if (timer !== undefined) this.#clock.clearTimeout(timer);
      link.dispose();
    }
  }
}

function tooLong(ms: number): RouterError {
  return new RouterError(
    'ERR_QUEUE_FULL',
    `Another call on this session did not end within queueMs of ${ms} ms. Calls on one session run one after another; name sessions apart.`,
    { isRetryable: true },
  );
}
