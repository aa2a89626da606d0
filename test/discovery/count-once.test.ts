import { afterEach, describe, expect, it } from 'vitest';
import type { ServiceEndpoint } from '../../src/core/service.js';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import { network, recorded } from '../services/recorded.js';

const made: ServiceDiscovery[] = [];
afterEach(() => Promise.all(made.splice(0).map((discovery) => discovery.close())));

async function discover(answers: Record<string, unknown>, services: ServiceEndpoint[] = []) {
  const discovery = new ServiceDiscovery({ fetch: network(answers).fetch, services });
  made.push(discovery);
  const report = await discovery.discoverAll();
  return Object.fromEntries(report.services.map((service) => [service.id, service]));
}

const on = (origin: string, answers: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(answers).map(([request, answer]) => [request.replace(' ', ` ${origin}`), answer]));

const swap = (models: object[], running: object[] = []) =>
  on('http://localhost:9292', {
    'GET /api/version': { version: 'v250', commit: 'c', build_date: 'd' },
    'GET /v1/models': {
      object: 'list',
      data: models.map((model) => ({ meta: { llamaswap: { type: 'model' } }, owned_by: 'llama-swap', ...model })),
    },
    'GET /running': { running },
  });
const vllm = (origin: string, id: string) =>
  on(origin, {
    'GET /version': { version: '0.26.0' },
    'GET /v1/models': { object: 'list', data: [{ id, owned_by: 'vllm', max_model_len: 100 }] },
  });
const names = (service: { models: readonly { id: string }[] } | undefined) => service?.models.map(({ id }) => id);

describe('a model that is reached through a proxy and at its own server', () => {
  it('is listed at its own server only, and the proxy says what it stands before', async () => {
    const found = await discover({
      ...swap([{ id: 'coder' }, { id: 'other' }]),
      ...vllm('http://localhost:8000', 'coder'),
    });
    expect(names(found['vllm@localhost:8000'])).toEqual(['coder']);
    expect(names(found['llama-swap@localhost:9292'])).toEqual(['other']);
    expect(found['llama-swap@localhost:9292']?.behind).toEqual(['vllm']);
  });

  it('is known by the address that the proxy gives, and keeps the name that it has there', async () => {
    const active = { model: 'coder', state: 'ready', cmd: 'vllm serve /m', proxy: 'http://127.0.0.1:8000' };
    const found = await discover({ ...swap([{ id: 'coder' }], [active]), ...vllm('http://localhost:8000', '/m') });
    expect(found['vllm@localhost:8000']?.models).toMatchObject([{ id: '/m', aliases: ['coder'] }]);
    expect(names(found['llama-swap@localhost:9292'])).toEqual([]);
    expect(found['llama-swap@localhost:9292']?.behind).toEqual(['vllm']);
  });

  it('is known through LiteLLM, which puts the kind of backend before its name', async () => {
    const litellm = on('http://localhost:4000', {
      'GET /openapi.json': { openapi: '3.1.0', info: { title: 'LiteLLM API', version: '1.80.0' } },
      'GET /v1/models': { object: 'list', data: [{ id: 'hosted_vllm/coder' }, { id: 'gpt-x' }] },
    });
    const found = await discover({ ...litellm, ...vllm('http://localhost:8000', 'coder') }, [
      { type: 'openai-compatible', baseURL: 'http://localhost:4000' },
    ]);
    const proxy = found['openai-compatible@localhost:4000'];
    expect([names(proxy), proxy?.behind]).toEqual([['gpt-x'], ['vllm']]);
    expect(found['vllm@localhost:8000']?.models).toMatchObject([{ id: 'coder', aliases: ['hosted_vllm/coder'] }]);
  });

  it('is another one on another machine', async () => {
    const far = 'http://192.168.1.20:8000';
    const found = await discover({ ...swap([{ id: 'coder' }]), ...vllm(far, 'coder') }, [
      { type: 'vllm', baseURL: far },
    ]);
    expect(names(found['llama-swap@localhost:9292'])).toEqual(['coder']);
    expect(names(found['vllm@192.168.1.20:8000'])).toEqual(['coder']);
  });

  it.each(['not an address', 'http://10.0.0.1:8000', ''])('stays where the proxy gives "%s"', async (proxy) => {
    const found = await discover({
      ...swap([{ id: 'coder' }], [{ model: 'coder', state: 'ready', proxy }]),
      ...vllm('http://localhost:8000', 'x'),
    });
    expect(names(found['llama-swap@localhost:9292'])).toEqual(['coder']);
  });
});

describe('the processes of a llama.cpp router', () => {
  const router = 'llama.cpp/v0.5.0';
  const wheel = 'llama.cpp/b11549-wheel';

  it('are no second services, even where the host names them', async () => {
    const list = (await recorded(`${router}/router-models-loaded`).json()) as {
      data: { status: { args: string[] } }[];
    };
    const port = list.data.map(({ status }) => status.args[status.args.indexOf('--port') + 1]).find((p) => p !== '0');
    const child = `http://localhost:${port}`;
    const found = await discover(
      {
        ...on('http://localhost:8080', {
          'GET /health': recorded(`${router}/router-health`),
          'GET /props': recorded(`${router}/router-props`),
          'GET /v1/models': list,
        }),
        ...on(child, {
          'GET /health': recorded(`${wheel}/health`),
          'GET /props': recorded(`${wheel}/props`),
          'GET /v1/models': recorded(`${wheel}/models-v1`),
        }),
      },
      [{ type: 'llama.cpp', baseURL: child }],
    );
    expect(Object.keys(found)).toEqual(['llama.cpp@localhost:8080']);
  });
});

describe('a server that says that it cannot work', () => {
  it('is down, has no models, and the report says what to do', async () => {
    const headers = recorded('mlx-lm/0.32.2/health').headers;
    const discovery = new ServiceDiscovery({
      fetch: network({
        'GET http://localhost:8080/health': new Response('{"status": "unavailable"}', { status: 503, headers }),
        'GET http://localhost:8080/v1/models': recorded('mlx-lm/0.32.2/models'),
      }).fetch,
    });
    made.push(discovery);
    const { services, failures } = await discovery.discoverAll();
    expect(services).toMatchObject([{ type: 'mlx-lm', status: 'down', models: [] }]);
    expect(failures.find(({ reason }) => reason.startsWith('mlx-lm'))?.remedy).toContain('start it again');
  });
});
