import fs from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { SecurityModule } from '../../src/security/security-module.js';
import { verifyAuditLog } from '../../src/security/verify-audit-log.js';
import { key, linesIn, model, scratch, segmentsIn } from './records.js';

const FILE = 'audit-00000001.jsonl';
let base: string;
let done: () => Promise<void>;
beforeAll(async () => {
  ({ path: base, done } = await scratch());
});
afterAll(() => done());
afterEach(() => {
  vi.restoreAllMocks();
});

async function writeLog(
  name: string,
  count: number,
  rotateBytes?: number,
): Promise<{ at: string; checkpoint: string }> {
  const at = join(base, name);
  const security = new SecurityModule({ audit: { directory: at, key, rotateBytes, durability: 'none' } });
  for (let i = 0; i < count; i++) await security.recordAttemptStart({ call: `call-${i}`, model, level: 'primary' });
  await security.audit.flush();
  const checkpoint = security.audit.checkpoint() as string;
  await security.close();
  return { at, checkpoint };
}

describe('a small log', () => {
  it('shows the change of any of its bytes, and in which record', { timeout: 60_000 }, async () => {
    const { at } = await writeLog('bytes', 1);
    const whole = await readFile(join(at, FILE));
    const text = whole.toString('latin1');
    const macs = [...text.matchAll(/"mac":"[0-9a-f]{64}"/g)].map(({ index }) => [index + 7, index + 71] as const);
    expect(macs).toHaveLength(4);
    const wrong: string[] = [];
    for (let i = 0; i < whole.length; i++) {
      const bytes = Buffer.from(whole);
      bytes[i] = (bytes[i] as number) ^ (1 << (i % 8));
      await writeFile(join(at, FILE), bytes);
      const line = text.slice(0, i).split('\n').length;
      const { ok, firstBad } = await verifyAuditLog(at, { key });
      // A changed line end joins two records or cuts one.
      if (ok || (firstBad?.seq !== line && firstBad?.seq !== line + 1)) wrong.push(`byte ${i}: ${firstBad?.seq}`);
      const isMac = macs.some(([from, to]) => i >= from && i < to);
      // Without the key nobody can tell one MAC from another; all else shows.
      if (!isMac && (await verifyAuditLog(at)).ok) wrong.push(`byte ${i} without the key`);
    }
    expect(wrong).toEqual([]);
  });

  it('shows a cut at any of its bytes, or is what it was before the last records', async () => {
    const { at, checkpoint } = await writeLog('cuts', 1);
    const whole = await readFile(join(at, FILE));
    const ends = [...whole].flatMap((byte, i) => (byte === 10 ? [i + 1] : []));
    for (let size = whole.length - 1; size >= 0; size -= 3) {
      await writeFile(join(at, FILE), whole.subarray(0, size));
      expect((await verifyAuditLog(at, { key })).ok).toBe(ends.includes(size));
      const isBefore = size < (ends[2] as number);
      if (isBefore) expect((await verifyAuditLog(at, { key, checkpoint })).ok).toBe(false);
    }
  }, 60_000);
});

