/** A model that was pinned is used as what it was pinned as, or not at all. */
import {
  type Attempt,
  type FetchLike,
  ModelSelector,
  type RouterOptions,
  SecurityModule,
  ServiceDiscovery,
  type Transport,
} from 'local-llm-router';
import { fakeDockerModelRunner, fakeLlamaCppPython, fakeLMStudio, fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualClock } from './manual-clock.js';
import { chats, collect, failure, over as overAny, soon, up } from './setup.js';

const GOOD = 'a1'.repeat(32);
const EVIL = 'e2'.repeat(32);
const PINNED = { id: 'qwen2.5-coder:32b', digest: GOOD, loaded: true };
const OTHER = { id: 'llama3.2:3b', digest: 'c3'.repeat(32) };

/** A router that waits for its servers also where the machine is busy: what they do not answer is not what is tested. */
const over: typeof overAny = (fakes, options) =>
  overAny(fakes, { discovery: { hosts: [], probeTimeoutMs: 10_000 }, ...options });

/** A network in which Ollama tells other digests from some moment on, as after `ollama cp` or a pull. */
function swap(list = '/api/tags') {
  const state = { tags: GOOD, ps: GOOD, silent: false };
  const fetch: FetchLike = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const told = { [list]: state.tags, '/api/ps': state.ps }[pathname];
    if (told !== undefined && state.silent) throw new TypeError('fetch failed');
    const response = await globalThis.fetch(input, init);
    if (told === undefined) return response;
    return new Response((await response.text()).replaceAll(GOOD, told), response);
  };
  return { state, fetch };
}

const pinned = (more: RouterOptions['security'] = {}): RouterOptions => ({
  security: { pins: { [PINNED.id]: GOOD }, ...more } as RouterOptions['security'],
});
const mismatches = (router: ReturnType<typeof over>) =>
  router.security.audit.recent().filter(({ event }) => event === 'pin.mismatch');
const starts = (router: ReturnType<typeof over>) =>
  router.security.audit.recent().filter(({ event }) => event === 'attempt.start');

describe('a pin that holds', () => {
  it.each([
    ['its digest', 'digest', GOOD],
    ['its digest', 'digest', `sha256:${GOOD.slice(0, 12).toUpperCase()}`],
    ['size and name only', 'size+name', 'size:4700000000:Q4_K_M'],
    ['its name only', 'name', 'name'],
  ])('by %s stands in the decision and in the audit log', async (words, pin, value) => {
    const fake = await up(fakeOllama({ models: [PINNED, OTHER] }));
    const router = over(fake, pinned({ pins: { [PINNED.id]: value } }));
    const { model, decision } = await router.route('hello');
    expect(model.id).toBe(PINNED.id);
    expect(decision.notes).toContain(`${PINNED.id} is pinned by ${words}.`);
    expect(starts(router)).toMatchObject([{ model: PINNED.id, pin, digest: GOOD }]);
    expect(mismatches(router)).toEqual([]);
  });

  it.each(['qwen2.5-coder-32b', 'ollama/qwen2.5-coder:32b', 'QWEN2.5-CODER:32B'])('may name it as %s', async (name) => {
    const fake = await up(fakeOllama({ models: [PINNED, OTHER] }));
    const rejected = async (pin: string) =>
      (await over(fake, pinned({ pins: { [name]: pin } })).explain('hello')).rejected.map(({ rule }) => rule);
    expect(await rejected(GOOD)).toEqual([]);
    expect(await rejected(EVIL)).toEqual(['pin']);
  });

  it('costs two questions by digest, and none otherwise', async () => {
    const asked = async (options: RouterOptions): Promise<string[]> => {
      const fake = await up(fakeOllama({ models: [PINNED] }));
      const router = over(fake, options);
      await router.initialize();
      const before = fake.requests.length;
      await router.route('hello');
      return fake.requests.slice(before).map(({ method, path }) => `${method} ${path}`);
    };
    expect(await asked({})).toEqual(['POST /api/chat']);
    expect(await asked(pinned({ pins: { [PINNED.id]: 'name' } }))).toEqual(['POST /api/chat']);
    expect(await asked(pinned())).toEqual(['GET /api/tags', 'POST /api/chat', 'GET /api/ps']);
  });
});

