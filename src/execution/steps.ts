import type { FallbackLevel } from '../core/decision.js';
import type { ModelRef } from '../core/model.js';
import { refKey } from '../internal/model-name.js';
import type { Health } from './health.js';
import type { FallbackPlan } from './plan.js';

/** Of several models that are loading each is waited for so long, then the next. */
const LOADING_TURN_MS = 15_000;

/** One model to try, and how. */
export interface Step {
  readonly model: ModelRef;
  readonly level: FallbackLevel;
  readonly contextLimit?: number | undefined;
  /** The server asked for patience before. */
  readonly again?: Again | undefined;
  /** Tried although it keeps failing: nothing else is left. */
  readonly isLast?: boolean | undefined;
}

/** What is known of a model that is asked again. */
export interface Again {
  /** When it was first asked: its clock for the first content runs from there. */
  readonly sentMs: number;
  /** When it may be asked. */
  readonly fromMs: number;
  /** How often it was asked before. */
  readonly times: number;
  readonly isLoading: boolean;
}

/** What the order of steps depends on. */
export interface Progress {
  readonly overflowed: Step[];
  /** Those whose servers load the model, or asked for a wait: asked again when nothing else answers. */
  readonly waiting: Step[];
  /** Those that began to fail while they waited for a slot. */
  readonly unhealthy: Step[];
  readonly tried: Set<string>;
}

/** Primary, fallback, reduced context, loading, smallest; what keeps failing comes last rather than never. */
export function* stepsOf(plan: FallbackPlan, health: Health, progress: Progress): Generator<Step, void, undefined> {
  const { overflowed, waiting, unhealthy, tried } = progress;
  for (const [index, model] of plan.ranked.entries()) {
    const step: Step = { model, level: index === 0 ? 'primary' : 'fallback' };
    if (health.blocked(model)) unhealthy.push({ ...step, isLast: true });
    else yield step;
  }
  yield* overflowed;
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) yield step;
  const { smallest } = plan;
  if (smallest !== undefined && !tried.has(refKey(smallest)) && !health.blocked(smallest)) {
    yield { model: smallest, level: 'smallest' };
  }
  yield* unhealthy;
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) yield step;
}

/** Whether somebody else may answer sooner than a model that is loading. */
export function hasOther(
  { ranked }: FallbackPlan,
  health: Health,
  progress: Progress,
  { step, ms }: { readonly step: Step; readonly ms: number },
): boolean {
  const { overflowed, waiting, tried } = progress;
  if (step.again !== undefined || step.isLast === true) return waiting.length > 0 && ms >= LOADING_TURN_MS;
  const isNext = (model: ModelRef): boolean =>
    model !== step.model && !tried.has(refKey(model)) && !health.blocked(model);
  return overflowed.length > 0 || waiting.length > 0 || ranked.some(isNext);
}
