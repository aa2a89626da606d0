import type { DiscoveryOptions } from 'local-llm-router';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, atPort, discover, single } from './discover.js';
import { type MlxServer, startMlxServer } from './mlx-server.js';
import { itIsRoutedTo, routerFor, SENTENCE } from './routing.js';
import { tinyModels } from './tiny-model.js';

// One prompt and one answer at a time.
const ONE = ['--prompt-concurrency', '1', '--decode-concurrency', '1'];
const endpoint = (server: MlxServer) => ({ type: 'mlx-lm', baseURL: server.url, contextLength: 131_072 }) as const;

describe('a real mlx-lm server', () => {
  let chain: MlxServer;
  let endless: MlxServer;
  beforeAll(async () => {
    [chain, endless] = await Promise.all([
      startMlxServer(tinyModels.chain, 'tiny-chain'),
      startMlxServer(tinyModels.endless, 'tiny-endless', { args: ONE }),
    ]);
  });
  afterAll(() => Promise.all([chain?.stop(), endless?.stop()]));

  const ways: [string, (url: string) => DiscoveryOptions][] = [
    ['named', (baseURL) => ({ services: [{ type: 'mlx-lm', baseURL }] })],
    ['at its default port, which others use too', (url) => atPort(url, 8080)],
  ];
  it.each(ways)('is found as it says itself: %s', async (_, options) => {
    const { data } = await ask(chain.url, '/v1/models');
    expect(data).toMatchObject([{ id: chain.model }]);
    const report = await discover(options(chain.url));
    const { service, model } = single(report);
    expect(service).toMatchObject({ type: 'mlx-lm', status: 'up' });
    expect(model).toMatchObject({
      id: chain.model,
      state: { value: 'loaded', source: 'server' },
      // It says it nowhere, and takes any length.
      contextLength: { value: 4_096, source: 'assumed' },
      remote: 'no',
    });
  });

  it('is found where the host does not know its kind', async () => {
    const { service, model } = single(
      await discover({ services: [{ type: 'openai-compatible', baseURL: chain.url }] }),
    );
    expect(service).toMatchObject({ type: 'openai-compatible', status: 'up' });
    expect(model.id).toBe(chain.model);
  });

  it('is called by its name where the host takes it for another', async () => {
    const { services, failures } = await discover({ services: [{ type: 'llama.cpp', baseURL: chain.url }] });
    expect(services).toEqual([]);
    expect(failures).toMatchObject([{ code: 'ERR_BAD_RESPONSE', remedy: "Set its type to 'mlx-lm'." }]);
  });

  it('has the window that the host names', async () => {
    const { model } = single(await discover({ services: [endpoint(chain)] }));
    expect(model.contextLength).toEqual({ value: 131_072, source: 'config' });
  });

  itIsRoutedTo({ chain: () => endpoint(chain), endless: () => endpoint(endless) });

  it('reports what it used', async () => {
    const { usage } = await routerFor([endpoint(chain)]).route('Say hi');
    expect(usage).toMatchObject({ source: 'reported', inputTokens: 25, outputTokens: 36 });
  });
});

describe('a real mlx-lm server that cannot list its models', () => {
  it('is found and routed to by the name of its own', async () => {
    const server = await startMlxServer(tinyModels.chain, 'tiny-chain', { hasCache: false });
    try {
      const list = await fetch(`${server.url}/v1/models`);
      expect([list.status, await list.text()]).toEqual([200, '']);
      const { service, model } = single(await discover(atPort(server.url, 8080)));
      expect([service.type, model.id]).toEqual(['mlx-lm', 'default_model']);
      const { text } = await routerFor([endpoint(server)]).route('Say hi');
      expect(text).toBe(SENTENCE);
    } finally {
      await server.stop();
    }
  });
});
