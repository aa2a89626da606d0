import type { RoutingDecision } from '../core/decision.js';
import { gatherCode, wantsSerena } from './code-context.js';
import { decide } from './decide.js';
import { type Call, withBeforeRoute } from './hooks.js';
import { modelsLoaded } from './loading.js';
import { judgeTask, questionOf } from './question.js';
import type { RouterState } from './router-state.js';

/** The whole decision about a request, with nothing sent and nothing stored. */
export async function explain(state: RouterState, call: Call & { readonly serena: boolean }): Promise<RoutingDecision> {
  const { link, serena, options } = call;
  return state.running.during(link, async (signal) => {
    const request = await withBeforeRoute(state, call);
    if ((await state.ready(signal)) === 'loading') await modelsLoaded(state, { firstContentMs: 0 }, signal);
    const task = await judgeTask(state, request, false, signal);
    const asks = serena && wantsSerena(state, request, task.value);
    const code = await gatherCode(state, request, task.value, asks, signal);
    const { decision } = await decide(state, questionOf(state, request, task, code, options, false), signal);
    return decision;
  });
}
