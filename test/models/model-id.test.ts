import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ServiceType } from '../../src/core/service.js';
import { CATALOG_NAMES } from '../../src/models/catalog-names.js';
import { parseModelId } from '../../src/models/model-id.js';

const NAMES: readonly [service: ServiceType, id: string, key: string | null][] = [
  ['ollama', 'qwen2.5-coder:32b', 'qwen2.5-coder-32b'],
  ['ollama', 'qwen2.5-coder:14b-instruct-q5_K_M', 'qwen2.5-coder-14b'],
  ['ollama', 'llama3.3:70b-instruct-q4_K_M', 'llama-3.3-70b-instruct'],
  ['ollama', 'llama3.3:latest', 'llama-3.3-70b-instruct'],
  ['ollama', 'gemma3:27b-it-qat', 'gemma-3-27b'],
  ['ollama', 'gemma3n:e4b-it-q8_0', 'gemma-3n-e4b'],
  ['ollama', 'phi3:14b-medium-128k-instruct-q4_0', 'phi-3-medium'],
  ['ollama', 'mixtral:8x7b-instruct-v0.1-q4_K_M', 'mixtral-8x7b'],
  ['ollama', 'qwen3:30b-a3b-thinking-2507-q8_0', 'qwen3-30b-a3b-thinking-2507'],
  ['ollama', 'deepseek-r1:32b', 'deepseek-r1-distill-qwen-32b'],
  ['ollama', 'deepseek-r1:671b', 'deepseek-r1'],
  ['ollama', 'granite4:tiny-h', 'granite-4.0-h-tiny'],
  ['ollama', 'command-r7b:7b-12-2024-q8_0', 'command-r7b-12-2024'],
  ['ollama', 'nomic-embed-text:v1.5', 'nomic-embed-text-v1.5'],
  ['ollama', 'hf.co/bartowski/google_gemma-3-12b-it-GGUF:Q4_K_M', 'gemma-3-12b'],
  ['ollama', 'hf.co/unsloth/gpt-oss-20b-GGUF:UD-Q4_K_XL', 'gpt-oss-20b'],
  ['docker-model-runner', 'ai/smollm2:360M-Q4_K_M', 'smollm2-360m'],
  ['lmstudio', 'mistralai/devstral-small-2507', 'devstral-small-2507'],
  ['lmstudio', 'qwen/qwen3-4b-2507', 'qwen3-4b-instruct-2507'],
  ['lmstudio', 'google/gemma-4-31b', 'gemma-4-31b'],
  ['lmstudio', 'qwen2.5-7b-instruct@q4_k_m', 'qwen2.5-7b-instruct'],
  ['lmstudio', 'text-embedding-nomic-embed-text-v1.5', 'nomic-embed-text-v1.5'],
  ['vllm', 'meta-llama/Llama-3.1-8B-Instruct', 'llama-3.1-8b'],
  ['vllm', 'RedHatAI/Meta-Llama-3.1-70B-Instruct-quantized.w4a16', 'llama-3.1-70b'],
  ['vllm', 'nvidia/Llama-3_3-Nemotron-Super-49B-v1_5-FP8', 'nemotron-super-49b-v1.5'],
  ['vllm', 'zai-org/GLM-4.5-Air-FP8', 'glm-4.5-air'],
  ['vllm', 'Qwen/Qwen2.5-Coder-7B-Instruct-GPTQ-Int4', 'qwen2.5-coder-7b'],
  ['vllm', 'CohereLabs/c4ai-command-a-03-2025', 'command-a-03-2025'],
  ['mlx-lm', 'mlx-community/Qwen3-Coder-30B-A3B-Instruct-4bit', 'qwen3-coder-30b-a3b'],
  ['llama.cpp', '/models/Phi-4-mini-instruct-Q6_K.gguf', 'phi-4-mini'],
  ['llama.cpp', 'C:\\models\\Qwen3-8B-UD-Q4_K_XL.gguf', 'qwen3-8b'],
  ['llama.cpp', 'DeepSeek-R1-0528-UD-IQ1_S-00001-of-00004.gguf', 'deepseek-r1-0528'],
  ['llama.cpp', '/home/me/.cache/huggingface/hub/models--Qwen--Qwen3-8B/snapshots/0a1b2c', 'qwen3-8b'],
  ['koboldcpp', 'koboldcpp/Mistral-Nemo-Instruct-2407-Q4_K_M', 'mistral-nemo-12b'],
  ['localai', 'qwen_qwen3-4b-instruct-2507', 'qwen3-4b-instruct-2507'],
  ['localai', 'laguna-xs-2.1-apex-i-quality', 'laguna-xs-2.1'],
  ['jan', 'unsloth/Qwen3.5-9B-UD-Q3_K_XL', 'qwen3.5-9b'],
  ['text-generation-webui', 'Qwen3-14B-exl2-4.5bpw', 'qwen3-14b'],
  ['gpt4all', 'Phi-3 Mini 4K Instruct', 'phi-3-mini-4k'],
  ['ollama', 'qwen3:4b-instruct', 'qwen3-4b-instruct-2507'],
  ['tabbyapi', 'turboderp_Qwen3-4B-Instruct-2507_4.0bpw', 'qwen3-4b-instruct-2507'],
  ['tabbyapi', 'DeepSeek-R1-Distill-Llama-8B-4.65bpw-h6-exl2', 'deepseek-r1-distill-llama-8b'],
  ['vllm', 'RedHatAI/Phi-4-multimodal-instruct-FP8-dynamic', 'phi-4-multimodal'],
  ['llama.cpp', 'Qwen3_8B', 'qwen3-8b'],
  ['llama.cpp', 'DeepSeek_R1_0528_Qwen3_8B', 'deepseek-r1-0528-qwen3-8b'],
  ['jan', 'janhq/Qwen2_5-Coder-1_5B-Instruct-Q4_K_M', 'qwen2.5-coder-1.5b'],
  ['llama.cpp', 'Ling-2.6-1T-GGUF_Ling-2.6-1T-Q4_0_4_4.gguf', 'ling-2.6-1t'],
  ['lemonade', 'user.Qwen3-8B-int4-ov', 'qwen3-8b'],
  ['ollama', 'deepseek-v3.1:671b-terminus-q4_K_M', 'deepseek-v3.1-terminus'],
  ['ollama', 'granite4:7b-a1b-h', 'granite-4.0-h-tiny'],
  ['localai', 'command-r-v01:q4_k_m', 'command-r'],
  ['vllm', 'mobiuslabsgmbh/phi-4_4bitgs64_hqq', 'phi-4'],
  ['vllm', 'ISTA-DASLab/gemma-3-27b-it-GPTQ-4b-128g', 'gemma-3-27b'],
  ['lmstudio', 'qwen3-8b:2', 'qwen3-8b'],
  ['open-webui', 'gpu1.qwen2.5-coder:14b', 'qwen2.5-coder-14b'],
  ['open-webui', 'work-box.Qwen/Qwen3-8B', 'qwen3-8b'],
  ['open-webui', 'phi-4.Q4_K_M.gguf', 'phi-4'],
  // Derivatives, under every disguise that a name can show.
  ['ollama', 'huihui_ai/qwen2.5-abliterate:14b', null],
  ['ollama', 'hf.co/mradermacher/Qwen2.5-Coder-32B-Instruct-abliterated-GGUF:Q4_K_M', null],
  ['ollama', 'dolphin3:8b', null],
  ['vllm', 'cerebras/GLM-4.5-Air-REAP-82B-A12B', null],
  ['koboldcpp', 'koboldcpp/Gemma-3-27B-Storyteller-v2', null],
  ['localai', 'qwen3.6-35b-a3b-claude-4.6-opus-reasoning-distilled', null],
  ['jan', 'Jackrong/Qwen3.5-27B.Q4_K_M', null],
  ['llama.cpp', '/m/Qwen3.5-9B-Claude-Distilled-GGUF/Qwen3.5-9B-Q4_K_M.gguf', null],
  ['llama.cpp', '/hub/models--x--Qwen3.5-9B-Claude-Distilled-GGUF/snapshots/abc/Qwen3.5-9B-Q4_K_M.gguf', null],
  ['llama.cpp', 'mradermacher_Qwen3.5-9B-Claude-Distilled-GGUF_Qwen3.5-9B.Q4_K_M.gguf', null],
  ['llama.cpp', 'Jackrong_Qwen3.5-9B-GGUF_Qwen3.5-9B-Q4_K_M.gguf', null],
  ['open-webui', 'gpu1.llama3.1-abliterated:8b', null],
  ['ollama', 'starcoder2:15b-instruct', null],
  ['ollama', 'stable-code:3b-instruct', null],
  ['vllm', 'someone/Qwen3-8B-A3B', null],
  // Other models of the same makers, base checkpoints, names that do not decide.
  ['vllm', 'Qwen/Qwen2.5-14B-Instruct-1M', null],
  ['vllm', 'Qwen/Qwen3-4B-Instruct-2507-0731', null],
  ['vllm', 'meta-llama/Llama-3.1-8B', null],
  ['vllm', 'Qwen/Qwen3-14B-Base', null],
  ['koboldcpp', 'koboldcpp/QwQ-32B-Preview', null],
  ['llama.cpp', 'DeepSeek-V4-Flash-0731-MXFP4.gguf', null],
  ['ollama', 'deepseek-r1:8b', null],
  ['ollama', 'deepseek-coder-v2', null],
  ['ollama', 'qwen3', null],
  ['lmstudio', 'qwen/qwen3-vl-30b', null],
  ['ollama', 'phi-4-reasoning-vision', null],
  ['openai-compatible', 'gpt-4o-mini', null],
  ['openai-compatible', 'default', null],
];

