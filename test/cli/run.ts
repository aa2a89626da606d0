import { main } from '../../src/cli/main.js';

/** What a command wrote, and its exit code. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `local-llm-router` with these arguments. */
export async function run(args: readonly string[], isInteractive = false): Promise<Run> {
  let out = '';
  let err = '';
  const code = await main(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isInteractive,
  });
  return { code, out, err };
}

/** Lines that do not fit into a terminal of 80 columns. */
export const tooWide = (text: string): string[] => text.split('\n').filter((line) => [...line].length > 80);