describe('a log of several segments', () => {
  it('shows whatever is done to its lines, if it is more than a cut at the end', { timeout: 60_000 }, async () => {
    const { at } = await writeLog('lines', 60, 8_192);
    const other = await linesIn((await writeLog('donor', 60, 8_192)).at);
    const segments = await segmentsIn(at);
    const texts = await Promise.all(segments.map((name) => readFile(join(at, name), 'latin1')));
    const lines = texts.map((text) => text.split('\n').slice(0, -1));
    expect(lines.length).toBeGreaterThan(2);
    const place = fc.record({
      segment: fc.nat(lines.length - 1),
      line: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    const edit = fc.record({
      kind: fc.constantFrom('drop', 'repeat', 'move', 'swap', 'splice'),
      from: place,
      to: place,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        const changed = lines.map((list) => [...list]);
        for (const { kind, from, to } of edits) {
          const source = changed[from.segment] as string[];
          const target = changed[to.segment] as string[];
          const [i, j] = [Math.floor(from.line * source.length), Math.floor(to.line * target.length)];
          const [line, there] = [source[i], target[j]];
          if (line === undefined || there === undefined) continue;
          if (kind === 'drop') source.splice(i, 1);
          else if (kind === 'repeat') target.splice(j, 0, line);
          else if (kind === 'move') target.splice(j, 0, ...source.splice(i, 1));
          else if (kind === 'splice') source[i] = other[Math.floor(from.line * other.length)] as string;
          else [source[i], target[j]] = [there, line];
        }
        const [before, after] = [lines.flat(), changed.flat()];
        const isPrefix = after.every((line, i) => line === before[i]);
        await rm(at, { recursive: true });
        await mkdir(at);
        for (const [i, name] of segments.entries()) {
          await writeFile(join(at, name), (changed[i] as string[]).map((line) => `${line}\n`).join(''));
        }
        const { ok } = await verifyAuditLog(at, { key });
        if (!isPrefix) expect(ok).toBe(false);
        if (JSON.stringify(changed) === JSON.stringify(lines)) expect(ok).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('shows segments that changed their names', async () => {
    const { at } = await writeLog('names', 60, 8_192);
    const [first, second, third] = (await segmentsIn(at)) as [string, string, string];
    fs.renameSync(join(at, first), join(at, 'kept'));
    fs.renameSync(join(at, second), join(at, first));
    fs.renameSync(join(at, 'kept'), join(at, second));
    expect(await verifyAuditLog(at, { key })).toMatchObject({ ok: false, firstBad: { segment: first } });
    fs.renameSync(join(at, second), join(at, 'kept'));
    fs.renameSync(join(at, first), join(at, second));
    fs.renameSync(join(at, 'kept'), join(at, 'audit-00000000.jsonl'));
    expect(await verifyAuditLog(at, { key })).toMatchObject({
      ok: false,
      firstBad: { segment: 'audit-00000000.jsonl', seq: 1, reason: expect.stringContaining('name of another segment') },
    });
    expect(third).toBeDefined();
  });

  it('that began anew shows against a checkpoint of the old one', async () => {
    const { checkpoint } = await writeLog('old', 60);
    const { at } = await writeLog('new', 10);
    expect(await verifyAuditLog(at, { key })).toMatchObject({ ok: true });
    expect(await verifyAuditLog(at, { key, checkpoint })).toMatchObject({ ok: false, firstBad: { seq: 14 } });
    const longer = await writeLog('longer', 80);
    expect(await verifyAuditLog(longer.at, { key, checkpoint })).toMatchObject({ ok: false, firstBad: { seq: 62 } });
  });
});

describe('a log that is being written', () => {
  it('can be checked meanwhile', async () => {
    const at = join(base, 'live');
    const security = new SecurityModule({ audit: { directory: at, key, rotateBytes: 16_384 } });
    await security.openAudit();
    for (let i = 0; i < 15; i++) {
      const checks = [verifyAuditLog(at, { key }), verifyAuditLog(at, { key })];
      for (let n = 0; n < 40; n++) {
        security.recordAttemptStart({ call: `${i}`, model, level: 'primary' });
        if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      for (const verdict of await Promise.all(checks)) expect(verdict).toMatchObject({ ok: true, firstBad: null });
    }
    await security.close();
  });

  it('is not taken for torn in the middle of a line', async () => {
    const { at } = await writeLog('middle', 3);
    const file = join(at, FILE);
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, whole.length - 50));
    expect(await verifyAuditLog(at, { key })).toMatchObject({ ok: false, firstBad: { seq: 6 } });
    await writeFile(join(at, 'audit.lock'), '');
    const read = fs.read;
    let isWhole = false;
    vi.spyOn(fs, 'read').mockImplementation(((...args: Parameters<typeof fs.read>) => {
      const then = args.at(-1) as unknown as (error: Error | null, bytes: number) => void;
      (read as (...a: unknown[]) => void)(...args.slice(0, -1), (error: Error | null, bytes: number) => {
        // The writer goes on once the reader is at the end.
        if (bytes === 0 && !isWhole) {
          isWhole = true;
          fs.appendFileSync(file, whole.subarray(whole.length - 50));
        }
        then(error, bytes);
      });
    }) as never);
    expect(await verifyAuditLog(at, { key })).toMatchObject({ ok: true, records: 6 });
    expect(isWhole).toBe(true);
  });
});
