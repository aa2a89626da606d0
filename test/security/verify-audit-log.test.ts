import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SecurityModule } from '../../src/security/security-module.js';
import { verifyAuditLog } from '../../src/security/verify-audit-log.js';
import { key, linesIn, model, scratch, segmentsIn } from './records.js';

const FILE = 'audit-00000001.jsonl';
let base: string;
let done: () => Promise<void>;
let lines: string[];
let checkpoint: string;
let copies = 0;

/** Writes a log of `count` attempts. */
async function writeLog(
  directory: string,
  o: { key?: Uint8Array; count: number; rotateBytes?: number },
): Promise<string> {
  const { count, ...audit } = o;
  const security = new SecurityModule({ audit: { directory, ...audit } });
  for (let i = 0; i < count; i++) {
    await security.recordAttemptStart({ call: `call-${i}`, model, level: 'primary' });
  }
  await security.audit.flush();
  const mark = security.audit.checkpoint();
  await security.close();
  return mark as string;
}

/** A log made of other lines. */
async function forged(changed: readonly string[], end = '\n'): Promise<string> {
  const directory = join(base, `copy-${copies++}`);
  await cp(join(base, 'log'), directory, { recursive: true });
  await writeFile(join(directory, FILE), changed.join('\n') + end);
  return directory;
}

beforeAll(async () => {
  ({ path: base, done } = await scratch());
  checkpoint = await writeLog(join(base, 'log'), { key, count: 20 });
  lines = await linesIn(join(base, 'log'));
});
afterAll(() => done());

describe('the check of an audit log', () => {
  it('finds a log good that nobody touched', async () => {
    expect(await verifyAuditLog(join(base, 'log'), { key, checkpoint })).toEqual({
      ok: true,
      records: 23,
      firstBad: null,
    });
    expect(lines).toHaveLength(23);
  });

  it('finds any byte that was changed, and names its record', async () => {
    const text = `${lines.join('\n')}\n`;
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const bytes = Buffer.from(text, 'latin1');
        bytes[at] = (bytes[at] as number) ^ flip;
        const directory = await forged([], '');
        await writeFile(join(directory, FILE), bytes);
        const { ok, firstBad } = await verifyAuditLog(directory, { key });
        expect(ok).toBe(false);
        const line = text.slice(0, at).split('\n').length;
        // A changed line end joins two records or cuts one; both show at this record or the next.
        expect([line, line + 1]).toContain(firstBad?.seq);
        expect(firstBad?.segment).toBe(FILE);
        await rm(directory, { recursive: true });
      }),
      { numRuns: 150 },
    );
  });

  it.each<[string, (l: string[]) => string[], number]>([
    ['a removed record', (l) => l.toSpliced(9, 1), 10],
    ['removed first records', (l) => l.slice(3), 1],
    ['a repeated record', (l) => l.toSpliced(10, 0, l[9] as string), 11],
    ['two records in the other order', (l) => l.toSpliced(9, 2, l[10] as string, l[9] as string), 10],
    ['an empty line', (l) => l.toSpliced(9, 0, ''), 10],
    ['text of another kind', (l) => l.toSpliced(9, 0, '{"hello":1}'), 10],
    ['a stripped MAC', (l) => l.with(9, (l[9] as string).replace(/,"mac":"[^"]*"/, '')), 10],
    ['an edited field', (l) => l.with(9, (l[9] as string).replace('primary', 'smallest')), 10],
  ])('finds %s', async (_, change, seq) => {
    const verdict = await verifyAuditLog(await forged(change(lines)), { key });
    expect(verdict).toMatchObject({ ok: false, firstBad: { segment: FILE, seq } });
    expect(verdict.firstBad?.reason).not.toBe('');
  });

  it('finds a cut at the end against a checkpoint only, and a rewritten record against its own', async () => {
    const cut = await forged(lines.slice(0, 15));
    expect(await verifyAuditLog(cut, { key })).toMatchObject({ ok: true, records: 15 });
    expect(await verifyAuditLog(cut, { key, checkpoint })).toMatchObject({ ok: false, firstBad: { seq: 16 } });
    expect(await verifyAuditLog(cut, { key, checkpoint: lines[14] as string })).toMatchObject({ ok: true });
    const other = await writeLog(join(base, 'other'), { key, count: 20 });
    expect(await verifyAuditLog(join(base, 'log'), { checkpoint: other })).toMatchObject({ ok: false });
    await expect(verifyAuditLog(cut, { checkpoint: 'nonsense' })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
  });

  it('finds records of another log spliced in', async () => {
    await writeLog(join(base, 'donor'), { key, count: 20 });
    const donor = await linesIn(join(base, 'donor'));
    const spliced = await forged([...lines.slice(0, 10), ...donor.slice(10)]);
    expect(await verifyAuditLog(spliced, { key })).toMatchObject({ ok: false, firstBad: { seq: 11 } });
  });

  it('finds a torn end', async () => {
    expect(await verifyAuditLog(await forged(lines, ''), { key })).toMatchObject({ ok: false, firstBad: { seq: 23 } });
    expect(await verifyAuditLog(await forged(lines, '\n{"v":1'), { key })).toMatchObject({
      ok: false,
      firstBad: { seq: 24 },
    });
  });

  it('cannot be fooled by a chain that was made anew without the key', async () => {
    await writeLog(join(base, 'forgery'), { key: new Uint8Array(32).fill(1), count: 20 });
    const directory = join(base, 'forgery');
    expect(await verifyAuditLog(directory)).toMatchObject({ ok: true });
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: false });
    await writeLog(join(base, 'bare'), { count: 20 });
    expect(await verifyAuditLog(join(base, 'bare'), { key: async () => key })).toMatchObject({ ok: false });
  });

  it('finds a segment that is missing', async () => {
    const directory = join(base, 'many');
    await writeLog(directory, { key, count: 100, rotateBytes: 4_096 });
    const segments = await segmentsIn(directory);
    expect(segments.length).toBeGreaterThan(5);
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
    const lost = await readFile(join(directory, segments[2] as string));
    await rm(join(directory, segments[2] as string));
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: false, firstBad: { segment: segments[3] } });
    await writeFile(join(directory, segments[2] as string), lost);
    await rm(join(directory, segments[0] as string));
    expect(await verifyAuditLog(directory, { key })).toMatchObject({
      ok: false,
      firstBad: { segment: segments[1], seq: 1 },
    });
  });

  it('says so where there is nothing to check', async () => {
    const { path, done: remove } = await scratch();
    expect(await verifyAuditLog(path)).toMatchObject({ ok: false, records: 0 });
    await expect(verifyAuditLog(join(path, 'missing'))).rejects.toMatchObject({ code: 'ERR_AUDIT' });
    await remove();
  });
});
