import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Queues, type Ticket } from '../../src/execution/queues.js';
import { ref } from './bench-call.js';
import { ManualClock } from './manual-clock.js';

const open = new AbortController().signal;
const join = (queues: Queues, slots: number | null, priority: 'interactive' | 'background' = 'interactive'): Ticket =>
  queues.join({ model: ref('m', 's'), slots, priority, signal: open, queueMs: undefined });

describe('the queue of a service', () => {
  it('has no limit where none is known', () => {
    const queues = new Queues(new ManualClock());
    for (let n = 0; n < 100; n++) expect(join(queues, null).granted).toBe(true);
    expect(queues.snapshot()).toEqual([{ service: 's', running: 100, waiting: 0, slots: null }]);
  });

  it('serves interactive requests before background ones', () => {
    const queues = new Queues(new ManualClock());
    const running = join(queues, 1);
    const slow = join(queues, 1, 'background');
    const quick = join(queues, 1);
    expect([slow.position, quick.position]).toEqual([2, 1]);
    running.release();
    expect([slow.granted, quick.granted]).toEqual([false, true]);
    quick.release();
    quick.release();
    expect(slow.granted).toBe(true);
    slow.release();
    expect(queues.snapshot()).toEqual([]);
  });

  it('lets go of who leaves it', async () => {
    const clock = new ManualClock();
    const queues = new Queues(clock);
    const controller = new AbortController();
    const running = join(queues, 1);
    const request = { model: ref('m', 's'), slots: 1, priority: 'interactive' as const };
    const aborted = queues.join({ ...request, signal: controller.signal, queueMs: 100 });
    const late = queues.join({ ...request, signal: open, queueMs: 100 });
    const waits = [aborted.changed(), late.changed()];
    controller.abort();
    await expect(waits[0]).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await waits[1];
    expect(late.position).toBe(1);
    await clock.advance(100);
    await expect(late.changed()).rejects.toMatchObject({ code: 'ERR_QUEUE_FULL', isRetryable: true });
    expect(clock.pending).toBe(0);
    running.release();
    expect(queues.snapshot()).toEqual([]);
  });

  it('never runs more than its slots, serves each kind in order, and starves nobody', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('interactive' as const, 'background' as const) },
      { weight: 2, arbitrary: fc.constant('done' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 4 }), (steps, slots) => {
        const queues = new Queues(new ManualClock());
        const waiting: { ticket: Ticket; priority: string; passed: number }[] = [];
        const running: Ticket[] = [];
        const take = (): void => {
          const granted = waiting.filter(({ ticket }) => ticket.granted);
          for (const entry of granted) {
            const index = waiting.indexOf(entry);
            const before = waiting.slice(0, index).filter(({ ticket }) => !ticket.granted);
            expect(before.some(({ priority }) => priority === entry.priority)).toBe(false);
            // The first of the background waits for four interactive requests at most.
            const first = waiting.find(({ priority, ticket }) => priority === 'background' && !ticket.granted);
            if (entry.priority === 'interactive' && first) expect(++first.passed).toBeLessThanOrEqual(4);
            waiting.splice(index, 1);
            running.push(entry.ticket);
          }
          expect(running.length).toBeLessThanOrEqual(slots);
          expect(waiting.length === 0 || running.length === slots).toBe(true);
        };
        for (const kind of steps) {
          if (kind === 'done') running.shift()?.release();
          else waiting.push({ ticket: join(queues, slots, kind), priority: kind, passed: 0 });
          take();
        }
        while (running.length > 0) {
          running.shift()?.release();
          take();
        }
        expect(waiting).toEqual([]);
        expect(queues.snapshot()).toEqual([]);
      }),
    );
  });
});
