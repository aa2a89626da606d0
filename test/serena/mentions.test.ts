import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mentionsIn } from '../../src/serena/mentions.js';

describe('what a request names', () => {
  it.each([
    ['Refactor sumUp in lib/money.ts so that it uses reduce', ['sumUp'], ['lib/money.ts']],
    ['What does `Parser/next` do, and `Parser.peek()`?', ['Parser/next', 'Parser/peek'], []],
    ['Who calls get_user_by_id(42) and Vec::push?', ['get_user_by_id', 'Vec/push'], []],
    ['rename the function report to summary', ['report'], []],
    ['class Foo that implements the interface Bar', ['Foo', 'Bar'], []],
    ['Erkläre die Klasse UserService in utils.ts', ['UserService'], ['utils.ts']],
    ['请解释 parseDate 函数', ['parseDate'], []],
    ['Explain Circle to me', ['Circle'], []],
    ['fix ./src/lib/x.tsx and C:\\proj\\src\\y.cs.', [], ['src/lib/x.tsx', 'C:/proj/src/y.cs']],
    ['Write a function that parses dates with Node.js in TypeScript', [], []],
    ['explain this function', [], []],
    ['if(x) while(y) see https://example.com/a/b.ts, e.g. v1.2', [], []],
  ])('%s', (text, symbols, files) => {
    const found = mentionsIn(text);
    expect(found.symbols).toEqual(symbols);
    expect(found.files.map(({ path }) => path)).toEqual(files);
  });

  it('has lines from stack traces, 0-based', () => {
    const text = 'Why?\n```\nTypeError: x is undefined\n    at run (src/app.ts:42:7)\n  File "tools/x.py:3"\n```';
    expect(mentionsIn(text).files).toEqual([
      { path: 'src/app.ts', line: 41 },
      { path: 'tools/x.py', line: 2 },
    ]);
  });

  it('is not every name of pasted code', () => {
    expect(mentionsIn('Explain mainLoop:\n```ts\nfooBar(bazQux(otherThing));\n```').symbols).toEqual(['mainLoop']);
  });

  it('is little, and well formed, whatever is said', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: fc.constantFrom('a', 'B', '_', '.', '/', '`', '(', ' ', ':', '1', '\n') }),
        ),
        (text) => {
          const { symbols, files } = mentionsIn(text);
          expect(symbols.length).toBeLessThanOrEqual(5);
          expect(files.length).toBeLessThanOrEqual(3);
          for (const symbol of symbols) expect(symbol).toMatch(/^[\w$]+(?:\/[\w$]+)*$/);
        },
      ),
    );
  });
});
