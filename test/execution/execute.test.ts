import { describe, expect, it } from 'vitest';
import type { RouterError } from '../../src/core/errors.js';
import type { TransportEvent } from '../../src/core/transport.js';
import { fail, outcomes, ref, run, stop, text, texts, world } from './bench-call.js';
import { settle } from './manual-clock.js';

const LOADING = fail('ERR_OVERLOADED', { isRetryable: true });
const call = (index: number, more: object): TransportEvent => ({
  type: 'tool-call-delta',
  index,
  arguments: '',
  ...more,
});

describe('a model that answers', () => {
  it('gives each delta as it came, and the whole as the report', async () => {
    const usage = { inputTokens: 3, outputTokens: 2, source: 'reported' as const };
    const w = world({
      a: [
        [
          { type: 'reasoning', text: 'hm' },
          text('He'),
          text(''),
          text('llo'),
          { ...stop, usage, servedModel: 'A' } as TransportEvent,
        ],
      ],
    });
    const told = await run(w.start());
    expect(told.events).toEqual([
      { type: 'status', phase: 'generating', model: ref('a') },
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'He' },
      { type: 'text', text: 'llo' },
    ]);
    expect(told.report).toMatchObject({
      text: 'Hello',
      reasoning: 'hm',
      finishReason: 'stop',
      level: 'primary',
      usage,
      servedModel: 'A',
    });
    expect(outcomes(w.attempts)).toEqual(['a primary ok']);
  });

  it('puts tool calls together, names them, and says so', async () => {
    const w = world({
      a: [
        [
          call(1, { id: 'x', name: 'g', arguments: '{}' }),
          call(0, { id: 'x', name: 'f', arguments: '{"a"' }),
          call(0, { name: 'f', arguments: ':1}' }),
          call(2, { name: 'h' }),
          stop,
        ],
      ],
    });
    const { report, events } = await run(w.start());
    expect(report?.toolCalls.map((c) => c.function)).toEqual([
      { name: 'f', arguments: '{"a":1}' },
      { name: 'g', arguments: '{}' },
      { name: 'h', arguments: '{}' },
    ]);
    expect(new Set(report?.toolCalls.map((c) => c.id)).size).toBe(3);
    expect(report?.finishReason).toBe('tool_calls');
    expect(events.filter((event) => event.type === 'tool-call')).toHaveLength(3);
  });

  it('may be cut by its limit before the first word', async () => {
    const w = world({ a: [[{ type: 'finish', finishReason: 'length' }]] });
    expect((await run(w.start())).report).toMatchObject({ text: '', finishReason: 'length' });
  });

  it('ignores what a transport gives beside its contract', async () => {
    const odd = [{ type: 'news' }, { type: 'text', text: 5 }] as unknown as TransportEvent[];
    const w = world({ a: [[...odd, text('ok'), stop, text('late'), stop]] });
    expect((await run(w.start())).report?.text).toBe('ok');
  });
});

