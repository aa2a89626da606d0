import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../src/core/logger.js';
import type { DiscoveryOptions } from '../../src/discovery/discovery-options.js';
import { envPlaces } from '../../src/discovery/env-places.js';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import { SERVICE_SPECS } from '../../src/services/registry.js';
import { network } from '../services/recorded.js';

const places = (env: Record<string, string>): string[] =>
  envPlaces(env, SERVICE_SPECS, silentLogger).map(({ spec, baseURL }) => `${spec.type} ${baseURL}`);

describe('the variables by which servers are told where to listen', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:11434'],
    ['box', 'http://box:11434'],
    ['box:8000', 'http://box:8000'],
    [':8000', 'http://localhost:8000'],
    ['0.0.0.0', 'http://localhost:11434'],
    ['0.0.0.0:8000', 'http://localhost:8000'],
    ['::1', 'http://[::1]:11434'],
    ['[::1]', 'http://[::1]:11434'],
    ['[::1]:8000', 'http://[::1]:8000'],
    ['::', 'http://localhost:11434'],
    ['http://box', 'http://box:80'],
    ['https://box', 'https://box:443'],
    ['https://box:8443/ollama', 'https://box:8443/ollama'],
    ['box/ollama', 'http://box:11434/ollama'],
    ['box:', 'http://box:11434'],
    ['box:99999', 'http://box:11434'],
    ['box:port', 'http://box:11434'],
    ['"box:8000"', 'http://box:8000'],
    ["  'box' ", 'http://box:11434'],
  ])('OLLAMA_HOST=%s is %s', (text, url) => {
    expect(places({ OLLAMA_HOST: text })).toEqual([`ollama ${url}`]);
  });

  it.each(['', '  ', '""', 'ftp://box', 'http://me:secret@box', 'a b', 'box?x=1'])(
    'OLLAMA_HOST=%s is no place',
    (text) => {
      expect(places({ OLLAMA_HOST: text })).toEqual([]);
    },
  );

  it.each<[Record<string, string>, string[]]>([
    [{ LLAMA_ARG_PORT: '9000' }, ['llama.cpp http://localhost:9000']],
    [{ LLAMA_ARG_HOST: '10.0.0.2' }, ['llama.cpp http://10.0.0.2:8080', 'llama.cpp http://10.0.0.2:9931']],
    [
      { LLAMA_ARG_HOST: '127.0.0.1,10.0.0.2,/run/llama.sock', LLAMA_ARG_PORT: '9000' },
      ['llama.cpp http://127.0.0.1:9000', 'llama.cpp http://10.0.0.2:9000'],
    ],
    [{ LLAMA_ARG_HOST: '/run/llama.sock' }, []],
    [{ LOCALAI_ADDRESS: ':9090' }, ['localai http://localhost:9090']],
    [{ LEMONADE_HOST: '0.0.0.0', LEMONADE_PORT: '13306' }, ['lemonade http://localhost:13306']],
    [{ OPENEDAI_PORT: '5005' }, ['text-generation-webui http://localhost:5005']],
    [{ MODEL_RUNNER_PORT: '12500' }, ['docker-model-runner http://localhost:12500']],
    // These are no addresses of an API, or belong to anybody.
    [{ VLLM_PORT: '9000', PORT: '9000', ADDRESS: ':9000', HOST: 'box', LM_STUDIO: 'box' }, []],
  ])('%j', (env, expected) => {
    expect(places(env)).toEqual(expected);
  });

  it('may hold anything: what comes out is an address, and nothing throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'[]:/.@%0a1h?# ') })), (text) => {
        for (const place of places({ OLLAMA_HOST: text, LLAMA_ARG_HOST: text, LLAMA_ARG_PORT: text })) {
          const url = new URL(place.slice(place.indexOf(' ') + 1));
          expect(url.protocol).toMatch(/^https?:$/);
          expect(url.username + url.password + url.search + url.hash).toBe('');
        }
      }),
    );
  });

  it('are never shown', () => {
    const log: unknown[] = [];
    const warn = (...a: unknown[]): void => void log.push(...a);
    envPlaces({ OLLAMA_HOST: 'http://me:secret@box' }, SERVICE_SPECS, { ...silentLogger, warn });
    expect(log).toEqual(['OLLAMA_HOST holds no address that can be used']);
  });
});

