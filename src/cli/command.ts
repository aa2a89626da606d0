import type { Terminal } from './terminal.js';

/** One command of `local-llm-router`. */
export interface Command {
  /** What is typed, of one or two words. */
  readonly name: string;
  readonly usage: string;
  /** What it does, and what its exit codes mean beside 0. */
  readonly summary: string;
  /** Does it; gives the exit code. */
  run(args: string[], terminal: Terminal): Promise<number>;
}

/** The command was not called as it should be. */
export class UsageError extends Error {}
