import type { Clock } from 'local-llm-router';

/** A clock that only the test moves. */
export class ManualClock implements Clock {
  #now = 1_000_000;
  #timers = new Map<number, { readonly at: number; readonly fn: () => void }>();
  #next = 1;

  /** How long the timers run that are set now, in milliseconds. */
  get pending(): number[] {
    return [...this.#timers.values()].map(({ at }) => at - this.#now);
  }

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

  /** Lets time pass; what is due is called in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [due] = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].fn();
    }
    this.#now = end;
  }
}