describe('a model that is not the pinned one', () => {
  it('is refused with its reason, and the next one answers', async () => {
    const fake = await up(fakeOllama({ models: [{ ...PINNED, digest: EVIL }, OTHER] }));
    const router = over(fake, pinned());
    const { model, decision } = await router.route('hello');
    expect(model.id).toBe(OTHER.id);
    expect(decision.rejected).toMatchObject([
      {
        model: { id: PINNED.id },
        rule: 'pin',
        reason: 'It is pinned as a1a1a1a1a1a1, and its server tells e2e2e2e2e2e2.',
        remedy: expect.stringContaining('pin this one'),
      },
    ]);
    expect(mismatches(router)).toMatchObject([
      { model: PINNED.id, phase: 'ranked', outcome: 'mismatch', pin: 'digest', digest: EVIL },
    ]);
    // Told once for each look at the server, not for each call.
    await router.route('hello again');
    expect(mismatches(router)).toHaveLength(1);
  });

  it('is no last resort either, and the error says why', async () => {
    const fake = await up(fakeOllama({ models: [{ ...PINNED, digest: EVIL }] }));
    const error = await failure(over(fake, pinned()).route({ prompt: 'hello', model: PINNED.id }));
    expect(error.code).toBe('ERR_NO_MODEL');
    expect(error.message).toMatch(/\(pin\): It is pinned as a1a1a1a1a1a1, .* Bring back the model/);
    expect(chats(fake)).toEqual([]);
  });

  it('is used with `warn`, with a note and a record', async () => {
    const fake = await up(fakeOllama({ models: [{ ...PINNED, digest: EVIL }] }));
    const router = over(fake, pinned({ pinMode: 'warn' }));
    const { model, decision } = await router.route('hello');
    expect(model.id).toBe(PINNED.id);
    expect(decision.notes.join()).toMatch(/It is pinned as a1a1a1a1a1a1.*It may be used: `pinMode` is "warn"/);
    expect(mismatches(router).map(({ phase }) => phase)).toEqual(['ranked', 'sending', 'answered']);
  });

  it('is used without a word with `off`', async () => {
    const fake = await up(fakeOllama({ models: [{ ...PINNED, digest: EVIL }] }));
    const router = over(fake, pinned({ pinMode: 'off' }));
    expect((await router.route('hello')).decision.notes.join()).not.toMatch(/pin/i);
    expect(mismatches(router)).toEqual([]);
  });

  it('is told from one that nobody can verify', async () => {
    const fake = await up(fakeLMStudio({ models: [{ id: 'a-7b', contextLength: 16_384, loaded: true }] }));
    const refused = async (pin: string) => (await over(fake, pinned({ pins: { 'a-7b': pin } })).explain('hi')).rejected;
    expect(await refused(GOOD)).toMatchObject(
      [{ rule: 'pin', reason: 'It is pinned by digest, and its server tells none.', remedy: /"size:" or "name"/ }].map(
        (row) => ({ ...row, remedy: expect.stringMatching(row.remedy) }),
      ),
    );
    expect(await refused('name')).toEqual([]);
  });

  it('does not touch the others, and several pins of one model must all hold', async () => {
    const fake = await up(fakeOllama({ models: [PINNED, OTHER] }));
    const pins = { [PINNED.id]: GOOD, 'qwen2.5-coder-32b': 'size:5', gone: EVIL };
    const { ranked, rejected } = await over(fake, pinned({ pins })).explain('hello');
    expect(ranked.map(({ model }) => model.id)).toEqual([OTHER.id]);
    expect(rejected[0]?.reason).toBe('It is pinned as 5 bytes, and its server tells 4700000000.');
  });

  it('is refused by a selector of the host, and kept away from one that does not look', async () => {
    const fake = await up(fakeOllama({ models: [{ ...PINNED, digest: EVIL }, OTHER] }));
    const own = over(fake, { selector: new ModelSelector({ pins: { [PINNED.id]: GOOD } }) });
    expect((await own.explain('hello')).rejected).toMatchObject([{ rule: 'pin' }]);
    const given = over(fake, { ...pinned(), selector: new ModelSelector() });
    expect((await given.explain('hello')).rejected).toMatchObject([{ rule: 'pin' }]);
  });
});

