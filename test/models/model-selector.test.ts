import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Rejection, Requirements } from '../../src/core/decision.js';
import { RouterError } from '../../src/core/errors.js';
import type { ServedModel } from '../../src/core/model.js';
import { ModelSelector, type ModelSelectorOptions } from '../../src/models/model-selector.js';
import { type Given, served, task } from './served.js';

const CODER = 'qwen2.5-coder:32b';
const SMALL = 'llama3.2:3b';

const ids = (models: readonly { model: { id: string } }[]) => models.map(({ model }) => model.id);

/** Why one model is refused, if it is. */
function refusal(
  id: string,
  given: Given,
  o: Requirements = {},
  options: ModelSelectorOptions = {},
): Rejection | undefined {
  return new ModelSelector(options).rank(task('coding'), [served(id, given)], o).rejected[0];
}

describe('a hard requirement refuses, with reason and remedy', () => {
  const CASES: readonly [
    what: string,
    rule: Rejection['rule'],
    id: string,
    Given,
    Requirements?,
    ModelSelectorOptions?,
  ][] = [
    ['an embedding model', 'kind', 'nomic-embed-text', { can: ['embedding'] }],
    ['one that is only guessed to be one', 'kind', 'bge-m3', { can: ['embedding'], assumedCan: true }],
    ['one that the catalogue knows as one', 'kind', 'bge-m3', { can: ['completion', 'chat'], assumedCan: true }],
    ['a reranker', 'kind', 'qwen3-reranker', { can: ['rerank'] }],
    ['speech', 'kind', 'whisper-large-v3', { can: ['completion', 'chat'], assumedCan: true }],
    ['a server that offers no chat for it', 'kind', CODER, { can: ['vision'] }],
    ['a remote model', 'remote', 'gpt-oss:120b-cloud', { remote: 'yes' }],
    ['one that may be remote', 'remote', 'pipe', { remote: 'unknown' }],
    ['an external service', 'locality', CODER, { locality: 'external' }],
    ['a window that is too small', 'context', CODER, { context: 8192, service: 'vllm@h:1' }, { contextTokens: 9000 }],
    ['a window below what the category is given', 'context', CODER, { context: 4096, service: 'vllm@h:1' }],
    ['more than a model was trained for', 'context', 'gemma2:9b', { assumedContext: true }, { contextTokens: 20_000 }],
    ['missing tools', 'tools', CODER, { can: ['completion', 'chat'] }, { capabilities: ['tools'] }],
    ['missing vision', 'vision', CODER, {}, { capabilities: ['vision'] }],
    [
      'missing vision that the catalogue knows of',
      'vision',
      'qwen3:8b',
      { assumedCan: true },
      { capabilities: ['vision'] },
    ],
    ['a missing JSON schema', 'json-schema', CODER, { can: ['chat'] }, { capabilities: ['json-schema'] }],
    ['unknown fill-in-the-middle', 'kind', 'llama3.1:8b', {}, { capabilities: ['fill-in-the-middle'] }],
    ['a chat model asked to embed', 'kind', CODER, {}, { capabilities: ['embedding'] }],
    ['a file beyond the memory', 'memory', 'x', { state: 'unloaded', sizeGb: 30 }, {}, { maxVramGb: 24 }],
    ['an estimate beyond the memory', 'memory', 'llama3.3:70b', { state: 'unloaded' }, {}, { maxVramGb: 24 }],
    ['another model than the forced one', 'rule', CODER, {}, { model: SMALL }],
  ];
  test.each(CASES)('%s: %s', (_, rule, id, given, o, options) => {
    const found = refusal(id, given, o, options);
    expect(found?.rule).toBe(rule);
    expect(found?.reason).toMatch(/^[A-Z].*\.$/);
    expect(found?.remedy).toMatch(/^[A-Z].*\.$/);
    expect(JSON.parse(JSON.stringify(found))).toEqual({ ...found });
  });
});

