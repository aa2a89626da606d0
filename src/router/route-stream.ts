import type { RouteEvent, RouteResult } from '../core/chat.js';
import type { Clock } from '../core/clock.js';
import { RouterError } from '../core/errors.js';
import { unread } from '../execution/transport-reader.js';
import { type LinkedSignal, linkSignal } from '../internal/deadline.js';

/**
 * An answer on its way. Iterate it for typed events, read `textStream` for text only, or `result` for the end; the three
 * can be used together. Nothing is sent until one of them is read, and leaving the loop cancels the call. A loop that
 * routes on the same session has to leave first: calls on one session run one after another.
 * @public
 */
export interface RouteStream extends AsyncIterable<RouteEvent> {
  /** One piece per non-empty text delta. */
  readonly textStream: ReadableStream<string> & AsyncIterable<string>;
  /** The whole answer; rejects with the same `RouterError` as the loop. */
  readonly result: Promise<RouteResult>;
}

/** Steps of consumed events that may pile up in the log before it is shortened. */
const TRIM_AFTER = 512;

/** They come while a session is held and no clock of an answer runs; who reads on no further would keep it. */
const WATCHED: ReadonlySet<RouteEvent['type']> = /* @__PURE__ */ new Set<RouteEvent['type']>([
  'decision',
  'status',
  'attempt-failed',
]);

interface Cursor {
  /** Index of the next event, counted from the first event of the call. */
  next: number;
  /** Its reader has not left. */
  open: boolean;
}

/**
 * Gives one run of the pipeline to up to three kinds of readers: each has a cursor in one log of events. Without a
 * `result` in demand the run goes only as far as a reader asks, so that back-pressure reaches the server.
 */
export class EventStream implements RouteStream {
  readonly #start: (link: LinkedSignal) => AsyncGenerator<RouteEvent, RouteResult, void>;
  readonly #parent: AbortSignal | undefined;
  readonly #idle: { readonly clock: Clock; readonly ms: number };
  #timer: unknown;
  readonly #cursors = new Set<Cursor>();
  #link: LinkedSignal | undefined;
  #run: AsyncGenerator<RouteEvent, RouteResult, void> | undefined;
  /** Who waits for the step that is under way. */
  #waiting: (() => void)[] = [];
  #log: RouteEvent[] = [];
  #dropped = 0;
  #end: { readonly result: RouteResult } | { readonly error: unknown } | undefined;
  #result: Promise<RouteResult> | undefined;
  #textStream: (ReadableStream<string> & AsyncIterable<string>) | undefined;

  /** After `idle.ms` in which nobody reads on the call ends. */
  constructor(
    parent: AbortSignal | undefined,
    idle: { readonly clock: Clock; readonly ms: number },
    start: (link: LinkedSignal) => AsyncGenerator<RouteEvent, RouteResult, void>,
  ) {
    this.#parent = parent;
    this.#idle = idle;
    this.#start = start;
  }

  get result(): Promise<RouteResult> {
    if (this.#result === undefined) {
      this.#result = this.#drain();
      // Whoever reads it gets the rejection; a result that nobody awaits must not end the process.
      this.#result.catch(() => {});
    }
    return this.#result;
  }