describe('before the first content', () => {
  it.each<[string, RouterError | Error]>([
    ['unreachable', fail('ERR_UNREACHABLE')],
    ['a bad response', fail('ERR_BAD_RESPONSE')],
    ['unauthorised', fail('ERR_UNAUTHORIZED')],
    ['an interruption', fail('ERR_INTERRUPTED')],
    ['a bug of the transport', new TypeError('SECRET')],
  ])('%s moves on to the next model', async (_, error) => {
    const w = world({ a: [[error]], b: [[text('hi'), stop]] });
    const told = await run(w.start());
    expect(told.report).toMatchObject({ text: 'hi', level: 'fallback', model: { id: 'b' } });
    expect(told.events.map((event) => event.type)).toEqual(['status', 'attempt-failed', 'status', 'text']);
    expect(w.attempts[0]?.reason).not.toContain('SECRET');
    expect(w.started).toEqual(['a:primary', 'b:fallback']);
  });

  it.each<[string, TransportEvent[], string]>([
    ['a complete answer with nothing in it', [stop], 'ERR_BAD_RESPONSE'],
    ['the word tool_calls without a call', [{ type: 'finish', finishReason: 'tool_calls' }], 'ERR_BAD_RESPONSE'],
    ['an end without a finish', [], 'ERR_INTERRUPTED'],
  ])('%s is a failed attempt', async (_, script, code) => {
    const w = world({ a: [script], b: [[text('hi'), stop]] });
    expect((await run(w.start())).report?.text).toBe('hi');
    expect(outcomes(w.attempts)).toEqual([`a primary failed ${code}`, 'b fallback ok']);
  });

  it.each<[string, () => unknown]>([
    [
      'throws at once',
      () => {
        throw new Error('x');
      },
    ],
    ['gives no iterator', () => undefined],
    ['gives garbage', () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(undefined) }) })],
    [
      'gives empty events',
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: false }) }) }),
    ],
  ])('a transport that %s is a failed attempt, not a crash', async (_, chat) => {
    const w = world({ a: [], b: [[text('hi'), stop]] });
    const broken = { ...w.transport, chat } as typeof w.transport;
    const prepare: typeof w.plan.prepare = async (model, ...rest) => ({
      ...(await w.plan.prepare(model, ...rest)),
      ...(model.id === 'a' && { transport: broken }),
    });
    expect((await run(w.start({ prepare }))).report?.text).toBe('hi');
  });

  it('a model that cannot be prepared is skipped, and nothing is sent to it', async () => {
    const w = world({ a: [[text('no'), stop]], b: [[text('hi'), stop]] });
    const prepare: typeof w.plan.prepare = async (model, ...rest) => {
      if (model.id === 'a') throw fail('ERR_UNSUPPORTED');
      return w.plan.prepare(model, ...rest);
    };
    const told = await run(w.start({ prepare }));
    expect(told.report?.text).toBe('hi');
    expect(outcomes(w.attempts)).toEqual(['a primary skipped ERR_UNSUPPORTED', 'b fallback ok']);
    expect(w.sent.map(({ model }) => model)).toEqual(['b']);
  });

  it('a failed audit ends the call: nothing is sent', async () => {
    const w = world({ a: [[text('no'), stop]], b: [[text('no'), stop]] });
    const told = await run(w.start({ onAttemptStart: () => Promise.reject(fail('ERR_AUDIT')) }));
    expect(told.error).toMatchObject({ code: 'ERR_AUDIT' });
    expect(w.sent).toHaveLength(0);
  });

  it('a listener that throws changes nothing', async () => {
    const w = world({ a: [[text('hi'), stop]] });
    const onAttempt = () => {
      throw new Error('listener');
    };
    expect((await run(w.start({ onAttempt }))).report?.text).toBe('hi');
  });
});

describe('after the first content', () => {
  it.each<[string, RouterError | TransportEvent | 'end', string]>([
    ['a failure', fail('ERR_BAD_RESPONSE'), 'ERR_BAD_RESPONSE'],
    ['a broken connection', fail('ERR_INTERRUPTED', { isRetryable: true }), 'ERR_INTERRUPTED'],
    ['a tool call out of bounds', call(1e9, { name: 'f' }), 'ERR_BAD_RESPONSE'],
    ['an end without a finish', 'end', 'ERR_INTERRUPTED'],
  ])('%s ends the call with the partial text; no other model speaks', async (_, last, cause) => {
    const w = world(
      { a: [[text('Hel'), ...(last === 'end' ? [] : [last])]], b: [[text('no'), stop]] },
      { maxRetries: 3 },
    );
    const told = await run(w.start());
    expect(told.error).toMatchObject({ code: 'ERR_INTERRUPTED', partialText: 'Hel', cause: { code: cause } });
    expect(told.error?.attempts).toHaveLength(1);
    expect(texts(told)).toEqual(['Hel']);
    expect(w.sent).toHaveLength(1);
    expect(JSON.stringify(told.error)).not.toContain('Hel"');
  });

  it('a tool call without a name ends it too', async () => {
    const w = world({ a: [[call(0, { id: 'x', arguments: '{}' }), stop]] });
    expect((await run(w.start())).error).toMatchObject({
      code: 'ERR_INTERRUPTED',
      cause: { code: 'ERR_BAD_RESPONSE' },
    });
  });
});

