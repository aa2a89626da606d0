import type { Attempt } from '../core/decision.js';
import { RouterError, type RouterErrorCode } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import { abortError, raceAbort } from '../internal/deadline.js';
import { refKey } from '../internal/model-name.js';
import { allFailed, asRouterError, interruption, withDetails } from './call-errors.js';
import type { ExecuteOptions, ExecutionEvent, ExecutionReport, FallbackPlan } from './plan.js';
import { LONGEST_WISH_MS, pause, wishOf, withRetry } from './retry.js';
import { RunningAttempt } from './running-attempt.js';
import { hasOther, type Progress, stepsOf } from './steps.js';
import { ToolCalls } from './tool-calls.js';
import { type Content, type TransportReader, unread } from './transport-reader.js';

export type { ExecuteOptions } from './plan.js';

/** They end the call: no other model may be tried. */
const FATAL: ReadonlySet<RouterErrorCode> = new Set<RouterErrorCode>(['ERR_AUDIT', 'ERR_CLOSED', 'ERR_BUDGET']);
/** Pauses between two questions to a server that is loading; they double. */
const FIRST_LOADING_PAUSE_MS = 250;
const LONGEST_LOADING_PAUSE_MS = 4_000;

/**
 * Tries the models of a plan in order until one gives a complete answer, and returns the report.
 * Before a model's first content any failure moves on to the next; after it the call ends with `ERR_INTERRUPTED`.
 * Aborting the signal or leaving the generator closes the connection, also while it waits.
 */
export function execute(plan: FallbackPlan, o: ExecuteOptions): AsyncGenerator<ExecutionEvent, ExecutionReport, void> {
  const call: Call = { left: undefined, attempt: undefined };
  const events = attemptInOrder(plan, o, call);
  const leave = events.return.bind(events);
  // A generator that waits would only see `return()` after the wait.
  events.return = (value) => {
    call.left = new RouterError('ERR_ABORTED', 'The caller left the stream.');
    call.attempt?.link.abort(call.left);
    return leave(value);
  };
  return events;
}

interface Call {
  /** Set when the caller leaves the generator. */
  left: RouterError | undefined;
  /** The one under way. */
  attempt: RunningAttempt | undefined;
}

async function* attemptInOrder(
  plan: FallbackPlan,
  o: ExecuteOptions,
  call: Call,
): AsyncGenerator<ExecutionEvent, ExecutionReport, void> {
  const { clock, health } = o;
  /** The end of the call by the caller's will, if it has come. */
  const ended = (): RouterError | undefined => (o.signal.aborted ? abortError(o.signal) : call.left);
  const attempts: Attempt[] = [];
  const errors: RouterError[] = [];
  const progress: Progress = { overflowed: [], waiting: [], unhealthy: [], tried: new Set() };
  let queueMs = 0;
  try {
    for (const step of stepsOf(plan, health, progress)) {
      const attempt = new RunningAttempt(step, plan, o, attempts);
      call.attempt = attempt;
      let committed = false;
      let text = '';
      try {
        const begun = yield* start(attempt, plan, o, () => hasOther(plan, health, progress, attempt));
        if (begun === undefined) {
          progress.unhealthy.push({ ...step, isLast: true });
          continue;
        }
        let event: Content = begun;
        queueMs += attempt.queueMs;
        const firstContentAtMs = clock.now();
        let reasoning = '';
        const calls = new ToolCalls();
        const reader = attempt.reader as TransportReader;
        while (event.type !== 'finish') {
          committed = true;
          if (event.type === 'text') text += event.text;
          else if (event.type === 'reasoning') reasoning += event.text;
          else calls.add(event);
          if (o.quiet !== true) yield event;
          event = await reader.next();
        }
        const checked = plan.onAnswer?.(step.model, event.servedModel);
        if (checked !== undefined) await raceAbort(attempt.link.signal, checked);
        const toolCalls = calls.finish();
        attempt.settle('ok');
        for (const toolCall of toolCalls) yield { type: 'tool-call', toolCall };
        const { finishReason, usage, servedModel } = event;
        return {
          text,
          reasoning: reasoning === '' ? undefined : reasoning,
          toolCalls,
          finishReason: reasonFor(finishReason, toolCalls.length > 0),
          usage,
          servedModel,
          model: step.model,
          level: step.level,
          attempts,
          queueMs,
          firstContentAtMs,
        };
      } catch (thrown) {
        const end = ended();
        const error = end ?? asRouterError(thrown, step.model);
        if (end !== undefined && end.code !== 'ERR_TIMEOUT') {
          attempt.settle('cancelled', error);
          throw withDetails(error, attempts, text);
        }
        if (committed) {
          const interrupted = interruption(error, step.model, attempts, text);
          attempt.settle('failed', error, interrupted.code);
          throw interrupted;
        }
        attempt.settle(attempt.sent ? 'failed' : 'skipped', error);
        if (end !== undefined || FATAL.has(error.code)) throw withDetails(error, attempts, text);
        errors.push(error);
        if (attempt.sent) progress.tried.add(refKey(step.model));
        const again = attempt.againAfter(error);
        if (again !== undefined) progress.waiting.push({ ...step, again });
        const silentLimit = error.code === 'ERR_INTERRUPTED' ? attempt.silentLimit : undefined;
        const isTooLong = error.code === 'ERR_CONTEXT_OVERFLOW' || silentLimit !== undefined;
        if (isTooLong && step.level !== 'reduced-context') {
          const contextLimit = error.contextLimit ?? silentLimit;
          progress.overflowed.push({ ...step, level: 'reduced-context', contextLimit });
        }
        yield { type: 'attempt-failed', attempt: attempts.at(-1) as Attempt };
      } finally {
        // Still open only where the caller left at a `yield`.
        attempt.settle('cancelled');
      }
    }
    throw allFailed(attempts, errors);
  } finally {
    call.attempt = undefined;
  }
}

