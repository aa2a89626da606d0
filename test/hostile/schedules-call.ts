/** Calls as callers make them: patient ones, and those that abort, leave, dawdle or forget what they began. */
import { getEventListeners } from 'node:events';
import type { LocalLLMRouter, RouteEvent, RouteRequest, RouteResult, RouterError, Timeouts } from 'local-llm-router';
import type { ManualClock } from '../router/manual-clock.js';
import type { Dice } from './schedules-dice.js';

const CALLERS = ['route', 'loop', 'result', 'text', 'all', 'leaver', 'slow', 'forgetful'] as const;

export interface CallPlan {
  readonly tag: string;
  readonly session: string;
  readonly caller: (typeof CALLERS)[number];
  readonly startMs: number;
  /** Where a leaver or a forgetful caller stops, or an abort comes: after so many events. */
  readonly atEvent: number;
  /** Of a slow caller, after each event. */
  readonly pauseMs: number;
  /** `at-event`: with an event of a stream. */
  readonly abort: 'never' | 'before' | 'at-event' | number;
  readonly isTimeout: boolean;
  readonly request: RouteRequest;
  readonly timeouts: Timeouts | undefined;
}

/** How a call ended. */
export interface Ended {
  readonly plan: CallPlan;
  readonly result: RouteResult | undefined;
  readonly error: RouterError | undefined;
  /** The text that its caller saw; of a `route` nothing. */
  readonly streamed: string;
  readonly startedMs: number;
  readonly endedMs: number;
  /** When its caller stopped it. */
  readonly stoppedMs: number | undefined;
  readonly listeners: number;
}

export function callPlan(
  dice: Dice,
  tag: string,
  o: {
    /** A conversation that several calls go on with. */
    readonly shared: string;
    readonly isPatient: boolean;
    /** Servers may answer without an end. */
    readonly isEndless: boolean;
    readonly models: readonly string[];
  },
): CallPlan {
  const session = dice.chance(0.4) ? o.shared : `own-${tag}`;
  const clocks: Timeouts = {
    firstContentMs: dice.chance(0.3) ? dice.pick([50, 300, 3_000]) : undefined,
    idleMs: dice.chance(0.3) ? dice.pick([25, 300, 3_000]) : undefined,
    totalMs: o.isEndless || dice.chance(0.15) ? dice.pick([5, 60, 500, 3_000]) : undefined,
    queueMs: dice.chance(0.2) ? dice.pick([0, 50, 1_000]) : undefined,
  };
  const caller = dice.pick(CALLERS);
  return {
    tag,
    session,
    caller,
    startMs: dice.pick([0, 0, 0, 10, 200, 1_500]),
    atEvent: dice.whole(1, 8),
    pauseMs: dice.pick([5, 40, 700]),
    abort: dice.chance(0.25) ? dice.pick(['before', 'at-event', 0, 1, 15, 45, 120, 400, 2_000] as const) : 'never',
    isTimeout: dice.chance(0.3),
    request: {
      prompt: `${dice.pick(['Write', 'Explain', 'Refactor', 'Why fails'])} ${tag}`,
      session,
      priority: dice.pick(['interactive', 'interactive', 'background'] as const),
      ...(dice.chance(0.15) ? { model: dice.pick([...o.models, 'nobody']) } : {}),
    },
    timeouts: o.isPatient ? undefined : clocks,
  };
}

/** Whether the caller itself may have ended the call. */
export function interferes({ caller, abort }: CallPlan): boolean {
  return abort !== 'never' || ['leaver', 'slow', 'forgetful'].includes(caller);
}

export async function make(
  router: LocalLLMRouter,
  clock: ManualClock,
  plan: CallPlan,
  o: {
    /** How long a forgetful caller stays away. */
    readonly awayMs: number;
    /** By now the call must have ended by itself. */
    readonly forgotten: () => void;
  },
): Promise<Ended> {
  const { caller, abort, atEvent } = plan;
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimeout(resolve, ms));
  if (plan.startMs > 0) await sleep(plan.startMs);
  const controller = new AbortController();
  const { signal } = controller;
  const startedMs = clock.now();
  let stoppedMs: number | undefined;
  const stop = (): void => {
    stoppedMs ??= clock.now();
    controller.abort(plan.isTimeout ? new DOMException('The time is over.', 'TimeoutError') : undefined);
  };
  if (abort === 'before') stop();
  const timer = typeof abort === 'number' ? clock.setTimeout(stop, abort) : undefined;
  let streamed = '';
  let events = 0;
  let result: RouteResult | undefined;
  let error: RouterError | undefined;
  const see = (event: RouteEvent): void => {
    events += 1;
    if (event.type === 'text') streamed += event.text;
    if (abort === 'at-event' && events === atEvent) stop();
  };
  try {
    const options = { signal, timeouts: plan.timeouts };
    if (caller === 'route') result = await router.route(plan.request, options);
    else {
      const stream = router.stream(plan.request, options);
      if (caller === 'text') for await (const text of stream.textStream) streamed += text;
      else if (caller === 'forgetful') {
        const iterator = stream[Symbol.asyncIterator]();
        for (let i = 0; i < atEvent; i++) {
          const step = await iterator.next();
          if (step.done) break;
          see(step.value);
        }
        await sleep(o.awayMs);
        o.forgotten();
      } else if (caller === 'all') {
        let text = '';
        const reading = (async () => {
          for await (const piece of stream.textStream) text += piece;
        })();
        const looping = (async () => {
          for await (const event of stream) see(event);
        })();
        const ends = await Promise.allSettled([stream.result, reading, looping]);
        const reasons = ends.map((end) => (end.status === 'rejected' ? end.reason : undefined));
        if (new Set(reasons).size !== 1) throw new Error('The three readers of a stream ended differently.');
        if (text !== streamed) throw new Error('The text stream is not the text of the events.');
      } else if (caller !== 'result') {
        for await (const event of stream) {
          see(event);
          if (caller === 'leaver' && events === atEvent) {
            stoppedMs ??= clock.now();
            break;
          }
          if (caller === 'slow') await sleep(plan.pauseMs);
        }
      }
      result = await stream.result;
    }
  } catch (thrown) {
    error = thrown as RouterError;
  } finally {
    clock.clearTimeout(timer);
  }
  const listeners = getEventListeners(signal, 'abort').length;
  return { plan, result, error, streamed, startedMs, endedMs: clock.now(), stoppedMs, listeners };
}
