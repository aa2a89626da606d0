import type { RouteEvent, RouteResult } from '../core/chat.js';
import type { Attempt, RoutingDecision } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import { execute } from '../execution/execute.js';
import { abortError } from '../internal/deadline.js';
import { refKey } from '../internal/model-name.js';
import { printable } from '../internal/redact.js';
import { thrownName } from '../internal/thrown-name.js';
import { conclude, resultOf } from './answer.js';
import { otherModel, otherModelNote } from './answer-notes.js';
import { attemptPlan } from './attempt-plan.js';
import { gatherCode, wantsSerena } from './code-context.js';
import { decide, type Plan } from './decide.js';
import { recordExternalUse } from './external-use.js';
import type { FittedPrompt } from './fit-prompt.js';
import { type Call, withAfterResponse, withBeforeRoute } from './hooks.js';
import { modelsLoaded, unlistedName } from './loading.js';
import { judgeTask, type Question, questionOf } from './question.js';
import { lastUserText } from './requirements.js';
import type { RouterState } from './router-state.js';

/** Who hears of decisions and attempts, beside the caller. */
export interface Watchers {
  decided(decision: RoutingDecision): void;
  attempted(attempt: Attempt, decisionId: string): void;
}

/**
 * The one engine behind `route` and `stream`: classify, ask Serena, enrich, select, fit, execute with fallback, propose
 * edits, audit, store. The conversation changes only after success.
 */
export async function* run(
  state: RouterState,
  call: Call,
  watchers: Watchers,
): AsyncGenerator<RouteEvent, RouteResult, void> {
  const { clock, retry, logger, timeouts, security } = state.parts;
  const started = clock.now();
  const { link } = call;
  const { signal } = link;
  const totalMs = call.options?.timeouts?.totalMs ?? timeouts.totalMs;
  const timer = totalMs === undefined ? undefined : clock.setTimeout(() => link.abort(totalTimeout(totalMs)), totalMs);
  state.running.begin(link);
  let leave: (() => void) | undefined;
  let asked: { readonly question: Question; readonly plan: Plan } | undefined;
  try {
    if (signal.aborted) throw abortError(signal);
    const request = await withBeforeRoute(state, call);
    if (request.session !== undefined) {
      if (state.sessions.isBusy(request.session)) yield { type: 'status', phase: 'queued' };
      leave = await state.sessions.enter(request.session, signal, call.options?.timeouts?.queueMs ?? timeouts.queueMs);
    }
    if ((await state.ready(signal)) === 'loading') {
      yield { type: 'status', phase: 'loading' };
      await modelsLoaded(state, call.options?.timeouts, signal);
    }
    const judged = await judgeTask(state, request, true, signal);
    const task = judged.value;
    const asks = wantsSerena(state, request, task, call.options?.serena);
    if (asks) yield { type: 'status', phase: 'serena' };
    const code = await gatherCode(state, request, task, asks, signal);
    const question = questionOf(state, request, judged, code, call.options, true);
    const plan = await decide(state, question, signal);
    const { decision } = plan;
    const decisionMs = clock.now() - started;
    watchers.decided(decision);
    recordExternalUse(security, decision, call.options);
    yield { type: 'decision', decision };
    if (decision.selected === null) throw noModel(state, decision);

    asked = { question, plan };
    const prompts = new Map<string, FittedPrompt>();
    const attempted = (attempt: Attempt): void => {
      security.recordAttemptEnd({ call: question.id, attempt });
      watchers.attempted(attempt, question.id);
    };
    const pins = state.pins.watch(question.id, signal);
    const report = yield* execute(attemptPlan(state, question, plan, { prompts, call, pins, attempted }), {
      signal,
      clock,
      health: state.health,
      queues: state.queues,
      retry,
      logger,
      abort: link.abort,
      quiet: call.quiet,
    });
    const fitted = prompts.get(refKey(report.model));
    const other = otherModel(state, report.model, report.servedModel);
    const late = [...(pins?.notes ?? []), ...(other === undefined ? [] : [otherModelNote(report.model, other)])];
    for (const note of late) logger.warn(note);
    const told = withNotes(decision, late);
    const timings = {
      decisionMs,
      queueMs: report.queueMs,
      firstContentMs: report.firstContentAtMs - started,
      totalMs: clock.now() - started,
    };
    const countText = (text: string): number => state.parts.context.countText(text, report.model.key);
    const result = await withAfterResponse(state, resultOf(question, told, report, fitted, timings, countText), signal);
    await security.logQuery({ query: lastUserText(request.messages), decision, outcome: 'ok', response: result.text });
    conclude(state, question, result, fitted);
    yield { type: 'done', result };
    return result;
  } catch (error) {
    const failure = RouterError.is(error) || !signal.aborted ? error : abortError(signal);
    if (asked !== undefined) {
      const { question, plan } = asked;
      await recordFailure(state, lastUserText(question.request.messages), plan.decision, failure);
    }
    throw failure;
  } finally {
    if (timer !== undefined) clock.clearTimeout(timer);
    link.dispose();
    leave?.();
    state.running.end(link);
  }
}

/** What is known only with the answer stands in the decision of the result; the one that was told before stays as it was. */
export function withNotes(decision: RoutingDecision, notes: readonly string[]): RoutingDecision {
  return notes.length === 0 ? decision : { ...decision, notes: [...decision.notes, ...notes] };
}

/** A failed call is audited too; the caller gets the failure itself, not that of the log. */
export async function recordFailure(
  { parts }: RouterState,
  query: string,
  decision: RoutingDecision,
  failure: unknown,
): Promise<void> {
  const isCancelled = RouterError.is(failure) && (failure.code === 'ERR_ABORTED' || failure.code === 'ERR_CLOSED');
  const outcome = isCancelled ? 'cancelled' : 'failed';
  try {
    await parts.security.logQuery({ query, decision, outcome });
  } catch (error) {
    parts.logger.error('The audit log failed', thrownName(error));
  }
}

function totalTimeout(ms: number): RouterError {
  return new RouterError('ERR_TIMEOUT', `The call took longer than its totalMs of ${ms} ms.`, { isRetryable: true });
}

/** The error of a decision without a model, with what would change that. */
export function noModel({ parts }: RouterState, { rejected, requirements }: RoutingDecision): RouterError {
  const { model: wanted } = requirements;
  // Of a model that the request names, those that it does not name say nothing.
  const told = wanted === undefined ? rejected : rejected.filter(({ rule }) => rule !== 'rule');
  if (wanted !== undefined && told.length === 0) {
    const known = unlistedName(
      wanted,
      rejected.map(({ model }) => model.id),
    );
    return new RouterError('ERR_NO_MODEL', `${known} Leave \`model\` out, or name one of these.`);
  }
  const services = parts.discovery.services();
  const forced = wanted === undefined ? '' : ` for "${printable(wanted, 120)}"`;
  const reasons = told.map(
    ({ model, rule, reason, remedy }) =>
      `- ${printable(model.id, 120)} at ${model.service} (${rule}): ${printable(reason, 400)} ${printable(remedy, 400)}`,
  );
  return new RouterError(
    'ERR_NO_MODEL',
    `No model can take this request${forced}. ${services.length} service(s) answered with ${rejected.length} model(s).\n${reasons.join('\n')}`,
  );
}
