import type { Clock } from '../core/clock.js';
import { RouterError } from '../core/errors.js';

/** A signal that follows another one and can be aborted with a reason of its own; `dispose` lets go of both. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  dispose(): void;
}

/** Derives a signal from the caller's; the listener is gone after `dispose`. */
export function linkSignal(parent: AbortSignal | undefined): LinkedSignal {
  const controller = new AbortController();
  const follow = (): void => controller.abort(parent?.reason);
  if (parent?.aborted) follow();
  else parent?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    dispose: () => parent?.removeEventListener('abort', follow),
  };
}

/** Runs `work` with a signal that aborts after `ms`; the reason is then `ERR_TIMEOUT` with `what` in its message. */
export async function withDeadline<T>(
  o: { clock: Clock; ms: number | undefined; signal: AbortSignal | undefined; what: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const linked = linkSignal(o.signal);
  const { ms } = o;
  const timer =
    ms === undefined
      ? undefined
      : o.clock.setTimeout(
          () =>
            linked.abort(new RouterError('ERR_TIMEOUT', `${o.what} took longer than ${ms} ms.`, { isRetryable: true })),
          ms,
        );
  try {
    return await work(linked.signal);
  } finally {
    if (timer !== undefined) o.clock.clearTimeout(timer);
    linked.dispose();
  }
}

/** The error of an aborted call: a time-out keeps its own, anything else is `ERR_ABORTED` with the reason as cause. */
export function abortError(signal: AbortSignal): RouterError {
  const reason: unknown = signal.reason;
  if (RouterError.is(reason)) return reason;
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new RouterError('ERR_TIMEOUT', 'The signal of the call timed out.', { cause: reason });
  }
  return new RouterError('ERR_ABORTED', 'The call was aborted.', { cause: reason });
}

/** Rejects as soon as the signal aborts, even if `work` never settles; the listener is gone afterwards. */
export async function raceAbort<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  // A promise that loses the race must not become an unhandled rejection.
  work.catch(() => {});
  if (signal.aborted) throw abortError(signal);
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortError(signal));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
