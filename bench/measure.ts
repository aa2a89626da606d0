/** Percentiles and interleaved rounds: all contestants share one process, one upstream and one stretch of time. */

export interface Times {
  readonly p50: number;
  readonly p99: number;
}

export type Contestants = Record<string, () => Promise<unknown>>;

/** Milliseconds per call; contestants take turns in small rounds, so that a slow moment hits all of them. */
export async function latency(contestants: Contestants, calls: number, round = 25): Promise<Record<string, Times>> {
  const times: Record<string, number[]> = {};
  for (const [name, call] of Object.entries(contestants)) {
    times[name] = [];
    for (let i = 0; i < 200; i += 1) await call();
  }
  for (let done = 0; done < calls; done += round) {
    for (const [name, call] of Object.entries(contestants)) {
      for (let i = 0; i < round; i += 1) {
        const start = performance.now();
        await call();
        times[name]?.push(performance.now() - start);
      }
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, percentiles(list)]));
}

/** Calls per second with `inFlight` at once; the median of five interleaved rounds. */
export async function throughput(
  contestants: Contestants,
  inFlight: number,
  calls: number,
): Promise<Record<string, number>> {
  const rates: Record<string, number[]> = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < 5; round += 1) {
    for (const [name, call] of Object.entries(contestants)) {
      let left = calls;
      const start = performance.now();
      await Promise.all(
        Array.from({ length: inFlight }, async () => {
          while (left > 0) {
            left -= 1;
            await call();
          }
        }),
      );
      rates[name]?.push((calls / (performance.now() - start)) * 1000);
    }
  }
  return Object.fromEntries(Object.entries(rates).map(([name, list]) => [name, percentiles(list).p50]));
}

/** Microseconds of CPU per call, which other work on the machine hardly moves; the lower quartile of interleaved rounds. */
export async function cpuTime(contestants: Contestants, calls: number, round = 200): Promise<Record<string, number>> {
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let done = 0; done < calls; done += round) {
    for (const [name, call] of Object.entries(contestants)) {
      const start = process.cpuUsage();
      for (let i = 0; i < round; i += 1) await call();
      const { user, system } = process.cpuUsage(start);
      times[name]?.push((user + system) / round);
    }
  }
  return Object.fromEntries(
    Object.entries(times).map(([name, list]) => [name, list.sort((a, b) => a - b)[list.length >> 2] ?? Number.NaN]),
  );
}

export function percentiles(list: readonly number[]): Times {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