describe('a model that is swapped', () => {
  it('after it was found is not asked: the next one answers, and discovery looks again', async () => {
    const { state, fetch } = swap();
    const fake = await up(fakeOllama({ models: [PINNED, OTHER] }));
    const router = over(fake, { ...pinned(), fetch });
    await router.initialize();
    state.tags = EVIL;
    const { model, attempts } = await router.route('hello');
    expect(model.id).toBe(OTHER.id);
    expect(attempts).toMatchObject([
      { model: { id: PINNED.id }, outcome: 'skipped', code: 'ERR_MODEL_MISMATCH' },
      { model: { id: OTHER.id }, outcome: 'ok' },
    ]);
    expect(chats(fake).map((request) => request.model)).toEqual([OTHER.id]);
    expect(mismatches(router)).toMatchObject([{ phase: 'sending', outcome: 'mismatch', digest: EVIL }]);
    expect(starts(router).map((record) => record['model'])).toEqual([OTHER.id]);
    await soon(async () => (await router.explain('hello')).rejected.map(({ rule }) => rule)).toEqual(['pin']);
  });

  it('is the error of the call where there is no other, for selectors too', async () => {
    for (const options of [pinned(), { selector: { pins: { [PINNED.id]: GOOD } } }]) {
      const { state, fetch } = swap();
      const fake = await up(fakeOllama({ models: [PINNED] }));
      const router = over(fake, { ...options, fetch });
      await router.initialize();
      state.tags = EVIL;
      const error = await failure(router.route('hello'));
      expect(error).toMatchObject({ code: 'ERR_MODEL_MISMATCH' });
      expect(error.message).toContain('It is pinned as a1a1a1a1a1a1, and its server tells e2e2e2e2e2e2.');
      expect(chats(fake)).toEqual([]);
    }
  });

  it('between ranking and sending is not asked either', async () => {
    const { state, fetch } = swap();
    const fake = await up(fakeOllama({ models: [PINNED] }));
    const router = over(fake, { ...pinned(), fetch });
    router.onDecision(() => {
      state.tags = EVIL;
    });
    expect(await failure(router.route('hello'))).toMatchObject({ code: 'ERR_MODEL_MISMATCH' });
    expect(chats(fake)).toEqual([]);
  });

  it('is not asked either where its server no longer lists it under its name', async () => {
    const fake = await up(fakeOllama({ models: [PINNED] }));
    let isListed = true;
    const fetch: FetchLike = async (input, init) => {
      const response = await globalThis.fetch(input, init);
      if (isListed || !String(input).endsWith('/api/tags')) return response;
      return new Response((await response.text()).replaceAll(PINNED.id, 'renamed:1b'), response);
    };
    const router = over(fake, {
      ...pinned(),
      fetch,
      hooks: {
        async beforeRequest(request) {
          isListed = false;
          await router.discovery.refresh();
          return request;
        },
      },
    });
    expect(await failure(router.route('hello'))).toMatchObject({ code: 'ERR_MODEL_MISMATCH' });
    expect(chats(fake)).toEqual([]);
    expect(mismatches(router)).toMatchObject([{ phase: 'sending', outcome: 'unverified' }]);
  });

  it('is reported with `warn`, and its answer given', async () => {
    const { state, fetch } = swap();
    const fake = await up(fakeOllama({ models: [PINNED], reply: 'all the same' }));
    const router = over(fake, { ...pinned({ pinMode: 'warn' }), fetch });
    await router.initialize();
    state.tags = EVIL;
    const { text, decision } = await router.route('hello');
    expect(text).toBe('all the same');
    expect(decision.notes.join()).toContain('its server tells e2e2e2e2e2e2');
    expect(mismatches(router)).toMatchObject([{ phase: 'sending' }]);
  });

  it('for the answer ends the call with what had come, and nothing is remembered', async () => {
    const { state, fetch } = swap();
    const fake = await up(fakeOllama({ models: [PINNED, OTHER], reply: 'from whom?' }));
    const router = over(fake, { ...pinned(), fetch });
    state.ps = EVIL;
    const attempts: Attempt[] = [];
    router.onAttempt((attempt) => attempts.push(attempt));
    const error = await failure(router.route('hello'));
    expect(error).toMatchObject({
      code: 'ERR_INTERRUPTED',
      partialText: 'from whom?',
      cause: { code: 'ERR_MODEL_MISMATCH' },
    });
    expect(error.message).toContain('Its answer does not count');
    expect(attempts).toMatchObject([{ model: { id: PINNED.id }, outcome: 'failed', code: 'ERR_INTERRUPTED' }]);
    expect(router.context.session('default')?.messages ?? []).toEqual([]);
    expect(mismatches(router)).toMatchObject([{ phase: 'answered', digest: EVIL }]);

    const stream = router.stream('hello');
    const texts: string[] = [];
    const broken = await failure(async () => {
      for await (const event of stream) if (event.type === 'text') texts.push(event.text);
    });
    expect(broken).toMatchObject({ code: 'ERR_INTERRUPTED', partialText: texts.join('') });
    expect(texts.join('')).toBe('from whom?');
  });

  it('for the answer is a note with `warn`', async () => {
    const { state, fetch } = swap();
    const fake = await up(fakeOllama({ models: [PINNED] }));
    const router = over(fake, { ...pinned({ pinMode: 'warn' }), fetch });
    state.ps = EVIL;
    const { decision } = await router.route('hello');
    expect(decision.notes.join()).toContain('its server tells e2e2e2e2e2e2');
    expect(mismatches(router)).toMatchObject([{ phase: 'answered' }]);
  });

  it('is not taken for one whose old weights are still in memory beside it', async () => {
    const fake = await up(fakeOllama({ models: [PINNED], reply: 'from both' }));
    const fetch: FetchLike = async (input, init) =>
      String(input).endsWith('/api/ps')
        ? Response.json({ models: [EVIL, GOOD].map((digest) => ({ name: PINNED.id, digest })) })
        : globalThis.fetch(input, init);
    expect((await over(fake, { ...pinned(), fetch }).route('hello')).text).toBe('from both');
  });

  it('is found out at other servers that tell digests', async () => {
    const { state, fetch } = swap('/models');
    const fake = await up(fakeDockerModelRunner({ models: [{ id: 'ai/qwen3', digest: GOOD, contextLength: 16_384 }] }));
    const router = over(fake, { ...pinned({ pins: { 'ai/qwen3': GOOD } }), fetch });
    const { model } = await router.route('hello');
    expect(starts(router)).toMatchObject([{ model: model.id, pin: 'digest', digest: GOOD }]);
    state.tags = EVIL;
    expect(await failure(router.route('hello'))).toMatchObject({ code: 'ERR_MODEL_MISMATCH' });
  });

  it('is not made up where nothing is in memory any more', async () => {
    const fake = await up(fakeOllama({ models: [PINNED] }));
    const { text } = await over(fake, pinned()).route({ prompt: 'hello', keepAlive: 0 });
    expect(text).not.toBe('');
  });

  it('is not loaded', async () => {
    const { state, fetch } = swap();
    const fake = await up(fakeOllama({ models: [{ ...PINNED, loaded: false }] }));
    const router = over(fake, { ...pinned(), fetch });
    await router.initialize();
    state.tags = EVIL;
    expect(await failure(router.warm(PINNED.id))).toMatchObject({ code: 'ERR_MODEL_MISMATCH' });
    expect(fake.requests.filter(({ method }) => method === 'POST')).toEqual([]);
    state.tags = GOOD;
    await router.warm(PINNED.id);
    expect(starts(router)).toMatchObject([{ model: PINNED.id, pin: 'digest' }]);
  });

  it('makes no vectors', async () => {
    const { state, fetch } = swap();
    const embedder = { id: 'nomic-embed-text:latest', digest: GOOD, capabilities: ['embedding'] as const };
    const fake = await up(fakeOllama({ models: [embedder] }));
    const router = over(fake, { security: { pins: { 'nomic-embed-text': GOOD } }, fetch });
    const { decision } = await router.embed('red');
    expect(decision.notes.join()).toContain('is pinned by its digest');
    state.tags = EVIL;
    expect(await failure(router.embed('red'))).toMatchObject({ code: 'ERR_MODEL_MISMATCH' });
    state.tags = GOOD;
    state.ps = EVIL;
    expect(await failure(router.embed('red'))).toMatchObject({ cause: { code: 'ERR_MODEL_MISMATCH' } });
  });
});

