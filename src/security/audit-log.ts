import { randomBytes } from 'node:crypto';
import { RouterError } from '../core/errors.js';
import { type AuditEvent, type AuditEvents, FIRST_HEAD, sealLine } from './audit-chain.js';
import { AuditCheckpoints } from './audit-checkpoints.js';
import { type AuditDurability, AuditFiles } from './audit-files.js';
import { type AuditKeySource, type AuditKeys, deriveKeys, loadKeys } from './audit-key.js';
import type { AuditLog, AuditValue } from './audit-log-view.js';
import { type AuditSink, AuditSinks } from './audit-sinks.js';

/** The audit options with all defaults filled in. */
export interface NormalAudit {
  readonly directory: string | null;
  readonly key: AuditKeySource | null;
  readonly sinks: readonly AuditSink[];
  readonly onCheckpoint: ((checkpoint: string) => unknown) | null;
  /** Whether a call fails that cannot be recorded. */
  readonly block: boolean;
  readonly durability: AuditDurability;
  readonly rotateBytes: number;
  readonly retainSegments: number;
}

/** A host's own fields; {@link AuditEvents} for ours. */
export type HostFields = Readonly<Record<string, string | number | boolean>>;

interface Entry {
  readonly event: string;
  readonly fields: Readonly<Record<string, AuditValue | undefined>>;
  readonly at: number;
  readonly mono: number;
  /** Given when it is written. */
  seq: number;
}

const REMEMBERED = 1_000;
const MAX_TEXT = 512;
const MAX_CONTENT = 16_384;
const REOPEN_MS = 1_000;

/** The log itself. Nothing is opened before the first record or flush. */
export class AuditTrail implements AuditLog {
  readonly #o: NormalAudit | null;
  readonly #run = randomBytes(8).toString('hex');
  readonly #sinks: AuditSinks;
  readonly #checkpoints: AuditCheckpoints | null;
  readonly #ring: Entry[] = [];
  #keys: AuditKeys | null = null;
  #files: AuditFiles | null = null;
  #seq = 0;
  #head = FIRST_HEAD;
  #isOpen: boolean;
  #opening: Promise<void> | null = null;
  /** Records from before it was open. */
  #early: Entry[] = [];
  /** Why there are no files, where that is no refusal. */
  #openProblem: string | null = null;
  #reopenAt = 0;
  /** Whether the failure of the files stands in the log. */
  #isFailing = false;
  /** Records that are not in the files, and will not be. */
  #dropped = 0;
  #closed = false;

  /** With `null` nothing is recorded. */
  constructor(o: NormalAudit | null) {
    this.#o = o;
    this.#sinks = new AuditSinks(o?.sinks ?? []);
    this.#checkpoints = o?.onCheckpoint ? new AuditCheckpoints(() => this.#safeCheckpoint(), o.onCheckpoint) : null;
    if (o?.key instanceof Uint8Array) this.#keys = deriveKeys(o.key);
    this.#isOpen = o !== null && o.directory === null && typeof o.key !== 'function';
  }

  get directory(): string | null {
    return this.#o?.directory ?? null;
  }

  recent(limit = REMEMBERED): Record<string, AuditValue>[] {
    return limit <= 0 ? [] : this.#ring.slice(-Math.min(limit, REMEMBERED)).map((made) => this.#recordOf(made));
  }

  checkpoint(): string | null {
    return this.#seq === 0 || this.#head === FIRST_HEAD ? null : `${this.#seq} ${this.#head}`;
  }

