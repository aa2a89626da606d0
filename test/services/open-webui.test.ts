import { describe, expect, it } from 'vitest';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import { look } from './look.js';
import { network, recorded } from './recorded.js';

const at = 'open-webui/0.12.4';
const page = () => recorded(`${at}/root-v1-models`);
/** It answers its page, with status 200, to every GET that it does not know. */
const server = (answers: Record<string, unknown> = {}) =>
  network(
    { 'GET /api/config': recorded(`${at}/config`), 'GET /api/models': recorded(`${at}/models`), ...answers },
    page,
  );

describe('Open WebUI', () => {
  it('says its version, what it stands before, and of each model what its backend says', async () => {
    const found = await look(server(), { at: 'open-webui' });
    expect(found).toMatchObject({ type: 'open-webui', status: 'up', version: '0.12.4' });
    expect(found.models).toMatchObject([
      { id: 'auto', capabilities: { source: 'assumed' }, state: { value: 'unknown' }, contextLength: { value: 4096 } },
      { id: 'auto:coding' },
      {
        id: 'auto:latest',
        digest: { value: 'a'.repeat(64), source: 'server' },
        sizeBytes: { value: 500_000_000, source: 'server' },
        quantization: { value: 'Q4_K_M', source: 'server' },
        capabilities: { value: ['completion', 'chat', 'json-schema', 'tools'], source: 'server' },
        state: { value: 'loaded', source: 'server' },
      },
    ]);
  });

  it('cannot tell where a model runs, whatever label its connection has', async () => {
    const { models } = await look(server(), { at: 'open-webui' });
    expect(models.map(({ remote }) => remote)).toEqual(['unknown', 'unknown', 'unknown']);
  });

  it.each([
    ['a cloud model of Ollama', { id: 'x:cloud', ollama: { name: 'x:cloud' } }],
    ['a stub of Ollama', { id: 'x', ollama: { name: 'x', remote_host: 'https://ollama.com' } }],
    ['a provider model of Jan', { id: 'x', openai: { id: 'x', owned_by: 'remote' } }],
    ['a cloud model of Lemonade', { id: 'x', openai: { id: 'x', owned_by: 'lemonade', recipe: 'cloud' } }],
  ])('knows that %s leaves the machine', async (_, item) => {
    const { models } = await look(server({ 'GET /api/models': { data: [item] } }), { at: 'open-webui' });
    expect(models[0]?.remote).toBe('yes');
  });

  it.each([
    [{ info: { params: { num_ctx: 9_000 } } }, 9_000],
    [{ openai: { max_model_len: 8_000 } }, 8_000],
    [{ openai: { meta: { n_ctx: 7_000 } } }, 7_000],
    [{ openai: { context_length: 6_000 } }, 6_000],
  ])('reads a window from %j', async (fields, value) => {
    const { models } = await look(server({ 'GET /api/models': { data: [{ id: 'x', ...fields }] } }), {
      at: 'open-webui',
    });
    expect(models[0]?.contextLength).toEqual({ value, source: 'server' });
  });

  it('takes what a preset is based on for its identity, and offers no filling of gaps', async () => {
    const data = [
      { id: 'my-helper', preset: true, info: { base_model_id: 'qwen2.5-coder:7b' } },
      { id: 'coder', ollama: { name: 'coder', capabilities: ['completion', 'insert'] } },
    ];
    const { models } = await look(server({ 'GET /api/models': { data } }), { at: 'open-webui' });
    expect(models[0]?.identity).toMatchObject({ id: 'my-helper', family: 'qwen-coder', sizeB: 7 });
    expect(models[1]?.capabilities.value).not.toContain('fill-in-the-middle');
  });

  it('is known under any name, with a wrong key, and with all its backends down', async () => {
    const renamed = { ...JSON.parse(await recorded(`${at}/config-bad-token`).text()), name: 'Acme Chat' };
    const found = await look(server({ 'GET /api/config': renamed, 'GET /api/models': recorded(`${at}/dead-models`) }), {
      at: 'open-webui',
    });
    expect(found).toMatchObject({ type: 'open-webui', status: 'up', models: [] });
  });

  it.each(['models-noauth', 'models-bad-token', 'models-bad-apikey'])('is locked by %s', async (name) => {
    const found = await look(server({ 'GET /api/models': recorded(`${at}/${name}`) }), { at: 'open-webui' });
    expect(found).toMatchObject({ type: 'open-webui', status: 'unauthorized', version: '0.12.4', models: [] });
  });

  it.each([
    ['its page alone', {}],
    ['another configuration', { 'GET /api/config': { status: true, version: '1', name: 'x' } }],
    ['the health of anybody', { 'GET /health': { status: true }, 'GET /api/version': { version: '0.12.4' } }],
  ])('is not taken from %s', async (_, answers) => {
    const found = await look(network(answers, page), { at: 'open-webui' });
    expect(found.failure).toMatchObject({ code: 'ERR_BAD_RESPONSE' });
  });

  it('is told from all others on its default ports, whoever else is looked for there', async () => {
    const { fetch } = server({ 'GET /api/models': recorded(`${at}/models-noauth`) });
    const { services } = await new ServiceDiscovery({ fetch, hosts: ['localhost'] }).discoverAll();
    expect(services.map(({ id }) => id).sort()).toEqual(['open-webui@localhost:3000', 'open-webui@localhost:8080']);
  });

  it('is asked for two things only, none of them at a backend', async () => {
    const net = server();
    await look(net, { at: 'open-webui' });
    expect(new Set(net.sent)).toEqual(new Set(['GET /api/config', 'GET /api/models']));
  });
});

describe('an Open WebUI of the host', () => {
  const find = (o: Record<string, unknown>) => {
    const { fetch } = server(o);
    return (services: object[]) =>
      new ServiceDiscovery({ fetch, hosts: [], services: services as never }).discoverAll({ refresh: true });
  };

  it.each(['', '/', '/api', '/api/v1/'])('may be given with %j behind its origin', async (path) => {
    const { services } = await find({})([{ type: 'open-webui', baseURL: `http://localhost:3000${path}`, apiKey: 'k' }]);
    expect(services[0]).toMatchObject({
      id: 'open-webui@localhost:3000',
      baseURL: 'http://localhost:3000',
      behind: ['ollama'],
    });
  });

  it('keeps its models local by the word of the host only', async () => {
    const { services } = await find({})([
      { type: 'open-webui', baseURL: 'http://localhost:3000', apiKey: 'k', models: ['auto:latest'] },
    ]);
    expect(services[0]?.models.map(({ id, remote }) => [id, remote])).toEqual([
      ['auto', 'unknown'],
      ['auto:coding', 'unknown'],
      ['auto:latest', 'no'],
    ]);
  });

  it('says how to make a key', async () => {
    const locked = find({ 'GET /api/models': recorded(`${at}/models-noauth`) });
    const { services, failures } = await locked([{ type: 'open-webui', baseURL: 'http://localhost:3000' }]);
    expect(services[0]).toMatchObject({ status: 'unauthorized', version: '0.12.4' });
    expect(failures[0]).toMatchObject({ code: 'ERR_UNAUTHORIZED', remedy: expect.stringMatching(/API key.*`apiKey`/) });
  });
});
