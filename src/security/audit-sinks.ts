import { succeeds, within } from './host-work.js';

/**
 * Where audit lines go beside the log's own files; the host writes one for its syslog, SIEM or database.
 * @public
 */
export interface AuditSink {
  /**
   * Takes lines in order; a rejection makes them come again with the next ones. It is called again only after it settled; meanwhile
   * the newest 1000 lines (16 MiB) wait, and the loss of older ones shows as a gap in `seq`.
   */
  write(lines: string[]): Promise<void>;
  /** Called once at the end. */
  close?(): Promise<void>;
}

const MAX_WAITING_LINES = 1_000;
const MAX_WAITING_CHARS = 16_777_216;
const BATCH_LINES = 64;
const BATCH_MS = 50;
const TIMEOUT_MS = 5_000;

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
    if (this.#count >= BATCH_LINES) this.#send();
    else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#send(), BATCH_MS);
      this.#timer.unref();
    }
  }

  /** Gives everything to every sink; whether all took it within 5 s. */
  async deliver(): Promise<boolean> {
    this.#rest();
    const taken = await Promise.all(this.#queues.map((queue) => queue.deliver()));
    return taken.every(Boolean);
  }

  async close(): Promise<void> {
    this.#rest();
    await Promise.all(this.#queues.map((queue) => queue.close()));
  }

  #send(): void {
    this.#rest();
    for (const queue of this.#queues) queue.send();
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#count = 0;
  }
}

class SinkQueue {
  readonly #sink: AuditSink;
  /** The newest lines that were pushed, without those that the sink is writing. */
  #waiting: string[] = [];
  #chars = 0;
  #pushed = 0;
  #isWriting = false;
  /** Those who wait until the sink took a line, by its number. */
  readonly #callers = new Set<{ readonly line: number; end(taken: boolean): void }>();

  constructor(sink: AuditSink) {
    this.#sink = sink;
  }

  push(line: string): void {
    this.#pushed += 1;
    this.#chars += line.length;
    this.#waiting.push(line);
    this.#bound();
  }

  /** Begins to write what waits, unless the sink is still at it: one that hangs must not be given ever more. */
  send(): void {
    if (this.#isWriting || this.#waiting.length === 0) return;
    this.#isWriting = true;
    const batch = this.#waiting;
    const last = this.#pushed;
    this.#waiting = [];
    this.#chars = 0;
    const first = last - batch.length + 1;
    void succeeds(() => this.#sink.write([...batch])).then((ok) => {
      this.#isWriting = false;
      if (!ok) {
        this.#waiting = [...batch, ...this.#waiting];
        this.#chars += batch.reduce((sum, line) => sum + line.length, 0);
        this.#bound();
      }
      for (const caller of this.#callers) {
        if (caller.line <= last) caller.end(ok && caller.line >= first);
      }
      if (this.#callers.size > 0) this.send();
    });
  }

  /** Whether the sink took all that was pushed so far. */
  deliver(): Promise<boolean> {
    if (!this.#isWriting && this.#waiting.length === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const caller = {
        line: this.#pushed,
        end: (taken: boolean): void => {
          clearTimeout(timer);
          this.#callers.delete(caller);
          resolve(taken);
        },
      };
      const timer = setTimeout(() => caller.end(false), TIMEOUT_MS);
      this.#callers.add(caller);
      this.send();
    });
  }

  close(): Promise<boolean> {
    return within(
      TIMEOUT_MS,
      succeeds(async () => this.#sink.close?.()),
    );
  }

  #bound(): void {
    while (this.#waiting.length > MAX_WAITING_LINES || (this.#chars > MAX_WAITING_CHARS && this.#waiting.length > 1)) {
      this.#chars -= (this.#waiting.shift() as string).length;
    }
  }
}
