import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ToolCall } from '../../src/core/chat.js';
import { parseCodeEdits } from '../../src/edits/parse-code-edits.js';

const text = (...lines: string[]) => lines.join('\n');
const change = ['<<<<<<< SEARCH', 'const a = 1;', '=======', 'const a = 2;', '>>>>>>> REPLACE'];
const edited = (file: string) => ({
  format: 'search-replace',
  operation: 'edit',
  file,
  search: 'const a = 1;',
  replace: 'const a = 2;',
});
const written = (file: string, content = 'x\n') => ({ format: 'whole-file', operation: 'create', file, content });

describe('search/replace blocks', () => {
  it.each([
    ['with the path above the fence', text('Here:', '', 'src/a.ts', '```ts', ...change, '```')],
    ['with the path above, in bold code', text('**`src/a.ts`**:', '', '```typescript', ...change, '```')],
    ['with the path in the fence', text('```', 'src/a.ts', ...change, '```')],
    ['with the path in the info string', text('```ts src/a.ts', ...change, '```')],
    ['without a fence', text('### File: src/a.ts', ...change)],
    ['with Windows line ends', text('src/a.ts', '```', ...change, '```').replaceAll('\n', '\r\n')],
    [
      'with the other markers',
      text('src/a.ts', '------- SEARCH', 'const a = 1;', '=======', 'const a = 2;', '+++++++ REPLACE'),
    ],
  ])('are read %s', (_, reply) => {
    expect(parseCodeEdits(reply)).toMatchObject([edited('src/a.ts')]);
  });

  it('without a path go on with the file before, or with the open file', () => {
    expect(
      parseCodeEdits(text('```ts src/a.ts', ...change, '', ...change, '```', 'and', '```', ...change, '```')),
    ).toMatchObject(Array(3).fill(edited('src/a.ts')));
    expect(parseCodeEdits(text(...change), { fileContext: { file: '/p/open.ts' } })).toMatchObject([
      edited('/p/open.ts'),
    ]);
    expect(parseCodeEdits(text(...change))).toEqual([]);
  });

  it('in one fence may name a file each', () => {
    const edits = parseCodeEdits(text('```', 'a.ts', ...change, 'b.ts', ...change, '```'));
    expect(edits.map(({ file }) => file)).toEqual(['a.ts', 'b.ts']);
  });

  it('may hold fences, and nothing on either side', () => {
    const reply = text('README.md', '<<<<<<< SEARCH', '```sh', 'npm i', '```', '=======', '>>>>>>> REPLACE');
    expect(parseCodeEdits(reply)).toMatchObject([{ file: 'README.md', search: '```sh\nnpm i\n```', replace: '' }]);
    const create = parseCodeEdits(text('a.ts', '<<<<<<< SEARCH', '=======', 'new', '>>>>>>> REPLACE'));
    expect(create).toMatchObject([{ operation: 'create', file: 'a.ts', search: '', content: 'new\n' }]);
  });

  it.each([[[]], [['']], [['', '  ', '']]])(
    'that look for blank lines (%j) do not write the open file anew',
    (blank) => {
      const block = ['<<<<<<< SEARCH', ...blank, '=======', 'new', '>>>>>>> REPLACE'];
      const o = { fileContext: { file: '/home/me/src/a.ts' } };
      for (const reply of [text('src/a.ts', ...block), text(...block)]) {
        const [edit] = parseCodeEdits(reply, o);
        expect(edit).toMatchObject({ operation: 'edit', search: blank.join('\n'), replace: 'new' });
        expect(edit).not.toHaveProperty('content');
      }
      expect(parseCodeEdits(text('src/b.ts', ...block), o)).toMatchObject([{ operation: 'create', content: 'new\n' }]);
    },
  );

  it.each([
    ['has no end', ['<<<<<<< SEARCH', 'a', '=======', 'b']],
    ['has no middle', ['<<<<<<< SEARCH', 'a', '>>>>>>> REPLACE']],
    ['has two middles', ['<<<<<<< SEARCH', 'Title', '=======', 'text', '=======', 'b', '>>>>>>> REPLACE']],
    ['is a merge conflict', ['<<<<<<< HEAD', 'a', '=======', 'b', '>>>>>>> main']],
    ['changes nothing', ['<<<<<<< SEARCH', 'a', '=======', 'a', '>>>>>>> REPLACE']],
  ])('propose nothing where the block %s', (_, lines) => {
    expect(parseCodeEdits(text('src/a.ts', ...lines))).toEqual([]);
  });

  it('after a broken one are read all the same', () => {
    const reply = text('src/b.ts', '<<<<<<< SEARCH', 'broken', 'src/a.ts', ...change);
    expect(parseCodeEdits(reply)).toMatchObject([edited('src/a.ts')]);
  });

  it('show what they change', () => {
    expect(parseCodeEdits(text('src/a.ts', ...change))[0]?.preview).toBe('src/a.ts\n- const a = 1;\n+ const a = 2;');
  });

  it('keep their text to the character', () => {
    const line = fc.string({ maxLength: 30 }).filter((s) => !/[\n\r]|SEARCH|REPLACE|={5}/.test(s));
    fc.assert(
      fc.property(fc.array(line), fc.array(line), (search, replace) => {
        fc.pre(search.join('\n').trim() !== '' && search.join('\n') !== replace.join('\n'));
        const edits = parseCodeEdits(
          text('a.ts', '```', '<<<<<<< SEARCH', ...search, '=======', ...replace, '>>>>>>> REPLACE', '```'),
        );
        expect(edits).toMatchObject([{ search: search.join('\n'), replace: replace.join('\n') }]);
      }),
    );
  });
});

