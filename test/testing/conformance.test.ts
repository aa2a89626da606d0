import { describe, expect, it } from 'vitest';
import { RouterError } from '../../src/core/errors.js';
import type { FetchLike } from '../../src/core/fetch-like.js';
import type { Transport, TransportEvent } from '../../src/core/transport.js';
import type { FakeServer, FakeServerOptions, TransportConformanceOptions } from '../../src/testing.js';
import * as testing from '../../src/testing.js';
import { gpt4allTransport } from '../../src/transports/gpt4all.js';
import { ollamaTransport } from '../../src/transports/ollama.js';
import { openaiTransport } from '../../src/transports/openai.js';

const { fakeVLLM, transportConformance } = testing;

type Start = (options?: FakeServerOptions) => Promise<FakeServer>;

/** Every fake server that there is. */
const fakes = Object.entries(testing).filter(
  (entry): entry is [string, Start] => entry[0].startsWith('fake') && typeof entry[1] === 'function',
);

/** Open WebUI has its routes below `/api` and wants a key, without one of its own any. */
const toOpenWebUI: FetchLike = (url, init) => {
  const headers = new Headers(init?.headers);
  if (!headers.has('authorization')) headers.set('authorization', 'Bearer any');
  return fetch(String(url).replace('/v1/', '/api/'), { ...init, headers });
};

type Wire = Omit<TransportConformanceOptions, 'make' | 'server'> & { readonly makes?: readonly (() => Transport)[] };

/** What differs from the OpenAI dialect in full. */
const wires: Readonly<Record<string, Wire>> = {
  fakeOllama: { makes: [ollamaTransport, openaiTransport] },
  fakeGPT4All: {
    makes: [gpt4allTransport],
    without: ['keys', 'reasoning'],
    // It never streams, and says nothing of a prompt that does not fit.
    withoutFaults: ['hang-mid-stream', 'overflow'],
  },
  fakeOpenWebUI: { fetch: toOpenWebUI, without: ['keys', 'embeddings', 'usage'] },
  fakeDockerModelRunner: { without: ['keys'] },
  fakeKoboldCpp: { without: ['usage'] },
  // Tools are called only where a request forces one.
  fakeLlamaCppPython: { without: ['usage', 'tools'] },
  fakeMlxLm: { without: ['keys', 'embeddings'] },
  fakeTabbyAPI: { without: ['embeddings'] },
  // It cuts a prompt that does not fit without a word.
  fakeTextGenerationWebUI: { without: ['embeddings'], withoutFaults: ['overflow'] },
};

describe.each(fakes)('%s', (name, server) => {
  const { makes = [openaiTransport], ...limits } = wires[name] ?? {};
  describe.each(makes.map((make) => [make().name, make] as const))('through the transport %s', (_, make) => {
    for (const { name: check, run } of transportConformance({ make, server, ...limits })) it(check, run);
  });
});

describe('a transport of a host', () => {
  const good = openaiTransport();
  /** The names of the checks that a transport fails. */
  async function failures(chat: Transport['chat'], more: Partial<Transport> = {}): Promise<string[]> {
    const make = (): Transport => ({ ...good, ...more, chat });
    const failed: string[] = [];
    for (const { name, run } of transportConformance({ make, server: fakeVLLM })) {
      if (/hang|aborted|leaves/.test(name)) continue;
      await run().catch((error: unknown) => {
        expect(error).toBeInstanceOf(Error);
        failed.push(name);
      });
    }
    return failed;
  }
  const changed = (change: (event: TransportEvent) => TransportEvent[]): Transport['chat'] =>
    async function* (request, o) {
      for await (const event of good.chat(request, o)) yield* change(event);
    };

  it('that keeps the contract passes', async () => {
    expect(await failures(changed((event) => [event]))).toEqual([]);
  });

  it.each<[string, Transport['chat'], RegExp]>([
    ['finishes twice', changed((event) => (event.type === 'finish' ? [event, event] : [event])), /exactly one finish/],
    ['never finishes', changed((event) => (event.type === 'finish' ? [] : [event])), /exactly one finish/],
    [
      'trims text',
      changed((event) => [event.type === 'text' ? { ...event, text: event.text.trim() } : event]),
      /as it is/,
    ],
    [
      'mixes thoughts in',
      changed((event) => [event.type === 'reasoning' ? { ...event, type: 'text' } : event]),
      /reasoning apart/,
    ],
    [
      'forgets the usage',
      changed((event) => [event.type === 'finish' ? { ...event, usage: undefined } : event]),
      /usage/,
    ],
    [
      'throws what it likes',
      async function* (request, o) {
        try {
          yield* good.chat(request, o);
        } catch {
          throw new TypeError('failed');
        }
      },
      /throws, and gives no finish/,
    ],
    [
      'tells secrets',
      async function* (request, o) {
        try {
          yield* good.chat(request, o);
        } catch (error) {
          throw new RouterError((error as RouterError).code, `failed: ${JSON.stringify(request)}`);
        }
      },
      /throws, and gives no finish/,
    ],
    [
      'ends well whatever happens',
      async function* (request, o) {
        try {
          yield* good.chat(request, o);
        } catch {
          yield { type: 'finish', finishReason: 'stop' };
        }
      },
      /throws, and gives no finish/,
    ],
  ])('that %s is found out', async (_, chat, check) => {
    expect(await failures(chat)).toEqual(expect.arrayContaining([expect.stringMatching(check)]));
  });

  it('that stays connected, or sends too early, is found out', async () => {
    const sticky: Transport['chat'] = (request, o) => {
      const events = good.chat(request, o)[Symbol.asyncIterator]();
      return { [Symbol.asyncIterator]: () => ({ next: () => events.next() }) };
    };
    const eager: Transport['chat'] = (request, o) => {
      void o.fetch(`${request.model.baseURL}/v1/models`).catch(() => {});
      return good.chat(request, o);
    };
    const run = (chat: Transport['chat'], name: string) =>
      transportConformance({ make: () => ({ ...good, chat }), server: fakeVLLM })
        .find((check) => check.name === name)
        ?.run();
    await expect(run(sticky, 'closes the connection when its reader leaves')).rejects.toThrow(/stayed open/);
    await expect(run(eager, 'sends with the given fetch, and nothing before it is read')).rejects.toThrow(
      /number of requests/,
    );
  });
});
