import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RouterError } from '../../src/core/errors.js';
import { bitsPerWeight, estimateMemory, GIB } from '../../src/models/memory.js';
import { parseModelId } from '../../src/models/model-id.js';

describe('estimateMemory', () => {
  test('gives the cache of known architectures exactly', () => {
    // 32 layers, 8 heads of 128, keys and values, 2 bytes: 128 KiB a token.
    expect(estimateMemory('llama-3.1-8b', { contextLength: 32_768 }).kvCacheBytes).toBe(4 * GIB);
    expect(estimateMemory('deepseek-r1-distill-qwen-7b', { contextLength: 131_072 }).kvCacheBytes).toBe(7 * GIB);
    // Latent attention: 61 layers of 576.
    expect(estimateMemory('deepseek-v3', { contextLength: 1024 }).kvCacheBytes).toBe(61 * 576 * 1024 * 2);
  });

  test('counts a sliding window once it is full', () => {
    const at = (contextLength: number) => estimateMemory('gemma-3-27b', { contextLength }).kvCacheBytes;
    expect(at(131_072) / at(1024)).toBeLessThan(30);
    expect(at(1024) / at(512)).toBeCloseTo(2);
  });

  test('is near the files that people load', () => {
    // Llama-3.1-8B Q4_K_M: 4.92 GB; Qwen2.5-Coder-32B Q4_K_M: 19.85 GB; gpt-oss-20b MXFP4: 12.1 GB.
    const weights = (key: string, quantization: string) =>
      estimateMemory(key, { contextLength: 4096, quantization }).weightsBytes / 1e9;
    expect(Math.abs(weights('llama-3.1-8b', 'Q4_K_M') / 4.92 - 1)).toBeLessThan(0.1);
    expect(Math.abs(weights('qwen2.5-coder-32b', 'Q4_K_M') / 19.85 - 1)).toBeLessThan(0.1);
    expect(Math.abs(weights('gpt-oss-20b', 'MXFP4') / 12.1 - 1)).toBeLessThan(0.1);
  });

  test('follows all parameters of a mixture of experts, not the active ones', () => {
    const { weightsBytes } = estimateMemory('deepseek-v3', { contextLength: 4096, quantization: 'Q4_K_M' });
    expect(weightsBytes / 1e9).toBeGreaterThan(380);
  });

  test.each(['constructor', '__proto__'])('a cache type and a label of %s are not known', (word) => {
    const o = { contextLength: 8192, kvCacheType: word, quantization: word };
    const { totalBytes, assumed } = estimateMemory('qwen3-8b', o);
    expect(Number.isSafeInteger(totalBytes)).toBe(true);
    expect(assumed).toEqual(['quantization: Q4_K_M (the label is not known)', 'kvCacheType: f16']);
  });

  test('takes cache type and slots into account', () => {
    const base = estimateMemory('qwen3-8b', { contextLength: 8192 }).kvCacheBytes;
    expect(estimateMemory('qwen3-8b', { contextLength: 8192, parallelSlots: 4 }).kvCacheBytes).toBe(4 * base);
    expect(estimateMemory('qwen3-8b', { contextLength: 8192, kvCacheType: 'q8_0' }).kvCacheBytes).toBe(
      Math.round((base * 1.0625) / 2),
    );
  });

  test('says what it had to assume', () => {
    expect(estimateMemory('llama-3.1-8b', { contextLength: 4096, quantization: 'Q8_0' }).assumed).toEqual([]);
    expect(estimateMemory('hf.co/x/Llama-3.1-8B-Instruct-GGUF:Q8_0', { contextLength: 4096 }).assumed).toEqual([]);
    const unknown = estimateMemory('my-model', { contextLength: 4096, kvCacheType: 'odd' });
    expect(unknown.assumed.map((a) => a.split(':')[0])).toEqual([
      'parameters',
      'quantization',
      'kvCacheType',
      'architecture',
    ]);
    expect(estimateMemory(parseModelId('my-model-13b-q4_0'), { contextLength: 4096 }).assumed).toHaveLength(1);
  });

  test('adds up, and grows with the context, for any name', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 1_000_000 }), (name, contextLength) => {
        const one = estimateMemory(name, { contextLength });
        const more = estimateMemory(name, { contextLength: contextLength * 2 });
        expect(one.totalBytes).toBe(one.weightsBytes + one.kvCacheBytes + one.overheadBytes);
        expect(more.kvCacheBytes).toBeGreaterThan(one.kvCacheBytes);
      }),
    );
  });

  test('refuses options that make no sense', () => {
    for (const contextLength of [0, -1, Number.NaN, 1.5]) {
      expect(() => estimateMemory('qwen3-8b', { contextLength })).toThrow(/contextLength/);
    }
    try {
      estimateMemory('qwen3-8b', { contextLength: 4096, slots: 2 } as never);
      expect.unreachable();
    } catch (error) {
      expect(RouterError.is(error) && error.code).toBe('ERR_INVALID_OPTION');
    }
  });
});

test('bits per weight are read from labels as servers write them', () => {
  expect(bitsPerWeight('Q4_K_M')).toBe(4.89);
  expect(bitsPerWeight('q8-0')).toBe(8.5);
  expect(bitsPerWeight('UD-Q4_K_XL')).toBeCloseTo(4.9);
  expect(bitsPerWeight('GPTQ-Int8')).toBe(8.5);
  expect(bitsPerWeight('4bit')).toBe(4.9);
  expect(bitsPerWeight('exl2-4.5bpw')).toBe(4.5);
  expect(bitsPerWeight('bnb-4bit')).toBe(4.9);
  expect(bitsPerWeight('AWQ')).toBe(4.3);
  expect(bitsPerWeight('mystery')).toBeUndefined();
});
