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

  test('says where the shape of the cache is only remembered', () => {
    const architecture = (key: string) =>
      estimateMemory(key, { contextLength: 4096, quantization: 'Q8_0' }).assumed.filter((a) => a.startsWith('arch'));
    expect(architecture('qwen3-8b')).toEqual([]);
    expect(architecture('glm-4.5-air')).toEqual(['architecture: 46 layers with 8 key-value heads of 128']);
    expect(architecture('qwen3.8-27b')).toHaveLength(1);
  });

  test("takes the cache from a server's description, except where layers have windows", () => {
    const cache = (key: string, cacheBytesPerToken?: number) =>
      estimateMemory(key, { contextLength: 8192, quantization: 'Q4_0', kvCacheType: 'q8_0', cacheBytesPerToken });
    expect(cache('my-model-7b', 65_536).kvCacheBytes).toBe(65_536 * 8192 * 0.53125);
    expect(cache('my-model-7b', 65_536).assumed).toEqual([]);
    expect(cache('gemma-3-27b', 507_904)).toEqual(cache('gemma-3-27b'));
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

describe('against what real files and servers have', () => {
  const GB = 1e9;
  // Files as listed by Docker's model cards and the README of gguf-parser; the last column is the error that was found.
  const FILES: readonly [key: string, label: string, bytes: number, error: number][] = [
    ['llama-3.1-8b', 'Q4_K_M', 4.92 * GB, 0.01],
    ['qwen2.5-coder-32b', 'Q4_K_M', 19.85 * GB, 0.02],
    ['qwen2.5-7b-instruct', 'IQ2_XXS/Q4_K_M', 4.36 * GIB, 0.01],
    ['qwen2.5-7b-instruct', 'Q4_0', 4.12 * GIB, 0.01],
    ['qwen2.5-7b-instruct', 'F16', 14.19 * GIB, 0.01],
    ['qwen2.5-3b-instruct', 'F16', 5.75 * GIB, 0.04],
    ['qwen2.5-3b-instruct', 'Q4_K_M', 1.79 * GIB, 0.06],
    ['qwen2.5-1.5b-instruct', 'F16', 2.88 * GIB, 0.04],
    ['qwen2.5-0.5b-instruct', 'F16', 942.43 * 2 ** 20, 0.02],
    ['llama-3.3-70b-instruct', 'Q4_K_M', 39.59 * GIB, 0.02],
    ['llama-3.3-70b-instruct', 'Q4_0', 37.22 * GIB, 0.03],
    ['llama-3.2-3b', 'F16', 5.98 * GIB, 0.01],
    ['llama-3.2-3b', 'Q4_K_M', 1.87 * GIB, 0.03],
    ['llama-3.2-1b', 'F16', 2.3 * GIB, 0.05],
    ['llama-3.2-1b', 'Q8_0', 1.22 * GIB, 0.05],
    ['phi-4', 'Q4_K_M', 8.43 * GIB, 0.01],
    ['phi-4', 'F16', 27.31 * GIB, 0.01],
    ['qwq-32b', 'Q4_K_M', 18.48 * GIB, 0.02],
    ['qwq-32b', 'F16', 61.03 * GIB, 0.03],
    ['gemma-3-4b', 'Q4_K_M', 2.31 * GIB, 0.02],
    ['gemma-3-4b', 'F16', 7.23 * GIB, 0.04],
    ['gemma-3-1b', 'F16', 1.86 * GIB, 0.01],
    // Embeddings of 262k words stay fine in a model of a billion.
    ['gemma-3-1b', 'Q4_K_M', 762.49 * 2 ** 20, 0.24],
    ['gpt-oss-20b', 'MXFP4', 12.1 * GB, 0.09],
    ['gpt-oss-20b', 'MOSTLY_F16', 12.83 * GIB, 0.08],
    ['gpt-oss-20b', 'MOSTLY_Q4_K_M', 11.04 * GIB, 0.09],
  ];
  test.each(FILES)('weights of %s in %s', (key, quantization, bytes, error) => {
    const { weightsBytes, assumed } = estimateMemory(key, { contextLength: 4096, quantization });
    expect(assumed).toEqual(key === 'gpt-oss-20b' ? [expect.stringContaining('architecture')] : []);
    expect(Math.abs(weightsBytes / bytes - 1)).toBeLessThanOrEqual(error);
  });

  test('parameters that a server counts give the file to the byte', () => {
    // `meta` of llama.cpp's list and the tags of Ollama, as recorded; the rest of the second file is its vocabulary.
    const weights = (parameters: number, quantization: string) =>
      estimateMemory({ ...parseModelId('tiny'), sizeB: parameters / 1e9 }, { contextLength: 512, quantization })
        .weightsBytes;
    expect(weights(306_048, 'all F32')).toBe(1_224_192);
    expect(weights(153_741_952, 'all F32')).toBe(614_967_808);
    expect(Math.abs(weights(151_180_000, 'F16') / 302_386_807 - 1)).toBeLessThan(0.0001);
  });

  // `/api/ps` of a real Ollama, for models of 2 layers with 4 key-value heads of 16: what a runner takes in all.
  const RUNNING: readonly [context: number, slots: number, bytes: number][] = [
    [512, 1, 2_139_094],
    [2048, 1, 4_487_904],
    [4096, 1, 7_633_632],
    [4096, 2, 14_984_150],
    [8192, 1, 23_372_758],
  ];
  test.each(RUNNING)(
    '%i tokens at %i slots: weights and cache below what runs, buffers above',
    (contextLength, parallelSlots, bytes) => {
      const tiny = { ...parseModelId('tiny'), sizeB: 0.000139584 };
      const o = { contextLength, parallelSlots, quantization: 'F16', cacheBytesPerToken: 2 * 4 * 32 * 2 };
      const { weightsBytes, kvCacheBytes, totalBytes, assumed } = estimateMemory(tiny, o);
      expect(assumed).toEqual([]);
      expect(weightsBytes + kvCacheBytes).toBeLessThan(bytes);
      expect(totalBytes).toBeGreaterThan(bytes);
      expect(totalBytes - bytes).toBeLessThan(0.5 * GIB);
    },
  );

  test('caches of architectures that save some', () => {
    const perToken = (key: string, contextLength = 4096) =>
      estimateMemory(key, { contextLength }).kvCacheBytes / contextLength;
    expect(perToken('llama-2-13b')).toBe(40 * 40 * 128 * 2 * 2); // every head its own
    expect(perToken('qwen2.5-coder-7b')).toBe(28 * 4 * 128 * 2 * 2); // shared heads
    expect(perToken('deepseek-r1')).toBe(61 * 576 * 2); // latent attention
    expect(perToken('qwen3-coder-next')).toBe(12 * 2 * 256 * 2 * 2); // three of four layers keep a fixed state
    expect(perToken('gpt-oss-120b', 131_072)).toBeCloseTo(18 * 8 * 64 * 2 * 2 * (1 + 128 / 131_072)); // windows
    expect(perToken('gemma-2-9b', 8192)).toBe(42 * 8 * 256 * 2 * 2 * 0.75);
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
  // As llama.cpp, Docker and gguf-parser write them.
  expect(bitsPerWeight('all F32')).toBe(32);
  expect(bitsPerWeight('MOSTLY_F32')).toBe(32);
  expect(bitsPerWeight('Q4_K - Medium')).toBe(4.89);
  expect(bitsPerWeight('Q3_K - Large')).toBe(4.3);
  expect(bitsPerWeight('MXFP4 MoE')).toBe(4.25);
  expect(bitsPerWeight('IQ2_XXS - 2.0625 bpw')).toBe(2.0625);
  expect(bitsPerWeight('IQ2_XXS/Q4_K_M')).toBe(4.89);
});
