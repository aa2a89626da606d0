import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { FIRST_HEAD } from './audit-chain.js';
import { type AuditLock, lockAuditLog } from './audit-lock.js';
import {
  auditSegments,
  checkDirectory,
  firstRecord,
  lastRecord,
  openSegment,
  segmentName,
  segmentNumber,
} from './audit-segments.js';

/** When a record is safe from a power failure; a crash of the process alone loses none. */
export type AuditDurability = 'none' | 'batch' | 'record';

/** Where a log that is opened goes on. */
export interface AuditResume {
  readonly seq: number;
  readonly head: string;
  /** Bytes of a torn record that were put aside. */
  readonly torn: number;
}

/** A segment that was removed: the chain behind it goes on from here. */
export interface RetiredSegment {
  readonly segment: number;
  readonly lastSeq: number;
  readonly head: string;
}

/** A thousand records, and the one that tells of the failure. */
const MAX_WAITING_LINES = 1_001;
const MAX_WAITING_BYTES = 16_777_216;
const BATCH_RECORDS = 64;
const BATCH_MS = 50;
const RETRY_MS = 100;

/**
 * The files of one audit log: numbered segments in a directory, one writer, lines appended at once.
 * A line that cannot be written waits and is tried again with the next one.
 */
export class AuditFiles {
  readonly #directory: string;
  readonly #durability: AuditDurability;
  readonly #isCareful: boolean;
  readonly #lock: AuditLock;
  #fd = -1;
  /** The next segment, between its making and its first record. */
  #next = -1;
  #number = 0;
  #size = 0;
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** Whether half a line may stand at the end of the file. */
  #isTorn = false;
  #retryAt = 0;
  #unsynced = 0;
  #syncing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #problem: string | null = null;
  #lost: string | null = null;
  #resume: AuditResume = { seq: 0, head: FIRST_HEAD, torn: 0 };

