import { asCount, asObject, asString } from '../internal/json.js';

/**
 * Bytes of key-value cache per token at f16, from the metadata of a GGUF file as Ollama and Docker show it;
 * `undefined` where a count is missing or differs per layer. Windows are not counted: nothing tells which layers have one.
 */
export function cachePerToken(metadata: unknown): number | undefined {
  const info = asObject(metadata) ?? {};
  const architecture = asString(info['general.architecture']);
  // Docker writes numbers as texts.
  const count = (name: string): number | undefined => {
    const value = info[`${architecture}.${name}`];
    return asCount(typeof value === 'string' ? Number(value) : value);
  };
  const blocks = count('block_count');
  if (blocks === undefined) return undefined;
  const layers = Math.ceil(
    (blocks - (count('attention.shared_kv_layers') ?? 0)) / (count('full_attention_interval') ?? 1),
  );
  const perLayer = latent(count) ?? headed(count);
  return perLayer === undefined ? undefined : asCount(layers * perLayer * 2);
}

type Count = (name: string) => number | undefined;

/** One vector for keys and values together. */
function latent(count: Count): number | undefined {
  const rank = count('attention.kv_lora_rank');
  return rank === undefined ? undefined : rank + (count('rope.dimension_count') ?? 64);
}

function headed(count: Count): number | undefined {
  const heads = count('attention.head_count');
  const kept = count('attention.head_count_kv');
  const width = count('embedding_length');
  const each = heads === undefined || width === undefined ? undefined : width / heads;
  const [key, value] = [count('attention.key_length') ?? each, count('attention.value_length') ?? each];
  return kept === undefined || key === undefined || value === undefined ? undefined : kept * (key + value);
}
