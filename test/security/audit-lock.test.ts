import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SecurityModule } from '../../src/security/security-module.js';
import { verifyAuditLog } from '../../src/security/verify-audit-log.js';
import { childScript } from './child-script.js';
import { linesIn, model, scratch } from './records.js';

const onLinux = process.platform === 'linux';
const start = { call: 'decision-1', model, level: 'primary' } as const;

let script: Awaited<ReturnType<typeof childScript>>;
beforeAll(async () => {
  // Opens the log, says whether it could, holds it for a while, writes all the time, and closes it.
  script = await childScript(`
    import { SecurityModule } from './src/security/security-module.ts';
    const [, , directory, records, holdMs] = process.argv;
    const security = new SecurityModule({ audit: { directory, onFailure: 'block' } });
    const model = { id: 'm', key: null, service: 's', type: 'ollama', baseURL: 'http://localhost:1' };
    const call = 'process-' + process.pid;
    (async () => {
      let code = 'ok';
      try {
        for (let i = 0; i < Number(records); i++) {
          await security.recordAttemptStart({ call, model, level: 'primary' });
          if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
      } catch (error) {
        code = error.code;
      }
      process.stdout.write(code + '\\n');
      if (Number(holdMs) > 0) await new Promise((resolve) => setTimeout(resolve, Number(holdMs)));
      await security.close();
    })();
  `);
});
afterAll(() => script.done());

let directory: string;
let done: () => Promise<void>;
beforeEach(async () => {
  const { path, done: remove } = await scratch();
  directory = join(path, 'audit');
  done = remove;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await done();
});

