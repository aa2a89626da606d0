import type { ToolDefinition } from '../core/chat.js';
import { RouterError, type RouterErrorCode } from '../core/errors.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { ModelRef } from '../core/model.js';
import type { ServiceType } from '../core/service.js';
import type { ChatRequest, Transport, TransportEvent } from '../core/transport.js';
import { type ConformanceCheck, check, holds, same, soon } from './conformance.js';
import type { FakeChat, FakeReply, FakeServerOptions } from './fake-server.js';
import { type FakeFaultName, fakeFaults } from './faults.js';

/**
 * What a checked transport talks to.
 * @public
 */
export interface ConformanceServer {
  /** Base URL, without a trailing slash. */
  readonly url: string;
  /** Type of the service. @defaultValue 'openai-compatible' */
  readonly type?: ServiceType | undefined;
  /** What it was asked, oldest first; `cancelled`: the client left before the reply was complete. */
  readonly requests: readonly { readonly cancelled: boolean }[];
  /** Stops it, open replies included. */
  close(): Promise<void>;
}

/**
 * What {@link transportConformance} checks.
 * @public
 */
export interface TransportConformanceOptions {
  /** Makes the transport to be checked. */
  make(): Transport;
  /** Starts a server that speaks its wire, with these models, answers and faults: one of the fakes, or one of your own. */
  server(options: FakeServerOptions): Promise<ConformanceServer>;
  /** What the wire cannot carry. @defaultValue nothing; tools also where `capabilities.tools` is `false` */
  readonly without?: readonly ('reasoning' | 'tools' | 'usage' | 'keys' | 'embeddings')[] | undefined;
  /** What goes wrong on other wires only. @defaultValue none */
  readonly withoutFaults?: readonly FakeFaultName[] | undefined;
  /** What sends. @defaultValue the global `fetch` */
  readonly fetch?: FetchLike | undefined;
}

const PROMPT = 'canary-prompt';
const KEY = 'canary-key';
const TOOLS: readonly ToolDefinition[] = [
  { type: 'function', function: { name: 'read_file', parameters: { type: 'object', properties: {} } } },
];
/** What an answer may fail with, where that is part of the contract. */
const CODES: Partial<Record<FakeFaultName, RouterErrorCode>> = {
  overflow: 'ERR_CONTEXT_OVERFLOW',
  'status-429': 'ERR_OVERLOADED',
  'status-401': 'ERR_UNAUTHORIZED',
};
/** Faults that end by themselves and leave no answer. */
const ENDING: readonly FakeFaultName[] = [
  'reset',
  'html',
  'invalid-json',
  'status-429',
  'status-500',
  'status-503-loading',
  'overflow',
  'close-before-content',
  'error-before-content',
  'close-mid-stream',
  'error-in-stream',
  'no-finish',
  'done-without-finish',
  'status-401',
  'redirect',
  'compressed',
  'not-http',
  'flood',
];
/** After these the answer is whole. */
const ODD: readonly FakeFaultName[] = ['byte-by-byte', 'bom', 'crlf', 'keep-alives', 'more-after-end'];

/**
 * The contract of a {@link Transport} as checks: what it reads, that it ends with exactly one `finish` or a `RouterError`,
 * that leaving it closes the connection, and that no error holds prompt or key. The built-in transports pass them.
 *
 * @example
 * ```ts
 * for (const { name, run } of transportConformance({ make: () => myTransport(), server: fakeVLLM })) it(name, run);
 * ```
 * @public
 */
