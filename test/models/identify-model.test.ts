import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ServiceType } from '../../src/core/service.js';
import { identifyModel, type WeightFacts } from '../../src/models/identify-model.js';
import { parseModelId } from '../../src/models/model-id.js';

const B = 1e9;

describe('what a server says decides where the name does not', () => {
  const CASES: readonly [what: string, service: ServiceType, id: string, WeightFacts, key: string | null][] = [
    // One tag, two models over time.
    [
      'a Llama distill',
      'ollama',
      'deepseek-r1:8b',
      { parameters: 8.03 * B, architecture: 'llama' },
      'deepseek-r1-distill-llama-8b',
    ],
    [
      'a Qwen distill',
      'ollama',
      'deepseek-r1:8b',
      { parameters: 8.19 * B, architecture: 'qwen3' },
      'deepseek-r1-0528-qwen3-8b',
    ],
    [
      'a small distill as latest',
      'ollama',
      'deepseek-r1:latest',
      { parameters: 7.62 * B, architecture: 'qwen2' },
      'deepseek-r1-distill-qwen-7b',
    ],
    ['the real one', 'ollama', 'deepseek-r1:671b', { parameters: 671 * B, architecture: 'deepseek2' }, 'deepseek-r1'],
    ['latest without a size', 'ollama', 'qwen3:latest', { parameters: 8.19 * B, architecture: 'qwen3' }, 'qwen3-8b'],
    [
      'the small one of a pair',
      'ollama',
      'deepseek-coder-v2:latest',
      { parameters: 15.7 * B, architecture: 'deepseek2' },
      'deepseek-coder-v2-lite',
    ],
    // Aliases.
    [
      'an alias over a repository',
      'vllm',
      'gpt-4o-mini',
      { weights: 'Qwen/Qwen2.5-Coder-32B-Instruct' },
      'qwen2.5-coder-32b',
    ],
    [
      'an alias over a file',
      'llama.cpp',
      'claude-sonnet',
      { weights: '/m/Qwen3-8B-Q4_K_M.gguf', parameters: 8.19 * B },
      'qwen3-8b',
    ],
    [
      'a file that is called as the model is',
      'llama.cpp',
      'qwen2.5-coder-7b',
      { weights: '/m/qwen2.5-coder-7b.gguf' },
      'qwen2.5-coder-7b',
    ],
    ['an alias over nothing telling', 'llama.cpp', 'default', { weights: '/m/model.gguf', parameters: 8 * B }, null],
    // Sizes as servers write and round them.
    [
      'a size rounded down',
      'lmstudio',
      'qwen2.5-7b-instruct',
      { parameters: 7 * B, architecture: 'qwen2' },
      'qwen2.5-7b-instruct',
    ],
    ['embeddings counted twice', 'ollama', 'qwen3:0.6b', { parameters: 751.63e6, architecture: 'qwen3' }, 'qwen3-0.6b'],
    [
      'a vision tower counted',
      'ollama',
      'qwen2.5vl:7b',
      { parameters: 8.3 * B, architecture: 'qwen25vl' },
      'qwen2.5-vl-7b',
    ],
    ['a size that names round', 'ollama', 'gemma3:4b', { parameters: 4.3 * B, architecture: 'gemma3' }, 'gemma-3-4b'],
    // Architectures with names of their own.
    [
      'an architecture of another line',
      'ollama',
      'mistral:7b',
      { parameters: 7.25 * B, architecture: 'llama' },
      'mistral-7b',
    ],
    [
      'an architecture of the line before',
      'ollama',
      'phi4:14b',
      { parameters: 14.7 * B, architecture: 'phi3' },
      'phi-4',
    ],
    ['mixture of experts', 'ollama', 'gpt-oss:20b', { parameters: 20.9 * B, architecture: 'gptoss' }, 'gpt-oss-20b'],
    ['a reasoning model of the line', 'ollama', 'qwq:32b', { parameters: 32.8 * B, architecture: 'qwen2' }, 'qwq-32b'],
  ];
  test.each(CASES)('%s: %s %s', (_, service, id, facts, key) => {
    const { identity, notes } = identifyModel(id, facts, service);
    expect(identity).toMatchObject({ id, key });
    expect(notes).toEqual([]);
  });

  // As `ollama ls` and the library show them: what builds of one model have in common.
  test.each([
    'llama3.2:1b llama 1.2',
    'llama3.2:3b llama 3.2',
    'llama3.3:70b llama 70.6',
    'llama3.2-vision:11b mllama 10.7',
    'llama4:16x17b llama4 108.6',
    'codellama:34b llama 33.7',
    'gemma2:27b gemma2 27.2',
    'gemma3:12b gemma3 12.2',
    'gemma3n:e4b gemma3n 6.9',
    'codegemma:7b gemma 8.5',
    'embeddinggemma:300m gemma3 0.308',
    'phi3.5:3.8b phi3 3.8',
    'mixtral:8x7b llama 46.7',
    'mistral-nemo:12b llama 12.2',
    'mistral-small3.1:24b mistral3 24.0',
    'codestral:22b llama 22.2',
    'deepseek-coder:6.7b llama 6.7',
    'deepseek-coder-v2:16b deepseek2 15.7',
    'deepseek-r1:1.5b qwen2 1.8',
    'deepseek-r1:32b qwen2 32.8',
    'deepseek-r1:70b llama 70.6',
    'deepseek-v3:671b deepseek2 671.0',
    'qwen2.5:3b qwen2 3.1',
    'qwen2.5:72b qwen2 72.7',
    'qwen3:1.7b qwen3 2.0',
    'qwen3:14b qwen3 14.8',
    'qwen3-coder:30b qwen3moe 30.5',
    'codeqwen:7b qwen2 7.3',
    'gpt-oss:120b gptoss 116.8',
    'granite3.3:8b granite 8.2',
    'granite-code:8b llama 8.1',
    'command-r:35b command-r 32.3',
    'yi:34b llama 34.4',
    'solar:10.7b llama 10.7',
    'starcoder2:15b starcoder2 16.0',
    'deepcoder:14b qwen2 14.8',
    'hermes3:8b llama 8.0',
    'nemotron:70b llama 70.6',
    'bge-m3:567m bert 0.56682',
    'mxbai-embed-large:335m bert 0.33409',
    'nomic-embed-text:v1.5 nomic-bert 0.137',
    'smollm2:135m llama 0.13452',
  ])('%s agrees', (row) => {
    const [id = '', architecture, billions] = row.split(' ');
    const facts = { architecture, parameters: Math.round(Number(billions) * B) };
    const { identity, notes } = identifyModel(id, facts, 'ollama');
    expect(notes).toEqual([]);
    expect(identity.key).toBe(parseModelId(id, { service: 'ollama' }).key);
    expect(identity.key).not.toBeNull();
  });

  test('the size of a model that nobody knows', () => {
    const { identity, notes } = identifyModel('my-model:latest', { parameters: 13.4 * B }, 'ollama');
    expect(identity).toMatchObject({ key: null, sizeB: 13.4 });
    expect(notes).toEqual([]);
  });
});

