import type { Message } from '../core/chat.js';
import type { CompactionReport } from '../core/decision.js';

/**
 * What `ContextManager.prepare` gives: a prompt that fits, and the way to make its outcome part of the conversation.
 * @internal
 */
export interface PreparedPrompt {
  /** What to send; copies, free to be changed. */
  readonly messages: Message[];
  /** Tokens of the prompt with its tool definitions. */
  readonly tokens: number;
  /** Tokens kept free for the answer. */
  readonly reservedOutput: number;
  /** What had to be compacted, if anything. */
  readonly compaction: CompactionReport | null;
  /** What else a person should know. */
  readonly notes: readonly string[];
  /**
   * Adds to the conversation what it gains; to be called once, after success. Without a session it does nothing.
   * `window`: the window in tokens to remember, where the one that was fitted to only stands for an unknown one.
   */
  commit(
    added: readonly Message[],
    o?: { metadata?: Readonly<Record<string, string>> | undefined; window?: number | undefined },
  ): void;
}