export function transportConformance(o: TransportConformanceOptions): readonly ConformanceCheck[] {
  const without = new Set<string>(o.without);
  if (o.make().capabilities.tools === false) without.add('tools');
  const withoutFaults = new Set<string>(o.withoutFaults);

  /** Runs `test` against a server with one model. */
  const at = (
    name: string,
    options: FakeServerOptions,
    test: (call: Calling, server: ConformanceServer) => Promise<void>,
  ): ConformanceCheck =>
    check(name, async () => {
      const model = {
        id: 'conformance',
        capabilities: ['chat', 'completion', 'tools', 'reasoning'],
        loaded: true,
      } as const;
      const server = await o.server({ models: [model], ...options });
      try {
        await test(new Calling(o, server), server);
      } finally {
        await server.close();
      }
    });

  const checks: (ConformanceCheck | false)[] = [
    at(
      'gives the text in pieces, none of them empty, and exactly one finish at the end',
      { reply: 'One two.' },
      async (call) => {
        const events = await call.all({});
        same(textOf(events), 'One two.', 'the text');
        holds(
          events.every((event) => event.type !== 'text' || event.text !== ''),
          'a text event is empty.',
        );
        same(events.map(({ type }) => type).lastIndexOf('finish'), events.length - 1, 'the place of the finish');
        same(events.filter(({ type }) => type === 'finish').length, 1, 'the number of finishes');
        same(finishOf(events)?.finishReason, 'stop', 'the reason');
      },
    ),
    at('keeps text as it is: blanks, line ends and signs of two units', { reply: ' a\n\n  b 😀 é ' }, async (call) => {
      same(textOf(await call.all({})), ' a\n\n  b 😀 é ', 'the text');
    }),
    at('says that the limit ended an answer', { reply: 'one two three four' }, async (call) => {
      const events = await call.all({ maxTokens: 2 });
      same(finishOf(events)?.finishReason, 'length', 'the reason');
      same(textOf(events), 'one two', 'the text');
    }),
    !without.has('usage') &&
      at('gives the usage that the server reports', { reply: 'one two three' }, async (call) => {
        const { usage } = finishOf(await call.all({})) ?? {};
        same([usage?.source, usage?.outputTokens], ['reported', 3], 'the usage');
        holds((usage?.inputTokens ?? 0) > 0, 'the usage has no input tokens.');
      }),
    !without.has('reasoning') &&
      at(
        'keeps reasoning apart from the text',
        { reply: () => ({ reasoning: 'Hm hm.', text: 'Yes.' }) },
        async (call) => {
          const events = await call.all({});
          same([reasoningOf(events), textOf(events)], ['Hm hm.', 'Yes.'], 'reasoning and text');
        },
      ),
    at(
      'takes the reasoning out of a text that begins with it',
      { reply: '<think>\nHm.\n</think>\n\nYes.' },
      async (call) => {
        const events = await call.all({});
        same([reasoningOf(events), textOf(events)], ['Hm.', 'Yes.'], 'reasoning and text');
      },
    ),
    !without.has('tools') &&
      at('gives tool calls with their names and whole arguments', { reply: twoCalls }, async (call) => {
        const events = await call.all({ tools: [...TOOLS] });
        same(
          callsOf(events),
          [
            ['read_file', { path: 'a "b"' }],
            ['read_file', { path: 'ü' }],
          ],
          'the calls',
        );
        same(textOf(events), '', 'the text');
      }),
    !without.has('tools') &&
      at('offers the tools, and says which call a result answers', { reply: toolNames }, async (call) => {
        const events = await call.all({
          tools: [...TOOLS],
          messages: [
            { role: 'user', content: 'read a' },
            {
              role: 'assistant',
              content: null,
              tool_calls: [{ id: 'c1', type: 'function', function: { name: 'read_file', arguments: '{"path":"a"}' } }],
            },
            { role: 'tool', tool_call_id: 'c1', content: 'text of a' },
          ],
        });
        same(textOf(events), 'read_file user,assistant,tool', 'what the model was told');
      }),
    at(
      'sends the whole conversation in order',
      { reply: ({ messages }) => messages.map(lineOf).join('|') },
      async (call) => {
        const events = await call.all({
          messages: [
            { role: 'system', content: 'Be brief.' },
            { role: 'user', content: 'Hi' },
            { role: 'assistant', content: 'Hello' },
            { role: 'user', content: 'And now?' },
          ],
        });
        same(textOf(events), 'system:Be brief.|user:Hi|assistant:Hello|user:And now?', 'what the model was told');
      },
    ),
    at('keeps calls at the same time apart', { reply: ({ messages }) => lineOf(messages.at(-1)) }, async (call) => {
      const names = ['a', 'b', 'c', 'd'];
      const texts = await Promise.all(
        names.map(async (content) => textOf(await call.all({ messages: [{ role: 'user', content }] }))),
      );
      same(
        texts,
        names.map((name) => `user:${name}`),
        'the answers',
      );
    }),
    !without.has('keys') &&
      at('sends the headers of the request, and tells a refused key', { apiKey: KEY }, async (call) => {
        const refused = await call.error({});
        same(refused.code, 'ERR_UNAUTHORIZED', 'the code');
        same(
          finishOf(await call.all({ headers: { Authorization: `Bearer ${KEY}` } }))?.finishReason,
          'stop',
          'the reason',
        );
      }),
    check('says that nothing listens at an address', async () => {
      const server = await o.server({});
      await server.close();
      same((await new Calling(o, server).error({})).code, 'ERR_UNREACHABLE', 'the code');
    }),
    ...ENDING.filter((fault) => !withoutFaults.has(fault)).map((fault) =>
      at(`throws, and gives no finish, where a server ${fakeFaults[fault]}`, { faults: [fault] }, async (call) => {
        const { code, isRetryable } = await call.error({});
        if (CODES[fault] !== undefined) same(code, CODES[fault], 'the code');
        if (fault === 'overflow') same(isRetryable, false, 'whether the same call may be repeated');
      }),
    ),
    ...ODD.filter((fault) => !withoutFaults.has(fault)).map((fault) =>
      at(
        `gives the whole answer where a server ${fakeFaults[fault]}`,
        { reply: 'é 😀\n\nb', faults: [fault] },
        async (call) => {
          const events = await call.all({});
          same(textOf(events), 'é 😀\n\nb', 'the text');
          same(finishOf(events)?.finishReason, 'stop', 'the reason');
        },
      ),
    ),
    at('closes the connection when it is aborted before the answer', { faults: ['hang'] }, async (call, server) => {
      const controller = new AbortController();
      const failed = call.error({}, controller.signal);
      await soon(() => server.requests.length > 0, 'the request did not reach the server.');
      controller.abort();
      same((await failed).code, 'ERR_ABORTED', 'the code');
      await soon(() => server.requests.every(({ cancelled }) => cancelled), 'the connection stayed open.');
    }),
    !withoutFaults.has('hang-mid-stream') &&
      at('closes the connection when it is aborted in the middle', halfAnswer, async (call, server) => {
        const controller = new AbortController();
        const failed = call.error({}, controller.signal, () => controller.abort());
        same((await failed).code, 'ERR_ABORTED', 'the code');
        await soon(() => server.requests.every(({ cancelled }) => cancelled), 'the connection stayed open.');
      }),
    !withoutFaults.has('hang-mid-stream') &&
      at('closes the connection when its reader leaves', halfAnswer, async (call, server) => {
        for await (const event of call.events({})) if (event.type === 'text') break;
        await soon(() => server.requests.every(({ cancelled }) => cancelled), 'the connection stayed open.');
      }),
    at('sends with the given fetch, and nothing before it is read', {}, async (call) => {
      call.events({});
      same(call.sent, 0, 'the number of requests before the first read');
      await call.all({});
      same(call.sent, 1, 'the number of requests through the given fetch');
    }),
    o.make().embed !== undefined && !without.has('embeddings') && embeddings(o),
  ];
  return checks.filter((entry) => entry !== false);
}

