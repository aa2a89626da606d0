import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RouterError } from '../../src/core/errors.js';
import type { ChatRequest, Transport } from '../../src/core/transport.js';
import { ollamaTransport } from '../../src/transports/ollama.js';
import { openaiTransport } from '../../src/transports/openai.js';
import {
  type Collected,
  collect,
  modelAt,
  type RawServer,
  rawServer,
  recorded,
  replay,
  sendRecorded,
} from './loopback.js';

const ollama = ollamaTransport();
const openai = openaiTransport();
const SKY = ' The sky is blue because air molecules scatter strongly than long ones.';

/** What a user gets from a true server's recorded bytes. */
interface Row {
  file: string;
  by: Transport;
  text?: string | RegExp;
  reasoning?: RegExp;
  calls?: [string, string][];
  finish?: string;
  usage?: Record<string, unknown>;
  noUsage?: true;
  code?: string;
  limit?: number;
  retryable?: boolean;
  loading?: true;
}

const O = 'ollama/0.33.0-rc2';
const L = 'llama.cpp/b11549-wheel';
const paris: [string, string][] = [['get_weather', '{"city":"Paris"}']];
const rows: Row[] = [
  { file: `${O}/chat-stream`, by: ollama, text: SKY, finish: 'stop', usage: { inputTokens: 24, outputTokens: 20 } },
  { file: `${O}/chat-nonstream`, by: ollama, text: /^ The sky .*ones\.$/, finish: 'stop', usage: { outputTokens: 20 } },
  { file: `${O}/think-omitted-stream-go`, by: ollama, reasoning: /^User asks/, text: / long ones\.$/, finish: 'stop' },
  { file: `${O}/tools-stream`, by: ollama, text: '', calls: paris, finish: 'stop' },
  { file: `${O}/tools-stream-go`, by: ollama, text: '', calls: paris, finish: 'stop' },
  { file: `${O}/tools-cut-stream`, by: ollama, text: '', calls: [], finish: 'length' },
  { file: `${O}/kill-runner-chat-stream`, by: ollama, text: /^ Once upon/, code: 'ERR_BAD_RESPONSE', retryable: true },
  { file: `${O}/midstream-parse-error`, by: ollama, text: 'The skyR', code: 'ERR_BAD_RESPONSE' },
  { file: `${O}/repeat-stream-go`, by: ollama, text: /lamp$/, code: 'ERR_INTERRUPTED' },
  { file: `${O}/repeat-nonstream-go`, by: ollama, text: /lamp$/, code: 'ERR_INTERRUPTED' },
  { file: `${O}/shutdown-mid-stream`, by: ollama, text: /^ Once upon/, code: 'ERR_INTERRUPTED' },
  { file: `${O}/chat-load-empty-messages`, by: ollama, text: '', code: 'ERR_INTERRUPTED' },
  {
    file: `${O}/overflow-truncate-false-stream`,
    by: ollama,
    code: 'ERR_CONTEXT_OVERFLOW',
    limit: 1024,
    retryable: false,
  },
  { file: `${O}/tools-not-supported-stream`, by: ollama, code: 'ERR_UNSUPPORTED', retryable: false },
  { file: `${O}/err-unknown-model`, by: ollama, code: 'ERR_NO_MODEL' },
  { file: `${O}/queue-full-chat-stream`, by: ollama, code: 'ERR_OVERLOADED', retryable: true },
  {
    file: `${O}/v1-chat-stream-usage`,
    by: openai,
    text: ' The sky is',
    finish: 'length',
    usage: { inputTokens: 24, outputTokens: 3 },
  },
  { file: `${O}/v1-think-stream-go`, by: openai, reasoning: /^User asks/, text: / long ones\.$/, finish: 'stop' },
  { file: `${O}/v1-tools-stream`, by: openai, calls: paris, finish: 'tool_calls' },
  { file: `${O}/kill-runner-v1-stream`, by: openai, text: /^ Once upon/, code: 'ERR_INTERRUPTED' },
  { file: `${O}/midstream-parse-error-v1`, by: openai, text: 'The skyR', code: 'ERR_INTERRUPTED' },
  { file: `${O}/overflow-v1-stream`, by: openai, code: 'ERR_CONTEXT_OVERFLOW', limit: 4096 },
  {
    file: `${L}/chat-stream-usage`,
    by: openai,
    text: ' The quick brown fox',
    finish: 'length',
    usage: { inputTokens: 25, outputTokens: 4, cachedTokens: 24, source: 'reported' },
  },
  { file: `${L}/chat`, by: openai, text: /^ The quick/, finish: 'stop', usage: { inputTokens: 25 } },
  {
    file: `${L}/think-stream`,
    by: openai,
    reasoning: /^ First I look/,
    text: ' Answer follows here now',
    finish: 'stop',
  },
  { file: `${L}/tool-call-stream`, by: openai, calls: [['get_weather', '{"city": "Oslo"}']], finish: 'tool_calls' },
  { file: `${L}/tool-call-cut-stream`, by: openai, calls: [['get_weather', '{"city": "Os']], finish: 'length' },
  { file: `${L}/overflow-stream`, by: openai, code: 'ERR_CONTEXT_OVERFLOW', limit: 1024, retryable: false },
  { file: `${L}/kv-exhausted-stream`, by: openai, text: /^ The quick/, code: 'ERR_CONTEXT_OVERFLOW' },
  { file: `${L}/kill-sigkill-stream`, by: openai, text: /^ The quick/, code: 'ERR_INTERRUPTED' },
  { file: `${L}/loading-chat`, by: openai, code: 'ERR_OVERLOADED', retryable: true, loading: true },
  { file: `${L}/auth-chat-wrong-stream`, by: openai, code: 'ERR_UNAUTHORIZED' },
  { file: 'llama.cpp/v0.5.0/router-child-crash-stream', by: openai, text: /^ The quick/, code: 'ERR_BAD_RESPONSE' },
  { file: 'llama.cpp/v0.5.0/router-chat-unknown', by: openai, code: 'ERR_NO_MODEL' },
  { file: 'llama-cpp-python/0.3.36/stream-then-chat', by: openai, text: /Hy$/, code: 'ERR_INTERRUPTED' },
  { file: 'llama-cpp-python/0.3.36/chat-overflow-stream', by: openai, text: '', code: 'ERR_INTERRUPTED' },
  { file: 'llama-cpp-python/0.3.36/chat-overflow', by: openai, code: 'ERR_CONTEXT_OVERFLOW', limit: 512 },
  { file: 'llama-swap/v250-5-g0bdb3720/unloaded-mid-stream', by: openai, text: 'The sky', code: 'ERR_INTERRUPTED' },
  { file: 'llama-swap/v250-5-g0bdb3720/concurrency-limit', by: openai, code: 'ERR_OVERLOADED', retryable: true },
  { file: 'docker-model-runner/642c7211/chat-overflow', by: openai, code: 'ERR_CONTEXT_OVERFLOW', limit: 8192 },
  { file: 'koboldcpp/1.104/chat-stream', by: openai, text: '21G"t-d1', finish: 'length' },
  {
    file: 'mlx-lm/0.32.2/chat-stream-usage',
    by: openai,
    finish: 'length',
    usage: { inputTokens: 20, outputTokens: 6, cachedTokens: 19 },
  },
  { file: 'text-generation-webui/4.7.3/chat-stream-usage', by: openai, finish: 'length', usage: { inputTokens: 21 } },
  { file: 'text-generation-webui/4.7.3/err-functions-stream', by: openai, text: '', code: 'ERR_INTERRUPTED' },
  { file: 'text-generation-webui/4.7.3/nomodel-chat-stream', by: openai, text: '', code: 'ERR_INTERRUPTED' },
  { file: 'text-generation-webui/4.7.3/chat-max-over', by: openai, text: '', code: 'ERR_BAD_RESPONSE' },
  { file: 'text-generation-webui/4.7.3/err-empty-messages-stream', by: openai, code: 'ERR_BAD_RESPONSE' },
  { file: 'text-generation-webui/4.7.3/key-chat', by: openai, code: 'ERR_UNAUTHORIZED' },
  // Eight pings while it waited.
  {
    file: 'text-generation-webui/4.7.3/close-withheld-text-next-request',
    by: openai,
    text: /^.>.h/s,
    finish: 'length',
  },
  { file: 'koboldcpp/1.104/chat-stream-usage', by: openai, text: /d$/, finish: 'length', noUsage: true },
  { file: 'koboldcpp/1.104/chat-stop-stream', by: openai, text: '21G"', finish: 'length' },
  {
    file: 'koboldcpp/1.104/chat-tools-stream',
    by: openai,
    calls: [[expect.stringContaining('is'), '{"city": "B"}']],
    finish: 'tool_calls',
  },
  { file: 'koboldcpp/1.104/nomodel-chat-stream', by: openai, text: '', code: 'ERR_NO_MODEL', retryable: false },
  { file: 'koboldcpp/1.104/busy-q5', by: openai, code: 'ERR_OVERLOADED', retryable: true },
  { file: 'koboldcpp/1.104/pw-chat', by: openai, code: 'ERR_UNAUTHORIZED' },
  { file: 'koboldcpp/1.104/err-bad-json', by: openai, code: 'ERR_BAD_RESPONSE', retryable: false },
  { file: 'localai/3.12.1/chat-stream-usage', by: openai, text: /^This is a mocked/, finish: 'stop', noUsage: true },
  { file: 'localai/3.12.1/err-no-backend-stream', by: openai, text: '', code: 'ERR_NO_MODEL', retryable: false },
  { file: 'localai/3.12.1/err-no-backend', by: openai, code: 'ERR_NO_MODEL', retryable: false },
  { file: 'localai/3.12.1/key-chat', by: openai, code: 'ERR_UNAUTHORIZED' },
  { file: 'open-webui/0.12.4/chat-openai-stream', by: openai, text: 'Hello from the fake model.', finish: 'stop' },
];

