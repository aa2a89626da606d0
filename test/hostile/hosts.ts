import type { AuditSink, LocalLLMRouter, Logger, RouterOptions, ServiceEndpoint, Transport } from 'local-llm-router';

/** How a function of the host misbehaves. */
export type Mode = 'throws' | 'rejects' | 'hangs' | 'garbage';

/** What becomes of the call: a whole answer, its end by its own signal (nothing ended it before), or one of these codes. */
export type HostOutcome = 'answer' | 'waits' | readonly string[];

/** A function of the host that behaves until the router is ready, and then misbehaves as asked. */
export type Misbehaving = <F extends (...args: never[]) => unknown>(wellBehaved: F) => F;

/** One thing that a host injects. */
export interface HostRow {
  readonly part: string;
  /** The options with it; `bad` makes its functions misbehave. */
  options(bad: Misbehaving, server: { readonly url: string; readonly type: ServiceEndpoint['type'] }): RouterOptions;
  /** What else the host does before the call. */
  prepare?(router: LocalLLMRouter, bad: Misbehaving): void;
  /** It misbehaves from the first look for servers on. */
  readonly fromTheStart?: boolean;
  /** What it does takes the router's own time limits when it closes: those are played by a clock of the test. */
  readonly slowToClose?: boolean;
  /** What it gives that is no answer of its kind. @defaultValue NONSENSE */
  readonly garbage?: readonly unknown[];
  readonly ends: Readonly<Partial<Record<Mode, HostOutcome>>>;
}

const thrower = () => {
  throw new TypeError('from a thenable');
};
/** What is an answer of no kind. Made anew each time: a body is read once. */
export const NONSENSE: readonly unknown[] = [
  undefined,
  null,
  7,
  Number.NaN,
  'text',
  true,
  Symbol('s'),
  [],
  {},
  () => 7,
  // biome-ignore lint/suspicious/noThenProperty: hosts hand over broken thenables, and an `await` of one must not let its throw out
  { then: thrower },
];
const OBJECTS = [[], {}, { messages: 7, prompt: 7, text: 7, message: null, model: 7, headers: null }];

const ANSWER = { throws: 'answer', rejects: 'answer', hangs: 'answer', garbage: 'answer' } as const;
const FAILS = ['ERR_ALL_ATTEMPTS_FAILED'];
const NOBODY = ['ERR_NO_SERVICE', 'ERR_NO_MODEL'];

const long = 'The build fails with a message about a missing module. '.repeat(60);

const plainTransport: Transport['chat'] = async function* () {
  yield { type: 'text', text: 'by the host' };
  yield { type: 'finish', finishReason: 'stop' };
};
const transport = (chat: Transport['chat']): Transport => ({
  name: 'ollama',
  specificationVersion: 1,
  capabilities: {},
  chat,
});
/** An iterator whose `next` is the host's. */
const stepwise = (next: () => unknown): Transport['chat'] =>
  (() => ({ [Symbol.asyncIterator]: () => ({ next }) })) as unknown as Transport['chat'];

const serena = (part: 'listTools' | 'callTool', bad: Misbehaving): RouterOptions => {
  const client = {
    listTools: async () => ['find_symbol'],
    callTool: async () => ({ text: '[{"name_path":"Cart","kind":"Class","relative_path":"a.ts"}]', isError: false }),
  };
  return {
    serena: { ...client, [part]: bad(client[part]) },
    serenaOptions: { when: 'always', timeoutMs: 30 },
  };
};

const sink = (onFailure: 'block' | 'continue', bad: Misbehaving): RouterOptions => {
  const write: AuditSink['write'] = async () => {};
  return { security: { audit: { onFailure, sinks: [{ write: bad(write), close: bad(async () => {}) }] } } };
};

/** What looks like a reply until it is read. */
const BROKEN_REPLIES = [7, {}, 'text', { getReader: () => ({}) }, { getReader: 7 }].flatMap((body) =>
  [200, 500].map((status) => ({ status, headers: new Headers(), body })),
);

