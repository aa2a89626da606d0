import { describe, expect, test } from 'vitest';
import { ModelSelector } from '../../src/models/model-selector.js';
import { INVENTORIES } from './inventories.js';
import { served, task } from './served.js';

const CASES = INVENTORIES.flatMap(({ what, models, options, asks }) =>
  asks.map(([category, complexity, choice, why, o, context]) => {
    return { what, models, options, category, complexity, choice, why, o, context };
  }),
);

describe('the choice that someone who knows the models would make', () => {
  test.each(CASES)(
    '$what: $category at $complexity takes $choice ($why)',
    ({ models, options, category, complexity, choice, o, context }) => {
      // `id @ service` tells two servers with one model apart.
      const name = (key: string) => key.split(' @ ')[0] as string;
      const candidates = Object.entries(models).map(([key, given]) => served(name(key), given));
      const at = Object.keys(models).indexOf(context?.sticky ?? '');
      const selector = new ModelSelector(options);
      const sticky =
        at < 0
          ? undefined
          : selector.rank(task(category), candidates).ranked.find(({ model }) => {
              return model.id === candidates[at]?.id && model.service === candidates[at]?.service;
            })?.model;
      const { ranked, rejected } = selector.rank(task(category, complexity), candidates, o, { ...context, sticky });
      const best = ranked[0]?.model;
      const key = Object.keys(models).find(
        (_, i) => candidates[i]?.id === best?.id && candidates[i]?.service === best?.service,
      );
      expect(key ?? null).toBe(choice);
      expect(ranked.length + rejected.length).toBe(candidates.length);
      // What would change it stands at every model that is refused, and every part of a score says why.
      for (const { reason, remedy } of rejected)
        for (const text of [reason, remedy]) expect(text).toMatch(/^[A-Z].*[.]$/);
      for (const { score, parts } of ranked) {
        expect(parts.reduce((sum, { value, weight }) => sum + value * weight, 0)).toBeCloseTo(score, 9);
        for (const { reason } of parts) expect(reason).not.toBe('');
      }
    },
  );
});

test('the table is as long as the variety that it stands for', () => {
  expect(INVENTORIES.length).toBeGreaterThanOrEqual(60);
  expect(new Set(INVENTORIES.map(({ what }) => what)).size).toBe(INVENTORIES.length);
});
