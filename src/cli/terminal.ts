/** Where a command writes. */
export interface Terminal {
  /** Results. */
  out(text: string): void;
  /** What is wrong with the call, and progress. */
  err(text: string): void;
  /** Whether a person looks at the results: colour and progress are for them. */
  readonly isInteractive: boolean;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  // Whoever reads only the first lines (`| head`) has what it wants.
  stdout.on('error', () => process.exit());
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    isInteractive: stdout.isTTY === true,
  };
}

/** A line for a person while something takes its time; the result takes its place. */
export async function whileWorking<T>({ err, isInteractive }: Terminal, what: string, work: Promise<T>): Promise<T> {
  if (!isInteractive) return work;
  err(`${what} ...\r`);
  try {
    return await work;
  } finally {
    err(`${' '.repeat(what.length + 4)}\r`);
  }
}
