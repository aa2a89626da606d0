import fs from 'node:fs';
import { join } from 'node:path';
import { RouterError } from '../core/errors.js';
import { MAX_LINE_BYTES, type OpenedLine, openLine } from './audit-chain.js';

const SEGMENT = /^audit-(\d{8})\.jsonl$/;

/** Names of the segments in a directory, oldest first. */
export function auditSegments(directory: string): string[] {
  return fs
    .readdirSync(directory)
    .filter((name) => SEGMENT.test(name))
    .sort();
}

/** File name of a segment. */
export function segmentName(number: number): string {
  return `audit-${String(number).padStart(8, '0')}.jsonl`;
}

/** Number of a segment, from its file name. */
export function segmentNumber(name: string): number {
  return Number(SEGMENT.exec(name)?.[1]);
}

/** Opens a segment, which is a file and nothing else: a link leads elsewhere, a pipe would wait for ever. Throws `ERR_AUDIT` then. */
export function openSegment(path: string, flags: number): number {
  const { O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const refused = refusal(`${path} is not a file of its own`);
  if (fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) throw refused;
  // What happens in between is caught by the flags, where the system has them.
  const fd = fs.openSync(path, flags | O_NOFOLLOW | O_NONBLOCK, 0o600);
  const stat = fs.fstatSync(fd);
  if (stat.isFile() && stat.nlink <= 1) return fd;
  fs.closeSync(fd);
  throw refused;
}

/** Makes the directory where it is missing, private. Throws `ERR_AUDIT` for one that is a link, somebody else's or open to everyone. */
export function checkDirectory(directory: string): void {
  if (!fs.lstatSync(directory, { throwIfNoEntry: false })) fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stat = fs.lstatSync(directory);
  if (!stat.isDirectory()) throw refusal(`${directory} is not a directory of its own (links are not followed)`);
  // Windows has neither.
  if (process.getuid === undefined) return;
  if (stat.uid !== process.getuid()) throw refusal(`${directory} belongs to another user`);
  if ((stat.mode & 0o002) !== 0) throw refusal(`${directory} can be written by everyone; make it 0700`);
}

/** The record that a segment begins with. */
export function firstRecord(directory: string, name: string): OpenedLine | null {
  const fd = openSegment(join(directory, name), fs.constants.O_RDONLY);
  try {
    const start = Buffer.alloc(4_096);
    const read = fs.readSync(fd, start, 0, start.length, 0);
    return openLine(start.toString('latin1', 0, read).split('\n', 1)[0] as string);
  } finally {
    fs.closeSync(fd);
  }
}

/** The last record whose hash holds, and where it ends; what is behind it was torn by a crash. */
export function lastRecord(fd: number, size: number): { record: OpenedLine | null; offset: number } {
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

/** What a directory or file must not be; told from a disk that fails, which the failure policy decides about. */
function refusal(what: string): RouterError {
  return new RouterError('ERR_AUDIT', `The audit log is refused: ${what}.`);
}
