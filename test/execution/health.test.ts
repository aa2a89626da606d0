import { describe, expect, it } from 'vitest';
import { Health } from '../../src/execution/health.js';
import { fail, ref } from './bench-call.js';
import { ManualClock } from './manual-clock.js';

const a = ref('a');
const DOWN = fail('ERR_UNREACHABLE');

function broken() {
  const clock = new ManualClock();
  const health = new Health(clock, () => 0.5);
  for (let n = 0; n < 3; n++) health.failed(a, DOWN);
  return { clock, health };
}

describe('a model that keeps failing', () => {
  it('is left alone after three failures in a row, not before', () => {
    const health = new Health(new ManualClock());
    health.failed(a, DOWN);
    health.failed(a, DOWN);
    expect(health.blocked(a)).toBe(false);
    health.succeeded(a);
    health.failed(a, DOWN);
    health.failed(a, DOWN);
    expect(health.state(a)).toBe('closed');
    health.failed(a, DOWN);
    expect(health.state(a)).toBe('open');
    expect(health.blocked(ref('b'))).toBe(false);
    expect(health.snapshot()).toEqual([{ model: a, state: 'open' }]);
  });

  it('gets one trial after a pause; a success forgets everything', async () => {
    const { clock, health } = broken();
    await clock.advance(4_999);
    expect(health.blocked(a)).toBe(true);
    await clock.advance(1);
    expect(health.state(a)).toBe('half-open');
    expect(health.blocked(a)).toBe(false);
    health.begin(a);
    expect(health.blocked(a)).toBe(true);
    health.succeeded(a);
    expect(health.snapshot()).toEqual([]);
  });

  it('is left alone for longer each time, up to five minutes', async () => {
    const { clock, health } = broken();
    const pauses: number[] = [];
    for (let n = 0; n < 9; n++) {
      const from = clock.now();
      while (health.state(a) === 'open') await clock.advance(1_000);
      pauses.push(clock.now() - from);
      health.begin(a);
      health.failed(a, DOWN);
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300].map((s) => s * 1_000));
  });

  it('may be tried again when a trial ended without telling anything', async () => {
    const { clock, health } = broken();
    await clock.advance(5_000);
    health.begin(a);
    health.released(a);
    expect(health.blocked(a)).toBe(false);
  });

  it('is left alone for as long as it asks, half a minute at most', async () => {
    const clock = new ManualClock();
    const health = new Health(clock);
    health.failed(a, fail('ERR_OVERLOADED', { retryAfterMs: 2_000 }));
    await clock.advance(1_999);
    expect(health.blocked(a)).toBe(true);
    await clock.advance(1);
    expect(health.blocked(a)).toBe(false);
    health.failed(a, fail('ERR_OVERLOADED', { retryAfterMs: 3_600_000 }));
    await clock.advance(30_000);
    expect(health.blocked(a)).toBe(false);
  });

  it.each(['ERR_CONTEXT_OVERFLOW', 'ERR_UNSUPPORTED', 'ERR_ABORTED', 'ERR_QUEUE_FULL', 'ERR_EGRESS_DENIED'] as const)(
    'is not blamed for %s',
    (code) => {
      const health = new Health(new ManualClock());
      for (let n = 0; n < 10; n++) health.failed(a, fail(code));
      expect(health.state(a)).toBe('closed');
    },
  );
});
