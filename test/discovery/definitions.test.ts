import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LocalLLMRouter, type ServiceDefinition, ServiceDiscovery } from 'local-llm-router';
import { describe, expect, it, onTestFinished } from 'vitest';
import { network } from '../services/recorded.js';

/** A kind of server that nobody else knows. */
const acme: ServiceDefinition = {
  type: 'custom:acme',
  ports: [8080, 7070],
  probes: ['/acme/info', '/acme/version'],
  identify: (replies) => {
    const bodyOf = (path: string) =>
      (replies.find((reply) => reply.path === path)?.body ?? {}) as Record<string, unknown>;
    const { product, models } = bodyOf('/acme/info');
    if (product !== 'Acme') return null;
    return {
      version: String(bodyOf('/acme/version')['version']),
      models: (models as string[]).map((id) => ({ id, contextLength: 16_384, capabilities: ['chat', 'tools'] })),
    };
  },
  transport: 'openai',
};
const info = { product: 'Acme', models: ['m1', 'm2'] };

function discovery(options: ConstructorParameters<typeof ServiceDiscovery>[0]): ServiceDiscovery {
  const made = new ServiceDiscovery({ hosts: ['localhost'], definitions: [acme], ...options });
  onTestFinished(() => made.close());
  return made;
}

describe('a kind of server of the host', () => {
  it('is found at its ports, with what it says of itself', async () => {
    const net = network({
      'GET http://localhost:7070/acme/info': info,
      'GET http://localhost:7070/acme/version': { version: '2.0' },
    });
    const { services } = await discovery({ fetch: net.fetch, types: ['vllm'] }).discoverAll();
    expect(services).toMatchObject([
      {
        id: 'custom:acme@localhost:7070',
        type: 'custom:acme',
        name: 'acme',
        version: '2.0',
        status: 'up',
        models: [
          {
            id: 'm1',
            contextLength: { value: 16_384, source: 'server' },
            capabilities: { value: ['chat', 'tools'], source: 'server' },
          },
          { id: 'm2' },
        ],
      },
    ]);
    expect(new Set(net.requests.map(({ url }) => new URL(url).port))).toEqual(new Set(['8080', '7070', '8000']));
    expect(net.requests.filter(({ url }) => new URL(url).port === '7070').map(({ method }) => method)).toEqual([
      'GET',
      'GET',
    ]);
  });

  it('comes before the known servers of a shared port, and leaves them what is theirs', async () => {
    const models = { object: 'list', data: [{ id: 'x', object: 'model' }] };
    const headers = { server: 'llama.cpp' };
    const answers = {
      'GET /health': () => Response.json({ status: 'ok' }, { headers }),
      'GET /v1/models': models,
      'GET /acme/info': info,
    };
    const own = await discovery({ fetch: network(answers).fetch, types: ['llama.cpp'] }).discoverAll();
    expect(own.services.map(({ type }) => type)).toEqual(['custom:acme', 'custom:acme', 'llama.cpp']);
    const theirs = await discovery({
      fetch: network({ ...answers, 'GET /acme/info': { product: 'Other' } }).fetch,
      types: ['llama.cpp'],
    }).discoverAll();
    expect(theirs.services.map(({ id }) => id)).toContain('llama.cpp@localhost:8080');
    expect(theirs.services.map(({ type }) => type)).not.toContain('custom:acme');
  });

  it('is known at an address that the host names, below a path too', async () => {
    const net = network({ 'GET http://10.0.0.1:9000/ai/acme/info': info });
    const services = [{ type: 'custom:acme', baseURL: 'http://10.0.0.1:9000/ai/', name: 'Rack 1' }] as const;
    const report = await discovery({ fetch: net.fetch, hosts: [], services }).discoverAll();
    expect(report.services).toMatchObject([{ id: 'custom:acme@10.0.0.1:9000/ai', name: 'Rack 1' }]);
  });

  it('that is another server at the named address is said to be so', async () => {
    const net = network({
      'GET /version': { version: '0.11.0' },
      'GET /v1/models': { object: 'list', data: [{ id: 'x', owned_by: 'vllm' }] },
    });
    const services = [{ type: 'custom:acme', baseURL: 'http://localhost:9000' }] as const;
    const report = await discovery({ fetch: net.fetch, hosts: [], services }).discoverAll();
    expect(report).toMatchObject({ services: [], failures: [{ remedy: "Set its type to 'vllm'." }] });
  });

  it('gets replies as JSON or text, with status and headers, and only those that are complete', async () => {
    const seen: unknown[] = [];
    const net = network({
      'GET /a': () => new Response('plain', { status: 404, headers: { 'x-acme': '1' } }),
      'GET /b': [1, 2],
    });
    const curious: ServiceDefinition = {
      ...acme,
      probes: ['/a', '/b', '/gone'],
      identify: (replies) => {
        seen.push(...replies.map(({ headers, ...rest }) => ({ ...rest, acme: headers.get('x-acme') })));
        return null;
      },
    };
    await discovery({ fetch: net.fetch, definitions: [{ ...curious, ports: [7070] }], types: [] }).discoverAll();
    expect(seen).toEqual([
      { path: '/a', status: 404, body: 'plain', acme: '1' },
      { path: '/b', status: 200, body: [1, 2], acme: null },
    ]);
  });

  it.each<[string, () => never]>([
    [
      'throws',
      () => {
        throw new RangeError('a secret of the server');
      },
    ],
    ['returns nonsense', () => 'Acme' as never],
  ])('whose identify %s is not recognised, and harms no other', async (_, identify) => {
    const logged: unknown[] = [];
    const log = (...a: unknown[]): void => void logged.push(...a);
    const net = network({
      'GET http://localhost:7070/acme/info': info,
      'GET http://localhost:11434/api/tags': { models: [{ name: 'x' }] },
    });
    const report = await discovery({
      fetch: net.fetch,
      types: ['ollama'],
      definitions: [{ ...acme, identify }],
      logger: { debug: log, info: log, warn: log, error: log },
    }).discoverAll();
    expect(report.services.map(({ type }) => type)).toEqual(['ollama']);
    expect(JSON.stringify([report, logged])).not.toContain('secret');
  });

  it('cannot bring unsound names or numbers', async () => {
    const models = [{ id: 'ok', contextLength: Number.NaN }, { id: 'a\nb' }, { id: 7 }, null, { id: 'ok' }] as never;
    const report = await discovery({
      fetch: network({ 'GET http://localhost:7070/acme/info': info }).fetch,
      types: [],
      definitions: [{ ...acme, identify: () => ({ models }) }],
    }).discoverAll();
    expect(report.services[0]?.models.map(({ id, contextLength }) => [id, contextLength.source])).toEqual([
      ['ok', 'assumed'],
    ]);
  });

  it.each([
    [{ ...acme, type: 'acme' }, /definitions\.0\.type.*custom:/s],
    [{ ...acme, ports: [0] }, /definitions\.0\.ports/],
    [{ ...acme, probes: [] }, /at least one path/],
    [{ ...acme, probes: ['acme'] }, /begins with "\/"/],
    [{ ...acme, identify: true }, /\(replies\) =>/],
    [{ ...acme, port: 1 }, /unknown option/],
  ])('is checked at construction: %j', (definition, message) => {
    const make = () => new ServiceDiscovery({ definitions: [definition as ServiceDefinition] });
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });

  it('is defined once', () => {
    expect(() => new ServiceDiscovery({ definitions: [acme, acme] })).toThrow(/`type` of its own/);
  });

  it('is routed to like any other', async () => {
    const server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      if (request.url === '/acme/info') return response.end(JSON.stringify(info));
      const message = { role: 'assistant', content: 'Acme says hello.' };
      if (request.url === '/v1/chat/completions')
        return response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] }));
      return response.writeHead(404).end('{}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const router = new LocalLLMRouter({
      discovery: { definitions: [{ ...acme, ports: [port] }], types: [], hosts: ['127.0.0.1'] },
    });
    onTestFinished(() => router.close());
    const { text, model } = await router.route('Hello');
    expect(text).toBe('Acme says hello.');
    expect(model).toMatchObject({ id: 'm1', type: 'custom:acme', service: `custom:acme@127.0.0.1:${port}` });
  });
});
