import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import * as v from 'valibot';
import { RouterError } from '../core/errors.js';
import { checkOptions, flag, optional } from '../internal/options.js';
import { newFile } from './new-file.js';

/**
 * How a key file is used.
 * @public
 */
export interface AuditKeyFileOptions {
  /** Makes the file with 32 random bytes and mode 0600 where there is none. @defaultValue false */
  readonly create?: boolean | undefined;
}

const keyFileSchema = /* @__PURE__ */ v.strictObject({ create: optional(flag()) });

/**
 * The audit key in a file, as `audit.key` and `verifyAuditLog` take it: its bytes as they are, at least 32, newlines too.
 * Nothing is read before the log is opened. Then it rejects with `ERR_AUDIT` for a file that is missing, or that anyone but its owner
 * may read or write (beyond 0600); Windows is not asked about that. Keep the file outside the log's directory, and a copy of it:
 * without the key nobody can check the log. For another key name another file and restart: a new segment begins,
 * and `verifyAuditLog` takes both.
 *
 * @example
 * ```ts
 * const key = auditKeyFile('/etc/llm-router/audit.key', { create: true });
 * const router = new LocalLLMRouter({ security: { audit: { directory: '/var/log/llm-router', key } } });
 * ```
 * @public
 */
export function auditKeyFile(path: string, o: AuditKeyFileOptions = {}): () => Promise<Uint8Array> {
  checkOptions(keyFileSchema, o, 'auditKeyFile');
  return async () => {
    try {
      if (o.create === true && !fs.existsSync(path)) newFile(path, randomBytes(32), true);
      return readKey(path);
    } catch (error) {
      if (RouterError.is(error)) throw error;
      throw refusal(path, `cannot be read (${(error as { code?: string }).code ?? 'EIO'})`);
    }
  };
}

function readKey(path: string): Uint8Array {
  // A pipe would wait for its writer.
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw refusal(path, 'is not a file');
    if (process.getuid !== undefined) {
      if ((stat.mode & 0o077) !== 0) throw refusal(path, 'can be read or written by others; make it 0600');
      if (stat.uid !== process.getuid() && stat.uid !== 0) throw refusal(path, 'belongs to another user');
    }
    if (stat.size < 32 || stat.size > 65_536) throw refusal(path, `has ${stat.size} bytes; it takes 32 random ones`);
    return new Uint8Array(fs.readFileSync(fd));
  } finally {
    fs.closeSync(fd);
  }
}

function refusal(path: string, what: string): RouterError {
  return new RouterError('ERR_AUDIT', `The audit key file ${path} ${what}.`);
}
