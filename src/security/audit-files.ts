import fs from 'node:fs';
import { join } from 'node:path';
import { RouterError } from '../core/errors.js';
import { FIRST_HEAD, MAX_LINE_BYTES, type OpenedLine, openLine } from './audit-chain.js';
import { lockAuditLog } from './audit-lock.js';

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

const SEGMENT = /^audit-(\d{8})\.jsonl$/;
const MAX_PENDING_LINES = 1_000;
const BATCH_RECORDS = 64;
const BATCH_MS = 50;
const RETRY_MS = 100;

/** Names of the segments in a directory, oldest first. */
export function auditSegments(directory: string): string[] {
  return fs
    .readdirSync(directory)
    .filter((name) => SEGMENT.test(name))
    .sort();
}

/**
 * The files of one audit log: numbered segments in a directory, one writer, lines appended at once.
 * A line that cannot be written waits and is tried again with the next one.
 */
export class AuditFiles {
  readonly #directory: string;
  readonly #durability: AuditDurability;
  readonly #unlock: () => void;
  #fd = -1;
  #number = 0;
  #size = 0;
  #waiting: string[] = [];
  #retryAt = 0;
  #unsynced = 0;
  #syncing = false;
  #gone = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #problem: string | null = null;
  #resume: AuditResume = { seq: 0, head: FIRST_HEAD, torn: 0 };

