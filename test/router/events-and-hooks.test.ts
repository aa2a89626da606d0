import type { Attempt, CallOptions, RouteRequest, RouterHooks, RoutingDecision } from 'local-llm-router';
import { fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { chats, failure, over, said, up } from './setup.js';

const TWO = { models: [{ id: 'first:7b' }, { id: 'second:7b' }] };

describe('listeners', () => {
  it('hear of each decision before anything is sent, and of each attempt as it ends', async () => {
    const fake = await up(fakeOllama({ ...TWO, faults: [{ name: 'reset', times: 1 }] }));
    const router = over(fake);
    const heard: unknown[] = [];
    router.onDecision((decision) => void heard.push(decision.id, chats(fake).length));
    router.onAttempt((attempt, id) => void heard.push(id, attempt));
    const { id, attempts } = await router.route('hello');
    expect(heard).toEqual([id, 0, id, attempts[0], id, attempts[1]]);
  });

  it('that throw or reject are logged, and never touch the call', async () => {
    const fake = await up(fakeOllama());
    const warned: unknown[][] = [];
    const nothing = (): void => {};
    const logger = { debug: nothing, info: nothing, warn: (...a: unknown[]) => void warned.push(a), error: nothing };
    const router = over(fake, { logger });
    const later: RoutingDecision[] = [];
    router.onDecision(() => {
      throw new TypeError('mine');
    });
    router.onDecision(async () => {
      throw new RangeError('mine, too');
    });
    router.onDecision((decision) => void later.push(decision));
    router.onAttempt(() => {
      throw new TypeError('mine');
    });
    const { decision } = await router.route('hello');
    expect(later).toEqual([decision]);
    expect(warned.map(([, name]) => name).sort()).toEqual(['RangeError', 'TypeError', 'TypeError']);
  });

  it('hear nothing any more once they are taken off, one by one', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    const calls: Attempt[] = [];
    const listener = (attempt: Attempt): void => void calls.push(attempt);
    const off = [router.onAttempt(listener), router.onAttempt(listener)];
    await router.route('hello');
    off[0]?.();
    off[0]?.();
    await router.route('hello');
    off[1]?.();
    await router.route('hello');
    expect(calls).toHaveLength(3);
  });
});

describe('hooks', () => {
  it('change the request before anything is decided', async () => {
    const fake = await up(fakeOllama(TWO));
    const router = over(fake, {
      hooks: { beforeRoute: (request) => ({ ...request, prompt: `${request.prompt} please`, model: 'second:7b' }) },
    });
    const { model, decision } = await router.route('hello');
    expect(model.id).toBe('second:7b');
    expect(decision.requirements.model).toBe('second:7b');
    expect(said(chats(fake)[0])).toEqual([{ role: 'user', content: 'hello please' }]);
    expect((await router.explain('hello')).selected?.model.id).toBe('second:7b');
  });

  it('change what is sent, at each attempt', async () => {
    const fake = await up(fakeOllama({ ...TWO, faults: [{ name: 'reset', times: 1 }] }));
    const seen: string[] = [];
    const router = over(fake, {
      hooks: {
        beforeRequest: async (request) => {
          seen.push(request.model.id);
          return { ...request, temperature: 0.25 };
        },
      },
    });
    const { attempts } = await router.route('hello');
    expect(seen).toEqual(attempts.map(({ model }) => model.id));
    expect(chats(fake).map(({ body }) => (body as { options: unknown }).options)).toMatchObject([
      { temperature: 0.25 },
      { temperature: 0.25 },
    ]);
  });

  it('change the answer before it is stored and returned', async () => {
    const fake = await up(fakeOllama({ reply: 'rude' }));
    const router = over(fake, {
      hooks: {
        afterResponse: (result) => ({ ...result, text: 'polite', message: { role: 'assistant', content: 'polite' } }),
      },
    });
    expect((await router.route('hello')).text).toBe('polite');
    expect((await router.stream('hello').result).text).toBe('polite');
    expect(router.context.exportForApi()[1]).toEqual({ role: 'assistant', content: 'polite' });
  });

  const moments = ['beforeRoute', 'beforeRequest', 'afterResponse'] as const;

  it.each(moments)('%s that throws ends the call with its error as the cause', async (moment) => {
    const fake = await up(fakeOllama(TWO));
    const cause = new Error('not today');
    const hooks: RouterHooks = {
      [moment]: () => {
        throw cause;
      },
    };
    const router = over(fake, { hooks });
    for (const error of [await failure(router.route('hello')), await failure(router.stream('hello').result)]) {
      expect(error).toMatchObject({ code: 'ERR_ABORTED', cause });
      expect(error.message).toContain(moment);
    }
    expect(chats(fake)).toHaveLength(moment === 'afterResponse' ? 2 : 0);
    expect(router.context.sessions()).toEqual([]);
  });

  it.each(moments)('%s that never ends does not outlast the call', async (moment) => {
    const fake = await up(fakeOllama());
    const controller = new AbortController();
    const hooks: RouterHooks = {
      [moment]: () => {
        controller.abort();
        return new Promise<never>(() => {});
      },
    };
    const error = await failure(over(fake, { hooks }).route('hello', { signal: controller.signal }));
    expect(error.code).toBe('ERR_ABORTED');
  });

  it.each(moments)('%s that gives nothing is told what to give', async (moment) => {
    const fake = await up(fakeOllama());
    const hooks = { [moment]: () => undefined } as unknown as RouterHooks;
    const error = await failure(over(fake, { hooks }).route('hello'));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toMatch(new RegExp(`${moment}.*return`));
  });

  it('are checked like any other request', async () => {
    const hooks = { beforeRoute: (request: RouteRequest) => ({ ...request, temprature: 1 }) as RouteRequest };
    const error = await failure(over(await up(fakeOllama()), { hooks }).route('hello'));
    expect(error).toMatchObject({ code: 'ERR_INVALID_REQUEST' });
    expect(error.message).toContain('temprature');
  });

  it('get a signal that follows that of the call', async () => {
    const fake = await up(fakeOllama());
    const signals: (AbortSignal | undefined)[] = [];
    const keep = <T>(given: T, { signal }: CallOptions): T => {
      signals.push(signal);
      return given;
    };
    const hooks: RouterHooks = { beforeRoute: keep, beforeRequest: keep, afterResponse: keep };
    await over(fake, { hooks }).route('hello', { signal: new AbortController().signal });
    expect(signals.map((signal) => signal instanceof AbortSignal)).toEqual([true, true, true]);
  });
});
