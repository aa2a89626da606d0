import type { Clock } from '../core/clock.js';
import { RouterError } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import type { TransportEvent } from '../core/transport.js';
import { abortError, type LinkedSignal } from '../internal/deadline.js';
import { modelError } from '../internal/model-error.js';
import { nameOf } from '../internal/model-name.js';
import { printable } from '../internal/redact.js';
import { thrownName } from '../internal/thrown-name.js';
import { unawaited } from '../internal/unawaited.js';
import type { Candidate } from './plan.js';

/** A server may need a moment to end a complete reply; then its connection is cut. */
const GRACE_MS = 1_000;

/** What is handed on. */
export type Content = Exclude<TransportEvent, { type: 'progress' }>;

/** One try at one transport. */
export interface TransportReader {
  /** The next content or the `finish`; rejects with a `RouterError` on any failure, abort or time-out. */
  next(): Promise<Content>;
  /** Whether the time limit ran out while nobody read: this tells nothing about the model. */
  readonly abandoned: boolean;
  /** Lets go of everything; before the `finish` this closes the connection. */
  close(): void;
}

/**
 * Sends a request and watches it: the clocks run by content, and nothing that a transport does can hold up the caller.
 * It owns `link`, whose signal is the transport's; `close` disposes of it.
 * `sentMs` is when the attempt was first sent: repetitions share its clock for the first content.
 * The idle clock also runs while the caller does not read: an abandoned answer must not keep its connection. `abandon`
 * is then told, for there is no `next` to reject.
 */
export function readTransport(
  candidate: Candidate,
  o: { link: LinkedSignal; clock: Clock; sentMs: number; abandon: (error: RouterError) => void },
): TransportReader {
  const { clock, link } = o;
  const { timeouts, transport, request, fetch } = candidate;
  const { signal } = link;
  let events: AsyncIterator<TransportEvent> | undefined;
  let resolve: ((event: Content) => void) | undefined;
  let reject: ((error: RouterError) => void) | undefined;
  let reading = false;
  let abandoned = false;
  let begun = false;
  let finished = false;
  let since = o.sentMs;

  const limit = (): number => (begun ? timeouts.idleMs : timeouts.firstContentMs);
  const tick = (): void => {
    // A clock that is set back must not lengthen the wait for as long.
    since = Math.min(since, clock.now());
    const left = since + limit() - clock.now();
    if (left > 0) timer = clock.setTimeout(tick, Math.min(left, limit()));
    else {
      abandoned = !reading;
      const error = abandoned ? unread(candidate.model, limit()) : timeOut(candidate, begun, limit());
      link.abort(error);
      if (abandoned) o.abandon(error);
    }
  };
  let timer = clock.setTimeout(tick, Math.max(0, since + limit() - clock.now()));
  const stop = (): void => reject?.(abortError(signal));
  signal.addEventListener('abort', stop, { once: true });

  const content = (event: TransportEvent): void => {
    since = clock.now();
    finished = event.type === 'finish';
    if (begun || finished) return;
    begun = true;
    clock.clearTimeout(timer);
    timer = clock.setTimeout(tick, timeouts.idleMs);
  };

  const failed = (error: unknown): void => {
    reading = false;
    reject?.(normalised(error, candidate, signal));
  };
  const took = (result: IteratorResult<TransportEvent>): void => {
    try {
      const { done, value } = result;
      if (done) failed(broken(candidate, 'ended without saying that the answer is complete', undefined, true));
      else if (typeof value !== 'object' || value === null) {
        failed(broken(candidate, 'gave what is no event', undefined, false));
      } else if (isContent(value)) {
        content(value);
        reading = false;
        resolve?.(value);
      } else {
        if (value.type === 'progress') content(value);
        pull();
      }
    } catch (error) {
      failed(error);
    }
  };
  const pull = (): void => {
    if (events === undefined) {
      const given = transport.chat(request, { signal, fetch });
      // A host may have written an async function.
      unawaited(given);
      events = given[Symbol.asyncIterator]();
    }
    events.next().then(took, failed);
  };

  return {
    // One promise per event, made by hand: a race with one that lives as long as the call would keep every loser.
    next: () =>
      new Promise((done, fail) => {
        reading = true;
        resolve = done;
        reject = fail;
        try {
          if (signal.aborted) throw abortError(signal);
          pull();
        } catch (error) {
          failed(error);
        }
      }),
    get abandoned() {
      return abandoned;
    },
    close() {
      clock.clearTimeout(timer);
      reject = undefined;
      signal.removeEventListener('abort', stop);
      if (!finished) link.abort(new RouterError('ERR_ABORTED', 'The attempt was given up.'));
      const grace = finished ? clock.setTimeout(() => link.abort(undefined), GRACE_MS) : undefined;
      void end(events).finally(() => {
        if (grace !== undefined) clock.clearTimeout(grace);
        link.dispose();
      });
    },
  };
}

async function end(events: AsyncIterator<TransportEvent> | undefined): Promise<void> {
  try {
    await events?.return?.();
  } catch {
    // The attempt is over; how a transport cleans up does not matter.
  }
}

/** What is worth handing on; unknown types and empty texts are not. */
function isContent(event: TransportEvent): event is Content {
  switch (event.type) {
    case 'text':
    case 'reasoning':
      return typeof event.text === 'string' && event.text !== '';
    case 'tool-call-delta':
      return typeof event.arguments === 'string';
    case 'finish':
      return true;
    default:
      return false;
  }
}

function normalised(error: unknown, candidate: Candidate, signal: AbortSignal): RouterError {
  if (signal.aborted) return abortError(signal);
  if (RouterError.is(error)) return error;
  return broken(candidate, `threw ${thrownName(error)}`, error, false);
}

/** The end of an answer that nobody reads on, or of a stream before there is one. */
export function unread(model: ModelRef | undefined, ms: number): RouterError {
  return new RouterError(
    'ERR_TIMEOUT',
    `Nobody read ${model === undefined ? 'the stream' : `the answer of ${nameOf(model)}`} for ${ms} ms, so it was ended. Read without long pauses, leave the loop when you are done, or raise \`timeouts.idleMs\`.`,
    { service: model?.service, model: model?.id, isRetryable: true },
  );
}

/** The end of the wait for a model that its server keeps loading. */
export function neverLoaded({ model, timeouts }: Candidate): RouterError {
  return modelError(
    'ERR_TIMEOUT',
    model,
    `it was still being loaded after ${timeouts.firstContentMs} ms. Raise \`timeouts.firstContentMs\` if it takes that long, else look at the server's log.`,
    { isRetryable: true },
  );
}

function timeOut({ model }: Candidate, begun: boolean, ms: number): RouterError {
  return modelError(
    'ERR_TIMEOUT',
    model,
    begun
      ? `it fell silent for ${ms} ms in the middle of its answer. Raise \`timeouts.idleMs\` if it is only slow.`
      : `it gave no content within ${ms} ms. Raise \`timeouts.firstContentMs\` if it loads or reads that long.`,
    { isRetryable: true },
  );
}

function broken({ transport, model }: Candidate, what: string, cause: unknown, isRetryable: boolean): RouterError {
  return modelError(
    isRetryable ? 'ERR_INTERRUPTED' : 'ERR_BAD_RESPONSE',
    model,
    `no usable answer: the transport "${printable(transport.name, 60)}" ${what}.`,
    { cause, isRetryable },
  );
}
