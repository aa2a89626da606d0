import { getEventListeners } from 'node:events';
import { type LocalLLMRouter, quickRoute, type RouterOptions, SecurityModule } from 'local-llm-router';
import { fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { chats, collect, failure, over, said, soon, up } from './setup.js';

const ANSWER = 'One two three four five six.';

describe('closing', () => {
  it('refuses later calls, and may be done twice', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    await router.route('hello');
    await Promise.all([router.close(), router.close()]);
    await router.close();
    const asked = fake.requests.length;
    for (const call of [
      () => router.route('hello'),
      () => router.stream('hello'),
      () => router.explain('hello'),
      () => router.initialize(),
    ]) {
      expect(await failure(call)).toMatchObject({ code: 'ERR_CLOSED' });
    }
    expect(fake.requests.length).toBe(asked);
  });

  it('ends an answer that was asked for but not read yet', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    const stream = router.stream('hello');
    await router.close();
    expect(await failure(stream.result)).toMatchObject({ code: 'ERR_CLOSED' });
    expect(fake.requests).toEqual([]);
  });

  it.each(['hang', 'hang-mid-stream'] as const)('ends a running call and its connection (%s)', async (name) => {
    const fake = await up(fakeOllama({ reply: ANSWER, faults: [name] }));
    const router = over(fake);
    const running = failure(router.route('hello'));
    const queued = failure(router.route('and then?'));
    const other = failure(() => collect(router.stream({ prompt: 'hello', session: 'other' })));
    await soon(() => chats(fake).length).toBe(2);
    await router.close();
    for (const call of [running, queued, other]) expect(await call).toMatchObject({ code: 'ERR_CLOSED' });
    await soon(() => chats(fake).map(({ cancelled }) => cancelled)).toEqual([true, true]);
    expect(router.context.sessions()).toEqual([]);
  });

  it('records how a call ended before it closes the audit log', async () => {
    const fake = await up(fakeOllama({ faults: ['hang'] }));
    const lines: string[] = [];
    const sink = {
      write: async (more: string[]) => {
        lines.push(...more);
      },
    };
    const router = over(fake, { security: { audit: { sinks: [sink] } } });
    const running = failure(router.route('hello'));
    await soon(() => chats(fake).length).toBe(1);
    await router.close();
    await running;
    const events = lines.map((line) => JSON.parse(line) as { event: string; outcome?: string });
    expect(events.filter(({ event }) => event === 'query')).toMatchObject([{ outcome: 'cancelled' }]);
    expect(events.filter(({ event }) => event === 'attempt.end')).toMatchObject([{ outcome: 'cancelled' }]);
  });

  it('ends a first look that still runs', async () => {
    const fake = await up(fakeOllama({ faults: [{ name: 'hang', on: 'any' }] }));
    const router = over(fake, {
      serena: { listTools: () => new Promise(() => {}), callTool: () => new Promise(() => {}) },
    });
    const calls = [failure(router.initialize()), failure(router.route('hello')), failure(router.explain('hello'))];
    await soon(() => fake.requests.length).toBeGreaterThan(0);
    await router.close();
    for (const error of await Promise.all(calls)) expect(error.code).toBe('ERR_CLOSED');
  });

  it.each<[string, (router: LocalLLMRouter) => Promise<unknown>]>([
    [
      'from within the loop',
      async (router) => {
        for await (const { type } of router.stream('hello')) if (type === 'text') await router.close();
      },
    ],
    ['from a hook', (router) => router.route('close me')],
  ])('works %s', async (_, close) => {
    const fake = await up(fakeOllama({ reply: ANSWER, faults: ['hang-mid-stream'] }));
    const router: LocalLLMRouter = over(fake, {
      hooks: {
        beforeRequest: async (request) => {
          if (said({ body: request } as never)[0]?.content === 'close me') await router.close();
          return request;
        },
      },
    });
    expect(await failure(close(router))).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('leaves no listener on a signal that outlives many calls', async () => {
    const fake = await up(fakeOllama({ reply: ANSWER }));
    const router = over(fake);
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) {
      await router.route('hello', { signal });
      await collect(router.stream('hello', { signal }));
      await router.explain('hello', { signal });
      for await (const { type } of router.stream('hello', { signal })) if (type === 'text') break;
      await failure(router.route({ prompt: 'hello', model: 'nobody' }, { signal }));
    }
    await router.initialize({ signal });
    const unread = router.stream('hello', { signal });
    await router.close();
    expect(await failure(router.route('hello', { signal }))).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await failure(unread.result)).toMatchObject({ code: 'ERR_CLOSED' });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('disposes of a router with `await using`', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    await router[Symbol.asyncDispose]();
    expect(await failure(router.route('hello'))).toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('two routers in one process', () => {
  it('share nothing', async () => {
    const models = [{ id: 'first:7b' }, { id: 'second:7b' }];
    const fake = await up(fakeOllama({ models, faults: [{ name: 'status-500', model: 'first:7b' }] }));
    const first = { primary: ['first:7b'] };
    const options: RouterOptions = {
      taskRouting: { coding: first, reasoning: first, analysis: first, documentation: first },
    };
    const [a, b] = [over(fake, options), over(fake, options)];
    const heard: string[] = [];
    b.onDecision(({ id }) => void heard.push(id));
    for (let i = 0; i < 3; i++) await a.route(`from a ${i}`);
    expect(heard).toEqual([]);
    expect(b.status()).toMatchObject({ health: [], services: [], sessions: 0 });
    expect(a.status()).toMatchObject({ health: [{ state: 'open' }], sessions: 1 });
    expect(b.security.audit.recent().some(({ event }) => event === 'query')).toBe(false);
    const { attempts } = await b.route('from b');
    expect(attempts.map(({ model }) => model.id)).toEqual(['first:7b', 'second:7b']);
    expect(said(chats(fake).at(-1)).map(({ content }) => content)).toEqual(['from b']);
    await a.close();
    expect((await b.route('still there?')).text).not.toBe('');
  });

  it('may share the parts that the host gives to both', async () => {
    const fake = await up(fakeOllama());
    const security = new SecurityModule();
    onTestFinished(() => security.close());
    const [a, b] = [over(fake, { security }), over(fake, { security })];
    await a.route('hello');
    await a.close();
    await b.route('hello');
    expect(security.audit.recent().filter(({ event }) => event === 'query')).toHaveLength(2);
  });
});

describe('without a logger', () => {
  it('nothing is printed: not at import, not by an answer, not by a failure', async () => {
    const print = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name));
    const write = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
    vi.resetModules();
    const { LocalLLMRouter: Again } = await import('local-llm-router');
    const fake = await up(
      fakeOllama({
        faults: [
          { name: 'error-in-stream', times: 1 },
          { name: 'html', times: 1 },
        ],
      }),
    );
    const router = new Again({ discovery: false, services: [{ type: 'ollama', baseURL: fake.url }] });
    await failure(router.route('hello'));
    await router.route('hello');
    await failure(router.route('hello', { signal: AbortSignal.abort() }));
    await router.close();
    for (const spy of [...print, ...write]) expect(spy).not.toHaveBeenCalled();
  });
});

it('quickRoute answers one query and closes', async () => {
  const fake = await up(fakeOllama({ reply: ANSWER }));
  const services = [{ type: 'ollama', baseURL: fake.url }] as const;
  expect((await quickRoute('hello', { discovery: false, services })).text).toBe(ANSWER);
  expect(await failure(quickRoute('', { discovery: false, services }))).toMatchObject({ code: 'ERR_INVALID_REQUEST' });
});

it('the status shows services, models, and what they are', async () => {
  const fake = await up(fakeOllama());
  const router = over(fake);
  expect(router.status()).toEqual({ services: [], health: [], queues: [], serena: 'off', sessions: 0 });
  const status = await router.initialize();
  expect(status).toMatchObject({ services: [{ type: 'ollama', status: 'up', baseURL: fake.url }] });
  expect(status.services[0]?.models.length).toBe(2);
  expect(chats(fake)).toEqual([]);
});