const request = (baseURL: string): ChatRequest => ({
  model: modelAt(baseURL),
  messages: [{ role: 'user', content: 'SECRET-PROMPT' }],
  headers: { Authorization: 'Bearer SECRET-KEY' },
});

function check(row: Row, got: Collected): void {
  if (row.text !== undefined) {
    if (typeof row.text === 'string') expect(got.text).toBe(row.text);
    else expect(got.text).toMatch(row.text);
  }
  if (row.reasoning) expect(got.reasoning).toMatch(row.reasoning);
  if (row.calls) expect(got.calls.map((call) => [call.name, call.arguments])).toEqual(row.calls);
  expect(got.finish?.finishReason).toBe(row.finish);
  if (row.usage) expect(got.finish?.usage).toMatchObject(row.usage);
  if (row.noUsage) expect(got.finish?.usage).toBeUndefined();
  const error = got.error as RouterError | undefined;
  expect(error?.code).toBe(row.code);
  if (row.code === undefined) return;
  expect(RouterError.is(error)).toBe(true);
  expect(error?.contextLimit).toBe(row.limit);
  if (row.retryable !== undefined) expect(error?.isRetryable).toBe(row.retryable);
  expect(error?.isLoading).toBe(row.loading);
  expect(error?.model).toBe('tiny');
  expect(error?.message).not.toMatch(/SECRET|lamp|quick/);
}

