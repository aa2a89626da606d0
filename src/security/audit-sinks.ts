import { systemClock } from '../core/clock.js';
import { raceAbort, withDeadline } from '../internal/deadline.js';

/**
 * Where audit lines go beside the log's own files; the host writes one for its syslog, SIEM or database.
 * @public
 */
export interface AuditSink {
  /** Takes lines in order; a rejection makes them come again with the next ones. */
  write(lines: string[]): Promise<void>;
  /** Called once at the end. */
  close?(): Promise<void>;
}

const MAX_WAITING_LINES = 1_000;
const BATCH_LINES = 64;
const BATCH_MS = 50;
const WRITE_TIMEOUT_MS = 5_000;

/** The sinks of one log, each with a queue of its own, so that a slow one holds up no other. */
export class AuditSinks {
  readonly #queues: readonly SinkQueue[];
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sinks: readonly AuditSink[]) {
    this.#queues = sinks.map((sink) => new SinkQueue(sink));
  }

  get any(): boolean {
    return this.#queues.length > 0;
  }

  /** Takes a line for the next batch. */
  push(line: string): void {
    for (const queue of this.#queues) queue.push(line);
    this.#count += 1;
    if (this.#count >= BATCH_LINES) void this.deliver();
    else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => void this.deliver(), BATCH_MS);
      this.#timer.unref();
    }
  }

  /** Gives everything to every sink; whether all took it. */
  async deliver(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#count = 0;
    const taken = await Promise.all(this.#queues.map((queue) => queue.deliver()));
    return taken.every(Boolean);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all(this.#queues.map((queue) => queue.close()));
  }
}

class SinkQueue {
  readonly #sink: AuditSink;
  #lines: string[] = [];
  #last: Promise<boolean> = Promise.resolve(true);

  constructor(sink: AuditSink) {
    this.#sink = sink;
  }

  push(line: string): void {
    // The oldest go first: their loss shows as a gap in `seq`.
    if (this.#lines.length >= MAX_WAITING_LINES) this.#lines.shift();
    this.#lines.push(line);
  }

  deliver(): Promise<boolean> {
    this.#last = this.#last.then(() => this.#write());
    return this.#last;
  }

  async close(): Promise<void> {
    await this.#guarded(async () => this.#sink.close?.());
  }

  async #write(): Promise<boolean> {
    const batch = this.#lines;
    if (batch.length === 0) return true;
    this.#lines = [];
    if (await this.#guarded(() => this.#sink.write([...batch]))) return true;
    this.#lines = [...batch, ...this.#lines].slice(-MAX_WAITING_LINES);
    return false;
  }

  /** A sink that throws, rejects or hangs is one that did not take the lines. */
  async #guarded(work: () => Promise<void> | undefined): Promise<boolean> {
    try {
      await withDeadline(
        { clock: systemClock, ms: WRITE_TIMEOUT_MS, signal: undefined, what: 'An audit sink' },
        async (signal) => raceAbort(signal, Promise.resolve(work())),
      );
      return true;
    } catch {
      return false;
    }
  }
}