describe('the clocks', () => {
  it('give up a model without any content, and close its connection', async () => {
    const w = world({ a: [['hang']], b: [[text('hi'), stop]] }, { timeouts: { firstContentMs: 5_000, idleMs: 1_000 } });
    const told = run(w.start());
    await w.clock.advance(4_999);
    expect(w.sent).toHaveLength(1);
    await w.clock.advance(1);
    expect((await told).report?.text).toBe('hi');
    expect(outcomes(w.attempts)).toEqual(['a primary failed ERR_TIMEOUT', 'b fallback ok']);
    expect(w.sent[0]?.signal.aborted).toBe(true);
    expect(w.clock.pending).toBe(0);
  });

  it('give up a transport that does not even listen', async () => {
    const w = world({ a: [['deaf']], b: [[text('hi'), stop]] });
    const told = run(w.start());
    await w.clock.advance(120_000);
    expect((await told).report?.text).toBe('hi');
  });

  it('wait longer for a model that writes what cannot be shown yet, and may still leave it', async () => {
    const w = world(
      { a: [[{ type: 'progress' }, 'hang']], b: [[text('hi'), stop]] },
      {
        timeouts: { firstContentMs: 1_000, idleMs: 60_000 },
      },
    );
    const told = run(w.start());
    await w.clock.advance(59_999);
    expect(w.sent).toHaveLength(1);
    await w.clock.advance(1);
    expect(texts(await told)).toEqual(['hi']);
    expect(outcomes(w.attempts)).toEqual(['a primary failed ERR_TIMEOUT', 'b fallback ok']);
  });

  it('break off a model that falls silent', async () => {
    const w = world({ a: [[text('Hel'), text(''), 'hang']] });
    const told = run(w.start());
    await w.clock.advance(60_000);
    expect((await told).error).toMatchObject({
      code: 'ERR_INTERRUPTED',
      partialText: 'Hel',
      cause: { code: 'ERR_TIMEOUT' },
    });
    expect(w.clock.pending).toBe(0);
  });

  it('at most double where the clock of the machine is set back', async () => {
    const w = world({ a: [[text('Hel'), 'hang']] });
    const told = run(w.start());
    await w.clock.advance(30_000);
    w.clock.setBack(3_600_000);
    await w.clock.advance(90_000);
    expect((await told).error).toMatchObject({ code: 'ERR_INTERRUPTED', cause: { code: 'ERR_TIMEOUT' } });
    expect(w.clock.pending).toBe(0);
  });

  it('free the connection of an answer that nobody reads', async () => {
    const w = world({ a: [[text('one'), text('two'), stop]] });
    const events = w.start();
    await events.next();
    await events.next();
    await w.clock.advance(60_000);
    expect(w.sent[0]?.signal.aborted).toBe(true);
    await expect(events.next()).rejects.toMatchObject({ code: 'ERR_INTERRUPTED' });
  });

  it('never repeat after a time-out', async () => {
    const w = world({ a: [['hang'], [text('no'), stop]] }, { maxRetries: 5 });
    const told = run(w.start());
    await w.clock.advance(120_000);
    expect((await told).error?.code).toBe('ERR_ALL_ATTEMPTS_FAILED');
    expect(w.sent).toHaveLength(1);
  });

  it('of the caller: before the first content its own error, after it an interruption', async () => {
    for (const script of [['hang' as const], [text('Hel'), 'hang' as const]]) {
      const w = world({ a: [script], b: [[text('no'), stop]] });
      const told = run(w.start());
      await settle();
      w.controller.abort(fail('ERR_TIMEOUT'));
      const { error } = await told;
      expect(error?.code).toBe(script.length === 1 ? 'ERR_TIMEOUT' : 'ERR_INTERRUPTED');
      expect(error?.attempts).toHaveLength(1);
      expect(w.sent).toHaveLength(1);
      expect(w.health.state(ref('a'))).toBe('closed');
    }
  });
});

