import {
  ContextManager,
  LocalLLMRouter,
  ModelSelector,
  type RouteRequest,
  type RouterOptions,
  ServiceDiscovery,
} from 'local-llm-router';
import { fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { chats, failure, over, up } from './setup.js';

const ENDPOINT = { type: 'ollama', baseURL: 'http://localhost:11434' } as const;
const TRANSPORT = { name: 'ollama', specificationVersion: 1, capabilities: {}, chat: async function* () {} };

/** Options that are wrong; what the message says of them: the option, the value, the fix. */
const options: [string, unknown, RegExp][] = [
  ['no object', 7, /got 7; use a plain object/],
  ['a list', [], /got an array; use a plain object/],
  ['an unknown name', { servces: [] }, /servces: unknown option; remove it.*services/],
  ['a nested unknown name', { timeouts: { totlMs: 1 } }, /timeouts\.totlMs: unknown option.*totalMs/],
  ['workspace', { workspace: '' }, /workspace: got ""; use a text/],
  ['services that are no list', { services: ENDPOINT }, /services: got an object; use a list/],
  ['a service without type', { services: [{ baseURL: 'http://localhost:1' }] }, /services\.0\.type: .*"ollama"/],
  [
    'a service of unknown type',
    { services: [{ ...ENDPOINT, type: 'olama' }] },
    /services\.0\.type: got "olama"; use one of/,
  ],
  [
    'an address that is no URL',
    { services: [{ ...ENDPOINT, baseURL: 'localhost' }] },
    /baseURL: .*use an address with http/,
  ],
  [
    'an address of another scheme',
    { services: [{ ...ENDPOINT, baseURL: 'ftp://localhost' }] },
    /baseURL: .*use an address with http/,
  ],
  ['an address with credentials', { services: [{ ...ENDPOINT, baseURL: 'http://me:pa55word@localhost' }] }, /apiKey/],
  ['a key that is no text', { services: [{ ...ENDPOINT, apiKey: 12345678 }] }, /apiKey: got \(hidden\); use a text/],
  ['discovery', { discovery: true }, /discovery: got true; use/],
  ['discovery.hosts', { discovery: { hosts: ['http://localhost'] } }, /discovery\.hosts\.0: .*a host name/],
  ['selector', { selector: 'best' }, /selector: got "best"; use a ModelSelector or its options/],
  ['taskRouting', { taskRouting: { coding: 'a' } }, /taskRouting\.coding: got "a"; use an object/],
  ['a category of taskRouting', { taskRouting: { codng: {} } }, /taskRouting\.codng: unknown option.*coding/],
  ['context', { context: null }, /context: got null; use a ContextManager or its options/],
  ['context.threshold', { context: { threshold: 80 } }, /context\.threshold: got 80; use a number from 0\.1 to 1/],
  ['context.target', { context: { threshold: 0.3, target: 0.5 } }, /target: got 0\.5; use a number below/],
  ['store', { store: new Map() }, /store: got an object; use a KeyValueStore .*list\(\)/],
  ['tokenCounter', { tokenCounter: {} }, /tokenCounter: got an object; use a TokenCounter/],
  ['summarizer', { summarizer: () => '' }, /summarizer: got a function; use a Summarizer/],
  ['systemPrompt', { systemPrompt: true }, /systemPrompt: got true; use a text, a function/],
  ['codingAgent', { codingAgent: 'aider' }, /codingAgent: got "aider"; use an object/],
  ['security', { security: 'strict' }, /security: got "strict"; use a SecurityModule or its options/],
  ['security.allowedHosts', { security: { allowedHosts: ['http://x/'] } }, /allowedHosts/],
  ['serena', { serena: true }, /serena: got true; use/],
  ['serenaOptions.when', { serenaOptions: { when: 'often' } }, /when: got "often"; use one of "always", "auto"/],
  ['serenaOptions.tokenBudget', { serenaOptions: { tokenBudget: -1 } }, /tokenBudget: got -1; use a whole number/],
  ['transports', { transports: [{ name: 'x' }] }, /transports\.0: got an object; use transports with name/],
  ['fetch', { fetch: 'node-fetch' }, /fetch: got "node-fetch"; use a function/],
  ['hooks', { hooks: { beforeRoute: true } }, /hooks\.beforeRoute: got true; use a function/],
  ['an unknown hook', { hooks: { onRoute() {} } }, /hooks\.onRoute: unknown option.*beforeRoute/],
  ['retry', { retry: { maxRetries: 1.5 } }, /retry\.maxRetries: got 1\.5; use a whole number/],
  ['timeouts', { timeouts: { idleMs: Number.NaN } }, /timeouts\.idleMs: got NaN; use a number/],
  ['clock', { clock: Date }, /clock: got a function; use a Clock/],
  ['logger', { logger: { log() {} } }, /logger: got an object; use a Logger/],
];

/** Requests that are wrong. */
const requests: [string, unknown, RegExp][] = [
  ['nothing', undefined, /query: got undefined; use a text/],
  ['null', null, /query: got null; use a text/],
  ['a number', 42, /query: got 42; use a text/],
  ['a list', [{ role: 'user', content: 'hi' }], /query: got an array; use a text, or a request/],
  ['an empty text', '', /got an empty text/],
  ['blanks', ' \n', /got an empty text/],
  ['an empty prompt', { prompt: ' ' }, /got an empty text/],
  ['an empty request', {}, /got neither; use either `prompt` or `messages`/],
  ['both ways of asking', { prompt: 'a', messages: [{ role: 'user', content: 'b' }] }, /got both; use either/],
  ['a prompt that is no text', { prompt: 7 }, /prompt: got 7; use a text/],
  ['an unknown member', { prompt: 'a', temprature: 1 }, /temprature: unknown option.*temperature/],
  ['a grant in the data', { prompt: 'a', allowExternal: true }, /allowExternal: unknown option/],
  ['no messages', { messages: [] }, /messages: got an empty list/],
  ['a message that is none', { messages: ['hi'] }, /messages\.0: got a text; use messages of the form/],
  ['an unknown role', { messages: [{ role: 'robot', content: 'a' }] }, /messages\.0: .*role one of/],
  ['a message without content', { messages: [{ role: 'user' }] }, /messages\.0: .*content is a text/],
  ['content that is a number', { messages: [{ role: 'user', content: 7 }] }, /messages\.0: .*content is a text/],
  ['a part that is none', { messages: [{ role: 'user', content: ['a'] }] }, /messages\.0: .*list of parts/],
  ['a part without its text', { messages: [{ role: 'user', content: [{ type: 'text' }] }] }, /list of parts/],
  ['tool_calls', { messages: [{ role: 'assistant', content: null, tool_calls: {} }] }, /messages\.0: .*tool_calls/],
  ['a tool result of no call', { messages: [{ role: 'tool', content: 'a' }] }, /messages\.0: .*tool_call_id/],
  ['session', { prompt: 'a', session: '' }, /session: got ""; use a text/],
  ['fileContext', { prompt: 'a', fileContext: 'a.ts' }, /fileContext: got a text; use an object with the path/],
  [
    'a position',
    { prompt: 'a', fileContext: { file: 'a', position: { line: -1, character: 0 } } },
    /line: got -1; use a whole number/,
  ],
  ['tools', { prompt: 'a', tools: [{ type: 'function' }] }, /tools\.0: got an object; use tools of the form/],
  ['toolChoice', { prompt: 'a', toolChoice: 'any' }, /toolChoice: got "any"; use "none"/],
  ['responseFormat', { prompt: 'a', responseFormat: 'json' }, /responseFormat: got "json"; use an object/],
  [
    'a schema without name',
    { prompt: 'a', responseFormat: { type: 'json_schema' } },
    /responseFormat: .*json_schema: \{ name/,
  ],
  ['model', { prompt: 'a', model: 7 }, /model: got 7; use a text/],
  ['task', { prompt: 'a', task: 'poetry' }, /task: got "poetry"; use one of "coding"/],
  ['complexity', { prompt: 'a', complexity: 11 }, /complexity: got 11; use a number from 1 to 10/],
  ['strategy', { prompt: 'a', strategy: 'best' }, /strategy: got "best"; use one of/],
  ['priority', { prompt: 'a', priority: 1 }, /priority: got 1; use one of/],
  ['temperature', { prompt: 'a', temperature: Number.NaN }, /temperature: got NaN; use a number from 0 to 2/],
  ['maxTokens', { prompt: 'a', maxTokens: 0 }, /maxTokens: got 0; use a whole number from 1/],
  ['stop', { prompt: 'a', stop: [1] }, /stop: got an array; use a text or a list/],
  ['reasoningEffort', { prompt: 'a', reasoningEffort: 'max' }, /reasoningEffort: got "max"; use one of/],
  ['a suffix with messages', { messages: [{ role: 'user', content: 'a' }], suffix: 'b' }, /`suffix`.*`prompt`/],
  ['numCtx', { prompt: 'a', numCtx: 'auto' }, /numCtx: got "auto"; use "server" or a whole number/],
  ['keepAlive', { prompt: 'a', keepAlive: true }, /keepAlive: got true; use seconds/],
  ['extraBody', { prompt: 'a', extraBody: [] }, /extraBody: got an array; use an object/],
  ['metadata', { prompt: 'a', metadata: { n: 1 } }, /metadata\.n: got 1; use a text/],
];

/** Options of a call that are wrong. */
const callOptions: [string, unknown, RegExp][] = [
  ['signal', { signal: {} }, /signal: got an object; use an AbortSignal/],
  ['timeouts', { timeouts: { totalMs: '5s' } }, /timeouts\.totalMs: got "5s"; use a number/],
  ['allowExternal', { allowExternal: 'yes' }, /allowExternal: got "yes"; use true or false/],
  ['an unknown name', { timeout: 5 }, /timeout: unknown option.*timeouts/],
  ['serena', { serena: 'yes' }, /serena: got "yes"; use true or false/],
];

describe('a router', () => {
  it.each(options)('is not made with wrong options: %s', async (_, wrong, message) => {
    const error = await failure(() => new LocalLLMRouter(wrong as RouterOptions));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/pa55word|12345678/);
  });

  it.each<[string, () => RouterOptions, RegExp]>([
    ['taskRouting', () => ({ selector: new ModelSelector(), taskRouting: {} }), /taskRouting: .*ModelSelector/],
    ['store', () => ({ context: new ContextManager(), store: aStore }), /store: .*ContextManager/],
    [
      'tokenCounter',
      () => ({ context: new ContextManager(), tokenCounter: { count: () => 1 } }),
      /tokenCounter: .*ContextManager/,
    ],
    [
      'summarizer',
      () => ({ context: new ContextManager(), summarizer: { summarize: async () => '' } }),
      /summarizer: .*ContextManager/,
    ],
    ['services', () => ({ discovery: new ServiceDiscovery(), services: [] }), /services: .*ServiceDiscovery/],
    ['store, twice', () => ({ context: { store: aStore }, store: aStore }), /store: .*use one of them/],
    ['fetch, twice', () => ({ security: { fetch }, fetch }), /fetch: .*use one of them/],
  ])('is not made with an option that would have no effect: %s', async (_, wrong, message) => {
    const error = await failure(() => new LocalLLMRouter(wrong()));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toMatch(message);
  });

  it('takes every option as undefined, and its own part then fills the gap', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake, {
      discovery: { hosts: [], security: undefined, clock: undefined, logger: undefined, fetch: undefined },
      security: { allowedHosts: undefined, fetch: undefined },
      selector: { taskRouting: undefined },
      context: { store: undefined, threshold: undefined },
      taskRouting: undefined,
      store: undefined,
      timeouts: { totalMs: undefined, connectMs: undefined },
      transports: [],
      serena: false,
      hooks: { beforeRoute: undefined },
    } as unknown as RouterOptions);
    expect((await router.route({ prompt: 'hi', session: undefined, maxTokens: undefined })).text).not.toBe('');
  });

  it.each(requests)('refuses a wrong request before anything is sent: %s', async (_, wrong, message) => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    const errors = [
      await failure(router.route(wrong as RouteRequest)),
      await failure(() => router.stream(wrong as RouteRequest)),
      await failure(router.explain(wrong as RouteRequest)),
    ];
    for (const error of errors) {
      expect(error.code).toBe('ERR_INVALID_REQUEST');
      expect(error.message).toMatch(message);
    }
    expect(fake.requests).toEqual([]);
  });

  it.each(callOptions)('refuses wrong options of a call: %s', async (_, wrong, message) => {
    const router = over([]);
    for (const call of [() => router.route('hi', wrong as object), () => router.stream('hi', wrong as object)]) {
      const error = await failure(call);
      expect(error.code).toBe('ERR_INVALID_OPTION');
      expect(error.message).toMatch(message);
    }
  });
});

