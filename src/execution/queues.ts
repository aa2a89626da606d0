import type { Clock } from '../core/clock.js';
import { RouterError } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import { abortError } from '../internal/deadline.js';

/** So many interactive requests may overtake a waiting background request; then it is its turn. */
const OVERTAKE = 4;

/** What a request brings to the queue. */
export interface QueueRequest {
  readonly model: ModelRef;
  /** Most requests at once at this service; `null`: no limit of ours. */
  readonly slots: number | null;
  readonly priority: 'interactive' | 'background';
  readonly signal: AbortSignal;
  /** Longest wait in milliseconds; then `ERR_QUEUE_FULL`. */
  readonly queueMs: number | undefined;
}

/** A place in the queue, then a slot; `release` gives back either. */
export interface Ticket {
  readonly granted: boolean;
  /** 1 is next; 0 once granted. */
  readonly position: number;
  /** Resolves when the position may have changed or the slot is granted; rejects when the wait is over in vain. */
  changed(): Promise<void>;
  release(): void;
}

interface Lane {
  slots: number | null;
  running: number;
  /** In the order of arrival. */
  waiting: Waiter[];
  overtaken: number;
}

interface Waiter {
  readonly background: boolean;
  granted: boolean;
  error: RouterError | undefined;
  wake: (() => void) | undefined;
  stop(): void;
}

/** The slots of each service: first come, first served, interactive before background. */
export class Queues {
  readonly #clock: Clock;
  readonly #lanes = new Map<string, Lane>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a slot where one is free, else a place in the queue. */
  join(request: QueueRequest): Ticket {
    const { service } = request.model;
    const lane = this.#lanes.get(service) ?? { slots: null, running: 0, waiting: [], overtaken: 0 };
    this.#lanes.set(service, lane);
    lane.slots = request.slots;
    const waiter: Waiter = {
      background: request.priority === 'background',
      granted: false,
      error: undefined,
      wake: undefined,
      stop: () => {},
    };
    lane.waiting.push(waiter);
    this.#grant(service, lane);
    if (!waiter.granted) this.#limit(service, lane, waiter, request);
    return {
      get granted() {
        return waiter.granted;
      },
      get position() {
        return positionOf(lane, waiter);
      },
      changed: async () => {
        if (!waiter.granted && waiter.error === undefined) {
          await new Promise<void>((resolve) => {
            waiter.wake = resolve;
          });
        }
        if (waiter.error !== undefined) throw waiter.error;
      },
      release: () => {
        waiter.stop();
        if (waiter.granted) {
          waiter.granted = false;
          lane.running -= 1;
        } else if (!remove(lane, waiter)) return;
        this.#grant(service, lane);
      },
    };
  }

  /** What runs and waits where. */
  snapshot(): { service: string; running: number; waiting: number; slots: number | null }[] {
    return [...this.#lanes].map(([service, { running, waiting, slots }]) => ({
      service,
      running,
      waiting: waiting.length,
      slots,
    }));
  }

  #grant(service: string, lane: Lane): void {
    while (lane.waiting.length > 0 && (lane.slots === null || lane.running < lane.slots)) {
      const next = nextOf(lane);
      remove(lane, next);
      next.stop();
      next.granted = true;
      lane.running += 1;
      next.wake?.();
    }
    for (const waiter of lane.waiting) waiter.wake?.();
    if (lane.running === 0 && lane.waiting.length === 0) this.#lanes.delete(service);
    else this.#lanes.set(service, lane);
  }

  /** Ends the wait on abort and after `queueMs`. */
  #limit(service: string, lane: Lane, waiter: Waiter, { signal, queueMs, model }: QueueRequest): void {
    const give = (error: RouterError): void => {
      waiter.stop();
      remove(lane, waiter);
      waiter.error = error;
      waiter.wake?.();
      this.#grant(service, lane);
    };
    const abort = (): void => give(abortError(signal));
    const timer =
      queueMs === undefined
        ? undefined
        : this.#clock.setTimeout(
            () =>
              give(
                new RouterError(
                  'ERR_QUEUE_FULL',
                  `No slot at ${service} became free within ${queueMs} ms. Raise \`timeouts.queueMs\` or \`maxConcurrent\`, or send fewer requests at once.`,
                  { service, model: model.id, isRetryable: true },
                ),
              ),
            queueMs,
          );
    waiter.stop = () => {
      if (timer !== undefined) this.#clock.clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }
}

/** The next to be served, by the same rule by which positions are told. */
function nextOf(lane: Lane): Waiter {
  const interactive = lane.waiting.find((waiter) => !waiter.background);
  const background = lane.waiting.find((waiter) => waiter.background);
  if (interactive !== undefined && (background === undefined || lane.overtaken < OVERTAKE)) {
    lane.overtaken = background === undefined ? 0 : lane.overtaken + 1;
    return interactive;
  }
  lane.overtaken = 0;
  return background as Waiter;
}

function positionOf(lane: Lane, waiter: Waiter): number {
  const index = lane.waiting.indexOf(waiter);
  if (index === -1) return 0;
  const ahead = lane.waiting.filter((other, at) =>
    other.background === waiter.background ? at < index : waiter.background,
  );
  return ahead.length + 1;
}

function remove(lane: Lane, waiter: Waiter): boolean {
  const index = lane.waiting.indexOf(waiter);
  if (index !== -1) lane.waiting.splice(index, 1);
  return index !== -1;
}
