import { describe, expect, test } from 'vitest';
import { CATEGORIES, catalogEntry, overrideEntry } from '../../src/models/catalog.js';
import { CATALOG_DATA } from '../../src/models/catalog-data.js';
import { CATALOG_NAMES } from '../../src/models/catalog-names.js';
import { KV_SHAPES } from '../../src/models/kv-shapes.js';
import { SHORT_NAMES, STARTING_SCORES, taskDefaults } from '../../src/models/task-defaults.js';

const keys = CATALOG_DATA.split('\n').map((line) => line.slice(0, line.indexOf('|')));

describe('the catalogue', () => {
  test('has facts for every name, each key once', () => {
    const named = CATALOG_NAMES.split('\n').flatMap((line) => (line.startsWith('#') ? [] : [line.split('|')[0]]));
    expect(new Set(keys).size).toBe(keys.length);
    expect([...keys].sort()).toEqual([...named].sort());
  });

  test('knows every model that the defaults, tiers, short names and cache shapes speak of', () => {
    const spoken = [
      ...CATEGORIES.flatMap((c) => taskDefaults[c].models),
      ...Object.keys(STARTING_SCORES),
      ...Object.values(SHORT_NAMES),
      ...KV_SHAPES.flatMap(([, list]) => list.split(' ')),
    ];
    expect(spoken.filter((key) => catalogEntry(key) === undefined)).toEqual([]);
    const shaped = KV_SHAPES.flatMap(([, list]) => list.split(' '));
    expect(new Set(shaped).size).toBe(shaped.length);
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
