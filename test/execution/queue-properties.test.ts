import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Queues, type Ticket } from '../../src/execution/queues.js';
import { ref } from './bench-call.js';
import { ManualClock, settle } from './manual-clock.js';

/** A request that comes some time after the one before it. */
const arrival = fc.record({
  afterMs: fc.integer({ min: 0, max: 40 }),
  model: fc.constantFrom('a', 'b', 'c'),
  priority: fc.constantFrom('interactive' as const, 'background' as const),
  holdMs: fc.integer({ min: 1, max: 60 }),
  abortMs: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
  queueMs: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
});

/** No more than this many others are granted while a request is the first of its kind: eight overtake it, and one is due as well. */
const BOUND = 9;

interface Call {
  readonly model: string;
  readonly priority: string;
  readonly ticket: Ticket;
  readonly controller: AbortController;
  /** Grants to others while it was the first of its kind. */
  passed: number;
  position: number;
  ends: ('granted' | 'ERR_ABORTED' | 'ERR_QUEUE_FULL')[];
}

it('whoever comes, leaves and waits: slots hold, nobody starves, nothing is swapped to and fro, nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arrival, { minLength: 1, maxLength: 40 }),
      fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }),
      fc.integer({ min: 1, max: 2 }),
      async (arrivals, slots, room) => {
        const clock = new ManualClock();
        const queues = new Queues(clock);
        // What the server has in memory, and what was learnt of it when somebody last looked.
        let memory = ['a'];
        let known = { models: new Set(memory), atMs: clock.now() };
        const waiting: Call[] = [];
        const running: Call[] = [];
        const calls: Call[] = [];

        const loads = (model: string) => (sinceMs: number) => !known.models.has(model) || known.atMs < sinceMs;
        const learn = (): void => {
          known = { models: new Set(memory), atMs: clock.now() };
          queues.look('s');
        };
        const begin = (call: Call, holdMs: number): void => {
          const { model } = call;
          if (!memory.includes(model)) {
            // It pushes out what is in use nowhere but at this server.
            expect(running.every((other) => other.model === model)).toBe(true);
            memory = [...memory, model].slice(-room);
          } else {
            expect(running.every((other) => memory.includes(other.model))).toBe(true);
          }
          running.push(call);
          clock.setTimeout(() => {
            call.ticket.loaded();
            learn();
          }, holdMs / 2);
          clock.setTimeout(() => {
            running.splice(running.indexOf(call), 1);
            call.ticket.release();
            call.ticket.release();
            look();
          }, holdMs);
        };
        const holds = new Map<Call, number>();
        /** What has been granted since the last look. */
        const look = (): void => {
          const firsts = ['interactive', 'background'].flatMap(
            (priority) => waiting.find((call) => call.priority === priority) ?? [],
          );
          const granted = waiting.filter(({ ticket }) => ticket.granted);
          for (const call of granted) {
            const before = waiting.slice(0, waiting.indexOf(call)).filter(({ ticket }) => !ticket.granted);
            const sameKind = before.filter(({ model, priority }) => model === call.model && priority === call.priority);
            expect(sameKind).toEqual([]);
          }
          for (const call of granted) {
            waiting.splice(waiting.indexOf(call), 1);
            call.ends.push('granted');
            begin(call, holds.get(call) as number);
          }
          for (const call of firsts) {
            if (!waiting.includes(call)) continue;
            call.passed += granted.length;
            expect(call.passed).toBeLessThanOrEqual(BOUND);
          }
          expect(running.length).toBeLessThanOrEqual(slots ?? Number.POSITIVE_INFINITY);
          expect(waiting.length === 0 || running.length > 0).toBe(true);
          for (const call of waiting) {
            const { position } = call.ticket;
            expect(position).toBeGreaterThan(0);
            if (call.priority === 'interactive') expect(position).toBeLessThanOrEqual(call.position);
            call.position = position;
          }
        };

        for (const { afterMs, model, priority, holdMs, abortMs, queueMs } of arrivals) {
          await clock.advance(afterMs);
          const controller = new AbortController();
          const ticket = queues.join({
            model: ref(model, 's'),
            slots,
            loads: loads(model),
            loading: loads(model)(Number.NEGATIVE_INFINITY),
            priority,
            signal: controller.signal,
            queueMs,
          });
          const call: Call = { model, priority, ticket, controller, passed: 0, position: Infinity, ends: [] };
          holds.set(call, holdMs);
          calls.push(call);
          waiting.push(call);
          const wait = async (): Promise<void> => {
            while (!ticket.granted && call.ends.length === 0) await ticket.changed();
          };
          wait().catch((error: { code: 'ERR_ABORTED' | 'ERR_QUEUE_FULL' }) => {
            waiting.splice(waiting.indexOf(call), 1);
            call.ends.push(error.code);
            ticket.release();
            look();
          });
          if (abortMs !== undefined) {
            clock.setTimeout(() => {
              // An attempt that runs lets go of its slot by itself.
              if (!ticket.granted) controller.abort();
            }, abortMs);
          }
          look();
        }
        await clock.advance(60 * 2 * (arrivals.length + 1) + 400);
        await settle();
        expect(waiting).toEqual([]);
        expect(running).toEqual([]);
        for (const { ends, controller } of calls) {
          expect(ends).toHaveLength(1);
          expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
        }
        expect(queues.snapshot()).toEqual([]);
        expect(clock.pending).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});

it('a request whose model has to be loaded is overtaken by eight at most', () => {
  const queues = new Queues(new ManualClock());
  const join = (model: string): Ticket =>
    queues.join({
      model: ref(model, 's'),
      slots: null,
      // All that is known is older than the swap.
      loads: (sinceMs) => model === 'cold' || sinceMs > 0,
      loading: model === 'cold',
      priority: 'interactive',
      signal: new AbortController().signal,
      queueMs: undefined,
    });
  const first = join('warm');
  const cold = join('cold');
  const others = Array.from({ length: 20 }, () => join('warm'));
  expect(others.map(({ granted }) => granted)).toEqual([...Array(8).fill(true), ...Array(12).fill(false)]);
  expect(cold.position).toBe(1);
  for (const ticket of [first, ...others.slice(0, 8)]) {
    expect(cold.granted).toBe(false);
    ticket.release();
  }
  expect(cold.granted).toBe(true);
  expect(queues.snapshot()).toEqual([{ service: 's', running: 1, waiting: 12, slots: null }]);
  cold.release();
  for (const ticket of others) ticket.release();
  expect(queues.snapshot()).toEqual([]);
});
