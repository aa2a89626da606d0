import type { Clock } from '../core/clock.js';
import { RouterError } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import { abortError } from '../internal/deadline.js';

/**
 * So many requests may overtake the first of its kind (interactive or background), and twice as many where it waits because
 * its model has to be swapped in: a swap costs more than an answer. Then it is its turn, after at most one other whose turn
 * it is as well, and nobody else begins until those that run have ended.
 */
const OVERTAKE = 4;

const NEVER = Number.NEGATIVE_INFINITY;

/** What a request brings to the queue. */
export interface QueueRequest {
  readonly model: ModelRef;
  /** Most requests at once at this service; `null`: no limit of ours. */
  readonly slots: number | null;
  /**
   * Whether the server would have to load the model first, by what is known since a time. Asked while other models are in
   * use there: such a request waits for them, because its load may push them out of memory. Absent: never.
   */
  readonly loads?: ((sinceMs: number) => boolean) | undefined;
  /** The model was not in memory when the request was made ready. */
  readonly loading?: boolean | undefined;
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
  /** The model is in memory now; says whether that may have pushed others out. */
  loaded(): boolean;
  release(): void;
}

interface Lane {
  slots: number | null;
  readonly running: Set<Waiter>;
  /** In the order of arrival. */
  readonly waiting: Waiter[];
  /** When a model was swapped in; what was known of the others before is in doubt. `Infinity`: it is being loaded. */
  swappedMs: number;
}

interface Waiter {
  readonly model: string;
  readonly loads: QueueRequest['loads'];
  readonly background: boolean;
  /** By how many it was overtaken as the first of its kind. */
  overtaken: number;
  /** Its model is to be loaded for it. */
  swaps: boolean;
  granted: boolean;
  error: RouterError | undefined;
  wake: (() => void) | undefined;
  stop(): void;
}

/**
 * The slots of each service: first come, first served, interactive before background, and models in memory before one that
 * would have to be loaded, so that requests do not make a server swap two models to and fro.
 */
export class Queues {
  readonly #clock: Clock;
  readonly #lanes = new Map<string, Lane>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a slot where one is free, else a place in the queue. */
  join(request: QueueRequest): Ticket {
    const { service } = request.model;
    let lane = this.#lanes.get(service);
    if (lane === undefined) {
      lane = { slots: null, running: new Set(), waiting: [], swappedMs: NEVER };
      this.#lanes.set(service, lane);
    }
    const at = lane;
    lane.slots = request.slots;
    const waiter: Waiter = {
      model: request.model.id,
      loads: request.loads,
      background: request.priority === 'background',
      overtaken: 0,
      swaps: request.loading === true,
      granted: false,
      error: undefined,
      wake: undefined,
      stop: () => {},
    };
    lane.waiting.push(waiter);
    this.#grant(service, lane);
    if (!waiter.granted) this.#limit(service, lane, waiter, request);
    const loaded = (): boolean => {
      if (!waiter.swaps) return false;
      waiter.swaps = false;
      at.swappedMs = this.#clock.now();
      return true;
    };
    return {
      get granted() {
        return waiter.granted;
      },
      get position() {
        return positionOf(at, waiter);
      },
      changed: async () => {
        if (!waiter.granted && waiter.error === undefined) {
          await new Promise<void>((resolve) => {
            waiter.wake = resolve;
          });
        }
        if (waiter.error !== undefined) throw waiter.error;
      },
      loaded,
      release: () => {
        waiter.stop();
        if (waiter.granted) {
          waiter.granted = false;
          loaded();
          at.running.delete(waiter);
        } else if (!remove(at, waiter)) return;
        this.#grant(service, at);
      },
    };
  }

  /** More may be known of the models of a service: some that wait for others may run beside them. */
  look(service: string): void {
    const lane = this.#lanes.get(service);
    if (lane !== undefined && lane.waiting.length > 0) this.#grant(service, lane);
  }

  /** What runs and waits where. */
  snapshot(): { service: string; running: number; waiting: number; slots: number | null }[] {
    return [...this.#lanes].map(([service, { running, waiting, slots }]) => ({
      service,
      running: running.size,
      waiting: waiting.length,
      slots,
    }));
  }

  #grant(service: string, lane: Lane): void {
    const { running, waiting } = lane;
    while (waiting.length > 0 && (lane.slots === null || running.size < lane.slots)) {
      const next = nextOf(lane);
      if (next === undefined) break;
      next.swaps =
        running.size === 0 && (next.swaps || (lane.swappedMs !== NEVER && next.loads?.(lane.swappedMs) === true));
      if (next.swaps) lane.swappedMs = Number.POSITIVE_INFINITY;
      remove(lane, next);
      next.stop();
      next.granted = true;
      running.add(next);
      next.wake?.();
    }
    for (const waiter of waiting) waiter.wake?.();
    if (running.size === 0 && waiting.length === 0) this.#lanes.delete(service);
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
                  `No slot at ${service} became free within ${queueMs} ms, or other models were in use there. Raise \`timeouts.queueMs\` or \`maxConcurrent\`, or send fewer requests at once.`,
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

/** The next to be served; `undefined` where it has to wait for those that run. */
function nextOf(lane: Lane): Waiter | undefined {
  const { waiting } = lane;
  const [only] = waiting;
  if (waiting.length === 1) return fits(lane, only as Waiter) ? only : undefined;
  const interactive = waiting.find(({ background }) => !background);
  const background = waiting.find((waiter) => waiter.background);
  const isDue = (first: Waiter): boolean =>
    first.overtaken >= 2 * OVERTAKE || (first.overtaken >= OVERTAKE && fits(lane, first));
  // In the order of arrival.
  const due = waiting.find((waiter) => (waiter === interactive || waiter === background) && isDue(waiter));
  let next = due ?? interactive ?? background;
  if (next !== undefined && !fits(lane, next)) {
    if (next === due) return undefined;
    next =
      waiting.find((waiter) => !waiter.background && fits(lane, waiter)) ??
      waiting.find((waiter) => waiter.background && fits(lane, waiter));
  }
  if (next === undefined) return undefined;
  if (interactive !== undefined && interactive !== next) interactive.overtaken += 1;
  if (background !== undefined && background !== next) background.overtaken += 1;
  return next;
}

/** Whether a request may run beside those that do: for the same model, or for one that need not be loaded. */
function fits({ running, swappedMs }: Lane, { model, loads }: Waiter): boolean {
  if (loads === undefined) return true;
  for (const other of running) if (other.model === model) return true;
  return running.size === 0 || !loads(swappedMs);
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
