import { describe, expect, it } from 'vitest';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import { textGenerationWebUI } from '../../src/services/text-generation-webui.js';
import { look } from './look.js';
import { network, recorded } from './recorded.js';

const at = 'text-generation-webui/4.7.3';
// The recorded body was cut after 6000 characters; of its 20 paths these tell.
const openapi = {
  openapi: '3.1.0',
  info: { title: 'FastAPI', version: '0.1.0' },
  paths: { '/v1/chat/completions': {}, '/v1/internal/model/info': {}, '/v1/internal/token-count': {} },
};
const real = (more: Record<string, unknown> = {}) =>
  network(
    {
      'GET /openapi.json': openapi,
      'GET /v1/internal/model/info': recorded(`${at}/model-info`),
      'GET /v1/models': recorded(`${at}/models`),
      'GET /.well-known/serviceinfo': recorded(`${at}/serviceinfo`),
      ...more,
    },
    () => recorded(`${at}/unknown`),
  );

describe('text-generation-webui 4.7.3, recorded', () => {
  it('takes no name for a model that would forge a log line or fill it', async () => {
    for (const model_name of ['x'.repeat(5_000), 'a\nb']) {
      const info = { model_name, lora_names: [], loader: 'llama.cpp' };
      const replies = real({ 'GET /v1/internal/model/info': info, 'GET /v1/models': null });
      expect((await look(replies, { at: 'text-generation-webui' })).models).toEqual([]);
    }
  });

  it('has one model, and no window that it tells', async () => {
    const found = await look(real(), { at: 'text-generation-webui' });
    expect(found).toMatchObject({
      type: 'text-generation-webui',
      status: 'up',
      models: [
        {
          id: 'tiny-random.gguf',
          state: { value: 'loaded', source: 'server' },
          contextLength: { value: 4_096, source: 'assumed' },
          capabilities: { value: ['completion', 'chat', 'tools'], source: 'server' },
          remote: 'no',
        },
      ],
    });
    expect(textGenerationWebUI.requests).toEqual(expect.arrayContaining([...found.sent]));
    expect([...found.sent].sort()).toEqual(['GET /openapi.json', 'GET /v1/internal/model/info', 'GET /v1/models']);
  });

  it('is known where its documentation is switched off', async () => {
    const net = real({ 'GET /openapi.json': recorded(`${at}/unknown`) });
    expect((await look(net, { at: 'text-generation-webui' })).type).toBe('text-generation-webui');
  });

  it.each([
    ['nothing loaded', 'nomodel-model-info', 'nomodel-models'],
    ['a load that failed', 'model-info-after-bad-load', 'models-after-bad-load'],
    ['an unload', 'unloaded-model-info', 'nomodel-models'],
  ])('has no model after %s, whatever its list says', async (_, info, models) => {
    const found = await look(
      real({
        'GET /v1/internal/model/info': recorded(`${at}/${info}`),
        'GET /v1/models': recorded(`${at}/${models}`),
      }),
      { at: 'text-generation-webui' },
    );
    expect(found).toMatchObject({ type: 'text-generation-webui', status: 'up', models: [] });
  });

  it('is locked where only its documentation is open', async () => {
    const found = await look(
      real({
        'GET /v1/internal/model/info': recorded(`${at}/key-model-info`),
        'GET /v1/models': recorded(`${at}/key-models`),
      }),
      { at: 'text-generation-webui' },
    );
    expect(found).toMatchObject({ type: 'text-generation-webui', status: 'unauthorized', models: [] });
  });

  it('says what to do where it does not accept the host name', async () => {
    const refused = recorded(`${at}/host-docker`);
    const net = real({ 'GET /v1/internal/model/info': refused, 'GET /v1/models': refused });
    const discovery = new ServiceDiscovery({
      fetch: net.fetch,
      hosts: ['localhost'],
      types: ['text-generation-webui'],
    });
    const { services, failures } = await discovery.discoverAll();
    await discovery.close();
    expect(services).toMatchObject([{ type: 'text-generation-webui', status: 'unauthorized', models: [] }]);
    expect(failures).toMatchObject([
      { reason: expect.stringContaining('host name'), remedy: expect.stringContaining('--listen') },
    ]);
  });
});

describe('what is no text-generation-webui', () => {
  it.each([
    ['another FastAPI app', { 'GET /openapi.json': { paths: { '/v1/models': {} } } }],
    ['a wrong shape', { 'GET /v1/internal/model/info': { model_name: 'x' } }],
  ])('%s', async (_, answers) => {
    const net = network(answers, () => recorded(`${at}/unknown`));
    expect((await look(net, { at: 'text-generation-webui' })).type).toBeUndefined();
  });

  it('AirPlay, which holds its port on macOS and is named', async () => {
    const airTunes = () => new Response('', { status: 403, headers: { server: 'AirTunes/870.14.1' } });
    const { type, failure } = await look(network({}, airTunes), { at: 'text-generation-webui' });
    expect(type).toBeUndefined();
    expect(failure).toMatchObject({
      reason: expect.stringContaining('AirPlay'),
      remedy: expect.stringContaining('port'),
    });
  });

  it('is named where the host says otherwise', async () => {
    const { failure } = await look(real(), { endpoint: { type: 'vllm' } });
    expect(failure?.remedy).toContain("'text-generation-webui'");
  });
});
