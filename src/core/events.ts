/**
 * Ends a subscription; calling it twice is harmless.
 * @public
 */
export type Unsubscribe = () => void;

/**
 * What every call that may take long accepts.
 * @public
 */
export interface CallOptions {
  /** Ends the call; it then rejects with `ERR_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}