describe('where name and server contradict each other the server wins, and it is noted', () => {
  const CASES: readonly [
    what: string,
    service: ServiceType,
    id: string,
    WeightFacts,
    identity: Record<string, unknown>,
    note: string,
  ][] = [
    [
      'another size',
      'ollama',
      'qwen3:8b',
      { parameters: 4.02 * B, architecture: 'qwen3' },
      { key: null, base: 'qwen3-8b', sizeB: 4.02, confidence: 0.3 },
      'Its name says qwen3-8b; its server reports 4.02 billion parameters, qwen3.',
    ],
    [
      'six percent off',
      'llama.cpp',
      'qwen2.5-coder-32b',
      { parameters: 30.8 * B },
      { key: null, base: 'qwen2.5-coder-32b' },
      'Its name says qwen2.5-coder-32b; its server reports 30.8 billion parameters.',
    ],
    [
      'another line',
      'ollama',
      'llama3.1:8b',
      { parameters: 8.03 * B, architecture: 'qwen3' },
      { key: null },
      'Its name says llama-3.1-8b; its server reports 8.03 billion parameters, qwen3.',
    ],
    [
      'another generation',
      'ollama',
      'qwen3:32b',
      { architecture: 'qwen2' },
      { key: null, sizeB: 32 },
      'Its name says qwen3-32b; its server reports qwen2.',
    ],
    [
      'other weights',
      'vllm',
      'qwen2.5-coder-32b',
      { weights: '/data/Qwen2.5-Coder-7B-Instruct' },
      { id: 'qwen2.5-coder-32b', key: 'qwen2.5-coder-7b' },
      'Its name says 32 billion parameters; its server loads Qwen2.5-Coder-7B-Instruct.',
    ],
    [
      'a finetune under the name of its base',
      'llama.cpp',
      'qwen3-8b',
      { weights: '/m/Qwen3-8B-abliterated.Q4_K_M.gguf' },
      { key: null, derivative: true, base: 'qwen3-8b' },
      'Its name says qwen3-8b; its server loads Qwen3-8B-abliterated.Q4_K_M.gguf.',
    ],
    [
      'the base checkpoint',
      'llama.cpp',
      'qwen2.5-coder-7b',
      { weights: 'Qwen/Qwen2.5-Coder-7B' },
      { key: null, variant: 'base' },
      'Its name says qwen2.5-coder-7b; its server loads Qwen2.5-Coder-7B.',
    ],
    [
      'the size of an unknown model',
      'ollama',
      'my-model:7b',
      { parameters: 3.1 * B },
      { key: null, sizeB: 3.1 },
      'Its name says 7 billion parameters; its server reports 3.1.',
    ],
    [
      'another quantisation',
      'ollama',
      'qwen3:8b-q8_0',
      { quantization: 'Q4_K_M' },
      { key: 'qwen3-8b' },
      'Its name says q8_0; its server reports Q4_K_M.',
    ],
  ];
  test.each(CASES)('%s', (_, service, id, facts, identity, note) => {
    const found = identifyModel(id, facts, service);
    expect(found.identity).toMatchObject(identity);
    expect(found.notes).toEqual([note]);
  });

  test('a name that says it was altered is believed, whatever the file is called', () => {
    const facts = { weights: 'Qwen3-8B-Instruct', parameters: 8.19 * B, architecture: 'qwen3' };
    const { identity } = identifyModel('huihui_ai/qwen3-abliterated:8b', facts, 'ollama');
    expect(identity).toMatchObject({ key: null, derivative: true });
  });

  test('labels of one width are no contradiction', () => {
    for (const [id, quantization] of [
      ['qwen3:8b-q4_K_M', 'Q4_K - Medium'],
      ['mlx-community/Qwen3-8B-4bit', 'Q4_K_S'],
      ['Qwen3-8B-exl2-4.5bpw', 'exl2'],
      ['ai/qwen2.5:7B-Q4_K_M', 'IQ2_XXS/Q4_K_M'],
    ] as const) {
      expect(identifyModel(id, { quantization }, 'ollama').notes).toEqual([]);
    }
  });
});

test('without facts it is what the name says; with any it is total, and the id stays', () => {
  const facts = fc.record(
    {
      weights: fc.string(),
      parameters: fc.integer({ min: 1 }),
      architecture: fc.oneof(fc.string(), fc.constantFrom('llama', 'qwen2', 'gptoss')),
      quantization: fc.string(),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<WeightFacts>;
  const name = fc.oneof(fc.string(), fc.constantFrom('qwen3:8b', 'deepseek-r1', 'gemma3:27b', 'x/llama-2-7b-chat'));
  fc.assert(
    fc.property(name, facts, (id, told) => {
      expect(identifyModel(id, {}, 'ollama')).toEqual({ identity: parseModelId(id, { service: 'ollama' }), notes: [] });
      const { identity, notes } = identifyModel(id, told, 'ollama');
      expect(identity.id).toBe(id);
      for (const note of notes) expect(note).toMatch(/^Its name says .*\.$/);
    }),
  );
});