  /**
   * Takes the directory (made with mode 0700 where it is missing) and finds the end of the log; a torn last line is put aside.
   * Throws `ERR_AUDIT` where the directory is a link, belongs to someone else, is writable for all, is in use, or holds no audit log.
   */
  constructor(directory: string, o: { durability: AuditDurability; keyId: string | undefined }) {
    this.#directory = directory;
    this.#durability = o.durability;
    checkDirectory(directory);
    this.#unlock = lockAuditLog(directory);
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

  /** Code of the last write that failed; `null` once all is written. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Whether no further line can wait. */
  get full(): boolean {
    return this.#waiting.length >= MAX_PENDING_LINES;
  }

  /** Appends a line; it is in the file when this returns, unless there is a `problem`. */
  write(line: string): void {
    this.#waiting.push(`${line}\n`);
    this.retry();
  }

  /** Tries what waits, after a failure not more often than every 100 ms. */
  retry(): void {
    if (this.#problem === null || performance.now() >= this.#retryAt) this.#drain();
  }

  /** Tries what waits, and puts all on the disk. */
  sync(): void {
    this.#checkExists();
    if (this.#waiting.length > 0 || this.#problem !== null) this.#drain();
    if (this.#problem === null) this.#try(() => fs.fdatasyncSync(this.#fd));
    this.#unsynced = 0;
  }

  /** Begins the next segment. */
  next(): void {
    this.sync();
    if (this.#problem !== null) return;
    const before = this.#fd;
    this.#open(this.#number + 1);
    fs.closeSync(before);
  }

  /** The oldest segment, if there are more than `keep`; the chain's record of it has to be written before it is removed. */
  surplus(keep: number): RetiredSegment | null {
    const segments = auditSegments(this.#directory);
    const [oldest, second] = segments;
    if (segments.length <= keep || oldest === undefined || second === undefined) return null;
    const first = this.#firstRecord(second);
    if (!first) return null;
    return { segment: numberOf(oldest), lastSeq: first.seq - 1, head: String(first.record['prev']) };
  }

  /** Removes a whole segment. */
  remove(segment: number): void {
    this.sync();
    if (this.#problem === null) fs.rmSync(join(this.#directory, nameOf(segment)), { force: true });
  }

  close(): void {
    clearTimeout(this.#timer);
    if (this.#fd !== -1) fs.closeSync(this.#fd);
    this.#fd = -1;
    this.#unlock();
  }

  #continue(keyId: string | undefined): void {
    const segments = auditSegments(this.#directory);
    const last = segments.at(-1);
    this.#open(last === undefined ? 1 : numberOf(last));
    if (last === undefined) return;
    const end = lastRecord(this.#fd, this.#size);
    const torn = this.#size - end.offset;
    if (torn > 0) this.#putAside(end.offset, torn);
    const record = end.record ?? this.#endOf(segments.at(-2));
    if (record) this.#resume = { seq: record.seq, head: record.head, torn };
    // All records of a segment are sealed with the same key.
    if (end.record && this.#firstRecord(last)?.record['keyId'] !== keyId) this.next();
  }

  /** Last record of a segment that is complete. */
  #endOf(name: string | undefined): OpenedLine | null {
    if (name === undefined) return null;
    const fd = fs.openSync(join(this.#directory, name), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    try {
      return lastRecord(fd, fs.fstatSync(fd).size).record;
    } finally {
      fs.closeSync(fd);
    }
  }

  #firstRecord(name: string): OpenedLine | null {
    const fd = fs.openSync(join(this.#directory, name), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    try {
      const head = Buffer.alloc(4_096);
      const read = fs.readSync(fd, head, 0, head.length, 0);
      return openLine(head.toString('latin1', 0, read).split('\n', 1)[0] as string);
    } finally {
      fs.closeSync(fd);
    }
  }

  #open(number: number): void {
    const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = fs.constants;
    const path = join(this.#directory, nameOf(number));
    if (fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) throw refusal(`${path} is not a file`);
    const fd = fs.openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    const stat = fs.fstatSync(fd);
    this.#fd = fd;
    this.#number = number;
    this.#size = stat.size;
  }

  #putAside(offset: number, length: number): void {
    const torn = Buffer.alloc(length);
    fs.readSync(this.#fd, torn, 0, length, offset);
    fs.writeFileSync(join(this.#directory, `${nameOf(this.#number)}.${Date.now()}.torn`), torn, { mode: 0o600 });
    fs.ftruncateSync(this.#fd, offset);
    this.#size = offset;
  }

  #drain(): void {
    const text = this.#waiting.join('');
    const written = this.#try(() => {
      if (this.#gone) throw Object.assign(new Error('removed'), { code: 'ENOENT' });
      for (let done = 0; done < text.length; ) done += fs.writeSync(this.#fd, text.slice(done));
      if (this.#durability === 'record') fs.fdatasyncSync(this.#fd);
      this.#size += text.length;
    });
    if (written) {
      this.#problem = null;
      this.#unsynced += this.#waiting.length;
      this.#waiting = [];
      if (this.#durability === 'batch') this.#schedule();
      return;
    }
    this.#retryAt = performance.now() + RETRY_MS;
    // Half a line must not stay: the next try begins with it again.
    try {
      fs.ftruncateSync(this.#fd, this.#size);
    } catch {
      // The problem is noted already.
    }
  }

  #schedule(): void {
    if (this.#unsynced >= BATCH_RECORDS) {
      this.#syncSoon();
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#syncSoon(), BATCH_MS);
      this.#timer.unref();
    }
  }

  #syncSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#syncing || this.#fd === -1) return;
    this.#syncing = true;
    this.#unsynced = 0;
    this.#checkExists();
    const fd = this.#fd;
    fs.fdatasync(fd, (error) => {
      this.#syncing = false;
      // Closed in the meantime, after a sync of its own.
      if (error && this.#fd === fd) this.#problem = error.code ?? 'EIO';
    });
  }

  /** A removed file goes on taking lines, which nobody will ever read. */
  #checkExists(): void {
    this.#gone ||= fs.fstatSync(this.#fd).nlink === 0;
    if (this.#gone) this.#problem = 'ENOENT';
  }

  #try(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#problem = (error as { code?: string }).code ?? 'EIO';
      return false;
    }
  }
}

/** What a directory or file must not be; told from a disk that fails, which the failure policy decides about. */
function refusal(what: string): RouterError {
  return new RouterError('ERR_AUDIT', `The audit log is refused: ${what}.`);
}

function checkDirectory(directory: string): void {
  if (!fs.lstatSync(directory, { throwIfNoEntry: false })) fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stat = fs.lstatSync(directory);
  if (!stat.isDirectory()) throw refusal(`${directory} is not a directory of its own (links are not followed)`);
  // Windows has neither.
  if (process.getuid === undefined) return;
  if (stat.uid !== process.getuid()) throw refusal(`${directory} belongs to another user`);
  if ((stat.mode & 0o002) !== 0) throw refusal(`${directory} can be written by everyone; make it 0700`);
}

/** The last record whose hash holds, and where it ends; what is behind it was torn by a crash. */
function lastRecord(fd: number, size: number): { record: OpenedLine | null; offset: number } {
  const window = Math.min(size, 2 * MAX_LINE_BYTES);
  const tail = Buffer.alloc(window);
  fs.readSync(fd, tail, 0, window, size - window);
  const text = tail.toString('latin1');
  for (let end = text.lastIndexOf('\n'); end !== -1; ) {
    const start = end === 0 ? -1 : text.lastIndexOf('\n', end - 1);
    const record = openLine(text.slice(start + 1, end));
    if (record) return { record, offset: size - window + end + 1 };
    end = start;
  }
  if (window < size) throw refusal('the end of its last segment is damaged; verify it and move the files away');
  return { record: null, offset: 0 };
}

function nameOf(number: number): string {
  return `audit-${String(number).padStart(8, '0')}.jsonl`;
}

function numberOf(name: string): number {
  return Number(SEGMENT.exec(name)?.[1]);
}