function writer(records: number, holdMs = 0): { child: ChildProcess; code: Promise<string> } {
  const child = spawn(process.execPath, [script.path, directory, `${records}`, `${holdMs}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const code = once(child.stdout as NodeJS.ReadableStream, 'data').then(([data]) => String(data).trim());
  return { child, code };
}

async function opens(): Promise<string> {
  const security = new SecurityModule({ audit: { directory } });
  try {
    await security.openAudit();
    return 'ok';
  } catch (error) {
    return (error as Error).message;
  } finally {
    await security.close();
  }
}

describe('two writers', () => {
  it('of two processes never share a log, however many begin at once over a dead lock', {
    timeout: 60_000,
  }, async () => {
    fs.mkdirSync(directory, { mode: 0o700 });
    for (let round = 0; round < 3; round++) {
      fs.writeFileSync(join(directory, 'audit.lock'), JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }));
      // Each holds it until all have tried.
      const writers = Array.from({ length: 4 }, () => writer(100, 60_000));
      const codes = await Promise.all(writers.map(({ code }) => code));
      for (const { child } of writers) child.kill('SIGKILL');
      await Promise.all(writers.map(({ child }) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
      expect(codes.sort()).toEqual(['ERR_AUDIT', 'ERR_AUDIT', 'ERR_AUDIT', 'ok']);
    }
    expect(await opens()).toBe('ok');
    expect(await verifyAuditLog(directory)).toMatchObject({ ok: true });
    const calls = (await linesIn(directory)).map((line) => JSON.parse(line).call).filter(Boolean);
    expect(new Set(calls).size).toBe(3);
    expect(calls).toHaveLength(300);
  });

  it('of one process neither, also after its clock was set', async () => {
    const first = new SecurityModule({ audit: { directory } });
    await first.openAudit();
    expect(await opens()).toContain(`in use by another writer (process ${process.pid} on ${hostname()})`);
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + 3_600_000);
    expect(await opens()).toContain('in use');
    vi.spyOn(Date, 'now').mockReturnValue(now - 3_600_000);
    expect(await opens()).toContain('in use');
    await first.close();
    expect(await opens()).toBe('ok');
  });
});

describe('the lock of a process that is gone', () => {
  it('is taken over', async () => {
    const { child, code } = writer(10, 60_000);
    await code;
    expect(await opens()).toContain('in use');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await opens()).toBe('ok');
    expect(await verifyAuditLog(directory)).toMatchObject({ ok: true, records: 15 });
  });

  it.skipIf(!onLinux)('is taken over where its number was given to another process, or to this one', async () => {
    fs.mkdirSync(directory, { mode: 0o700 });
    for (const pid of [process.pid, process.ppid, 1]) {
      fs.writeFileSync(join(directory, 'audit.lock'), JSON.stringify({ pid, host: hostname(), start: '12345678901' }));
      expect([pid, await opens()]).toEqual([pid, 'ok']);
    }
  });

  it.skipIf(!onLinux)('is taken over from a process that ended and that nobody waits for', async () => {
    // The shell starts a process and is replaced by one that never asks for its end; only then may that process end.
    const shell = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    });
    const [data] = await once(shell.stdout as Readable, 'data');
    const pid = Number(String(data));
    const read = (of: number | undefined, file: string): string => fs.readFileSync(`/proc/${of}/${file}`, 'latin1');
    await vi.waitFor(() => expect(read(shell.pid, 'comm')).toBe('sleep\n'), 5_000);
    (shell.stdio[3] as Readable).destroy();
    const state = (): string => read(pid, 'stat').replace(/^.*\) /, '');
    await vi.waitFor(() => expect(state()).toMatch(/^Z/), 5_000);
    fs.mkdirSync(directory, { mode: 0o700 });
    const began = state().split(' ')[19];
    fs.writeFileSync(join(directory, 'audit.lock'), JSON.stringify({ pid, host: hostname(), start: began }));
    expect(await opens()).toBe('ok');
    shell.kill('SIGKILL');
  });

  it('is taken over where the one who took it over died at that', async () => {
    fs.mkdirSync(directory, { mode: 0o700 });
    fs.writeFileSync(join(directory, 'audit.lock'), '{}');
    const guard = join(directory, 'audit.lock.steal');
    fs.writeFileSync(guard, '');
    expect(await opens()).toContain('in use');
    const old = new Date(Date.now() - 11_000);
    fs.utimesSync(guard, old, old);
    await opens();
    expect(await opens()).toBe('ok');
    expect(fs.readdirSync(directory).filter((name) => name.startsWith('audit.lock'))).toEqual([]);
  });
});

describe('a lock that was lost', () => {
  it('ends the writing: two never fork the chain for long', async () => {
    const first = new SecurityModule({ audit: { directory, onFailure: 'block' } });
    await first.logSecurityEvent('mine');
    // Somebody believed that this process was gone.
    fs.rmSync(join(directory, 'audit.lock'));
    const second = new SecurityModule({ audit: { directory } });
    await second.logSecurityEvent('theirs');
    await expect(first.audit.flush()).rejects.toMatchObject({ message: expect.stringContaining('EBUSY') });
    await expect(first.logSecurityEvent('mine')).rejects.toMatchObject({ code: 'ERR_AUDIT' });
    await second.logSecurityEvent('theirs');
    await first.close();
    await second.close();
    expect(await verifyAuditLog(directory)).toMatchObject({ ok: true });
    expect((await linesIn(directory)).map((line) => JSON.parse(line).event).filter((e) => e === 'theirs')).toHaveLength(
      2,
    );
  });

  it('is made again where it was only tidied away', async () => {
    const first = new SecurityModule({ audit: { directory, onFailure: 'block' } });
    await first.recordAttemptStart(start);
    fs.rmSync(join(directory, 'audit.lock'));
    await first.audit.flush();
    await first.recordAttemptStart(start);
    expect(await opens()).toContain('in use');
    await first.close();
    expect(fs.readdirSync(directory)).toEqual(['audit-00000001.jsonl']);
  });
});

it.skipIf(!onLinux || process.getuid?.() !== 0)('a directory of another user is refused', async ({ skip }) => {
  fs.mkdirSync(directory, { mode: 0o700 });
  try {
    fs.chownSync(directory, 54_321, 54_321);
  } catch {
    skip('the root of a user namespace has no other user to give it to');
  }
  expect(await opens()).toContain('belongs to another user');
});

it.skipIf(process.platform === 'win32')(
  'a pipe in the place of a segment is refused, and holds nobody up',
  async () => {
    fs.mkdirSync(directory, { mode: 0o700 });
    const segment = join(directory, 'audit-00000001.jsonl');
    expect(spawnSync('mkfifo', [segment]).status).toBe(0);
    expect(await opens()).toContain('is not a file of its own');
    await expect(verifyAuditLog(directory)).rejects.toMatchObject({ code: 'ERR_AUDIT' });
    fs.rmSync(segment);
    // A second name of somebody's file would have our lines in it.
    fs.writeFileSync(join(directory, '..', 'victim'), 'precious\n');
    fs.linkSync(join(directory, '..', 'victim'), segment);
    expect(await opens()).toContain('is not a file of its own');
    expect(fs.readFileSync(join(directory, '..', 'victim'), 'utf8')).toBe('precious\n');
  },
);
