import fc from 'fast-check';
import { LocalLLMRouter, RouterError } from 'local-llm-router';
import { describe, expect, it, vi } from 'vitest';
import type { Transport } from '../../src/core/transport.js';
import { ollamaTransport } from '../../src/transports/ollama.js';
import { openaiTransport } from '../../src/transports/openai.js';
import { type Collected, collect, modelAt, recorded } from '../transports/loopback.js';
import { HEALTHY, HEALTHY_TEXT, HOSTILE } from './scene.js';
import { good, ollama, openai, type Wire } from './wires.js';

/** FUZZ_TIMES=20 damages more answers. */
const TIMES = Number(process.env['FUZZ_TIMES'] ?? 1);
const LIMITS = { timeout: 10_000 + 10_000 * TIMES };

/** Answers of true servers, whole and broken off. */
const RECORDED: readonly (readonly [string, Transport])[] = [
  ['ollama/0.33.0-rc2/chat-stream', ollamaTransport()],
  ['ollama/0.33.0-rc2/tools-stream', ollamaTransport()],
  ['ollama/0.33.0-rc2/think-omitted-stream', ollamaTransport()],
  ['ollama/0.33.0-rc2/kill-runner-chat-stream', ollamaTransport()],
  ['ollama/0.33.0-rc2/v1-think-stream', openaiTransport()],
  ['llama.cpp/b11549-wheel/chat-stream-usage', openaiTransport()],
  ['llama.cpp/b11549-wheel/tool-call-stream', openaiTransport()],
  ['llama.cpp/b11549-wheel/kv-exhausted-stream', openaiTransport()],
  ['koboldcpp/1.104/chat-tools-stream', openaiTransport()],
  ['localai/3.12.1/chat-tools-stream', openaiTransport()],
  ['mlx-lm/0.32.2/chat-stream-usage', openaiTransport()],
  ['text-generation-webui/4.7.3/chat-stream', openaiTransport()],
  ['open-webui/0.12.4/err-upstream-midstream', openaiTransport()],
];
const streams = RECORDED.map(([name, transport]) => {
  const { chunks, headers } = recorded(name);
  return { name, transport, bytes: Buffer.from(chunks.join('')), type: headers['content-type'] ?? '' };
});

/** A body in these pieces, which ends cleanly or breaks. */
function bodyOf(pieces: readonly Uint8Array[], ends: 'cleanly' | 'broken'): ReadableStream<Uint8Array> {
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      const piece = pieces[next++];
      if (piece !== undefined) controller.enqueue(piece);
      else if (ends === 'broken') controller.error(new TypeError('terminated'));
      else controller.close();
    },
  });
}

function read(
  transport: Transport,
  pieces: readonly Uint8Array[],
  type: string,
  ends: 'cleanly' | 'broken' = 'cleanly',
) {
  const response = new Response(bodyOf(pieces, ends), { headers: { 'content-type': type } });
  return collect(
    transport.chat(
      { model: modelAt('http://127.0.0.1:1'), messages: [{ role: 'user', content: 'canary-prompt' }], headers: {} },
      { signal: new AbortController().signal, fetch: async () => response },
    ),
  );
}

/** It ended with a finish or with an error of ours; nothing else. */
function typed({ error, finish }: Collected): void {
  if (error === undefined) expect(finish).toBeDefined();
  else {
    expect(error).toBeInstanceOf(RouterError);
    expect(finish).toBeUndefined();
    const { message } = error as RouterError;
    expect(message.length).toBeLessThan(400);
    expect(message).not.toContain('canary-prompt');
  }
}

/** Cuts bytes at these places. */
function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...cuts]
    .map((from, i) => bytes.subarray(from, cuts[i] ?? bytes.length))
    .filter(({ length }) => length > 0);
}

// The longer ones take too long for every byte; they are damaged at random below.
describe.each(streams.filter(({ bytes }) => bytes.length < 2_500))(
  'the recorded stream $name',
  ({ transport, bytes, type }) => {
    const whole = read(transport, [bytes], type);

    it('is the same in every byte by itself', async () => {
      const got = await read(transport, cutAt(bytes, [...bytes.keys()]), type);
      expect({ ...got, error: undefined }).toEqual({ ...(await whole), error: undefined });
      expect((got.error as RouterError | undefined)?.code).toBe(((await whole).error as RouterError | undefined)?.code);
    });

    it.each(['cleanly', 'broken'] as const)('that ends %s after any byte is an error, or all of it', async (ends) => {
      const all = await whole;
      for (let length = 0; length < bytes.length; length++) {
        const got = await read(transport, [bytes.subarray(0, length)], type, ends);
        typed(got);
        expect(all.text.startsWith(got.text)).toBe(true);
        expect(all.reasoning.startsWith(got.reasoning)).toBe(true);
        if (got.error === undefined) {
          expect([got.text, got.reasoning, got.calls, got.finish?.finishReason]).toEqual([
            all.text,
            all.reasoning,
            all.calls,
            all.finish?.finishReason,
          ]);
        }
      }
    });
  },
);