describe('what is not known refuses nothing', () => {
  const CASES: readonly [what: string, id: string, Given, Requirements?, ModelSelectorOptions?][] = [
    [
      'a small window that is only assumed',
      'my-model',
      { context: 4096, assumedContext: true },
      { contextTokens: 30_000 },
    ],
    ['an assumed window below minContext', 'my-model', { context: 4096, assumedContext: true }],
    [
      'an Ollama model loaded small that a request can load larger',
      CODER,
      { context: 4096, max: 32_768 },
      { contextTokens: 20_000 },
    ],
    [
      'tools of a model that nobody describes',
      'my-model',
      { can: ['chat'], assumedCan: true },
      { capabilities: ['tools'] },
    ],
    ['an empty list of capabilities', 'my-model', { can: [] }],
    ['the memory of a model that is loaded', 'llama3.3:70b', {}, {}, { maxVramGb: 8 }],
    ['the memory of a model of unknown size', 'my-model', { state: 'unloaded' }, {}, { maxVramGb: 8 }],
    [
      'an external service that the call allows',
      CODER,
      { locality: 'external', remote: 'yes' },
      { allowExternal: true },
    ],
    ['filling in by a model that is trained for it', CODER, {}, { capabilities: ['fill-in-the-middle'] }],
    ['embedding by an embedding model', 'bge-m3', { can: ['embedding'] }, { capabilities: ['embedding'] }],
    ['minContext for a forced model', CODER, { context: 4096 }, { model: CODER }],
  ];
  test.each(CASES)('%s', (_, id, given, o, options) => {
    expect(refusal(id, given, o, options)).toBeUndefined();
  });
});

describe('a forced model', () => {
  const models = [
    served('qwen2.5-coder:32b-instruct-q4_K_M'),
    served('mistral:latest'),
    served('Qwen/Qwen2.5-Coder-32B-Instruct', { service: 'vllm@gpu:8000' }),
    served('team-model', { service: 'openai-compatible@h:1', aliases: ['h/team-model'] }),
  ];
  const forced = (model: string) => ids(new ModelSelector().rank(task('coding'), models, { model }).ranked).sort();

  test('is named by served id, catalogue key, service and model, type and model, or alias', () => {
    expect(forced('qwen2.5-coder:32b-instruct-q4_K_M')).toEqual(['qwen2.5-coder:32b-instruct-q4_K_M']);
    expect(forced('Qwen2.5-Coder-32B')).toEqual([
      'Qwen/Qwen2.5-Coder-32B-Instruct',
      'qwen2.5-coder:32b-instruct-q4_K_M',
    ]);
    expect(forced('vllm/qwen2.5-coder-32b')).toEqual(['Qwen/Qwen2.5-Coder-32B-Instruct']);
    expect(forced('vllm@gpu:8000/Qwen/Qwen2.5-Coder-32B-Instruct')).toEqual(['Qwen/Qwen2.5-Coder-32B-Instruct']);
    expect(forced('mistral')).toEqual(['mistral:latest']);
    expect(forced('ollama/MISTRAL')).toEqual(['mistral:latest']);
    expect(forced('h/team-model')).toEqual(['team-model']);
  });

  test('is never matched by a part of its name', () => {
    for (const part of ['qwen2.5-coder', 'coder', 'qwen2.5-coder:32b', 'mistral:7', 'm', 'team']) {
      expect(forced(part)).toEqual([]);
    }
  });
});

describe('the lists of a host', () => {
  const models = [CODER, SMALL, 'qwen3:8b', 'phi4:14b'].map((id) => served(id));

  test('come first in their order: primary, fallback, the rest by score', () => {
    const selector = new ModelSelector({
      taskRouting: { coding: { primary: ['llama3.2:3b'], fallback: ['ollama/qwen3-8b'] } },
    });
    const { ranked } = selector.rank(task('coding', 9), models);
    expect(ids(ranked)).toEqual([SMALL, 'qwen3:8b', CODER, 'phi4:14b']);
    expect(ranked[0]?.parts.find(({ name }) => name === 'list')?.reason).toBe('number 1 in the list for coding');
    expect(selector.getFallbackModels('coding')).toEqual(['ollama/qwen3-8b']);
  });

  test('replace the defaults of their category and leave the others', () => {
    const selector = new ModelSelector({ taskRouting: { analysis: { primary: ['phi-4'] } } });
    expect(selector.routing.analysis).toMatchObject({ minContext: 0, requireSerena: false });
    expect(selector.routing.coding).toMatchObject({ minContext: 8192, requireSerena: false });
    expect(new ModelSelector().routing.analysis).toMatchObject({ minContext: 16_384, requireSerena: true });
    expect(new ModelSelector().routing.reasoning.minContext).toBe(16_384);
    expect(new ModelSelector().routing.documentation.minContext).toBe(8192);
  });

  test('know the short names of distills', () => {
    const selector = new ModelSelector({ taskRouting: { reasoning: { primary: ['deepseek-r1-distill-32b'] } } });
    const { ranked } = selector.rank(task('reasoning', 2), [...models, served('deepseek-r1:32b')]);
    expect(ranked[0]?.model.id).toBe('deepseek-r1:32b');
  });

  test('without one, the second and third tier of the built-in list are the fallback', () => {
    const fallback = new ModelSelector().getFallbackModels('coding');
    expect(fallback).toContain('qwen2.5-coder-14b');
    expect(fallback).toContain('codellama-34b');
    expect(fallback).not.toContain('deepseek-v3');
    expect(fallback).not.toContain('qwen2.5-coder-32b');
  });
});

