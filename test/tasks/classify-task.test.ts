import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/core/chat.js';
import { classifyTask } from '../../src/tasks/classify-task.js';
import { ownQueries, queryFiles } from './own-queries.js';

const user = (content: Message['content']): Message => ({ role: 'user', content: content ?? null });
const assistant = (content: string): Message => ({ role: 'assistant', content });

function accuracy<T>(rows: readonly T[], right: (row: T) => boolean): number {
  return rows.filter(right).length / rows.length;
}

describe('classifyTask on our own labelled queries', () => {
  const rows = ownQueries();
  const right = (row: (typeof rows)[number]) => classifyTask(row.query).category === row.category;

  it('finds the category of most', () => {
    expect(rows.length).toBeGreaterThan(900);
    expect(accuracy(rows, right)).toBeGreaterThan(0.88);
  });

  it.each(['coding', 'reasoning', 'analysis', 'documentation'] as const)('does so for %s', (category) => {
    expect(
      accuracy(
        rows.filter((r) => r.category === category),
        right,
      ),
    ).toBeGreaterThan(0.84);
  });

  it.each(['de', 'fr', 'es', 'pt', 'ru', 'zh', 'ja', 'ko'])('does so in %s', (lang) => {
    const list = rows.filter((r) => r.lang === lang);
    expect(list.length).toBeGreaterThan(11);
    expect(accuracy(list, right)).toBeGreaterThan(0.7);
  });

  it('is right when it says that it is sure', () => {
    const sure = rows.filter((row) => classifyTask(row.query).confidence >= 0.6);
    expect(sure.length / rows.length).toBeGreaterThan(0.6);
    expect(accuracy(sure, right)).toBeGreaterThan(0.92);
  });

  it('knows whether the workspace is needed', () => {
    const clear = rows.filter((r) => r.serenaClear);
    expect(accuracy(clear, (r) => classifyTask(r.query).requiresSerena === r.requiresSerena)).toBeGreaterThan(0.83);
  });

  it('estimates the effort within one of the label', () => {
    expect(accuracy(rows, (r) => Math.abs(classifyTask(r.query).complexity.score - r.complexity) <= 1)).toBeGreaterThan(
      0.82,
    );
  });
});

describe('classifyTask on queries of every source', () => {
  // Floors well below what it reaches: the weights were trained on these, the rare ones at less than half the weight.
  it.each(queryFiles())('%s: finds the category and the need of the workspace of most', (file) => {
    const rows = ownQueries(file);
    expect(rows.length).toBeGreaterThan(900);
    const [category, need] = file.startsWith('common/') ? [0.78, 0.84] : [0.58, 0.74];
    const right = accuracy(rows, (row) => classifyTask(row.query).category === row.category);
    expect(right).toBeGreaterThan(category as number);
    const clear = rows.filter((r) => r.serenaClear);
    expect(accuracy(clear, (r) => classifyTask(r.query).requiresSerena === r.requiresSerena)).toBeGreaterThan(
      need as number,
    );
  });
});

