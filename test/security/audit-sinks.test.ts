import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AuditSinks } from '../../src/security/audit-sinks.js';
import { SecurityModule } from '../../src/security/security-module.js';
import { verifyAuditLog } from '../../src/security/verify-audit-log.js';
import { model, scratch } from './records.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const start = { call: 'decision-1', model, level: 'primary' } as const;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const seqs = (lines: readonly string[]): number[] => lines.map((line) => JSON.parse(line).seq);
const counted = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** A sink that takes nothing before it is let. */
function hanging() {
  const batches: string[][] = [];
  const ends: ((ok: boolean) => void)[] = [];
  return {
    batches,
    /** Lets the write that runs go well, or not. */
    end: (ok = true): void => ends.shift()?.(ok),
    sink: {
      write: (lines: string[]) => {
        batches.push(lines);
        return new Promise<void>((resolve, reject) => {
          ends.push((ok) => (ok ? resolve() : reject(new Error('no'))));
        });
      },
    },
  };
}

describe('several sinks', () => {
  it('do not hold each other up, nor the files', async () => {
    const { path, done } = await scratch();
    const directory = join(path, 'audit');
    const good: string[] = [];
    const { sink: slow, batches } = hanging();
    const throwing = {
      write: (): Promise<void> => {
        throw new Error('sink');
      },
    };
    const takes = { write: async (lines: string[]) => void good.push(...lines) };
    const security = new SecurityModule({ audit: { directory, sinks: [slow, throwing, takes] } });
    await security.openAudit();
    for (let i = 0; i < 300; i++) {
      expect(security.recordAttemptStart(start)).toBeUndefined();
      if (i % 50 === 0) await turn();
    }
    await turn();
    expect(seqs(good).length).toBeGreaterThan(200);
    expect(seqs(good)).toEqual(counted(good.length));
    expect(batches).toHaveLength(1);
    const closing = security.close();
    await vi.waitFor(() => vi.advanceTimersByTimeAsync(20_000));
    await closing;
    expect(seqs(good)).toEqual(counted(303));
    expect(await verifyAuditLog(directory)).toMatchObject({ ok: true, records: 303 });
    expect(vi.getTimerCount()).toBe(0);
    await done();
  });
});

describe('a sink that hangs', () => {
  it('is called once, and only the newest thousand lines wait for it', async () => {
    const { sink, batches, end } = hanging();
    const sinks = new AuditSinks([sink]);
    for (let i = 1; i <= 50_000; i++) sinks.push(`{"seq":${i}}`);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(batches).toHaveLength(1);
    end();
    const taken = sinks.deliver();
    await turn();
    end();
    expect(await taken).toBe(true);
    expect(batches).toHaveLength(2);
    expect(seqs(batches[1] as string[])).toEqual(counted(50_000).slice(-1_000));
    await sinks.close();
  });

  it('is bounded by bytes too', async () => {
    const { sink, batches, end } = hanging();
    const sinks = new AuditSinks([sink]);
    sinks.push('first');
    void sinks.deliver();
    for (let i = 0; i < 500; i++) sinks.push('x'.repeat(200_000));
    end();
    await turn();
    void sinks.deliver();
    await turn();
    const size = (batches[1] as string[]).reduce((sum, line) => sum + line.length, 0);
    expect(size).toBeLessThanOrEqual(16_777_216);
    expect(size).toBeGreaterThan(16_000_000);
    end();
    await vi.advanceTimersByTimeAsync(5_000);
    await sinks.close();
  });

  it('fails each call of block mode after 5 s, and gathers neither calls nor promises', async () => {
    const { sink, batches } = hanging();
    const security = new SecurityModule({ audit: { sinks: [sink], onFailure: 'block' } });
    const calls = Array.from({ length: 200 }, () =>
      Promise.resolve(security.recordAttemptStart(start)).then(
        () => 'sent',
        (error: { code: string }) => error.code,
      ),
    );
    await vi.advanceTimersByTimeAsync(5_000);
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['ERR_AUDIT']));
    expect(batches).toHaveLength(1);
    const closing = security.close();
    await vi.advanceTimersByTimeAsync(20_000);
    await closing;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is believed when it comes back late: nothing is given to it twice', async () => {
    const { sink, batches, end } = hanging();
    const sinks = new AuditSinks([sink]);
    sinks.push('{"seq":1}');
    const late = sinks.deliver();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await late).toBe(false);
    end();
    await turn();
    sinks.push('{"seq":2}');
    const second = sinks.deliver();
    await turn();
    end();
    expect(await second).toBe(true);
    expect(batches.map(seqs)).toEqual([[1], [2]]);
    await sinks.close();
  });
});

describe('a sink that fails', () => {
  it('gets the lines again in order, without a loop of tries', async () => {
    const { sink, batches, end } = hanging();
    const sinks = new AuditSinks([sink]);
    sinks.push('{"seq":1}');
    const first = sinks.deliver();
    sinks.push('{"seq":2}');
    const second = sinks.deliver();
    end(false);
    expect(await first).toBe(false);
    await turn();
    end(false);
    expect(await second).toBe(false);
    await vi.advanceTimersByTimeAsync(60_000);
    sinks.push('{"seq":3}');
    const third = sinks.deliver();
    await turn();
    end();
    expect(await third).toBe(true);
    expect(batches.map(seqs)).toEqual([[1], [1, 2], [1, 2, 3]]);
    await sinks.close();
  });

  it('does not pass for one that took a line which had to go', async () => {
    const { sink, end } = hanging();
    const sinks = new AuditSinks([sink]);
    sinks.push('{"seq":1}');
    void sinks.deliver();
    sinks.push('{"seq":2}');
    const lost = sinks.deliver();
    for (let i = 3; i <= 1_100; i++) sinks.push(`{"seq":${i}}`);
    end();
    await turn();
    end();
    expect(await lost).toBe(false);
    await sinks.close();
  });
});
