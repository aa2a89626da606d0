/**
 * Models that say what we choose: a chain of pieces, each leading to the next. Attention and feed-forward outputs are zero,
 * so that every block is the identity and the next token depends on the last one only.
 */

export interface TinyModel {
  /** What it says, piece by piece; a leading space is part of a piece. */
  readonly pieces: readonly string[];
  /** Starts again after the last piece instead of ending. */
  readonly endless?: boolean;
  readonly contextLength?: number;
  /** Jinja; plain chat markers unless given. */
  readonly template?: string;
}

const PLAIN = messages('');
const words = (text: string): string[] => text.match(/ ?[^ ]+/g) ?? [];
const SENTENCE = words(
  ' The quick brown fox jumps over some lazy dog near one quiet river while small models answer fast and keep every word local so tests can read this same text each time they run .',
);

/** Models with a behaviour each. */
export const tinyModels = {
  /** Says one sentence of 35 words and ends. */
  chain: { pieces: SENTENCE },
  /** Never ends by itself. */
  endless: { pieces: SENTENCE, endless: true, contextLength: 131_072 },
  /** Thinks first. */
  think: {
    pieces: [
      '<think>\n',
      ...words(' First I look at this question then decide'),
      '\n</think>',
      '\n\n',
      ...words(' Answer follows here now'),
    ],
    template: messages(
      "{%- if m.reasoning_content %}{{- '<think>\\n' + m.reasoning_content + '\\n</think>\\n\\n' }}{%- endif %}",
      "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}",
    ),
  },
  /** Calls `get_weather` with the city Oslo. */
  tool: {
    pieces: [
      '<tool_call>',
      '\n{"name": "',
      'get_',
      'weather',
      '", "arguments": {',
      '"city": ',
      '"Os',
      'lo"',
      '}}',
      '\n</tool_call>',
    ],
    template:
      "{%- if tools %}{{- '<|im_start|>system\\nTools:\\n' }}{%- for tool in tools %}{{- tool | tojson }}{{- '\\n' }}{%- endfor %}{{- 'Call one as <tool_call>\\n{\"name\": ..., \"arguments\": {...}}\\n</tool_call>\\n<|im_end|>\\n' }}{%- endif %}" +
      messages(
        '{%- if m.tool_calls %}{%- for c in m.tool_calls %}{{- \'<tool_call>\\n{"name": "\' + c.function.name + \'", "arguments": \' + (c.function.arguments | tojson) + \'}\\n</tool_call>\' }}{%- endfor %}{%- endif %}',
      ),
  },
} as const satisfies Record<string, TinyModel>;

function messages(before: string, prompt = ''): string {
  return `{%- for m in messages %}{{- '<|im_start|>' + m.role + '\\n' }}${before}{%- if m.content %}{{- m.content }}{%- endif %}{{- '<|im_end|>\\n' }}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}${prompt}{%- endif %}`;
}

/** The shape of each of them. */
export const SHAPE = { embedding: 128, heads: 4, layers: 2, normEpsilon: 1e-5 } as const;
const EMBD = SHAPE.embedding;
/** Dimension 0 is the constant, 1 marks ordinary tokens, 2 to 63 the pieces; the rest is random. */
const FIRST_PIECE = 2;
const RANDOM_FROM = 64;

/** What a model file holds, whichever its format. */
export interface TinyWeights {
  readonly tokens: readonly string[];
  readonly kinds: readonly ('unknown' | 'control' | 'byte' | 'normal')[];
  /** The token that starts a text, and the one that ends an answer. */
  readonly start: number;
  readonly end: number;
  readonly template: string;
  readonly contextLength: number;
  readonly tensors: readonly Tensor[];
}

