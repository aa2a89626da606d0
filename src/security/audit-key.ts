import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { RouterError } from '../core/errors.js';

/** The sub-keys of one deployment key; one for each purpose, so that no value can stand for another. */
export interface AuditKeys {
  /** Names the key without giving it away. */
  readonly id: string;
  readonly chain: KeyObject;
  readonly query: KeyObject;
  readonly response: KeyObject;
  readonly session: KeyObject;
}

/** Where the deployment key comes from: its bytes, or a function that fetches them. */
export type AuditKeySource = Uint8Array | (() => Promise<Uint8Array>);

const MIN_KEY_BYTES = 32;

/** Derives the sub-keys. Throws `ERR_INVALID_OPTION` for a key of less than 32 bytes. */
export function deriveKeys(key: Uint8Array): AuditKeys {
  if (!(key instanceof Uint8Array) || key.byteLength < MIN_KEY_BYTES) {
    throw new RouterError(
      'ERR_INVALID_OPTION',
      `audit: key: use at least ${MIN_KEY_BYTES} random bytes (crypto.randomBytes(32)), kept outside the log's directory.`,
    );
  }
  const bytes = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', key, new Uint8Array(), `local-llm-router audit ${purpose}`, 32));
  const derive = (purpose: string): KeyObject => createSecretKey(bytes(purpose));
  return {
    id: Buffer.from(bytes('id').subarray(0, 8)).toString('hex'),
    chain: derive('chain'),
    query: derive('query'),
    response: derive('response'),
    session: derive('session'),
  };
}

/** Loads and derives; a source that fails is `ERR_AUDIT`. */
export async function loadKeys(source: AuditKeySource): Promise<AuditKeys> {
  if (source instanceof Uint8Array) return deriveKeys(source);
  let key: Uint8Array;
  try {
    key = await source();
  } catch {
    throw new RouterError('ERR_AUDIT', 'The function that gives the audit key failed.');
  }
  return deriveKeys(key);
}

/** HMAC-SHA-256 as hex: equal texts give equal values, and without the key nobody can test guesses. */
export function mac(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}