/** Everything that a host may inject, and what its misbehaviour may do to a call. */
export const hosts: readonly HostRow[] = [
  {
    part: 'a listener of decisions',
    options: () => ({}),
    prepare: (router, bad) => void router.onDecision(bad(() => {})),
    ends: ANSWER,
  },
  {
    part: 'a listener of attempts',
    options: () => ({}),
    prepare: (router, bad) => void router.onAttempt(bad(() => {})),
    ends: ANSWER,
  },
  {
    part: 'a listener of services',
    options: () => ({ discovery: { hosts: [], env: false, ttlMs: 1_000 } }),
    prepare: (router, bad) => void router.onServiceChange(bad(() => {})),
    ends: ANSWER,
  },
  {
    part: 'the logger',
    options: (bad) => {
      const log = bad((): void => {});
      return { logger: { debug: log, info: log, warn: log, error: log } satisfies Logger };
    },
    // Something to log.
    prepare: (router) => {
      for (const listen of [router.onDecision, router.onAttempt]) {
        listen.call(router, () => {
          throw new TypeError('mine');
        });
      }
    },
    ends: ANSWER,
  },
  {
    part: 'the logger, while servers are looked for',
    fromTheStart: true,
    options: (bad) => {
      const log = bad((): void => {});
      return { logger: { debug: log, info: log, warn: log, error: log } satisfies Logger };
    },
    ends: ANSWER,
  },
  {
    part: 'hook beforeRoute',
    options: (bad) => ({ hooks: { beforeRoute: bad((request) => request) } }),
    garbage: [...NONSENSE, ...OBJECTS],
    ends: {
      throws: ['ERR_ABORTED'],
      rejects: ['ERR_ABORTED'],
      hangs: 'waits',
      garbage: ['ERR_INVALID_OPTION', 'ERR_INVALID_REQUEST', 'ERR_ABORTED'],
    },
  },
  {
    part: 'hook beforeRequest',
    options: (bad) => ({ hooks: { beforeRequest: bad((request) => request) } }),
    garbage: [...NONSENSE, ...OBJECTS],
    ends: {
      throws: ['ERR_ABORTED'],
      rejects: ['ERR_ABORTED'],
      hangs: 'waits',
      garbage: ['ERR_INVALID_OPTION', 'ERR_ABORTED'],
    },
  },
  {
    part: 'hook afterResponse',
    options: (bad) => ({ hooks: { afterResponse: bad((result) => result) } }),
    garbage: [...NONSENSE, ...OBJECTS],
    ends: {
      throws: ['ERR_ABORTED'],
      rejects: ['ERR_ABORTED'],
      hangs: 'waits',
      garbage: ['ERR_INVALID_OPTION', 'ERR_ABORTED'],
    },
  },
  {
    part: 'the system prompt',
    options: (bad) => ({ systemPrompt: bad(() => 'Be brief.') }),
    garbage: NONSENSE.filter((value) => typeof value !== 'string'),
    ends: {
      throws: ['ERR_ABORTED'],
      rejects: ['ERR_INVALID_OPTION'],
      hangs: ['ERR_INVALID_OPTION'],
      garbage: ['ERR_INVALID_OPTION'],
    },
  },
  {
    part: 'the classifier',
    options: (bad) => ({ classifier: { when: 'always', classify: bad(() => null) } }),
    garbage: [
      ...NONSENSE,
      { category: 'cooking' },
      { category: 'coding' },
      { category: 'coding', confidence: 'x', complexity: 7, alternatives: 7, taskType: 7, keywordsMatched: {} },
      { category: 'coding', complexity: { score: 'x', reasons: 7 }, requiresSerena: 'yes' },
    ],
    // It is given up after a while; here the caller leaves before.
    ends: { ...ANSWER, hangs: 'waits' },
  },
  {
    part: 'the judge',
    options: (bad) => ({ judge: { choose: bad(async () => null) } }),
    garbage: [...NONSENSE, { model: 'gone:7b' }, { model: 7, reason: 7 }, { model: 'one:7b', reason: {} }],
    ends: { ...ANSWER, hangs: 'waits' },
  },
  {
    part: 'the token counter',
    options: (bad) => ({ tokenCounter: { count: bad((text: string) => text.length) } }),
    garbage: [...NONSENSE, -1, Number.POSITIVE_INFINITY, 1e300, 2n],
    ends: { ...ANSWER, hangs: 'waits' },
  },
  {
    part: 'the summarizer',
    options: (bad) => ({
      context: { keepRecent: 1, threshold: 0.2, target: 0.1 },
      summarizer: { summarize: bad(async () => 'They spoke.') },
    }),
    prepare: (router) => {
      for (let i = 0; i < 12; i += 1) {
        for (const role of ['user', 'assistant'] as const)
          router.context.addMessage({ role, content: long }, { session: 'host' });
      }
    },
    ends: { ...ANSWER, hangs: 'waits' },
  },
  {
    part: 'the store',
    options: (bad) => ({
      store: {
        get: bad(async () => undefined),
        set: bad(async () => ({ ok: true })),
        delete: bad(async () => {}),
        list: bad(async () => []),
      },
    }),
    ends: ANSWER,
  },
  { part: 'Serena, asked for its tools', options: (bad) => serena('listTools', bad), ends: ANSWER },
  { part: 'Serena, asked for code', options: (bad) => serena('callTool', bad), ends: ANSWER },
  {
    part: 'an audit sink, where calls go on without it',
    slowToClose: true,
    options: (bad) => sink('continue', bad),
    ends: ANSWER,
  },
  {
    part: 'an audit sink, where calls must be recorded',
    slowToClose: true,
    options: (bad) => sink('block', bad),
    ends: { throws: ['ERR_AUDIT'], rejects: ['ERR_AUDIT'], hangs: 'waits', garbage: 'answer' },
    // It is not asked for anything but that it takes the lines.
    garbage: NONSENSE.filter((value) => (value as { then?: unknown } | null)?.then === undefined),
  },
  {
    part: 'the key of the audit log',
    slowToClose: true,
    fromTheStart: true,
    options: (bad) => ({ security: { audit: { key: bad(async () => new Uint8Array(32).fill(1)) } } }),
    ends: {
      throws: ['ERR_AUDIT'],
      rejects: ['ERR_AUDIT'],
      hangs: 'waits',
      garbage: ['ERR_AUDIT', 'ERR_INVALID_OPTION'],
    },
  },
  {
    part: 'the function that resolves names',
    fromTheStart: true,
    options: (bad, { url, type }) => ({
      services: [{ type, baseURL: url.replace('127.0.0.1', 'gpu.lan') }],
      security: {
        allowedHosts: ['gpu.lan'],
        connectTimeoutMs: 30,
        lookup: bad(async () => [{ address: '127.0.0.1', family: 4 as const }]),
      },
    }),
    garbage: [...NONSENSE, [undefined], [{}], [{ address: 7 }], [{ address: 'not an address', family: 4 }]],
    ends: {
      throws: ['ERR_NO_SERVICE'],
      rejects: ['ERR_NO_SERVICE'],
      hangs: ['ERR_NO_SERVICE'],
      garbage: ['ERR_NO_SERVICE', 'ERR_EGRESS_DENIED'],
    },
  },
  {
    part: 'a kind of server of its own',
    fromTheStart: true,
    options: (bad, { url }) => ({
      services: [{ type: 'custom:mine', baseURL: url }],
      discovery: {
        hosts: [],
        definitions: [
          {
            type: 'custom:mine',
            ports: [],
            probes: ['/api/version'],
            identify: bad(() => ({ models: [{ id: 'one:7b' }] })),
            transport: 'ollama',
          },
        ],
      },
    }),
    garbage: [...NONSENSE, { models: 7 }, { models: [7, null, {}, { id: 7 }] }],
    ends: { throws: NOBODY, rejects: NOBODY, hangs: NOBODY, garbage: NOBODY },
  },
  {
    part: 'the key of a service',
    options: (bad, { url, type }) => ({ services: [{ type, baseURL: url, apiKey: bad(() => 'key') }] }),
    garbage: [...NONSENSE.filter((value) => typeof value !== 'string'), '', 'two\nlines', 'k\u0000', 'ключ'],
    ends: { throws: FAILS, rejects: FAILS, hangs: 'waits', garbage: FAILS },
  },
  {
    part: 'the network',
    options: (bad) => ({ fetch: bad(globalThis.fetch) }),
    garbage: [
      ...NONSENSE,
      { status: 200 },
      { status: 200, headers: {} },
      { status: 'ok', headers: new Headers() },
      ...BROKEN_REPLIES,
    ],
    ends: { throws: FAILS, rejects: FAILS, hangs: 'waits', garbage: FAILS },
  },
  {
    part: 'the body of a reply',
    options: (bad) => ({
      fetch: async (input, init) => {
        const response = await globalThis.fetch(input, init);
        if (!String(input).endsWith('/api/chat')) return response;
        void response.body?.cancel();
        const read = bad(async () => ({ done: true, value: undefined }));
        const reader = { read, cancel: async () => {}, releaseLock: () => {}, closed: new Promise(() => {}) };
        const body = { getReader: () => reader, cancel: async () => {}, locked: false };
        return { ok: true, status: 200, type: 'basic', headers: new Headers(), body } as unknown as Response;
      },
    }),
    garbage: [...NONSENSE, { done: false }, { done: false, value: 'text' }, { done: false, value: 7 }],
    ends: { throws: FAILS, rejects: FAILS, hangs: 'waits', garbage: FAILS },
  },
  {
    part: 'a transport',
    options: (bad) => ({ transports: [transport(bad(plainTransport))] }),
    ends: { throws: FAILS, rejects: FAILS, hangs: FAILS, garbage: FAILS },
  },
  {
    part: 'the events of a transport',
    options: (bad) => ({ transports: [transport(stepwise(bad(async () => ({ done: true, value: undefined }))))] }),
    garbage: [...NONSENSE, { done: false }, { done: false, value: 7 }, { done: true, value: 'text' }],
    ends: { throws: FAILS, rejects: FAILS, hangs: 'waits', garbage: FAILS },
  },
];