describe('discovery', () => {
  const before = process.env;
  afterEach(() => {
    process.env = before;
    vi.unstubAllEnvs();
  });
  const tags = { models: [{ name: 'x' }] };

  async function run(options: DiscoveryOptions, answers: Record<string, unknown> = {}) {
    const net = network(answers);
    const discovery = new ServiceDiscovery({ hosts: ['localhost'], types: ['ollama'], fetch: net.fetch, ...options });
    const report = await discovery.discoverAll();
    await discovery.close();
    return {
      ids: report.services.map(({ id }) => id),
      asked: [...new Set(net.requests.map(({ url }) => new URL(url).host))],
    };
  }

  it('reads none of them unless it is asked to', async () => {
    const read = new Set<string>();
    process.env = new Proxy(before, {
      get: (target, name) => {
        read.add(String(name));
        return name === 'OLLAMA_HOST' ? '10.0.0.9:7000' : Reflect.get(target, name);
      },
    });
    const { asked } = await run({});
    await run({ env: false });
    expect(asked).toEqual(['localhost:11434']);
    expect([...read].filter((name) => /OLLAMA|LLAMA|LOCALAI|LEMONADE|OPENEDAI|RUNNER|LM_|VLLM/.test(name))).toEqual([]);
    expect((await run({ env: true })).asked).toEqual(['localhost:11434', '10.0.0.9:7000']);
    expect(read).toContain('OLLAMA_HOST');
  });

  it('finds the server there', async () => {
    vi.stubEnv('OLLAMA_HOST', '10.0.0.9:7000');
    const { ids } = await run({ env: true }, { 'GET http://10.0.0.9:7000/api/tags': tags });
    expect(ids).toEqual(['ollama@10.0.0.9:7000']);
  });

  it.each(['127.0.0.1:11434', '0.0.0.0', 'localhost'])('looks once where %s is the usual place', async (text) => {
    vi.stubEnv('OLLAMA_HOST', text);
    const { ids, asked } = await run({ env: true }, { 'GET /api/tags': tags });
    expect(asked).toEqual(['localhost:11434']);
    expect(ids).toEqual(['ollama@localhost:11434']);
  });

  it('asks for the server that is named there first, and takes what it finds', async () => {
    vi.stubEnv('OLLAMA_HOST', ':8080');
    const types = ['ollama', 'llama.cpp'] as const;
    const ollama = await run({ env: true, types }, { 'GET http://localhost:8080/api/tags': tags });
    expect(ollama.ids).toEqual(['ollama@localhost:8080']);
    const health = (): Response => Response.json({ status: 'ok' }, { headers: { server: 'llama.cpp' } });
    const other = await run(
      { env: true, types },
      {
        'GET http://localhost:8080/health': health,
        'GET http://localhost:8080/v1/models': { object: 'list', data: [{ id: 'm' }] },
      },
    );
    expect(other.ids).toEqual(['llama.cpp@localhost:8080']);
  });

  it('leaves to the host what the host named itself', async () => {
    vi.stubEnv('OLLAMA_HOST', ':7000');
    const services = [{ type: 'ollama', baseURL: 'http://127.0.0.1:7000', enabled: false }] as const;
    const { asked } = await run({ env: true, services });
    expect(asked).toEqual(['localhost:11434']);
  });

  it('goes no further than the security module allows', async () => {
    vi.stubEnv('OLLAMA_HOST', 'https://models.example.com');
    expect((await run({ env: true })).asked).toEqual(['localhost:11434']);
  });
});
