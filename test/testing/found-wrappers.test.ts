import { afterEach, describe, expect, it } from 'vitest';
import type { KnownServiceType } from '../../src/core/service.js';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import { SERVICE_SPECS } from '../../src/services/registry.js';
import type { FakeServer } from '../../src/testing.js';
import {
  fakeDockerModelRunner,
  fakeLemonade,
  fakeLlamaCppPython,
  fakeLlamaSwap,
  fakeMlxLm,
  fakeSGLang,
} from '../../src/testing.js';

const servers: FakeServer[] = [];
const made: ServiceDiscovery[] = [];
afterEach(() => Promise.all([...servers.splice(0), ...made.splice(0)].map((one) => one.close())));

const fakes = [
  ['sglang', fakeSGLang],
  ['llama-swap', fakeLlamaSwap],
  ['docker-model-runner', fakeDockerModelRunner],
  ['lemonade', fakeLemonade],
  ['mlx-lm', fakeMlxLm],
  ['llama-cpp-python', fakeLlamaCppPython],
] as const;

async function find(server: FakeServer, type: KnownServiceType, apiKey?: string) {
  const discovery = new ServiceDiscovery({ hosts: [], services: [{ type, baseURL: server.url, apiKey }] });
  made.push(discovery);
  return discovery.discoverAll();
}

describe.each(fakes)('a running %s', (type, make) => {
  it('is found, with nothing sent but what its description lists', async () => {
    const server = await make();
    servers.push(server);
    const { services, failures } = await find(server, type);
    expect(failures).toEqual([]);
    expect(services).toMatchObject([{ type, status: 'up' }]);
    expect(services[0]?.models.length).toBeGreaterThan(0);
    const allowed = new Set<string>(SERVICE_SPECS.find((spec) => spec.type === type)?.requests);
    const sent = server.requests.map(({ method, path, query }) => `${method} ${path}${query}`);
    expect(sent.filter((request) => !allowed.has(request))).toEqual([]);
    expect(sent.length).toBeGreaterThan(0);
  });

  it('is found by its models where another kind was expected', async () => {
    const server = await make();
    servers.push(server);
    const expected = type === 'lemonade' ? 'vllm' : 'lemonade';
    const { services, failures } = await find(server, expected);
    expect(services).toEqual([]);
    expect(failures).toMatchObject([{ type: expected, remedy: expect.stringContaining(`'${type}'`) }]);
    if (type === 'llama-cpp-python') expect(server.requests.map(({ path }) => path)).not.toContain('/v1/models');
  });
});

describe.each(fakes.filter(([type]) => ['sglang', 'llama-swap', 'lemonade'].includes(type)))(
  'a locked %s',
  (type, make) => {
    it('is unauthorized, says how to give its key, and is open with it', async () => {
      const server = await make({ apiKey: 'k' });
      servers.push(server);
      const locked = await find(server, type);
      expect(locked.services).toMatchObject([{ type, status: 'unauthorized', models: [] }]);
      expect(locked.failures).toMatchObject([{ code: 'ERR_UNAUTHORIZED', remedy: expect.stringContaining('apiKey') }]);
      expect((await find(server, type, 'k')).services).toMatchObject([{ type, status: 'up' }]);
      // At SGLang it would generate a token.
      if (type === 'sglang') expect(server.requests.map(({ path }) => path)).not.toContain('/health');
    });
  },
);

describe('a model that leaves the machine', () => {
  it.each([
    ['lemonade', fakeLemonade],
    ['llama-swap', fakeLlamaSwap],
  ] as const)('of %s is remote', async (type, make) => {
    const server = await make({ models: [{ id: 'near' }, { id: 'far/x', remote: true }] });
    servers.push(server);
    const { services } = await find(server, type);
    expect(new Map(services[0]?.models.map(({ id, remote }) => [id, remote]))).toEqual(
      new Map([
        ['near', 'no'],
        ['far/x', 'yes'],
      ]),
    );
  });
});
