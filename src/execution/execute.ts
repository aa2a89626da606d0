import type { Clock } from '../core/clock.js';
import type { Attempt, FallbackLevel } from '../core/decision.js';
import { RouterError, type RouterErrorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { ModelRef } from '../core/model.js';
import { abortError, type LinkedSignal, linkSignal, raceAbort } from '../internal/deadline.js';
import { nameOf, refKey } from '../internal/model-name.js';
import type { Health } from './health.js';
import type { Candidate, ExecutionEvent, ExecutionReport, FallbackPlan } from './plan.js';
import type { Queues, Ticket } from './queues.js';
import { LONGEST_WISH_MS, pause, wishOf, withRetry } from './retry.js';
import { ToolCalls } from './tool-calls.js';
import { type Content, neverLoaded, readTransport, type TransportReader, unread } from './transport-reader.js';

/** What a call needs beside its plan. */
export interface ExecuteOptions {
  readonly signal: AbortSignal;
  /**
   * Aborts `signal`. Used where the caller reads no further: the call can only let go of its slot and its session if its
   * owner, told by the signal, runs it to the end. Not needed where the owner always does.
   */
  readonly abort?: ((reason: RouterError) => void) | undefined;
  readonly clock: Clock;
  readonly health: Health;
  readonly queues: Queues;
  readonly retry: { readonly minDelayMs: number };
  readonly logger: Logger;
  /** Nobody reads the pieces of the answer: they are not handed out, only gathered for the report. */
  readonly quiet?: boolean | undefined;
}

/** They end the call: no other model may be tried. */
const FATAL: ReadonlySet<RouterErrorCode> = new Set<RouterErrorCode>(['ERR_AUDIT', 'ERR_CLOSED', 'ERR_BUDGET']);
/** Pauses between two questions to a server that is loading; they double. */
const FIRST_LOADING_PAUSE_MS = 250;
const LONGEST_LOADING_PAUSE_MS = 4_000;
/** Of several models that are loading each is waited for so long, then the next. */
const LOADING_TURN_MS = 15_000;

/** Where all attempts failed with one of these, the call does too: the caller can act on it. */
const PASSED_ON: ReadonlySet<RouterErrorCode> = new Set<RouterErrorCode>([
  'ERR_CONTEXT_OVERFLOW',
  'ERR_UNSUPPORTED',
  'ERR_EGRESS_DENIED',
  'ERR_MODEL_MISMATCH',
  'ERR_QUEUE_FULL',
  'ERR_INVALID_REQUEST',
]);

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

interface Step {
  readonly model: ModelRef;
  readonly level: FallbackLevel;
  readonly contextLimit?: number | undefined;
  /** The server asked for patience before. */
  readonly again?: Again | undefined;
  /** Tried although it keeps failing: nothing else is left. */
  readonly isLast?: boolean | undefined;
}

/** What is known of a model that is asked again. */
interface Again {
  /** When it was first asked: its clock for the first content runs from there. */
  readonly sentMs: number;
  /** When it may be asked. */
  readonly fromMs: number;
  /** How often it was asked before. */
  readonly times: number;
  readonly isLoading: boolean;
}

/** What the order of steps depends on. */
interface Progress {
  readonly overflowed: Step[];
  /** Those whose servers load the model, or asked for a wait: asked again when nothing else answers. */
  readonly waiting: Step[];
  /** Those that began to fail while they waited for a slot. */
  readonly unhealthy: Step[];
  readonly tried: Set<string>;
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

/** Primary, fallback, reduced context, loading, smallest; what keeps failing comes last rather than never. */
function* stepsOf(plan: FallbackPlan, health: Health, progress: Progress): Generator<Step, void, undefined> {
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
function hasOther({ ranked }: FallbackPlan, health: Health, progress: Progress, { step, ms }: RunningAttempt): boolean {
  const { overflowed, waiting, tried } = progress;
  if (step.again !== undefined || step.isLast === true) return waiting.length > 0 && ms >= LOADING_TURN_MS;
  const isNext = (model: ModelRef): boolean =>
    model !== step.model && !tried.has(refKey(model)) && !health.blocked(model);
  return overflowed.length > 0 || waiting.length > 0 || ranked.some(isNext);
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

/** One attempt and what it holds: a slot, a connection, its place in the health record. */
class RunningAttempt {
  readonly step: Step;
  ticket: Ticket | undefined;
  reader: TransportReader | undefined;
  /** Follows the caller's signal; aborting it closes the connection. */
  link: LinkedSignal;
  queueMs = 0;
  /** Something may have left the process. */
  sent = false;
  readonly #plan: FallbackPlan;
  readonly #o: ExecuteOptions;
  readonly #attempts: Attempt[];
  readonly #startedMs: number;
  #retries = 0;
  #candidate: Candidate | undefined;
  #sentMs = 0;
  #isBegun = false;
  #isTrial = false;
  #settled = false;

  constructor(step: Step, plan: FallbackPlan, o: ExecuteOptions, attempts: Attempt[]) {
    this.step = step;
    this.link = linkSignal(o.signal);
    this.#plan = plan;
    this.#o = o;
    this.#attempts = attempts;
    this.#startedMs = o.clock.now();
  }

  /** The window that the prompt may have exceeded without a word of the server. */
  get silentLimit(): number | undefined {
    return this.#candidate?.silentLimit;
  }

  /** How long it has been under way. */
  get ms(): number {
    return this.#o.clock.now() - this.#startedMs;
  }

  /** When its time for the first content is over. */
  get untilMs(): number {
    return this.#sentMs + (this.#candidate as Candidate).timeouts.firstContentMs;
  }

  begin(candidate: Candidate): void {
    this.#candidate = candidate;
    this.#isBegun = true;
    this.#isTrial = this.#o.health.begin(this.step.model);
  }

  sends(): void {
    this.sent = true;
    this.#sentMs = this.step.again?.sentMs ?? this.#o.clock.now();
    if (this.step.again?.isLoading === true) this.isLoading();
  }

  countRetry(): void {
    this.#retries += 1;
  }

  /** From now on the first content may take as long as a load. */
  isLoading(): void {
    const candidate = this.#candidate as Candidate;
    const { firstContentMs, loadingMs = firstContentMs } = candidate.timeouts;
    if (firstContentMs === loadingMs) return;
    this.#candidate = { ...candidate, timeouts: { ...candidate.timeouts, firstContentMs: loadingMs } };
  }

  /** Waits before the server is asked again whether the model is loaded; throws `ERR_TIMEOUT` where its time is over. */
  async patience(ms: number): Promise<void> {
    const { clock } = this.#o;
    const candidate = this.#candidate as Candidate;
    await pause(Math.max(0, Math.min(ms, this.untilMs - clock.now())), clock, this.link.signal);
    if (clock.now() >= this.untilMs) throw neverLoaded(candidate);
    this.countRetry();
  }

  /** When to come back to a server that asked for patience; `undefined`: never. */
  againAfter(error: RouterError): Again | undefined {
    if (!this.sent || error.code !== 'ERR_OVERLOADED') return undefined;
    const { times } = this.step.again ?? { times: 0 };
    const isLoading = error.isLoading === true;
    const wish = wishOf(error);
    const { maxRetries } = this.#candidate as Candidate;
    if (!isLoading && (wish === 0 || wish > LONGEST_WISH_MS || times >= maxRetries)) return undefined;
    const fromMs = this.#o.clock.now() + (isLoading ? Math.min(wish, LONGEST_WISH_MS) : wish);
    return fromMs < this.untilMs ? { sentMs: this.#sentMs, fromMs, times: times + 1, isLoading } : undefined;
  }

  /** Sends once; an answer without any content is no answer. */
  async send(): Promise<Content> {
    const { signal, clock } = this.#o;
    const candidate = this.#candidate as Candidate;
    const abandon = (error: RouterError): void => this.#o.abort?.(error);
    this.reader = readTransport(candidate, { link: this.link, clock, sentMs: this.#sentMs, abandon });
    try {
      const event = await this.reader.next();
      if (event.type !== 'finish' || event.finishReason === 'length' || event.finishReason === 'content_filter') {
        return event;
      }
      throw new RouterError(
        'ERR_BAD_RESPONSE',
        `${nameOf(candidate.model)} gave a complete answer with nothing in it.`,
        {
          service: candidate.model.service,
          model: candidate.model.id,
        },
      );
    } catch (error) {
      this.reader.close();
      this.reader = undefined;
      // The next try needs a signal of its own.
      this.link = linkSignal(signal);
      throw error;
    }
  }

  /** Lets go of everything without a trace: nothing was sent. */
  forget(): void {
    this.#settled = true;
    this.link.dispose();
    this.ticket?.release();
  }

  /** Records the end and lets go of everything; the first call counts. */
  settle(outcome: Attempt['outcome'], error?: RouterError, code = error?.code): void {
    if (this.#settled) return;
    this.#settled = true;
    const { clock, health, logger, signal } = this.#o;
    const { model, level } = this.step;
    const isItsFault = outcome === 'failed' && !signal.aborted && this.reader?.abandoned !== true;
    if (this.reader) this.reader.close();
    else this.link.dispose();
    this.ticket?.release();
    if (this.#isBegun) {
      if (outcome === 'ok') health.succeeded(model);
      else if (isItsFault && error !== undefined) health.failed(model, error, this.#isTrial);
      else health.released(model, this.#isTrial);
    }
    const attempt: Attempt = {
      model,
      level,
      outcome,
      code,
      reason: error?.message,
      startedMs: this.#startedMs,
      durationMs: clock.now() - this.#startedMs,
      retries: this.#retries,
    };
    this.#attempts.push(attempt);
    try {
      this.#plan.onAttempt?.(attempt);
    } catch (thrown) {
      logger.warn('A listener of attempts threw', thrown instanceof Error ? thrown.name : typeof thrown);
    }
  }
}

/** Some servers say `stop` after tool calls, or `tool_calls` without one. */
function reasonFor(reason: ExecutionReport['finishReason'], hasCalls: boolean): ExecutionReport['finishReason'] {
  if (hasCalls) return reason === 'stop' ? 'tool_calls' : reason;
  return reason === 'tool_calls' ? 'stop' : reason;
}

function asRouterError(thrown: unknown, model: ModelRef): RouterError {
  if (RouterError.is(thrown)) return thrown;
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return new RouterError('ERR_BAD_RESPONSE', `${nameOf(model)}: the attempt threw ${name}.`, { cause: thrown });
}

function interruption(cause: RouterError, model: ModelRef, attempts: Attempt[], partialText: string): RouterError {
  return new RouterError(
    'ERR_INTERRUPTED',
    cause.code === 'ERR_MODEL_MISMATCH'
      ? `${cause.message} Its answer does not count; what had come is in \`partialText\`.`
      : `${nameOf(model)} broke off in the middle of its answer (${cause.code}). What had come is in \`partialText\`, the reason in \`cause\`; ask again for a whole answer.`,
    { cause, attempts, partialText, isRetryable: true, service: model.service, model: model.id },
  );
}

function withDetails(error: RouterError, attempts: Attempt[], text: string): RouterError {
  return new RouterError(error.code, error.message, {
    cause: error.cause ?? error,
    isRetryable: error.isRetryable,
    service: error.service,
    model: error.model,
    attempts,
    partialText: text === '' ? undefined : text,
  });
}

function allFailed(attempts: Attempt[], errors: readonly RouterError[]): RouterError {
  const last = errors.at(-1);
  if (last === undefined) return new RouterError('ERR_NO_MODEL', 'There is no model to try.', { attempts });
  const details = { cause: last, attempts, isRetryable: errors.some((error) => error.isRetryable) };
  if (PASSED_ON.has(last.code) && errors.every((error) => error.code === last.code)) {
    return new RouterError(last.code, last.message, { ...details, contextLimit: last.contextLimit });
  }
  // Of many only the codes: the first reason says what to do where there is nothing else to try.
  const shown = ({ model, code, reason }: Attempt): string =>
    attempts.length === 1 ? `${reason} (${code})` : `${nameOf(model)}: ${code}`;
  const list = attempts.slice(0, 10).map(shown);
  if (attempts.length > list.length) list.push(`and ${attempts.length - list.length} more`);
  return new RouterError(
    'ERR_ALL_ATTEMPTS_FAILED',
    `No model gave an answer. ${list.join('; ')}. All reasons are in \`attempts\`; check that the servers run and are not overloaded.`,
    details,
  );
}
