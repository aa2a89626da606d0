import fs from 'node:fs';
import { join } from 'node:path';
import { RouterError } from '../core/errors.js';
import { FIRST_HEAD, MAX_LINE_BYTES, openLine } from './audit-chain.js';
import { type AuditKeys, loadKeyList } from './audit-key.js';
import { LOCK_NAME } from './audit-lock.js';
import { auditSegments, openSegment, segmentNumber } from './audit-segments.js';

/**
 * What a check of an audit log found.
 * @public
 */
export interface AuditVerification {
  /** Whether every record stands as it was written, in order, with none missing. */
  readonly ok: boolean;
  /** Records that were read and found good. */
  readonly records: number;
  /** The first that is not; `null` if all are good. */
  readonly firstBad: AuditFault | null;
}

/**
 * Where an audit log is not as it was written.
 * @public
 */
export interface AuditFault {
  /** File name of the segment. */
  readonly segment: string;
  /** Number of the record that should stand there. */
  readonly seq: number;
  /** What is wrong. */
  readonly reason: string;
}

/**
 * How an audit log is checked.
 * @public
 */
export interface VerifyOptions {
  /**
   * The key that the log was written with, or all of them where it changed over time, or a function that fetches them, such as
   * `auditKeyFile(path)`. Without a key anyone who can write the files can also forge them. The newest segment must be sealed with a key
   * that is given; older segments under a key that is not are held by the chain of the newer ones.
   */
  readonly key?: Uint8Array | readonly Uint8Array[] | (() => Promise<Uint8Array | readonly Uint8Array[]>) | undefined;
  /**
   * What `AuditLog.checkpoint()` or `onCheckpoint` gave, or a line that a sink got, kept elsewhere: finds a log that was cut off at its
   * end, began anew or was rewritten. One of a record that was retired since proves nothing.
   */
  readonly checkpoint?: string | undefined;
}

/**
 * Checks the hash chain of an audit log, record by record, without loading it whole; a log that is being written can be checked too.
 * It finds records that were edited, inserted, removed, repeated, moved or taken from another log. It does not find a cut at the end
 * without a checkpoint, a forgery by someone who has the key, nor what was never recorded.
 * Throws `ERR_AUDIT` where the directory, a segment or the key cannot be read, `ERR_INVALID_OPTION` for a key or checkpoint that is none.
 *
 * @example
 * ```ts
 * const { ok, firstBad } = await verifyAuditLog('./audit', { key });
 * if (!ok) console.error(`record ${firstBad?.seq} in ${firstBad?.segment}: ${firstBad?.reason}`);
 * ```
 * @public
 */
export async function verifyAuditLog(directory: string, o: VerifyOptions = {}): Promise<AuditVerification> {
  const keys = o.key === undefined ? null : await loadKeyList(o.key);
  const chain = new ChainCheck(keys, o.checkpoint === undefined ? null : parseCheckpoint(o.checkpoint));
  try {
    for (const segment of auditSegments(directory)) {
      chain.begin(segment);
      for await (const line of linesOf(directory, segment)) {
        const reason = chain.add(line);
        if (reason !== null) return chain.bad(reason);
      }
    }
  } catch (error) {
    if (RouterError.is(error)) throw error;
    const code = (error as { code?: string }).code ?? 'EIO';
    throw new RouterError('ERR_AUDIT', `The audit log in ${directory} cannot be read (${code}).`);
  }
  return chain.end();
}

/** The chain as far as it was read. */
class ChainCheck {
  readonly #keys: readonly AuditKeys[] | null;
  readonly #checkpoint: { seq: number; head: string } | null;
  #segment = '';
  #atStart = false;
  /** What the segment says that it is sealed with, and that key if it was given. */
  #keyId: unknown;
  #key: AuditKeys | undefined;
  #seq = 0;
  #head = FIRST_HEAD;
  #records = 0;
  /** What came before the first segment that is still there, until a record of its removal is found. */
  #missing: { segment: string; seq: number; head: string } | null = null;

  constructor(keys: readonly AuditKeys[] | null, checkpoint: { seq: number; head: string } | null) {
    this.#keys = keys;
    this.#checkpoint = checkpoint;
  }

  begin(segment: string): void {
    this.#segment = segment;
    this.#atStart = true;
  }

