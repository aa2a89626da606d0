import { describe, expect, it } from 'vitest';
import { thrownName } from '../../src/internal/thrown-name.js';

describe('the name of what was thrown', () => {
  const named = (name: unknown): Error => Object.assign(new Error('SECRET'), { name });
  it.each([
    [new TypeError('SECRET'), 'TypeError'],
    [named('HttpError2'), 'HttpError2'],
    [named('the prompt was: SECRET'), 'Error'],
    [named('x'.repeat(100)), 'Error'],
    [named(7), 'Error'],
    ['SECRET', 'string'],
    [undefined, 'undefined'],
  ])('of %o is %s', (thrown, name) => {
    expect(thrownName(thrown)).toBe(name);
  });
});
