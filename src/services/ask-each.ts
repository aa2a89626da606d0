import { goodObject } from './reply.js';
import type { Ask } from './service-spec.js';

/** Calls at once, and at most: a list of thousands must not become thousands of requests. */
const AT_ONCE = 4;
const AT_MOST = 200;

/** Asks `POST /api/show` about each of these models; those without a usable answer are left out. */
export async function askEach(
  ask: Ask,
  names: readonly string[],
  body: (name: string) => Readonly<Record<string, unknown>>,
): Promise<Map<string, Record<string, unknown>>> {
  const shown = new Map<string, Record<string, unknown>>();
  const queue = names.slice(0, AT_MOST).values();
  const work = async (): Promise<void> => {
    for (const name of queue) {
      const answer = goodObject(await ask('POST /api/show', body(name)));
      if (answer) shown.set(name, answer);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return shown;
}
