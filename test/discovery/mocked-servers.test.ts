import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';

// As a host app mocks its servers: only the routes that it knows of, everything else goes to closed ports.
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: 'bypass' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

async function discover() {
  const discovery = new ServiceDiscovery({ hosts: ['localhost'] });
  try {
    return await discovery.discoverAll();
  } finally {
    await discovery.close();
  }
}

describe('a mocked server', () => {
  it('at localhost:11434 is an Ollama by its /api/tags alone', async () => {
    server.use(
      http.get('http://localhost:11434/api/tags', () => HttpResponse.json({ models: [{ name: 'llama3.2:3b' }] })),
    );
    const { services } = await discover();
    expect(services.find(({ type }) => type === 'ollama')).toMatchObject({
      id: 'ollama@localhost:11434',
      models: [{ id: 'llama3.2:3b', capabilities: { value: expect.arrayContaining(['chat']), source: 'assumed' } }],
    });
  });

  it('at localhost:11434 is read further by its /api/show', async () => {
    server.use(
      http.get('http://localhost:11434/api/tags', () =>
        HttpResponse.json({
          models: [{ name: 'qwen2.5-coder:7b', model: 'qwen2.5-coder:7b', digest: 'abc', size: 1 }],
        }),
      ),
      http.post('http://localhost:11434/api/show', () =>
        HttpResponse.json({
          capabilities: ['completion', 'tools', 'insert'],
          model_info: { 'general.architecture': 'qwen2', 'qwen2.context_length': 32_768 },
        }),
      ),
    );
    const { services } = await discover();
    expect(services.find(({ type }) => type === 'ollama')?.models).toMatchObject([
      {
        maxContextLength: { value: 32_768, source: 'server' },
        capabilities: { value: ['completion', 'chat', 'json-schema', 'tools', 'fill-in-the-middle'], source: 'server' },
      },
    ]);
  });

  it('at localhost:1234 is used by the simplest list', async () => {
    server.use(http.get('http://localhost:1234/v1/models', () => HttpResponse.json({ data: [{ id: 'x' }] })));
    const { services } = await discover();
    expect(services.find(({ baseURL }) => baseURL === 'http://localhost:1234')).toMatchObject({
      models: [{ id: 'x' }],
    });
  });

  it('that never answers is a time-out', async () => {
    server.use(http.all('http://localhost:8000/*', () => new Promise<never>(() => {})));
    const discovery = new ServiceDiscovery({ hosts: ['localhost'], types: ['vllm'], probeTimeoutMs: 50 });
    expect((await discovery.discoverAll()).failures).toMatchObject([{ type: 'vllm', code: 'ERR_TIMEOUT' }]);
    await discovery.close();
  });
});