test("a host's own model is known by its id, with its scores, window and key", () => {
  const selector = new ModelSelector({
    catalog: [{ key: 'house-coder', id: 'acme/coder:latest', scores: { coding: 95 }, capabilities: ['tools'] }],
  });
  const { ranked } = selector.rank(task('coding', 8), [served(CODER), served('acme/coder')]);
  expect(ranked[0]?.model).toMatchObject({ id: 'acme/coder', key: 'house-coder' });
  expect(
    ids(selector.rank(task('coding'), [served(CODER), served('acme/coder')], { model: 'house-coder' }).ranked),
  ).toEqual(['acme/coder']);
});

test('a ranked model names its service and says why, also in JSON', () => {
  const { ranked } = new ModelSelector().rank(task('coding'), [
    served(CODER),
    { ...served(SMALL), type: undefined, baseURL: undefined },
  ]);
  expect(ranked[0]?.model).toEqual({
    id: CODER,
    key: 'qwen2.5-coder-32b',
    service: 'ollama@localhost:11434',
    type: 'ollama',
    baseURL: 'http://localhost:11434',
  });
  expect(ranked[1]?.model).toMatchObject({ type: 'ollama', baseURL: null });
  for (const one of ranked) {
    const json = JSON.parse(JSON.stringify(one));
    expect(json.parts).toEqual(one.parts);
    for (const copy of [{ ...one }, structuredClone(one)]) {
      expect(Object.keys(copy)).toEqual(['model', 'score', 'parts']);
      expect(copy.parts).toEqual(one.parts);
    }
    expect(json.parts.map((p: { reason: string }) => p.reason).every(Boolean)).toBe(true);
    const sum = one.parts.reduce((s, { value, weight }) => s + value * weight, 0);
    expect(sum).toBeCloseTo(one.score, 9);
    for (const { value } of one.parts) expect(value >= 0 && value <= 1).toBe(true);
  }
});

test('the last model of a session is kept among equals', () => {
  const models = [served(CODER, { service: 'ollama@a:1' }), served(CODER, { service: 'ollama@b:1' })];
  const selector = new ModelSelector();
  expect(selector.select(task('coding'), models)?.model.service).toBe('ollama@a:1');
  const sticky = selector.rank(task('coding'), models).ranked[1]?.model;
  expect(selector.rank(task('coding'), models, {}, { sticky }).ranked[0]?.model.service).toBe('ollama@b:1');
});

test('wrong options and an unknown strategy are refused by name', () => {
  const code = (make: () => unknown) => {
    try {
      make();
    } catch (error) {
      return RouterError.is(error) ? `${error.code} ${error.message}` : 'another error';
    }
    return 'none';
  };
  expect(code(() => new ModelSelector({ maxVram: 8 } as never))).toMatch(
    /ERR_INVALID_OPTION .*maxVram.*Known: .*maxVramGb/,
  );
  expect(code(() => new ModelSelector({ strategy: 'best' as never }))).toMatch(
    /ERR_INVALID_OPTION .*strategy.*"balanced"/,
  );
  expect(code(() => new ModelSelector({ taskRouting: { coding: { primary: 'x' as never } } }))).toMatch(/primary/);
  expect(code(() => new ModelSelector({ taskRouting: { code: {} } as never }))).toMatch(/code/);
  expect(code(() => new ModelSelector().rank(task('coding'), [], { strategy: 'best' as never }))).toMatch(/strategy/);
});

// --- properties ------------------------------------------------------------------------------------------------------

const NAMES = [
  CODER,
  'qwen2.5-coder:7b',
  'qwen3:8b',
  'gpt-oss:20b',
  'llama3.3:70b',
  'my-model',
  'bge-m3',
  'qwen3.6:27b-q8_0',
  'deepseek-r1:32b',
];
const anyModel: fc.Arbitrary<ServedModel> = fc
  .record({
    id: fc.constantFrom(...NAMES),
    service: fc.constantFrom('ollama@a:1', 'vllm@b:2', 'llama.cpp@c:3'),
    context: fc.constantFrom(2048, 8192, 32_768, 131_072),
    assumedContext: fc.boolean(),
    state: fc.constantFrom('loaded', 'unloaded', 'sleeping', 'loading', 'unknown'),
    busy: fc.boolean(),
    priority: fc.constantFrom(1, 100),
    quant: fc.constantFrom('Q4_K_M', 'Q8_0', 'Q2_K'),
    remote: fc.constantFrom('no', 'no', 'no', 'unknown'),
  } as const)
  .map(({ id, ...given }) => served(id, given));
