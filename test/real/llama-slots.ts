import type { RealServer } from './python-server.js';

/** Slots that generate. Asked at most every two seconds: more often would hide a lost client from the server. */
export async function busySlots({ url }: RealServer): Promise<number> {
  const slots = (await (await fetch(`${url}/slots`)).json()) as { is_processing: boolean }[];
  return slots.filter((slot) => slot.is_processing).length;
}

export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2_000));

export async function idle(server: RealServer): Promise<boolean> {
  await pause();
  return (await busySlots(server)) === 0;
}
