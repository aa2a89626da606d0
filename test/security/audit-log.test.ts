import fs from 'node:fs';
import { mkdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AuditOptions, SecurityModule } from '../../src/security/security-module.js';
import { verifyAuditLog } from '../../src/security/verify-audit-log.js';
import { attempt, decision, key, linesIn, model, scratch, segmentsIn } from './records.js';

let directory: string;
let open: SecurityModule[];
let done: () => Promise<void>;
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

function secured(audit: AuditOptions | false, o: ConstructorParameters<typeof SecurityModule>[0] = {}): SecurityModule {
  const security = new SecurityModule({ ...o, audit });
  open.push(security);
  return security;
}

const start = { call: 'decision-1', model, level: 'primary' } as const;
const events = (security: SecurityModule): unknown[] => security.audit.recent().map(({ event }) => event);

describe('the audit log in memory', () => {
  it('is the default, and holds attempts, refusals, queries and events of the host', async () => {
    const security = new SecurityModule();
    open.push(security);
    expect(security.audit.directory).toBeNull();
    await security.recordAttemptStart(start);
    security.recordAttemptEnd({ call: 'decision-1', attempt, usage: { inputTokens: 3, outputTokens: 4 } });
    await security.fetch('http://8.8.8.8/').catch(() => {});
    await security.logQuery({ query: 'q', decision, outcome: 'ok' });
    await security.logSecurityEvent('login.failed', { user: 'alice', attempts: 3 });
    expect(events(security)).toEqual([
      'policy.loaded',
      'attempt.start',
      'attempt.end',
      'egress.deny',
      'query',
      'login.failed',
    ]);
    const records = security.audit.recent();
    expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(records[1]).toMatchObject({ call: 'decision-1', model: model.id, service: model.service, level: 'primary' });
    expect(records[2]).toMatchObject({ outcome: 'ok', ms: 42, tokensIn: 3, tokensOut: 4 });
    expect(records[3]).toMatchObject({ rule: 'R3', host: '8.8.8.8' });
    expect(records[4]).toMatchObject({ category: 'coding', complexity: 4, outcome: 'ok', tokensIn: 12 });
    expect(records[5]).toMatchObject({ user: 'alice', attempts: 3 });
    expect(security.audit.recent(2).map(({ seq }) => seq)).toEqual([5, 6]);
  });

  it('waits for nothing and remembers the newest thousand', () => {
    const security = secured({});
    for (let i = 0; i < 5_000; i++) expect(security.recordAttemptStart(start)).toBeUndefined();
    const seqs = security.audit.recent(10_000).map(({ seq }) => seq as number);
    expect(seqs.length).toBe(1_000);
    expect(seqs.at(-1)).toBe(5_001);
  });

  it('can be switched off', async () => {
    const security = secured(false);
    expect(security.recordAttemptStart(start)).toBeUndefined();
    await security.logQuery({ query: 'q', decision, outcome: 'ok' });
    expect(security.audit.recent()).toEqual([]);
    await security.audit.flush();
  });

  it('is shared with narrowed modules', async () => {
    const security = secured({});
    await security.narrow({ allowedHosts: [] }).logSecurityEvent('from.child');
    expect(events(security)).toEqual(['policy.loaded', 'policy.loaded', 'from.child']);
    expect(() => security.narrow({ audit: {} })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });
});

describe('what of a query is recorded', () => {
  const record = async (o: ConstructorParameters<typeof SecurityModule>[0]) => {
    const security = new SecurityModule(o);
    open.push(security);
    await security.logQuery({ query: 'the prompt', response: 'the reply', decision, outcome: 'ok' });
    return security.audit.recent(1)[0];
  };

  it('is a keyed hash where there is a key, and nothing where there is none', async () => {
    const keyed = await record({ audit: { key } });
    expect(keyed?.['query']).toMatch(/^[0-9a-f]{64}$/);
    expect(keyed?.['session']).toMatch(/^[0-9a-f]{64}$/);
    expect(keyed).not.toHaveProperty('response');
    expect(await record({ audit: { key } })).toMatchObject({ query: keyed?.['query'] });
    const otherwise = await record({ audit: { key: new Uint8Array(32).fill(8) } });
    expect(otherwise?.['query']).not.toBe(keyed?.['query']);
    const bare = await record({});
    expect(bare).not.toHaveProperty('query');
    expect(bare).not.toHaveProperty('session');
  });

  it('is what the host chooses', async () => {
    expect(await record({ audit: { key }, logQueries: false })).not.toHaveProperty('query');
    expect(await record({ audit: { key }, logResponses: true })).toHaveProperty('response');
    expect(await record({ logQueries: 'text', logResponses: 'text' })).toMatchObject({
      queryText: 'the prompt',
      responseText: 'the reply',
    });
    const narrowed = new SecurityModule({ logQueries: false, audit: {} });
    open.push(narrowed);
    await narrowed.narrow({ logQueries: 'text' }).logQuery({ query: 'the prompt', decision, outcome: 'ok' });
    expect(narrowed.audit.recent(1)[0]).not.toHaveProperty('queryText');
  });

  it('takes the key from a function, and says so if that fails', async () => {
    expect((await record({ audit: { key: async () => key } }))?.['query']).toMatch(/^[0-9a-f]{64}$/);
    const broken = secured({
      key: async () => {
        throw new Error('canary');
      },
    });
    const error: unknown = await broken.logSecurityEvent('x').catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_AUDIT' });
    expect(String(error)).not.toContain('canary');
  });

  it('asks the function for the key again after it failed, and writes what was early', async () => {
    let calls = 0;
    const security = secured({
      directory,
      key: async () => {
        calls += 1;
        if (calls === 1) throw new Error('the vault sleeps');
        return key;
      },
    });
    await expect(security.logSecurityEvent('first')).rejects.toMatchObject({ code: 'ERR_AUDIT' });
    await security.logSecurityEvent('second');
    await security.logSecurityEvent('third');
    expect(calls).toBe(2);
    await security.close();
    expect((await linesIn(directory)).map((line) => JSON.parse(line).event)).toEqual([
      'audit.open',
      'policy.loaded',
      'first',
      'second',
      'third',
      'audit.close',
    ]);
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
  });

  it('needs a key of 32 bytes', () => {
    expect(() => secured({ key: new Uint8Array(16) })).toThrow(/32 random bytes/);
  });
});

describe('events of the host', () => {
  it.each<[string, Record<string, string | number | boolean>]>([
    ['attempt.start', {}],
    ['audit.open', {}],
    ['escalation.granted', {}],
    ['query', {}],
    ['two words', {}],
    ['line\nbreak', {}],
    ['', {}],
    ['fine', { seq: 1 }],
    ['fine', { 'a b': 1 }],
    ['fine', { bad: Number.NaN }],
    ['fine', Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`f${i}`, i]))],
  ])('named %j with %j cannot pass for ours', async (event, fields) => {
    await expect(secured({}).logSecurityEvent(event, fields)).rejects.toMatchObject({ code: 'ERR_INVALID_REQUEST' });
  });

  it('do not give secrets away', async () => {
    const security = secured({});
    await security.logSecurityEvent('login', { password: 'hunter2', apiKey: 'sk-1', user: 'bob' });
    expect(security.audit.recent(1)[0]).toMatchObject({ password: '(hidden)', apiKey: '(hidden)', user: 'bob' });
  });
});

