import pRetry from 'p-retry';
import type { Clock } from '../core/clock.js';
import { RouterError } from '../core/errors.js';
import { abortError } from '../internal/deadline.js';

/** A server that asks for a longer wait is left; another model answers sooner. */
const LONGEST_WAIT_MS = 2_000;

/** A server's own wish to be left alone is honoured up to this. */
export const LONGEST_WISH_MS = 30_000;

/** The wait that a server asks for, in milliseconds; nonsense counts as none. */
export function wishOf({ retryAfterMs = 0 }: RouterError): number {
  return retryAfterMs > 0 ? retryAfterMs : 0;
}

/**
 * Repeats `work` after transient errors: never after a time-out, a refusal or a long `Retry-After`, while the server loads
 * the model, or where the pause would not end before `untilMs`.
 */
export async function withRetry<T>(
  work: () => Promise<T>,
  o: {
    maxRetries: number;
    minDelayMs: number;
    untilMs: number;
    clock: Clock;
    signal: () => AbortSignal;
    onRetry: () => void;
  },
): Promise<T> {
  let first: unknown;
  try {
    return await work();
  } catch (error) {
    if (o.maxRetries === 0 || !isTransient(error)) throw error;
    first = error;
  }
  let repeated = 0;
  // The first failure goes in as it is, so that a call that succeeds at once pays nothing for the loop.
  return pRetry((attempt) => (attempt === 1 ? Promise.reject(first) : work()), {
    retries: o.maxRetries,
    // The pauses are made below with the clock of the call, which p-retry cannot take.
    minTimeout: 0,
    shouldRetry: async ({ error }) => {
      if (!isTransient(error)) return false;
      const ms = Math.max(o.minDelayMs * 2 ** repeated, wishOf(error));
      if (o.clock.now() + ms >= o.untilMs) return false;
      await pause(ms, o.clock, o.signal());
      repeated += 1;
      o.onRetry();
      return true;
    },
  });
}

function isTransient(error: unknown): error is RouterError {
  return (
    RouterError.is(error) &&
    error.isRetryable &&
    error.isLoading !== true &&
    error.code !== 'ERR_TIMEOUT' &&
    wishOf(error) <= LONGEST_WAIT_MS
  );
}

/** Waits; rejects when the signal aborts. */
export function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clock.clearTimeout(timer);
      reject(abortError(signal));
    };
    const timer = clock.setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