describe('what decides', () => {
  it.each([
    // A noun of another category never decides.
    ['add a column for the review status', 'coding'],
    ['implement the export of the documentation pages', 'coding'],
    ['rename AnalysisPanel to InsightPanel', 'coding'],
    ['write a readme for the test runner', 'documentation'],
    ['write a test for the readme generator', 'coding'],
    ['explain how garbage collection works', 'reasoning'],
    ['explain what parseHeader does', 'documentation'],
    ['explain why the import fails', 'analysis'],
    ['find the memory leak in the cache', 'analysis'],
    ['find the memory leak in the cache and fix it', 'coding'],
    ['should we use redis or memcached', 'reasoning'],
    ['where do we set the timeout', 'analysis'],
  ])('%s → %s', (query, category) => {
    expect(classifyTask(query).category).toBe(category);
  });

  it('looks at the request and not at what is pasted', () => {
    const code = 'function review(doc) {\n  // explain why this plan fails\n  return audit(doc.readme);\n}';
    expect(classifyTask(`rename the first parameter\n\n\`\`\`js\n${code}\n\`\`\``).category).toBe('coding');
    expect(classifyTask(`what is this doing?\n\n\`\`\`js\n${code}\n\`\`\``).category).toBe('documentation');
    expect(classifyTask(`is this safe?\n\n${code}`).category).toBe('analysis');
  });

  it('needs no workspace for what is pasted', () => {
    expect(classifyTask('fix this\n\n```js\nlet a = ;\nrun(a);\n```').requiresSerena).toBe(false);
    expect(classifyTask('fix the parser in src/parse.ts').requiresSerena).toBe(true);
    expect(classifyTask('what is a semaphore').requiresSerena).toBe(false);
  });

  it('takes a slash command at its word', () => {
    expect(classifyTask('/tests').category).toBe('coding');
    expect(classifyTask('/explain parseHeader').category).toBe('documentation');
    expect(classifyTask('/review').keywordsMatched).toContain('/review');
  });

  it('tells the kind of work', () => {
    expect(classifyTask('write a function that adds two numbers').taskType).toBe('code_generation');
    expect(classifyTask('rename the variable x in parse.ts').taskType).toBe('code_refactor');
    expect(classifyTask('complete this\n\n```js\nfunction add(a, b) {\n```').taskType).toBe('completion');
    expect(classifyTask('write the release notes for 2.0').taskType).toBe('creative');
    expect(classifyTask('compare rest and grpc').taskType).toBe('reasoning');
    expect(classifyTask('find the bug in cart.ts').taskType).toBe('analysis');
  });

  it('tells small work from large work, with reasons', () => {
    const small = classifyTask('fix the typo in the title').complexity;
    const large = classifyTask(
      'migrate the authentication of the whole codebase to a distributed session store without downtime, keep the old api working and write the tests',
    ).complexity;
    expect(small.score).toBeLessThanOrEqual(3);
    expect(small.band).toBe('low');
    expect(large.score).toBeGreaterThanOrEqual(6);
    expect(large.reasons).toContain('hard matter');
  });

  it('names the words that it saw', () => {
    expect(classifyTask('please review the login handler for leaks').keywordsMatched).toEqual(
      expect.arrayContaining(['review', 'leaks']),
    );
  });

  it('says that it is unsure where nothing is said', () => {
    expect(classifyTask('zxqv').confidence).toBeLessThan(0.6);
    expect(classifyTask('').confidence).toBeLessThan(0.6);
  });
});

describe('conversations', () => {
  it('lets the last user message decide', () => {
    const messages: Message[] = [
      { role: 'system', content: 'You review code and write documentation.' },
      user('where is the retry policy defined'),
      assistant('In src/net/retry.ts.'),
      user('add jitter to the delay in retry.ts'),
    ];
    expect(classifyTask(messages).category).toBe('coding');
  });

  it('turns "do it" after a plan into work', () => {
    const talk = [user('how should we split the reports module'), assistant('I would ...'), user('ok, do it')];
    expect(classifyTask(talk).category).toBe('coding');
  });

  it('keeps what "do it" is about', () => {
    const talk = [user('write the changelog entry for 2.1'), assistant('Shall I?'), user('go ahead')];
    expect(classifyTask(talk).category).toBe('documentation');
  });

  it('reads text parts and passes over the rest', () => {
    const parts: Message['content'] = [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
      { type: 'text', text: 'write tests for the cart reducer' },
    ];
    expect(classifyTask([user(parts)]).category).toBe('coding');
    expect(classifyTask([user('review my branch'), { role: 'tool', content: 'x', tool_call_id: '1' }]).category).toBe(
      'analysis',
    );
  });

  it.each([
    [[]],
    [[user(null)]],
    [[{ role: 'user' }]],
    [[{ role: 'user', content: [null, { type: 'text' }, 3] }]],
    [[null, 3]],
  ])('takes %j', (messages) => {
    expect(classifyTask(messages as Message[]).confidence).toBeGreaterThan(0);
  });
});
