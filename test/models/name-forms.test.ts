import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ServiceType } from '../../src/core/service.js';
import { parseModelId } from '../../src/models/model-id.js';

interface Model {
  readonly key: string;
  readonly repo: string;
  readonly tags?: readonly string[];
}
const models: readonly Model[] = readFileSync(new URL('../../data/model-facts.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => JSON.parse(line));

// How servers and repackers write one repository: `R` is its name, `r` the same in small letters, `P` its publisher.
const FORMS: readonly [ServiceType, string][] = [
  ['vllm', 'P/R'],
  ['vllm', 'P/R-AWQ'],
  ['vllm', 'P/R-GPTQ-Int4'],
  ['vllm', 'RedHatAI/R-FP8-dynamic'],
  ['vllm', 'RedHatAI/R-quantized.w4a16'],
  ['vllm', 'unsloth/R-unsloth-bnb-4bit'],
  ['vllm', '/srv/.cache/huggingface/hub/models--P--R/snapshots/abc123'],
  ['vllm', '/srv/models/P--R'],
  ['vllm', 'QuantTrio/R-GPTQ-Int4-Int8Mix'],
  ['vllm', 'RedHatAI/R-NVFP4A16'],
  ['vllm', 'amd/R-FP8-KV'],
  ['vllm', 'amd/R-Quark-W8A8'],
  ['vllm', 'amd/R-WMXFP4-AMXFP4-KVFP8'],
  ['vllm', 'nvidia/R-NVFP4-QAD'],
  ['vllm', 'ModelCloud/R-gptqmodel-4bit-vortex-v1'],
  ['vllm', 'mobiuslabsgmbh/R_4bitgs64_hqq'],
  ['vllm', 'ISTA-DASLab/R-AQLM-2Bit-1x16-hf'],
  ['sglang', 'nvidia/R-NVFP4'],
  ['ollama', 'hf.co/unsloth/R-GGUF:UD-Q4_K_XL'],
  ['ollama', 'hf.co/bartowski/P_R-GGUF:Q4_K_M'],
  ['llama.cpp', 'R-Q4_K_M.gguf'],
  ['llama.cpp', 'C:\\models\\R.Q5_K_S.gguf'],
  ['llama.cpp', 'unsloth/R-GGUF/R-UD-Q2_K_XL-00001-of-00003.gguf'],
  ['llama.cpp', 'R-IQ4_KSS.gguf'],
  ['llama.cpp', 'R-smol-IQ2_KL-00001-of-00004.gguf'],
  ['llama.cpp', 'R-MXFP4_MOE.gguf'],
  ['llama.cpp', 'bartowski_P_R-GGUF_P_R-Q4_K_M.gguf'],
  ['llama.cpp', '/srv/.cache/huggingface/hub/models--unsloth--R-GGUF/snapshots/abc123/R-Q4_K_M.gguf'],
  ['llama.cpp', '/hub/models--unsloth--R-GGUF/snapshots/abc123/UD-Q4_K_XL/R-UD-Q4_K_XL-00001-of-00002.gguf'],
  ['lmstudio', 'r@q4_k_m'],
  ['lmstudio', 'lmstudio-community/R-MLX-8bit'],
  ['mlx-lm', 'mlx-community/R-4bit-DWQ'],
  ['mlx-lm', 'mlx-community/R-4bit-DWQ-053125'],
  ['mlx-lm', 'mlx-community/R-8bit-gs32'],
  ['mlx-lm', 'nightmedia/R-qx86-hi-mlx'],
  ['koboldcpp', 'koboldcpp/R.i1-Q4_K_M'],
  ['localai', 'r-q8-0'],
  ['jan', 'unsloth/R-UD-Q4_K_XL'],
  ['text-generation-webui', 'R-exl2-4.5bpw'],
  ['text-generation-webui', 'bartowski_R-exl2_6_5'],
  ['text-generation-webui', 'TheBloke_R-GPTQ_gptq-4bit-32g-actorder_True'],
  ['tabbyapi', 'turboderp_R_4.0bpw'],
  ['tabbyapi', 'MikeRoz_R-4.25bpw-h6-exl3'],
  ['lemonade', 'R-GGUF'],
  ['lemonade', 'R-Hybrid'],
  ['lemonade', 'R-CPU'],
  ['llama-swap', 'r-vulkan'],
  ['llama-swap', 'r-nothink'],
  ['docker-model-runner', 'ai/r-vllm'],
];

const written = (form: string, repo: string) => {
  const [publisher = '', name = ''] = repo.split('/');
  return form.replace(/(?<![A-Za-z])[PRr](?![A-Za-z])|(?<=--)[PR]/g, (sign) => {
    return sign === 'P' ? publisher : sign === 'R' ? name : name.toLowerCase();
  });
};

describe('every catalogued model is found', () => {
  test.each(FORMS)('as %s writes it: %s', (service, form) => {
    const missed = models.filter(({ key, repo }) => parseModelId(written(form, repo), { service }).key !== key);
    expect(missed.map(({ repo }) => written(form, repo))).toEqual([]);
  });

  test.each(['', '-q4_K_M', '-fp16'])('under the tags of the Ollama library, with %j behind', (tail) => {
    // What these stand for changed over time.
    const moving = new Set(['qwen3:30b', 'qwen3:235b', 'deepseek-r1', 'deepseek-r1:8b', 'deepseek-coder-v2']);
    for (const { key, tags = [] } of models) {
      for (const tag of tags) {
        if (moving.has(tag)) continue;
        const name = tail === '' || tag.includes(':') ? `${tag}${tail}` : `${tag}:${tail.slice(1)}`;
        expect(parseModelId(name, { service: 'ollama' }).key, name).toBe(key);
      }
    }
  });
});

describe('an altered build of any of them is never taken for it', () => {
  const words = [
    'abliterated',
    'uncensored',
    'heretic',
    'Claude-Opus-Distill',
    'REAP',
    'merged',
    'RP',
    'my-company',
    'ft',
  ];
  test.each(words)('%s', (word) => {
    for (const { repo } of models) {
      const name = repo.split('/')[1] as string;
      for (const id of [
        `someone/${name}-${word}`,
        `${name}-${word}-Q4_K_M.gguf`,
        `hf.co/x/${word}-${name}-i1-GGUF:Q4_K_M`,
      ]) {
        expect(parseModelId(id), id).toMatchObject({ key: null, derivative: true });
      }
    }
  });
});
