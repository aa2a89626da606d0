import type { Attempt } from './decision.js';

/**
 * Every reason for which a call can fail; branch on these, never on message texts.
 * @public
 */
export type RouterErrorCode =
  | 'ERR_INVALID_OPTION'
  | 'ERR_INVALID_REQUEST'
  | 'ERR_UNSUPPORTED'
  | 'ERR_EGRESS_DENIED'
  | 'ERR_NO_SERVICE'
  | 'ERR_NO_MODEL'
  | 'ERR_CONTEXT_OVERFLOW'
  | 'ERR_UNREACHABLE'
  | 'ERR_UNAUTHORIZED'
  | 'ERR_OVERLOADED'
  | 'ERR_BAD_RESPONSE'
  | 'ERR_TOO_LARGE'
  | 'ERR_MODEL_MISMATCH'
  | 'ERR_TIMEOUT'
  | 'ERR_QUEUE_FULL'
  | 'ERR_INTERRUPTED'
  | 'ERR_ALL_ATTEMPTS_FAILED'
  | 'ERR_ABORTED'
  | 'ERR_CLOSED'
  | 'ERR_AUDIT'
  | 'ERR_BUDGET'
  | 'ERR_EDIT_CONFLICT';

/**
 * What a {@link RouterError} carries beside its code and message.
 * @public
 */
export interface RouterErrorDetails {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** Whether the same call may succeed when it is sent again unchanged. @defaultValue false */
  readonly isRetryable?: boolean | undefined;
  /** Id of the service that the error is about. */
  readonly service?: string | undefined;
  /** Served id of the model that the error is about. */
  readonly model?: string | undefined;
  /** What was tried, in order. */
  readonly attempts?: Attempt[] | undefined;
  /** Text that had reached the caller before the answer broke off. */
  readonly partialText?: string | undefined;
  /** The wait that the server asked for, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** The context window that the server named when it refused an overlong prompt, in tokens. */
  readonly contextLimit?: number | undefined;
  /** The server said that it is still loading the model: no failure, it is waited for. @defaultValue false */
  readonly isLoading?: boolean | undefined;
}

const BRAND = Symbol.for('local-llm-router.error');

/**
 * The one error class of the library. Its message says what to do next and never holds prompt text, replies or keys.
 *
 * @example
 * ```ts
 * try {
 *   await router.route('Explain this stack trace');
 * } catch (error) {
 *   if (RouterError.is(error) && error.code === 'ERR_NO_SERVICE') console.error('Start a local model server first.');
 *   else throw error;
 * }
 * ```
 * @public
 */
export class RouterError extends Error {
  /** The reason, stable across releases. */
  readonly code: RouterErrorCode;
  /** Whether the same call may succeed when it is sent again unchanged. */
  readonly isRetryable: boolean;
  // Declared only: an error shows what it has, not what it might have.
  /** Id of the service that the error is about. */
  declare readonly service?: string;
  /** Served id of the model that the error is about. */
  declare readonly model?: string;
  /** What was tried, in order. */
  declare readonly attempts?: Attempt[];
  /** Text that had reached the caller before the answer broke off (`ERR_INTERRUPTED`). */
  declare readonly partialText?: string;
  /** The wait that the server asked for, in milliseconds. */
  declare readonly retryAfterMs?: number;
  /** The context window that the server named (`ERR_CONTEXT_OVERFLOW`), in tokens. */
  declare readonly contextLimit?: number;
  /** The server is still loading the model (`ERR_OVERLOADED`). */
  declare readonly isLoading?: true;

  /** Makes an error with a stable code. */
  constructor(code: RouterErrorCode, message: string, details: RouterErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'RouterError';
    this.code = code;
    this.isRetryable = details.isRetryable ?? false;
    if (details.service !== undefined) this.service = details.service;
    if (details.model !== undefined) this.model = details.model;
    if (details.attempts !== undefined) this.attempts = details.attempts;
    if (details.isLoading === true) this.isLoading = true;
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
    if (details.contextLimit !== undefined) this.contextLimit = details.contextLimit;
    const { partialText } = details;
    // Not enumerable and behind a getter: whatever prints the error, hidden members too, must not print a reply.
    if (partialText !== undefined) hide(this, 'partialText', { get: () => partialText });
    hide(this, BRAND, { value: true });
  }

  /** Whether a value is a `RouterError`, also one made by another installed copy of this package. */
  static is(error: unknown): error is RouterError {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;
  }
}

function hide(target: object, key: PropertyKey, how: PropertyDescriptor): void {
  Object.defineProperty(target, key, { ...how, enumerable: false, configurable: true });
}
