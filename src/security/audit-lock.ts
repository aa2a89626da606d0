import fs from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RouterError } from '../core/errors.js';
import { asObject, parseJson } from '../internal/json.js';

const NAME = 'audit.lock';
const STALE_STEAL_MS = 10_000;

/**
 * Takes the log for this process: two writers would fork its chain. A lock whose process is gone is taken over.
 * Throws `ERR_AUDIT` where another writer holds it; returns the release.
 */
export function lockAuditLog(directory: string): () => void {
  const path = join(directory, NAME);
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), started: processStart() });
  if (!create(path, mine) && !steal(path, mine)) {
    throw new RouterError(
      'ERR_AUDIT',
      `The audit log in ${directory} is in use by another writer; give each process its own directory, ` +
        `or remove ${NAME} in it if that process is gone for good.`,
    );
  }
  return () => {
    if (read(path) === mine) fs.rmSync(path, { force: true });
  };
}

function create(path: string, text: string): boolean {
  try {
    fs.writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') return false;
    throw error;
  }
}

/** Two processes may find the same dead lock; only the one that holds `.steal` may replace it. */
function steal(path: string, mine: string): boolean {
  const guard = `${path}.steal`;
  if (isHeld(read(path))) return false;
  if (!create(guard, mine)) {
    const age = Date.now() - (fs.statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > STALE_STEAL_MS) fs.rmSync(guard, { force: true });
    return false;
  }
  try {
    if (isHeld(read(path))) return false;
    fs.rmSync(path, { force: true });
    return create(path, mine);
  } finally {
    fs.rmSync(guard, { force: true });
  }
}

function isHeld(text: string | null): boolean {
  if (text === null) return false;
  const { pid, host, started } = asObject(parseJson(text)) ?? {};
  // Half a lock is what a crash leaves; a process on another machine cannot be asked.
  if (typeof pid !== 'number') return false;
  if (host !== hostname()) return true;
  // A restarted container has the same pid again.
  if (pid === process.pid) return Math.abs(Number(started) - processStart()) < 2_000;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}

function read(path: string): string | null {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function processStart(): number {
  return Math.round(Date.now() - process.uptime() * 1000);
}
