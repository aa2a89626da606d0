import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseNumCtx } from '../../src/context/num-ctx.js';

describe('chooseNumCtx', () => {
  it('keeps the value in force when it suffices, so that nothing is reloaded', () => {
    expect(chooseNumCtx({ needed: 3000, inForce: 5120, max: 131_072 })).toBe(5120);
    expect(chooseNumCtx({ needed: 5120, inForce: 5120, max: 4096 })).toBe(5120);
  });

  it('takes few steps', () => {
    const steps = [1, 4096, 4097, 9000, 20_000, 33_000, 70_000].map((needed) => chooseNumCtx({ needed, max: 131_072 }));
    expect(steps).toEqual([4096, 4096, 8192, 16_384, 32_768, 65_536, 131_072]);
  });

  it('ends at the maximum, which need be no step', () => {
    expect(chooseNumCtx({ needed: 33_000, max: 40_960 })).toBe(40_960);
    expect(chooseNumCtx({ needed: 999_999, max: 40_960 })).toBe(40_960);
    expect(chooseNumCtx({ needed: 10, max: 2048 })).toBe(2048);
  });

  it('suffices and is never above the maximum, wherever that is possible', () => {
    const size = fc.integer({ min: 1, max: 2_000_000 });
    fc.assert(
      fc.property(size, fc.option(size, { nil: undefined }), size, (needed, inForce, max) => {
        const chosen = chooseNumCtx({ needed, inForce, max });
        if (inForce !== undefined && inForce >= needed) expect(chosen).toBe(inForce);
        else {
          expect(chosen).toBeLessThanOrEqual(max);
          if (needed <= max) expect(chosen).toBeGreaterThanOrEqual(needed);
        }
      }),
    );
  });
});