describe('what true servers sent, over a socket', () => {
  const current: { file: string } = { file: '' };
  let server: RawServer;
  const console_ = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => [name, vi.fn()] as const);
  beforeAll(async () => {
    server = await rawServer((socket) => sendRecorded(socket, recorded(current.file)));
  });
  afterAll(() => server.close());

  it.each(rows)('$file', async (row) => {
    for (const [name, spy] of console_) vi.spyOn(console, name).mockImplementation(spy);
    current.file = row.file;
    const signal = new AbortController().signal;
    check(row, await collect(row.by.chat(request(server.url), { signal, fetch })));
    for (const [, spy] of console_) expect(spy).not.toHaveBeenCalled();
  });
});

describe('the same bytes cut anywhere mean the same', () => {
  it.each(rows)('$file', async (row) => {
    const record = recorded(row.file);
    const size = new TextEncoder().encode(record.chunks.join('')).length;
    const run = (cuts: readonly number[] | 'as recorded') =>
      collect(
        row.by.chat(request('http://replay.test'), {
          signal: new AbortController().signal,
          fetch: async () => replay(record, cuts),
        }),
      );
    const plain = (got: Collected) => ({ ...got, error: (got.error as RouterError | undefined)?.message });
    const whole = plain(await run('as recorded'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: size }), { maxLength: 12 }), async (cuts) => {
        expect(plain(await run(cuts))).toEqual(whole);
      }),
      { numRuns: 15 },
    );
    if (size < 6000) {
      const everyByte = Array.from({ length: size }, (_, index) => index);
      expect(plain(await run(everyByte))).toEqual(whole);
    }
  });
});
