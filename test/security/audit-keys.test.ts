import { createHmac, hkdfSync } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { auditKeyFile } from '../../src/security/audit-key-file.js';
import { SecurityModule } from '../../src/security/security-module.js';
import { verifyAuditLog } from '../../src/security/verify-audit-log.js';
import { childScript, runChild } from './child-script.js';
import { key, linesIn, model, scratch, segmentsIn } from './records.js';

let path: string;
let directory: string;
let done: () => Promise<void>;
beforeEach(async () => {
  ({ path, done } = await scratch());
  directory = join(path, 'audit');
});
afterEach(async () => {
  vi.useRealTimers();
  await done();
});

const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

async function write(k: Uint8Array | (() => Promise<Uint8Array>) | undefined, count = 3): Promise<string> {
  const security = new SecurityModule({ audit: { directory, key: k } });
  for (let i = 0; i < count; i++)
    await security.recordAttemptStart({ call: `${i}`, model, level: 'primary', external: false });
  await security.audit.flush();
  const checkpoint = security.audit.checkpoint() as string;
  await security.close();
  return checkpoint;
}

describe('a key in a file', () => {
  const file = (): string => join(path, 'audit.key');

  it('is made when that is asked for, private and random, and stays the same', async () => {
    const [one] = await Promise.all([
      auditKeyFile(file(), { create: true })(),
      auditKeyFile(file(), { create: true })(),
    ]);
    expect(one).toHaveLength(32);
    expect(fs.statSync(file()).mode & 0o777).toBe(0o600);
    expect(await auditKeyFile(file())()).toEqual(one);
    expect(await auditKeyFile(`${file()}2`, { create: true })()).not.toEqual(one);
    expect(fs.readdirSync(path).sort()).toEqual(['audit.key', 'audit.key2']);
  });

  it('is one key, however many processes make it at once', async () => {
    const script = await childScript(`
      import { auditKeyFile } from './src/security/audit-key-file.ts';
      auditKeyFile(process.argv[2], { create: true })().then((key) => process.stdout.write(Buffer.from(key).toString('hex')));
    `);
    const keys = await Promise.all(Array.from({ length: 4 }, () => runChild(script.path, [file()])));
    expect(new Set(keys)).toEqual(new Set([fs.readFileSync(file()).toString('hex')]));
    await script.done();
  });

  it('seals and verifies a log', async () => {
    const source = auditKeyFile(file(), { create: true });
    await write(source);
    expect(await verifyAuditLog(directory, { key: source })).toMatchObject({ ok: true });
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: false });
  });

  it.each<[string, RegExp, (at: string) => void]>([
    ['missing', /cannot be read \(ENOENT\)/, () => {}],
    ['readable for the group', /make it 0600/, (at) => fs.writeFileSync(at, key, { mode: 0o640 })],
    ['readable for everyone', /make it 0600/, (at) => fs.writeFileSync(at, key, { mode: 0o604 })],
    ['too short', /has 31 bytes/, (at) => fs.writeFileSync(at, key.subarray(1), { mode: 0o600 })],
    ['a directory', /is not a file/, (at) => fs.mkdirSync(at)],
    ['a link to nothing', /cannot be read/, (at) => fs.symlinkSync('/nowhere/at/all', at)],
  ])('is refused where it is %s', async (_, message, make) => {
    make(file());
    await expect(auditKeyFile(file())()).rejects.toMatchObject({
      code: 'ERR_AUDIT',
      message: expect.stringMatching(message),
    });
    const security = new SecurityModule({ audit: { directory, key: auditKeyFile(file()) } });
    await expect(security.openAudit()).rejects.toMatchObject({ message: expect.stringMatching(message) });
    await security.close();
    expect(fs.existsSync(directory)).toBe(false);
  });

  it('takes no option that it does not know', () => {
    expect(() => auditKeyFile(file(), { mode: 0o644 } as never)).toThrow(/mode: unknown option/);
  });
});

describe('a key that changes', () => {
  it('begins a segment of its own, and both verify together', async () => {
    await write(keyOf(1));
    await write(keyOf(2));
    await write(keyOf(2));
    const checkpoint = await write(keyOf(3));
    const segments = await segmentsIn(directory);
    expect(segments).toHaveLength(3);
    const ids = (await linesIn(directory)).map((line) => JSON.parse(line).keyId).filter(Boolean);
    expect(new Set(ids).size).toBe(3);
    const keys = [keyOf(3), keyOf(1), keyOf(2)];
    expect(await verifyAuditLog(directory, { key: keys, checkpoint })).toEqual({
      ok: true,
      records: 24,
      firstBad: null,
    });
    expect(await verifyAuditLog(directory, { key: async () => keys })).toMatchObject({ ok: true });
    // The newest key holds the older segments by the chain.
    expect(await verifyAuditLog(directory, { key: async () => keyOf(3) })).toMatchObject({ ok: true });
    expect(await verifyAuditLog(directory, { key: [keyOf(1), keyOf(2)] })).toMatchObject({
      ok: false,
      firstBad: { segment: segments[2], reason: expect.stringContaining('newest segment') },
    });
  });

  it('shows which segment was forged', async () => {
    await write(keyOf(1));
    await write(keyOf(2));
    const [first] = await segmentsIn(directory);
    const at = join(directory, first as string);
    const lines = fs.readFileSync(at, 'utf8').split('\n');
    lines[2] = (lines[2] as string).replace(/"mac":"./, (x) => `"mac":"${x.endsWith('0') ? '1' : '0'}`);
    fs.writeFileSync(at, lines.join('\n'));
    const keys = [keyOf(1), keyOf(2)];
    expect(await verifyAuditLog(directory, { key: keys })).toMatchObject({
      ok: false,
      firstBad: { segment: first, seq: 3 },
    });
  });

  it('can be given up or taken up', async () => {
    await write(undefined);
    await write(keyOf(1));
    expect(await verifyAuditLog(directory, { key: keyOf(1) })).toMatchObject({ ok: true });
    await write(undefined);
    expect(await segmentsIn(directory)).toHaveLength(3);
    expect(await verifyAuditLog(directory)).toMatchObject({ ok: true });
    expect(await verifyAuditLog(directory, { key: keyOf(1) })).toMatchObject({ ok: false });
  });

  it.each<[string, unknown]>([
    ['an empty list', []],
    ['a text', 'text'],
    ['a short one', [new Uint8Array(31)]],
    ['a number', 42],
  ])('%s is none to verify with', async (_, bad) => {
    await write(key);
    await expect(verifyAuditLog(directory, { key: bad as never })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
    });
  });
});

it('a function that never gives the key holds nothing up for ever', async () => {
  vi.useFakeTimers();
  const security = new SecurityModule({ audit: { directory, key: () => new Promise<never>(() => {}) } });
  const opening = security.openAudit().catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await opening).toMatchObject({ code: 'ERR_AUDIT', message: expect.stringContaining('10 s') });
});

it('seals with HMAC-SHA-256 over the hash of the record, under a key derived for that alone', async () => {
  await write(key);
  const chain = Buffer.from(hkdfSync('sha256', key, '', 'local-llm-router audit chain', 32));
  for (const line of await linesIn(directory)) {
    const { h, mac } = JSON.parse(line);
    expect(mac).toBe(createHmac('sha256', chain).update(h).digest('hex'));
  }
});
