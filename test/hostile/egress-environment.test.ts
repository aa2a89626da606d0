import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childScript } from '../security/child-script.js';
import { type Forbidden, forbidden, modelServer, NOTHING } from './egress-scene.js';

let script: Awaited<ReturnType<typeof childScript>>;
beforeAll(async () => {
  script = await childScript(`
    import http from 'node:http';
    import { ProxyAgent, setGlobalDispatcher } from 'undici';
    import { LocalLLMRouter } from './src/index.ts';
    const { APP_PROXY } = process.env;
    if (APP_PROXY) setGlobalDispatcher(new ProxyAgent(APP_PROXY));
    if (APP_PROXY && http.setGlobalProxyFromEnv) http.setGlobalProxyFromEnv({ http_proxy: APP_PROXY, https_proxy: APP_PROXY });
    process.on('unhandledRejection', (error) => console.log('UNHANDLED', error));
    process.on('uncaughtException', (error) => console.log('UNCAUGHT', error));
    // Node 22 warns of its own support for these variables.
    process.on('warning', (warning) => warning.code === 'UNDICI-EHPA' || console.log('WARNING', warning));
    async function main() {
      if (process.env.CONTROL) return console.log((await (await fetch(process.argv[2])).text()).length);
      const done = [];
      for (const type of ['openai-compatible', 'ollama']) {
        const baseURL = process.argv[2];
        const router = new LocalLLMRouter({ discovery: false, retry: { maxRetries: 0 }, services: [{ type, baseURL }] });
        const { services } = await router.initialize();
        done.push(services.length);
        done.push((await router.route('secret-prompt')).text);
        for await (const text of router.stream('secret-prompt').textStream) done.push(text);
        done.push((await router.embed('secret-prompt')).embeddings.length);
        const reply = await router.security.fetch(baseURL + '/v1/models', { headers: { 'x-own': 'yes' } });
        done.push(reply.status);
        await router.close();
      }
      console.log(JSON.stringify(done));
    }
    main().catch((error) => console.log('FAILED', error));
  `);
});
afterAll(() => script.done());

const SECRET = 'zqcanary';
/** Environments of the process, given the address of a proxy that must hear nothing. */
const ENVIRONMENTS: readonly (readonly [string, (proxy: Forbidden) => Record<string, string>])[] = [
  ['nothing', () => ({})],
  ['HTTP_PROXY', ({ url }) => ({ HTTP_PROXY: url, http_proxy: url })],
  ['HTTPS_PROXY and ALL_PROXY', ({ url }) => ({ HTTPS_PROXY: url, https_proxy: url, ALL_PROXY: url, all_proxy: url })],
  ['NODE_USE_ENV_PROXY', ({ url }) => ({ NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url, NO_PROXY: '', no_proxy: '' })],
  [
    'GLOBAL_AGENT and npm',
    ({ url }) => ({ GLOBAL_AGENT_HTTP_PROXY: url, npm_config_proxy: url, npm_config_https_proxy: url }),
  ],
  ['a dispatcher or proxy that the host app sets', ({ url }) => ({ APP_PROXY: url })],
  [
    'OPENAI_*',
    ({ url }) => ({
      OPENAI_BASE_URL: `${url}/v1`,
      OPENAI_API_KEY: SECRET,
      OPENAI_ADMIN_KEY: SECRET,
      OPENAI_ORG_ID: SECRET,
      OPENAI_PROJECT_ID: SECRET,
      OPENAI_CUSTOM_HEADERS: `x-leak: ${SECRET}`,
      OPENAI_WEBHOOK_SECRET: SECRET,
      OPENAI_LOG: 'debug',
    }),
  ],
  ['OLLAMA_*', ({ host, port }) => ({ OLLAMA_HOST: `${host}:${port}`, OLLAMA_API_KEY: SECRET, OLLAMA_DEBUG: '1' })],
  [
    'all of it',
    ({ url }) => ({
      HTTP_PROXY: url,
      HTTPS_PROXY: url,
      ALL_PROXY: url,
      NODE_USE_ENV_PROXY: '1',
      APP_PROXY: url,
      OPENAI_BASE_URL: url,
      OPENAI_API_KEY: SECRET,
      OLLAMA_HOST: url,
      NODE_TLS_REJECT_UNAUTHORIZED: '1',
    }),
  ],
  ...(process.allowedNodeEnvironmentFlags.has('--use-env-proxy')
    ? [
        [
          'NODE_OPTIONS=--use-env-proxy',
          ({ url }: Forbidden) => ({ NODE_OPTIONS: '--use-env-proxy', HTTP_PROXY: url, http_proxy: url }),
        ] as const,
      ]
    : []),
];

describe('a process whose environment holds', () => {
  it('a dispatcher of its own: sends elsewhere what does not go through the library', async () => {
    const proxy = await forbidden('127.0.0.2');
    const env = { PATH: process.env['PATH'], APP_PROXY: proxy.url, CONTROL: '1' };
    const child = execFile(process.execPath, [script.path, 'http://127.0.0.1:65000/'], { env });
    await expect.poll(() => proxy.reached().connections, { timeout: 8_000 }).toBeGreaterThan(0);
    child.kill('SIGKILL');
  });

  it.each(ENVIRONMENTS)(
    '%s: asks its server directly, with no word of it, and prints nothing',
    async (_, environment) => {
      // At an address that the policy allows: only that nobody asked for it keeps it unreached.
      const proxy = await forbidden('127.0.0.1');
      const server = await modelServer();
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [script.path, server.url], {
        env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1', ...environment(proxy) },
      });
      expect(stderr).toBe('');
      expect(stdout.trim()).toBe(JSON.stringify([1, 'done', 'done', 1, 200, 1, 'done', 'done', 1, 200]));
      expect(proxy.reached()).toEqual(NOTHING);
      expect(server.asked.length).toBeGreaterThan(10);
      const headers = JSON.stringify(server.asked.map((asked) => asked.headers));
      expect(headers).not.toContain(SECRET);
      expect(headers).not.toMatch(/x-stainless|openai-|"authorization|x-leak|cookie/i);
      expect(headers).toContain('"x-own":"yes"');
    },
  );
});
