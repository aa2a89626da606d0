import { SHAPE, type Tensor, type TinyModel, tinyWeights } from './tiny-model.js';

const [U32, I32, F32, BOOL, STRING, ARRAY] = [4, 5, 6, 7, 8, 9] as const;
const KINDS = { unknown: 2, control: 3, byte: 6, normal: 1 } as const;

/** The bytes of a GGUF file. */
export function tinyGguf(model: TinyModel): Uint8Array {
  const { tokens, kinds, start, end, template, contextLength, tensors } = tinyWeights(model);
  const { embedding, heads, layers, normEpsilon } = SHAPE;
  const keys: [string, number, unknown][] = [
    ['general.architecture', STRING, 'llama'],
    ['general.name', STRING, 'tiny'],
    ['general.file_type', U32, 0],
    ['llama.context_length', U32, contextLength],
    ['llama.embedding_length', U32, embedding],
    ['llama.block_count', U32, layers],
    ['llama.feed_forward_length', U32, embedding],
    ['llama.attention.head_count', U32, heads],
    ['llama.attention.head_count_kv', U32, heads],
    ['llama.attention.layer_norm_rms_epsilon', F32, normEpsilon],
    ['llama.rope.dimension_count', U32, embedding / heads],
    ['llama.vocab_size', U32, tokens.length],
    ['tokenizer.ggml.model', STRING, 'llama'],
    ['tokenizer.ggml.tokens', ARRAY, [STRING, tokens]],
    ['tokenizer.ggml.token_type', ARRAY, [I32, kinds.map((kind) => KINDS[kind])]],
    ['tokenizer.ggml.scores', ARRAY, [F32, tokens.map((_, id) => -id)]],
    ['tokenizer.ggml.bos_token_id', U32, start],
    ['tokenizer.ggml.eos_token_id', U32, end],
    ['tokenizer.ggml.unknown_token_id', U32, 0],
    ['tokenizer.ggml.add_bos_token', BOOL, false],
    ['tokenizer.ggml.add_space_prefix', BOOL, false],
    ['tokenizer.chat_template', STRING, template],
  ];
  return assemble(keys, tensors);
}

function assemble(keys: readonly [string, number, unknown][], tensors: readonly Tensor[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  const push = (part: Uint8Array): void => {
    parts.push(part);
    length += part.byteLength;
  };
  const fixed = (bytes: number, set: (view: DataView) => void): void => {
    const view = new DataView(new ArrayBuffer(bytes));
    set(view);
    push(new Uint8Array(view.buffer));
  };
  const u32 = (value: number): void => fixed(4, (view) => view.setUint32(0, value, true));
  const u64 = (value: number): void => fixed(8, (view) => view.setBigUint64(0, BigInt(value), true));
  const text = (value: string): void => {
    const encoded = new TextEncoder().encode(value);
    u64(encoded.byteLength);
    push(encoded);
  };
  const write = (type: number, value: unknown): void => {
    if (type === STRING) text(value as string);
    else if (type === F32) fixed(4, (view) => view.setFloat32(0, value as number, true));
    else if (type === I32) fixed(4, (view) => view.setInt32(0, value as number, true));
    else if (type === BOOL) push(Uint8Array.of(value ? 1 : 0));
    else if (type === ARRAY) {
      const [itemType, items] = value as [number, unknown[]];
      u32(itemType);
      u64(items.length);
      for (const item of items) write(itemType, item);
    } else u32(value as number);
  };
  const pad = (): void => push(new Uint8Array((32 - (length % 32)) % 32));

  push(new TextEncoder().encode('GGUF'));
  u32(3);
  u64(tensors.length);
  u64(keys.length);
  for (const [name, type, value] of keys) {
    text(name);
    u32(type);
    write(type, value);
  }
  let offset = 0;
  for (const { name, dims, data } of tensors) {
    text(name);
    u32(dims.length);
    for (const dim of dims) u64(dim);
    u32(0);
    u64(offset);
    offset += Math.ceil(data.byteLength / 32) * 32;
  }
  for (const { data } of tensors) {
    pad();
    push(new Uint8Array(data.buffer));
  }
  pad();
  const file = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.byteLength;
  }
  return file;
}
