import { abortError, type LinkedSignal } from '../internal/deadline.js';

/** The calls under way, so that closing can end them. */
export class RunningCalls {
  readonly #links = new Set<LinkedSignal>();
  #empty: (() => void) | undefined;

  /** Runs a call; its signal is let go of at the end. */
  async during<T>(link: LinkedSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.begin(link);
    try {
      if (link.signal.aborted) throw abortError(link.signal);
      return await call(link.signal);
    } finally {
      link.dispose();
      this.end(link);
    }
  }

  begin(link: LinkedSignal): void {
    this.#links.add(link);
  }

  end(link: LinkedSignal): void {
    this.#links.delete(link);
    if (this.#links.size === 0) this.#empty?.();
  }

  /** Ends every call with this error; resolves when the last one has let go of all it held. */
  async endAll(error: Error): Promise<void> {
    if (this.#links.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#empty = resolve;
    });
    for (const link of this.#links) link.abort(error);
    await empty;
  }
}