/** What happens to bytes on their way. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('drop' as const), at: fc.nat(), length: fc.nat(64) }),
  fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(), length: fc.nat(512) }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 16 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
);

function damaged(
  bytes: Uint8Array,
  faults: readonly (typeof damage extends fc.Arbitrary<infer T> ? T : never)[],
): Buffer {
  let out = Buffer.from(bytes);
  for (const fault of faults) {
    const at = out.length === 0 ? 0 : fault.at % out.length;
    const [before, after] = [out.subarray(0, at), out.subarray(at)];
    if (fault.kind === 'flip') out[at] = (out[at] ?? 0) ^ (1 << fault.bit);
    else if (fault.kind === 'drop') out = Buffer.concat([before, after.subarray(fault.length)]);
    else if (fault.kind === 'repeat') out = Buffer.concat([before, after.subarray(0, fault.length), after]);
    else if (fault.kind === 'insert') out = Buffer.concat([before, fault.bytes, after]);
    else out = Buffer.from(before);
  }
  return out;
}

const mangled = fc.record({
  stream: fc.constantFrom(...streams),
  faults: fc.array(damage, { minLength: 1, maxLength: 4 }),
  cuts: fc.array(fc.nat(), { maxLength: 20 }),
  ends: fc.constantFrom('cleanly' as const, 'broken' as const),
});

it('whatever happens to the bytes of an answer, it ends with an answer or with an error of ours', LIMITS, async () => {
  const printed = vi.spyOn(console, 'warn');
  await fc.assert(
    fc.asyncProperty(mangled, async ({ stream: { transport, bytes, type }, faults, cuts, ends }) => {
      typed(await read(transport, cutAt(damaged(bytes, faults), cuts), type, ends));
    }),
    { numRuns: 1_000 * TIMES },
  );
  expect(printed).not.toHaveBeenCalled();
  expect(Object.keys(Object.prototype)).toEqual([]);
});

it('whatever happens to the bytes of an answer, a call gives one model’s text, kept once', LIMITS, async () => {
  await fc.assert(
    fc.asyncProperty(mangled, async ({ stream: { transport, bytes, type }, faults, cuts, ends }) => {
      const hostile = transport.name === 'ollama' ? ollama : openai;
      const { router, asked } = overMemory(
        hostile,
        () => new Response(bodyOf(cutAt(damaged(bytes, faults), cuts), ends), { headers: { 'content-type': type } }),
      );
      let streamed = '';
      const stream = router.stream({ prompt: 'canary-prompt', session: 's' });
      try {
        for await (const event of stream) if (event.type === 'text') streamed += event.text;
        const { text, model, attempts, message } = await stream.result;
        expect(text).toBe(streamed);
        expect(attempts.map(({ outcome }) => outcome)).toEqual(model.id === HOSTILE ? ['ok'] : ['failed', 'ok']);
        if (model.id === HEALTHY) expect(text).toBe(HEALTHY_TEXT);
        const kept = router.context.session('s')?.messages ?? [];
        expect(kept.map(({ content }) => content)).toEqual(['canary-prompt', message.content]);
      } catch (error) {
        if (!RouterError.is(error)) throw error;
        // Only what had begun may end so: the healthy service would have answered.
        expect(error).toMatchObject({
          code: 'ERR_INTERRUPTED',
          attempts: [{ model: { id: HOSTILE }, outcome: 'failed' }],
        });
        expect(error.partialText ?? '').toBe(streamed);
        expect(router.context.session('s')?.messages ?? []).toEqual([]);
      }
      expect(['1001', '1001 1002']).toContain(asked.join(' '));
      await router.close();
    }),
    { numRuns: 200 * TIMES },
  );
});

/** A router over two services in memory: one gives `answer`, the other is well. */
function overMemory(wire: Wire, answer: () => Response) {
  const asked: string[] = [];
  const router = new LocalLLMRouter({
    discovery: { hosts: [], env: false },
    retry: { maxRetries: 0 },
    taskRouting: Object.fromEntries(
      ['coding', 'reasoning', 'analysis', 'documentation'].map((task) => [task, { primary: [HOSTILE] }]),
    ),
    services: [
      { type: wire.type, baseURL: 'http://127.0.0.1:1001', contextLength: 16_384 },
      { type: 'openai-compatible', baseURL: 'http://127.0.0.1:1002', contextLength: 16_384 },
    ],
    fetch: async (input, init) => {
      const { port, pathname } = new URL(String(input));
      if (init?.method === 'POST' && pathname !== '/api/show') {
        asked.push(port);
        if (port === '1001') return answer();
        const body = good(openai, HEALTHY_TEXT);
        return new Response(body.slice(body.indexOf('\r\n\r\n') + 4), {
          headers: { 'content-type': openai.contentType },
        });
      }
      const found = (port === '1001' ? wire.listing(HOSTILE) : openai.listing(HEALTHY))[pathname];
      if (found === undefined) return new Response('{}', { status: 404 });
      return typeof found === 'string' ? new Response(found) : Response.json(found);
    },
  });
  return { router, asked };
}
