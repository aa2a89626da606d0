import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FakeModel, FakeServer, FakeServerOptions } from 'local-llm-router/testing';
import {
  fakeDockerModelRunner,
  fakeJan,
  fakeKoboldCpp,
  fakeLemonade,
  fakeLlamaCpp,
  fakeLlamaSwap,
  fakeLMStudio,
  fakeLocalAI,
  fakeOllama,
  fakeTabbyAPI,
  fakeTextGenerationWebUI,
  fakeVLLM,
} from 'local-llm-router/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualClock } from './manual-clock.js';
import { chats, failure, over, soon, up } from './setup.js';

const TWO: readonly FakeModel[] = [{ id: 'qwen2.5-coder:7b', loaded: true }, { id: 'llama3.2:3b' }];

/** What was sent beside the looks of discovery. */
function sent(fake: FakeServer): string[] {
  return fake.requests
    .filter(({ method, path }) => method !== 'GET' || path.startsWith('/upstream/'))
    .filter(({ path }) => path !== '/api/show')
    .map(({ method, path, body }) => `${method} ${path} ${JSON.stringify(body ?? null)}`);
}

type Make = (options?: FakeServerOptions) => Promise<FakeServer>;

/** Servers that are told, what they are sent, and whether they show afterwards that it worked. */
const TOLD: readonly [string, Make, FakeModel, string, string][] = [
  [
    'Ollama',
    fakeOllama,
    { id: 'm:7b' },
    'POST /api/generate {"model":"m:7b","options":{"num_ctx":8192}}',
    'POST /api/generate {"model":"m:7b","keep_alive":0}',
  ],
  ['llama.cpp', fakeLlamaCpp, { id: 'm' }, 'POST /models/load {"model":"m"}', 'POST /models/unload {"model":"m"}'],
  [
    'LM Studio',
    fakeLMStudio,
    { id: 'a/m' },
    'POST /api/v1/models/load {"model":"a/m"}',
    'POST /api/v1/models/unload {"instance_id":"a/m"}',
  ],
  [
    'llama-swap',
    fakeLlamaSwap,
    { id: 'a b/m' },
    'GET /upstream/a%20b/m/health null',
    'POST /api/models/unload/a%20b/m {}',
  ],
  ['Lemonade', fakeLemonade, { id: 'm' }, 'POST /v1/load {"model_name":"m"}', 'POST /v1/unload {"model_name":"m"}'],
  [
    'Docker Model Runner',
    fakeDockerModelRunner,
    { id: 'docker.io/ai/m:latest' },
    'POST /v1/chat/completions {"model":"docker.io/ai/m:latest","messages":[{"role":"user","content":"hi"}]}',
    'POST /engines/unload {"models":["docker.io/ai/m:latest","docker.io/ai/m","ai/m:latest","ai/m"]}',
  ],
];

