import * as v from 'valibot';
import { RouterError, type RouterErrorCode } from '../core/errors.js';
import { shownValue } from './redact.js';

/** A schema of an options object: strict, and with messages that read as the fix ("a whole number of at least 1"). */
export type OptionsSchema = v.StrictObjectSchema<v.ObjectEntries, v.ErrorMessage<v.StrictObjectIssue> | undefined>;

/**
 * Throws `ERR_INVALID_OPTION` (or `code`) unless `value` fits the schema; the message names the option, the value and the fix.
 * The value itself is used afterwards: nothing is converted.
 */
export function checkOptions(
  schema: OptionsSchema,
  value: unknown,
  owner: string,
  code: RouterErrorCode = 'ERR_INVALID_OPTION',
): void {
  if (value === undefined) return;
  // A strict object schema lets [] and new Map() pass when all its members are optional.
  if (!isPlain(value)) {
    const isInstance = typeof value === 'object' && value !== null && !Array.isArray(value);
    const shown = isInstance ? 'an instance of a class' : shownValue('', value);
    throw new RouterError(code, `${owner}: got ${shown}; use a plain object of options.`);
  }
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return;
  const { issue, keys } = deepest(parsed.issues[0], []);
  const path = keys.join('.');
  const name = path === '' ? owner : `${owner}: ${path}`;
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    throw new RouterError(code, `${name}: unknown option; remove it. ${known(schema, keys)}`);
  }
  const fix = issue.type === 'strict_object' && issue.input === undefined ? fixOf(schema, keys) : issue.message;
  throw new RouterError(code, `${name}: got ${shownValue(path, issue.input)}; use ${fix}.`);
}

/** An object of no class, also one of another realm: frames, `node:vm` and test runners have an `Object` of their own. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** An optional member whose value may also be written as `undefined`. */
export const optional = <S extends v.GenericSchema>(schema: S) => v.optional(schema);

/** A function; `shape` says which, as in the fix. */
export const fn = (shape: string) =>
  v.custom<(...args: never[]) => unknown>((x) => typeof x === 'function', `a function ${shape}`);

/** An object with these methods: a collaborator that the host injects. */
export const injected = (what: string, ...methods: string[]) =>
  v.custom<object>(
    (x) =>
      typeof x === 'object' &&
      x !== null &&
      methods.every((m) => typeof (x as Record<string, unknown>)[m] === 'function'),
    `${what} (an object with ${methods.map((m) => `${m}()`).join(', ')})`,
  );

/** The parts that several classes take. */
export const clockPart = () => injected('a Clock', 'now', 'setTimeout', 'clearTimeout');
export const loggerPart = () => injected('a Logger', 'debug', 'info', 'warn', 'error');
export const fetchPart = () => fn('(input, init) => Promise<Response>');

/** A number of milliseconds; 0 is allowed where it means "at once". */
export const milliseconds = () => number(0, 2_147_483_647, 'milliseconds');

/** A whole number in a range. */
export const whole = (min: number, max: number, unit = '') =>
  v.custom<number>(
    (x) => Number.isSafeInteger(x) && (x as number) >= min && (x as number) <= max,
    `a whole number from ${min} to ${max}${unit && ` ${unit}`}`,
  );

/** A finite number in a range. */
export const number = (min: number, max: number, unit = '') =>
  v.custom<number>(
    (x) => typeof x === 'number' && x >= min && x <= max,
    `a number from ${min} to ${max}${unit && ` ${unit}`}`,
  );

/** One of a few words. */
export const oneOf = (...words: readonly string[]) =>
  v.custom<string>((x) => words.includes(x as string), `one of ${words.map((w) => `"${w}"`).join(', ')}`);

/** One of the words that a table has as keys, so that the type of its keys checks that none is missing. */
export const oneOfKeys = (table: Readonly<Record<string, unknown>>) => oneOf(...Object.keys(table));

/** `true` or `false`. */
export const flag = () => v.boolean('true or false');

/** A text that is not empty. */
export const text = () => v.custom<string>((x) => typeof x === 'string' && x !== '', 'a text that is not empty');

/** A list. */
export const listOf = <S extends v.GenericSchema>(item: S, what: string) => v.array(item, `a list of ${what}`);

/** The issue that says most, and where it is: a union reports itself, with the true ones inside and their paths from there on. */
function deepest(
  issue: v.BaseIssue<unknown>,
  above: readonly string[],
): { issue: v.BaseIssue<unknown>; keys: string[] } {
  const keys = [...above, ...(issue.path ?? []).map(({ key }) => String(key))];
  const inner = issue.issues?.find(({ path }) => path !== undefined);
  return inner ? deepest(inner, keys) : { issue, keys };
}

/** The names that an object of options may hold, at the level of a path. */
function known(schema: OptionsSchema, keys: readonly string[]): string {
  const entries = entriesAt(schema, keys);
  return entries ? `Known: ${Object.keys(entries).join(', ')}.` : '';
}

/** What a member that is missing should be. */
function fixOf(schema: OptionsSchema, keys: readonly string[]): string {
  const member = entriesAt(schema, keys)?.[keys.at(-1) ?? ''];
  const parsed = member && v.safeParse(member, undefined);
  return parsed?.issues?.[0].message ?? 'a value';
}

function entriesAt(schema: OptionsSchema, keys: readonly string[]): v.ObjectEntries | undefined {
  let level: unknown = schema;
  for (const key of keys.slice(0, -1)) {
    const { entries, item } = level as { entries?: Record<string, unknown>; item?: unknown };
    level = unwrap(entries?.[key] ?? item);
  }
  return (level as Partial<OptionsSchema> | undefined)?.entries;
}

function unwrap(schema: unknown): unknown {
  const inner = (schema as { wrapped?: unknown; options?: unknown[] } | undefined) ?? {};
  if (inner.wrapped) return unwrap(inner.wrapped);
  if (inner.options)
    return inner.options
      .map(unwrap)
      .find((o) => (o as Partial<OptionsSchema>).entries ?? (o as { item?: unknown }).item);
  return schema;
}
