import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeServer, forbiddenListener, listen } from './fake-sockets.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
let directory: string;
let script: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'router-environment-'));
  script = join(directory, 'child.cjs');
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { ProxyAgent, setGlobalDispatcher } from 'undici';
        import { SecurityModule } from './src/security/security-module.ts';
        if (process.env.GLOBAL_PROXY) setGlobalDispatcher(new ProxyAgent(process.env.GLOBAL_PROXY));
        const security = new SecurityModule();
        security.fetch(process.argv[2], { method: 'POST', body: 'prompt' })
          .then(async (response) => console.log(await response.text()), (error) => console.log(error.code))
          .then(() => security.close());
      `,
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  await writeFile(script, outputFiles[0]?.text ?? '');
});
afterAll(() => rm(directory, { recursive: true }));

describe('what the environment of the process says about the network', () => {
  it.each<[string, (proxy: string) => Record<string, string>]>([
    ['HTTP_PROXY with NODE_USE_ENV_PROXY', (proxy) => ({ NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy, NO_PROXY: '' })],
    [
      'http_proxy and ALL_PROXY',
      (proxy) => ({ NODE_USE_ENV_PROXY: '1', http_proxy: proxy, ALL_PROXY: proxy, all_proxy: proxy }),
    ],
    ['npm_config_proxy', (proxy) => ({ npm_config_proxy: proxy })],
    ['addresses of vendor clients', (proxy) => ({ OPENAI_BASE_URL: proxy, OLLAMA_HOST: proxy })],
    ['a global dispatcher that the host set', (proxy) => ({ GLOBAL_PROXY: proxy })],
  ])('%s: nothing is sent there', async (_, environment) => {
    const proxy = await forbiddenListener('127.0.0.1');
    const server = http.createServer((_request, response) => response.end('direct'));
    const port = await listen(server);
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [script, `http://127.0.0.1:${port}/`], {
        env: { PATH: process.env['PATH'], ...environment(`http://127.0.0.1:${proxy.port}`) },
      });
      expect(stdout.trim()).toBe('direct');
      expect(proxy.connections()).toBe(0);
    } finally {
      await Promise.all([proxy.close(), closeServer(server)]);
    }
  });
});
