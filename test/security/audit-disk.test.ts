import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AuditOptions, SecurityModule } from '../../src/security/security-module.js';
import { verifyAuditLog } from '../../src/security/verify-audit-log.js';
import { childScript, runChild } from './child-script.js';
import { attempt, key, linesIn, model, scratch, segmentsIn } from './records.js';

const start = { call: 'decision-1', model, level: 'primary' } as const;

let path: string;
let directory: string;
let done: () => Promise<void>;
let open: SecurityModule[];
let now: number;
beforeEach(async () => {
  ({ path, done } = await scratch());
  directory = join(path, 'audit');
  open = [];
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const security of open) await security.close();
  await done();
});

function secured(audit: AuditOptions): SecurityModule {
  const security = new SecurityModule({ audit: { directory, key, ...audit } });
  open.push(security);
  return security;
}

const failing = (name: 'fdatasyncSync' | 'writeSync' | 'ftruncateSync' | 'openSync' | 'mkdirSync', code: string) =>
  vi.spyOn(fs, name).mockImplementation((() => {
    throw Object.assign(new Error(code), { code });
  }) as never);
const refusal = (code: string) => ({ code: 'ERR_AUDIT', message: expect.stringContaining(`(${code})`) });
const records = async () => (await linesIn(directory)).map((line) => JSON.parse(line));
const inFull = async (o: AuditOptions = {}) =>
  expect(await verifyAuditLog(directory, { key, ...o })).toMatchObject({ ok: true });

/** Runs a command where this user may mount a file system of its own; `null` where the machine does not allow that. */
function mounting(directory: string): string[] | null {
  const ways = [['-rm'], ['-m']];
  const mount = `mount -t tmpfs -o size=1m tmpfs '${directory}'`;
  const way = ways.find((flags) => spawnSync('unshare', [...flags, 'sh', '-c', mount]).status === 0);
  return way ? ['unshare', ...way, 'sh', '-c', `${mount} && exec "$@"`, 'sh'] : null;
}

describe('a disk that is full', () => {
  it('stops no call, loses no more than it says, and the log goes on when there is room', async (context) => {
    const command = mounting(path);
    if (command === null) {
      // A full disk of its own needs a mount, which containers without privileges and other systems refuse.
      return context.skip('this system allows no mount namespace (unshare -m)');
    }
    const script = await childScript(`
      import fs from 'node:fs';
      import { SecurityModule } from './src/security/security-module.ts';
      import { verifyAuditLog } from './src/security/verify-audit-log.ts';
      const at = process.argv[2];
      const model = { id: 'm', key: null, service: 's', type: 'ollama', baseURL: 'http://localhost:1' };
      const start = { call: 'c', model, level: 'primary' };
      const codes = async (work) => { try { await work(); return 'ok'; } catch (error) { return error.code + ' ' + /\\(\\w+\\)/.exec(error.message); } };
      (async () => {
        const seen = {};
        fs.writeFileSync(at + '/filler', 'x'.repeat(900000));
        const calm = new SecurityModule({ audit: { directory: at + '/calm', rotateBytes: 65536 } });
        for (let i = 0; i < 3000; i++) await calm.recordAttemptStart(start);
        seen.calm = await codes(() => calm.audit.flush());
        const strict = new SecurityModule({ strict: true, audit: { directory: at + '/strict' } });
        seen.strict = await codes(() => strict.recordAttemptStart(start));
        fs.rmSync(at + '/filler');
        seen.calmAfter = await codes(() => calm.audit.flush());
        await strict.audit.flush();
        seen.strictAfter = await codes(() => strict.recordAttemptStart(start));
        await calm.close();
        await strict.close();
        seen.verdicts = [(await verifyAuditLog(at + '/calm')).ok, (await verifyAuditLog(at + '/strict')).ok];
        const lines = fs.readdirSync(at + '/calm').sort().flatMap((name) => fs.readFileSync(at + '/calm/' + name, 'utf8').trim().split('\\n'));
        const all = lines.map((line) => JSON.parse(line));
        seen.failure = all.find(({ event }) => event === 'audit.failure')?.code;
        const dropped = all.filter(({ event }) => event === 'audit.gap').reduce((sum, gap) => sum + gap.dropped, 0);
        seen.accounted = dropped + all.filter(({ event }) => event === 'attempt.start').length;
        seen.lost = dropped > 0;
        process.stdout.write(JSON.stringify(seen));
      })();
    `);
    const [program, ...args] = command;
    const seen = await runChild(script.path, [path], [program as string, ...args]);
    expect(JSON.parse(seen)).toEqual({
      calm: 'ERR_AUDIT (ENOSPC)',
      strict: 'ERR_AUDIT (ENOSPC)',
      calmAfter: 'ok',
      strictAfter: 'ok',
      verdicts: [true, true],
      failure: 'ENOSPC',
      accounted: 3_000,
      lost: true,
    });
    await script.done();
  });

  it('tells the sinks at once', async () => {
    const events: string[] = [];
    const sink = { write: async (lines: string[]) => void events.push(...lines.map((line) => JSON.parse(line).event)) };
    const security = secured({ sinks: [sink] });
    await security.logSecurityEvent('before');
    const disk = failing('writeSync', 'ENOSPC');
    await security.logSecurityEvent('during');
    await security.logSecurityEvent('during');
    await security.audit.flush().catch(() => {});
    expect(events).toEqual(['audit.open', 'policy.loaded', 'before', 'during', 'audit.failure', 'during']);
    disk.mockRestore();
    now += 1_000;
    await security.logSecurityEvent('after');
    await security.close();
    await inFull();
    expect((await records()).map(({ event }) => event)).toEqual(events);
    expect(events.slice(-3)).toEqual(['during', 'after', 'audit.close']);
  });

  it('makes no segment after segment, nor one of half a line', async () => {
    const security = secured({ rotateBytes: 4_096 });
    await security.openAudit();
    while ((await segmentsIn(directory)).length < 2) security.recordAttemptStart(start);
    const none = failing('openSync', 'ENOSPC');
    for (let i = 0; i < 50; i++) security.recordAttemptStart(start);
    none.mockRestore();
    const write = fs.writeSync;
    const disk = vi.spyOn(fs, 'writeSync').mockImplementation(((fd: number, text: string) => {
      write(fd, text.slice(0, 10));
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    }) as never);
    const stuck = failing('ftruncateSync', 'EIO');
    for (let i = 0; i < 50; i++) security.recordAttemptStart(start);
    disk.mockRestore();
    stuck.mockRestore();
    now += 1_000;
    for (let i = 0; i < 5; i++) security.recordAttemptStart(start);
    await security.close();
    await inFull();
    const events = (await records()).map(({ event }) => event);
    expect(events.filter((event) => event === 'attempt.start').length).toBeGreaterThan(105);
    expect(events.filter((event) => event === 'audit.rotate').length).toBe((await segmentsIn(directory)).length - 1);
  });
});

