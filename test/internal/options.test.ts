import { runInNewContext } from 'node:vm';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { checkOptions, flag, listOf, oneOf, optional, whole } from '../../src/internal/options.js';

const schema = v.strictObject({
  size: optional(whole(1, 9, 'tokens')),
  apiKey: optional(v.string('a text')),
  inner: optional(v.union([v.literal(false), v.strictObject({ deep: optional(flag()) })], 'an object or false')),
  when: optional(
    v.strictObject({
      tokens: optional(v.strictObject({ min: optional(whole(1, 9)) })),
      keywords: optional(listOf(v.string('a text'), 'words')),
      tokenKey: optional(flag()),
    }),
  ),
  list: optional(
    v.union([v.string('a text'), listOf(v.strictObject({ kind: oneOf('a', 'b') }), 'things')], 'a text or a list'),
  ),
});

function messageOf(value: unknown): string {
  try {
    checkOptions(schema, value, 'Thing');
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

describe('checkOptions', () => {
  it.each([
    [undefined, 'accepted'],
    [{ size: undefined, inner: false, list: [{ kind: 'a' }] }, 'accepted'],
    [runInNewContext('({ size: 3 })'), 'accepted'],
    [Object.assign(Object.create(null), { size: 3 }), 'accepted'],
    [[], 'Thing: got an array; use a plain object of options.'],
    [runInNewContext('[]'), 'Thing: got an array; use a plain object of options.'],
    [new Map(), 'Thing: got an instance of a class; use a plain object of options.'],
    [new (class Own {})(), 'Thing: got an instance of a class; use a plain object of options.'],
    [null, 'Thing: got null; use a plain object of options.'],
    ['x', 'Thing: got "x"; use a plain object of options.'],
    [runInNewContext('({ size: 0 })'), 'Thing: size: got 0; use a whole number from 1 to 9 tokens.'],
    [{ size: 10 }, 'Thing: size: got 10; use a whole number from 1 to 9 tokens.'],
    [{ size: '3' }, 'Thing: size: got "3"; use a whole number from 1 to 9 tokens.'],
    [{ apiKey: 5 }, 'Thing: apiKey: got (hidden); use a text.'],
    [{ when: { tokens: { min: -1 } } }, 'Thing: when.tokens.min: got -1; use a whole number from 1 to 9.'],
    [{ when: { keywords: 'x' } }, 'Thing: when.keywords: got "x"; use a list of words.'],
    [{ when: { tokenKey: 'x' } }, 'Thing: when.tokenKey: got (hidden); use true or false.'],
    [{ sise: 3 }, 'Thing: sise: unknown option; remove it. Known: size, apiKey, inner, when, list.'],
    [{ inner: { deep: 1 } }, 'Thing: inner.deep: got 1; use true or false.'],
    [{ inner: { dep: true } }, 'Thing: inner.dep: unknown option; remove it. Known: deep.'],
    [{ inner: 'x' }, 'Thing: inner: got "x"; use an object or false.'],
    [{ list: [{ kind: 'a' }, { kind: 'c' }] }, 'Thing: list.1.kind: got "c"; use one of "a", "b".'],
  ])('%j: %s', (value, message) => {
    expect(messageOf(value)).toBe(message);
  });

  it('shows no credentials of an address', () => {
    expect(messageOf({ size: 'http://user:secret@host/path?key=secret' })).not.toContain('secret');
  });
});
