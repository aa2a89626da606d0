import { execFile } from 'node:child_process';
import http from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childScript } from './child-script.js';
import { closeServer, forbiddenListener, listen } from './fake-sockets.js';

let script: Awaited<ReturnType<typeof childScript>>;
beforeAll(async () => {
  script = await childScript(`
    import { ProxyAgent, setGlobalDispatcher } from 'undici';
    import { SecurityModule } from './src/security/security-module.ts';
    if (process.env.GLOBAL_PROXY) setGlobalDispatcher(new ProxyAgent(process.env.GLOBAL_PROXY));
    const security = new SecurityModule();
    security.fetch(process.argv[2], { method: 'POST', body: 'prompt' })
      .then(async (response) => console.log(await response.text()), (error) => console.log(error.code))
      .then(() => security.close());
  `);
});
afterAll(() => script.done());

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
      const { stdout } = await promisify(execFile)(process.execPath, [script.path, `http://127.0.0.1:${port}/`], {
        env: { PATH: process.env['PATH'], ...environment(`http://127.0.0.1:${proxy.port}`) },
      });
      expect(stdout.trim()).toBe('direct');
      expect(proxy.connections()).toBe(0);
    } finally {
      await Promise.all([proxy.close(), closeServer(server)]);
    }
  });
});
