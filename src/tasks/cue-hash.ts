/** Cues are stored as hashes, which are half the size of the words; this is the hash and the packing of a row. */

/** Start of every hash. */
export const SEED = 0x811c9dc5;

/** The hash after one more UTF-16 unit; a prefix of a word is hashed on the way to the word. */
export function hashStep(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

/** Hash of a whole text, or of what stands before with the text behind it. */
export function hashOf(text: string, from: number = SEED): number {
  let hash = from;
  for (let i = 0; i < text.length; i++) hash = hashStep(hash, text.charCodeAt(i));
  return hash;
}

/** A hash within a table's space, so that neighbours are about as far apart as their number makes them. */
export function slotOf(hash: number, space: number): number {
  // The low bits of this hash mix badly.
  return ((hash ^ (hash >>> 15)) >>> 1) % space;
}

const SLOT_BITS = 9;
const KIND_BITS = 3;

/** Value of a digit: `#` is 0 and so on through ASCII, without the backslash. */
export function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code - (code > 92 ? 36 : 35);
}

/** The digit of a value from 0 to 63. */
export function digitOf(value: number): string {
  return String.fromCharCode(value + (value > 56 ? 36 : 35));
}

/** Ascending slots and the index of each one's kind as text: Rice codes of the steps and the kinds, six bits a digit. */
export function pack(entries: readonly (readonly [slot: number, kind: number])[]): string {
  const rice = (value: number, low: number): string =>
    `${'1'.repeat(value >> low)}0${value.toString(2).padStart(low, '0').slice(-low)}`;
  let bits = '';
  let last = 0;
  for (const [slot, kind] of entries) {
    bits += rice(slot - last, SLOT_BITS) + rice(kind, KIND_BITS);
    last = slot;
  }
  let text = '';
  for (let i = 0; i < bits.length; i += 6) text += digitOf(Number.parseInt(bits.slice(i, i + 6).padEnd(6, '0'), 2));
  return text;
}

/** Calls back with each of `count` slots and the index of its kind. */
export function unpack(text: string, count: number, each: (slot: number, kind: number) => void): void {
  let at = 0;
  const bit = (): number => (digitAt(text, (at / 6) | 0) >> (5 - (at++ % 6))) & 1;
  const rice = (low: number): number => {
    let value = 0;
    while (bit() === 1) value++;
    for (let i = 0; i < low; i++) value = value * 2 + bit();
    return value;
  };
  let slot = 0;
  for (let i = 0; i < count; i++) {
    slot += rice(SLOT_BITS);
    each(slot, rice(KIND_BITS));
  }
}
