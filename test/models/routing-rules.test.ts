import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskCategory } from '../../src/core/task.js';
import { ModelSelector } from '../../src/models/model-selector.js';
import type { RequestFacts, RoutingRule, RuleCondition } from '../../src/models/routing-rules.js';
import { served, task } from './served.js';

const models = [served('qwen2.5-coder:32b'), served('qwen2.5-coder:7b'), served('llama3.2:3b'), served('gemma3:12b')];
const facts = (text: string, file?: string, tokens = 100): RequestFacts => ({ text, file, tokens });
const winner = (rules: RoutingRule[], asked: RequestFacts | undefined, category: TaskCategory = 'coding') =>
  new ModelSelector({ rules }).rank(task(category), models, {}, { facts: asked }).ranked[0]?.model.id;

describe('a rule', () => {
  it('that says what to use leaves no other model, and says why', () => {
    const rules = [{ name: 'sql', when: { keywords: ['SQL'] }, use: ['llama3.2:3b', 'gemma-3-12b'] }];
    const { ranked, rejected, notes } = new ModelSelector({ rules }).rank(
      task('coding'),
      models,
      {},
      {
        facts: facts('Optimise this sql query'),
      },
    );
    expect(ranked.map(({ model }) => model.id).sort()).toEqual(['gemma3:12b', 'llama3.2:3b']);
    expect(rejected).toMatchObject([{ rule: 'rule' }, { rule: 'rule' }]);
    expect(rejected[0]?.reason).toContain('"sql"');
    expect(notes).toEqual(['The rule "sql" holds: use llama3.2:3b, gemma-3-12b.']);
  });

  it('with a list of which nothing is served leaves no model', () => {
    const selector = new ModelSelector({ rules: [{ when: {}, use: ['gpt-oss-20b'] }] });
    expect(selector.rank(task('coding'), models).ranked).toEqual([]);
  });

  it('that prefers comes before the lists of the host, in its order', () => {
    const selector = new ModelSelector({
      taskRouting: { coding: { primary: ['qwen2.5-coder:32b'] } },
      rules: [{ when: { category: 'coding' }, prefer: ['llama3.2:3b', 'gemma3:12b'] }],
    });
    const { ranked } = selector.rank(task('coding'), models);
    expect(ranked.map(({ model }) => model.id)).toEqual([
      'llama3.2:3b',
      'gemma3:12b',
      'qwen2.5-coder:32b',
      'qwen2.5-coder:7b',
    ]);
    expect(ranked[0]?.parts.find(({ name }) => name === 'list')?.reason).toBe('number 1 of those that rules prefer');
    expect(ranked[2]?.parts.find(({ name }) => name === 'list')?.reason).toBe('number 1 in the list for coding');
  });

  it('that avoids puts a model last, also before what the host lists', () => {
    const selector = new ModelSelector({
      taskRouting: { coding: { primary: ['qwen2.5-coder:32b', 'gemma3:12b'] } },
      rules: [{ when: {}, avoid: ['qwen2.5-coder:32b'] }],
    });
    const { ranked } = selector.rank(task('coding'), models);
    expect(ranked.at(-1)?.model.id).toBe('qwen2.5-coder:32b');
    expect(ranked.at(-1)?.parts.find(({ name }) => name === 'rule')?.reason).toBe('a rule avoids it');
    for (const { score, parts } of ranked) {
      expect(parts.reduce((sum, { value, weight }) => sum + value * weight, 0)).toBeCloseTo(score);
    }
  });

  it('gives way to a model that the request names', () => {
    const selector = new ModelSelector({ rules: [{ when: {}, use: ['gemma3:12b'] }] });
    expect(selector.select(task('coding'), models, { model: 'llama3.2:3b' })?.model.id).toBe('llama3.2:3b');
  });

  it('says nothing about embedding', () => {
    const embedder = served('nomic-embed-text:latest', { can: ['embedding'] });
    const selector = new ModelSelector({ rules: [{ when: {}, use: ['gemma3:12b'] }] });
    const { ranked } = selector.rank(task('analysis'), [...models, embedder], { capabilities: ['embedding'] });
    expect(ranked.map(({ model }) => model.id)).toEqual(['nomic-embed-text:latest']);
  });

  const conditions: [RuleCondition, RequestFacts | undefined, boolean][] = [
    [{}, undefined, true],
    [{ category: 'coding' }, undefined, true],
    [{ category: 'analysis' }, undefined, false],
    [{ complexity: { min: 5, max: 5 } }, undefined, true],
    [{ complexity: { min: 6 } }, undefined, false],
    [{ keywords: ['terraform', 'helm'] }, facts('Write a Helm chart'), true],
    [{ keywords: ['test'] }, facts('Take the latest one'), false],
    [{ keywords: ['c++'] }, facts('Port it to C++, please'), true],
    [{ keywords: ['unit test'] }, facts('a unit test.'), true],
    [{ keywords: ['数据库'] }, facts('优化数据库查询'), true],
    [{ keywords: ['.*'] }, facts('anything'), false],
    [{ keywords: ['x'] }, undefined, false],
    [{ language: 'typescript' }, facts('Fix it', 'src/a.tsx'), true],
    [{ language: 'TS' }, facts('Fix it\n```ts\nconst a = 1\n```'), true],
    [{ language: 'python' }, facts('Fix it', 'src/a.ts'), false],
    [{ language: 'constructor' }, facts('Fix it', 'a.constructor'), true],
    [{ files: ['**/*.sql', 'db/**'] }, facts('Fix it', 'db/schema.rb'), true],
    [{ files: ['*.sql'] }, facts('Fix it'), false],
    [{ tokens: { min: 50 } }, facts('Fix it'), true],
    [{ tokens: { max: 50 } }, facts('Fix it'), false],
    [{ hasTools: true }, undefined, false],
    [{ hasImages: false }, undefined, true],
    [{ session: 'alice' }, undefined, false],
    [{ category: 'coding', keywords: ['sql'] }, facts('no such word'), false],
  ];
  it.each(conditions)('%o with %o holds: %s', (when, asked, holds) => {
    expect(winner([{ when, use: ['llama3.2:3b'] }], asked) === 'llama3.2:3b').toBe(holds);
  });

  it('needs tools, images and a session where it says so', () => {
    const rules = [{ when: { hasTools: true, session: 'alice' }, use: ['llama3.2:3b'] }];
    const ranked = new ModelSelector({ rules }).rank(task('coding'), models, {
      capabilities: ['tools'],
      session: 'alice',
    });
    expect(ranked.ranked.map(({ model }) => model.id)).toEqual(['llama3.2:3b']);
  });

  it.each<[unknown, string]>([
    [[{ use: ['a'] }], 'rules.0.when'],
    [[{ when: { categry: 'coding' } }], 'rules.0.when.categry'],
    [[{ when: { complexity: { min: 7, max: 3 } } }], 'rules.0.when.complexity'],
    [[{ when: { category: 'code' } }], 'rules.0.when.category'],
    [[{ when: {}, use: 'llama' }], 'rules.0.use'],
    [[{ when: {}, use: [] }], 'rules.0.use'],
    [[{ when: { keywords: [] } }], 'rules.0.when.keywords'],
    [[{ when: { files: ['[ab].ts'] } }], 'rules.0.when.files.0'],
    [[{ when: { files: ['!src/**'] } }], 'rules.0.when.files.0'],
    [{}, 'rules'],
  ])('that is wrong (%j) is refused by name', (rules, name) => {
    expect(() => new ModelSelector({ rules: rules as RoutingRule[] })).toThrow(name);
  });

  it('never lets another rule add a model, whatever they say', () => {
    const name = fc.constantFrom<string>('qwen2.5-coder:32b', 'qwen2.5-coder:7b', 'llama3.2:3b', 'gemma3:12b', 'gone');
    const list = fc.option(fc.array(name, { minLength: 1, maxLength: 3 }), { nil: undefined });
    const rule = fc.record({ use: list, prefer: list, avoid: list });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), (drawn) => {
        const rules = drawn.map((wishes) => ({ when: {}, ...wishes }));
        const { ranked, rejected } = new ModelSelector({ rules }).rank(task('coding'), models);
        expect(ranked.length + rejected.length).toBe(models.length);
        for (const { model } of ranked) {
          for (const { use } of rules) expect(use === undefined || use.includes(model.id)).toBe(true);
        }
        const avoided = ranked.map(({ model }) => rules.some(({ avoid }) => avoid?.includes(model.id)));
        expect(avoided).toEqual([...avoided].sort((a, b) => Number(a) - Number(b)));
      }),
    );
  });
});
