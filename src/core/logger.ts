/**
 * Where diagnostics go; `console` fits. They hold ids, counts and codes, never prompt text, replies or keys.
 * @public
 */
export interface Logger {
  /** Details for a developer. */
  debug(...a: unknown[]): void;
  /** Normal events. */
  info(...a: unknown[]): void;
  /** Something degraded; the call goes on. */
  warn(...a: unknown[]): void;
  /** Something failed. */
  error(...a: unknown[]): void;
}

const nothing = (): void => {};

/** The default: says nothing. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
