import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RouterError } from '../core/errors.js';
import { asObject, parseJson } from '../internal/json.js';
import { printable } from '../internal/redact.js';
import { newFile } from './new-file.js';

/** What keeps other writers away from a log. */
export interface AuditLock {
  /** `false` once another writer has it, which was told that this one is gone. */
  isMine(): boolean;
  release(): void;
}

/** Stands in the directory while a writer has it. */
export const LOCK_NAME = 'audit.lock';
const STALE_STEAL_MS = 10_000;

/**
 * Takes the log for this process: two writers would fork its chain. A lock whose process is gone is taken over.
 * Throws `ERR_AUDIT` where another writer holds it.
 */
export function lockAuditLog(directory: string): AuditLock {
  const path = join(directory, LOCK_NAME);
  const mine = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    start: startOf(process.pid),
    id: randomBytes(8).toString('hex'),
  });
  if (!newFile(path, mine) && !steal(path, mine)) {
    const { pid, host } = asObject(parseJson(read(path) ?? '')) ?? {};
    throw new RouterError(
      'ERR_AUDIT',
      `The audit log in ${directory} is in use by another writer (process ${printable(pid, 20)} on ${printable(host, 60)}); ` +
        `give each process its own directory, or remove ${LOCK_NAME} in it if that process is gone for good.`,
    );
  }
  return {
    isMine: () => {
      const text = read(path);
      if (text !== null) return text === mine;
      // Tidied away: whoever takes it first has it, which the next look tells.
      attempt(() => newFile(path, mine));
      return true;
    },
    release: () => {
      if (read(path) === mine) attempt(() => fs.rmSync(path, { force: true }));
    },
  };
}

/** Two processes may find the same dead lock; only the one that holds `.steal` may replace it. */
function steal(path: string, mine: string): boolean {
  const guard = `${path}.steal`;
  if (isAlive(read(path))) return false;
  if (!newFile(guard, mine)) {
    const age = Date.now() - (fs.statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (Math.abs(age) > STALE_STEAL_MS) fs.rmSync(guard, { force: true });
    return false;
  }
  try {
    if (isAlive(read(path))) return false;
    fs.rmSync(path, { force: true });
    return newFile(path, mine);
  } finally {
    fs.rmSync(guard, { force: true });
  }
}

/** Whether the writer of a lock still runs. */
function isAlive(text: string | null): boolean {
  const { pid, host, start } = asObject(parseJson(text ?? '')) ?? {};
  // Half a lock is what a power failure leaves; a process on another machine cannot be asked.
  if (typeof pid !== 'number') return false;
  if (host !== hostname()) return true;
  const now = startOf(pid);
  if (typeof start === 'string' && now !== null) return start === now;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}

function read(path: string): string | null {
  return attempt(() => fs.readFileSync(path, 'utf8'));
}

/**
 * When a process began, in ticks since the machine did (proc(5), field 22): the pid alone is given again, after a while
 * or in a restarted container. `null` where the system does not say.
 */
function startOf(pid: number): string | null {
  const stat = attempt(() => fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A process that ended and that nobody asked for its exit code writes no more.
  return fields[0] === 'Z' ? 'ended' : (fields[19] ?? null);
}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
