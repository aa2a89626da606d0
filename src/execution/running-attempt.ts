import type { Attempt } from '../core/decision.js';
import type { RouterError } from '../core/errors.js';
import { type LinkedSignal, linkSignal } from '../internal/deadline.js';
import { modelError } from '../internal/model-error.js';
import { thrownName } from '../internal/thrown-name.js';
import type { Candidate, ExecuteOptions, FallbackPlan } from './plan.js';
import type { Ticket } from './queues.js';
import { LONGEST_WISH_MS, pause, wishOf } from './retry.js';
import type { Again, Step } from './steps.js';
import { type Content, neverLoaded, readTransport, type TransportReader } from './transport-reader.js';

/** One attempt and what it holds: a slot, a connection, its place in the health record. */
export class RunningAttempt {
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
      throw modelError('ERR_BAD_RESPONSE', candidate.model, 'its answer was complete, with nothing in it.');
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
      logger.warn('A listener of attempts threw', thrownName(thrown));
    }
  }
}
