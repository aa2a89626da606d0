import { setMaxListeners } from 'node:events';
import { linkSignal, raceAbort } from '../internal/deadline.js';

/** One piece of work that several callers wait for; it is aborted when the last of them has gone. */
export class SharedRun<T> {
  /** Resolves when the work has ended in any way. */
  readonly settled: Promise<void>;
  readonly #work: Promise<T>;
  readonly #abort: (reason: unknown) => void;
  #waiting = 0;
  #isAbandoned = false;

  constructor(parent: AbortSignal, work: (signal: AbortSignal) => Promise<T>) {
    const linked = linkSignal(parent);
    // Many requests listen to it at once; that is no leak, and Node.js is not to print a warning about it.
    setMaxListeners(0, linked.signal);
    this.#abort = linked.abort;
    this.#work = work(linked.signal).finally(() => linked.dispose());
    this.settled = this.#work.then(
      () => {},
      () => {},
    );
  }

  /** Whether all who waited have gone before the end. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** Waits for the result, or until this caller's signal aborts. */
  async join(signal: AbortSignal | undefined): Promise<T> {
    this.#waiting++;
    try {
      return await raceAbort(signal, this.#work);
    } finally {
      this.#waiting--;
      if (signal?.aborted && this.#waiting === 0) {
        this.#isAbandoned = true;
        this.#abort(signal.reason);
      }
    }
  }
}
