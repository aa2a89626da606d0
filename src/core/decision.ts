import type { RouterErrorCode } from './errors.js';
import type { Capability, Fact, ModelRef } from './model.js';
import type { TaskClassification } from './task.js';

/**
 * How far down the list an answer came from.
 * @public
 */
export type FallbackLevel = 'primary' | 'fallback' | 'reduced-context' | 'smallest' | 'escalated' | 'failed';

/**
 * One try of one model.
 * @public
 */
export interface Attempt {
  /** The model that was tried. */
  readonly model: ModelRef;
  /** Why it was its turn. */
  readonly level: FallbackLevel;
  /** How it ended. */
  readonly outcome: 'ok' | 'failed' | 'cancelled' | 'skipped';
  /** Why it failed. */
  readonly code?: RouterErrorCode | undefined;
  /** The same in words, without prompt text or replies. */
  readonly reason?: string | undefined;
  /** When it began, milliseconds since the epoch. */
  readonly startedMs: number;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** Repetitions of the same request within this attempt. */
  readonly retries: number;
}

/**
 * What a model must offer to be considered.
 * @public
 */
export interface Requirements {
  /** Tokens that prompt and answer need together. */
  readonly contextTokens?: number | undefined;
  /** What the model must be able to do. */
  readonly capabilities?: readonly Capability[] | undefined;
  /** Whether models outside the allowed network may be used in this call. */
  readonly allowExternal?: boolean | undefined;
  /** What to weigh most. @defaultValue 'balanced' */
  readonly strategy?: 'quality' | 'balanced' | 'fast' | 'cheap' | undefined;
  /** Session that the request belongs to. The router prefers the model that answered it last; a selector is told of it by `sticky`. */
  readonly session?: string | undefined;
  /** Forced model: served id, catalogue key or `service/model`. */
  readonly model?: string | undefined;
}

/**
 * A candidate and why it stands where it stands.
 * @public
 */
export interface RankedModel {
  /** The model. */
  readonly model: ModelRef;
  /** Weighted sum of the parts; only comparable within one ranking. */
  readonly score: number;
  /** The parts of the score; texts are made when read. */
  readonly parts: readonly ScorePart[];
}

/**
 * One part of a candidate's score.
 * @public
 */
export interface ScorePart {
  /** For example `quality`, `warm`, `speed`. */
  readonly name: string;
  /** 0 (worst) to 1 (best). */
  readonly value: number;
  /** How much it counts under the strategy. */
  readonly weight: number;
  /** Why, in words. */
  readonly reason: string;
}

/**
 * A model that may not be used, and what would change that.
 * @public
 */
export interface Rejection {
  /** The model. */
  readonly model: ModelRef;
  /** The requirement that it fails. */
  readonly rule:
    | 'context'
    | 'tools'
    | 'vision'
    | 'json-schema'
    | 'locality'
    | 'remote'
    | 'memory'
    | 'health'
    | 'pin'
    | 'rule'
    | 'kind'
    | 'disabled';
  /** Why, in words. */
  readonly reason: string;
  /** What to do so that it may be used. */
  readonly remedy: string;
}

/**
 * What Serena was asked and what it gave.
 * @public
 */
export interface SerenaReport {
  /** `off`: there is none; `not-needed`: the task asks for no code, or names nothing to look up. An `empty` answer proves nothing. */
  readonly state: 'off' | 'not-needed' | 'ok' | 'empty' | 'timeout' | 'failed';
  /** The calls in order. */
  readonly calls: readonly SerenaCall[];
  /** Tokens of code context that were added to the prompt. */
  readonly tokens: number;
  /** Duration in milliseconds. */
  readonly elapsedMs: number;
}

/**
 * One call to Serena.
 * @public
 */
export interface SerenaCall {
  /** Tool name. */
  readonly tool: string;
  /** Duration in milliseconds. */
  readonly ms: number;
  /** How it ended. */
  readonly outcome: 'ok' | 'empty' | 'timeout' | 'error';
}

/**
 * What a compaction did.
 * @public
 */
export interface CompactionReport {
  /** Tokens before. */
  readonly before: number;
  /** Tokens after. */
  readonly after: number;
  /** The window it had to fit, in tokens. */
  readonly limit: number;
  /** Messages left out or shortened. */
  readonly removed: number;
  /** Messages that went into the summary. */
  readonly summarized: number;
}

/**
 * How the prompt fits the chosen model.
 * @public
 */
export interface ContextReport {
  /** Tokens of the prompt. */
  readonly inputTokens: number;
  /** The window in force at the chosen model. */
  readonly limit: Fact<number>;
  /** Tokens kept free for the answer. */
  readonly reservedOutput: number;
  /** `num_ctx` that is sent to Ollama. */
  readonly numCtx?: number | undefined;
  /** What had to be compacted, if anything. */
  readonly compaction: CompactionReport | null;
}

/**
 * Everything that was decided about a request, and why.
 * @public
 */
export interface RoutingDecision {
  /** Unique id; also `RouteResult.id`. */
  readonly id: string;
  /** What is asked. */
  readonly task: TaskClassification;
  /** What a model must offer. */
  readonly requirements: Requirements;
  /** The first choice; `null` if no model may be used. */
  readonly selected: RankedModel | null;
  /** All usable models, best first. */
  readonly ranked: readonly RankedModel[];
  /** All others, with reason and remedy. */
  readonly rejected: readonly Rejection[];
  /** What Serena gave. */
  readonly serena: SerenaReport;
  /** How the prompt fits. */
  readonly context: ContextReport;
  /** Expected time to the whole answer in milliseconds, where known. */
  readonly estimatedMs?: number | undefined;
  /** Expected cost in US dollars; local models cost 0. */
  readonly estimatedCost?: number | undefined;
  /** What else a person should know. */
  readonly notes: readonly string[];
}
