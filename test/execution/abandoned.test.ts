import { describe, expect, it } from 'vitest';
import type { RouterError } from '../../src/core/errors.js';
import type { Candidate } from '../../src/execution/plan.js';
import { outcomes, ref, stop, text, world } from './bench-call.js';
import { settle } from './manual-clock.js';

const timeouts = { firstContentMs: 5_000, idleMs: 1_000 };

/** A call whose owner drains it when its signal aborts, as a stream does; `read` stops at the first event of this kind. */
async function left(change: Partial<Candidate>, at: string) {
  const w = world({ a: [[text('one'), text('two'), stop]], b: [[text('other'), stop]] }, { timeouts, ...change });
  const call = w.start();
  let error: RouterError | undefined;
  const drain = async (): Promise<void> => {
    try {
      while (!(await call.next()).done);
    } catch (thrown) {
      error = thrown as RouterError;
    }
  };
  w.controller.signal.addEventListener('abort', () => void drain(), { once: true });
  for (;;) {
    const { done, value } = await call.next();
    if (done || value.type === at) break;
  }
  return { ...w, call, error: () => error };
}

describe('a caller who reads no further', () => {
  it('loses the connection and the slot, and the model is not blamed', async () => {
    const w = await left({ slots: 1 }, 'text');
    expect(w.queues.snapshot()).toMatchObject([{ running: 1 }]);
    await w.clock.advance(timeouts.idleMs);
    expect(w.sent[0]?.signal.aborted).toBe(true);
    expect(w.queues.snapshot()).toEqual([]);
    expect(w.error()).toMatchObject({ code: 'ERR_INTERRUPTED', partialText: 'one', cause: { code: 'ERR_TIMEOUT' } });
    expect(String(w.error()?.cause)).toContain('Nobody read');
    expect(outcomes(w.attempts)).toEqual(['a primary failed ERR_INTERRUPTED']);
    await w.clock.advance(10_000);
    expect(w.clock.pending).toBe(0);
  });

  it('does not close a model however often, also where nobody drains the call', async () => {
    const w = world({ a: Array.from({ length: 5 }, () => [text('one'), text('two'), stop]) }, { timeouts });
    for (let i = 0; i < 5; i++) {
      const call = w.start({}, { abort: undefined });
      expect((await call.next()).value).toMatchObject({ type: 'status' });
      expect((await call.next()).value).toMatchObject({ type: 'text' });
      await w.clock.advance(timeouts.idleMs);
      await expect(call.next()).rejects.toMatchObject({ code: 'ERR_INTERRUPTED' });
    }
    expect(w.health.state(ref('a'))).toBe('closed');
  });

  it('may rest at the status: the clock of the model has not begun', async () => {
    const w = world({ a: [['hang']] }, { timeouts: { firstContentMs: 500, idleMs: 60_000 } });
    const call = w.start();
    await call.next();
    await w.clock.advance(2_000);
    expect(w.sent).toEqual([]);
    const next = call.next();
    await w.clock.advance(499);
    expect(w.sent[0]?.signal.aborted).toBe(false);
    await w.clock.advance(1);
    expect(w.sent[0]?.signal.aborted).toBe(true);
    await expect(next).resolves.toMatchObject({ value: { type: 'attempt-failed', attempt: { code: 'ERR_TIMEOUT' } } });
  });

  it('does not keep a slot at the status either', async () => {
    const w = await left({ slots: 1 }, 'status');
    await w.clock.advance(timeouts.idleMs);
    expect(w.queues.snapshot()).toEqual([]);
    expect(w.sent).toEqual([]);
    expect(w.error()).toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(outcomes(w.attempts)).toEqual(['a primary skipped ERR_TIMEOUT']);
    expect(w.clock.pending).toBe(0);
  });

  it('does not keep a place in the queue', async () => {
    const w = world({ a: [[text('one'), stop]] }, { timeouts, slots: 1 });
    const first = w.start({}, { abort: undefined });
    await first.next();
    await first.next();
    const told: RouterError[] = [];
    const second = w.start({}, { abort: (error) => void told.push(error) });
    expect((await second.next()).value).toMatchObject({ type: 'status', phase: 'queued' });
    await w.clock.advance(timeouts.idleMs);
    expect(told).toMatchObject([{ code: 'ERR_TIMEOUT' }]);
    await second.return(undefined as never);
    expect(w.queues.snapshot()).toMatchObject([{ running: 1, waiting: 0 }]);
    await first.return(undefined as never);
  });
});

describe('an abort does not wait', () => {
  it.each<[string, 'prepare' | 'onAttemptStart']>([
    ['for a request that is never ready', 'prepare'],
    ['for a record that is never written', 'onAttemptStart'],
  ])('%s', async (_, name) => {
    const w = world({ a: [[text('one'), stop]] }, { slots: 1 });
    const call = w.start({ [name]: () => new Promise(() => {}) });
    const next = call.next();
    await settle();
    w.controller.abort(new Error('mine'));
    await expect(next).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: { message: 'mine' } });
    expect(outcomes(w.attempts)).toEqual(['a primary cancelled ERR_ABORTED']);
    expect(w.queues.snapshot()).toEqual([]);
  });
});
