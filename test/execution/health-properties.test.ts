import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RouterErrorCode } from '../../src/core/errors.js';
import { Health } from '../../src/execution/health.js';
import { fail, ref } from './bench-call.js';
import { ManualClock } from './manual-clock.js';

const a = ref('a');
/** The longest pause with its spread. */
const LONGEST_MS = 300_000 * 1.2;
const ITS_FAULT: readonly RouterErrorCode[] = ['ERR_UNREACHABLE', 'ERR_BAD_RESPONSE', 'ERR_TIMEOUT', 'ERR_OVERLOADED'];
const OTHERS: readonly RouterErrorCode[] = ['ERR_CONTEXT_OVERFLOW', 'ERR_ABORTED', 'ERR_QUEUE_FULL', 'ERR_AUDIT'];

const step = fc.oneof(
  fc.constant({ do: 'begin' as const }),
  fc.constant({ do: 'succeed' as const }),
  fc.record({ do: fc.constant('fail' as const), code: fc.constantFrom(...ITS_FAULT, ...OTHERS), wish: fc.double() }),
  fc.constant({ do: 'loading' as const }),
  fc.constant({ do: 'release' as const }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 400_000 }) }),
);

describe('whatever calls bring, and whenever', () => {
  it('one trial at a time, bounded pauses, and a success forgets everything', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (steps, random) => {
          const clock = new ManualClock();
          const health = new Health(clock, () => random);
          // The attempts under way, oldest first, and which of them is the trial.
          const running: boolean[] = [];
          let openSinceMs: number | undefined;
          for (const now of steps) {
            const before = health.state(a);
            if (now.do === 'pass') await clock.advance(now.ms);
            else if (now.do === 'begin') {
              if (health.blocked(a)) continue;
              running.push(health.begin(a));
            } else {
              const isTrial = running.shift();
              if (isTrial === undefined) continue;
              if (now.do === 'succeed') {
                health.succeeded(a);
                expect(health.state(a)).toBe('closed');
                // The trial of a state that is forgotten is one no more.
                running.fill(false);
              } else if (now.do === 'release') health.released(a, isTrial);
              else {
                const error =
                  now.do === 'loading'
                    ? fail('ERR_OVERLOADED', { isLoading: true })
                    : fail(now.code, { retryAfterMs: now.wish });
                health.failed(a, error, isTrial);
                const blames = now.do === 'fail' && ITS_FAULT.includes(now.code);
                if (!blames && before === 'closed') expect(health.state(a)).toBe('closed');
              }
            }
            expect(running.filter(Boolean).length).toBeLessThanOrEqual(1);
            if (running.some(Boolean)) expect(health.blocked(a)).toBe(true);
            openSinceMs = health.state(a) === 'open' ? (openSinceMs ?? clock.now()) : undefined;
          }
          // However it came about: left alone for no longer than the longest pause, then one may try.
          for (const isTrial of running.splice(0)) health.released(a, isTrial);
          await clock.advance(LONGEST_MS);
          expect(health.blocked(a)).toBe(false);
          if (health.state(a) === 'half-open') {
            expect(health.begin(a)).toBe(true);
            expect(health.begin(a)).toBe(false);
          }
          health.succeeded(a);
          expect(health.snapshot()).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('a server that flaps is no reason for a storm', async () => {
    const clock = new ManualClock();
    const health = new Health(clock);
    let asked = 0;
    let failed = 0;
    // Up and down every 200 ms; a call every 20 ms, for ten minutes.
    for (let n = 0; n < 30_000; n++) {
      clock.jump(20);
      if (health.blocked(a)) continue;
      const isTrial = health.begin(a);
      asked += 1;
      if (Math.floor(clock.now() / 200) % 2 === 0) health.succeeded(a);
      else {
        failed += 1;
        health.failed(a, fail('ERR_UNREACHABLE'), isTrial);
      }
    }
    // Three until it is left alone, for four seconds at least; a trial in each pause after that.
    expect(failed).toBeLessThanOrEqual((600 / 4) * 4);
    expect(asked).toBeGreaterThan(0);
  });

  it('those that were under way when it was left alone do not make the pause longer', async () => {
    const clock = new ManualClock();
    const health = new Health(clock, () => 0.5);
    const running = Array.from({ length: 64 }, () => health.begin(a));
    for (const isTrial of running) health.failed(a, fail('ERR_UNREACHABLE'), isTrial);
    await clock.advance(5_000);
    expect(health.state(a)).toBe('half-open');
  });

  it('a clock that is set back does not make it longer', () => {
    const clock = new ManualClock();
    const health = new Health(clock);
    for (let n = 0; n < 3; n++) health.failed(a, fail('ERR_UNREACHABLE'));
    clock.jump(-3_600_000);
    expect(health.blocked(a)).toBe(false);
  });
});
