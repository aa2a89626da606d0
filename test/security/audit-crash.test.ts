import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SecurityModule } from '../../src/security/security-module.js';
import { verifyAuditLog } from '../../src/security/verify-audit-log.js';
import { childScript } from './child-script.js';
import { key, linesIn, scratch, segmentsIn } from './records.js';

/** AUDIT_KILLS=200 kills more often. */
const KILLS = Number(process.env['AUDIT_KILLS'] ?? 20);

let directory: string;
let done: () => Promise<void>;
beforeEach(async () => {
  const { path, done: remove } = await scratch();
  directory = join(path, 'audit');
  done = remove;
});
afterEach(() => done());

it('loses and tears nothing that a killed process had been told was recorded', { timeout: KILLS * 5_000 }, async () => {
  const script = await childScript(`
    import { writeSync } from 'node:fs';
    import { SecurityModule } from './src/security/security-module.ts';
    const [, , directory, round, durability] = process.argv;
    const key = new Uint8Array(32).fill(7);
    const security = new SecurityModule({ audit: { directory, key, durability, rotateBytes: 16384, onFailure: 'block' } });
    const model = { id: 'm', key: null, service: 's', type: 'ollama', baseURL: 'http://localhost:1' };
    (async () => {
      for (let i = 0; ; i++) {
        await security.recordAttemptStart({ call: round + '-' + i, model, level: 'primary' });
        writeSync(1, round + '-' + i + '\\n');
        if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    })();
  `);
  const acknowledged: string[] = [];
  for (let round = 0; round < KILLS; round++) {
    const durability = ['batch', 'none', 'record'][round % 3] as string;
    const child = spawn(process.execPath, [script.path, directory, `call${round}`, durability], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // In the middle of whatever it is doing: while it begins and repairs, or after some number of records.
    const timer = round % 4 === 3 ? setTimeout(() => child.kill('SIGKILL'), 30 + Math.random() * 120) : undefined;
    const enough = Math.random() * 4_000;
    let told = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        told += chunk;
        if (told.length > enough) child.kill('SIGKILL');
      });
      child.on('close', () => resolve());
    });
    clearTimeout(timer);
    acknowledged.push(...told.split('\n').slice(0, -1));
  }
  const last = new SecurityModule({ audit: { directory, key } });
  await last.openAudit();
  await last.close();
  const calls = new Set((await linesIn(directory)).map((line) => JSON.parse(line).call));
  expect(acknowledged.length).toBeGreaterThan(KILLS * 20);
  expect(acknowledged.filter((call) => !calls.has(call))).toEqual([]);
  expect((await segmentsIn(directory)).length).toBeGreaterThan(2);
  expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
  await script.done();
});

/** Writes a log of one segment; gives its text. */
async function logOf(events: readonly string[]): Promise<Buffer> {
  const security = new SecurityModule({ audit: { directory, key } });
  for (const event of events) await security.logSecurityEvent(event);
  await security.close();
  return readFile(join(directory, 'audit-00000001.jsonl'));
}

it('goes on after a tear at any byte of its last records, and keeps what was torn', { timeout: 60_000 }, async () => {
  const whole = await logOf(['one', 'two']);
  const lines = whole.toString('latin1').split('\n').slice(0, -1);
  const last = Buffer.byteLength(`${lines.at(-1)}\n`);
  for (let size = whole.length; size >= whole.length - last; size -= 1) {
    await rm(directory, { recursive: true });
    await mkdir(directory, { mode: 0o700 });
    const segment = join(directory, 'audit-00000001.jsonl');
    await writeFile(segment, whole);
    await truncate(segment, size);
    const next = new SecurityModule({ audit: { directory, key, durability: 'none' } });
    await next.openAudit();
    await next.close();
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
    const after = (await linesIn(directory)).map((line) => JSON.parse(line));
    const kept = size === whole.length ? lines.length : lines.length - 1;
    const torn =
      size -
      Buffer.byteLength(
        lines
          .slice(0, kept)
          .map((line) => `${line}\n`)
          .join(''),
      );
    expect(after.slice(kept, kept + 2).map(({ event, torn }) => [event, torn])).toEqual([
      ['audit.open', undefined],
      torn > 0 ? ['audit.gap', torn] : ['policy.loaded', undefined],
    ]);
  }
});

it.each<[string, string]>([
  ['empty', ''],
  ['torn', '{"v":1,"seq":'],
])('goes on in the segment before where the newest is %s', async (_, text) => {
  await logOf(['one']);
  await writeFile(join(directory, 'audit-00000002.jsonl'), text);
  const next = new SecurityModule({ audit: { directory, key } });
  await next.logSecurityEvent('two');
  await next.close();
  expect(await segmentsIn(directory)).toEqual(['audit-00000001.jsonl']);
  expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true, records: text === '' ? 8 : 9 });
});

it('repairs a tear in the segment before too', async () => {
  const whole = await logOf(['one', 'two']);
  await truncate(join(directory, 'audit-00000001.jsonl'), whole.length - 10);
  await writeFile(join(directory, 'audit-00000002.jsonl'), '');
  const next = new SecurityModule({ audit: { directory, key } });
  await next.logSecurityEvent('three');
  await next.close();
  expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
});

it('takes what was torn away with the segment that it was torn from', async () => {
  const whole = await logOf(['one', 'two']);
  await truncate(join(directory, 'audit-00000001.jsonl'), whole.length - 10);
  const torn = async () => (await readdir(directory)).filter((name) => name.endsWith('.torn'));
  const next = new SecurityModule({ audit: { directory, key, rotateBytes: 4_096, retainSegments: 2 } });
  await next.logSecurityEvent('three');
  expect(await torn()).toHaveLength(1);
  for (let i = 0; i < 50; i++) await next.logSecurityEvent('more');
  await next.close();
  expect(await torn()).toEqual([]);
  expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
});
