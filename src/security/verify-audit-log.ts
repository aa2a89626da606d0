import fs from 'node:fs';
import { join } from 'node:path';
import { RouterError } from '../core/errors.js';
import { FIRST_HEAD, MAX_LINE_BYTES, openLine } from './audit-chain.js';
import { auditSegments } from './audit-files.js';
import { type AuditKeys, loadKeys, mac } from './audit-key.js';

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
  /** The key that the log was written with; without it anyone who can write the files can also forge them. */
  readonly key?: Uint8Array | (() => Promise<Uint8Array>) | undefined;
  /** What `AuditLog.checkpoint()` gave, kept elsewhere: finds a log that was cut off at its end. */
  readonly checkpoint?: string | undefined;
}

/**
 * Checks the hash chain of an audit log, record by record, without loading it whole.
 * A cut at the end shows only against a checkpoint.
 * Throws `ERR_AUDIT` where the directory cannot be read, `ERR_INVALID_OPTION` for a key or checkpoint that is none.
 *
 * @example
 * ```ts
 * const { ok, firstBad } = await verifyAuditLog('./audit', { key });
 * if (!ok) console.error(`record ${firstBad?.seq} in ${firstBad?.segment}: ${firstBad?.reason}`);
 * ```
 * @public
 */
export async function verifyAuditLog(directory: string, o: VerifyOptions = {}): Promise<AuditVerification> {
  const keys = o.key === undefined ? null : await loadKeys(o.key);
  const chain = new ChainCheck(keys, o.checkpoint === undefined ? null : parseCheckpoint(o.checkpoint));
  const segments = namesIn(directory);
  for (const segment of segments) {
    chain.begin(segment);
    for await (const line of linesOf(join(directory, segment))) {
      const reason = chain.add(line);
      if (reason !== null) return chain.bad(reason);
    }
  }
  return chain.end();
}

/** The chain as far as it was read. */
class ChainCheck {
  readonly #keys: AuditKeys | null;
  readonly #checkpoint: { seq: number; head: string } | null;
  #segment = '';
  #atStart = false;
  #keyId: unknown;
  #seq = 0;
  #head = FIRST_HEAD;
  #records = 0;
  /** What came before the first segment that is still there, until a record of its removal is found. */
  #missing: { segment: string; seq: number; head: string } | null = null;

  constructor(keys: AuditKeys | null, checkpoint: { seq: number; head: string } | null) {
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
    }
    if (seq !== this.#seq + 1) return `record ${seq} stands in its place: records were removed, inserted or moved`;
    if (prev !== this.#head) return 'the record does not follow the one before it: one of them was replaced';
    if (this.#atStart) {
      if (record['event'] !== 'audit.open') return 'the segment does not begin with its opening record';
      this.#keyId = record['keyId'];
      this.#atStart = false;
    }
    if ((opened.mac !== undefined) !== (this.#keyId !== undefined)) return 'the record has lost its MAC, or got one';
    // Segments under an earlier key are held by the chain of the later ones.
    if (this.#keys && this.#keyId === this.#keys.id && mac(this.#keys.chain, head) !== opened.mac) {
      return 'the MAC was not made with this key: the log was forged';
    }
    if (this.#checkpoint?.seq === seq && this.#checkpoint.head !== head) {
      return 'the record is not the one that the checkpoint names: the log was rewritten';
    }
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
    if (this.#keys && this.#keyId !== this.#keys.id) {
      return this.bad('the newest segment is not sealed with this key', this.#segment, this.#seq);
    }
    return { ok: true, records: this.#records, firstBad: null };
  }
}

function namesIn(directory: string): string[] {
  try {
    return auditSegments(directory);
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'EIO';
    throw new RouterError('ERR_AUDIT', `The audit log in ${directory} cannot be read (${code}).`);
  }
}

/** The lines of a file; `null` for one that is too long or has no end. */
async function* linesOf(path: string): AsyncGenerator<string | null> {
  let rest = '';
  for await (const chunk of fs.createReadStream(path, { encoding: 'latin1', highWaterMark: 65_536 })) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    yield* lines;
    if (rest.length > MAX_LINE_BYTES) yield null;
  }
  if (rest !== '') yield null;
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