describe('parseModelId finds the catalogued model', () => {
  test.each(NAMES)('%s: %s', (service, id, key) => {
    expect(parseModelId(id, { service }).key).toBe(key);
  });

  test('under its own key, whatever the server', () => {
    const keys = CATALOG_NAMES.split('\n').filter((line) => !line.startsWith('#'));
    expect(keys.length).toBeGreaterThanOrEqual(312);
    for (const line of keys) {
      const key = line.slice(0, line.indexOf('|'));
      expect(parseModelId(key).key).toBe(key);
    }
  });
});

describe('parseModelId tells', () => {
  test('size, active size, quantisation and publisher as the name has them', () => {
    expect(parseModelId('hf.co/bartowski/Qwen_Qwen3-30B-A3B-GGUF:Q4_K_M', { service: 'ollama' })).toMatchObject({
      key: 'qwen3-30b-a3b',
      family: 'qwen',
      version: '3',
      sizeB: 30,
      activeB: 3,
      quantization: 'Q4_K_M',
      derivative: false,
    });
    expect(parseModelId('unsloth/Qwen3-8B-UD-Q4_K_XL', { service: 'jan' })).toMatchObject({
      publisher: 'unsloth',
      quantization: 'UD-Q4_K_XL',
    });
    expect(parseModelId('smollm2:135m').sizeB).toBe(0.135);
    expect(parseModelId('meta-llama/Llama-4-Scout-17B-16E-Instruct')).toMatchObject({ sizeB: null, activeB: 17 });
  });

  test('a derivative and the model it was probably made from, apart from the key', () => {
    expect(parseModelId('bartowski/Qwen2.5-Coder-32B-Instruct-abliterated-GGUF')).toMatchObject({
      key: null,
      base: 'qwen2.5-coder-32b',
      derivative: true,
      family: 'qwen-coder',
    });
    // Catalogued distills have facts of their own, and are derivatives all the same.
    expect(parseModelId('deepseek-r1:14b', { service: 'ollama' })).toMatchObject({
      key: 'deepseek-r1-distill-qwen-14b',
      derivative: true,
    });
  });

  test('a base checkpoint from the chat model', () => {
    expect(parseModelId('Qwen/Qwen2.5-Coder-32B', { service: 'vllm' })).toMatchObject({
      key: null,
      variant: 'base',
      derivative: false,
    });
    expect(parseModelId('qwen2.5-coder:32b', { service: 'ollama' }).key).toBe('qwen2.5-coder-32b');
  });

  test('how sure it is: least for names that stand for several models', () => {
    const sure = parseModelId('Qwen/Qwen3-8B', { service: 'vllm' }).confidence;
    const stranger = parseModelId('someone/Qwen3-8B', { service: 'vllm' }).confidence;
    const moving = parseModelId('qwen3:4b', { service: 'ollama' }).confidence;
    expect(sure).toBeGreaterThan(0.9);
    expect(stranger).toBeLessThan(sure);
    expect(moving).toBeLessThan(sure);
    expect(parseModelId('my-model').confidence).toBeLessThan(0.3);
  });

  test('the same for a service that it does not know as for none', () => {
    for (const [, id] of NAMES) {
      expect(parseModelId(id, { service: 'custom:other' })).toEqual(parseModelId(id));
    }
  });
});

