import type { FakeFaultName, FakeServer } from 'local-llm-router/testing';
import { fakeLlamaCpp, fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { ManualClock } from './manual-clock.js';
import { chats, collect, failure, over, soon, up } from './setup.js';

const ANSWER = 'One two three.';
const MODELS = [{ id: 'm', contextLength: 16_384 }];

/** A llama.cpp that is loading its model until it is told otherwise; `all`: it says so to every request, as the real one does. */
async function loadingServer(o: { all: boolean } = { all: false }): Promise<FakeServer & { ready(): void }> {
  let isReady = false;
  const faults = ({ path }: { path: string }): FakeFaultName | undefined =>
    !isReady && (o.all || path.endsWith('/completions')) ? 'status-503-loading' : undefined;
  const fake = await up(fakeLlamaCpp({ models: MODELS, reply: ANSWER, faults }));
  const ready = (): void => {
    isReady = true;
  };
  return Object.assign(fake, { ready });
}

/** Probes are not to time out while pauses pass. */
const PATIENT = { discovery: { hosts: [], probeTimeoutMs: 100_000 } };

/** Lets the pauses pass, one after another, until something has come true. */
async function passing(clock: ManualClock, isThere: () => boolean): Promise<void> {
  for (let n = 0; n < 20_000 && !isThere(); n++) {
    const pause = Math.min(...clock.pending);
    if (pause <= 4_000) clock.advance(pause);
    await new Promise(setImmediate);
  }
}

describe('a server that is loading its model', () => {
  it('is waited for, and the stream says so', async () => {
    const fake = await loadingServer();
    const clock = new ManualClock();
    const router = over(fake, { ...PATIENT, clock });
    await router.initialize();
    const phases: unknown[] = [];
    const call = (async () => {
      for await (const event of router.stream('hello')) if (event.type === 'status') phases.push(event.phase);
    })();
    await passing(clock, () => chats(fake).length >= 5);
    fake.ready();
    let isOver = false;
    void call.then(() => {
      isOver = true;
    });
    await passing(clock, () => isOver);
    expect(phases).toEqual(['generating', 'loading']);
    expect(router.status()).toMatchObject({ health: [], queues: [] });
    expect((await router.route('and now?')).attempts).toMatchObject([{ outcome: 'ok', retries: 0 }]);
  });

  it('has the time for a first content, ten minutes if nobody says otherwise', async () => {
    for (const [timeouts, ms] of [
      [undefined, 600_000],
      [{ firstContentMs: 30_000 }, 30_000],
    ] as const) {
      const fake = await loadingServer();
      const clock = new ManualClock();
      const router = over(fake, { ...PATIENT, clock });
      await router.initialize();
      const from = clock.now();
      let error: Error | undefined;
      void failure(router.route('hello', { timeouts })).then((e) => {
        error = e;
      });
      await soon(() => chats(fake).length).toBe(1);
      await passing(clock, () => error !== undefined);
      expect(error).toMatchObject({ code: 'ERR_ALL_ATTEMPTS_FAILED', attempts: [{ code: 'ERR_TIMEOUT' }] });
      expect(clock.now() - from).toBeGreaterThanOrEqual(ms);
      expect(clock.now() - from).toBeLessThan(ms + 20_000);
    }
  });

  it('lets another answer meanwhile', async () => {
    const fake = await loadingServer();
    const other = await up(fakeOllama({ models: [{ id: 'warm:7b', loaded: true }], reply: ANSWER }));
    const first = { primary: ['m'] };
    const taskRouting = { coding: first, reasoning: first, analysis: first, documentation: first };
    const router = over([fake, other], { taskRouting });
    const { model, attempts } = await router.route('hello');
    expect(model.id).toBe('warm:7b');
    expect(attempts).toMatchObject([{ model: { id: 'm' }, code: 'ERR_OVERLOADED' }, { outcome: 'ok' }]);
    expect(router.status().health).toEqual([]);
  });

  it('is waited for while nothing else is found either', async () => {
    const fake = await loadingServer({ all: true });
    const clock = new ManualClock();
    const router = over(fake, { ...PATIENT, clock });
    expect((await router.initialize()).services).toMatchObject([{ status: 'loading', models: [] }]);
    const events = collect(router.stream('hello'));
    const embedding = failure(router.embed('hello', { timeouts: { firstContentMs: 0 } }));
    expect(await embedding).toMatchObject({ code: 'ERR_NO_SERVICE' });
    expect(await failure(router.explain('hello'))).toMatchObject({ code: 'ERR_NO_SERVICE' });
    const asked = fake.requests.length;
    await passing(clock, () => fake.requests.length > asked + 20);
    fake.ready();
    let isOver = false;
    void events.then(() => {
      isOver = true;
    });
    await passing(clock, () => isOver);
    expect((await events)[0]).toEqual({ type: 'status', phase: 'loading' });
    expect((await events).at(-1)).toMatchObject({ type: 'done', result: { text: ANSWER } });
    await router.close();
    expect(clock.pending).toEqual([]);
  });

  it('that never ends is told in time, and not waited for after the call has gone', async () => {
    const fake = await loadingServer({ all: true });
    const clock = new ManualClock();
    const router = over(fake, { ...PATIENT, clock, timeouts: { firstContentMs: 60_000 } });
    await router.initialize();
    const calls = [failure(router.route('hello'))];
    const controller = new AbortController();
    const left = failure(router.route({ prompt: 'hello', session: 'b' }, { signal: controller.signal }));
    await soon(() => clock.pending.length).toBeGreaterThan(0);
    controller.abort();
    expect(await left).toMatchObject({ code: 'ERR_ABORTED' });
    let isOver = false;
    void calls[0]?.then(() => {
      isOver = true;
    });
    await passing(clock, () => isOver);
    const error = await calls[0];
    expect(error).toMatchObject({ code: 'ERR_NO_SERVICE', isRetryable: true });
    expect(error?.message).toContain('loading');
    await soon(() => clock.pending).toEqual([]);
  });
});
