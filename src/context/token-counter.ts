/**
 * Counts the tokens of a text for a model; inject one that knows the model's tokenizer.
 * @public
 */
export interface TokenCounter {
  /** Tokens of `text` for the model with this catalogue key (`null`: unknown). A throw or a senseless number falls back to the estimate. */
  count(text: string, model: string | null): number | Promise<number>;
}

/** What an estimate needs to know of a text; independent of the model, so that it is found once. */
export interface TextWeight {
  /** ASCII characters. */
  ascii: number;
  /** Pieces that no byte-pair tokenizer joins: words, humps of names, digits, runs of signs. */
  pieces: number;
  /** Tokens of what is not ASCII. */
  wide: number;
}

// Characters per token by family; the first that begins the catalogue key counts.
const CHARS_PER_TOKEN: readonly (readonly [family: RegExp, chars: number])[] = [
  [/^(?:code)?qwen|^qwq/, 3.5],
  [/^(?:code)?llama/, 3.8],
];
const OTHERS = 4;

/** Characters of English text per token of a model. */
export function charsPerToken(model: string | null): number {
  return CHARS_PER_TOKEN.find(([family]) => model !== null && family.test(model))?.[1] ?? OTHERS;
}

/** Estimated tokens of a weight, unrounded. */
export function tokensOf(weight: TextWeight, charsPer: number): number {
  return Math.max(weight.ascii / charsPer, weight.pieces) + weight.wide;
}

/** Estimated tokens of a text: high rather than low on code, digits and scripts other than Latin. */
export function estimateTokens(text: string, model: string | null): number {
  const weight: TextWeight = { ascii: 0, pieces: 0, wide: 0 };
  addWeight(weight, text);
  return Math.ceil(tokensOf(weight, charsPerToken(model)));
}

// Kinds of ASCII characters.
const SPACE = 0;
const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;
const SIGN = 4;

const KIND = /* @__PURE__ */ Uint8Array.from({ length: 128 }, (_, c) =>
  c <= 32 ? SPACE : c >= 97 && c <= 122 ? LOWER : c >= 65 && c <= 90 ? UPPER : c >= 48 && c <= 57 ? DIGIT : SIGN,
);

// Half pieces that a character begins, by the kind before it and its own: a digit is a token of its own in most tokenizers;
// a small letter after a capital is half one, for it continues `Word` but not base64.
const HALF_PIECES = /* @__PURE__ */ Uint8Array.from({ length: 64 }, (_, pair) => {
  const before = pair >> 3;
  const kind = pair & 7;
  if (kind === DIGIT) return 2;
  if (kind === SPACE || kind === before) return 0;
  return kind === LOWER && before === UPPER ? 1 : 2;
});

/** Adds the weight of a text, in one pass. */
export function addWeight(weight: TextWeight, text: string): void {
  let halves = 0;
  let wideUnits = 0;
  let wide = 0;
  let before = SPACE;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 127) {
      // Alphabets take about half a token per letter, ideographs and syllables up to one, an emoji (two units) up to three.
      wide += c < 0x800 ? 0.7 : c >= 0xd800 && c < 0xe000 ? 1.5 : 1;
      wideUnits++;
      before = SPACE;
      continue;
    }
    const kind = KIND[c] as number;
    halves += HALF_PIECES[(before << 3) | kind] as number;
    before = kind;
  }
  weight.ascii += text.length - wideUnits;
  weight.pieces += halves / 2;
  weight.wide += wide;
}
