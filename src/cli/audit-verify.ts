import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { verifyAuditLog } from '../index.js';
import { printable } from '../internal/redact.js';
import { type Command, UsageError } from './command.js';

/** `audit verify`: whether the records stand as they were written. */
export const auditVerify: Command = {
  name: 'audit verify',
  usage: 'audit verify <directory> [--json] [--key-file <file>] [--checkpoint <text>]',
  summary: 'checks the hash chain of an audit log; 1: it is broken, 2: it cannot be read',
  run: async (args, terminal) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        'key-file': { type: 'string' },
        checkpoint: { type: 'string' },
      },
    });
    const [directory, ...more] = positionals;
    if (directory === undefined || more.length > 0) throw new UsageError('Name one directory.');
    const key = values['key-file'] === undefined ? undefined : await keyIn(values['key-file']);
    const result = await verifyAuditLog(directory, { key, checkpoint: values.checkpoint });
    const { ok, records, firstBad } = result;
    const fault = firstBad && `record ${firstBad.seq} in ${firstBad.segment}: ${printable(firstBad.reason)}`;
    const verdict = ok ? 'the chain verifies' : `THE CHAIN IS BROKEN at ${fault}`;
    terminal.out(values.json ? `${JSON.stringify(result, null, 2)}\n` : `${records} records, ${verdict}\n`);
    return ok ? 0 : 1;
  },
};

async function keyIn(file: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(file));
  } catch {
    throw new UsageError('The key file cannot be read.');
  }
}
