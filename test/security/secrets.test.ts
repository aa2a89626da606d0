import { readdir, readFile } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { SecurityModule } from '../../src/security/security-module.js';
import { closeServer, listen } from './fake-sockets.js';
import { decision, scratch } from './records.js';

const CANARIES = ['canary-prompt', 'canary-reply', 'canary-key', 'canary-path', 'canary-session', 'canary-password'];

it('keys, prompts, replies and credentials appear in no error, no record and no picture of the module', async () => {
  const { path, done } = await scratch();
  const directory = join(path, 'audit');
  const key = new TextEncoder().encode('canary-key canary-key canary-key canary-key');
  const server = http.createServer((request, response) => {
    if (request.url === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' });
    else if (request.url === '/away')
      response.writeHead(302, { location: 'http://canary-password@evil.test/canary-path' });
    else if (request.url === '/cut') response.writeHead(200, { 'content-length': '1000' });
    response.write('canary-reply');
    setImmediate(() => response.destroy());
  });
  const base = `http://127.0.0.1:${await listen(server)}`;
  const security = new SecurityModule({ audit: { directory, key, sinks: [] }, logResponses: true });
  const seen: unknown[] = [];
  const send = async (url: string): Promise<void> => {
    try {
      const headers = { authorization: 'Bearer canary-key' };
      const response = await security.fetch(url, { method: 'POST', body: 'canary-prompt', headers });
      await response.text();
    } catch (error) {
      seen.push(error);
    }
  };
  for (const url of [
    `${base}/gzip`,
    `${base}/away`,
    `${base}/cut`,
    'http://user:canary-password@127.0.0.1/',
    'http://8.8.8.8/canary-path?x=canary-prompt',
    'http://evil.test/canary-path',
    'canary-prompt',
    'http://127.0.0.1:9/canary-path',
  ]) {
    await send(url);
  }
  expect(seen).toHaveLength(8);
  const keyed = { ...decision, requirements: { session: 'canary-session' } };
  await security.logQuery({ query: 'canary-prompt', response: 'canary-reply', decision: keyed, outcome: 'ok' });
  await security.audit.flush();
  seen.push(security, security.narrow({}), security.audit, security.audit.recent(), security.fetch);
  const files = await Promise.all((await readdir(directory)).map((name) => readFile(join(directory, name), 'utf8')));
  const text = [...seen.map((x) => inspect(x, { depth: 10, showHidden: true })), ...files].join('\n');
  for (const canary of CANARIES) expect(text).not.toContain(canary);
  expect(text).not.toContain(Buffer.from(key).toString('hex'));
  await security.close();
  await closeServer(server);
  await done();
});
