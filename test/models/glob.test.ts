import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../src/models/glob.js';

describe('a glob', () => {
  it.each([
    ['*.sql', 'db/migrations/001.sql', true],
    ['*.sql', 'db/001.sqlite', false],
    ['src/*.ts', 'src/index.ts', true],
    ['src/*.ts', 'src/core/index.ts', false],
    ['src/**/*.ts', 'src/index.ts', true],
    ['src/**/*.ts', 'src/core/deep/index.ts', true],
    ['src/**', 'src/core/deep/index.ts', true],
    ['src/**', 'source/index.ts', false],
    ['**/test/**', 'packages/a/test/x.ts', true],
    ['**/test/**', 'packages/a/latest/x.ts', false],
    ['*.{ts,tsx}', 'a/b.tsx', true],
    ['*.{ts,tsx}', 'a/b.js', false],
    ['{src,lib}/{a,b}.ts', 'lib/b.ts', true],
    ['?.ts', 'a.ts', true],
    ['?.ts', 'ab.ts', false],
    ['./src/a.ts', 'src/a.ts', true],
    ['src/*.ts', 'src\\index.ts', true],
    ['a+(b)[c].ts', 'x/a+(b)[c].ts', true],
    ['Dockerfile', 'deploy/Dockerfile', true],
    ['/etc/**', '/etc/nginx/nginx.conf', true],
  ])('%s and %s: %s', (glob, path, expected) => {
    expect(matchesGlob(path, glob)).toBe(expected);
  });

  it('matches every path that it spells out', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z.]{1,8}$/), { minLength: 1, maxLength: 6 }), (parts) => {
        const path = parts.filter((part) => part !== '.').join('/') || 'a';
        expect(matchesGlob(path, path)).toBe(true);
        expect(matchesGlob(path, '**')).toBe(true);
        expect(matchesGlob(`x/${path}`, `*/${path}`)).toBe(true);
        expect(matchesGlob(`x/y/${path}`, `**/${path}`)).toBe(true);
      }),
    );
  });

  it('ends for any pattern and path', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.stringMatching(/^[a*?/{},.]{0,60}$/), (path, glob) => {
        expect(typeof matchesGlob(path, glob)).toBe('boolean');
      }),
    );
    expect(matchesGlob('a'.repeat(4_000), `${'*a'.repeat(50)}b`)).toBe(false);
    expect(matchesGlob('a/'.repeat(2_000), `${'**/a/'.repeat(50)}b`)).toBe(false);
    expect(matchesGlob('x', '{a,b}'.repeat(200))).toBe(false);
  });
});