const inventory = fc.uniqueArray(anyModel, { maxLength: 12, selector: (m) => `${m.id} ${m.service}` });
const anyTask = fc
  .record({
    category: fc.constantFrom('coding', 'reasoning', 'analysis', 'documentation'),
    score: fc.integer({ min: 1, max: 10 }),
  } as const)
  .map(({ category, score }) => task(category, score));
const wishes: fc.Arbitrary<Requirements> = fc.record(
  {
    contextTokens: fc.integer({ min: 1, max: 60_000 }),
    strategy: fc.constantFrom('quality', 'balanced', 'fast', 'cheap'),
    capabilities: fc.constantFrom([], ['tools'], ['vision']),
  } as const,
  { requiredKeys: [] },
) as fc.Arbitrary<Requirements>;

test('a lower priority number never stands behind a higher one, negative ones too', () => {
  const part = (priority?: number) => {
    const given = priority === undefined ? {} : { priority };
    const [best] = new ModelSelector().rank(task('coding'), [served(CODER, given)]).ranked;
    return best?.parts.find(({ name }) => name === 'priority')?.value as number;
  };
  const values = [-1_000_000, -500, -1, 0, 1, 99, 100, 101, 200, 1_000_000].map(part);
  for (const [i, value] of values.entries()) if (i > 0) expect(value).toBeLessThan(values[i - 1] as number);
  expect(values[0]).toBeLessThanOrEqual(1);
  expect(values.at(-1)).toBeGreaterThanOrEqual(0);
  expect(part()).toBe(part(100));
});

test('a score that was set by hand says so', () => {
  const [best] = new ModelSelector().rank(task('analysis'), [served('codellama:34b')]).ranked;
  expect(best?.parts.find(({ name }) => name === 'quality')?.reason).toContain('(hand-set)');
});

test.each(['constructor', '__proto__', 'toString'])('a model and its facts may have any name, also %s', (word) => {
  const odd = served(word, { can: ['chat', word as never], quant: word, state: word as never, aliases: [word] });
  const { ranked } = new ModelSelector().rank(task('coding'), [odd, served(SMALL)]);
  expect(ids(ranked)).toContain(word);
  for (const { score, parts } of ranked) {
    expect(Number.isFinite(score)).toBe(true);
    for (const { value } of parts) expect(Number.isFinite(value)).toBe(true);
  }
  const forced = new ModelSelector({ taskRouting: { coding: { primary: [word] } } });
  expect(ids(forced.rank(task('coding'), [odd], { model: word, capabilities: [word as never] }).ranked)).toEqual([
    word,
  ]);
  expect(forced.routing.coding.listed).toEqual([word.toLowerCase()]);
});

const OPTIONS: readonly ModelSelectorOptions[] = [{}, { taskRouting: { coding: { primary: ['qwen3-8b', CODER] } } }];

test('every candidate is ranked or refused, in an order that does not depend on theirs', () => {
  fc.assert(
    fc.property(inventory, anyTask, wishes, fc.constantFrom(...OPTIONS), fc.nat(), (models, t, o, options, turn) => {
      const selector = new ModelSelector(options);
      const one = selector.rank(t, models, o);
      expect(one.ranked.length + one.rejected.length).toBe(models.length);
      const cut = models.length === 0 ? 0 : turn % models.length;
      const turned = [...models.slice(cut), ...models.slice(0, cut)].reverse();
      expect(JSON.stringify(new ModelSelector(options).rank(t, turned, o))).toBe(JSON.stringify(one));
      for (let i = 1; i < one.ranked.length; i++) {
        expect(one.ranked[i - 1]?.score).toBeGreaterThanOrEqual(one.ranked[i]?.score ?? Number.NaN);
      }
      expect(selector.select(t, models, o)?.model).toEqual(one.ranked[0]?.model);
    }),
    { numRuns: 300 },
  );
});

test('another, worse model never changes the winner', () => {
  fc.assert(
    fc.property(inventory, anyTask, wishes, fc.constantFrom(...OPTIONS), (models, t, o, options) => {
      const selector = new ModelSelector(options);
      const winner = selector.select(t, models, o);
      fc.pre(winner !== null);
      const best = models.find((m) => m.id === winner?.model.id && m.service === winner.model.service) as ServedModel;
      const worse: ServedModel = {
        ...best,
        service: 'ollama@z:9',
        type: best.type,
        state: { value: 'unloaded', source: 'server' },
        quantization: { value: 'Q2_K', source: 'server' },
        priority: 500,
      };
      expect(selector.select(t, [worse, ...models], o)?.model).toEqual(winner?.model);
    }),
    { numRuns: 300 },
  );
});