describe('where nothing can be asked', () => {
  it('the error names every address that was tried, and why', async () => {
    const silent = await up(fakeOllama({ faults: [{ name: 'html', on: 'any' }] }));
    const closed = await up(fakeOllama());
    await closed.close();
    const empty = await up(fakeOllama({ models: [] }));
    const error = await failure(over([silent, closed, empty]).route('hi'));
    expect(error).toMatchObject({ code: 'ERR_NO_SERVICE', isRetryable: true });
    const lines = error.message.split('\n');
    expect(lines.find((line) => line.includes(silent.url))).toMatch(/answers \(HTTP 200\), but not as/);
    expect(lines.find((line) => line.includes(closed.url))).toMatch(/Nothing listens.*Start the server/);
    expect(lines.find((line) => line.includes(String(empty.port)))).toMatch(/lists no model/);
  });

  it('the error says so where no address was named either', async () => {
    const error = await failure(over([]).route('hi'));
    expect(error.code).toBe('ERR_NO_SERVICE');
    expect(error.message).toContain('`services` is empty');
  });

  it('every default address is named', async () => {
    const refuse = async (): Promise<never> => {
      throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } });
    };
    const router = new LocalLLMRouter({ fetch: refuse, discovery: { hosts: ['localhost'] } });
    const error = await failure(router.route('hi'));
    await router.close();
    expect(error.code).toBe('ERR_NO_SERVICE');
    for (const port of [11434, 1234, 8080, 8000]) expect(error.message).toContain(`http://localhost:${port}`);
  });

  it('a denied address is named with its rule, and never contacted', async () => {
    let asked = 0;
    const fetch = async (): Promise<Response> => {
      asked += 1;
      return new Response('{}');
    };
    const services = [{ type: 'openai-compatible', baseURL: 'https://models.example.com' }] as const;
    const error = await failure(over([], { services, fetch }).route('hi'));
    expect(error.code).toBe('ERR_EGRESS_DENIED');
    expect(error.message).toMatch(/https:\/\/models\.example\.com.*Allow the address/s);
    expect(asked).toBe(0);
  });

  it('a server that comes up later is found by the next call', async () => {
    const first = await up(fakeOllama());
    const { port } = first;
    const router = over(first);
    await first.close();
    expect(await failure(router.route('hi'))).toMatchObject({ code: 'ERR_NO_SERVICE' });
    const second = await up(fakeOllama({ port }));
    await router.route('hi');
    expect(chats(second)).toHaveLength(1);
  });
});

const aStore: NonNullable<RouterOptions['store']> = {
  get: async () => undefined,
  set: async () => ({ ok: true }),
  delete: async () => {},
  list: async () => [],
};

it('knows a transport when it sees one', async () => {
  for (const wrong of [{ ...TRANSPORT, specificationVersion: 2 }, { ...TRANSPORT, chat: undefined }, null]) {
    const error = await failure(() => new LocalLLMRouter({ transports: [wrong] } as unknown as RouterOptions));
    expect(error.message).toMatch(/transports\.0: .*specificationVersion 1/);
  }
});
