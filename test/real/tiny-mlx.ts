import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SHAPE, type Tensor, type TinyModel, tinyWeights } from './tiny-model.js';

/** Writes the folder of a model as mlx-lm loads it. */
export async function writeTinyMlx(folder: string, model: TinyModel): Promise<void> {
  const { tokens, kinds, start, end, template, contextLength, tensors } = tinyWeights(model);
  const { embedding, heads, layers, normEpsilon } = SHAPE;
  const space = { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' };
  const added = tokens.flatMap((content, id) =>
    kinds[id] === 'unknown' || kinds[id] === 'control'
      ? [{ id, content, special: true, normalized: false, single_word: false, lstrip: false, rstrip: false }]
      : [],
  );
  const files: Record<string, unknown> = {
    'config.json': {
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      hidden_size: embedding,
      intermediate_size: embedding,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      num_key_value_heads: heads,
      rms_norm_eps: normEpsilon,
      vocab_size: tokens.length,
      max_position_embeddings: contextLength,
      tie_word_embeddings: false,
      bos_token_id: start,
      eos_token_id: end,
    },
    // Without merges each character is a token, by its bytes where it has none of its own.
    'tokenizer.json': {
      version: '1.0',
      added_tokens: added,
      normalizer: space,
      pre_tokenizer: null,
      post_processor: null,
      decoder: {
        type: 'Sequence',
        decoders: [
          { ...space, pattern: { String: space.content }, content: space.pattern.String },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
        ],
      },
      model: {
        type: 'BPE',
        unk_token: tokens[0],
        byte_fallback: true,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: [],
      },
    },
    'tokenizer_config.json': {
      tokenizer_class: 'PreTrainedTokenizerFast',
      unk_token: tokens[0],
      bos_token: tokens[start],
      eos_token: tokens[end],
      chat_template: template,
    },
  };
  await mkdir(folder, { recursive: true });
  await Promise.all([
    writeFile(join(folder, 'model.safetensors'), safetensors(tensors)),
    ...Object.entries(files).map(([name, content]) => writeFile(join(folder, name), JSON.stringify(content))),
  ]);
}

/** What GGUF and safetensors call the same thing. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^token_embd\./, 'model.embed_tokens.'],
  [/^output_norm\./, 'model.norm.'],
  [/^output\./, 'lm_head.'],
  [/^blk\.(\d+)\.attn_norm\./, 'model.layers.$1.input_layernorm.'],
  [/^blk\.(\d+)\.attn_output\./, 'model.layers.$1.self_attn.o_proj.'],
  [/^blk\.(\d+)\.attn_([qkv])\./, 'model.layers.$1.self_attn.$2_proj.'],
  [/^blk\.(\d+)\.ffn_norm\./, 'model.layers.$1.post_attention_layernorm.'],
  [/^blk\.(\d+)\.ffn_(\w+)\./, 'model.layers.$1.mlp.$2_proj.'],
];

function safetensors(tensors: readonly Tensor[]): Uint8Array {
  let offset = 0;
  const entries = tensors.map(({ name, dims, data }) => {
    const [from, to] = NAMES.find(([pattern]) => pattern.test(name)) ?? [name, name];
    const data_offsets = [offset, offset + data.byteLength];
    offset += data.byteLength;
    return [name.replace(from, to), { dtype: 'F32', shape: [...dims].reverse(), data_offsets }] as const;
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(header.byteLength), true);
  return Buffer.concat([
    new Uint8Array(length.buffer),
    header,
    ...tensors.map(({ data }) => new Uint8Array(data.buffer)),
  ]);
}
