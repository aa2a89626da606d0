import * as v from 'valibot';
import type { Timeouts } from '../core/chat.js';
import { milliseconds, optional, whole } from '../internal/options.js';

/** Schema of the `retry` option. */
export const retrySchema = v.strictObject({
  maxRetries: optional(whole(0, 10)),
  minDelayMs: optional(milliseconds()),
});

/** All clocks of a call; `undefined` means none. */
export interface ResolvedTimeouts {
  readonly firstContentMs: number;
  /** The same once the server has said that it is loading the model. */
  readonly loadingMs: number;
  readonly idleMs: number;
  readonly connectMs: number;
  readonly totalMs: number | undefined;
  readonly queueMs: number | undefined;
}

/** The clocks that hold: the call's over the service's over the router's over the defaults. */
export function resolveTimeouts(
  call: Timeouts | undefined,
  service: Timeouts | undefined,
  router: Timeouts | undefined,
  loading: boolean,
): ResolvedTimeouts {
  const given = (name: keyof Timeouts): number | undefined => call?.[name] ?? service?.[name] ?? router?.[name];
  const loadingMs = given('firstContentMs') ?? 600_000;
  return {
    firstContentMs: loading ? loadingMs : (given('firstContentMs') ?? 120_000),
    loadingMs,
    idleMs: given('idleMs') ?? 60_000,
    connectMs: given('connectMs') ?? 3_000,
    totalMs: given('totalMs'),
    queueMs: given('queueMs'),
  };
}
