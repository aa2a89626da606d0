import type { FallbackPlan } from '../execution/plan.js';
import type { PinVerdict } from '../internal/pin.js';
import { leavesNetwork } from './external-use.js';
import type { PinWatch } from './pin-guard.js';
import type { RouterState } from './router-state.js';

/** What happens around each attempt, of answers and of embeddings: its model's pin is checked, its intent is audited. */
export function attemptMoments(
  state: RouterState,
  call: string,
  pins: PinWatch | undefined,
): Pick<FallbackPlan, 'onAttemptStart' | 'onAnswer'> {
  return {
    onAttemptStart: (model, level) => {
      const record = (pin?: PinVerdict): void | Promise<void> =>
        state.parts.security.recordAttemptStart({
          call,
          model,
          level,
          external: leavesNetwork(state, model) || undefined,
          pin,
        });
      const checked = pins?.before(model);
      return checked === undefined ? record() : checked.then(record);
    },
    onAnswer: (model, servedModel) => pins?.after(model, servedModel),
  };
}
