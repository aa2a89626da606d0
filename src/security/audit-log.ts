import { randomBytes } from 'node:crypto';
import { RouterError } from '../core/errors.js';
import { type AuditEvent, type AuditFields, FIRST_HEAD, sealLine } from './audit-chain.js';
import { type AuditDurability, AuditFiles } from './audit-files.js';
import { type AuditKeySource, type AuditKeys, deriveKeys, loadKeys } from './audit-key.js';
import type { AuditLog, AuditValue } from './audit-log-view.js';
import { type AuditSink, AuditSinks } from './audit-sinks.js';

/** The audit options with all defaults filled in. */
export interface NormalAudit {
  readonly directory: string | null;
  readonly key: AuditKeySource | null;
  readonly sinks: readonly AuditSink[];
  /** Whether a call fails that cannot be recorded. */
  readonly block: boolean;
  readonly durability: AuditDurability;
  readonly rotateBytes: number;
  readonly retainSegments: number;
}

/** A host's own fields; {@link AuditFields} for ours. */
export type HostFields = Readonly<Record<string, string | number | boolean>>;

interface Entry {
  readonly event: string;
  readonly fields: AuditFields | HostFields;
  readonly at: number;
  readonly mono: number;
  /** Given when it is written. */
  seq: number;
}

const REMEMBERED = 1_000;
const MAX_TEXT = 512;
const MAX_CONTENT = 16_384;

/** The log itself. Nothing is opened before the first record or flush. */
export class AuditTrail implements AuditLog {
  readonly #o: NormalAudit | null;
  readonly #run = randomBytes(8).toString('hex');
  readonly #sinks: AuditSinks;
  readonly #ring: Entry[] = [];
  #keys: AuditKeys | null = null;
  #files: AuditFiles | null = null;
  #seq = 0;
  #head = FIRST_HEAD;
  #isOpen: boolean;
  #opening: Promise<void> | null = null;
  /** Records from before it was open. */
  #early: Entry[] = [];
  /** Why the directory could not be opened, where that is no refusal. */
  #openProblem: string | null = null;
  #dropped = 0;
  #closed = false;

  /** With `null` nothing is recorded. */
  constructor(o: NormalAudit | null) {
    this.#o = o;
    this.#sinks = new AuditSinks(o?.sinks ?? []);
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
  note(event: AuditEvent, fields: AuditFields): void {
    void Promise.resolve(this.#record(event, fields)).catch(() => {});
  }

  /** Like `note`, but opens no directory: what was early is written once something else opens it. */
  noteEarly(event: AuditEvent, fields: AuditFields): void {
    if (this.#isOpen) this.note(event, fields);
    else if (this.#o) this.#early.push(entry(event, fields));
  }

  /**
   * Records what has to stand before the call goes on; a promise only where something has to be waited for.
   * Throws `ERR_AUDIT` in `block` mode where it could not be recorded, and in every mode where the directory is refused.
   */
  hold(event: AuditEvent | string, fields: AuditFields | HostFields): void | Promise<void> {
    if (!this.#o) return;
    const recorded = this.#record(event, fields);
    return recorded ? recorded.then(() => this.#held()) : this.#held();
  }

  async close(): Promise<void> {
    if (this.#closed || !this.#o) return;
    this.#closed = true;
    // A log that nothing was written to is left alone.
    if (this.#isOpen || this.#opening) {
      this.note('audit.close', {});
      await this.flush().catch(() => {});
    }
    await this.#sinks.close();
    this.#files?.close();
    this.#files = null;
  }

  #record(event: string, fields: AuditFields | HostFields): void | Promise<void> {
    if (!this.#o) return;
    if (this.#isOpen) return this.#write(entry(event, fields));
    // A directory may stay refused; what is asked of the log then must not pile up.
    if (this.#early.length < REMEMBERED) this.#early.push(entry(event, fields));
    return this.open();
  }

  #held(): void | Promise<void> {
    if (!this.#o?.block) return;
    const problem = this.#problem();
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
    if (o.directory !== null) this.#openFiles(o.directory, o.durability);
    this.#isOpen = true;
    if (this.#files) {
      this.#write(entry('audit.open', { segment: this.#files.segment, keyId: this.#keys?.id }));
      const { torn } = this.#files.resume;
      if (torn > 0) this.#write(entry('audit.gap', { torn }));
    }
    for (const early of this.#early) this.#write(early);
    this.#early = [];
  }

  #openFiles(directory: string, durability: AuditDurability): void {
    try {
      this.#files = new AuditFiles(directory, { durability, keyId: this.#keys?.id });
      this.#seq = this.#files.resume.seq;
      this.#head = this.#files.resume.head;
    } catch (error) {
      if (RouterError.is(error)) throw error;
      this.#openProblem = (error as { code?: string }).code ?? 'EIO';
    }
  }

  #write(made: Entry): void {
    if (this.#closed && made.event !== 'audit.close') return;
    if (this.#files?.full) {
      this.#files.retry();
      if (this.#files.full) {
        this.#dropped += 1;
        return;
      }
    }
    this.#noteGap();
    made.seq = ++this.#seq;
    this.#ring.push(made);
    // Cut in steps: a shift of 1000 entries for each record would cost more than the record.
    if (this.#ring.length >= 2 * REMEMBERED) this.#ring.splice(0, REMEMBERED);
    if (!this.#files && !this.#sinks.any) return;
    const { line, head } = sealLine(this.#recordOf(made), this.#head, this.#keys);
    this.#head = head;
    this.#sinks.push(line);
    if (!this.#files) return;
    this.#files.write(line);
    const { rotateBytes } = this.#o as NormalAudit;
    if (this.#files.size >= rotateBytes && !made.event.startsWith('audit.')) this.#rotate(this.#files);
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
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) record[name] = typeof value === 'string' ? cut(name, value) : value;
    }
    return record;
  }

  /** Once records can be written again, says how many could not. */
  #noteGap(): void {
    const dropped = this.#dropped;
    if (dropped === 0 || this.#files === null || this.#files.problem !== null) return;
    this.#dropped = 0;
    this.#write(entry('audit.gap', { dropped }));
  }

  #rotate(files: AuditFiles): void {
    try {
      this.#write(entry('audit.rotate', { segment: files.segment }));
      files.next();
      this.#write(entry('audit.open', { segment: files.segment, keyId: this.#keys?.id }));
      const { retainSegments } = this.#o as NormalAudit;
      for (let old = files.surplus(retainSegments); old; old = files.surplus(retainSegments)) {
        this.#write(entry('audit.retired', { ...old }));
        files.remove(old.segment);
        if (files.problem !== null) break;
      }
    } catch {
      // The log goes on in the old segment; a disk that fails shows at the next record.
    }
  }
}

function entry(event: string, fields: AuditFields | HostFields): Entry {
  return { event, fields, at: Date.now(), mono: performance.now(), seq: 0 };
}

function cut(name: string, value: string): string {
  return value.slice(0, name.endsWith('Text') ? MAX_CONTENT : MAX_TEXT);
}

function failure(problem: string): RouterError {
  return new RouterError(
    'ERR_AUDIT',
    `The audit log could not be written (${problem}); free its disk or correct its sinks. With onFailure "continue" calls would go on without it.`,
  );
}