describe('the audit log in files', () => {
  it('is private, one JSON object a line, and verifies', async () => {
    const security = secured({ directory, key });
    expect(fs.existsSync(directory)).toBe(false);
    await security.recordAttemptStart(start);
    await security.logQuery({ query: 'q', decision, outcome: 'ok' });
    await security.audit.flush();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, 'audit-00000001.jsonl'))).mode & 0o777).toBe(0o600);
    const records = (await linesIn(directory)).map((line) => JSON.parse(line));
    expect(records.map((r) => r.event)).toEqual(['audit.open', 'policy.loaded', 'attempt.start', 'query']);
    await security.close();
    expect(await verifyAuditLog(directory, { key })).toEqual({ ok: true, records: 5, firstBad: null });
    expect(await verifyAuditLog(directory)).toMatchObject({ ok: true });
  });

  it('has an attempt in the file before the call goes on', async () => {
    const security = secured({ directory });
    await security.openAudit();
    expect(security.recordAttemptStart(start)).toBeUndefined();
    expect(fs.readFileSync(join(directory, 'audit-00000001.jsonl'), 'utf8')).toContain('"attempt.start"');
  });

  it('writes hostile names as plain ASCII on one line', async () => {
    const security = secured({ directory });
    const id = 'm\n{"v":1}\u2028\u202e\u001b[31m\ud800é';
    await security.recordAttemptStart({ ...start, model: { ...model, id } });
    const lines = await linesIn(directory);
    expect(lines.every((line) => /^[\x20-\x7e]+$/.test(line))).toBe(true);
    expect(JSON.parse(lines.at(-1) as string).model).toBe(id);
    await security.close();
    expect((await verifyAuditLog(directory)).ok).toBe(true);
  });

  it('goes on where an earlier run ended', async () => {
    for (let run = 0; run < 3; run++) {
      const security = secured({ directory, key });
      await security.logSecurityEvent('again', { nr: run });
      await security.close();
    }
    expect(await segmentsIn(directory)).toHaveLength(1);
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true, records: 12 });
  });

  it.each(['none', 'batch', 'record'] as const)('verifies with durability %s', async (durability) => {
    const security = secured({ directory, durability });
    for (let i = 0; i < 200; i++) await security.recordAttemptStart(start);
    await security.close();
    expect(await verifyAuditLog(directory)).toMatchObject({ ok: true, records: 203 });
  });

  it('begins a new segment for a new key, and verifies with the newest', async () => {
    const old = secured({ directory, key });
    await old.logSecurityEvent('old');
    await old.close();
    const newKey = new Uint8Array(32).fill(9);
    const security = secured({ directory, key: newKey });
    await security.logSecurityEvent('new');
    await security.close();
    expect(await segmentsIn(directory)).toHaveLength(2);
    expect(await verifyAuditLog(directory, { key: newKey })).toMatchObject({ ok: true });
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: false });
  });

  it('rotates by size, keeps as many segments as asked for, and still verifies', async () => {
    const security = secured({ directory, key, rotateBytes: 4_096, retainSegments: 3 });
    for (let i = 0; i < 200; i++) await security.recordAttemptStart(start);
    await security.close();
    const segments = await segmentsIn(directory);
    expect(segments).toHaveLength(3);
    expect(segments[0]).not.toBe('audit-00000001.jsonl');
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
    fs.rmSync(join(directory, segments[0] as string));
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: false, firstBad: { seq: 1 } });
  });
});