  /**
   * Takes the directory (made with mode 0700 where it is missing) and finds the end of the log; a torn last line is put aside.
   * Throws `ERR_AUDIT` where the directory is a link, belongs to someone else, is writable for all, is in use, or holds no audit log.
   * A file that was removed is noticed at the next sync; where `isCareful`, at the next line.
   */
  constructor(directory: string, o: { durability: AuditDurability; isCareful: boolean; keyId: string | undefined }) {
    this.#directory = directory;
    this.#durability = o.durability;
    this.#isCareful = o.isCareful;
    checkDirectory(directory);
    this.#lock = lockAuditLog(directory);
    try {
      this.#continue(o.keyId);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Number of the segment that is written to. */
  get segment(): number {
    return this.#number;
  }

  get size(): number {
    return this.#size;
  }

  get resume(): AuditResume {
    return this.#resume;
  }

  /** Code of what failed last; `null` once all is written. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Whether the files were removed, or taken over by another writer: nothing will ever be written again. */
  get isLost(): boolean {
    return this.#lost !== null;
  }

  /** How many lines wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether no further line can wait. */
  get full(): boolean {
    return this.#waiting.length >= MAX_WAITING_LINES || this.#waitingBytes >= MAX_WAITING_BYTES;
  }

  /** Appends a line; it is in the file when this returns, unless there is a `problem`. */
  write(line: string): void {
    this.#waiting.push(`${line}\n`);
    this.#waitingBytes += line.length + 1;
    this.retry();
  }

  /** Tries what waits, after a failure not more often than every 100 ms. */
  retry(): void {
    if (this.#problem === null || performance.now() >= this.#retryAt) this.#drain();
  }

  /** Tries what waits, and puts all on the disk. */
  sync(): void {
    if (!this.#try(() => this.#checkLock())) return;
    if (this.#waiting.length > 0 || this.#problem !== null) this.#drain();
    if (this.#problem === null) this.#try(() => fs.fdatasyncSync(this.#fd));
    this.#unsynced = 0;
  }

  /** Puts what is written on the disk meanwhile; whether it is there. */
  synced(): Promise<boolean> {
    const fd = this.#fd;
    // A segment that was closed in the meantime was synced before.
    return new Promise((resolve) => fs.fdatasync(fd, (error) => resolve(!error || this.#fd !== fd)));
  }

  /** Makes the file of the next segment; `false` where that fails now, and the log goes on in this one. */
  prepareNext(): boolean {
    if (this.#problem !== null) return false;
    try {
      this.#openNext();
      return true;
    } catch {
      return false;
    }
  }

  /** Begins the segment that was prepared; `false` where this one cannot be brought to its end. */
  next(): boolean {
    this.sync();
    if (this.#problem !== null) return false;
    fs.closeSync(this.#fd);
    this.#fd = this.#next;
    this.#next = -1;
    this.#number += 1;
    this.#size = 0;
    return true;
  }

  /** The oldest segment, if there are more than `keep`; the chain's record of it has to be written before it is removed. */
  surplus(keep: number): RetiredSegment | null {
    const segments = auditSegments(this.#directory);
    const [oldest, second] = segments;
    if (segments.length <= keep || oldest === undefined || second === undefined) return null;
    const first = firstRecord(this.#directory, second);
    if (!first) return null;
    return { segment: segmentNumber(oldest), lastSeq: first.seq - 1, head: String(first.record['prev']) };
  }

  /** Removes a whole segment, and what was put aside of it. */
  remove(segment: number): void {
    this.sync();
    if (this.#problem !== null) return;
    const name = segmentName(segment);
    for (const file of fs.readdirSync(this.#directory)) {
      if (file === name || file.startsWith(`${name}.`)) fs.rmSync(join(this.#directory, file), { force: true });
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    if (this.#fd !== -1) fs.closeSync(this.#fd);
    this.#fd = -1;
    if (this.#next !== -1) {
      fs.closeSync(this.#next);
      fs.rmSync(this.#path(this.#number + 1), { force: true });
    }
    this.#lock.release();
  }

  #path(number: number): string {
    return join(this.#directory, segmentName(number));
  }

  /** Finds the last record of the log; what a crash tore is put aside, and a segment without a record is removed. */
  #continue(keyId: string | undefined): void {
    const segments = auditSegments(this.#directory);
    let torn = 0;
    for (;;) {
      const name = segments.pop();
      this.#number = name === undefined ? 1 : segmentNumber(name);
      const { O_RDWR, O_APPEND, O_CREAT } = fs.constants;
      this.#fd = openSegment(this.#path(this.#number), O_RDWR | O_APPEND | O_CREAT);
      this.#size = fs.fstatSync(this.#fd).size;
      const { record, offset } = lastRecord(this.#fd, this.#size);
      torn += this.#size - offset;
      if (this.#size > offset) this.#putAside(offset);
      this.#resume = { seq: record?.seq ?? 0, head: record?.head ?? FIRST_HEAD, torn };
      if (record) {
        // All records of a segment are sealed with the same key.
        if (name !== undefined && firstRecord(this.#directory, name)?.record['keyId'] !== keyId) this.#begin();
        break;
      }
      if (segments.length === 0) break;
      fs.closeSync(this.#fd);
      this.#fd = -1;
      fs.rmSync(this.#path(this.#number));
    }
    this.#syncDirectory();
  }

  #begin(): void {
    this.#openNext();
    if (!this.next()) throw Object.assign(new Error('next segment'), { code: this.#problem });
  }

  #openNext(): void {
    if (this.#next !== -1) return;
    const { O_RDWR, O_APPEND, O_CREAT, O_EXCL } = fs.constants;
    this.#next = openSegment(this.#path(this.#number + 1), O_RDWR | O_APPEND | O_CREAT | O_EXCL);
    this.#syncDirectory();
  }

  /** A new file survives a power failure only with its name. */
  #syncDirectory(): void {
    if (this.#durability === 'none') return;
    try {
      const fd = fs.openSync(this.#directory, fs.constants.O_RDONLY);
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
    } catch {
      // Windows and some network file systems cannot.
    }
  }

  #putAside(offset: number): void {
    const torn = Buffer.alloc(this.#size - offset);
    fs.readSync(this.#fd, torn, 0, torn.length, offset);
    const path = `${this.#path(this.#number)}.${randomBytes(4).toString('hex')}.torn`;
    fs.writeFileSync(path, torn, { flag: 'wx', mode: 0o600, flush: this.#durability !== 'none' });
    fs.ftruncateSync(this.#fd, offset);
    this.#size = offset;
  }

  #drain(): void {
    const text = this.#waiting.join('');
    const written = this.#try(() => {
      if (this.#isCareful || this.#lost !== null) this.#checkFile();
      if (this.#isTorn) fs.ftruncateSync(this.#fd, this.#size);
      this.#isTorn = true;
      for (let done = 0; done < text.length; ) done += fs.writeSync(this.#fd, text.slice(done));
      // After a failed sync only another one tells whether the disk works again.
      if (this.#durability === 'record' || this.#problem !== null) fs.fdatasyncSync(this.#fd);
      this.#isTorn = false;
      this.#size += text.length;
    });
    if (written) {
      this.#problem = null;
      this.#unsynced += this.#waiting.length;
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#schedule();
    } else if (this.#isTorn) {
      // Half a line must not stay: the next try begins with it again.
      try {
        fs.ftruncateSync(this.#fd, this.#size);
        this.#isTorn = false;
      } catch {
        // The problem is noted already.
      }
    }
  }

  #schedule(): void {
    if (this.#unsynced >= BATCH_RECORDS) {
      this.#syncSoon();
    } else if (this.#timer === undefined && this.#durability === 'batch') {
      this.#timer = setTimeout(() => this.#syncSoon(), BATCH_MS);
      this.#timer.unref();
    }
  }

  #syncSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#syncing || this.#fd === -1) return;
    this.#unsynced = 0;
    if (!this.#try(() => this.#checkLock()) || this.#durability !== 'batch') return;
    this.#syncing = true;
    const fd = this.#fd;
    fs.fdatasync(fd, (error) => {
      this.#syncing = false;
      // Closed in the meantime, after a sync of its own.
      if (error && this.#fd === fd) this.#failed(error);
    });
  }

  #checkLock(): void {
    this.#checkFile();
    if (!this.#lock.isMine()) this.#lose('EBUSY');
  }

  /** A removed file goes on taking lines, which nobody will ever read. */
  #checkFile(): void {
    if (this.#lost !== null || fs.fstatSync(this.#fd).nlink === 0) this.#lose('ENOENT');
  }

  #lose(code: string): never {
    this.#lost ??= code;
    throw Object.assign(new Error('lost'), { code: this.#lost });
  }

  #try(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#failed(error as { code?: string });
      return false;
    }
  }

  #failed({ code }: { code?: string | undefined }): void {
    this.#problem = code ?? 'EIO';
    this.#retryAt = performance.now() + RETRY_MS;
  }
}
