import type { Clock } from '../../src/core/clock.js';

/** A clock that stands still until it is told to move; knows its pending timers. */
export class ManualClock implements Clock {
  #now = 1_000_000;
  #next = 1;
  readonly #timers = new Map<number, { at: number; fn: () => void }>();

  now(): number {
    return this.#now;
  }

  setTimeout(fn: () => void, ms: number): unknown {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + ms, fn });
    return id;
  }

  clearTimeout(id: unknown): void {
    this.#timers.delete(id as number);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Only says another time, sooner or later. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Is set back, as a machine's clock may be; timers run on. */
  setBack(ms: number): void {
    this.#now -= ms;
    for (const timer of this.#timers.values()) timer.at -= ms;
  }

  /** Moves on by `ms`, letting promises settle around each timer that fires. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const [id, due] =
        [...this.#timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0] ?? [];
      if (id === undefined || due === undefined) break;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, due.at);
      due.fn();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything run that needs no time to pass. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