describe('repetitions', () => {
  it('happen after transient errors, with a pause', async () => {
    const w = world({ a: [[LOADING], [LOADING], [text('hi'), stop]] }, { maxRetries: 2 });
    const told = run(w.start());
    await w.clock.advance(199);
    expect(w.sent).toHaveLength(1);
    await w.clock.advance(1);
    expect(w.sent).toHaveLength(2);
    await w.clock.advance(400);
    expect((await told).report?.text).toBe('hi');
    expect(w.attempts).toMatchObject([{ outcome: 'ok', retries: 2 }]);
    expect(w.sent.map(({ signal }) => signal.aborted)).toEqual([true, true, false]);
    expect(w.clock.pending).toBe(0);
  });

  it('wait as long as a server asks, up to two seconds', async () => {
    const w = world(
      { a: [[fail('ERR_OVERLOADED', { isRetryable: true, retryAfterMs: 2_000 })], [text('hi'), stop]] },
      { maxRetries: 1 },
    );
    const told = run(w.start());
    await w.clock.advance(1_999);
    expect(w.sent).toHaveLength(1);
    await w.clock.advance(1);
    expect((await told).report?.text).toBe('hi');
  });

  it.each([
    ['a refusal', fail('ERR_UNAUTHORIZED')],
    ['an overflow', fail('ERR_CONTEXT_OVERFLOW')],
    ['a longer wait', fail('ERR_OVERLOADED', { isRetryable: true, retryAfterMs: 2_001 })],
  ])('do not happen after %s', async (_, error) => {
    const w = world({ a: [[error], [text('no'), stop]], b: [[text('hi'), stop]] }, { maxRetries: 3 });
    expect((await run(w.start())).report?.text).toBe('hi');
    expect(w.sent.map(({ model }) => model)).toEqual(['a', 'b']);
  });

  it('end with the number that was asked for', async () => {
    const w = world({ a: [[LOADING], [LOADING], [text('no'), stop]] }, { maxRetries: 1 });
    const told = run(w.start());
    await w.clock.advance(10_000);
    expect((await told).error?.code).toBe('ERR_ALL_ATTEMPTS_FAILED');
    expect(w.attempts).toMatchObject([{ retries: 1, code: 'ERR_OVERLOADED' }]);
  });

  it('stop at once when the call is aborted', async () => {
    const w = world({ a: [[LOADING], [text('no'), stop]] }, { maxRetries: 1 });
    const told = run(w.start());
    await w.clock.advance(100);
    w.controller.abort();
    expect((await told).error?.code).toBe('ERR_ABORTED');
    expect(w.clock.pending).toBe(0);
  });
});

describe('levels', () => {
  it('prepare what overflowed again, with the limit that the server named', async () => {
    const w = world({
      a: [[fail('ERR_CONTEXT_OVERFLOW', { contextLimit: 512 })], [text('short'), stop]],
      b: [[fail('ERR_UNREACHABLE')]],
    });
    const limits: unknown[] = [];
    const prepare: typeof w.plan.prepare = (model, level, limit, signal) => {
      limits.push([model.id, level, limit]);
      return w.plan.prepare(model, level, limit, signal);
    };
    const { report } = await run(w.start({ prepare }));
    expect(report).toMatchObject({ text: 'short', level: 'reduced-context', model: { id: 'a' } });
    expect(limits).toEqual([
      ['a', 'primary', undefined],
      ['b', 'fallback', undefined],
      ['a', 'reduced-context', 512],
    ]);
  });

  it('end with the smallest model, once', async () => {
    const w = world({ a: [], b: [], tiny: [[text('hi'), stop]] });
    const ranked = [ref('a'), ref('b')];
    expect((await run(w.start({ ranked, smallest: ref('tiny') }))).report).toMatchObject({
      level: 'smallest',
      text: 'hi',
    });
    const again = world({ a: [], b: [] });
    await run(again.start({ smallest: ref('b') }));
    expect(again.sent.map(({ model }) => model)).toEqual(['a', 'b']);
  });

  it('try what keeps failing last rather than never', async () => {
    const w = world({ a: [[text('from a'), stop]], b: [[text('from b'), stop]] });
    for (let n = 0; n < 3; n++) w.health.failed(ref('a'), fail('ERR_UNREACHABLE'));
    expect((await run(w.start())).report).toMatchObject({ text: 'from b', level: 'fallback' });
    const alone = await run(w.start({ ranked: [ref('a')] }));
    expect(alone.report).toMatchObject({ text: 'from a', level: 'primary' });
    expect(w.health.state(ref('a'))).toBe('closed');
  });
});

describe('a model that may work again', () => {
  it('is tried by one of many calls, and by the others only when nothing else is left', async () => {
    const w = world({
      a: [['hang'], [text('from a'), stop]],
      b: Array.from({ length: 9 }, () => [text('from b'), stop]),
    });
    for (let n = 0; n < 3; n++) w.health.failed(ref('a'), fail('ERR_UNREACHABLE'));
    await w.clock.advance(5_000);
    // All of them see that it may be tried before the first one does.
    const calls = Array.from({ length: 10 }, () => run(w.start()));
    const told = await Promise.all(calls.slice(1));
    expect(told.map(({ report }) => report?.text)).toEqual(Array(9).fill('from b'));
    expect(told.every(({ events }) => !events.some(({ type }) => type === 'attempt-failed'))).toBe(true);
    expect(w.sent.filter(({ model }) => model === 'a')).toHaveLength(1);
    // Without another model one more is sent after all.
    expect((await run(w.start({ ranked: [ref('a')] }))).report?.text).toBe('from a');
    w.controller.abort();
    await calls[0];
  });
});

