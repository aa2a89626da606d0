/**
 * One check of a contract, for any test runner: `for (const { name, run } of checks) it(name, run)`.
 * @public
 */
export interface ConformanceCheck {
  /** What has to hold. */
  readonly name: string;
  /** Rejects with an `Error` that says what does not hold; leaves nothing behind. */
  run(): Promise<void>;
}

/** A check that hangs is a check that fails. */
const LIMIT_MS = 10_000;

/** Makes a check that ends in time. */
export function check(name: string, run: () => Promise<void>): ConformanceCheck {
  return {
    name,
    run: async () => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${name}: not over after ${LIMIT_MS} ms.`)), LIMIT_MS);
      });
      try {
        await Promise.race([run(), late]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Throws where two values differ as JSON. */
export function same(got: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}.`);
}

/** Throws where something does not hold. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Waits for what comes true in a moment; a server learns by the network that its client has left. */
export async function soon(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries === 400) throw new Error(what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