describe('an audit log that cannot be had', () => {
  const refused = async (o: AuditOptions = {}): Promise<string> => {
    const security = secured({ directory, ...o });
    const error: unknown = await security.logSecurityEvent('x').catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_AUDIT' });
    await expect(security.audit.flush()).rejects.toMatchObject({ code: 'ERR_AUDIT' });
    await expect(security.openAudit()).rejects.toMatchObject({ code: 'ERR_AUDIT' });
    return (error as Error).message;
  };

  it('is one whose directory is a link', async () => {
    await mkdir(`${directory}-real`);
    await symlink(`${directory}-real`, directory);
    expect(await refused()).toContain('links are not followed');
    expect(fs.readdirSync(`${directory}-real`)).toEqual([]);
  });

  it('is one whose directory is a file, or can be written by everyone', async () => {
    await writeFile(directory, '');
    expect(await refused()).toContain('not a directory');
    fs.rmSync(directory);
    fs.mkdirSync(directory);
    fs.chmodSync(directory, 0o777);
    expect(await refused()).toContain('0700');
  });

  it('is one whose segment is a link', async () => {
    await mkdir(directory);
    await symlink('/dev/null', join(directory, 'audit-00000001.jsonl'));
    expect(await refused()).toContain('not a file');
  });

  it('is one that another module or process writes', async () => {
    const first = secured({ directory });
    await first.logSecurityEvent('mine');
    expect(await refused()).toContain('in use');
    await first.close();
    const lock = (pid: number, host = hostname()) => JSON.stringify({ pid, host, started: 0 });
    await writeFile(join(directory, 'audit.lock'), lock(process.ppid));
    expect(await refused()).toContain('in use');
    await writeFile(join(directory, 'audit.lock'), lock(process.pid, 'another-machine'));
    expect(await refused()).toContain('in use');
  });

  it.each(['{"pid":', '{}', JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), started: 0 })])(
    'is not one whose writer is gone (lock %s)',
    async (text) => {
      await mkdir(directory);
      await writeFile(join(directory, 'audit.lock'), text);
      const security = secured({ directory });
      await security.logSecurityEvent('mine');
      await security.close();
      expect(fs.existsSync(join(directory, 'audit.lock'))).toBe(false);
      expect((await verifyAuditLog(directory)).ok).toBe(true);
    },
  );
});

