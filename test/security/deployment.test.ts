import { chmod } from 'node:fs/promises';
import {
  auditKeyFile,
  type DeploymentFinding,
  LocalLLMRouter,
  SecurityModule,
  type SecurityOptions,
  type Service,
} from 'local-llm-router';
import { fakeLMStudio, fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { served } from '../models/served.js';
import { key, scratch } from './records.js';

const DIGEST = 'ab'.repeat(32);

/** The findings of a module with these options; the module is closed at the end. */
async function findings(
  o: SecurityOptions = {},
  services?: readonly Service[],
): Promise<{ ok: boolean; of: (id: string) => DeploymentFinding | undefined; all: readonly DeploymentFinding[] }> {
  const security = new SecurityModule(o);
  onTestFinished(() => security.close());
  const { ok, findings: all } = await security.checkDeployment(services === undefined ? {} : { services });
  return { ok, all, of: (id) => all.find((finding) => finding.id === id) };
}

const service = (more: Partial<Service> = {}): Service => ({
  id: 'ollama@localhost:11434',
  type: 'ollama',
  name: 'Ollama',
  baseURL: 'http://localhost:11434',
  status: 'up',
  stale: false,
  lastSeenMs: 0,
  models: [],
  ...more,
});

/** The source document's checklist, point by point. */
const CHECKLIST = [
  // Network
  ['network.dns', /looked up/],
  ['network.firewall', /firewall/],
  ['network.ranges', /addresses/],
  ['network.ipv6', /IPv6/],
  // Model verification
  ['models.downloaded', /model/],
  ['models.checksums', /digest/],
  ['models.checksum-storage', /kept/],
  ['models.verification', /verified|checked|pin/],
  // Access control
  ['access.roles', /Who may use/],
  ['access.authentication', /key|servers/],
  ['access.tokens', /keys are valid/],
  ['access.logged', /recorded/],
  // Audit
  ['audit.enabled', /audit log/],
  ['audit.queries', /Queries/],
  ['audit.usage', /attempt|use of models/],
  ['audit.events', /recorded/],
  ['audit.retention', /kept|removed/],
] as const;

/** As far as a program can see, nothing is wrong with this one. */
async function careful(): Promise<SecurityOptions> {
  const { path, done } = await scratch();
  onTestFinished(done);
  await chmod(path, 0o700);
  return {
    allowedHosts: ['localhost'],
    allowedCidrs: ['127.0.0.0/8', '::1/128'],
    audit: { directory: path, key, onFailure: 'block', retainSegments: 30 },
    pins: { 'qwen2.5-coder:7b': DIGEST },
  };
}

describe('the checklist', () => {
  it.each([
    ['by default', async () => ({})],
    ['without a log', async () => ({ audit: false as const })],
    ['with all care', careful],
  ])('is delivered whole, %s', async (_, options) => {
    for (const services of [undefined, [], [service()]]) {
      const { of, all } = await findings(await options(), services);
      for (const [id, words] of CHECKLIST) expect(of(id)?.message, id).toMatch(words);
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      for (const { id, severity, message, remedy } of all) {
        expect(id).toMatch(/^(?:network|models|access|audit|runtime)\.[a-z0-9-]+$/);
        expect(['info', 'warning', 'error']).toContain(severity);
        expect(message).toMatch(/\.$/);
        expect(remedy).toMatch(/[.)`]$/);
      }
      const order = ['error', 'warning', 'info'];
      const severities = all.map(({ severity }) => order.indexOf(severity));
      expect(severities).toEqual([...severities].sort());
    }
  });

  it('has nothing but hints for a deployment made with all care', async () => {
    clearEnvironment();
    const model = { ...served('qwen2.5-coder:7b'), digest: { value: DIGEST, source: 'server' as const } };
    vi.stubEnv('OLLAMA_NO_CLOUD', '1');
    const { ok, all } = await findings(await careful(), [service({ models: [model] })]);
    expect(all.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(ok).toBe(true);
  });

  it('is not ok as soon as there is an error', async () => {
    clearEnvironment();
    expect((await findings()).ok).toBe(true);
    expect((await findings({ audit: false })).ok).toBe(false);
  });

  it('opens no log and sends nothing', async () => {
    const { path, done } = await scratch();
    onTestFinished(done);
    const fetch = vi.fn();
    const keyed = vi.fn(async () => key);
    const lookup = vi.fn();
    const o = { audit: { directory: `${path}/log`, key: keyed }, fetch, lookup, allowedHosts: ['gpu.lan'] };
    const { of } = await findings(o, [service({ baseURL: 'http://gpu.lan:8000' })]);
    expect([fetch, keyed, lookup].map((fn) => fn.mock.calls.length)).toEqual([0, 0, 0]);
    expect(of('audit.enabled')?.message).toContain('files');
    expect(of('audit.directory')).toBeUndefined();
  });
});

function clearEnvironment(): void {
  for (const name of Object.keys(process.env)) {
    if (/proxy|^OPENAI|^AZURE|^ANTHROPIC|^GEMINI|^OLLAMA|^NODE_/i.test(name)) vi.stubEnv(name, '');
  }
  onTestFinished(() => void vi.unstubAllEnvs());
}

describe('each weakness of the options', () => {
  const EXTERNAL = { allowExternal: true, audit: { onFailure: 'continue' } } as const;
  const ROWS: readonly [what: string, SecurityOptions, id: string, DeploymentFinding['severity'], RegExp][] = [
    ['external use', { ...EXTERNAL }, 'network.external', 'warning', /where a call grants it/],
    ['external use of every name', { ...EXTERNAL, allowedHosts: ['*'] }, 'network.external', 'error', /Every name/],
    ['a public block', { allowedCidrs: ['10.0.0.0/8', '8.8.8.0/24'] }, 'network.ranges', 'error', /8\.8\.8\.0\/24/],
    ['a wide block', { allowedCidrs: ['0.0.0.0/1'] }, 'network.ranges', 'error', /0\.0\.0\.0\/1/],
    ['a wide IPv6 block', { allowedCidrs: ['f000::/4'] }, 'network.ranges', 'error', /f000::\/4/],
    ['a public address', { allowedHosts: ['93.184.216.34'] }, 'network.ranges', 'error', /93\.184\.216\.34\/32/],
    ['private blocks', {}, 'network.ranges', 'info', /10\.0\.0\.0\/8/],
    ['carrier and link-local', { allowedCidrs: ['100.64.0.0/10', 'fe80::/10'] }, 'network.ranges', 'info', /100\.64/],
    ['a public name', { allowedHosts: ['models.example.com'] }, 'network.hosts', 'warning', /models\.example\.com/],
    ['names below a public one', { allowedHosts: ['*.example.com'] }, 'network.hosts', 'warning', /\*\.example\.com/],
    ['names', { allowedHosts: ['gpu.lan', '*.corp'] }, 'network.dns', 'info', /gpu\.lan, \*\.corp/],
    ['IPv6', {}, 'network.ipv6', 'info', /allows fc00::\/7/],
    ['an own fetch', { fetch: async () => new Response() }, 'network.fetch', 'warning', /replaced the network/],
    ['no log', { audit: false }, 'audit.enabled', 'error', /off/],
    ['no log of attempts', { audit: false }, 'access.logged', 'warning', /off/],
    ['a log in memory', {}, 'audit.enabled', 'warning', /in memory/],
    ['a log in sinks', { audit: { sinks: [{ write: async () => {} }] } }, 'audit.enabled', 'info', /sinks/],
    ['no key', {}, 'audit.key', 'warning', /no key/],
    ['a key', { audit: { key } }, 'audit.key', 'info', /has a key; where it is kept/],
    ['a key from a vault', { audit: { key: async () => key } }, 'audit.key', 'info', /fetched by a function/],
    ['a key from a file', { audit: { key: auditKeyFile('/etc/key') } }, 'audit.key', 'info', /fetched by a function/],
    ['queries as text', { logQueries: 'text', audit: { key } }, 'audit.queries', 'error', /as text/],
    ['queries without a key', {}, 'audit.queries', 'warning', /not even as hashes/],
    ['no queries', { logQueries: false, audit: { key } }, 'audit.queries', 'warning', /not recorded/],
    ['queries as hashes', { audit: { key } }, 'audit.queries', 'info', /keyed hashes/],
    ['replies as text', { logResponses: 'text', audit: { key } }, 'audit.responses', 'error', /as text/],
    ['endless retention', { audit: { directory: '/nonexistent/log' } }, 'audit.retention', 'warning', /never removed/],
    ['no pins', {}, 'models.checksums', 'warning', /No model is pinned/],
    ['pins that are off', { pins: { a: DIGEST }, pinMode: 'off' }, 'models.verification', 'warning', /switched off/],
    ['pins that only warn', { pins: { a: DIGEST }, pinMode: 'warn' }, 'models.verification', 'warning', /with a note/],
    ['pins that hold', { pins: { a: DIGEST } }, 'models.verification', 'info', /before each request/],
    ['weak pins', { pins: { a: 'name', b: 'size:5' } }, 'models.pins-weak', 'warning', /a \(name\), b \(size\+name\)/],
    ['short pins', { pins: { a: DIGEST.slice(0, 12) } }, 'models.pins-short', 'info', /digits of the digest: a\./],
  ];

  it.each(ROWS)('%s', async (_, options, id, severity, message) => {
    const finding = (await findings(options)).of(id);
    expect(finding).toMatchObject({ severity, message: expect.stringMatching(message) });
  });

  it.each([
    [0o777, 'error'],
    [0o770, 'error'],
    [0o755, 'warning'],
    [0o750, 'warning'],
    [0o700, undefined],
  ] as const)('a log directory of mode %o', async (mode, severity) => {
    const { path, done } = await scratch();
    onTestFinished(done);
    await chmod(path, mode);
    const { of } = await findings({ audit: { directory: path } });
    expect(of('audit.directory')?.severity).toBe(severity);
  });

  it('is judged by what holds after narrowing', async () => {
    const parent = new SecurityModule({ allowExternal: true, audit: { onFailure: 'continue' } });
    onTestFinished(() => parent.close());
    const ids = async (security: SecurityModule) =>
      (await security.checkDeployment()).findings.map((finding) => finding.id);
    expect(await ids(parent)).toContain('network.external');
    expect(await ids(parent.narrow({ allowExternal: false }))).not.toContain('network.external');
  });
});

describe('the environment', () => {
  it.each([
    ['HTTP_PROXY', 'http://user:CANARY@proxy:1', 'network.proxy', 'warning'],
    ['https_proxy', 'http://user:CANARY@proxy:1', 'network.proxy', 'warning'],
    ['NODE_USE_ENV_PROXY', '1', 'network.proxy', 'warning'],
    ['NODE_OPTIONS', '--use-env-proxy --title=CANARY', 'network.proxy', 'warning'],
    ['NODE_TLS_REJECT_UNAUTHORIZED', '0', 'network.tls', 'error'],
    ['OPENAI_API_KEY', 'CANARY', 'network.variables', 'info'],
    ['OPENAI_BASE_URL', 'http://CANARY', 'network.variables', 'info'],
    ['OLLAMA_HOST', '127.0.0.1:11434', 'network.variables', 'info'],
    ['OLLAMA_HOST', '0.0.0.0', 'access.exposed', 'warning'],
    ['OLLAMA_HOST', 'http://0.0.0.0:11434', 'access.exposed', 'warning'],
    ['OLLAMA_HOST', '[::]:11434', 'access.exposed', 'warning'],
  ])('%s=%s is told by its name only', async (name, value, id, severity) => {
    clearEnvironment();
    vi.stubEnv(name, value);
    const { of, all } = await findings();
    expect(of(id)).toMatchObject({ severity, message: expect.stringContaining(name) });
    expect(JSON.stringify(all)).not.toContain('CANARY');
  });

  it('that is clean is not mentioned', async () => {
    clearEnvironment();
    const { all } = await findings();
    expect(all.map(({ id }) => id).filter((id) => /proxy|tls|variables|exposed/.test(id))).toEqual([]);
  });

  it('has the permission model of Node.js as a hint', async () => {
    expect((await findings()).of('runtime.permissions')).toMatchObject({
      severity: 'info',
      message: expect.stringContaining(process.version),
    });
  });
});

describe('services', () => {
  const lan = { id: 'vllm@gpu.lan:8000', type: 'vllm', baseURL: 'http://gpu.lan:8000' } as const;
  const model = (id: string, more: object = {}) => ({ ...served(id), ...more });
  const said = (value: string) => ({ value, source: 'server' as const });
  const ROWS: readonly [what: string, Service[], SecurityOptions, id: string, DeploymentFinding['severity'], RegExp][] =
    [
      ['on the network without a key', [service(lan)], {}, 'access.authentication', 'warning', /vllm@gpu\.lan:8000/],
      [
        'by an address',
        [service({ ...lan, baseURL: 'http://10.0.0.5:8000' })],
        {},
        'access.exposed',
        'info',
        /vllm@gpu/,
      ],
      ['unencrypted', [service({ ...lan, keyed: true })], {}, 'network.plain-http', 'warning', /unencrypted/],
      ['on this machine', [service()], {}, 'access.authentication', 'info', /Every program on this machine/],
      ['with keys', [service({ keyed: true })], {}, 'access.authentication', 'info', /gets a key/],
      ['of which none is given', [], {}, 'access.authentication', 'info', /was not given/],
      ['without a model', [service()], {}, 'models.downloaded', 'warning', /No server lists/],
      ['with models', [service({ models: [model('a:7b')] })], {}, 'models.downloaded', 'info', /1 model\(s\)/],
      ['that pass on', [service({ models: [model('b', { remote: 'yes' })] })], {}, 'models.remote', 'warning', /b at/],
      ['that may', [service({ models: [model('c', { remote: 'unknown' })] })], {}, 'models.unknown', 'warning', /c at/],
      ['like Ollama', [service()], {}, 'models.cloud', 'warning', /OLLAMA_NO_CLOUD/],
      ['like LM Studio', [service({ type: 'lmstudio' })], {}, 'models.lm-link', 'info', /LM Link/],
      ['like Open WebUI', [service({ type: 'open-webui' })], {}, 'models.proxies', 'info', /behind ollama@localhost/],
      ['before others', [service({ type: 'vllm', behind: ['ollama'] })], {}, 'models.proxies', 'info', /can change/],
      [
        'with a model that was replaced',
        [service({ models: [model('a:7b', { digest: said('cd'.repeat(32)) })] })],
        { pins: { 'a:7b': DIGEST } },
        'models.pin-mismatch',
        'error',
        /a:7b at/,
      ],
      [
        'that tell no digest',
        [service({ models: [model('a:7b')] })],
        { pins: { 'A:7B': DIGEST } },
        'models.pin-unverified',
        'warning',
        /a:7b at/,
      ],
      [
        'with models that are not pinned',
        [service({ models: [model('a:7b'), model('b:7b')] })],
        { pins: { 'ollama/a:7b': 'name' } },
        'models.unpinned',
        'warning',
        /: b:7b at/,
      ],
      [
        'that do not serve what is pinned',
        [service({ models: [model('a:7b')] })],
        { pins: { 'a:7b': 'name', 'a:8b': DIGEST, '/models/x.gguf': DIGEST } },
        'models.pins-unused',
        'warning',
        /served: a:8b\.$/,
      ],
    ];

  it.each(ROWS)('%s', async (_, services, options, id, severity, message) => {
    clearEnvironment();
    const finding = (await findings(options, services)).of(id);
    expect(finding).toMatchObject({ severity, message: expect.stringMatching(message) });
  });

  it('that want a key, have one, or are here are not called open', async () => {
    for (const one of [
      service({ ...lan, status: 'unauthorized' }),
      service({ ...lan, keyed: true }),
      service({ baseURL: 'http://127.0.0.1:11434' }),
      service({ baseURL: 'http://[::1]:11434' }),
      service({ baseURL: null }),
    ]) {
      expect((await findings({}, [one])).of('access.authentication')?.severity).toBe('info');
    }
  });

  it('name at most a few, and nothing that forges a line', async () => {
    const models = Array.from({ length: 30 }, (_, i) => model(`m${i}\n\u202eok`, { remote: 'yes' }));
    const message = (await findings({}, [service({ models })])).of('models.remote')?.message ?? '';
    expect(message).toMatch(/and 25 more\.$/);
    expect(message).not.toMatch(/[\n\u202e]/);
  });
});

it('a router checks what it found, and tells no key', async () => {
  clearEnvironment();
  const ollama = await fakeOllama({ apiKey: 'CANARY-KEY' });
  const studio = await fakeLMStudio();
  const router = new LocalLLMRouter({
    discovery: { hosts: [], probeTimeoutMs: 10_000 },
    services: [
      { type: 'ollama', baseURL: ollama.url, apiKey: 'CANARY-KEY' },
      { type: 'lmstudio', baseURL: studio.url, headers: { 'x-note': 'CANARY-HEADER' } },
    ],
    security: { audit: { key: new TextEncoder().encode('CANARY-AUDIT-KEY-CANARY-AUDIT-KEY') } },
  });
  onTestFinished(async () => {
    await router.close();
    await Promise.all([ollama.close(), studio.close()]);
  });
  const { services } = await router.initialize();
  expect(services.map(({ keyed }) => keyed)).toEqual([true, undefined]);
  const report = await router.security.checkDeployment({ services });
  expect(report.findings.find(({ id }) => id === 'access.authentication')?.message).toContain(services[1]?.id);
  expect(JSON.stringify(report)).not.toContain('CANARY');
});