describe('warm and unload', () => {
  it.each(TOLD)('tell %s', async (_, make, model, load, unload) => {
    const fake = await up(make({ models: [model, { id: 'other' }] }));
    const router = over(fake);
    await router.initialize();
    const state = () => router.discovery.models().find(({ id }) => id === model.id)?.state.value;
    expect(state()).toBe('unloaded');
    await router.warm(model.id);
    expect(state()).toBe('loaded');
    expect(sent(fake)).toEqual([load]);
    await router.unload(model.id);
    expect(state()).toBe('unloaded');
    expect(sent(fake).slice(1)).toEqual([unload]);
    // What is as it should be needs no request; only Ollama is told again, to keep it longer.
    await router.unload(model.id);
    expect(sent(fake)).toHaveLength(2);
    await router.warm(model.id);
    await router.warm(model.id);
    expect(sent(fake)).toHaveLength(fake.type === 'ollama' ? 4 : 3);
    expect(router.status()).toMatchObject({ queues: [], health: [] });
  });

  it('are the only things that ever load or unload', async () => {
    for (const [, make, model] of TOLD) {
      const fake = await up(make({ models: [model, { id: 'other' }] }));
      const router = over(fake);
      await router.initialize();
      await router.explain('hello');
      await router.discovery.refresh();
      router.status();
      expect(sent(fake)).toEqual([]);
    }
  });

  it('name a model as a request does, and refuse what nobody serves', async () => {
    const fake = await up(fakeOllama({ models: TWO }));
    const router = over([], { services: [{ type: 'ollama', baseURL: fake.url, name: 'desk' }] });
    const [service] = (await router.initialize()).services;
    for (const name of [
      'llama3.2:3b',
      'llama-3.2-3b',
      'LLAMA3.2:3B',
      `${service?.id}/llama3.2:3b`,
      'desk/llama3.2:3b',
    ]) {
      await router.warm(name);
    }
    expect(new Set(fake.requests.flatMap(({ path, model }) => (path === '/api/generate' ? [model] : [])))).toEqual(
      new Set(['llama3.2:3b']),
    );
    const error = await failure(router.warm('nobody:7b'));
    expect(error).toMatchObject({ code: 'ERR_NO_MODEL' });
    expect(error.message).toContain('qwen2.5-coder:7b');
    expect(await failure(router.unload('nobody:7b'))).toMatchObject({ code: 'ERR_NO_MODEL' });
    for (const wrong of ['', 7, undefined]) {
      expect(await failure(router.warm(wrong as string))).toMatchObject({ code: 'ERR_INVALID_REQUEST' });
    }
  });

  it.each<[string, Make, FakeServerOptions, string]>([
    ['vLLM', fakeVLLM, {}, 'unload'],
    ['Jan', fakeJan, {}, 'warm'],
    ['llama.cpp with one model', fakeLlamaCpp, { models: [{ id: 'm' }] }, 'unload'],
    ['LocalAI 3', fakeLocalAI, { models: [{ id: 'm' }] }, 'warm'],
    ['KoboldCpp without --admin', fakeKoboldCpp, {}, 'unload'],
  ])('say what to do where %s cannot be told', async (_, make, options, what) => {
    const fake = await up(make(options));
    const router = over(fake);
    await router.initialize();
    const [model] = router.discovery.models();
    const error = await failure(router[what as 'warm' | 'unload'](model?.id ?? ''));
    expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED', model: model?.id });
    expect(error.message).toMatch(/It loads a model when|Stop it there/);
  });

  it('unload what LocalAI, TabbyAPI and text-generation-webui hold, and load what the latter two do not list', async () => {
    const local = await up(fakeLocalAI({ models: [{ id: 'm', loaded: true }] }));
    const first = over(local);
    await first.unload('m');
    expect(sent(local)).toEqual(['POST /backend/shutdown {"model":"m"}']);
    for (const make of [fakeTabbyAPI, fakeTextGenerationWebUI]) {
      const fake = await up(make({ models: [{ id: 'a' }, { id: 'b' }] }));
      const router = over(fake);
      await router.initialize();
      await router.unload('a');
      expect(router.discovery.models()).toEqual([]);
      expect(await failure(router.warm('b'))).toMatchObject({ code: 'ERR_NO_MODEL' });
      await router.warm(`${fake.type}/b`);
      expect(router.discovery.models().map(({ id }) => id)).toEqual(['b']);
    }
  });

  it('keep the context that a loaded model has, and an embedding model is asked to embed nothing', async () => {
    const models: FakeModel[] = [
      { id: 'm:7b', loaded: true, contextLength: 16_384, maxContextLength: 32_768 },
      { id: 'small:1b', maxContextLength: 2_048 },
      { id: 'nomic-embed-text', capabilities: ['embedding'] },
    ];
    const fake = await up(fakeOllama({ models }));
    const router = over(fake, { pinnedModels: ['nomic-embed-text'] });
    for (const { id } of models) await router.warm(id);
    expect(sent(fake)).toEqual([
      'POST /api/generate {"model":"m:7b","options":{"num_ctx":16384}}',
      'POST /api/generate {"model":"small:1b","options":{"num_ctx":2048}}',
      expect.stringMatching(/^POST \/api\/embed \{"model":"nomic-embed-text(:latest)?","input":"","keep_alive":-1/),
    ]);
    expect(router.discovery.models().map(({ state }) => state.value)).toEqual(['loaded', 'loaded', 'loaded']);
    await router.unload('nomic-embed-text');
    expect(router.discovery.models().map(({ state }) => state.value)).toEqual(['loaded', 'loaded', 'unloaded']);
  });

  it('refuse what does not run here', async () => {
    const fake = await up(fakeLlamaSwap({ models: [{ id: 'peer/m', remote: true }, { id: 'm' }] }));
    const router = over(fake);
    for (const what of ['warm', 'unload'] as const) {
      expect(await failure(router[what]('peer/m'))).toMatchObject({ code: 'ERR_EGRESS_DENIED' });
    }
    expect(sent(fake)).toEqual([]);
  });

  it('go through the guard with the key of the service, and stand in the audit log', async () => {
    const fake = await up(fakeLemonade({ apiKey: 'SECRET-KEY', models: [{ id: 'm' }] }));
    const router = over([], { services: [{ type: 'lemonade', baseURL: fake.url, apiKey: async () => 'SECRET-KEY' }] });
    await router.warm('m');
    const records = router.security.audit.recent().filter(({ event }) => String(event).startsWith('attempt.'));
    expect(records).toMatchObject([
      { event: 'attempt.start', model: 'm' },
      { event: 'attempt.end', model: 'm', outcome: 'ok' },
    ]);
    expect(JSON.stringify(router.security.audit.recent())).not.toContain('SECRET');
    await failure(router.warm('m', { signal: AbortSignal.abort() }));
  });

  it('fail with what the server says', async () => {
    const fake = await up(
      fakeOllama({ models: TWO, faults: [{ name: 'status-500', times: 1 }, 'status-503-loading'] }),
    );
    const router = over(fake);
    expect(await failure(router.warm('llama3.2:3b'))).toMatchObject({ code: 'ERR_BAD_RESPONSE' });
    expect(await failure(router.warm('llama3.2:3b'))).toMatchObject({ code: 'ERR_OVERLOADED', isRetryable: true });
    const ended = router.security.audit.recent().filter(({ event }) => event === 'attempt.end');
    expect(ended).toMatchObject([{ outcome: 'failed', code: 'ERR_BAD_RESPONSE' }, { outcome: 'failed' }]);
  });

  it('wait for the models that are answering there', async () => {
    const fake = await up(fakeOllama({ models: TWO, faults: [{ name: 'hang', times: 1 }] }));
    const router = over(fake);
    await router.initialize();
    const controller = new AbortController();
    const model = 'qwen2.5-coder:7b';
    const running = failure(router.route({ prompt: 'hi', model }, { signal: controller.signal }));
    await soon(() => chats(fake).length).toBe(1);
    const warming = router.warm('llama3.2:3b');
    await soon(() => router.status().queues).toMatchObject([{ running: 1, waiting: 1 }]);
    expect(chats(fake)).toHaveLength(1);
    controller.abort();
    await running;
    await warming;
    expect(chats(fake).map((request) => request.model)).toEqual([model, 'llama3.2:3b']);
  });

  it('end with the signal, the close of the router, and the time for a first content', async () => {
    const fake = await up(fakeOllama({ models: TWO, faults: ['hang'] }));
    const clock = new ManualClock();
    const router = over(fake, { clock });
    const controller = new AbortController();
    const calls = [failure(router.warm('llama3.2:3b', { signal: controller.signal }))];
    await soon(() => chats(fake).length).toBe(1);
    controller.abort();
    expect(await calls[0]).toMatchObject({ code: 'ERR_ABORTED' });
    await soon(() => chats(fake)[0]?.cancelled).toBe(true);
    const late = failure(router.warm('llama3.2:3b'));
    await soon(() => chats(fake).length).toBe(2);
    clock.advance(600_000);
    expect(await late).toMatchObject({ code: 'ERR_TIMEOUT' });
    const closing = failure(router.unload('qwen2.5-coder:7b'));
    await soon(() => chats(fake).length).toBe(3);
    await router.close();
    expect(await closing).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await failure(router.warm('llama3.2:3b'))).toMatchObject({ code: 'ERR_CLOSED' });
    expect(router.status().queues).toEqual([]);
    await soon(() => clock.pending).toEqual([]);
  });
});

