import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fail, outcomes, ref, run, type Script, stop, text, world } from './bench-call.js';

const loading = (retryAfterMs?: number): Script => [
  fail('ERR_OVERLOADED', { isRetryable: true, isLoading: true, retryAfterMs }),
];
const busy = (retryAfterMs?: number): Script => [fail('ERR_OVERLOADED', { isRetryable: true, retryAfterMs })];
const answer = (said = 'hi'): Script => [text(said), stop];
const down: Script = [fail('ERR_UNREACHABLE')];
const forever = (script: Script): Script[] => Array.from({ length: 1_000 }, () => script);

describe('a model that its server is loading', () => {
  it('is waited for where there is no other, and the caller is told', async () => {
    const w = world({ a: [loading(), loading(), loading(), answer()] });
    const told = run(w.start());
    await w.clock.advance(250 + 500 + 1_000);
    expect((await told).report).toMatchObject({ text: 'hi', level: 'primary' });
    expect((await told).events.map((event) => ('phase' in event ? event.phase : event.type))).toEqual([
      'generating',
      'loading',
      'text',
    ]);
    expect(w.attempts).toMatchObject([{ outcome: 'ok', retries: 3 }]);
    expect(w.started).toEqual(['a:primary']);
    expect(w.clock.pending).toBe(0);
  });

  it('is asked again in growing pauses of four seconds at most, as late as its server wishes', async () => {
    const asked: number[] = [];
    const w = world({ a: [...Array.from({ length: 8 }, () => loading()), loading(20_000), answer()] });
    const transport = {
      ...w.transport,
      chat: (...given: Parameters<typeof w.transport.chat>) => {
        asked.push(w.clock.now());
        return w.transport.chat(...given);
      },
    };
    const prepare: typeof w.plan.prepare = async (...given) => ({ ...(await w.plan.prepare(...given)), transport });
    const told = run(w.start({ prepare }));
    await w.clock.advance(60_000);
    expect((await told).report?.text).toBe('hi');
    const pauses = asked.slice(1).map((at, i) => at - (asked[i] as number));
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000, 20_000]);
  });

  it('has ten minutes for its first content, or what the caller gave', async () => {
    for (const [timeouts, ms] of [
      [{ firstContentMs: 120_000, loadingMs: 600_000, idleMs: 60_000 }, 600_000],
      [{ firstContentMs: 5_000, loadingMs: 5_000, idleMs: 60_000 }, 5_000],
    ] as const) {
      const w = world({ a: forever(loading()) }, { timeouts });
      const told = run(w.start());
      await w.clock.advance(ms - 1);
      expect(w.attempts).toEqual([]);
      await w.clock.advance(1);
      const { error } = await told;
      expect(error).toMatchObject({ code: 'ERR_ALL_ATTEMPTS_FAILED', attempts: [{ code: 'ERR_TIMEOUT' }] });
      expect(error?.message).toContain('still being loaded');
      expect(w.clock.pending).toBe(0);
    }
  });

  it('goes on to its first content by the same clock', async () => {
    const timeouts = { firstContentMs: 1_000, loadingMs: 10_000, idleMs: 60_000 };
    const w = world({ a: [loading(), ['hang']] }, { timeouts });
    const told = run(w.start());
    await w.clock.advance(9_999);
    expect(w.attempts).toEqual([]);
    await w.clock.advance(1);
    expect((await told).error?.attempts).toMatchObject([{ code: 'ERR_TIMEOUT', durationMs: 10_000 }]);
  });

  it('gives way to one that can answer', async () => {
    const w = world({ a: [loading(), answer('from a')], b: [answer('from b')] });
    expect((await run(w.start())).report).toMatchObject({ text: 'from b', level: 'fallback' });
    expect(outcomes(w.attempts)).toEqual(['a primary failed ERR_OVERLOADED', 'b fallback ok']);
  });

  it('is come back to when nobody else answers, before what keeps failing', async () => {
    const w = world({ a: [loading(), loading(), answer('from a')], b: [down], c: [answer('from c')] });
    for (let n = 0; n < 3; n++) w.health.failed(ref('c'), fail('ERR_UNREACHABLE'));
    const told = run(w.start());
    await w.clock.advance(250);
    expect((await told).report).toMatchObject({ text: 'from a', level: 'primary' });
    expect(outcomes(w.attempts)).toEqual([
      'a primary failed ERR_OVERLOADED',
      'b fallback failed ERR_UNREACHABLE',
      'a primary ok',
    ]);
  });

  it('does not hold up another that is loading too', async () => {
    const w = world({ a: forever(loading()), b: [...Array.from({ length: 8 }, () => loading()), answer('from b')] });
    const told = run(w.start());
    await w.clock.advance(60_000);
    expect((await told).report?.text).toBe('from b');
    expect(w.clock.pending).toBe(0);
  });

  it('is not blamed for it', async () => {
    const w = world({ a: forever(loading()), b: Array.from({ length: 10 }, () => answer()) });
    for (let n = 0; n < 10; n++) await run(w.start());
    expect(w.health.snapshot()).toEqual([]);
    expect(w.sent.filter(({ model }) => model === 'a')).toHaveLength(10);
  });

  it('is blamed once it has used up its time, three times', async () => {
    const w = world({ a: forever(loading()) }, { timeouts: { firstContentMs: 1_000, idleMs: 1_000 } });
    for (let n = 0; n < 3; n++) {
      const told = run(w.start());
      await w.clock.advance(1_000);
      await told;
    }
    expect(w.health.state(ref('a'))).toBe('open');
  });

  it.each(['abort', 'leave'] as const)('may be given up at any moment (%s)', async (how) => {
    const w = world({ a: forever(loading()) }, { slots: 1 });
    const events = w.start();
    if (how === 'leave')
      for (const phase of ['generating', 'loading']) {
        expect((await events.next()).value).toMatchObject({ phase });
      }
    const told = run(events);
    await w.clock.advance(400);
    expect(w.sent).toHaveLength(2);
    if (how === 'abort') w.controller.abort();
    else await events.return(undefined as never).catch(() => {});
    await told;
    await w.clock.advance(0);
    expect(outcomes(w.attempts)).toEqual(['a primary cancelled ERR_ABORTED']);
    expect(w.queues.snapshot()).toEqual([]);
    expect(w.clock.pending).toBe(0);
  });
});