describe('a log that a crash cut off', () => {
  it('goes on from its last whole record, wherever it was cut', async () => {
    const security = secured({ directory, key });
    await security.logSecurityEvent('one');
    await security.logSecurityEvent('two');
    await security.audit.flush();
    await security.close();
    const path = join(directory, 'audit-00000001.jsonl');
    const whole = await readFile(path);
    for (let size = whole.length - 1; size > whole.length - 900; size -= 23) {
      await writeFile(path, whole);
      await truncate(path, size);
      const next = secured({ directory, key });
      await next.logSecurityEvent('three');
      await next.close();
      expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
      const cut = whole.subarray(0, size).lastIndexOf(10) + 1 < size;
      expect((await linesIn(directory)).some((line) => line.includes('"audit.gap"'))).toBe(cut);
    }
  });

  it('keeps what it put aside', async () => {
    const security = secured({ directory });
    await security.logSecurityEvent('one');
    await security.close();
    fs.appendFileSync(join(directory, 'audit-00000001.jsonl'), '{"half');
    const next = secured({ directory });
    await next.openAudit();
    const torn = fs.readdirSync(directory).find((name) => name.endsWith('.torn'));
    expect(fs.readFileSync(join(directory, torn as string), 'utf8')).toBe('{"half');
  });
});