/** A router of llama.cpp whose model takes so many looks to load, and then is there or not. */
async function slowLoader(looks: number, end: 'loaded' | 'unloaded'): Promise<string> {
  let left = Number.POSITIVE_INFINITY;
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('Server', 'llama.cpp');
    response.setHeader('Content-Type', 'application/json');
    if (request.url === '/models/load') {
      left = looks;
      return response.end('{"success":true}');
    }
    if (request.url !== '/v1/models') return response.end('{"status":"ok","role":"router"}');
    const value = left === Number.POSITIVE_INFINITY ? 'unloaded' : left-- > 0 ? 'loading' : end;
    return response.end(JSON.stringify({ object: 'list', data: [{ id: 'm', status: { value, args: [] } }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a load that goes on after its reply', () => {
  it('is awaited', async () => {
    const router = over([], { services: [{ type: 'llama.cpp', baseURL: await slowLoader(2, 'loaded') }] });
    await router.warm('m');
    expect(router.discovery.models()[0]?.state.value).toBe('loaded');
  });

  it.each([0, 2])('fails where the model is not there in the end (after %i looks)', async (looks) => {
    const clock = new ManualClock();
    const services = [{ type: 'llama.cpp', baseURL: await slowLoader(looks, 'unloaded') }] as const;
    const router = over([], { clock, services, discovery: { hosts: [], probeTimeoutMs: 100_000 } });
    let error: unknown;
    void failure(router.warm('m')).then((e) => {
      error = e;
    });
    for (let n = 0; n < 20_000 && error === undefined; n++) {
      const pause = Math.min(...clock.pending);
      if (pause <= 4_000) clock.advance(pause);
      await new Promise(setImmediate);
    }
    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE', model: 'm' });
  });
});

describe('pinnedModels', () => {
  const options = { pinnedModels: ['qwen2.5-coder:7b'] };

  it('stay loaded at Ollama, unless the call says otherwise', async () => {
    const models: FakeModel[] = [...TWO, { id: 'nomic-embed-text', capabilities: ['embedding'] }];
    const fake = await up(fakeOllama({ models }));
    const router = over(fake, { pinnedModels: ['qwen2.5-coder-7b', 'nomic-embed-text'] });
    await router.route({ prompt: 'hi', model: 'qwen2.5-coder:7b' });
    await router.route({ prompt: 'hi', model: 'qwen2.5-coder:7b', keepAlive: '1m' });
    await router.route({ prompt: 'hi', model: 'llama3.2:3b' });
    await router.embed('hi');
    await router.warm('qwen2.5-coder:7b');
    const kept = fake.requests.filter(({ body }) => typeof body === 'object' && body !== null && 'model' in body);
    expect(
      kept.filter(({ path }) => path !== '/api/show').map(({ body }) => (body as { keep_alive?: unknown }).keep_alive),
    ).toEqual([-1, '1m', undefined, -1, -1]);
  });

  it('are not pushed out where another model or server can answer', async () => {
    const big: FakeModel = { id: 'qwen2.5-coder:32b' };
    const fake = await up(fakeOllama({ models: [...TWO, big] }));
    const first = { primary: ['qwen2.5-coder:32b'] };
    const taskRouting = { coding: first, reasoning: first, analysis: first, documentation: first };
    const without = await over(fake, { taskRouting }).explain('Write a CSV parser');
    expect(without.selected?.model.id).toBe('qwen2.5-coder:32b');
    const router = over(fake, { ...options, taskRouting });
    const { ranked, notes } = await router.explain('Write a CSV parser');
    expect(ranked.map(({ model }) => model.id)).toEqual(['qwen2.5-coder:7b', 'qwen2.5-coder:32b', 'llama3.2:3b']);
    expect(notes).toContain(
      'Tried after the others: a load of qwen2.5-coder:32b, llama3.2:3b could push the pinned qwen2.5-coder:7b out of memory.',
    );
    // Another server is not in its way.
    const other = await up(fakeOllama({ models: [big] }));
    const both = await over([fake, other], { ...options, taskRouting }).explain('Write a CSV parser');
    expect(both.selected?.model).toMatchObject({ id: 'qwen2.5-coder:32b', baseURL: other.url });
  });

  it('are no reason to refuse: who forces another model gets it, with a note', async () => {
    const fake = await up(fakeOllama({ models: TWO }));
    const { model, decision } = await over(fake, options).route({ prompt: 'hi', model: 'llama3.2:3b' });
    expect(model.id).toBe('llama3.2:3b');
    expect(decision.notes.join()).toContain('could push the pinned qwen2.5-coder:7b out of memory');
  });

  it('that nobody serves are named, and wrong ones refused', async () => {
    const fake = await up(fakeOllama({ models: TWO }));
    const { notes } = await over(fake, { pinnedModels: ['qwen2.5-codr:7b'] }).explain('hi');
    expect(notes).toContain('No server lists "qwen2.5-codr:7b" of `pinnedModels`.');
    expect(await failure(() => over(fake, { pinnedModels: [''] }))).toMatchObject({ code: 'ERR_INVALID_OPTION' });
  });
});
