import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ServiceEndpoint } from '../../src/core/service.js';
import type { DiscoveryOptions } from '../../src/discovery/discovery-options.js';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import { ModelSelector } from '../../src/models/model-selector.js';
import { SecurityModule } from '../../src/security/security-module.js';
import { SERVICE_SPECS } from '../../src/services/registry.js';
import { task } from '../models/served.js';
import { network, recorded } from '../services/recorded.js';

const made: ServiceDiscovery[] = [];
const discovery = (options: DiscoveryOptions = {}) => {
  const it = new ServiceDiscovery({ hosts: ['localhost'], ...options });
  made.push(it);
  return it;
};
afterEach(async () => {
  await Promise.all(made.splice(0).map((it) => it.close()));
});

const ollama = {
  'GET http://localhost:11434/': new Response('Ollama is running'),
  'GET http://localhost:11434/api/version': recorded('ollama/0.33.0-rc2/version-get'),
  'GET http://localhost:11434/api/tags': recorded('ollama/0.33.0-rc2/tags'),
  'GET http://localhost:11434/api/ps': recorded('ollama/0.33.0-rc2/ps-after-load'),
};
const llamaCpp = {
  'GET http://localhost:8080/health': recorded('llama.cpp/b11549-wheel/health'),
  'GET http://localhost:8080/v1/models': recorded('llama.cpp/b11549-wheel/models-v1'),
  'GET http://localhost:8080/props': recorded('llama.cpp/b11549-wheel/props'),
};
const list = (...ids: string[]) => ({ object: 'list', data: ids.map((id) => ({ id, object: 'model' })) });
const endpoint = (o: Partial<ServiceEndpoint> = {}): ServiceEndpoint => ({
  type: 'openai-compatible',
  baseURL: 'http://localhost:9000',
  ...o,
});

