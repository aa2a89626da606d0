import type { RoutingDecision } from '../core/decision.js';
import { askSerena, decide, judgeTask, noSerena, questionOf, wantsSerena } from './decide.js';
import { type Call, withBeforeRoute } from './hooks.js';
import type { RouterState } from './router-state.js';

/** The whole decision about a request, with nothing sent and nothing stored. */
export async function explain(
  state: RouterState,
  call: Call & { readonly signal: AbortSignal; readonly serena: boolean },
): Promise<RoutingDecision> {
  const { signal } = call;
  const request = await withBeforeRoute(state, call, signal);
  await state.ready(signal);
  const task = judgeTask(state, request);
  const asks = call.serena && wantsSerena(state, request, task);
  const code = asks ? await askSerena(state, request, task, signal) : noSerena(state);
  const { decision } = await decide(state, questionOf(state, request, task, code, call.options), signal);
  return decision;
}