  async flush(): Promise<void> {
    if (!this.#o) return;
    await this.open();
    this.#reopenAt = 0;
    this.#reopen();
    this.#files?.sync();
    this.#noteGap();
    const taken = await this.#sinks.deliver();
    const problem = this.#problem();
    if (problem) throw failure(problem);
    if (!taken) throw failure('a sink did not take the records');
  }

  /** Opens the directory and loads the key. Throws `ERR_AUDIT` where the directory is refused or the key cannot be had. */
  open(): Promise<void> {
    if (this.#isOpen || !this.#o) return Promise.resolve();
    // What failed for a moment (a vault, a directory in use) is tried again at the next record.
    this.#opening ??= this.#start(this.#o).catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  /** The keys for hashes of contents; `null` without a key: a bare hash could be guessed. */
  async keys(): Promise<AuditKeys | null> {
    await this.open();
    return this.#keys;
  }

  /** Records what a call need not wait for; never throws. */
  note<E extends AuditEvent>(event: E, fields: AuditEvents[E]): void {
    if (!this.#o) return;
    if (this.#isOpen) this.#write(entry(event, fields));
    else if (this.#early.length >= REMEMBERED) this.#dropped += 1;
    else void this.#record(entry(event, fields)).catch(() => {});
  }

  /** Like `note`, but opens no directory: what was early is written once something else opens it. */
  noteEarly<E extends AuditEvent>(event: E, fields: AuditEvents[E]): void {
    if (this.#isOpen) this.note(event, fields);
    else if (this.#o && this.#early.length < REMEMBERED) this.#early.push(entry(event, fields));
  }

  /**
   * Records what has to stand before the call goes on; a promise only where something has to be waited for.
   * Throws `ERR_AUDIT` in `block` mode where it could not be recorded, and in every mode where the directory is refused.
   */
  hold<E extends AuditEvent>(event: E, fields: AuditEvents[E]): void | Promise<void> {
    return this.#hold(event, fields);
  }

  /** The same for an event of the host. */
  holdHost(event: string, fields: HostFields): void | Promise<void> {
    return this.#hold(event, fields);
  }

  async close(): Promise<void> {
    if (this.#closed || !this.#o) return;
    this.#closed = true;
    // A log that nothing was written to is left alone.
    if (this.#isOpen || this.#opening) {
      await this.open().catch(() => {});
      if (this.#isOpen) this.#append(entry('audit.close', {}));
      await this.flush().catch(() => {});
    }
    await Promise.all([this.#sinks.close(), this.#checkpoints?.close()]);
    this.#files?.close();
    this.#files = null;
  }

  #hold(event: string, fields: Entry['fields']): void | Promise<void> {
    if (!this.#o) return;
    const made = entry(event, fields);
    return this.#isOpen ? this.#held(this.#write(made)) : this.#record(made).then((isIn) => this.#held(isIn));
  }

  /** Records as soon as the log is open; whether it could be. */
  async #record(made: Entry): Promise<boolean> {
    // A directory may stay refused; what is asked of the log then must not pile up.
    const isEarly = this.#early.length < REMEMBERED;
    if (isEarly) this.#early.push(made);
    await this.open();
    return isEarly || this.#write(made);
  }

  #held(isIn: boolean): void | Promise<void> {
    if (!this.#o?.block) return;
    const problem = this.#problem() ?? (isIn ? null : 'it is closed');
    if (problem) throw failure(problem);
    if (!this.#sinks.any) return;
    return this.#sinks.deliver().then((taken) => {
      if (!taken) throw failure('a sink did not take the record');
    });
  }

  #problem(): string | null {
    return this.#openProblem ?? this.#files?.problem ?? null;
  }

  async #start(o: NormalAudit): Promise<void> {
    if (o.key !== null && this.#keys === null) this.#keys = await loadKeys(o.key);
    if (o.directory !== null) this.#openFiles(o, o.directory);
    this.#isOpen = true;
    this.#begin();
    const early = this.#early;
    this.#early = [];
    for (const made of early) this.#append(made);
  }

  /** Throws only where the directory is refused; a disk that fails is tried again later. */
  #openFiles({ durability, block }: NormalAudit, directory: string): void {
    try {
      this.#files = new AuditFiles(directory, { durability, isCareful: block, keyId: this.#keys?.id });
      this.#openProblem = null;
    } catch (error) {
      if (RouterError.is(error)) throw error;
      this.#noFiles((error as { code?: string }).code ?? 'EIO');
    }
  }

  #noFiles(problem: string): void {
    this.#openProblem = problem;
    this.#reopenAt = performance.now() + REOPEN_MS;
  }

  /** The first records of a writer. */
  #begin(): void {
    if (!this.#files) return;
    const { seq, head, torn } = this.#files.resume;
    this.#seq = seq;
    this.#head = head;
    this.#append(entry('audit.open', { segment: this.#files.segment, keyId: this.#keys?.id }));
    if (torn > 0) this.#append(entry('audit.gap', { torn }));
  }

  /** Tries again to have files where there were none, or where they are gone. */
  #reopen(): void {
    const o = this.#o as NormalAudit;
    // In `block` mode a log that vanished under its writer is for the operator to judge.
    if (this.#files?.isLost && !o.block) {
      this.#dropped += this.#files.waiting;
      this.#noFiles(this.#files.problem ?? 'ENOENT');
      this.#files.close();
      this.#files = null;
    }
    if (this.#openProblem === null || o.directory === null || performance.now() < this.#reopenAt) return;
    try {
      this.#openFiles(o, o.directory);
      this.#begin();
    } catch {
      this.#noFiles('refused');
    }
  }

  /** Whether it is in the log, or waits to be. */
  #write(made: Entry): boolean {
    if (this.#closed || !this.#o) return false;
    if (this.#openProblem !== null || this.#files?.isLost) this.#reopen();
    if (this.#files?.full) {
      this.#files.retry();
      if (this.#files.full) {
        this.#dropped += 1;
        return false;
      }
    }
    this.#noteGap();
    this.#append(made);
    const files = this.#files;
    if (files && files.size >= this.#o.rotateBytes) this.#rotate(files, this.#o.retainSegments);
    return true;
  }

  #append(made: Entry): void {
    made.seq = ++this.#seq;
    this.#ring.push(made);
    // Cut in steps: a shift of 1000 entries for each record would cost more than the record.
    if (this.#ring.length >= 2 * REMEMBERED) this.#ring.splice(0, REMEMBERED);
    if (this.#openProblem !== null) this.#dropped += 1;
    if (this.#files || this.#sinks.any) {
      const { line, head } = sealLine(this.#recordOf(made), this.#head, this.#keys);
      this.#head = head;
      this.#sinks.push(line);
      this.#files?.write(line);
      this.#checkpoints?.record();
    }
    const code = this.#problem();
    if (code === null) this.#isFailing = false;
    else if (!this.#isFailing) {
      this.#isFailing = true;
      this.#append(entry('audit.failure', { code }));
    }
  }

  /** Made only where somebody reads it: most logs are in memory alone. */
  #recordOf({ seq, at, mono, event, fields }: Entry): Record<string, AuditValue> {
    const record: Record<string, AuditValue> = {
      v: 1,
      seq,
      t: new Date(at).toISOString(),
      mono: Math.round(mono * 1000) / 1000,
      run: this.#run,
      event,
    };
    for (const name in fields) {
      const value = fields[name];
      if (value !== undefined) record[name] = value;
    }
    return record;
  }

  /** Once records can be written again, says how many could not. */
  #noteGap(): void {
    const dropped = this.#dropped;
    if (dropped === 0 || this.#problem() !== null) return;
    this.#dropped = 0;
    this.#append(entry('audit.gap', { dropped }));
  }

  #rotate(files: AuditFiles, retainSegments: number): void {
    if (!files.prepareNext()) return;
    this.#append(entry('audit.rotate', { segment: files.segment }));
    if (!files.next()) return;
    this.#append(entry('audit.open', { segment: files.segment, keyId: this.#keys?.id }));
    try {
      for (let old = files.surplus(retainSegments); old; old = files.surplus(retainSegments)) {
        this.#append(entry('audit.retired', { ...old }));
        files.remove(old.segment);
        if (files.problem !== null) break;
      }
    } catch {
      // What could not be removed is surplus at the next rotation again.
    }
    this.#checkpoints?.send();
  }

  /** A checkpoint must not name what a power failure can still take. */
  async #safeCheckpoint(): Promise<string | null> {
    const checkpoint = this.#problem() === null ? this.checkpoint() : null;
    return checkpoint !== null && (await this.#files?.synced()) !== false ? checkpoint : null;
  }
}

function entry<E extends AuditEvent>(event: E, fields: AuditEvents[E]): Entry;
function entry(event: string, fields: Entry['fields']): Entry;
function entry(event: string, fields: Entry['fields']): Entry {
  return { event, fields: bounded(event, fields), at: Date.now(), mono: performance.now(), seq: 0 };
}

/** Cuts texts that are too long. Each is copied: a part of a text keeps the whole in memory. */
function bounded(event: string, fields: Entry['fields']): Entry['fields'] {
  let cut: Record<string, AuditValue | undefined> | undefined;
  for (const name in fields) {
    const value = fields[name];
    // All of a record together must stay a line that can be read back.
    const max = event === 'query' && name.endsWith('Text') ? MAX_CONTENT : MAX_TEXT;
    if (typeof value !== 'string' || value.length <= max) continue;
    cut ??= { ...fields };
    cut[name] = Buffer.from(value.slice(0, max), 'utf16le').toString('utf16le');
  }
  return cut ?? fields;
}

function failure(problem: string): RouterError {
  return new RouterError(
    'ERR_AUDIT',
    `The audit log could not be written (${problem}); free its disk or correct its sinks. With onFailure "continue" calls would go on without it.`,
  );
}
