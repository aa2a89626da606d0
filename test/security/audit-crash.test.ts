import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { verifyAuditLog } from '../../src/security/verify-audit-log.js';
import { childScript } from './child-script.js';
import { linesIn, scratch } from './records.js';

it('loses nothing that a killed process had been told was recorded', async () => {
  const { path, done } = await scratch();
  const directory = join(path, 'audit');
  const script = await childScript(`
    import { writeSync } from 'node:fs';
    import { SecurityModule } from './src/security/security-module.ts';
    const security = new SecurityModule({ audit: { directory: process.argv[2], rotateBytes: 16384 } });
    const round = process.argv[3];
    const model = { id: 'm', key: null, service: 's', type: 'ollama', baseURL: 'http://localhost:1' };
    (async () => {
      for (let i = 0; ; i++) {
        await security.recordAttemptStart({ call: round + '-' + i, model, level: 'primary' });
        writeSync(1, round + '-' + i + '\\n');
        if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    })();
  `);
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, [script.path, directory, `call${round}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let told = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        told += chunk;
        // After some hundred records, in the middle of whatever it is doing.
        if (told.length > 4_000 + round * 777) child.kill('SIGKILL');
      });
      child.on('close', () => resolve());
    });
    const calls = new Set((await linesIn(directory)).map((line) => JSON.parse(line).call));
    const acknowledged = told.split('\n').slice(0, -1);
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(acknowledged.filter((call) => !calls.has(call))).toEqual([]);
  }
  expect(await verifyAuditLog(directory)).toMatchObject({ ok: true });
  await script.done();
  await done();
});