describe('discoverAll', () => {
  it('finds the servers at their default addresses and says why the other addresses have none', async () => {
    const it = discovery({ fetch: network({ ...ollama, ...llamaCpp }).fetch });
    const report = await it.discoverAll();
    expect(report.services.map(({ id, name, status, stale }) => [id, name, status, stale])).toEqual([
      ['ollama@localhost:11434', 'Ollama', 'up', false],
      ['llama.cpp@localhost:8080', 'llama.cpp', 'up', false],
    ]);
    const ports = new Set(SERVICE_SPECS.flatMap((spec) => spec.ports));
    const closed = [...ports].filter((port) => port !== 11_434 && port !== 8080);
    expect(report.failures.map(({ baseURL, code }) => [baseURL, code])).toEqual(
      closed.map((port) => [`http://localhost:${port}`, 'ECONNREFUSED']),
    );
    expect(report.failures[0]).toMatchObject({
      type: 'lmstudio',
      reason: expect.stringContaining('localhost:1234'),
      remedy: expect.any(String),
    });
    expect(it.services()).toEqual(report.services);
    expect(it.models()).toEqual(report.services.flatMap(({ models }) => models));
    expect(it.models()[0]).toMatchObject({
      service: 'ollama@localhost:11434',
      type: 'ollama',
      baseURL: 'http://localhost:11434',
      locality: 'loopback',
    });
  });

  it('sends nothing but requests that change nothing, without cookies, origin or a key of anybody', async () => {
    const net = network({ ...ollama, ...llamaCpp });
    await discovery({ fetch: net.fetch }).discoverAll();
    const table = new Set<string>(SERVICE_SPECS.flatMap(({ requests }) => requests));
    expect(net.sent.filter((request) => !table.has(request))).toEqual([]);
    expect(net.sent).toContain('GET /api/tags');
    for (const { headers, redirect } of net.requests) {
      expect(headers.get('accept')).toBe('application/json');
      expect(headers.get('authorization') ?? headers.get('origin') ?? headers.get('cookie')).toBeNull();
      expect(redirect).toBe('manual');
    }
  });

  it('looks only for the types that are asked for', async () => {
    const net = network({ ...ollama, ...llamaCpp });
    const report = await discovery({ fetch: net.fetch, types: ['llama.cpp'] }).discoverAll();
    expect(report.services.map(({ type }) => type)).toEqual(['llama.cpp']);
    expect(new Set(net.requests.map(({ url }) => new URL(url).port))).toEqual(new Set(['8080', '9931']));
  });

  it('looks nowhere by itself when there are no hosts', async () => {
    const net = network({ 'GET /v1/models': list('x') });
    const report = await discovery({ fetch: net.fetch, hosts: [], services: [endpoint()] }).discoverAll();
    expect(report.services.map(({ id }) => id)).toEqual(['openai-compatible@localhost:9000']);
    expect(report.failures).toEqual([]);
  });

  it('is one run for calls at the same time, and a kept result within its time to live', async () => {
    const net = network(ollama);
    let now = 1_000;
    const clock = { now: () => now, setTimeout: () => 0, clearTimeout: () => {} };
    const it = discovery({ fetch: net.fetch, types: ['ollama'], ttlMs: 500, clock });
    const [one, two] = await Promise.all([it.discoverAll(), it.discoverAll()]);
    expect(two).toBe(one);
    const requests = net.sent.length;
    now = 1_499;
    expect(await it.discoverAll()).toBe(one);
    expect(net.sent).toHaveLength(requests);
    now = 1_500;
    expect(await it.discoverAll()).not.toBe(one);
    expect(await it.refresh()).not.toBe(one);
    expect(net.sent).toHaveLength(3 * requests);
  });

  it('does not keep a result without any service: the user may start one now', async () => {
    const answers: Record<string, unknown> = {};
    const it = discovery({ fetch: network(answers).fetch });
    expect((await it.discoverAll()).services).toEqual([]);
    Object.assign(answers, ollama);
    expect((await it.discoverAll()).services).toHaveLength(1);
  });

  it('lists a server that is gone no longer', async () => {
    const answers: Record<string, unknown> = { ...ollama, ...llamaCpp };
    const it = discovery({ fetch: network(answers).fetch });
    await it.discoverAll();
    for (const key of Object.keys(ollama)) delete answers[key];
    await it.refresh();
    expect(it.services().map(({ type }) => type)).toEqual(['llama.cpp']);
    expect(it.connection('ollama@localhost:11434')).toBeUndefined();
  });

  it('can be left by one caller without harm to the others', async () => {
    let release: () => void = () => {};
    const held = new Promise<void>((done) => {
      release = done;
    });
    const it = discovery({
      fetch: network({ ...ollama, 'GET http://localhost:11434/': async () => held.then(() => new Response('')) }).fetch,
    });
    const controller = new AbortController();
    const leaving = it.discoverAll({ signal: controller.signal });
    const staying = it.discoverAll();
    controller.abort();
    await expect(leaving).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    release();
    expect((await staying).services).toHaveLength(1);
  });

  it('starts anew after everybody has left a run', async () => {
    let isStuck = true;
    const fetch = network({
      ...ollama,
      'GET http://localhost:11434/': () => (isStuck ? new Promise(() => {}) : new Response('')),
    }).fetch;
    const it = discovery({ fetch });
    const controller = new AbortController();
    const leaving = it.discoverAll({ signal: controller.signal });
    controller.abort();
    await expect(leaving).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    isStuck = false;
    expect((await it.discoverAll()).services).toHaveLength(1);
    await expect(it.discoverAll({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('ends with close()', async () => {
    const it = discovery({ fetch: () => new Promise(() => {}) });
    const running = it.discoverAll();
    await it.close();
    await expect(running).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(it.discoverAll()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await it.close();
  });
});

describe('the addresses that the host names', () => {
  it.each(['http://localhost:11434', 'http://127.0.0.1:11434/', 'http://[::1]:11434/v1'])(
    '%s takes the place of the default address, and off means off',
    async (baseURL) => {
      const net = network({ 'GET /api/tags': { models: [{ name: 'x' }] } });
      const on = await discovery({
        fetch: net.fetch,
        types: ['ollama'],
        services: [{ type: 'ollama', baseURL, priority: 5 }],
      }).discoverAll();
      expect(on.services).toHaveLength(1);
      expect(on.services[0]?.models[0]?.priority).toBe(5);
      const off = await discovery({
        fetch: net.fetch,
        types: ['ollama'],
        services: [{ type: 'ollama', baseURL, enabled: false }],
      }).discoverAll();
      expect(off).toMatchObject({ services: [], failures: [] });
    },
  );

  it('named twice are one service, of which the first entry counts', async () => {
    const net = network({ 'GET /v1/models': list('x') });
    const services = [
      endpoint({ name: 'first' }),
      endpoint({ baseURL: 'http://localhost:9000/v1/', name: 'second' }),
      endpoint({ baseURL: 'http://127.0.0.1:9000', name: 'third' }),
    ];
    const report = await discovery({ fetch: net.fetch, hosts: [], services }).discoverAll();
    expect(report.services.map(({ name }) => name)).toEqual(['first']);
  });

  it('that are two servers on one port of 127.0.0.1 and ::1 are both kept', async () => {
    const net = network({
      'GET http://127.0.0.1:9000/v1/models': list('a'),
      'GET http://[::1]:9000/v1/models': list('b'),
    });
    const services = [endpoint({ baseURL: 'http://127.0.0.1:9000' }), endpoint({ baseURL: 'http://[::1]:9000' })];
    expect((await discovery({ fetch: net.fetch, hosts: [], services }).discoverAll()).services).toHaveLength(2);
  });

  it('on two machines with the same models are two services', async () => {
    const net = network({ 'GET /v1/models': list('a') });
    const services = [endpoint({ baseURL: 'http://10.0.0.1:9000' }), endpoint({ baseURL: 'http://10.0.0.2:9000' })];
    const report = await discovery({ fetch: net.fetch, hosts: [], services }).discoverAll();
    expect(report.services.map(({ models }) => models[0]?.locality)).toEqual(['private', 'private']);
  });

  it('outside of the allowed network are refused unasked, with what to do', async () => {
    const net = network({ 'GET /v1/models': list('x') });
    const services = [endpoint({ baseURL: 'https://models.example.com' })];
    const report = await discovery({ fetch: net.fetch, hosts: [], services }).discoverAll();
    expect(net.sent).toEqual([]);
    expect(report.failures).toMatchObject([
      { code: 'ERR_EGRESS_DENIED', baseURL: 'https://models.example.com', remedy: expect.stringContaining('security') },
    ]);
  });

  it('are judged by the security module of the host', async () => {
    const net = network({ 'GET /v1/models': list('x') });
    const security = new SecurityModule({ allowedHosts: ['localhost'], allowedCidrs: ['127.0.0.0/8', '::1/128'] });
    const services = [endpoint({ baseURL: 'http://10.0.0.1:9000' }), endpoint()];
    const report = await discovery({ fetch: net.fetch, hosts: [], services, security }).discoverAll();
    expect(report.services.map(({ baseURL }) => baseURL)).toEqual(['http://localhost:9000']);
    expect(report.failures.map(({ code }) => code)).toEqual(['ERR_EGRESS_DENIED']);
    await security.close();
  });

  it('may say a window for models whose server does not', async () => {
    const net = network({ 'GET /v1/models': { data: [{ id: 'told', max_model_len: 9_000 }, { id: 'silent' }] } });
    const report = await discovery({
      fetch: net.fetch,
      hosts: [],
      services: [endpoint({ contextLength: 16_000 })],
    }).discoverAll();
    expect(report.services[0]?.models.map(({ contextLength }) => contextLength)).toEqual([
      { value: 9_000, source: 'server' },
      { value: 16_000, source: 'config' },
    ]);
  });

  it('may vouch for models of which nobody can tell where they run, not for those that the server sends out', async () => {
    const net = network({
      'GET /v1/models': {
        data: [
          { id: 'a', connection_type: 'local' },
          { id: 'b', owned_by: 'remote' },
        ],
      },
    });
    const report = await discovery({
      fetch: net.fetch,
      hosts: [],
      services: [endpoint({ models: ['a', 'b'] })],
    }).discoverAll();
    expect(report.services[0]?.models.map(({ remote }) => remote)).toEqual(['no', 'yes']);
  });

  it('may have a prefix by which their models can be named, while the id stays what the server takes', async () => {
    const net = network({ 'GET /v1/models': list('x') });
    const report = await discovery({
      fetch: net.fetch,
      hosts: [],
      services: [endpoint({ modelPrefix: 'box/' })],
    }).discoverAll();
    expect(report.services[0]?.models[0]).toMatchObject({ id: 'x', aliases: ['box/x'] });
  });

  it('may have a name by which their models can be named, as by `service/model`', async () => {
    const net = network({ 'GET /v1/models': list('Qwen/Qwen2.5-Coder-7B-Instruct') });
    const report = await discovery({
      fetch: net.fetch,
      hosts: [],
      services: [endpoint({ name: 'gpu box' })],
    }).discoverAll();
    const models = report.services.flatMap((service) => service.models);
    const selector = new ModelSelector();
    const ranked = (model: string) => selector.rank(task('coding'), models, { model }).ranked.length;
    expect(ranked('gpu box/Qwen/Qwen2.5-Coder-7B-Instruct')).toBe(1);
    expect(ranked('GPU box/qwen2.5-coder-7b')).toBe(1);
    expect(ranked('other/Qwen/Qwen2.5-Coder-7B-Instruct')).toBe(0);
  });

  it('say so when they list more models than are read', async () => {
    const ids = Array.from({ length: 10_500 }, (_, i) => `m${i}`);
    const net = network({ 'GET /v1/models': { data: ids.map((id) => ({ id })) } });
    const report = await discovery({ fetch: net.fetch, hosts: [], services: [endpoint()] }).discoverAll();
    expect(report.services[0]?.models).toHaveLength(10_000);
    expect(report.failures).toMatchObject([{ code: 'ERR_TOO_LARGE' }]);
  });

  it.each([
    [{ services: [endpoint({ baseURL: 'localhost:9000' })] }, /services\.0\.baseURL.*http:\/\//s],
    [{ services: [endpoint({ baseURL: 'http://me:secret@localhost:9000' })] }, /apiKey/],
    [{ services: [endpoint({ baseURL: 'http://localhost:9000?key=secret' })] }, /query/],
    [{ services: [{ ...endpoint(), type: 'olama' }] }, /"ollama"/],
    [{ services: [{ ...endpoint(), port: 1 }] }, /port.*unknown option/s],
    [{ services: [endpoint({ apiKey: 'a\r\nsecret' })] }, /apiKey.*one line/s],
    [{ services: [endpoint({ headers: { 'x-y': 'a\nsecret' } })] }, /headers/],
    [{ services: [endpoint({ paths: { models: 'v1/models' } })] }, /begins with "\/"/],
    [{ hosts: ['http://localhost'] }, /hosts\.0.*without scheme/s],
    [{ probeTimeoutMs: 0 }, /probeTimeoutMs/],
    [{ concurrency: 0 }, /concurrency/],
    [{ types: ['openai'] }, /types/],
    [{ timeout: 5 }, /unknown option/],
  ])('and other options are checked at construction: %j', (options, message) => {
    const make = () => new ServiceDiscovery(options as DiscoveryOptions);
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
    expect(make).not.toThrow(/secret/);
  });
});

describe('keys', () => {
  const locked = (key: string) => (request: Request) =>
    request.headers.get('authorization') === `Bearer ${key}`
      ? Response.json(list('x'))
      : new Response('{}', { status: 401 });

  it('are given as text or by a function, which is asked each time', async () => {
    const net = network({
      'GET http://localhost:9000/v1/models': locked('k1'),
      'GET http://localhost:9001/v1/models': locked('k2'),
    });
    const apiKey = vi.fn(async () => 'k2');
    const services = [endpoint({ apiKey: 'k1' }), endpoint({ baseURL: 'http://localhost:9001', apiKey })];
    const it = discovery({ fetch: net.fetch, hosts: [], services });
    expect((await it.discoverAll()).services.map(({ status }) => status)).toEqual(['up', 'up']);
    const before = apiKey.mock.calls.length;
    expect(await it.connection('openai-compatible@localhost:9001')?.headers()).toEqual({ authorization: 'Bearer k2' });
    expect(apiKey.mock.calls.length).toBe(before + 1);
  });

  it('and headers go to their own address only, and stand in no public object', async () => {
    const net = network({ ...ollama, 'GET http://localhost:9000/v1/models': locked('canary-key') });
    const services = [endpoint({ apiKey: 'canary-key', headers: { 'x-tenant': 'canary-tenant' } })];
    const it = discovery({ fetch: net.fetch, services });
    const report = await it.discoverAll();
    for (const { url, headers } of net.requests) {
      expect(headers.get('authorization')).toBe(url.startsWith('http://localhost:9000/') ? 'Bearer canary-key' : null);
      expect(headers.get('x-tenant')).toBe(url.startsWith('http://localhost:9000/') ? 'canary-tenant' : null);
    }
    const shown = [it, report, it.services(), it.models(), it.connection('openai-compatible@localhost:9000')];
    for (const value of shown)
      expect(inspect(value, { depth: 9, showHidden: true }) + JSON.stringify(value)).not.toContain('canary');
    expect(await it.connection('openai-compatible@localhost:9000')?.headers()).toEqual({
      'x-tenant': 'canary-tenant',
      authorization: 'Bearer canary-key',
    });
  });

  it('that are missing or wrong make a locked service, with what to do', async () => {
    const net = network({ 'GET /v1/models': locked('right') });
    const without = await discovery({ fetch: net.fetch, hosts: [], services: [endpoint()] }).discoverAll();
    expect(without.services).toMatchObject([{ status: 'unauthorized', models: [] }]);
    expect(without.failures).toMatchObject([
      { code: 'ERR_UNAUTHORIZED', remedy: expect.stringContaining("apiKey: '...'") },
    ]);
    const wrong = await discovery({
      fetch: net.fetch,
      hosts: [],
      services: [endpoint({ apiKey: 'wrong' })],
    }).discoverAll();
    expect(wrong.failures).toMatchObject([
      { code: 'ERR_UNAUTHORIZED', remedy: expect.stringContaining('check `apiKey`') },
    ]);
    expect(JSON.stringify(wrong)).not.toContain('wrong"');
  });

  it.each([
    ['throws', () => Promise.reject(new Error('vault secret'))],
    ['gives no text', () => undefined as unknown as string],
    ['gives two lines', () => 'secret\r\nx-evil: 1'],
  ])('whose function %s fail that service alone', async (_, apiKey) => {
    const net = network({ ...ollama });
    const report = await discovery({ fetch: net.fetch, services: [endpoint({ apiKey })] }).discoverAll();
    expect(report.services.map(({ type }) => type)).toEqual(['ollama']);
    const failure = report.failures.find(({ baseURL }) => baseURL === 'http://localhost:9000');
    expect(failure).toMatchObject({ code: 'ERR_UNAUTHORIZED', reason: expect.stringContaining('apiKey function') });
    expect(JSON.stringify(report)).not.toContain('secret');
  });
});

describe('connection', () => {
  it('says how to talk to a service', async () => {
    const net = network({ ...ollama, ...llamaCpp, 'GET http://localhost:9000/api/tags': { models: [{ name: 'x' }] } });
    const services = [endpoint({ type: 'ollama', apiStyle: 'openai', maxConcurrent: 3, maxRetries: 0 })];
    const it = discovery({ fetch: net.fetch, services });
    await it.discoverAll();
    expect(it.connection('ollama@localhost:11434')).toMatchObject({
      transport: 'ollama',
      usesNumCtx: true,
      maxConcurrent: null,
      endpoint: undefined,
    });
    expect(it.connection('llama.cpp@localhost:8080')).toMatchObject({
      transport: 'openai',
      usesNumCtx: false,
      maxConcurrent: 2,
    });
    expect(it.connection('ollama@localhost:9000')).toMatchObject({
      transport: 'openai',
      usesNumCtx: false,
      maxConcurrent: 3,
      endpoint: { maxRetries: 0 },
      service: { id: 'ollama@localhost:9000' },
    });
    expect(it.connection('nobody')).toBeUndefined();
  });
});
