import * as v from 'valibot';
import type { MemoryEstimate, ModelIdentity, ServedModel } from '../core/model.js';
import { checkOptions, optional, text, whole } from '../internal/options.js';
import { catalogEntry, type KvShape } from './catalog.js';
import { parseModelId } from './model-id.js';

/**
 * How a model is to be loaded.
 * @public
 */
export interface MemoryOptions {
  /** Context window per request, in tokens. */
  readonly contextLength: number;
  /** Quantisation of the weights. @defaultValue what the name says, else `Q4_K_M` (marked as assumed) */
  readonly quantization?: string | undefined;
  /** Type of the key-value cache: `f16`, `q8_0`, `q4_0`, `fp8` and so on. @defaultValue 'f16' */
  readonly kvCacheType?: string | undefined;
  /** Requests served at once, each with its own context. @defaultValue 1 */
  readonly parallelSlots?: number | undefined;
  /** Bytes of key-value cache per token at `f16`, as a server's description of the model gives them. @defaultValue the catalogue's */
  readonly cacheBytesPerToken?: number | undefined;
}

const memorySchema = /* @__PURE__ */ v.strictObject({
  contextLength: /* @__PURE__ */ whole(1, 100_000_000, 'tokens'),
  quantization: /* @__PURE__ */ optional(/* @__PURE__ */ text()),
  kvCacheType: /* @__PURE__ */ optional(/* @__PURE__ */ text()),
  parallelSlots: /* @__PURE__ */ optional(/* @__PURE__ */ whole(1, 4096)),
  cacheBytesPerToken: /* @__PURE__ */ optional(/* @__PURE__ */ whole(1, Number.MAX_SAFE_INTEGER)),
});

/**
 * Estimates the memory that a model needs when loaded, from its size, quantisation, architecture and context.
 *
 * Prefer what a server reports; this is for models that are not loaded yet. Weights are within 12 % of real files (within 25 %
 * below 2 billion parameters, whose embeddings weigh more); the cache is exact for architectures that are known, else a
 * guess, which `assumed` says. Buffers are rounded up: at least half a gibibyte.
 *
 * @param model - A catalogue key, a served name, or what `parseModelId` made of one.
 * @param o - How it is to be loaded.
 * @returns Bytes of weights, cache and overhead, and what had to be assumed.
 * @throws RouterError `ERR_INVALID_OPTION` for options that make no sense.
 * @example
 * ```ts
 * const { totalBytes } = estimateMemory('llama-3.1-8b', { contextLength: 32_768, quantization: 'Q4_K_M' });
 * ```
 * @public
 */
export function estimateMemory(model: ModelIdentity | string, o: MemoryOptions): MemoryEstimate {
  checkOptions(memorySchema, o ?? {}, 'estimateMemory');
  const identity = typeof model === 'string' ? identify(model) : model;
  const entry = identity.key === null ? undefined : catalogEntry(identity.key);
  const assumed: string[] = [];

  const size = entry?.totalB ?? identity.sizeB ?? undefined;
  if (size === undefined) assumed.push(`parameters: ${ASSUMED_SIZE_B} billion`);
  const billions = size ?? ASSUMED_SIZE_B;

  const label = o.quantization ?? identity.quantization;
  const bits = label === null ? undefined : bitsPerWeight(label);
  if (bits === undefined) assumed.push(`quantization: Q4_K_M${label === null ? '' : ' (the label is not known)'}`);
  // The experts of gpt-oss are MXFP4 in every build, whatever the label says of the rest.
  const most = entry?.key.startsWith('gpt-oss') ? GPT_OSS : 32;
  const weightsBytes = Math.round((billions * 1e9 * Math.min(bits ?? Q4_K_M, most)) / 8);

  const cacheType = o.kvCacheType ?? 'f16';
  const bytes = CACHE_BYTES.get(cacheType.toLowerCase());
  if (bytes === undefined) assumed.push('kvCacheType: f16');
  const known = entry?.cache;
  // A description gives one figure for all layers, so the catalogue knows better where some have a window.
  const given = known?.shape[3] === undefined ? o.cacheBytesPerToken : undefined;
  const shape = known?.shape ?? guessedShape(billions);
  if (given === undefined && !known?.checked) {
    assumed.push(`architecture: ${shape[0]} layers with ${shape[1]} key-value heads of ${shape[2]}`);
  }
  const elements = given === undefined ? cacheElements(shape, o.contextLength) : (given / 2) * o.contextLength;
  const kvCacheBytes = Math.round(elements * (bytes ?? 2) * (o.parallelSlots ?? 1));

  const overheadBytes = Math.round(Math.max(0.5 * GIB, weightsBytes * 0.05));
  return {
    weightsBytes,
    kvCacheBytes,
    overheadBytes,
    totalBytes: weightsBytes + kvCacheBytes + overheadBytes,
    assumed,
  };
}

/** Bytes of a gibibyte. */
export const GIB: number = 1024 ** 3;

const ASSUMED_SIZE_B = 8;
const Q4_K_M = 4.89;
const GPT_OSS = 4.9;

