import { asArray, asObject, asString, parseJson } from '../internal/json.js';

/** What an answer of Serena is: `error` and `timeout` prove nothing, and neither does `empty`. */
export type SerenaAnswer =
  | { readonly kind: 'ok'; readonly value: unknown }
  | { readonly kind: 'empty' | 'error' | 'timeout' };

/** A symbol as `find_symbol`, `find_declaration` and `find_implementations` give it; lines are 0-based. */
export interface FoundSymbol {
  readonly path: string;
  readonly kind: string;
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly body: string | undefined;
  readonly info: string | undefined;
}

// More than this was never asked for.
const MAX_CHARS = 1_000_000;

/** Reads the text of an answer: JSON, prose before shortened JSON, or an error; the text of an error is not kept. */
export function readAnswer(result: unknown): SerenaAnswer {
  const text = asObject(result)?.['text'];
  if (typeof text !== 'string' || text.length > MAX_CHARS) return { kind: 'error' };
  // Too many matches: an error in 2.x, none before; the names that it lists are worth having.
  const matched = /^(?:Error executing tool \w+: ValueError: )?Matched \d+>max_matches/.test(text);
  if (asObject(result)?.['isError'] === true && !matched) {
    return { kind: /timed out after/.test(text.slice(0, 300)) ? 'timeout' : 'error' };
  }
  const shortened = matched || text.startsWith('The answer is too long');
  const value = parseJson(shortened ? text.slice(jsonStart(text)) : text);
  if (value === undefined) return { kind: shortened || text.trim() === '' ? 'empty' : 'error' };
  return isEmpty(value) ? { kind: 'empty' } : { kind: 'ok', value };
}

/** Where the JSON behind the first line begins. */
function jsonStart(text: string): number {
  const at = text.search(/\n[{[]/);
  return at < 0 ? text.length : at + 1;
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.keys(value).length === 0;
}

/** The symbols of an answer: one or a list; entries that are none are left out. */
export function symbolsIn(value: unknown): FoundSymbol[] {
  return (Array.isArray(value) ? value : [value]).flatMap((item) => {
    const symbol = asObject(item);
    const path = asString(symbol?.['name_path']);
    const file = asString(symbol?.['relative_path']);
    const at = linesOf(symbol);
    if (!path || !file || !at) return [];
    const kind = asString(symbol?.['kind']) ?? 'Symbol';
    return [{ path, kind, file, ...at, body: asString(symbol?.['body']), info: asString(symbol?.['info']) }];
  });
}

/** Name path of the smallest symbol of an outline (`find_symbol` with children) that holds a line. */
export function enclosing(value: unknown, line: number): string | undefined {
  for (const item of asArray(value)) {
    const symbol = asObject(item);
    const path = asString(symbol?.['name_path']) ?? asString(symbol?.['name']);
    const at = linesOf(symbol);
    if (!path || !at || line < at.start || line > at.end) continue;
    const children = Object.values(asObject(symbol?.['children']) ?? {}).flatMap(asArray);
    // Children are named without their parent; a variable in a function is no place of its own.
    const inner = enclosing(
      children.filter((child) => {
        const inside = linesOf(child);
        return inside && inside.start < inside.end;
      }),
      line,
    );
    return inner === undefined ? path : `${path}/${inner}`;
  }
  return undefined;
}

function linesOf(symbol: unknown): { readonly start: number; readonly end: number } | undefined {
  const { start_line: start, end_line: end } = asObject(asObject(symbol)?.['body_location']) ?? {};
  return isLine(start) && isLine(end) ? { start, end } : undefined;
}

function isLine(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
