import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CATEGORIES, catalogEntry, overrideEntry } from '../../src/models/catalog.js';
import { CATALOG_DATA } from '../../src/models/catalog-data.js';
import { CATALOG_NAMES } from '../../src/models/catalog-names.js';
import { parseModelId } from '../../src/models/model-id.js';
import { SHORT_NAMES, STARTING_SCORES, taskDefaults } from '../../src/models/task-defaults.js';

const keys = CATALOG_NAMES.split('\n').flatMap((line) =>
  line.startsWith('#') ? [] : [line.slice(0, line.indexOf('|'))],
);

describe('the catalogue', () => {
  test('has facts for every name, each key once', () => {
    expect(keys.length).toBeGreaterThanOrEqual(312);
    expect(new Set(keys).size).toBe(keys.length);
    expect(CATALOG_DATA.split('\n')).toHaveLength(keys.length);
  });

  test('knows every model that the defaults, tiers and short names speak of', () => {
    const spoken = [
      ...CATEGORIES.flatMap((c) => taskDefaults[c].models),
      ...Object.keys(STARTING_SCORES),
      ...Object.values(SHORT_NAMES),
    ];
    expect(spoken.filter((key) => catalogEntry(key) === undefined)).toEqual([]);
  });

  // The models that the first designs of this router were written for, under the names that they used.
  test.each([
    ...[
      'deepseek-v3',
      'deepseek-coder-v2',
      'deepseek-coder-6.7b',
      'deepseek-r1',
      'qwen2.5-coder-32b',
      'qwen2.5-coder-14b',
    ],
    ...['qwen2.5-coder-7b', 'qwen2.5-72b-instruct', 'qwen2.5-32b-instruct', 'llama-3.3-70b-instruct', 'llama-3.2-3b'],
    ...['llama-3.2-11b-vision', 'codellama-7b', 'codellama-34b', 'codellama-34b-instruct', 'codellama-70b', 'phi-4'],
    ...['phi-3-medium', 'gemma-2-9b', 'gemma-2-27b', 'mistral-7b', 'mistral-nemo-12b', 'mistral-small-24b', 'yi-34b'],
    ...['starcoder2-15b', 'wizardcoder-33b', 'magicoder-7b', 'solar-10.7b', 'dolphin-mixtral-8x7b', 'command-r-plus'],
    ...['nous-hermes-2-mixtral', 'deepseek-r1-distill-70b', 'deepseek-r1-distill-32b', 'deepseek-r1-distill-14b'],
    ...[
      'deepseek-r1-distill-8b',
      'qwen/qwen3-30b-a3b-2507',
      'mistralai/devstral-small-2507',
      'llama3:8b',
      'codellama:7b',
    ],
  ])('has %s', (name) => {
    const key = catalogEntry(name)?.key ?? parseModelId(name).key;
    expect(key).not.toBeNull();
    expect(catalogEntry(key as string)?.scores).toBeDefined();
  });

  test('says what it knows of a model, and from where', () => {
    expect(catalogEntry('qwen3-30b-a3b')).toMatchObject({ totalB: 30.5, activeB: 3.3, contextWindow: 40_960 });
    expect(catalogEntry('qwen2.5-coder-32b')).toMatchObject({
      contextWindow: 131_072,
      contextConfigured: 32_768,
      tier: 1,
    });
    expect(catalogEntry('qwen2.5-coder-32b')?.can).toContain('fill-in-the-middle');
    expect(catalogEntry('bge-m3')?.can).toEqual(['embedding']);
    expect(catalogEntry('qwen2.5-coder-32b')?.scores?.coding.source).toBe('benchmark');
    expect(catalogEntry('codellama-34b')?.scores?.analysis.source).toBe('hand-set');
    expect(catalogEntry('qwen3.8-27b')?.scores?.coding.source).toBe('inferred');
    expect(catalogEntry('no-such-model')).toBeUndefined();
  });

  test('keeps every score between 0 and 1, bigger siblings above smaller ones', () => {
    for (const key of keys) {
      for (const score of Object.values(catalogEntry(key)?.scores ?? {})) {
        expect(score.value).toBeGreaterThan(0);
        expect(score.value).toBeLessThan(1);
      }
    }
    const coding = (key: string) => catalogEntry(key)?.scores?.coding.value ?? 0;
    expect(coding('qwen2.5-coder-32b')).toBeGreaterThan(coding('qwen2.5-coder-7b'));
    expect(coding('qwen3-32b')).toBeGreaterThan(coding('qwen3-8b'));
    expect(coding('qwen3-8b')).toBeGreaterThan(coding('qwen3-0.6b'));
    expect(coding('qwen3.6-27b')).toBeGreaterThan(coding('codellama-34b'));
  });

  test('takes the better knowledge of a host', () => {
    const better = overrideEntry({ key: 'phi-4', contextWindow: 65_536, scores: { coding: 90 } }, null);
    expect(better).toMatchObject({ totalB: 14.7, contextWindow: 65_536 });
    expect(better.scores?.coding).toEqual({ value: 0.9, source: 'host' });
    expect(better.scores?.reasoning.source).not.toBe('host');
    expect(overrideEntry({ key: 'ours', capabilities: ['vision'] }, 13)).toMatchObject({ totalB: 13, can: ['vision'] });
  });
});

describe('the data file with the sources', () => {
  const file = new URL('../../data/model-facts.jsonl', import.meta.url);
  const [head, ...models] = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

  test('is what the tables were made from', () => {
    const script = fileURLToPath(new URL('../../scripts/build-catalog.mjs', import.meta.url));
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
  });

  test('names a source for every fact and every score', () => {
    const isSource = (index: unknown) => typeof head.sources[index as number] === 'string';
    for (const { key, facts, scores = [] } of models) {
      for (const [name, fact] of Object.entries(facts)) {
        expect(isSource((fact as unknown[])[1]), `${key}: ${name}`).toBe(true);
      }
      for (const [board, value, source] of scores) {
        expect(head.boards[board]?.name, key).toBeTypeOf('string');
        expect(value, key).toBeTypeOf('number');
        expect(isSource(source), key).toBe(true);
      }
    }
  });

  test('says what the catalogue says', () => {
    expect(models.map(({ key }) => key).sort()).toEqual([...keys].sort());
    for (const { key, facts } of models) {
      const entry = catalogEntry(key);
      expect(entry?.totalB).toBe(facts.totalParamsB?.[0]);
      expect(entry?.activeB).toBe(facts.activeParamsB?.[0]);
      expect(entry?.contextWindow).toBe(facts.contextWindow?.[0]);
      expect(entry?.contextExtended).toBe(facts.contextExtended?.[0]);
      expect(entry?.can.includes('tools')).toBe(facts.tools?.[0] === true);
      expect(entry?.cannot.includes('vision')).toBe(facts.vision?.[0] === false);
      expect(entry?.cache?.shape).toEqual(facts.kv?.[0]);
    }
  });
});
