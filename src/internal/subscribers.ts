import type { Unsubscribe } from '../core/events.js';
import type { Logger } from '../core/logger.js';
import { thrownName } from './thrown-name.js';
import { unawaited } from './unawaited.js';

/** Listeners of one event; one that throws or rejects is logged and never touches the call. */
export class Subscribers<Args extends unknown[]> {
  readonly #listeners = new Set<(...args: Args) => void>();

  get size(): number {
    return this.#listeners.size;
  }

  add(listener: (...args: Args) => void): Unsubscribe {
    // Wrapped, so that one function subscribed twice is called twice and removed once each.
    const entry = (...args: Args): void => listener(...args);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  emit(logger: Logger, ...args: Args): void {
    for (const listener of [...this.#listeners]) {
      try {
        unawaited(listener(...args), (error) => warn(logger, error));
      } catch (error) {
        warn(logger, error);
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}

function warn(logger: Logger, error: unknown): void {
  logger.warn('A listener threw', thrownName(error));
}
