import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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

  it('ends with 1 and says where it is broken', async () => {
    const { directory, key, segment } = await logged();
    appendFileSync(join(directory, segment), '{"forged":true}\n');
    const { code, out } = await run(['audit', 'verify', directory, '--key-file', key]);
    expect(code).toBe(1);
    expect(out).toContain(`THE CHAIN IS BROKEN at record`);
    expect(tooWide(out).length).toBeLessThanOrEqual(1);
  });

  it.each([
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