describe('a server that asks for a pause', () => {
  it('is asked once more when nobody else answers', async () => {
    const w = world({ a: [busy(5_000), answer()], b: [down] }, { maxRetries: 1 });
    const told = run(w.start());
    await w.clock.advance(4_999);
    expect(w.sent.map(({ model }) => model)).toEqual(['a', 'b']);
    await w.clock.advance(1);
    expect((await told).report).toMatchObject({ text: 'hi', level: 'primary' });
    expect(w.clock.pending).toBe(0);
  });

  it.each<[string, number, object]>([
    ['longer than half a minute', 30_001, { maxRetries: 1 }],
    ['for centuries', Number.MAX_VALUE, { maxRetries: 1 }],
    ['for ever', Number.POSITIVE_INFINITY, { maxRetries: 1 }],
    ['beyond its time', 5_000, { maxRetries: 1, timeouts: { firstContentMs: 5_000, idleMs: 1_000 } }],
    ['without repetitions being allowed', 5_000, { maxRetries: 0 }],
    ['of no sense', Number.NaN, { maxRetries: 0 }],
    ['into the past', -5, { maxRetries: 0 }],
  ])('%s is left at once', async (_, retryAfterMs, change) => {
    const w = world({ a: [busy(retryAfterMs), answer()] }, change);
    expect((await run(w.start())).error).toMatchObject({ attempts: [{ code: 'ERR_OVERLOADED' }] });
    expect(w.sent).toHaveLength(1);
    await w.clock.advance(30_000);
    expect(w.health.blocked(ref('a'))).toBe(false);
  });

  it('in no sensible words is asked again as after any other failure', async () => {
    for (const wish of [Number.NaN, -1, Number.NEGATIVE_INFINITY]) {
      const w = world({ a: [busy(wish), answer()] }, { maxRetries: 1 });
      const told = run(w.start());
      await w.clock.advance(200);
      expect((await told).report?.text).toBe('hi');
    }
  });

  it('that would outlast the time for the first content is not waited for', async () => {
    const timeouts = { firstContentMs: 1_500, idleMs: 60_000 };
    const w = world({ a: [busy(2_000), answer('from a')], b: [answer('from b')] }, { maxRetries: 3, timeouts });
    expect((await run(w.start())).report?.text).toBe('from b');
  });
});

it('every call ends once, within its clocks, with the text of one model, whatever its servers do', async () => {
  const step = fc.oneof(
    fc.constant(loading()),
    fc.integer({ min: -10, max: 40_000 }).map((ms) => loading(ms)),
    fc.integer({ min: -10, max: 40_000 }).map((ms) => busy(ms)),
    fc.constantFrom<Script>(down, ['hang'], [text('half'), fail('ERR_INTERRUPTED')], [stop]),
    fc.constant<Script>(answer('whole')),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { maxLength: 6 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 2 }),
      async (models, maxRetries) => {
        const scripts = Object.fromEntries(models.map((tries, i) => [`m${i}`, tries]));
        const timeouts = { firstContentMs: 20_000, loadingMs: 40_000, idleMs: 5_000 };
        const w = world(scripts, { maxRetries, slots: 1, timeouts });
        let ends = 0;
        const told = run(w.start());
        void told.then(() => ends++);
        // Each model may use its whole time twice: asked first, and again after a pause.
        await w.clock.advance(models.length * 2 * 45_000);
        expect(ends).toBe(1);
        const { report, error } = await told;
        expect([report?.text, error?.partialText, error?.code]).toSatisfy(
          ([whole, part, code]) => whole === 'whole' || part === 'half' || code !== undefined,
        );
        expect(w.queues.snapshot()).toEqual([]);
        expect(w.clock.pending).toBe(0);
        expect(w.attempts.filter(({ outcome }) => outcome === 'ok').length).toBe(report === undefined ? 0 : 1);
      },
    ),
    { numRuns: 150 },
  );
});