describe('when nothing is left', () => {
  it('names every model and why, and keeps the last error as the cause', async () => {
    const w = world({ a: [[fail('ERR_UNREACHABLE')]], b: [[fail('ERR_UNAUTHORIZED')]] });
    const { error } = await run(w.start());
    expect(error).toMatchObject({ code: 'ERR_ALL_ATTEMPTS_FAILED', cause: { code: 'ERR_UNAUTHORIZED' } });
    expect(error?.message).toMatch(/"a".*ERR_UNREACHABLE.*"b".*ERR_UNAUTHORIZED/);
    expect(error?.attempts).toHaveLength(2);
  });

  it.each(['ERR_CONTEXT_OVERFLOW', 'ERR_UNSUPPORTED', 'ERR_EGRESS_DENIED'] as const)(
    'is %s if all failed with it',
    async (code) => {
      const w = world({ a: [[fail(code)], [fail(code)]], b: [[fail(code)], [fail(code)]] });
      expect((await run(w.start())).error?.code).toBe(code);
    },
  );

  it('is ERR_NO_MODEL without models', async () => {
    expect((await run(world({}).start())).error?.code).toBe('ERR_NO_MODEL');
  });
});

describe('leaving', () => {
  it.each(['before the first content', 'in the middle'])(
    '%s: aborting closes the connection and frees the slot',
    async (when) => {
      const script = when === 'in the middle' ? [text('Hel'), 'hang' as const] : ['hang' as const];
      const w = world({ a: [script], b: [[text('no'), stop]] }, { slots: 1 });
      const told = run(w.start());
      await settle();
      w.controller.abort();
      const { error } = await told;
      expect(error).toMatchObject({ code: 'ERR_ABORTED', attempts: [{ outcome: 'cancelled' }] });
      expect(w.sent).toHaveLength(1);
      expect(w.sent[0]?.signal.aborted).toBe(true);
      expect(w.queues.snapshot()).toEqual([]);
      expect(w.clock.pending).toBe(0);
    },
  );

  it('the loop does the same', async () => {
    const w = world({ a: [[text('one'), text('two'), 'hang']] }, { slots: 1 });
    for await (const event of w.start()) if (event.type === 'text') break;
    await settle();
    expect(w.sent[0]?.signal.aborted).toBe(true);
    expect(outcomes(w.attempts)).toEqual(['a primary cancelled']);
    expect(w.queues.snapshot()).toEqual([]);
    expect(w.clock.pending).toBe(0);
  });

  it('while a step is under way does not wait for it', async () => {
    const w = world({ a: [['hang']] });
    const events = w.start();
    await events.next();
    const waiting = events.next();
    await settle();
    const left = events.return(undefined as never);
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await left;
    expect(w.sent[0]?.signal.aborted).toBe(true);
    expect(w.clock.pending).toBe(0);
  });

  it('an aborted signal sends nothing at all', async () => {
    const w = world({ a: [[text('no'), stop]] });
    w.controller.abort();
    expect((await run(w.start())).error?.code).toBe('ERR_ABORTED');
    expect(w.sent).toHaveLength(0);
  });
});

describe('slots', () => {
  it('let a second call wait, and tell it its place', async () => {
    const w = world(
      {
        a: [
          [text('1'), 'hang'],
          [text('2'), stop],
        ],
      },
      { slots: 1 },
    );
    const first = w.start();
    for (let n = 0; n < 2; n++) await first.next();
    const second = w.start();
    expect((await second.next()).value).toEqual({ type: 'status', phase: 'queued', model: ref('a'), queuePosition: 1 });
    expect(w.queues.snapshot()).toEqual([{ service: 's-a', running: 1, waiting: 1, slots: 1 }]);
    const rest = run(second);
    await w.clock.advance(30);
    await first.return(undefined as never);
    const { report } = await rest;
    expect(report).toMatchObject({ text: '2', queueMs: 30 });
  });

  it('give up after the longest wait', async () => {
    const timeouts = { firstContentMs: 1_000, idleMs: 60_000, queueMs: 50 };
    const w = world({ a: [[text('1'), 'hang']] }, { slots: 1, timeouts });
    const first = w.start();
    for (let n = 0; n < 2; n++) await first.next();
    const second = run(w.start());
    await w.clock.advance(50);
    expect((await second).error).toMatchObject({ code: 'ERR_QUEUE_FULL', attempts: [{ outcome: 'skipped' }] });
    expect(w.sent).toHaveLength(1);
    await first.return(undefined as never);
    expect(w.clock.pending).toBe(0);
  });
});