  get textStream(): ReadableStream<string> & AsyncIterable<string> {
    if (this.#textStream === undefined) {
      const cursor = this.#attach();
      this.#textStream = new ReadableStream<string>(
        {
          pull: async (controller) => {
            for (;;) {
              const { done, value } = await this.#next(cursor);
              if (done) return controller.close();
              if (value.type === 'text') return controller.enqueue(value.text);
            }
          },
          cancel: () => this.#cancel(cursor),
        },
        { highWaterMark: 0 },
      ) as ReadableStream<string> & AsyncIterable<string>;
    }
    return this.#textStream;
  }

  [Symbol.asyncIterator](): AsyncIterator<RouteEvent> {
    const cursor = this.#attach();
    return {
      next: () => this.#next(cursor),
      return: async () => {
        await this.#cancel(cursor);
        return { done: true, value: undefined };
      },
    };
  }

  async #drain(): Promise<RouteResult> {
    // A reader that is attached in the same turn must not miss the first events.
    await Promise.resolve();
    while (this.#end === undefined) await new Promise<void>((resolve) => this.#advance(resolve));
    if ('error' in this.#end) throw this.#end.error;
    return this.#end.result;
  }

  #attach(): Cursor {
    if (this.#dropped > 0) {
      throw new RouterError(
        'ERR_INVALID_REQUEST',
        'The stream was read already and its beginning is gone. Attach all readers before reading, or take `result`.',
      );
    }
    const cursor = { next: this.#dropped, open: true };
    this.#cursors.add(cursor);
    return cursor;
  }

  #next(cursor: Cursor): Promise<IteratorResult<RouteEvent, undefined>> {
    return new Promise((resolve, reject) => this.#serve(cursor, resolve, reject));
  }

  #serve(
    cursor: Cursor,
    resolve: (step: IteratorResult<RouteEvent, undefined>) => void,
    reject: (error: unknown) => void,
  ): void {
    const value = cursor.open ? this.#log[cursor.next - this.#dropped] : undefined;
    if (value !== undefined) {
      cursor.next += 1;
      this.#trim();
      resolve({ done: false, value });
    } else if (cursor.open && this.#end === undefined) {
      this.#advance(() => this.#serve(cursor, resolve, reject));
    } else {
      this.#cursors.delete(cursor);
      if (cursor.open && this.#end !== undefined && 'error' in this.#end) reject(this.#end.error);
      else resolve({ done: true, value: undefined });
    }
  }

  /** One step of the run, then `done`; readers that ask at the same time share it. */
  #advance(done: () => void): void {
    this.#waiting.push(done);
    if (this.#waiting.length === 1) this.#step();
  }

  #step(): void {
    if (this.#timer !== undefined) this.#idle.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#run ??= this.#begin();
      this.#run.next().then(this.#took, this.#failed);
    } catch (error) {
      this.#failed(error);
    }
  }

  readonly #took = (step: IteratorResult<RouteEvent, RouteResult>): void => {
    if (step.done) this.#end ??= { result: step.value };
    else {
      this.#log.push(step.value);
      // The answer is complete with its first tool call. Whoever has that may read no further, or call the tool and
      // route the result on the same session: the run has to end all the same.
      if (step.value.type === 'tool-call' || step.value.type === 'done') {
        this.#step();
        return;
      }
      if (WATCHED.has(step.value.type)) this.#watch();
    }
    this.#wake();
  };

  readonly #failed = (error: unknown): void => {
    this.#end ??= { error };
    this.#wake();
  };

  #watch(): void {
    const { clock, ms } = this.#idle;
    this.#timer = clock.setTimeout(() => this.#link?.abort(unread(undefined, ms)), ms);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }

  #begin(): AsyncGenerator<RouteEvent, RouteResult, void> {
    const link = linkSignal(this.#parent);
    this.#link = link;
    // Where nobody reads on, the run would wait at its last event for ever, with its session and timers.
    link.signal.addEventListener('abort', () => void this.#drain().catch(() => {}), { once: true });
    return this.#start(link);
  }

  #trim(): void {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { next } of this.#cursors) oldest = Math.min(oldest, next);
    const passed = oldest - this.#dropped;
    if (passed < TRIM_AFTER) return;
    this.#log.splice(0, passed);
    this.#dropped = oldest;
  }

  async #cancel(cursor: Cursor): Promise<void> {
    cursor.open = false;
    this.#cursors.delete(cursor);
    if (this.#end !== undefined) return;
    const error = new RouterError('ERR_ABORTED', 'The stream was left before its end.');
    if (this.#link === undefined) this.#end = { error };
    else this.#link.abort(error);
    // The run fails by the signal; then it has cleaned up.
    await this.#drain().catch(() => {});
  }
}