describe('a server that does not answer the question', () => {
  it('is believed for what it said at most a minute ago', async () => {
    const { state, fetch } = swap();
    const clock = new ManualClock();
    const fake = await up(fakeOllama({ models: [PINNED] }));
    const discovery = new ServiceDiscovery({
      hosts: [],
      services: [{ type: 'ollama', baseURL: fake.url }],
      clock,
      security: new SecurityModule({ fetch }),
      ttlMs: 1_000_000,
    });
    onTestFinished(() => discovery.close());
    const router = over(fake, { ...pinned(), discovery, clock });
    await router.initialize();
    state.silent = true;
    clock.advance(60_000);
    expect((await router.route('hello')).model.id).toBe(PINNED.id);
    clock.advance(1);
    const error = await failure(router.route('hello'));
    expect(error).toMatchObject({ code: 'ERR_MODEL_MISMATCH' });
    expect(error.message).toContain('its server tells none');
    expect(chats(fake)).toHaveLength(1);
  });

  it('is never asked for a list that breaks off its answers', async () => {
    const fake = await up(fakeLlamaCppPython({ models: [{ id: 'a' }] }));
    const { rejected } = await over(fake, pinned({ pins: { default: GOOD } })).explain('hello');
    expect(rejected).toMatchObject([{ rule: 'pin' }]);
    expect(new Set(fake.requests.map(({ path }) => path))).toEqual(new Set(['/openapi.json']));
  });

  it('does not keep an aborted call', async () => {
    const fake = await up(fakeOllama({ models: [PINNED] }));
    const controller = new AbortController();
    let asked = 0;
    const fetch: FetchLike = (input, init) => {
      if (String(input).endsWith('/api/tags')) asked += 1;
      if (asked < 2) return globalThis.fetch(input, init);
      queueMicrotask(() => controller.abort());
      return new Promise(() => {});
    };
    const router = over(fake, { ...pinned(), fetch });
    expect(await failure(router.route('hello', { signal: controller.signal }))).toMatchObject({ code: 'ERR_ABORTED' });
    expect(chats(fake)).toEqual([]);
  });
});

