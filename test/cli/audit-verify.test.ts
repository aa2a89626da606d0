import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecurityModule } from 'local-llm-router';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run, tooWide } from './run.js';

const KEY = new Uint8Array(32).fill(7);

async function logged(): Promise<{ directory: string; key: string; segment: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'local-llm-router-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [directory, key] = [join(folder, 'audit'), join(folder, 'key')];
  writeFileSync(key, KEY);
  const security = new SecurityModule({ audit: { directory, key: KEY } });
  await security.logSecurityEvent('test.one');
  await security.logSecurityEvent('test.two');
  await security.close();
  const segment = readdirSync(directory).find((name) => name.endsWith('.jsonl')) ?? '';
  return { directory, key, segment };
}

describe('audit verify', () => {
  it('ends with 0 where every record stands', async () => {
    const { directory, key } = await logged();
    const { code, out, err } = await run(['audit', 'verify', directory, '--key-file', key]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^\d+ records, the chain verifies\n$/);
    const json = await run(['audit', 'verify', directory, '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ ok: true, firstBad: null });
  });

  it('says that a check without a key proves little, and which key file cannot be read', async () => {
    const { directory, key } = await logged();
    const { code, out } = await run(['audit', 'verify', directory]);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+ records, the chain verifies; without a key that shows accidents, not forgery\n$/);
    const missing = await run(['audit', 'verify', directory, '--key-file', key, '--key-file', `${key}-lost`]);
    expect(missing.code).toBe(2);
    expect(missing.err).toContain(`The key file cannot be read (ENOENT): ${key}-lost\n`);
  });

  it('ends with 1 and says where it is broken', async () => {
    const { directory, key, segment } = await logged();
    appendFileSync(join(directory, segment), '{"forged":true}\n');
    const { code, out } = await run(['audit', 'verify', directory, '--key-file', key]);
    expect(code).toBe(1);
    expect(out).toContain(`THE CHAIN IS BROKEN at record`);
    expect(tooWide(out).length).toBeLessThanOrEqual(1);
  });

  it('takes all key files of a log whose key changed', async () => {
    const { directory, key } = await logged();
    const newer = `${key}-2`;
    writeFileSync(newer, new Uint8Array(32).fill(9));
    const security = new SecurityModule({ audit: { directory, key: new Uint8Array(32).fill(9) } });
    await security.logSecurityEvent('test.three');
    await security.close();
    const verify = (...files: string[]) =>
      run(['audit', 'verify', directory, ...files.flatMap((f) => ['--key-file', f])]);
    expect((await verify(key, newer)).code).toBe(0);
    expect((await verify(newer)).code).toBe(0);
    const { code, out } = await verify(key);
    expect([code, out]).toEqual([1, expect.stringContaining('newest segment is not sealed with this key')]);
  });

  it('finds a cut against a checkpoint, or the last line of a file of them', async () => {
    const { directory, key, segment } = await logged();
    const lines = readFileSync(join(directory, segment), 'utf8').trim().split('\n');
    const { seq, h } = JSON.parse(lines.at(-1) as string);
    const file = `${key}-checkpoints`;
    writeFileSync(file, `1 ${'0'.repeat(64)}\r\n${seq} ${h}\n`);
    const verify = (...args: string[]) => run(['audit', 'verify', directory, '--key-file', key, ...args]);
    expect((await verify('--checkpoint-file', file)).code).toBe(0);
    // A file of the lines that a sink got serves too.
    writeFileSync(`${file}-lines`, `${lines.join('\n')}\n`);
    expect((await verify('--checkpoint-file', `${file}-lines`)).code).toBe(0);
    writeFileSync(join(directory, segment), `${lines.slice(0, -2).join('\n')}\n`);
    expect((await verify()).code).toBe(0);
    for (const cut of [
      await verify('--checkpoint-file', file),
      await verify('--checkpoint-file', `${file}-lines`),
      await verify('--checkpoint', `${seq} ${h}`),
    ]) {
      expect([cut.code, cut.out]).toEqual([1, expect.stringContaining(`the checkpoint names record ${seq}`)]);
    }
  });

  it('ends with 2 for a key or a checkpoint that is none', async () => {
    const { directory, key } = await logged();
    writeFileSync(`${key}-short`, 'short');
    writeFileSync(`${key}-empty`, '');
    for (const [args, message] of [
      [['--key-file', `${key}-short`], /at least 32 random bytes/],
      [['--checkpoint', 'nonsense'], /checkpoint/],
      [['--checkpoint-file', `${key}-empty`], /checkpoint/],
    ] as const) {
      const { code, out, err } = await run(['audit', 'verify', directory, ...args]);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(message);
    }
  });

  it.each([
    [['a', '--checkpoint-file', '/nowhere/at/all'], /checkpoint file cannot be read/],
    [['a', '--checkpoint', 'x', '--checkpoint-file', 'y'], /Give one checkpoint/],
    [['/nowhere/at/all'], /ERR_AUDIT/],
    [[], /Name one directory/],
    [['a', 'b'], /Name one directory/],
    [['a', '--key-file', '/nowhere/at/all'], /key file cannot be read/],
    [['a', '--key', 'secret'], /Unknown option '--key'/],
  ])('%j ends with 2', async (args, message) => {
    const { code, out, err } = await run(['audit', 'verify', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });
});