describe('whole files', () => {
  it.each([
    ['```ts src/a.ts'],
    ['```ts:src/a.ts'],
    ['```src/a.ts'],
    ['```ts path=src/a.ts'],
    ['```ts title="src/a.ts"'],
    ["```ts {1,3} file='src/a.ts'"],
    ['```ts // src/a.ts'],
    ['src/a.ts\n```ts'],
    ['src/a.ts:\n\n```'],
    ['### `src/a.ts`\n```ts'],
    ['**File: src/a.ts**\n~~~ts'],
    ['**File:** `src/a.ts`\n```ts'],
    ['1. `src/a.ts`\n   ```ts'],
  ])('are read from %j', (opening) => {
    const close = opening.includes('~~~') ? '~~~' : '```';
    expect(parseCodeEdits(`Sure!\n\n${opening}\nx\n${close}\nDone.`)).toMatchObject([written('src/a.ts')]);
  });

  it.each([
    ['Dockerfile'],
    ['.gitignore'],
    ['package.json'],
    ['app/[id]/(group)/page.tsx'],
    ['C:\\work\\a.cs'],
    ['../outside.py'],
    ['docs/über uns.md'],
  ])('may be called %s', (file) => {
    expect(parseCodeEdits(`\`${file}\`\n\`\`\`\nx\n\`\`\``)).toMatchObject([written(file)]);
  });

  it.each([
    ['without a path', '```ts\nx\n```'],
    ['without anything', '```\nx\n```'],
    ['after prose that ends with a path', 'Change src/a.ts\n```ts\nx\n```'],
    ['after a path and more', 'src/a.ts (unchanged)\n```ts\nx\n```'],
    ['after the name of a product', '### Node.js\n```js\nx\n```'],
    ['after the name of a method', '**Array.prototype.map**\n```js\nx\n```'],
    ['after a host name', 'example.com\n```\nx\n```'],
    ['after two words with a slash', '### Input/Output\n```\nx\n```'],
    ['after an address', 'https://example.com/a.ts\n```\nx\n```'],
    ['of a language with a slash', '```application/json\nx\n```'],
    ['that cites lines', '```12:15:src/a.ts\nx\n```'],
    ['of commands about a file', 'package.json\n```bash\nnpm i\n```'],
    ['of output', 'src/a.ts\n```console\nx\n```'],
    ['of a diff', '```diff src/a.ts\n-x\n+y\n```'],
    ['of a diff without saying so', 'src/a.ts\n```\n--- a/src/a.ts\n+++ b/src/a.ts\n```'],
    ['that has no end', 'src/a.ts\n```ts\nx'],
    ['that is a line of prose', 'src/a.ts\n```ts x```\nmore'],
  ])('are not proposed from a fence %s', (_, reply) => {
    expect(parseCodeEdits(reply, { fileContext: { file: 'open.ts' } })).toEqual([]);
  });

  it('may hold fences: longer around shorter, or with a language', () => {
    const longer = text('````md README.md', 'Run:', '```', 'npm i', '```', '````');
    expect(parseCodeEdits(longer)).toMatchObject([written('README.md', 'Run:\n```\nnpm i\n```\n')]);
    const same = text('```md README.md', 'Run:', '```sh', 'npm i', '```', 'Done', '```', 'b.ts', '```', 'x', '```');
    expect(parseCodeEdits(same)).toMatchObject([
      written('README.md', 'Run:\n```sh\nnpm i\n```\nDone\n'),
      written('b.ts'),
    ]);
    const docstring = text('```py a.py', 'def f():', '    """', '    ```', '    f()', '    ```', '    """', '```');
    expect(parseCodeEdits(docstring)).toHaveLength(1);
    expect(parseCodeEdits(docstring)[0]?.content).toContain('    f()\n    ```\n    """\n');
  });

  it('that do not end do not swallow the next one', () => {
    expect(parseCodeEdits(text('```ts a.ts', 'x', '', '```ts b.ts', 'y', '```'))).toEqual([]);
  });

  it('edit the open file and create others', () => {
    const operation = (file: string) =>
      parseCodeEdits('```ts src/a.ts\nx\n```', { fileContext: { file } })[0]?.operation;
    expect([operation('src/a.ts'), operation('/home/me/src/a.ts'), operation('src/b.ts')]).toEqual([
      'edit',
      'edit',
      'create',
    ]);
  });

  it('keep their text to the character, indented fences aside', () => {
    const line = fc.string({ maxLength: 30 }).filter((s) => !/[\n\r`]|~~~|SEARCH/.test(s));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (body) => {
        fc.pre(!body[0]?.startsWith('--- '));
        expect(parseCodeEdits(text('```ts src/a.ts', ...body, '```'))).toMatchObject([
          written('src/a.ts', `${body.join('\n')}\n`),
        ]);
      }),
    );
  });

  it('are shown by their first lines', () => {
    const body = Array.from({ length: 100 }, (_, n) => `line ${n}`);
    const preview = parseCodeEdits(text('```ts src/a.ts', ...body, '```'))[0]?.preview ?? '';
    expect(preview.split('\n').slice(0, 2)).toEqual(['src/a.ts', '+ line 0']);
    expect(preview).toMatch(/\+ \(60 more lines\)$/);
  });
});

describe('tool calls', () => {
  const call = (name: string, args: unknown): ToolCall => ({
    id: '1',
    type: 'function',
    function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
  });

  it('that say a file and what changes in it are proposals too', () => {
    const toolCalls = [
      call('Edit', { file_path: 'a.ts', old_string: 'x', new_string: 'y' }),
      call('write_file', { path: 'b.ts', content: 'x\n' }),
    ];
    expect(parseCodeEdits('', { toolCalls })).toMatchObject([
      { format: 'search-replace', file: 'a.ts', search: 'x', replace: 'y' },
      written('b.ts'),
    ]);
  });

  it.each([
    ['another tool', call('append_file', { path: 'a.ts', content: 'x' })],
    ['no path', call('write_file', { content: 'x' })],
    ['half a change', call('edit', { path: 'a.ts', old_string: 'x' })],
    ['broken arguments', call('write_file', '{"path": "a.ts", "con')],
    ['no arguments', { id: '1', type: 'function' } as ToolCall],
  ])('propose nothing with %s', (_, toolCall) => {
    expect(parseCodeEdits('', { toolCalls: [toolCall] })).toEqual([]);
  });
});

describe('any reply', () => {
  it('is read without a throw', () => {
    const piece = fc.constantFrom(
      '```',
      '````',
      '~~~',
      '```ts',
      '```ts a.ts',
      '<<<<<<< SEARCH',
      '=======',
      '>>>>>>> REPLACE',
      'src/a.ts',
      '`a b.ts`',
      '',
      '  ',
      'text',
      '\r',
      '**',
      ':',
      '\u2028',
      '\ud800',
      '*** Begin Patch',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(piece).map((p) => p.join('\n')),
          fc.array(piece).map((p) => p.join('')),
        ),
        (reply) => {
          for (const edit of parseCodeEdits(reply)) {
            expect(edit.file).not.toBe('');
            expect(edit.content ?? edit.search).toBeTypeOf('string');
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(parseCodeEdits(undefined as unknown as string)).toEqual([]);
  });
});