export interface Tensor {
  /** As GGUF names it. */
  readonly name: string;
  /** The fastest first. */
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Tokens and weights, about a megabyte. */
export function tinyWeights(model: TinyModel): TinyWeights {
  const controls = ['<|im_start|>', '<|im_end|>'];
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const pieces = model.pieces.map((piece) => piece.replaceAll(' ', '\u2581'));
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, '\u2581', ...controls, ...pieces];
  if (new Set(tokens).size !== tokens.length) throw new Error('A piece occurs twice: the server would abort.');
  if (pieces.length > RANDOM_FROM - FIRST_PIECE) throw new Error('Too many pieces.');
  const end = tokens.indexOf('<|im_end|>');
  return {
    tokens,
    kinds: tokens.map((token, id) => {
      if (id === 0) return 'unknown';
      if (id < 3 || controls.includes(token)) return 'control';
      return id < 259 ? 'byte' : 'normal';
    }),
    start: 1,
    end,
    template: model.template ?? PLAIN,
    contextLength: model.contextLength ?? 8_192,
    tensors: tensorsOf(tokens, tokens.length - pieces.length, end, model.endless ?? false),
  };
}

function tensorsOf(tokens: readonly string[], piece0: number, end: number, endless: boolean): Tensor[] {
  const random = generator(1);
  const size = tokens.length;
  const embedding = new Float32Array(size * EMBD);
  const output = new Float32Array(size * EMBD);
  const dimension = (token: number): number => (token < piece0 ? 1 : FIRST_PIECE + token - piece0);
  for (let token = 0; token < size; token++) {
    const row = token * EMBD;
    embedding[row] = 1;
    embedding[row + dimension(token)] = 8;
    // The random half brings the norm to EMBD, so that the RMS norm leaves the row as it is.
    const tail = Array.from({ length: EMBD - RANDOM_FROM }, random);
    const scale = Math.sqrt(EMBD - 1 - 64) / Math.hypot(...tail);
    tail.forEach((value, i) => {
      embedding[row + RANDOM_FROM + i] = value * scale;
    });
    output[row] = bias(token, piece0, tokens[token] ?? '');
  }
  for (let token = piece0; token < size; token++) {
    const next = token + 1 < size ? token + 1 : endless ? piece0 : end;
    output[next * EMBD + dimension(token)] = 40 / 8;
  }
  const ones = (): Float32Array => new Float32Array(EMBD).fill(1);
  const noise = (): Float32Array => Float32Array.from({ length: EMBD * EMBD }, () => random() * 0.05);
  const zeros = (): Float32Array => new Float32Array(EMBD * EMBD);
  const square = [EMBD, EMBD];
  const blocks = Array.from({ length: SHAPE.layers }, (_, n): Tensor[] => [
    { name: `blk.${n}.attn_norm.weight`, dims: [EMBD], data: ones() },
    { name: `blk.${n}.attn_q.weight`, dims: square, data: noise() },
    { name: `blk.${n}.attn_k.weight`, dims: square, data: noise() },
    { name: `blk.${n}.attn_v.weight`, dims: square, data: noise() },
    { name: `blk.${n}.attn_output.weight`, dims: square, data: zeros() },
    { name: `blk.${n}.ffn_norm.weight`, dims: [EMBD], data: ones() },
    { name: `blk.${n}.ffn_gate.weight`, dims: square, data: noise() },
    { name: `blk.${n}.ffn_up.weight`, dims: square, data: noise() },
    { name: `blk.${n}.ffn_down.weight`, dims: square, data: zeros() },
  ]);
  return [
    { name: 'token_embd.weight', dims: [EMBD, size], data: embedding },
    { name: 'output_norm.weight', dims: [EMBD], data: ones() },
    { name: 'output.weight', dims: [EMBD, size], data: output },
    ...blocks.flat(),
  ];
}

/** What makes a token likely whatever came before: the first piece starts any answer, and JSON closes at once. */
function bias(token: number, piece0: number, text: string): number {
  if (token === piece0) return 20;
  if (token > piece0) return 0;
  const byte = /^<0x(..)>$/.exec(text)?.[1];
  if (byte === undefined) return -5;
  return JSON_BYTES[String.fromCharCode(Number.parseInt(byte, 16))] ?? -4;
}
const JSON_BYTES: Readonly<Record<string, number>> = { '"': 8, '}': 9, ']': 8.5, ':': 7, ',': 6, '1': 5, '{': 4, t: 3 };

/** Numbers from -1 to 1, the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x80000000 - 1;
  };
}