describe('an answer that names another model', () => {
  const naming = (servedModel: string, name = 'ollama'): Transport => ({
    name,
    specificationVersion: 1,
    capabilities: {},
    async *chat() {
      yield { type: 'text', text: 'hi' };
      yield { type: 'finish', finishReason: 'stop', servedModel };
    },
  });

  it.each([
    ['evil:7b', 'ollama', true],
    ['qwen2.5-coder:32b', 'ollama', false],
    ['llama3.2:3b', 'lmstudio', true],
    ['phi-4', 'lmstudio', true],
    ['/models/Qwen2.5-Coder-32B-Instruct-Q4_K_M.gguf', 'lmstudio', false],
    ['some-backend', 'lmstudio', false],
  ])('%s, at %s: refused is %s', async (named, type, refused) => {
    const models = [
      { ...PINNED, contextLength: 16_384 },
      { ...OTHER, contextLength: 16_384 },
    ];
    const fake = await up(type === 'ollama' ? fakeOllama({ models }) : fakeLMStudio({ models }));
    const options = { transports: [naming(named, type)] };
    const answer = over(fake, { ...pinned({ pins: { [PINNED.id]: 'name' } }), ...options }).route({
      prompt: 'hello',
      model: PINNED.id,
    });
    if (refused) {
      expect(await failure(answer)).toMatchObject({ code: 'ERR_INTERRUPTED', cause: { code: 'ERR_MODEL_MISMATCH' } });
    } else expect((await answer).text).toBe('hi');
    // Without a pin it counts.
    expect((await over(fake, options).route({ prompt: 'hello', model: PINNED.id })).text).toBe('hi');
  });

  it('ends before any tool call is given', async () => {
    const fake = await up(fakeOllama({ models: [PINNED] }));
    const calling: Transport = {
      ...naming('evil:7b'),
      async *chat() {
        yield { type: 'tool-call-delta', index: 0, id: 'c', name: 'rm', arguments: '{}' };
        yield { type: 'finish', finishReason: 'tool_calls', servedModel: 'evil:7b' };
      },
    };
    const router = over(fake, { ...pinned(), transports: [calling] });
    const types: string[] = [];
    await failure(async () => {
      for await (const { type } of router.stream('hello')) types.push(type);
    });
    expect(types).not.toContain('tool-call');
    expect(await failure(collect(router.stream('hello')))).toMatchObject({ code: 'ERR_INTERRUPTED' });
  });
});
