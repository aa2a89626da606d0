import { createHmac, createSecretKey, hash, hkdfSync } from 'node:crypto';
import { systemClock } from '../core/clock.js';
import { RouterError } from '../core/errors.js';
import { raceAbort, withDeadline } from '../internal/deadline.js';

/** The sub-keys of one deployment key; one for each purpose, so that no value can stand for another. */
export interface AuditKeys {
  /** Names the key without giving it away. */
  readonly id: string;
  /** The MAC of a record's hash. */
  readonly seal: (head: string) => string;
  /** HMAC-SHA-256 of a text as hex: equal texts give equal values, and without the key nobody can test guesses. */
  readonly query: (text: string) => string;
  readonly response: (text: string) => string;
  readonly session: (text: string) => string;
}

/** Where the deployment key comes from: its bytes, or a function that fetches them. */
export type AuditKeySource = Uint8Array | (() => Promise<Uint8Array>);

const MIN_KEY_BYTES = 32;
const KEY_TIMEOUT_MS = 10_000;

/** Derives the sub-keys. Throws `ERR_INVALID_OPTION` for a key of less than 32 bytes. */
export function deriveKeys(key: Uint8Array): AuditKeys {
  if (!(key instanceof Uint8Array) || key.byteLength < MIN_KEY_BYTES) throw noKey();
  const bytes = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', key, new Uint8Array(), `local-llm-router audit ${purpose}`, 32));
  const derive = (purpose: string): ((text: string) => string) => {
    const secret = createSecretKey(bytes(purpose));
    return (text) => createHmac('sha256', secret).update(text).digest('hex');
  };
  return {
    id: Buffer.from(bytes('id').subarray(0, 8)).toString('hex'),
    seal: headMac(bytes('chain')),
    query: derive('query'),
    response: derive('response'),
    session: derive('session'),
  };
}

/** Loads and derives; a source that fails, or takes more than 10 s, is `ERR_AUDIT`. */
export async function loadKeys(source: AuditKeySource): Promise<AuditKeys> {
  return deriveKeys(source instanceof Uint8Array ? source : await asked(source));
}

/** The same for all keys that a log was written with over time. */
export async function loadKeyList(
  source: Uint8Array | readonly Uint8Array[] | (() => Promise<Uint8Array | readonly Uint8Array[]>),
): Promise<AuditKeys[]> {
  const keys = typeof source === 'function' ? await asked(source) : source;
  const list = keys instanceof Uint8Array ? [keys] : keys;
  if (!Array.isArray(list) || list.length === 0) throw noKey();
  return list.map(deriveKeys);
}

async function asked<T>(source: () => Promise<T>): Promise<T> {
  try {
    const o = { clock: systemClock, ms: KEY_TIMEOUT_MS, signal: undefined, what: 'The key' };
    return await withDeadline(o, async (signal) => raceAbort(signal, Promise.resolve(source())));
  } catch (error) {
    // What a host's own function says may hold the key.
    if (RouterError.is(error) && error.code === 'ERR_AUDIT') throw error;
    throw new RouterError('ERR_AUDIT', 'The function that gives the audit key failed, or took more than 10 s.');
  }
}

function noKey(): RouterError {
  return new RouterError(
    'ERR_INVALID_OPTION',
    `audit: key: use at least ${MIN_KEY_BYTES} random bytes (crypto.randomBytes(32)), kept outside the log's directory.`,
  );
}

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

/** The same (RFC 2104) for the 64 hex digits of a hash, made of two hashes in memory of its own: a sixth of the time, for every record. */
function headMac(key: Uint8Array): (head: string) => string {
  const inner = Buffer.alloc(BLOCK_BYTES + 2 * HASH_BYTES, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES, 0x5c);
  for (let i = 0; i < key.length; i++) {
    inner[i] = 0x36 ^ (key[i] as number);
    outer[i] = 0x5c ^ (key[i] as number);
  }
  return (head) => {
    inner.write(head, BLOCK_BYTES, 'latin1');
    hash('sha256', inner, 'buffer').copy(outer, BLOCK_BYTES);
    return hash('sha256', outer, 'hex');
  };
}
