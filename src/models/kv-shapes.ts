// How much key-value cache a token takes, by architecture: the makers' config.json on Hugging Face
// (num_hidden_layers, num_key_value_heads, head_dim, sliding_window and the pattern of full-attention layers;
// for DeepSeek and Kimi kv_lora_rank 512 + rope dimension 64).

/**
 * `[layers, KV heads, head dimension]`; with a sliding window also `[window, one layer in n sees everything]`.
 * Latent attention is `[layers, 0.5, 576]`: one vector of 576 for keys and values together.
 */
export type KvShape =
  | readonly [layers: number, heads: number, dimension: number]
  | readonly [layers: number, heads: number, dimension: number, window: number, fullEvery: number];

/** Shape and the catalogue keys that have it. */
export const KV_SHAPES: readonly (readonly [KvShape, string])[] = [
  [[24, 2, 64], 'qwen2.5-coder-0.5b qwen2.5-0.5b-instruct'],
  [[28, 2, 128], 'qwen2.5-coder-1.5b qwen2.5-1.5b-instruct deepseek-r1-distill-qwen-1.5b'],
  [[36, 2, 128], 'qwen2.5-coder-3b qwen2.5-3b-instruct qwen2.5-vl-3b'],
  [[28, 4, 128], 'qwen2.5-coder-7b qwen2.5-7b-instruct qwen2.5-vl-7b deepseek-r1-distill-qwen-7b'],
  [[48, 8, 128], 'qwen2.5-coder-14b qwen2.5-14b-instruct deepseek-r1-distill-qwen-14b deepcoder-14b codellama-34b'],
  [[64, 8, 128], 'qwen2.5-coder-32b qwen2.5-32b-instruct qwen2.5-vl-32b qwq-32b deepseek-r1-distill-qwen-32b'],
  [[64, 8, 128], 'qwen3-32b qwen3-vl-32b-instruct qwen3-vl-32b-thinking command-r-plus'],
  [[80, 8, 128], 'qwen2.5-72b-instruct qwen2.5-vl-72b llama-2-70b llama-3-70b llama-3.1-70b llama-3.3-70b-instruct'],
  [[80, 8, 128], 'deepseek-r1-distill-llama-70b codellama-70b nemotron-70b hermes-4-70b'],
  [[28, 8, 128], 'qwen3-0.6b qwen3-1.7b qwen3-vl-2b-instruct qwen3-vl-2b-thinking qwen3-embedding-0.6b llama-3.2-3b'],
  [
    [36, 8, 128],
    'qwen3-4b qwen3-8b qwen3-4b-instruct-2507 qwen3-4b-thinking-2507 qwen3-embedding-4b qwen3-embedding-8b',
  ],
  [
    [36, 8, 128],
    'qwen3-vl-4b-instruct qwen3-vl-4b-thinking qwen3-vl-8b-instruct qwen3-vl-8b-thinking ministral-8b-2410',
  ],
  [[36, 8, 128], 'deepseek-r1-0528-qwen3-8b'],
  [
    [40, 8, 128],
    'qwen3-14b mistral-nemo-12b mistral-small-24b mistral-small-3.1-24b mistral-small-3.2-24b pixtral-12b',
  ],
  [
    [40, 8, 128],
    'devstral-small-2505 devstral-small-2507 magistral-small-2506 magistral-small-2507 magistral-small-2509',
  ],
  [[40, 8, 128], 'granite-3.1-8b granite-3.3-8b command-r-08-2024'],
  [[48, 4, 128], 'qwen3-30b-a3b qwen3-30b-a3b-instruct-2507 qwen3-30b-a3b-thinking-2507 qwen3-coder-30b-a3b'],
  [[48, 4, 128], 'qwen3-vl-30b-a3b-instruct qwen3-vl-30b-a3b-thinking'],
  [[94, 4, 128], 'qwen3-235b-a22b qwen3-235b-a22b-instruct-2507 qwen3-235b-a22b-thinking-2507'],
  [[62, 8, 128], 'qwen3-coder-480b-a35b deepseek-coder-33b wizardcoder-33b'],
  // Three of four layers keep a fixed state instead of a cache.
  [[12, 2, 256], 'qwen3-coder-next qwen3-next-80b-a3b-instruct qwen3-next-80b-a3b-thinking'],
  [[61, 0.5, 576], 'deepseek-v3 deepseek-v3-0324 deepseek-v3.1 deepseek-v3.1-terminus deepseek-r1 deepseek-r1-0528'],
  [[61, 0.5, 576], 'deepseek-v3.2-exp deepseek-v3.2 kimi-k2 kimi-k2-0905 kimi-k2-thinking'],
  [[60, 0.5, 576], 'deepseek-coder-v2'],
  [[27, 0.5, 576], 'deepseek-coder-v2-lite'],
  [[32, 32, 128], 'deepseek-coder-6.7b magicoder-7b llama-2-7b codellama-7b'],
  [[24, 16, 128], 'deepseek-coder-1.3b'],
  [[40, 40, 128], 'llama-2-13b codellama-13b'],
  [[32, 8, 128], 'llama-3-8b llama-3.1-8b deepseek-r1-distill-llama-8b hermes-3-llama-3.1-8b phi-4-mini mathstral-7b'],
  [[32, 8, 128], 'mistral-7b mistral-7b-v0.1 mistral-7b-v0.2 mixtral-8x7b dolphin-mixtral-8x7b nous-hermes-2-mixtral'],
  [[32, 8, 128], 'phi-4-mini-reasoning'],
  [[126, 8, 128], 'llama-3.1-405b'],
  [[16, 8, 64], 'llama-3.2-1b'],
  [[40, 10, 128], 'phi-4 phi-4-reasoning phi-4-reasoning-plus phi-3-medium phi-3-medium-4k'],
  [[32, 32, 96], 'phi-3-mini-4k phi-3-mini-128k phi-3.5-mini'],
  [[56, 8, 128], 'mistral-small-22b-2409 codestral-22b mixtral-8x22b'],
  [[88, 8, 128], 'mistral-large-2407 mistral-large-2411'],
  [[26, 4, 256, 4096, 2], 'gemma-2-2b'],
  [[42, 8, 256, 4096, 2], 'gemma-2-9b'],
  [[46, 16, 128, 4096, 2], 'gemma-2-27b'],
  [[26, 1, 256, 512, 6], 'gemma-3-1b'],
  [[34, 4, 256, 1024, 6], 'gemma-3-4b'],
  [[48, 8, 256, 1024, 6], 'gemma-3-12b'],
  [[62, 16, 128, 1024, 6], 'gemma-3-27b'],
  [[24, 8, 64, 128, 2], 'gpt-oss-20b gpt-oss-safeguard-20b'],
  [[36, 8, 64, 128, 2], 'gpt-oss-120b'],
  [[48, 8, 128, 8192, 4], 'llama-4-scout llama-4-maverick'],
  [[40, 2, 128], 'glm-4-9b-chat glm-4-9b-0414 glm-z1-9b-0414'],
  [[61, 2, 128], 'glm-4-32b-0414 glm-z1-32b-0414'],
  [[46, 8, 128], 'glm-4.5-air'],
  [[92, 8, 128], 'glm-4.5 glm-4.6 glm-4.7'],
  [[60, 8, 128], 'yi-34b yi-34b-200k yi-1.5-34b'],
  [[48, 8, 128], 'solar-10.7b'],
  [[40, 4, 128], 'starcoder2-15b'],
  [[32, 4, 128], 'starcoder2-7b'],
  [[30, 2, 128], 'starcoder2-3b'],
];
