import type { FinishReason, RouteEvent, ToolCall, Usage } from '../core/chat.js';
import type { Clock } from '../core/clock.js';
import type { Attempt, FallbackLevel } from '../core/decision.js';
import type { RouterError } from '../core/errors.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { Logger } from '../core/logger.js';
import type { ModelRef } from '../core/model.js';
import type { ChatRequest, Transport } from '../core/transport.js';
import type { Health } from './health.js';
import type { Queues } from './queues.js';

/** A model with everything that one attempt at it needs. */
export interface Candidate {
  readonly model: ModelRef;
  readonly transport: Transport;
  /** Shaped for this model, with its headers. */
  readonly request: ChatRequest;
  /** The guarded fetch. */
  readonly fetch: FetchLike;
  readonly timeouts: {
    readonly firstContentMs: number;
    /** The same once the server has said that it is loading the model. Default: `firstContentMs`. */
    readonly loadingMs?: number | undefined;
    readonly idleMs: number;
    readonly queueMs?: number | undefined;
  };
  /** The window that the prompt may exceed, in tokens, where the server then ends without a word: that is taken for an overflow. */
  readonly silentLimit?: number | undefined;
  /** Repetitions after a transient error, before the first content. */
  readonly maxRetries: number;
  /** Most requests at once at this service; `null`: no limit of ours. */
  readonly slots: number | null;
  readonly priority: 'interactive' | 'background';
  /** The server has to load the model first; shown to the caller. */
  readonly loading?: boolean | undefined;
  /**
   * Whether the server has to load the model first, by what is known now; what was known before `sinceMs` does not count.
   * Asked while requests for other models run there: absent, they run side by side.
   */
  readonly loads?: ((sinceMs: number) => boolean) | undefined;
}

/** What to try, and how a model is made ready. */
export interface FallbackPlan {
  /** Best first. */
  readonly ranked: readonly ModelRef[];
  /** Last resort, with a reduced context. */
  readonly smallest?: ModelRef | undefined;
  /** Shapes the request for a model; a throw is recorded as a `skipped` attempt. `contextLimit` is what the server named when it refused. */
  prepare(
    model: ModelRef,
    level: FallbackLevel,
    contextLimit: number | undefined,
    signal: AbortSignal,
  ): Promise<Candidate>;
  /** Before anything of an attempt is sent; a throw of `ERR_AUDIT` ends the call. */
  onAttemptStart?(model: ModelRef, level: FallbackLevel): Promise<void> | void;
  /** A model that its server had to load gives its first content: what is known of the others there may be outdated. */
  onLoaded?(model: ModelRef): void;
  /** A whole answer is there, `servedModel` being the model that it names; after a throw it does not count. */
  onAnswer?(model: ModelRef, servedModel: string | undefined): Promise<void> | undefined;
  /** After each attempt. */
  onAttempt?(attempt: Attempt): void;
}

/** What a call needs beside its plan. */
export interface ExecuteOptions {
  readonly signal: AbortSignal;
  /**
   * Aborts `signal`. Used where the caller reads no further: the call can only let go of its slot and its session if its
   * owner, told by the signal, runs it to the end. Not needed where the owner always does.
   */
  readonly abort?: ((reason: RouterError) => void) | undefined;
  readonly clock: Clock;
  readonly health: Health;
  readonly queues: Queues;
  readonly retry: { readonly minDelayMs: number };
  readonly logger: Logger;
  /** Nobody reads the pieces of the answer: they are not handed out, only gathered for the report. */
  readonly quiet?: boolean | undefined;
}

/** What a call tells while it runs. */
export type ExecutionEvent = Exclude<RouteEvent, { type: 'decision' | 'done' }>;

/** A complete answer of one model. */
export interface ExecutionReport {
  readonly text: string;
  readonly reasoning?: string | undefined;
  readonly toolCalls: ToolCall[];
  readonly finishReason: FinishReason;
  readonly usage?: Usage | undefined;
  readonly servedModel?: string | undefined;
  readonly model: ModelRef;
  readonly level: FallbackLevel;
  readonly attempts: Attempt[];
  /** In our own queue, over all attempts. */
  readonly queueMs: number;
  /** By the clock of the call. */
  readonly firstContentAtMs: number;
}