const STRATEGIES = ['quality', 'balanced', 'fast', 'cheap'] as const;

test('whoever comes in beside the others, the winner is the old one or the new one, and the order of the others stays', () => {
  fc.assert(
    fc.property(inventory, anyModel, anyTask, wishes, fc.constantFrom(...OPTIONS), (models, extra, t, o, options) => {
      fc.pre(models.every((m) => m.id !== extra.id || m.service !== extra.service));
      const selector = new ModelSelector(options);
      const name = ({ model }: { model: { id: string; service: string } }) => `${model.id} ${model.service}`;
      const before = selector.rank(t, models, o).ranked.map(name);
      const after = selector.rank(t, [...models, extra], o).ranked.map(name);
      expect(after.filter((one) => one !== name({ model: extra }))).toEqual(before);
    }),
    { numRuns: 300 },
  );
});

test('a model for something else is never chosen to answer, whatever the host prefers', () => {
  const others = fc.constantFrom(
    served('bge-m3:latest', { can: ['embedding'] }),
    served('bge-m3', { service: 'openai-compatible@h:1', can: ['completion', 'chat'], assumedCan: true }),
    served('qwen3-embedding:8b', { can: ['embedding'] }),
    served('bge-reranker-v2-m3', { can: ['rerank'] }),
    served('kokoro-tts', { can: ['speech'] }),
    served('whisper-large-v3', { can: ['completion', 'chat'], assumedCan: true }),
    served('flux.1-dev', { can: ['image-generation'] }),
  );
  fc.assert(
    fc.property(
      others,
      inventory,
      anyTask,
      fc.constantFrom(...STRATEGIES),
      fc.boolean(),
      (other, models, t, strategy, forced) => {
        const options = {
          taskRouting: { [t.category]: { primary: [other.id] } },
          rules: [{ when: {}, prefer: [other.id] }],
        };
        const o = { strategy, ...(forced ? { model: other.id } : {}) };
        const { ranked, rejected } = new ModelSelector(options).rank(
          t,
          [other, ...models.filter((m) => m.id !== 'bge-m3')],
          o,
        );
        expect(ids(ranked)).not.toContain(other.id);
        expect(rejected.find(({ model }) => model.id === other.id)?.rule).toBe('kind');
      },
    ),
  );
});

test('every part of every score adds up and says why, and every refusal says what would change it', () => {
  const text = /^[A-Z][^\n]*[.]$/;
  fc.assert(
    fc.property(inventory, anyTask, wishes, fc.constantFrom(...STRATEGIES), (models, t, o, strategy) => {
      const selector = new ModelSelector({ maxVramGb: 6, rules: [{ when: {}, avoid: ['my-model'] }] });
      const { ranked, rejected } = selector.rank(t, models, { ...o, strategy });
      for (const { score, parts } of ranked) {
        expect(parts.reduce((sum, { value, weight }) => sum + value * weight, 0)).toBeCloseTo(score, 9);
        for (const { value, reason } of parts) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
          expect(reason.length).toBeGreaterThan(0);
        }
      }
      for (const { reason, remedy } of rejected) {
        expect(reason).toMatch(text);
        expect(remedy).toMatch(text);
      }
    }),
  );
});

test('a small model that must be loaded first is nearer than a big one, and no state is worse than being on disk', () => {
  const warm = (id: string, given: Given, o: Requirements = {}) => {
    const [best] = new ModelSelector().rank(task('coding', 1), [served(id, given)], o).ranked;
    return best?.parts.find(({ name }) => name === 'warm')?.value as number;
  };
  const cold = { state: 'unloaded' } as const;
  expect(warm('llama3.2:1b', cold)).toBeGreaterThan(warm('qwen3:8b', cold));
  expect(warm('qwen3:8b', cold)).toBeGreaterThan(warm('llama3.3:70b', cold));
  for (const id of ['llama3.2:1b', 'llama3.3:70b']) {
    expect(warm(id, {})).toBeGreaterThan(warm(id, { busy: true }));
    for (const state of ['sleeping', 'loading', 'unknown'] as const) {
      expect(warm(id, { state, busy: true })).toBeGreaterThanOrEqual(warm(id, cold));
    }
    const reload = { context: 8192, max: 32_768 };
    expect(warm(id, reload, { contextTokens: 20_000 })).toBeGreaterThanOrEqual(warm(id, cold));
  }
});