describe('a log that cannot be written', () => {
  const fail = (code: string) =>
    vi.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw Object.assign(new Error(code), { code });
    });

  it('holds up no call by default, says so on flush, and catches up', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += 1_000;
      return now;
    });
    const security = secured({ directory, key });
    await security.logSecurityEvent('before');
    const disk = fail('ENOSPC');
    for (let i = 0; i < 1_500; i++) expect(security.recordAttemptStart(start)).toBeUndefined();
    const error: unknown = await security.audit.flush().catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_AUDIT', message: expect.stringContaining('ENOSPC') });
    disk.mockRestore();
    await security.logSecurityEvent('after');
    await security.audit.flush();
    await security.close();
    expect(await verifyAuditLog(directory, { key })).toMatchObject({ ok: true });
    const records = (await linesIn(directory)).map((line) => JSON.parse(line));
    expect(records.find((r) => r.event === 'audit.gap')).toMatchObject({ dropped: 500 });
  });

  it('refuses calls in block mode, which is the default with strict or allowExternal', async () => {
    for (const o of [{ strict: true }, { allowExternal: true }]) {
      const security = secured({ directory: `${directory}-${Object.keys(o)}` }, o);
      await security.recordAttemptStart(start);
      const disk = fail('EIO');
      await expect(async () => security.recordAttemptStart(start)).rejects.toMatchObject({ code: 'ERR_AUDIT' });
      expect(() => security.recordAttemptEnd({ call: 'c', attempt })).not.toThrow();
      disk.mockRestore();
    }
  });

  it('leaves no half line behind', async () => {
    const security = secured({ directory });
    await security.logSecurityEvent('before');
    const write = fs.writeSync;
    let calls = 0;
    const disk = vi.spyOn(fs, 'writeSync').mockImplementation(((fd: number, text: string) => {
      calls += 1;
      if (calls > 1) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      return write(fd, text.slice(0, 10));
    }) as typeof fs.writeSync);
    await security.logSecurityEvent('torn');
    expect((await readFile(join(directory, 'audit-00000001.jsonl'), 'utf8')).endsWith('\n')).toBe(true);
    disk.mockRestore();
    await security.audit.flush();
    await security.close();
    expect(await verifyAuditLog(directory)).toMatchObject({ ok: true });
  });

  it('notices that its directory was removed', async () => {
    const security = secured({ directory, onFailure: 'block' });
    await security.logSecurityEvent('before');
    fs.rmSync(directory, { recursive: true });
    await expect(security.audit.flush()).rejects.toMatchObject({ code: 'ERR_AUDIT' });
    await expect(async () => security.recordAttemptStart(start)).rejects.toMatchObject({ code: 'ERR_AUDIT' });
  });

  it('goes on in memory where the directory cannot be made', async () => {
    vi.spyOn(fs, 'mkdirSync').mockImplementation(() => {
      throw Object.assign(new Error('EROFS'), { code: 'EROFS' });
    });
    const security = secured({ directory });
    await security.recordAttemptStart(start);
    expect(events(security)).toContain('attempt.start');
    await expect(security.audit.flush()).rejects.toMatchObject({ code: 'ERR_AUDIT' });
    const careful = secured({ directory, onFailure: 'block' });
    await expect(async () => careful.recordAttemptStart(start)).rejects.toMatchObject({ code: 'ERR_AUDIT' });
  });
});

describe('sinks', () => {
  it('get every line in order, in batches', async () => {
    const lines: string[] = [];
    let writes = 0;
    let closed = 0;
    const security = secured({
      key,
      sinks: [
        {
          write: async (batch) => {
            writes += 1;
            lines.push(...batch);
          },
          close: async () => {
            closed += 1;
          },
        },
      ],
    });
    for (let i = 0; i < 150; i++) await security.recordAttemptStart(start);
    await security.close();
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual(Array.from({ length: 152 }, (_, i) => i + 1));
    expect(writes).toBeLessThan(10);
    expect(closed).toBe(1);
  });

  it.each<[string, () => Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('sink');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('sink');
      },
    ],
  ])('that %s break no call, but block where that is asked for', async (_, write) => {
    const calm = secured({ sinks: [{ write }] });
    await calm.recordAttemptStart(start);
    await calm.logQuery({ query: 'q', decision, outcome: 'ok' });
    await expect(calm.audit.flush()).rejects.toMatchObject({ code: 'ERR_AUDIT' });
    const careful = secured({ sinks: [{ write }], onFailure: 'block' });
    await expect(careful.recordAttemptStart(start)).rejects.toMatchObject({ code: 'ERR_AUDIT' });
    await expect(careful.logSecurityEvent('x')).rejects.toMatchObject({ code: 'ERR_AUDIT' });
  });

  it('get again what they did not take', async () => {
    const lines: string[] = [];
    let broken = true;
    const security = secured({
      sinks: [
        {
          write: async (batch) => {
            if (broken) throw new Error('later');
            lines.push(...batch);
          },
        },
      ],
    });
    await security.logSecurityEvent('one');
    await security.audit.flush().catch(() => {});
    broken = false;
    await security.logSecurityEvent('two');
    await security.audit.flush();
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['policy.loaded', 'one', 'two']);
  });
});
