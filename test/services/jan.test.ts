import { describe, expect, it } from 'vitest';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import { look } from './look.js';
import { network, recorded } from './recorded.js';

const model = (id: string, owned_by = 'llama.cpp') => ({ id, object: 'model', created: 1, owned_by });
const list = (...data: object[]) => ({ object: 'list', data });
const about = { openapi: '3.0.0', info: { title: 'Jan API Server Endpoints', version: '1.0' }, paths: {} };
const text = (body: string, status: number) => () => new Response(body, { status });
const server = (answers: Record<string, unknown>) =>
  network({ 'GET /openapi.json': about, ...answers }, text('Not Found', 404));
const at = { at: 'jan' } as const;

describe('Jan', () => {
  it('says whose a model is, and nothing more', async () => {
    const models = list(model('Qwen3-8B-Q4_K_M'), model('gemma-mlx', 'mlx'), model('gpt-5', 'remote'));
    const found = await look(server({ 'GET /v1/models': models }), at);
    expect(found).toMatchObject({ type: 'jan', status: 'up', version: undefined });
    expect(found.models).toMatchObject([
      {
        id: 'Qwen3-8B-Q4_K_M',
        capabilities: { value: ['completion', 'chat', 'json-schema'], source: 'assumed' },
        contextLength: { value: 4_096, source: 'assumed' },
        state: { value: 'unknown', source: 'assumed' },
        remote: 'no',
      },
      { id: 'gemma-mlx', remote: 'no' },
      { id: 'gpt-5', remote: 'yes' },
    ]);
  });

  it('sends a name that a provider has too to the provider', async () => {
    const { models } = await look(server({ 'GET /v1/models': list(model('x'), model('x', 'remote')) }), at);
    expect(models.map(({ id, remote }) => [id, remote])).toEqual([['x', 'yes']]);
  });

  it('may take what stands before a slash for a provider, where there are providers', async () => {
    const local = model('openai/gpt-oss-20b');
    const alone = await look(server({ 'GET /v1/models': list(local) }), at);
    const beside = await look(server({ 'GET /v1/models': list(local, model('gpt-5', 'remote')) }), at);
    expect(alone.models[0]?.remote).toBe('no');
    expect(beside.models[0]?.remote).toBe('unknown');
  });

  it.each([
    ['its list alone, where its description is kept back', { 'GET /v1/models': list(model('x')) }, {}],
    ['its description, where nothing runs', { 'GET /v1/models': list() }, { 'GET /openapi.json': about }],
  ])('is known by %s', async (_, answers, more) => {
    const found = await look(network({ ...answers, ...more }, text('Not Found', 404)), at);
    expect(found).toMatchObject({ type: 'jan', status: 'up' });
  });

  it.each(['Invalid or missing authorization token', 'Missing authorization header'])(
    'is locked where it says "%s"',
    async (words) => {
      const found = await look(server({ 'GET /v1/models': text(words, 401) }), at);
      expect(found).toMatchObject({ type: 'jan', status: 'unauthorized', models: [] });
    },
  );

  it('that does not trust the host name says so, and what to do', async () => {
    const { fetch } = server({ 'GET /v1/models': text('Invalid host header', 403) });
    const services = [{ type: 'jan', baseURL: 'http://10.0.0.7:1337' }] as const;
    const report = await new ServiceDiscovery({ fetch, hosts: [], services }).discoverAll();
    expect(report.services[0]).toMatchObject({ type: 'jan', status: 'unauthorized' });
    expect(report.failures[0]).toMatchObject({
      reason: expect.stringContaining('refuses requests under this host name'),
      remedy: expect.stringContaining('trusted hosts'),
    });
  });

  it.each([
    ['a list of other owners', { 'GET /v1/models': list({ ...model('x'), owned_by: 'vllm' }) }],
    ['a list with times', { 'GET /v1/models': list({ ...model('x'), created: 1_700_000_000 }) }],
    ['one foreign entry', { 'GET /v1/models': list(model('x'), { id: 'y', object: 'model' }) }],
    ['an empty list of anybody', { 'GET /openapi.json': text('', 404), 'GET /v1/models': list() }],
    ['other refusals', { 'GET /v1/models': text('{"error":"Unauthorized"}', 401) }],
    ['another 403', { 'GET /v1/models': text('Forbidden', 403) }],
  ])('is not taken from %s', async (_, answers) => {
    expect((await look(server(answers), at)).type).not.toBe('jan');
  });

  it('never asks another server that describes itself for its list', async () => {
    const net = network({ 'GET /openapi.json': recorded('llama-cpp-python/0.3.36/openapi') }, text('', 404));
    await look(net, at);
    expect(net.sent).not.toContain('GET /v1/models');
  });

  it('is asked for two things only', async () => {
    const net = server({ 'GET /v1/models': list(model('x')) });
    await look(net, at);
    expect(net.sent).toEqual(['GET /openapi.json', 'GET /v1/models']);
  });
});
