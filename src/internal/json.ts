/** Reading of untrusted JSON: what a server sends is looked at field by field, never merged into our objects. */

import { RouterError } from '../core/errors.js';

/** Parses JSON text (a BOM is tolerated); `undefined` where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}

/** The value if it is an object that is no array. */
export function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** The value if it is an array, else an empty one. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value if it is a string that is not empty. */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The value if it is a whole number from 1 to 2^53 - 1; token counts, sizes and contexts are. */
export function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/**
 * Reads a body as text, at most `maxBytes` of it; a longer one is `ERR_TOO_LARGE` and is cancelled.
 * Invalid UTF-8 becomes U+FFFD.
 */
export async function readText(response: Response, maxBytes: number, what: string): Promise<string> {
  const body = response.body;
  if (body === null) return '';
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let size = 0;
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      size += value.byteLength;
      if (size > maxBytes) {
        throw new RouterError('ERR_TOO_LARGE', `${what} is longer than ${maxBytes} bytes.`);
      }
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    // After a complete read this is a no-op; after a refusal it closes the socket.
    reader.cancel().catch(() => {});
  }
}

/** What nobody nests on purpose. */
const DEEPEST = 1_000;

/** JSON of what a server sent; throws a `RangeError` where it is nested so deep that whoever reads it may fail (some engines write it). */
export function writeJson(value: unknown): string {
  if (isDeeper(value, DEEPEST)) throw new RangeError('nested too deep');
  return JSON.stringify(value);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}