  /** Takes the next line; the reason if it does not belong there. */
  add(line: string | null): string | null {
    const opened = line === null ? null : openLine(line);
    if (!opened) return 'the record was changed or torn: its text does not have its hash';
    const { record, seq, head } = opened;
    const prev = String(record['prev']);
    // Older segments may have been retired; the record of that comes later.
    if (this.#records === 0 && seq !== 1 && record['event'] === 'audit.open') {
      this.#missing = { segment: this.#segment, seq: seq - 1, head: prev };
      this.#seq = seq - 1;
      this.#head = prev;
      if (this.#isRewritten(seq - 1, prev)) return REWRITTEN;
    }
    if (seq !== this.#seq + 1) return `record ${seq} stands in its place: records were removed, inserted or moved`;
    if (prev !== this.#head) return 'the record does not follow the one before it: one of them was replaced';
    if (this.#atStart) {
      if (record['event'] !== 'audit.open') return 'the segment does not begin with its opening record';
      if (record['segment'] !== segmentNumber(this.#segment)) return 'the file has the name of another segment';
      this.#keyId = record['keyId'];
      this.#key = this.#keys?.find(({ id }) => id === this.#keyId);
      this.#atStart = false;
    }
    if ((opened.mac !== undefined) !== (this.#keyId !== undefined)) return 'the record has lost its MAC, or got one';
    // Segments under a key that is not at hand are held by the chain of the later ones.
    if (this.#key && this.#key.seal(head) !== opened.mac) {
      return 'the MAC was not made with this key: the log was forged';
    }
    if (this.#isRewritten(seq, head)) return REWRITTEN;
    if (this.#missing && record['event'] === 'audit.retired') {
      const { lastSeq, head: retired } = record;
      if (lastSeq === this.#missing.seq && retired === this.#missing.head) this.#missing = null;
    }
    this.#seq = seq;
    this.#head = head;
    this.#records += 1;
    return null;
  }

  bad(reason: string, segment = this.#segment, seq = this.#seq + 1): AuditVerification {
    return { ok: false, records: this.#records, firstBad: { segment, seq, reason } };
  }

  end(): AuditVerification {
    if (this.#records === 0) return this.bad('there are no records');
    if (this.#missing) {
      return this.bad(
        `records up to ${this.#missing.seq} are missing, and no record says that they were retired`,
        this.#missing.segment,
        1,
      );
    }
    if (this.#checkpoint && this.#checkpoint.seq > this.#seq) {
      return this.bad(`the log was cut off: the checkpoint names record ${this.#checkpoint.seq}`);
    }
    if (this.#keys && !this.#key) {
      return this.bad('the newest segment is not sealed with this key', this.#segment, this.#seq);
    }
    return { ok: true, records: this.#records, firstBad: null };
  }

  #isRewritten(seq: number, head: string): boolean {
    return this.#checkpoint?.seq === seq && this.#checkpoint.head !== head;
  }
}

const REWRITTEN = 'the record is not the one that the checkpoint names: the log was rewritten';
const UNFINISHED_MS = 20;

/** The lines of a file; `null` for one that is too long or has no end. */
async function* linesOf(directory: string, segment: string): AsyncGenerator<string | null> {
  const fd = openSegment(join(directory, segment), fs.constants.O_RDONLY);
  try {
    const chunk = Buffer.alloc(65_536);
    let rest = '';
    for (let patience = 3; ; ) {
      const bytes = await read(fd, chunk);
      if (bytes === 0) {
        // A writer may be in the middle of a line.
        if (rest === '' || patience === 0 || !fs.existsSync(join(directory, LOCK_NAME))) break;
        patience -= 1;
        await new Promise((resolve) => setTimeout(resolve, UNFINISHED_MS));
        continue;
      }
      const lines = (rest + chunk.toString('latin1', 0, bytes)).split('\n');
      rest = lines.pop() as string;
      yield* lines;
      if (rest.length > MAX_LINE_BYTES) yield null;
    }
    if (rest !== '') yield null;
  } finally {
    fs.closeSync(fd);
  }
}

function read(fd: number, chunk: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, chunk, 0, chunk.length, null, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}

function parseCheckpoint(text: string): { seq: number; head: string } {
  const [, seq, head] = /^(\d{1,15}) ([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  // A line of the log, as a sink has it, is a checkpoint too.
  const line = head === undefined ? openLine(text.trim()) : null;
  if (line) return { seq: line.seq, head: line.head };
  if (seq === undefined || head === undefined) {
    throw new RouterError(
      'ERR_INVALID_OPTION',
      'checkpoint: use what AuditLog.checkpoint() gave, or a line of the log.',
    );
  }
  return { seq: Number(seq), head };
}