const halfAnswer: FakeServerOptions = { reply: 'one two three four', faults: ['hang-mid-stream'] };

function embeddings(o: TransportConformanceOptions): ConformanceCheck {
  return check('gives one vector per text, in order', async () => {
    const server = await o.server({ models: [{ id: 'conformance', capabilities: ['embedding'], loaded: true }] });
    try {
      const call = new Calling(o, server);
      const both = await call.embed(['red', 'green']);
      same(await call.embed(['green', 'red']), [both[1], both[0]], 'the vectors in another order');
      same(both.length, 2, 'the number of vectors');
    } finally {
      await server.close();
    }
  });
}

/** Calls of the transport at one server. */
class Calling {
  /** Requests so far. */
  sent = 0;
  readonly #transport: Transport;
  readonly #model: ModelRef;
  readonly #fetch: FetchLike;

  constructor(o: TransportConformanceOptions, { url, type = 'openai-compatible' }: ConformanceServer) {
    this.#transport = o.make();
    this.#model = { id: 'conformance', key: null, service: `${type}@conformance`, type, baseURL: url };
    this.#fetch = (input, init) => {
      this.sent += 1;
      return (o.fetch ?? globalThis.fetch)(input, init);
    };
  }

  events(request: Partial<ChatRequest>, signal = new AbortController().signal): AsyncIterable<TransportEvent> {
    const messages = [{ role: 'user' as const, content: PROMPT }];
    return this.#transport.chat(
      { model: this.#model, messages, headers: {}, ...request },
      { signal, fetch: this.#fetch },
    );
  }

  async all(request: Partial<ChatRequest>): Promise<TransportEvent[]> {
    const events: TransportEvent[] = [];
    for await (const event of this.events(request)) events.push(event);
    return events;
  }

  /** The error that a call ends with: typed, about the model, and without a secret. */
  async error(request: Partial<ChatRequest>, signal?: AbortSignal, onText?: () => void): Promise<RouterError> {
    const seen: TransportEvent[] = [];
    try {
      for await (const event of this.events({ headers: { 'x-canary': KEY }, ...request }, signal)) {
        seen.push(event);
        if (event.type === 'text') onText?.();
      }
    } catch (error) {
      holds(RouterError.is(error), 'what was thrown is no RouterError.');
      same(finishOf(seen), undefined, 'a finish before the error');
      holds(!(error as Error).message.includes('canary'), 'the message holds the prompt or the key.');
      return error as RouterError;
    }
    throw new Error(`expected an error, got ${seen.map(({ type }) => type).join(', ') || 'nothing'}.`);
  }

  async embed(input: string[]): Promise<number[][]> {
    const { signal } = new AbortController();
    const result = await this.#transport.embed?.(
      { model: this.#model, input, headers: {} },
      { signal, fetch: this.#fetch },
    );
    return result?.embeddings ?? [];
  }
}

const twoCalls = (): FakeReply => ({
  toolCalls: ['a "b"', 'ü'].map((path) => ({ name: 'read_file', arguments: { path } })),
});

const toolNames = ({ messages, tools }: FakeChat): string =>
  `${tools.map((tool) => (tool.type === 'function' ? tool.function.name : '')).join()} ${messages.map(({ role }) => role).join()}`;

function lineOf(message: FakeChat['messages'][number] | undefined): string {
  const { role, content } = message ?? {};
  const text =
    typeof content === 'string' ? content : (content ?? []).map((part) => ('text' in part ? part.text : '')).join('');
  return `${role}:${text}`;
}

function textOf(events: readonly TransportEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.text : '')).join('');
}

function reasoningOf(events: readonly TransportEvent[]): string {
  return events.map((event) => (event.type === 'reasoning' ? event.text : '')).join('');
}

function finishOf(events: readonly TransportEvent[]): Extract<TransportEvent, { type: 'finish' }> | undefined {
  return events.find((event) => event.type === 'finish');
}

function callsOf(events: readonly TransportEvent[]): [string | undefined, unknown][] {
  const calls = new Map<number, { name: string | undefined; text: string }>();
  for (const event of events) {
    if (event.type !== 'tool-call-delta') continue;
    const call = calls.get(event.index) ?? { name: undefined, text: '' };
    calls.set(event.index, { name: call.name ?? event.name, text: call.text + event.arguments });
  }
  return [...calls.values()].map(({ name, text }) => [name, JSON.parse(text)]);
}
