/** Readers of single replies that several server descriptions share. */

import type { Fact } from '../core/model.js';
import { asArray, asObject, asString } from '../internal/json.js';
import type { Reading, Reply } from './service-spec.js';

/** The most models of one list that are read. */
export const MAX_MODELS = 10_000;

/** A value that the server gave; `undefined` stays absent. */
export function said<T>(value: T | undefined): Fact<T> | undefined {
  return value === undefined ? undefined : { value, source: 'server' };
}

/** A conservative guess. */
export function assumed<T>(value: T): Fact<T> {
  return { value, source: 'assumed' };
}

/** The JSON object of a successful reply. A 2xx with a top-level `error` is a failure: LM Studio answers so to unknown paths. */
export function goodObject(reply: Reply | null): Record<string, unknown> | undefined {
  const object = asObject(goodJson(reply));
  return object && 'error' in object ? undefined : object;
}

function goodJson(reply: Reply | null): unknown {
  return reply !== null && reply.status >= 200 && reply.status < 300 ? reply.json : undefined;
}

/** The named objects of a list of models: each has a usable string at `key`, each name once, at most {@link MAX_MODELS}. */
export function namedItems(list: unknown, key: string): { name: string; item: Record<string, unknown> }[] {
  const seen = new Map<string, { name: string; item: Record<string, unknown> }>();
  for (const entry of asArray(list)) {
    const item = asObject(entry);
    const name = item && asString(item[key]);
    if (item && name !== undefined && isUsableId(name) && !seen.has(name)) seen.set(name, { name, item });
    if (seen.size === MAX_MODELS) break;
  }
  return [...seen.values()];
}

/** Longer names and names with control or direction characters are no model ids: they forge log lines, headers and other names. */
export function isUsableId(id: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return id.length <= 256 && !/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(id);
}

/** The entries of an OpenAI-style model list; `undefined` where the reply is none. */
export function openAiList(reply: Reply | null): { name: string; item: Record<string, unknown> }[] | undefined {
  const body = goodObject(reply);
  // Ollama says `null` for none.
  const data = body ? body['data'] : goodJson(reply);
  if (data === null && body?.['object'] === 'list') return [];
  if (!Array.isArray(data)) return undefined;
  if (data.length === 0) return body?.['object'] === 'list' ? [] : undefined;
  const items = namedItems(data, 'id');
  return items.length === 0 ? undefined : items;
}

/** The state that a refused list stands for; `undefined` where it is no refusal. */
export function refusal(reply: Reply | null): Reading['status'] | undefined {
  if (reply?.status === 401 || reply?.status === 403) return 'unauthorized';
  return reply?.status === 503 ? 'loading' : undefined;
}

/** The strings of a JSON array. */
export function strings(value: unknown): string[] {
  return asArray(value).filter((x): x is string => asString(x) !== undefined);
}
