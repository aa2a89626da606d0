import {
  FallbackExecutor,
  gpt4allTransport,
  LocalLLMRouter,
  type RouteRequest,
  type RouterErrorCode,
  type RouterOptions,
} from 'local-llm-router';
import { type FakeFaultName, fakeLlamaCpp, fakeOllama } from 'local-llm-router/testing';
import { onTestFinished } from 'vitest';
import { CANARY } from './egress-canaries.js';
import { failureOf, listening, REQUEST, type World, withKey } from './egress-canary-world.js';
import { modelServer } from './egress-scene.js';

export interface Case {
  readonly name: string;
  /** A code that stands in the error, its causes or its attempts. */
  readonly code: RouterErrorCode;
  run(place: World): Promise<{ error: unknown; router?: LocalLLMRouter }>;
}

const overFake = (
  name: string,
  code: RouterErrorCode,
  start: () => ReturnType<typeof fakeOllama>,
  call: (router: LocalLLMRouter) => unknown = (router) => router.route(REQUEST),
  more: RouterOptions = {},
): Case => ({
  name,
  code,
  run: async (place) => {
    const fake = await start();
    onTestFinished(() => fake.close());
    const router = listening(place, { services: [withKey(fake.type as 'ollama', fake.url)], ...more });
    return { router, error: await failureOf(() => call(router)) };
  },
});

const healthy = (): ReturnType<typeof fakeOllama> =>
  fakeOllama({ apiKey: CANARY.apiKey, models: [{ id: 'qwen3:8b', contextLength: 32_768 }], reply: CANARY.reply });
const faulty = (fault: FakeFaultName) => () =>
  fakeOllama({
    apiKey: CANARY.apiKey,
    models: [{ id: 'qwen3:8b', contextLength: 32_768 }],
    faults: [fault],
    reply: () => ({ text: `${CANARY.reply} `.repeat(6), reasoning: CANARY.reasoning }),
  });
const wrongOption = (name: string, options: unknown): Case => ({
  name: `the option ${name}`,
  code: 'ERR_INVALID_OPTION',
  run: async () => ({ error: await failureOf(() => new LocalLLMRouter(options as RouterOptions)) }),
});
const wrongRequest = (name: string, request: unknown): Case =>
  overFake(`the request: ${name}`, 'ERR_INVALID_REQUEST', healthy, (router) => router.route(request as RouteRequest));
const service = (more: object) => ({ services: [{ type: 'ollama', baseURL: 'http://localhost:1', ...more }] });
const SHORT = { timeouts: { firstContentMs: 60, idleMs: 60, totalMs: 1_000 } };

/** Those that end a call; the others are whole answers in an odd form. */
const FAULT_CODE: Readonly<Partial<Record<FakeFaultName, RouterErrorCode>>> = {
  hang: 'ERR_TIMEOUT',
  reset: 'ERR_UNREACHABLE',
  html: 'ERR_BAD_RESPONSE',
  'invalid-json': 'ERR_BAD_RESPONSE',
  'status-429': 'ERR_OVERLOADED',
  'status-500': 'ERR_BAD_RESPONSE',
  'status-503-loading': 'ERR_OVERLOADED',
  overflow: 'ERR_CONTEXT_OVERFLOW',
  'close-before-content': 'ERR_ALL_ATTEMPTS_FAILED',
  'error-before-content': 'ERR_BAD_RESPONSE',
  'close-mid-stream': 'ERR_INTERRUPTED',
  'error-in-stream': 'ERR_INTERRUPTED',
  'hang-mid-stream': 'ERR_INTERRUPTED',
  'no-finish': 'ERR_INTERRUPTED',
  'done-without-finish': 'ERR_INTERRUPTED',
  'empty-answer': 'ERR_BAD_RESPONSE',
  'status-401': 'ERR_UNAUTHORIZED',
  redirect: 'ERR_BAD_RESPONSE',
  compressed: 'ERR_BAD_RESPONSE',
  'not-http': 'ERR_BAD_RESPONSE',
  'slow-headers': 'ERR_ALL_ATTEMPTS_FAILED',
  'endless-hints': 'ERR_ALL_ATTEMPTS_FAILED',
  flood: 'ERR_ALL_ATTEMPTS_FAILED',
  'only-keep-alives': 'ERR_TIMEOUT',
  'endless-answer': 'ERR_TIMEOUT',
};

