import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RouterError } from '../../src/core/errors.js';
import type { KnownServiceType } from '../../src/core/service.js';
import type { TransportEvent } from '../../src/core/transport.js';
import { openaiTransport } from '../../src/transports/openai.js';
import { collect, modelAt, type RawServer, rawServer, recorded, replay, sendRecorded } from './loopback.js';

/** What a user gets from the recorded bytes of servers that wrap another engine. */
interface Row {
  readonly file: string;
  readonly type: KnownServiceType;
  readonly text?: string | RegExp;
  readonly reasoning?: string;
  readonly calls?: readonly (readonly [string, string])[];
  readonly finish?: string;
  readonly usage?: Record<string, unknown>;
  readonly served?: RegExp;
  readonly code?: string;
  readonly limit?: number;
  readonly retryable?: boolean;
}

const S = 'llama-swap/v250-5-g0bdb3720';
const D = 'docker-model-runner/642c7211';
const P = 'llama-cpp-python/0.3.36';
const M = 'mlx-lm/0.32.2';
const swap = { type: 'llama-swap' } as const;
const docker = { type: 'docker-model-runner' } as const;
const python = { type: 'llama-cpp-python' } as const;
const mlx = { type: 'mlx-lm' } as const;

const rows: readonly Row[] = [
  // The backend's file name is no sign of a wrong model.
  { file: `${S}/chat-cold-stream`, ...swap, text: /^ The sky is blue/, finish: 'stop', served: /^sky\.gguf$/ },
  { file: `${S}/chat-alias`, ...swap, text: ' The sky', finish: 'length', served: /^sky\.gguf$/ },
  // What it says while it loads is not the model's thinking.
  { file: `${S}/slow-start-loading`, ...swap, text: 'The sky is blue.', reasoning: '', finish: 'stop' },
  { file: `${S}/crash-start-loading`, ...swap, text: '', reasoning: '', code: 'ERR_BAD_RESPONSE' },
  { file: `${S}/crash-start-stream`, ...swap, text: '', code: 'ERR_BAD_RESPONSE' },
  // Ended properly, though the backend is gone.
  { file: `${S}/unloaded-mid-stream`, ...swap, text: 'The sky', code: 'ERR_INTERRUPTED', retryable: true },
  { file: `${S}/backend-cut`, ...swap, text: 'The sky is', code: 'ERR_INTERRUPTED' },
  { file: `${S}/backend-exit`, ...swap, code: 'ERR_INTERRUPTED' },
  { file: `${S}/backend-reset`, ...swap, code: 'ERR_BAD_RESPONSE', retryable: true },
  { file: `${S}/concurrency-limit`, ...swap, code: 'ERR_OVERLOADED', retryable: true },
  { file: `${S}/unknown-model`, ...swap, code: 'ERR_NO_MODEL' },
  { file: `${S}/chat-overflow`, ...swap, code: 'ERR_CONTEXT_OVERFLOW', limit: 4096 },
  { file: `${S}/keys-models-none`, ...swap, code: 'ERR_UNAUTHORIZED' },
  {
    file: `${D}/chat-stream`,
    ...docker,
    text: /^\[/,
    finish: 'length',
    usage: { inputTokens: 22, outputTokens: 8 },
    served: /^\/srv\/.*\.gguf$/,
  },
  { file: `${D}/chat-cold`, ...docker, finish: 'length', served: /\.gguf$/ },
  { file: `${D}/chat-overflow`, ...docker, code: 'ERR_CONTEXT_OVERFLOW', limit: 8192 },
  { file: `${D}/chat-unknown`, ...docker, code: 'ERR_NO_MODEL' },
  { file: `${D}/nobackend-chat`, ...docker, code: 'ERR_BAD_RESPONSE' },
  { file: `${D}/preload-only`, ...docker, text: '', code: 'ERR_INTERRUPTED' },
  { file: `${P}/chat-stream`, ...python, finish: 'length', served: /^tiny$/ },
  {
    file: `${P}/chat-tools-forced`,
    ...python,
    text: '',
    calls: [['get_weather', '{ "city" : "B"}']],
    finish: 'tool_calls',
  },
  // [DONE] without a finish_reason: another request broke it off.
  { file: `${P}/stream-then-models`, ...python, code: 'ERR_INTERRUPTED', retryable: true },
  { file: `${P}/chat-overflow-stream`, ...python, text: '', code: 'ERR_INTERRUPTED' },
  { file: `${P}/chat-overflow`, ...python, code: 'ERR_CONTEXT_OVERFLOW', limit: 512 },
  { file: `${P}/key-bad`, ...python, code: 'ERR_UNAUTHORIZED' },
  { file: `${M}/chat-stream`, ...mlx, finish: 'length', served: /^default_model$/ },
  { file: `${M}/chat`, ...mlx, finish: 'length', usage: { inputTokens: 20, outputTokens: 12 } },
  // The reason came; only the last line is missing.
  { file: `${M}/chat-stream-options-empty`, ...mlx, finish: 'length' },
  { file: `${M}/err-unknown-model-noslash`, ...mlx, code: 'ERR_NO_MODEL' },
  { file: `${M}/err-image`, ...mlx, code: 'ERR_UNSUPPORTED' },
  { file: `${M}/err-messages-empty`, ...mlx, code: 'ERR_BAD_RESPONSE' },
  { file: `${M}/post-unknown`, ...mlx, code: 'ERR_BAD_RESPONSE' },
];

const openai = openaiTransport();
const chat = (baseURL: string, type: KnownServiceType, fetch: typeof globalThis.fetch) =>
  openai.chat(
    { model: { ...modelAt(baseURL), type }, messages: [{ role: 'user', content: 'hi' }], headers: {} },
    { signal: new AbortController().signal, fetch: fetch as never },
  );

describe('what servers sent that wrap another engine', () => {
  const current: { file: string } = { file: '' };
  let server: RawServer;
  beforeAll(async () => {
    server = await rawServer((socket) => sendRecorded(socket, recorded(current.file)));
  });
  afterAll(() => server.close());

  it.each(rows)('$file', async (row) => {
    current.file = row.file;
    const got = await collect(chat(server.url, row.type, fetch));
    const error = got.error as RouterError | undefined;
    expect(error?.code).toBe(row.code);
    expect(got.finish?.finishReason).toBe(row.finish);
    if (row.text !== undefined) expect(got.text).toMatch(typeof row.text === 'string' ? exactly(row.text) : row.text);
    if (row.reasoning !== undefined) expect(got.reasoning).toBe(row.reasoning);
    if (row.calls) expect(got.calls.map((call) => [call.name, call.arguments])).toEqual(row.calls);
    if (row.usage) expect(got.finish?.usage).toMatchObject(row.usage);
    if (row.served) expect(got.finish?.servedModel).toMatch(row.served);
    if (row.limit !== undefined) expect(error?.contextLimit).toBe(row.limit);
    if (row.retryable !== undefined) expect(error?.isRetryable).toBe(row.retryable);
    // Paths and command lines of the server stay out of the message.
    expect(error?.message ?? '').not.toMatch(/\.gguf|fork|llama-server/);
  });
});

describe('while llama-swap starts a model', () => {
  const events = async (type: KnownServiceType): Promise<TransportEvent['type'][]> => {
    const found: TransportEvent['type'][] = [];
    const record = recorded(`${S}/slow-start-loading`);
    for await (const event of chat('http://replay.test', type, async () => replay(record))) found.push(event.type);
    return found;
  };

  it('its notes show that something happens, and are no content', async () => {
    const types = await events('llama-swap');
    expect(types.slice(0, types.indexOf('text'))).toEqual(expect.arrayContaining(['progress']));
    expect(types).not.toContain('reasoning');
  });

  it('from a server of another kind the same field is the thinking of its model', async () => {
    expect(await events('llama.cpp')).toContain('reasoning');
  });
});

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.[\](){}*+?^$|\\]/g, '\\$&')}$`);
}
