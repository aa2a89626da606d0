import * as v from 'valibot';
import { RouterError } from '../core/errors.js';
import type { KeyValueStore } from '../core/store.js';
import { checkOptions, injected, number, optional, whole } from '../internal/options.js';
import type { Summarizer } from './summary.js';
import type { TokenCounter } from './token-counter.js';

/**
 * How conversations are kept within a model's context window.
 * @public
 */
export interface ContextOptions {
  /** Share of the window from which on a conversation is compacted, 0.1 to 1. @defaultValue 0.8 */
  readonly threshold?: number | undefined;
  /** Share of the window that a compaction aims at, 0.05 to 1, below `threshold`. @defaultValue 0.5 */
  readonly target?: number | undefined;
  /** Last messages that are summarised only where the window demands it. @defaultValue 10 */
  readonly keepRecent?: number | undefined;
  /** Tokens that a compaction leaves of an older tool output: its head and its tail. @defaultValue 500 */
  readonly maxToolOutputTokens?: number | undefined;
  /** Last tool outputs that are cut only where the window demands it. @defaultValue 5 */
  readonly keepRecentToolCalls?: number | undefined;
  /** Tokens kept free for the answer, at most half of the window. @defaultValue a fifth of the window, at most 4096 */
  readonly reserveOutput?: number | undefined;
  /** Exact token counts. @defaultValue estimates per model family, corrected by the usage that servers report */
  readonly tokenCounter?: TokenCounter | undefined;
  /** Writes the summary of what is left out. @defaultValue an extract, without a model */
  readonly summarizer?: Summarizer | undefined;
  /** Where `save` and `load` keep sessions. @defaultValue none: sessions live in memory */
  readonly store?: KeyValueStore | undefined;
}

/** Schema of {@link ContextOptions}. */
export const contextSchema = v.strictObject({
  threshold: optional(number(0.1, 1, '(share of the window)')),
  target: optional(number(0.05, 1, '(share of the window)')),
  keepRecent: optional(whole(0, 100_000, 'messages')),
  maxToolOutputTokens: optional(whole(50, 10_000_000, 'tokens')),
  keepRecentToolCalls: optional(whole(0, 100_000, 'tool outputs')),
  reserveOutput: optional(whole(1, 10_000_000, 'tokens')),
  tokenCounter: optional(injected('a token counter', 'count')),
  summarizer: optional(injected('a summarizer', 'summarize')),
  store: optional(injected('a key-value store', 'get', 'set', 'delete', 'list')),
});

/** {@link ContextOptions} with all defaults filled in. */
export interface NormalisedContext {
  readonly threshold: number;
  readonly target: number;
  readonly keepRecent: number;
  readonly maxToolOutputTokens: number;
  readonly keepRecentToolCalls: number;
  readonly reserveOutput: number | undefined;
  readonly tokenCounter: TokenCounter | undefined;
  readonly summarizer: Summarizer | undefined;
  readonly store: KeyValueStore | undefined;
}

/** Checks the options and fills in the defaults; throws `ERR_INVALID_OPTION`. */
export function normaliseContext(options: ContextOptions | undefined): NormalisedContext {
  checkOptions(contextSchema, options, 'ContextOptions');
  const { threshold = 0.8, target = Math.min(0.5, threshold * 0.625) } = options ?? {};
  if (target >= threshold) {
    throw new RouterError(
      'ERR_INVALID_OPTION',
      `ContextOptions: target: got ${target}; use a number below threshold (${threshold}).`,
    );
  }
  return {
    threshold,
    target,
    keepRecent: options?.keepRecent ?? 10,
    maxToolOutputTokens: options?.maxToolOutputTokens ?? 500,
    keepRecentToolCalls: options?.keepRecentToolCalls ?? 5,
    reserveOutput: options?.reserveOutput,
    tokenCounter: options?.tokenCounter,
    summarizer: options?.summarizer,
    store: options?.store,
  };
}
