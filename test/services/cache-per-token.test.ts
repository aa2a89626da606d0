import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cachePerToken } from '../../src/services/cache-per-token.js';
import { recorded } from './recorded.js';

const llama = {
  'general.architecture': 'llama',
  'llama.block_count': 32,
  'llama.embedding_length': 4096,
  'llama.attention.head_count': 32,
  'llama.attention.head_count_kv': 8,
};

it('counts what a description tells', () => {
  expect(cachePerToken(llama)).toBe(128 * 1024);
  expect(cachePerToken({ ...llama, 'llama.attention.key_length': 64, 'llama.attention.value_length': 64 })).toBe(
    65_536,
  );
  expect(cachePerToken({ ...llama, 'llama.attention.shared_kv_layers': 16 })).toBe(65_536);
  expect(cachePerToken({ ...llama, 'llama.full_attention_interval': 4 })).toBe(32_768);
  const deepseek = {
    'general.architecture': 'deepseek2',
    'deepseek2.block_count': 61,
    'deepseek2.attention.kv_lora_rank': 512,
  };
  expect(cachePerToken({ ...deepseek, 'deepseek2.rope.dimension_count': 64 })).toBe(61 * 576 * 2);
});

it('says nothing where a count is missing or differs per layer', () => {
  for (const name of Object.keys(llama)) expect(cachePerToken({ ...llama, [name]: undefined })).toBeUndefined();
  expect(cachePerToken({ ...llama, 'llama.attention.head_count_kv': [8, 0, 8] })).toBeUndefined();
  expect(cachePerToken({ ...llama, 'llama.attention.head_count_kv': null })).toBeUndefined();
  expect(cachePerToken({ ...llama, 'llama.block_count': 1e15, 'llama.embedding_length': 1e15 })).toBeUndefined();
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...Object.keys(llama)), fc.jsonValue()),
      (one, fields) => {
        for (const value of [cachePerToken(one), cachePerToken({ ...llama, ...fields })]) {
          expect(value === undefined || (Number.isSafeInteger(value) && value > 0)).toBe(true);
        }
      },
    ),
  );
});

it('reads the metadata that real servers list, Docker as texts', async () => {
  const [model] = await recorded('docker-model-runner/642c7211/warm-models-native').json();
  expect(cachePerToken(model.config.gguf)).toBe(2 * 4 * 32 * 2);
  expect(cachePerToken((await recorded('ollama/0.33.0-rc2/show').json()).model_info)).toBe(2 * 4 * 32 * 2);
});
