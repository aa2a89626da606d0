import type { CallOptions } from './events.js';

/**
 * Where sessions and learned facts are kept; inject your own to share them between processes.
 * @public
 */
export interface KeyValueStore {
  /** The value and its version, or `undefined` where there is none. */
  get(key: string, o?: CallOptions): Promise<{ value: unknown; version?: string } | undefined>;
  /** Writes a JSON value; with `ifVersion` only if the stored version is that one (`null`: only if there is none). `ttlMs` is in milliseconds. */
  set(
    key: string,
    value: unknown,
    o?: { ifVersion?: string | null; ttlMs?: number },
  ): Promise<{ ok: boolean; version?: string }>;
  /** Removes a key; a missing one is no error. */
  delete(key: string, o?: CallOptions): Promise<void>;
  /** All keys that begin with `prefix`. */
  list(prefix: string, o?: CallOptions): Promise<string[]>;
}