/**
 * Makes an attempt ready, waits for its slot, sends, and gives the first content (or the finish of an empty answer);
 * nothing where the model turns out to be one that is better tried last.
 */
async function* start(
  attempt: RunningAttempt,
  plan: FallbackPlan,
  o: ExecuteOptions,
  hasOther: () => boolean,
): AsyncGenerator<ExecutionEvent, Content | undefined, void> {
  const { clock, health } = o;
  const { model, level, contextLimit, again, isLast } = attempt.step;
  const { signal } = attempt.link;
  if (signal.aborted) throw abortError(signal);
  const candidate = await raceAbort(signal, plan.prepare(model, level, contextLimit, signal));
  if (signal.aborted) throw abortError(signal);
  const { idleMs } = candidate.timeouts;
  if (again !== undefined && again.fromMs > clock.now()) {
    yield* shown({ type: 'status', phase: 'queued', model }, model, idleMs, o);
    await pause(again.fromMs - clock.now(), clock, signal);
  }
  const joinedMs = clock.now();
  const ticket = o.queues.join({
    model,
    slots: candidate.slots,
    loads: candidate.loads,
    loading: candidate.loading,
    priority: candidate.priority,
    signal,
    queueMs: candidate.timeouts.queueMs,
  });
  attempt.ticket = ticket;
  while (!ticket.granted) {
    yield* shown({ type: 'status', phase: 'queued', model, queuePosition: ticket.position }, model, idleMs, o);
    await ticket.changed();
  }
  attempt.queueMs = clock.now() - joinedMs;
  // It may have begun to fail meanwhile, or somebody else tries whether it works again.
  if (isLast !== true && health.blocked(model)) {
    attempt.forget();
    return undefined;
  }
  attempt.begin(candidate);
  const noted = plan.onAttemptStart?.(model, level);
  if (noted !== undefined) await raceAbort(signal, noted);
  // Shown before anything is sent: however long the caller looks at it, the model is not kept waiting.
  yield* shown({ type: 'status', phase: candidate.loading ? 'loading' : 'generating', model }, model, idleMs, o);
  if (signal.aborted) throw abortError(signal);
  attempt.sends();
  let isTold = candidate.loading === true;
  for (let pauseMs = FIRST_LOADING_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_LOADING_PAUSE_MS)) {
    try {
      const event = await withRetry(() => attempt.send(), {
        maxRetries: candidate.maxRetries,
        minDelayMs: o.retry.minDelayMs,
        untilMs: attempt.untilMs,
        clock,
        signal: () => attempt.link.signal,
        onRetry: () => attempt.countRetry(),
      });
      if (ticket.loaded() || isTold) plan.onLoaded?.(model);
      return event;
    } catch (error) {
      if (!RouterError.is(error) || error.isLoading !== true) throw error;
      attempt.isLoading();
      if (hasOther()) throw error;
      if (!isTold) yield* shown({ type: 'status', phase: 'loading', model }, model, idleMs, o);
      isTold = true;
      await attempt.patience(Math.max(pauseMs, Math.min(wishOf(error), LONGEST_WISH_MS)));
    }
  }
}

/** Shows a status while a slot or a place in the queue is held: a caller who reads no further must not keep it. */
async function* shown(
  event: ExecutionEvent,
  model: ModelRef,
  ms: number,
  { clock, abort, quiet }: ExecuteOptions,
): AsyncGenerator<ExecutionEvent, void, void> {
  if (quiet === true) return;
  const timer = clock.setTimeout(() => abort?.(unread(model, ms)), ms);
  try {
    yield event;
  } finally {
    clock.clearTimeout(timer);
  }
}

/** Some servers say `stop` after tool calls, or `tool_calls` without one. */
function reasonFor(reason: ExecutionReport['finishReason'], hasCalls: boolean): ExecutionReport['finishReason'] {
  if (hasCalls) return reason === 'stop' ? 'tool_calls' : reason;
  return reason === 'tool_calls' ? 'stop' : reason;
}