/** All of them: the compiler says where one is missing. */
export const ALL_CODES = Object.keys({
  ERR_INVALID_OPTION: 1,
  ERR_INVALID_REQUEST: 1,
  ERR_UNSUPPORTED: 1,
  ERR_EGRESS_DENIED: 1,
  ERR_NO_SERVICE: 1,
  ERR_NO_MODEL: 1,
  ERR_CONTEXT_OVERFLOW: 1,
  ERR_UNREACHABLE: 1,
  ERR_UNAUTHORIZED: 1,
  ERR_OVERLOADED: 1,
  ERR_BAD_RESPONSE: 1,
  ERR_TOO_LARGE: 1,
  ERR_MODEL_MISMATCH: 1,
  ERR_TIMEOUT: 1,
  ERR_QUEUE_FULL: 1,
  ERR_INTERRUPTED: 1,
  ERR_ALL_ATTEMPTS_FAILED: 1,
  ERR_ABORTED: 1,
  ERR_CLOSED: 1,
  ERR_AUDIT: 1,
  ERR_BUDGET: 1,
  ERR_EDIT_CONFLICT: 1,
} satisfies Record<RouterErrorCode, 1>) as RouterErrorCode[];

export const CASES: readonly Case[] = [
  ...Object.entries(FAULT_CODE).map(([fault, code]) =>
    overFake(`the fault ${fault}`, code, faulty(fault as FakeFaultName), (router) => router.route(REQUEST, SHORT)),
  ),
  wrongOption('apiKey', service({ apiKey: { value: CANARY.apiKey } })),
  wrongOption('apiKey of two lines', service({ apiKey: `${CANARY.apiKey}\n` })),
  wrongOption('headers', service({ headers: { authorization: `${CANARY.header}\n` } })),
  wrongOption('headers that are a text', service({ headers: CANARY.header })),
  wrongOption('baseURL with credentials', service({ baseURL: `http://user:${CANARY.password}@localhost:1` })),
  wrongOption('baseURL with credentials and no scheme', service({ baseURL: `user:${CANARY.password}@localhost:1` })),
  wrongOption('baseURL with a key in its query', service({ baseURL: `http://localhost:1/?key=${CANARY.apiKey}` })),
  wrongOption('baseURL that is no URL', service({ baseURL: `http:/user:${CANARY.password}@localhost` })),
  wrongOption('systemPrompt', { systemPrompt: [CANARY.system] }),
  wrongOption('audit.key', { security: { audit: { key: CANARY.auditKey } } }),
  wrongOption('allowedHosts with credentials', { security: { allowedHosts: [`user:${CANARY.password}@gpu.lan`] } }),
  wrongOption('allowedCidrs with credentials', { security: { allowedCidrs: [`${CANARY.password}@10.0.0.0/8`] } }),
  wrongRequest('prompt', { prompt: [CANARY.prompt] }),
  wrongRequest('prompt and messages', { prompt: CANARY.prompt, messages: [{ role: 'user', content: CANARY.prompt }] }),
  wrongRequest('messages', { messages: CANARY.prompt }),
  wrongRequest('a message', { messages: [CANARY.prompt] }),
  wrongRequest('content', { messages: [{ role: 'user', content: { text: CANARY.prompt } }] }),
  wrongRequest('suffix', { prompt: CANARY.prompt, suffix: [CANARY.suffix] }),
  wrongRequest('stop', { prompt: CANARY.prompt, stop: [1, CANARY.prompt] }),
  wrongRequest('metadata', { prompt: CANARY.prompt, metadata: { a: [CANARY.metadata] } }),
  wrongRequest('metadata that is a text', { prompt: CANARY.prompt, metadata: CANARY.metadata }),
  wrongRequest('fileContext', { prompt: CANARY.prompt, fileContext: { file: 'a', text: { a: CANARY.file } } }),
  wrongRequest('fileContext that is a text', { prompt: CANARY.prompt, fileContext: CANARY.file }),
  wrongRequest('tools', { prompt: CANARY.prompt, tools: [CANARY.schema] }),
  wrongRequest('responseFormat', { prompt: CANARY.prompt, responseFormat: { type: CANARY.schema } }),
  wrongRequest('extraBody', { prompt: CANARY.prompt, extraBody: CANARY.extra }),
  wrongRequest('a list', [CANARY.prompt]),
  overFake('a text to embed', 'ERR_INVALID_REQUEST', healthy, (router) => router.embed([CANARY.prompt, ''])),
  overFake('extraBody with a cycle', 'ERR_INVALID_REQUEST', healthy, (router) => {
    const extraBody: Record<string, unknown> = { text: CANARY.extra };
    extraBody['again'] = extraBody;
    return router.route({ ...REQUEST, extraBody });
  }),
  overFake('extraBody with a BigInt', 'ERR_INVALID_REQUEST', healthy, (router) =>
    router.route({ ...REQUEST, extraBody: { text: CANARY.extra, big: 1n } }),
  ),
  overFake(
    'a stream read twice',
    'ERR_INVALID_REQUEST',
    () => fakeOllama({ reply: 'a '.repeat(2_000), models: [{ id: 'qwen3:8b' }] }),
    async (router) => {
      const stream = router.stream(CANARY.prompt);
      for await (const _ of stream);
      for await (const _ of stream);
    },
  ),
  overFake(
    'an image by address',
    'ERR_UNSUPPORTED',
    () => fakeLlamaCpp({ apiKey: CANARY.apiKey, models: [{ id: 'm', capabilities: ['chat', 'vision'] }] }),
    (router) =>
      router.route({
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: CANARY.prompt },
              { type: 'image_url', image_url: { url: `http://localhost/${CANARY.file}` } },
            ],
          },
        ],
      }),
  ),
  overFake('a custom tool', 'ERR_UNSUPPORTED', healthy, (router) =>
    router.route({ ...REQUEST, tools: [{ type: 'custom', custom: { name: 'f', description: CANARY.schema } }] }),
  ),
  {
    name: 'a service that the policy does not allow',
    code: 'ERR_EGRESS_DENIED',
    run: async (place) => {
      const router = listening(place, { services: [withKey('ollama', 'http://8.8.8.8:11434')] });
      return { router, error: await failureOf(() => router.route(REQUEST)) };
    },
  },
  {
    name: 'an address with secrets through security.fetch',
    code: 'ERR_EGRESS_DENIED',
    run: async (place) => {
      const router = listening(place);
      const url = `http://user:${CANARY.password}@127.0.0.1/?key=${CANARY.apiKey}`;
      return {
        router,
        error: await failureOf(() => router.security.fetch(url, { method: 'POST', body: CANARY.prompt })),
      };
    },
  },
  {
    name: 'no server',
    code: 'ERR_NO_SERVICE',
    run: async (place) => {
      const router = listening(place, { services: [withKey('ollama', 'http://127.0.0.1:9')] });
      return { router, error: await failureOf(() => router.route(REQUEST)) };
    },
  },
  overFake('another model than there is', 'ERR_NO_MODEL', healthy, (router) =>
    router.route({ ...REQUEST, model: 'other' }),
  ),
  overFake(
    'a prompt that is too long',
    'ERR_NO_MODEL',
    () => fakeLlamaCpp({ apiKey: CANARY.apiKey, models: [{ id: 'm', contextLength: 9_000 }] }),
    (router) => router.route({ messages: [{ role: 'user', content: `${CANARY.prompt} `.repeat(20_000) }], model: 'm' }),
  ),
  overFake('a wrong key', 'ERR_UNAUTHORIZED', healthy, (router) => router.route(REQUEST), {
    hooks: { beforeRequest: (request) => ({ ...request, headers: { authorization: `Bearer ${CANARY.password}` } }) },
  }),
  {
    name: 'a function for the key that throws',
    code: 'ERR_UNAUTHORIZED',
    run: async (place) => {
      const fake = await healthy();
      onTestFinished(() => fake.close());
      let isKnown = true;
      const apiKey = async () => {
        if (isKnown) return CANARY.apiKey;
        throw new Error(`${CANARY.apiKey} in ${CANARY.environment}`);
      };
      const router = listening(place, { services: [{ type: 'ollama', baseURL: fake.url, apiKey }] });
      await router.initialize();
      isKnown = false;
      return { router, error: await failureOf(() => router.route(REQUEST)) };
    },
  },
  {
    name: 'another model in the answer',
    code: 'ERR_MODEL_MISMATCH',
    run: async (place) => {
      const message = { role: 'assistant', content: CANARY.reply };
      const choices = [{ index: 0, finish_reason: 'stop', message }];
      const fetch = async () => Response.json({ object: 'chat.completion', model: CANARY.reply, choices });
      const executor = new FallbackExecutor({ transports: [gpt4allTransport()], fetch, logger: place.options.logger });
      const model = {
        id: 'asked',
        key: null,
        service: 's',
        type: 'gpt4all' as const,
        baseURL: 'http://127.0.0.1:4891',
      };
      return {
        error: (await executor.executeWithFallback({ prompt: CANARY.prompt }, [{ model, score: 1, parts: [] }])).error,
      };
    },
  },
  overFake('a full queue', 'ERR_QUEUE_FULL', faulty('hang'), async (router) => {
    const first = router.route(REQUEST).catch(() => {});
    try {
      await router.route(REQUEST, { timeouts: { queueMs: 20 } });
    } finally {
      await router.close();
      await first;
    }
  }),
  overFake('a call that is cancelled', 'ERR_ABORTED', faulty('hang'), (router) => {
    const controller = new AbortController();
    router.onDecision(() => controller.abort());
    return router.route(REQUEST, { signal: controller.signal });
  }),
  overFake('a stream that is left', 'ERR_ABORTED', healthy, async (router) => {
    const stream = router.stream(REQUEST);
    for await (const { type } of stream) if (type === 'text') break;
    await stream.result;
  }),
  overFake('a call that takes too long', 'ERR_TIMEOUT', faulty('hang-mid-stream'), (router) =>
    router.route(REQUEST, { timeouts: { totalMs: 60 } }),
  ),
  overFake('a closed router', 'ERR_CLOSED', healthy, async (router) => {
    await router.close();
    await router.route(REQUEST);
  }),
  overFake('an audit sink that throws what it was given', 'ERR_AUDIT', healthy, (router) => router.route(REQUEST), {
    security: {
      audit: {
        onFailure: 'block',
        sinks: [{ write: async (lines) => Promise.reject(new Error(lines.join() + CANARY.prompt)) }],
      },
    },
  }),
  overFake('an audit key that cannot be had', 'ERR_AUDIT', healthy, (router) => router.route(REQUEST), {
    security: { audit: { key: async () => Promise.reject(new Error(CANARY.auditKey)) } },
  }),
  {
    name: 'a store that another process wrote to',
    code: 'ERR_EDIT_CONFLICT',
    run: async (place) => {
      const store = {
        get: async () => undefined,
        set: async () => ({ ok: false }),
        delete: async () => {},
        list: async () => [],
      };
      const router = listening(place, { store });
      router.context.addMessage({ role: 'user', content: CANARY.prompt }, { session: 's' });
      return { router, error: await failureOf(() => router.context.save({ session: 's' })) };
    },
  },
  {
    name: 'a conversation in the store that is none',
    code: 'ERR_BAD_RESPONSE',
    run: async (place) => {
      const store = {
        get: async () => ({ value: { entries: CANARY.reply, messages: [CANARY.reply], [CANARY.reply]: 1 } }),
        set: async () => ({ ok: true }),
        delete: async () => {},
        list: async () => [],
      };
      const router = listening(place, { store });
      return { router, error: await failureOf(() => router.context.load({ session: 's' })) };
    },
  },
  {
    name: 'a reply without end',
    code: 'ERR_TOO_LARGE',
    run: async (place) => {
      const server = await modelServer({
        instead: ({ method }, response) => {
          if (method !== 'POST') return false;
          response.setHeader('content-type', 'text/event-stream');
          response.end(`data: {"choices":[{"delta":{"content":"${CANARY.reply.repeat(200_000)}"}}]}\n\n`);
          return true;
        },
      });
      const router = listening(place, { services: [withKey('openai-compatible', server.url)] });
      return { router, error: await failureOf(() => router.route(REQUEST)) };
    },
  },
];