describe('a disk that forgets', () => {
  it('is noticed in block mode, until it has everything again', async () => {
    const security = secured({ onFailure: 'block' });
    await security.openAudit();
    const later = vi.spyOn(fs, 'fdatasync').mockImplementation(((_: number, then: (error: Error) => void) => {
      then(Object.assign(new Error('EIO'), { code: 'EIO' }));
    }) as never);
    const outcomes = Array.from({ length: 70 }, () => {
      try {
        return security.recordAttemptStart(start);
      } catch (error) {
        return error;
      }
    });
    expect(outcomes.at(-1)).toMatchObject(refusal('EIO'));
    later.mockRestore();
    const sync = failing('fdatasyncSync', 'EIO');
    now += 1_000;
    expect(() => security.recordAttemptStart(start)).toThrow(expect.objectContaining(refusal('EIO')));
    sync.mockRestore();
    now += 1_000;
    expect(security.recordAttemptStart(start)).toBeUndefined();
    await security.close();
    await inFull();
  });

  it('holds up every record with durability record', async () => {
    const security = secured({ onFailure: 'block', durability: 'record' });
    await security.openAudit();
    const sync = failing('fdatasyncSync', 'EIO');
    expect(() => security.recordAttemptStart(start)).toThrow(expect.objectContaining(refusal('EIO')));
    sync.mockRestore();
    now += 1_000;
    expect(security.recordAttemptStart(start)).toBeUndefined();
    await security.close();
    await inFull();
  });
});

describe('a directory that is removed while it is written', () => {
  it('ends the calls of block mode before a byte leaves, for good', async () => {
    const security = secured({ onFailure: 'block' });
    await security.recordAttemptStart(start);
    fs.rmSync(directory, { recursive: true });
    for (let i = 0; i < 3; i++) {
      expect(() => security.recordAttemptStart(start)).toThrow(expect.objectContaining(refusal('ENOENT')));
      now += 60_000;
    }
    expect(fs.existsSync(directory)).toBe(false);
  });

  it('is made anew where calls go on, and says how much is missing', async () => {
    const security = secured({});
    await security.recordAttemptStart(start);
    fs.rmSync(directory, { recursive: true });
    await security.audit.flush().catch(() => {});
    for (let i = 0; i < 10; i++) expect(security.recordAttemptStart(start)).toBeUndefined();
    now += 2_000;
    for (let i = 0; i < 10; i++) expect(security.recordAttemptStart(start)).toBeUndefined();
    await security.close();
    await inFull();
    const all = await records();
    const dropped = all.filter(({ event }) => event === 'audit.gap').map((gap) => gap.dropped);
    expect(all[0]).toMatchObject({ event: 'audit.open', seq: 1, segment: 1 });
    expect(all.filter(({ event }) => event === 'attempt.start').length + dropped[0]).toBeGreaterThanOrEqual(20);
  });
});

describe('a directory that cannot be made', () => {
  it.each(['EROFS', 'EACCES', 'EDQUOT'])('(%s) is tried again: the log begins when it can', async (code) => {
    const mkdir = failing('mkdirSync', code);
    const security = secured({ onFailure: 'block' });
    await expect(security.recordAttemptStart(start)).rejects.toMatchObject(refusal(code));
    expect(() => security.recordAttemptStart(start)).toThrow(expect.objectContaining(refusal(code)));
    mkdir.mockRestore();
    now += 2_000;
    expect(security.recordAttemptStart(start)).toBeUndefined();
    security.recordAttemptEnd({ call: 'decision-1', attempt });
    await security.close();
    await inFull();
    const events = (await records()).map(({ event }) => event);
    expect(events).toEqual(['audit.open', 'audit.gap', 'attempt.start', 'attempt.end', 'audit.close']);
  });
});
