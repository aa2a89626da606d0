import * as v from 'valibot';
import type { Capability } from '../core/model.js';
import { checkOptions, flag, fn, listOf, milliseconds, oneOf, optional, text, whole } from '../internal/options.js';
import type { FakeChat, FakeModel, FakeReply, FakeServerOptions } from './fake-server.js';
import { type FaultPicker, fakeFaults, faultPicker } from './faults.js';

/** A model with all defaults filled. */
export interface ServedFake {
  readonly id: string;
  readonly contextLength: number;
  readonly maxContextLength: number;
  readonly capabilities: ReadonlySet<Capability>;
  readonly loaded: boolean;
  readonly sizeBytes: number;
  readonly quantization: string;
  readonly digest: string;
  readonly family: string;
  readonly parameterSize: string;
  readonly remote: boolean;
  /** Whether the host set the context, as a Modelfile or a flag would. */
  readonly contextSet: boolean;
}

/** Options with all defaults filled. */
export interface FakeSettings {
  readonly port: number;
  readonly models: readonly ServedFake[];
  readonly reply: (chat: FakeChat) => string | FakeReply | Promise<string | FakeReply>;
  readonly delayMs: number;
  readonly apiKey: string | undefined;
  readonly pickFault: FaultPicker;
}

const faultName = oneOf(...Object.keys(fakeFaults));
const model = v.strictObject(
  {
    id: text(),
    contextLength: optional(whole(1, 2 ** 31, 'tokens')),
    maxContextLength: optional(whole(1, 2 ** 31, 'tokens')),
    capabilities: optional(listOf(text(), 'capabilities')),
    loaded: optional(flag()),
    sizeBytes: optional(whole(1, Number.MAX_SAFE_INTEGER, 'bytes')),
    quantization: optional(text()),
    digest: optional(v.pipe(v.string('64 hex digits'), v.regex(/^[0-9a-f]{64}$/, '64 hex digits'))),
    family: optional(text()),
    parameterSize: optional(text()),
    remote: optional(flag()),
  },
  'an object { id, ... }',
);
const faultEntry = v.union([
  faultName,
  v.strictObject({
    name: faultName,
    model: optional(text()),
    times: optional(whole(0, Number.MAX_SAFE_INTEGER)),
    on: optional(oneOf('answers', 'any')),
  }),
]);
const fakeServerSchema = v.strictObject({
  port: optional(whole(0, 65_535)),
  models: optional(listOf(model, 'models, each { id, ... }')),
  reply: optional(
    v.union(
      [v.string(), fn('(chat) => string | { text, ... }')],
      'a text or a function (chat) => string | { text, ... }',
    ),
  ),
  delayMs: optional(milliseconds()),
  apiKey: optional(text()),
  faults: optional(
    v.custom(
      (x) => typeof x === 'function' || (Array.isArray(x) && x.every((entry) => v.is(faultEntry, entry))),
      `a function (request) => name, or a list of names or { name, model, times, on }; known names: ${Object.keys(fakeFaults).join(', ')}`,
    ),
  ),
});

/** Checks the options and fills the defaults; `owner` is the function that the user called. */
export function normalise(
  options: FakeServerOptions | undefined,
  owner: string,
  defaults: { models: readonly FakeModel[]; contextLength: number },
): FakeSettings {
  checkOptions(fakeServerSchema, options, owner);
  const reply = options?.reply ?? 'This short answer comes from a fake model.';
  return {
    port: options?.port ?? 0,
    models: (options?.models ?? defaults.models).map((entry) => serve(entry, defaults.contextLength)),
    reply: typeof reply === 'function' ? reply : () => reply,
    delayMs: options?.delayMs ?? 0,
    apiKey: options?.apiKey,
    pickFault: faultPicker(options?.faults ?? []),
  };
}

function serve(entry: FakeModel, defaultContext: number): ServedFake {
  const contextLength = entry.contextLength ?? Math.min(defaultContext, entry.maxContextLength ?? defaultContext);
  return {
    id: entry.id,
    contextLength,
    maxContextLength: Math.max(entry.maxContextLength ?? 32_768, contextLength),
    capabilities: new Set(entry.capabilities ?? ['chat', 'completion', 'tools']),
    loaded: entry.loaded ?? false,
    sizeBytes: entry.sizeBytes ?? 4_700_000_000,
    quantization: entry.quantization ?? 'Q4_K_M',
    digest: entry.digest ?? hexFrom(entry.id),
    family: entry.family ?? familyOf(entry.id),
    parameterSize: entry.parameterSize ?? sizeOf(entry.id),
    remote: entry.remote ?? false,
    contextSet: entry.contextLength !== undefined,
  };
}

/** 64 hex digits that depend on the text only (FNV-1a, eight times over). */
function hexFrom(seed: string): string {
  let hash = 0x811c9dc5;
  let out = '';
  for (let block = 0; block < 8; block++) {
    for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ block, 0x01000193);
    out += (hash >>> 0).toString(16).padStart(8, '0');
  }
  return out;
}

// What a real server would say of such a model: facts that contradict its name would make another model of it.
function familyOf(id: string): string {
  const [, qwen, gemma, gptOss] = /(qwen[23]|qwq)|(gemma-?\d)|(gpt-oss)/i.exec(id) ?? [];
  if (gptOss) return 'gptoss';
  return (qwen?.replace(/qwq/i, 'qwen2') ?? gemma?.replace('-', '') ?? 'llama').toLowerCase();
}

function sizeOf(id: string): string {
  const [, size] = /(?:^|[^a-z\d.])(\d{1,4}(?:\.\d)?)b(?![a-z\d])/i.exec(id) ?? [];
  return size === undefined ? '7.6B' : `${size}B`;
}
