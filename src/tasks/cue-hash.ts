/** Cues and features are stored as hashes, which are half the size of the words; this is the hash and the packing. */

/** Start of every hash. */
export const SEED = 0x811c9dc5 | 0;

/** The hash after one more UTF-16 unit; a prefix of a word is hashed on the way to the word. */
export function hashStep(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

/** The hash without the unit that came last; so a stem's is had from its word's. */
export function hashBack(hash: number, unit: number): number {
  return Math.imul(hash, 0x359c449b) ^ unit;
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

/** Value of a digit: `#` is 0 and so on through ASCII, without the backslash. */
export function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code - (code > 92 ? 36 : 35);
}

/** The digit of a value from 0 to 63. */
export function digitOf(value: number): string {
  return String.fromCharCode(value + (value > 56 ? 36 : 35));
}

/** Whole numbers from 0 as text, each as a Rice code with its number of low bits; six bits a digit. */
export function pack(numbers: readonly (readonly [value: number, low: number])[]): string {
  let bits = '';
  for (const [value, low] of numbers)
    bits += `${'1'.repeat(value >> low)}0${low === 0 ? '' : value.toString(2).padStart(low, '0').slice(-low)}`;
  let text = '';
  for (let i = 0; i < bits.length; i += 6) text += digitOf(Number.parseInt(bits.slice(i, i + 6).padEnd(6, '0'), 2));
  return text;
}

/** Reads packed numbers, each with its number of low bits. */
export function reader(text: string): (low: number) => number {
  let at = 0;
  const bit = (): number => (digitAt(text, (at / 6) | 0) >> (5 - (at++ % 6))) & 1;
  return (low) => {
    let value = 0;
    while (bit() === 1) value++;
    for (let i = 0; i < low; i++) value = value * 2 + bit();
    return value;
  };
}

/** Slots of a sparse table with a number each, found by hash; small enough to stay in the processor's cache. */
export class SlotMap {
  readonly #space: number;
  readonly #keys: Int32Array;
  readonly #values: Int16Array;

  /** Of `count` slots among `space`; `next` gives the steps from slot to slot, `value` what stands there. */
  constructor(count: number, space: number, next: () => number, value: (i: number) => number) {
    const size = 2 ** Math.ceil(Math.log2(count * 3));
    this.#space = space;
    this.#keys = new Int32Array(size).fill(-1);
    this.#values = new Int16Array(size);
    let slot = 0;
    for (let i = 0; i < count; i++) {
      slot += next();
      let at = slot & (size - 1);
      while (this.#keys[at] !== -1) at = (at + 1) & (size - 1);
      this.#keys[at] = slot;
      this.#values[at] = value(i);
    }
  }

  /** Number of a hash; -1: none. */
  get(hash: number): number {
    const slot = slotOf(hash, this.#space);
    const keys = this.#keys;
    const last = keys.length - 1;
    for (let at = slot & last; ; at = (at + 1) & last) {
      const key = keys[at];
      if (key === slot) return this.#values[at] as number;
      if (key === -1) return -1;
    }
  }
}
