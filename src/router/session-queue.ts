import { raceAbort } from '../internal/deadline.js';

/** Lets calls on one session run one after another; calls on different sessions do not wait for each other. */
export class SessionQueue {
  readonly #tails = new Map<string, Promise<void>>();

  /** Whether a call would have to wait. */
  isBusy(session: string): boolean {
    return this.#tails.has(session);
  }

  /** Resolves when it is this call's turn; the function that it gives must be called at the end. Rejects on abort. */
  async enter(session: string, signal: AbortSignal): Promise<() => void> {
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
      if (before !== undefined) await raceAbort(signal, before);
      return leave;
    } catch (error) {
      // Those behind still wait for those before: `tail` is chained to both.
      release();
      void tail.then(leave);
      throw error;
    }
  }
}
