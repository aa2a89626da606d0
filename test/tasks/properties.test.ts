import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/core/chat.js';
import { classifyTask } from '../../src/tasks/classify-task.js';
import { ownQueries } from './own-queries.js';

const CATEGORIES = ['analysis', 'coding', 'documentation', 'reasoning'];
const words = fc.array(
  fc.oneof(
    fc.constantFrom(...ownQueries().flatMap((q) => q.query.split(' '))),
    fc.constantFrom('\n', '```', '<a>', '</a>', '?', ':', '`', '"', '。', '\u0000', '\ud800'),
    fc.string({ unit: 'binary', maxLength: 6 }),
  ),
  { maxLength: 60 },
);
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  words.map((list) => list.join(' ')),
);

function check(query: string | readonly Message[]): void {
  const got = classifyTask(query);
  expect([got.category, ...got.alternatives.map((a) => a.category)].sort()).toEqual(CATEGORIES);
  const confidences = [got.confidence, ...got.alternatives.map((a) => a.confidence)];
  expect(confidences.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  for (const c of confidences) expect(c).toBeGreaterThanOrEqual(0);
  expect(confidences).toEqual([...confidences].sort((a, b) => b - a));
  expect(got.complexity.score).toBeGreaterThanOrEqual(1);
  expect(got.complexity.score).toBeLessThanOrEqual(10);
  expect(Number.isInteger(got.complexity.score)).toBe(true);
  expect(classifyTask(query)).toEqual(got);
}

describe('classifyTask', () => {
  it('answers any text, the same each time', () => {
    fc.assert(fc.property(text, check), { numRuns: 300 });
  });

  it('answers callers who pass what the types forbid', () => {
    const loose = classifyTask as unknown as (query: unknown, o?: unknown) => ReturnType<typeof classifyTask>;
    expect(loose('explain the parser', null)).toEqual(classifyTask('explain the parser'));
    for (const query of [null, undefined, 7, {}, [null, 7, { role: 'user', content: 7 }]])
      expect(loose(query)).toEqual(classifyTask(''));
  });

  it('answers any list of messages', () => {
    const role = fc.constantFrom<Message['role']>('system', 'user', 'assistant', 'tool');
    const part = fc.oneof(
      text.map((t) => ({ type: 'text' as const, text: t })),
      fc.constant({ type: 'refusal' as const, refusal: 'no' }),
    );
    const message = fc.record({ role, content: fc.oneof(text, fc.constant(null), fc.array(part, { maxLength: 3 })) });
    fc.assert(fc.property(fc.array(message, { maxLength: 6 }), check), { numRuns: 150 });
  });

  it.each([
    'a',
    ' ',
    '\n',
    '`',
    '```',
    '<a>',
    '<system-reminder>\n',
    '</task>',
    '<task>',
    '"',
    '“',
    "'x ",
    '(',
    'a, ',
    'and fix ',
    '写',
    'ー',
    '- ',
    'a:b ',
    'x = y; ',
    '\t',
    '> ',
    ' at a(',
    '/a',
    'a.',
    'a_',
    'if a ',
    'SELECT a ',
    '**',
    '## request\n',
    'how to ',
    'or ',
    "don't ",
    'é',
    '\ud83d',
    'ть ',
    '2024-01-01 ',
    'return a',
    'f(',
    'a|',
    'is in the ',
    'what is ',
  ])('gets through a megabyte of %j', (piece) => {
    check(piece.repeat(Math.ceil(1_000_000 / piece.length)));
  });
});

describe('the packed cues', () => {
  it('are those of the readable lists', () => {
    const script = fileURLToPath(new URL('../../scripts/pack-cues.mjs', import.meta.url));
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
  });
});
