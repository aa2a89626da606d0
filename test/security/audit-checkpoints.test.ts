import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type AuditOptions, SecurityModule } from '../../src/security/security-module.js';
import { verifyAuditLog } from '../../src/security/verify-audit-log.js';
import { attempt, key, model, scratch, segmentsIn } from './records.js';

let directory: string;
let done: () => Promise<void>;
beforeEach(async () => {
  const { path, done: remove } = await scratch();
  directory = join(path, 'audit');
  done = remove;
});
afterEach(async () => {
  vi.useRealTimers();
  await done();
});

const start = { call: 'decision-1', model, level: 'primary' } as const;
const seqOf = (checkpoint: string | undefined): number => Number(checkpoint?.split(' ')[0]);

function logged(audit: AuditOptions, count: number): SecurityModule {
  const security = new SecurityModule({ audit });
  for (let i = 0; i < count; i++) security.recordAttemptStart(start);
  return security;
}

it('come after a thousand records, at each new segment and at the end, and each holds for the log', async () => {
  const given: string[] = [];
  const onCheckpoint = (checkpoint: string): void => void given.push(checkpoint);
  const security = new SecurityModule({ audit: { directory, key, rotateBytes: 524_288, onCheckpoint } });
  await security.openAudit();
  for (let i = 0; i < 2_500; i++) {
    security.recordAttemptStart(start);
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await security.close();
  const segments = await segmentsIn(directory);
  expect(segments.length).toBeGreaterThan(1);
  // Two for the thousands, one for each new segment, one at the end; one that is due while another is on its way is left out.
  expect(given.length).toBeGreaterThanOrEqual(2);
  expect(given.length).toBeLessThanOrEqual(2 + segments.length);
  const { records } = await verifyAuditLog(directory, { key, checkpoint: given.at(-1) });
  expect(seqOf(given.at(-1))).toBe(records);
  for (const checkpoint of given)
    expect(await verifyAuditLog(directory, { key, checkpoint })).toMatchObject({ ok: true });
});

it('come after a minute', async () => {
  vi.useFakeTimers();
  const given: string[] = [];
  const security = logged({ sinks: [{ write: async () => {} }], onCheckpoint: (c) => void given.push(c) }, 3);
  await vi.advanceTimersByTimeAsync(59_000);
  expect(given).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(given).toEqual([security.audit.checkpoint()]);
  // Nothing new, no new one.
  await vi.advanceTimersByTimeAsync(600_000);
  expect(given).toHaveLength(1);
  await security.close();
  expect(given).toHaveLength(2);
});

it('find whatever is cut off behind the last one', async () => {
  const given: string[] = [];
  const security = new SecurityModule({ audit: { directory, key, onCheckpoint: (c) => void given.push(c) } });
  await security.openAudit();
  for (let i = 0; i < 20; i++) security.recordAttemptStart(start);
  await security.close();
  const [segment] = await segmentsIn(directory);
  const file = join(directory, segment as string);
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  for (let keep = lines.length - 1; keep > 0; keep--) {
    await writeFile(file, `${lines.slice(0, keep).join('\n')}\n`);
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
    expect(await verifyAuditLog(directory, { key, checkpoint: given.at(-1) })).toMatchObject({
      ok: false,
      firstBad: { segment, seq: keep + 1, reason: expect.stringContaining('cut off') },
    });
  }
});

it('name no record that could not be written', async () => {
  const given: string[] = [];
  const security = new SecurityModule({
    audit: { directory, key, onFailure: 'block', onCheckpoint: (c) => void given.push(c) },
  });
  await security.logSecurityEvent('one');
  await rm(directory, { recursive: true });
  await security.audit.flush().catch(() => {});
  for (let i = 0; i < 1_500; i++) security.recordAttemptEnd({ call: 'decision-1', attempt });
  await security.close();
  expect(given).toEqual([]);
});

it.each<[string, () => void | Promise<void>]>([
  [
    'throws',
    () => {
      throw new Error('host');
    },
  ],
  ['rejects', () => Promise.reject(new Error('host'))],
  ['never settles', () => new Promise(() => {})],
])('touch no call where the callback %s', async (_, fail) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let calls = 0;
  const onCheckpoint = () => {
    calls += 1;
    return fail();
  };
  const security = new SecurityModule({ audit: { directory, key, onCheckpoint, onFailure: 'block' } });
  await security.openAudit();
  for (let i = 0; i < 5_000; i++) expect(security.recordAttemptStart(start)).toBeUndefined();
  await security.audit.flush();
  const closing = security.close();
  await vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(5_000);
    expect(calls).toBeGreaterThan(0);
  });
  await vi.advanceTimersByTimeAsync(5_000);
  await closing;
  // One at a time: what hangs is not called again.
  if (_ === 'never settles') expect(calls).toBe(1);
  expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
  expect(vi.getTimerCount()).toBe(0);
});
