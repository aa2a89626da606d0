import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { verifyAuditLog } from '../index.js';
import { printable } from '../internal/redact.js';
import { type Command, UsageError } from './command.js';

/** `audit verify`: whether the records stand as they were written. */
export const auditVerify: Command = {
  name: 'audit verify',
  usage: 'audit verify <directory> [--json] [--key-file <file>]... [--checkpoint <text> | --checkpoint-file <file>]',
  summary:
    'checks the hash chain of an audit log; several key files where the key changed, the last line of a checkpoint file; 1: it is broken, 2: it cannot be read',
  run: async (args, terminal) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        'key-file': { type: 'string', multiple: true },
        checkpoint: { type: 'string' },
        'checkpoint-file': { type: 'string' },
      },
    });
    const [directory, ...more] = positionals;
    if (directory === undefined || more.length > 0) throw new UsageError('Name one directory.');
    const [keyFiles, checkpointFile] = [values['key-file'], values['checkpoint-file']];
    if (values.checkpoint !== undefined && checkpointFile !== undefined) throw new UsageError('Give one checkpoint.');
    const key = keyFiles && (await Promise.all(keyFiles.map((file) => bytesIn(file, 'key'))));
    const checkpoint = checkpointFile === undefined ? values.checkpoint : await lastLineOf(checkpointFile);
    const result = await verifyAuditLog(directory, { key, checkpoint });
    const { ok, records, firstBad } = result;
    const fault = firstBad && `record ${firstBad.seq} in ${firstBad.segment}: ${printable(firstBad.reason)}`;
    const good = `the chain verifies${key === undefined ? '; without a key that shows accidents, not forgery' : ''}`;
    const verdict = ok ? good : `THE CHAIN IS BROKEN at ${fault}`;
    terminal.out(values.json ? `${JSON.stringify(result, null, 2)}\n` : `${records} records, ${verdict}\n`);
    return ok ? 0 : 1;
  },
};

async function bytesIn(file: string, what: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw new UsageError(`The ${what} file cannot be read (${printable(code, 40)}): ${printable(file)}`);
  }
}

/** A file to which checkpoints, or the lines of the log, are appended. */
async function lastLineOf(file: string): Promise<string> {
  const text = new TextDecoder().decode(await bytesIn(file, 'checkpoint'));
  return text.trim().split(/\r?\n/).at(-1) ?? '';
}
