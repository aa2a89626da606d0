import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** Runs `npm start` as a user would, with proxies that would swallow every request if they were used. */
function start(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const env = { ...process.env, HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1', NO_COLOR: '1' };
  const child = spawn(process.execPath, ['scripts/start.mjs', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

describe('npm start', { timeout: 60_000 }, () => {
  it('routes five queries through the embedded servers and verifies the audit log', async () => {
    const { code, out, err } = await start();
    expect(code, err).toBe(0);
    expect(out.match(/^== Query \d of 5/gm)).toHaveLength(5);
    expect(out.match(/^answer .* \(embedded\), level /gm)).toHaveLength(5);
    for (const category of ['coding', 'reasoning', 'analysis', 'documentation']) {
      expect(out).toMatch(new RegExp(`^task +${category}`, 'm'));
    }
    expect(out).toMatch(/^attempt .*failed after \d+ ms \(ERR_\w+\)\nattempt .*ok after/m);
    expect(out).toMatch(/level fallback$/m);
    expect(out).toMatch(/: \d+ records, the chain verifies$/m);
    expect(out.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
    expect(out).not.toContain('\u001b');
  });
});