describe('parseModelId is total', () => {
  test('on any string', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 400 })), (id) => {
        const identity = parseModelId(id);
        expect(identity.id).toBe(id);
        expect(identity.confidence).toBeGreaterThanOrEqual(0);
        expect(identity.confidence).toBeLessThanOrEqual(1);
        expect(parseModelId(id)).toEqual(identity);
      }),
      { numRuns: 2000 },
    );
  });

  test('on a megabyte of anything', () => {
    for (const piece of ['a', '1.', 'q4_', '/', 'qwen3-8b-', ':', '\ud800', '@sha256', '_.-']) {
      const id = piece.repeat(Math.ceil(1e6 / piece.length));
      expect(parseModelId(id)).toMatchObject({ id, key: null });
    }
  });

  test('and one unexplained word always costs the key', () => {
    const keys = CATALOG_NAMES.split('\n').flatMap((line) =>
      line.startsWith('#') ? [] : [line.split('|')[0] as string],
    );
    // Words of no maker and no server: two letters in turn, never a word of the vocabulary.
    const word = fc
      .array(fc.constantFrom('zu', 'vok', 'xi', 'jor', 'kwa'), { minLength: 3, maxLength: 5 })
      .map((syllables) => syllables.join(''));
    fc.assert(
      fc.property(fc.constantFrom(...keys), word, fc.boolean(), (key, extra, front) => {
        const identity = parseModelId(front ? `${extra}-${key}` : `${key}-${extra}`);
        expect(identity.key).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });
});
