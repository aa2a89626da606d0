/** Readers of single replies that several server descriptions share. */

import type { Fact } from '../core/model.js';
import { asArray, asCount, asObject, asString } from '../internal/json.js';
import { printable } from '../internal/redact.js';
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

/** An entry of a list of models. */
export interface ListItem {
  readonly name: string;
  readonly item: Record<string, unknown>;
}

/** The named objects of a list of models: each has a usable string at `key`, each name once, at most {@link MAX_MODELS}. */
export function namedItems(list: unknown, key: string): ListItem[] {
  const seen = new Map<string, ListItem>();
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
  return printable(id, 256) === id;
}

/** The entries of an OpenAI-style model list; `undefined` where the reply is none. */
export function openAiList(reply: Reply | null): ListItem[] | undefined {
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

/** What an OpenAI-style list says: why it is refused, or what `read` makes of its entries; `null` where it is no such list. */
export function listReading(
  list: Reply | null,
  version: string | undefined,
  read: (items: readonly ListItem[]) => Omit<Reading, 'status' | 'version'>,
): Reading | null {
  const status = refusal(list);
  if (status !== undefined) return { status, version, models: [] };
  const items = openAiList(list);
  return items === undefined ? null : { status: 'up', version, ...read(items) };
}

/** The windows of a list by `max_model_len`; a LoRA adapter has none of its own and runs in its parent's. */
export function windowsOf(items: readonly ListItem[]): (item: Record<string, unknown>) => number | undefined {
  const windows = new Map(items.map(({ name, item }) => [name, asCount(item['max_model_len'])]));
  return (item) => asCount(item['max_model_len']) ?? windows.get(asString(item['parent']) ?? '');
}

/** The strings of a JSON array. */
export function strings(value: unknown): string[] {
  return asArray(value).filter((x): x is string => asString(x) !== undefined);
}
