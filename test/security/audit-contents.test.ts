import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SecurityModule, type SecurityOptions } from '../../src/security/security-module.js';
import { verifyAuditLog } from '../../src/security/verify-audit-log.js';
import { decision, key, linesIn, model, scratch } from './records.js';

// What forges lines, hides text or turns it around in a terminal or a viewer.
const HOSTILE = '\u2028\u2029\u202e\u2066\u200f\ufeff\u0000\u001b[2J\u007f\u009b31m\r\n\ud800{"v":1,"event":"query"}';

let directory: string;
let done: () => Promise<void>;
let open: SecurityModule[];
beforeEach(async () => {
  const { path, done: remove } = await scratch();
  directory = join(path, 'audit');
  done = remove;
  open = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const security of open) await security.close();
  await done();
});

function secured(o: SecurityOptions = {}): SecurityModule {
  const security = new SecurityModule({ audit: { directory, key }, ...o });
  open.push(security);
  return security;
}

async function lastRecord(): Promise<Record<string, unknown>> {
  const lines = await linesIn(directory);
  for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]+$/);
  return JSON.parse(lines.at(-1) as string);
}

describe('what is written', () => {
  it('is ASCII on one line, whatever an event of the host holds', async () => {
    const security = secured();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 600 }), async (text) => {
        const value = HOSTILE + text;
        await security.logSecurityEvent('host.event', { value });
        expect((await lastRecord())['value']).toBe(value.slice(0, 512));
      }),
      { numRuns: 30 },
    );
    await security.close();
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
  });

  it('is ASCII on one line, also the text of a query where the host wants it', async () => {
    const security = secured({ logQueries: 'text', logResponses: 'text' });
    await security.logQuery({ query: `query ${HOSTILE}`, response: `reply ${HOSTILE}`, decision, outcome: 'ok' });
    expect(await lastRecord()).toMatchObject({ queryText: `query ${HOSTILE}`, responseText: `reply ${HOSTILE}` });
  });

  it('is cut where it is long, and still verifies', async () => {
    const security = secured({ logQueries: 'text', logResponses: 'text' });
    const long = '\u2028'.repeat(1_000_000);
    await security.logQuery({ query: long, response: long, decision, outcome: 'ok' });
    expect(String((await lastRecord())['queryText'])).toHaveLength(16_384);
    await security.logSecurityEvent('x', Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`f${i}Text`, long])));
    expect(String((await lastRecord())['f15Text'])).toHaveLength(512);
    const named = {
      ...decision,
      id: long,
      selected: { model: { ...model, id: long, service: long }, score: 1, parts: [] },
    };
    await security.logQuery({ query: long, response: long, decision: named, outcome: 'ok' });
    expect(String((await lastRecord())['model'])).toHaveLength(512);
    await security.close();
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
  });

  it('keeps no long text alive in memory', async () => {
    const security = new SecurityModule({ logQueries: 'text' });
    open.push(security);
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 200; i++) {
      await security.logQuery({ query: `${i}`.padEnd(1_000_000, 'x'), decision, outcome: 'ok' });
    }
    gc();
    // Whole they would be 200 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
    expect(security.audit.recent(1)[0]).toMatchObject({ queryText: '199'.padEnd(16_384, 'x') });
  });
});

describe('what is not written', () => {
  it('is content, by whatever way it came', async () => {
    const security = secured({ logQueries: true, logResponses: true });
    const session = { ...decision, requirements: { session: 'canary-session' } };
    await security.logQuery({ query: 'canary-query', response: 'canary-reply', decision: session, outcome: 'ok' });
    await security.logSecurityEvent('login', { password: 'canary-1', 'api-key': 'canary-2', authToken: 'canary-3' });
    for (const [event, fields] of [
      ['canary event', {}],
      ['fine', { 'canary field': 'canary-4' }],
      ['fine', { field: { nested: 'canary-5' } }],
      ['fine', null],
      ['fine', 'canary-6'],
      [{ toString: () => 'canary-7' }, {}],
    ] as [never, never][]) {
      const error = await security.logSecurityEvent(event, fields).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'ERR_INVALID_REQUEST' });
      expect(String(error).replace('canary event', '').replace('canary field', '')).not.toContain('canary');
    }
    await security.close();
    expect((await linesIn(directory)).join('\n')).not.toContain('canary');
  });
});

describe('a clock that jumps', () => {
  it('changes no order: both clocks are recorded, and one of them only goes forward', async () => {
    const security = secured();
    await security.logSecurityEvent('before');
    const now = Date.now();
    for (const jump of [-3_600_000, 10 * 365 * 86_400_000, 0, -now, 60_000]) {
      vi.spyOn(Date, 'now').mockReturnValue(now + jump);
      await security.recordAttemptStart({ call: 'decision-1', model, level: 'primary' });
      await security.logSecurityEvent('jumped', { jump });
    }
    await security.audit.flush();
    await security.close();
    vi.restoreAllMocks();
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
    const records = (await linesIn(directory)).map((line) => JSON.parse(line));
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, i) => i + 1));
    // The first ones happened before the log was opened.
    const monos = records.slice(3).map(({ mono }) => mono as number);
    expect(monos).toEqual(monos.toSorted((a, b) => a - b));
    for (const { t, jump } of records.filter(({ event }) => event === 'jumped')) {
      expect(Date.parse(t)).toBe(now + jump);
    }
  });
});