// Bits per weight measured on Llama-3.1-8B, embeddings and output included (llama.cpp, tools/quantize/README.md); block sizes of
// the rest (Ollama, fs/ggml/ggml.go). Small models run higher, big ones lower.
const BITS: Readonly<Record<string, number>> = {
  IQ1_S: 2,
  IQ1_M: 2.15,
  IQ2_XXS: 2.38,
  IQ2_XS: 2.59,
  IQ2_S: 2.74,
  IQ2_M: 2.93,
  Q2_K_S: 2.97,
  Q2_K: 3.16,
  IQ3_XXS: 3.25,
  IQ3_XS: 3.5,
  Q3_K_S: 3.64,
  IQ3_S: 3.66,
  IQ3_M: 3.76,
  Q3_K_M: 4,
  Q3_K_L: 4.3,
  IQ4_XS: 4.46,
  Q4_K_S: 4.67,
  IQ4_NL: 4.68,
  Q4_K_M,
  Q4_0: 4.66,
  Q4_1: 5.1,
  Q5_0: 5.6,
  Q5_1: 6.1,
  Q5_K_S: 5.57,
  Q5_K_M: 5.7,
  Q6_K: 6.56,
  Q8_0: 8.5,
  F16: 16,
  BF16: 16,
  FP16: 16,
  F32: 32,
  FP32: 32,
  FP8: 8.1,
  INT8: 8.2,
  W8A8: 8.1,
  MXFP8: 8.25,
  MXFP4: 4.25,
  NVFP4: 4.5,
  FP4: 4.5,
  NF4: 4.5,
  INT4: 4.3,
  W4A16: 4.3,
  AWQ: 4.3,
  TQ1_0: 1.69,
  TQ2_0: 2.06,
};
const BY_DIGIT = [undefined, 2.1, 3, 4, 4.9, 5.7, 6.6, undefined, 8.5] as const;

/** Bits per weight of a quantisation label, or `undefined` for a label that says nothing. */
export function bitsPerWeight(label: string): number | undefined {
  // `all F32`, `MOSTLY_Q4_K_M`, `Q4_K - Medium`, `MXFP4 MoE`, `IQ2_XXS/Q4_K_M`: the same, as other programs write it.
  const plain = (label.toUpperCase().split('/').at(-1) as string)
    .replace(/^(?:ALL|MOSTLY|UD)[ _-]/, '')
    .replace(/ - ([SML])[A-Z]+$/, '_$1')
    .replace(/ MOE$/, '')
    .replaceAll('-', '_');
  const exact = BITS[plain];
  if (exact !== undefined) return exact;
  const stated = /(\d{1,2}(?:\.\d{1,4})?) ?BPW/.exec(plain);
  if (stated) return Number(stated[1]);
  const digit = /(?:^|_)(?:I?Q|INT|FP|W)?([1-8])(?:BIT|_|$|A\d)/.exec(plain)?.[1];
  if (digit !== undefined) return BY_DIGIT[Number(digit)];
  return /GPTQ|AWQ|BNB/.test(plain) ? 4.3 : undefined;
}

// Bytes per element of the cache; quantised types carry their block scales.
const CACHE_BYTES: ReadonlyMap<string, number> = /* @__PURE__ */ new Map([
  ['f32', 4],
  ['f16', 2],
  ['bf16', 2],
  ['auto', 2],
  ['fp8', 1],
  ['fp8_e4m3', 1],
  ['fp8_e5m2', 1],
  ['q8_0', 1.0625],
  ['q5_1', 0.75],
  ['q5_0', 0.6875],
  ['q4_1', 0.625],
  ['q4_0', 0.5625],
  ['iq4_nl', 0.5625],
]);

/** Keys and values of all layers that keep some. */
function cacheElements([layers, heads, dimension, window, fullEvery]: KvShape, context: number): number {
  const perLayer = 2 * heads * dimension;
  if (window === undefined || fullEvery === undefined) return layers * perLayer * context;
  const full = Math.floor(layers / fullEvery);
  return perLayer * (full * context + (layers - full) * Math.min(context, window));
}

/** Layers grow slowly with the size; 8 heads of 128 are what most makers use. */
function guessedShape(billions: number): KvShape {
  return [Math.round(Math.min(130, Math.max(12, 14 * billions ** 0.42))), 8, 128];
}

function identify(name: string): ModelIdentity {
  const identity = parseModelId(name);
  return catalogEntry(name) === undefined ? identity : { ...identity, key: name };
}

/**
 * The longest context that keeps a model within some memory, of the powers of two from 4096 tokens on; at least that, for a
 * model that does not fit at all is no matter of its context.
 */
export function contextWithin(served: ServedModel, maxBytes: number, maxContext: number): number {
  let context = 4096;
  while (context * 2 <= Math.min(maxContext, 100_000_000) && servedMemory(served, context * 2) <= maxBytes)
    context *= 2;
  return Math.min(context, maxContext);
}

/** Memory of a served model at a context: weights by the size of its file where the server tells it. */
export function servedMemory(
  {
    identity,
    quantization,
    sizeBytes,
    cacheBytesPerToken,
  }: Pick<ServedModel, 'identity' | 'quantization' | 'sizeBytes' | 'cacheBytesPerToken'>,
  contextLength: number,
  parallelSlots?: number,
): number {
  const estimate = estimateMemory(identity, {
    contextLength,
    quantization: quantization?.value || undefined,
    parallelSlots,
    cacheBytesPerToken: cacheBytesPerToken?.value,
  });
  const weights = sizeBytes?.value ?? estimate.weightsBytes;
  return weights + estimate.kvCacheBytes + Math.max(0.5 * GIB, weights * 0.05);
}
