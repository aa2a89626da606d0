import { succeeds, within } from './host-work.js';

const RECORDS = 1_000;
const MS = 60_000;
const CLOSE_MS = 5_000;

/**
 * Gives the host the log's checkpoints, one at a time: after 1000 records or a minute, and when asked.
 * Whatever the host does with them, nothing here throws or waits.
 */
export class AuditCheckpoints {
  readonly #take: () => Promise<string | null>;
  readonly #give: (checkpoint: string) => unknown;
  #given: string | null = null;
  #records = 0;
  #running: Promise<boolean> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** `take` makes a checkpoint of what is safe on the disk, `null` where nothing is. */
  constructor(take: () => Promise<string | null>, give: (checkpoint: string) => unknown) {
    this.#take = take;
    this.#give = give;
  }

  /** Counts a record. */
  record(): void {
    this.#records += 1;
    if (this.#records >= RECORDS) this.send();
    else this.#later();
  }

  /** Gives one now, unless the host still has the last one in hands. */
  send(): void {
    this.#records = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isClosed) return;
    if (this.#running) {
      this.#later();
      return;
    }
    this.#running = succeeds(() => this.#deliver()).then((ok) => {
      this.#running = null;
      if (!ok) this.#later();
      return ok;
    });
  }

  /** Gives the last one; waits at most 5 s for the host. */
  async close(): Promise<void> {
    await within(CLOSE_MS, this.#last());
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #last(): Promise<boolean> {
    await this.#running;
    this.send();
    return (await this.#running) ?? true;
  }

  async #deliver(): Promise<void> {
    const checkpoint = await this.#take();
    if (checkpoint === null || checkpoint === this.#given) return;
    await this.#give(checkpoint);
    this.#given = checkpoint;
  }

  #later(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => this.send(), MS);
    this.#timer.unref();
  }
}
