import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { FetchLike } from '../../src/core/fetch-like.js';
import type { KnownServiceType } from '../../src/core/service.js';
import type { ServiceDefinition } from '../../src/services/service-definition.js';
import type { FakeServer, ServiceConformanceOptions } from '../../src/testing.js';
import * as testing from '../../src/testing.js';

const { fakeOllama, serviceConformance } = testing;

type Start = ServiceConformanceOptions['server'];

/** A server that answers each request with the recording of that name, and anything else with the first. */
function replayed(folder: string, names: readonly string[]): Start {
  const recordings = names.map((name) => {
    const file = new URL(`../fixtures/${folder}/${name}.json`, import.meta.url);
    const { request, response } = JSON.parse(readFileSync(file, 'utf8'));
    return { key: `${request.method} ${request.path}`, ...response };
  });
  const byKey = new Map([...recordings].reverse().map((recording) => [recording.key, recording]));
  return async () => {
    const requests: { method: string; path: string; query: string }[] = [];
    const server = createServer((incoming: IncomingMessage, response) => {
      const { method = 'GET', url = '/' } = incoming;
      const [path = '/', query] = url.split('?');
      requests.push({ method, path, query: query === undefined ? '' : `?${query}` });
      const { status, headers, body = '' } = byKey.get(`${method} ${url}`) ?? recordings[0];
      const kept = Object.entries<string>(headers ?? {}).filter(
        ([name]) => !/^(?:content-length|transfer-encoding|connection)$/i.test(name),
      );
      incoming.resume();
      response.writeHead(status, Object.fromEntries(kept)).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${port}`,
      requests,
      close: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  };
}

/** What a real server answered; the first is its answer to what it does not have. */
const recordings: readonly [KnownServiceType, string, readonly string[]][] = [
  ['ollama', 'ollama/0.33.0-rc2', ['route-unknown', 'root-get', 'version-get', 'tags', 'ps-after-load', 'show']],
  ['llama.cpp', 'llama.cpp/b11549-wheel', ['route-unknown', 'health', 'models-v1', 'props']],
  ['llama.cpp', 'llama.cpp/v0.5.0', ['router-get-nope', 'router-health', 'router-v1-models', 'router-props']],
  ['localai', 'localai/3.12.1', ['unknown', 'version', 'system', 'readyz', 'models']],
  ['koboldcpp', 'koboldcpp/1.104', ['unknown-get', 'version', 'true-max-context', 'perf', 'model', 'models-v1']],
  ['mlx-lm', 'mlx-lm/0.32.2', ['unknown-get', 'health', 'models']],
  ['open-webui', 'open-webui/0.12.4', ['root-v1-models', 'config', 'models']],
  ['text-generation-webui', 'text-generation-webui/4.7.3', ['unknown', 'openapi', 'model-info', 'models']],
  ['llama-swap', 'llama-swap/v250-5-g0bdb3720', ['route-unknown', 'api-version', 'v1-models', 'running']],
  ['llama-cpp-python', 'llama-cpp-python/0.3.36', ['health', 'openapi']],
  [
    'docker-model-runner',
    'docker-model-runner/642c7211',
    [
      'cold-unknown',
      'warm-root',
      'warm-version',
      'warm-models-v1',
      'warm-models-native',
      'warm-engines-ps',
      'warm-engines-configure',
    ],
  ],
];

describe.each(recordings)('the description of %s, by recordings of %s', (definition, folder, names) => {
  for (const { name, run } of serviceConformance({ definition, server: replayed(folder, names) })) it(name, run);
});

const fakes = Object.entries(testing).filter(
  (entry): entry is [string, () => Promise<FakeServer>] =>
    entry[0].startsWith('fake') && typeof entry[1] === 'function',
);
const types = await Promise.all(
  fakes.map(async ([name, start]) => {
    const server = await start();
    await server.close();
    return [name, server.type, start] as const;
  }),
);

/** Open WebUI tells its models to nobody without a key. */
const withKey: FetchLike = (url, init) => {
  const headers = new Headers(init?.headers);
  headers.set('authorization', 'Bearer any');
  return fetch(url, { ...init, headers });
};

describe.each(types)('%s, by the description of %s', (name, definition, server) => {
  const network = name === 'fakeOpenWebUI' ? { fetch: withKey } : {};
  for (const { name, run } of serviceConformance({ definition, server, ...network })) it(name, run);
});

describe('a kind of server of a host', () => {
  const acme: ServiceDefinition = {
    type: 'custom:acme',
    ports: [7070],
    probes: ['/api/tags', '/api/version'],
    identify: ([tags]) => {
      const models = (tags?.body as { models?: unknown } | null)?.models;
      if (!Array.isArray(models)) return null;
      return { models: models.map((model) => ({ id: String((model as { name?: unknown } | null)?.name) })) };
    },
    transport: 'openai',
  };
  /** The names of the checks that a definition fails. */
  async function failures(change: Partial<ServiceDefinition>): Promise<string[]> {
    const failed: string[] = [];
    for (const { name, run } of serviceConformance({ definition: { ...acme, ...change }, server: fakeOllama })) {
      await run().catch(() => failed.push(name));
    }
    return failed;
  }

  it('passes where it keeps the contract, but for taking another server for its own', async () => {
    expect(await failures({})).toEqual(['does not take a server of type ollama for its own']);
  });

  it.each<[string, Partial<ServiceDefinition>, RegExp]>([
    ['is not well formed', { probes: ['api/tags'] }, /well formed/],
    [
      'goes by the status',
      { identify: ([tags]) => (tags?.status === 200 ? { models: [{ id: 'm' }] } : null) },
      /web page/,
    ],
    [
      'trusts what a server sends',
      {
        identify: ([tags]) => ({
          models: (tags as unknown as { body: { models: { name: string }[] } }).body.models.map(({ name }) => ({
            id: name,
          })),
        }),
      },
      /without a throw/,
    ],
    ['knows nobody', { identify: () => null }, /knows its server/],
    ['changes its mind', { identify: () => ({ models: [{ id: crypto.randomUUID() }] }) }, /looks again/],
  ])('that %s is found out', async (_, change, check) => {
    expect(await failures(change)).toEqual(expect.arrayContaining([expect.stringMatching(check)]));
  });
});
