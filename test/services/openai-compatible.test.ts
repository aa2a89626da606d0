import { describe, expect, it } from 'vitest';
import { look } from './look.js';
import { network, recorded } from './recorded.js';

const list = (...data: object[]) => ({ object: 'list', data });
const endpoint = (o: object = {}) => ({
  endpoint: { type: 'openai-compatible' as const, baseURL: 'http://localhost:7000', ...o },
});

describe('a server that speaks the OpenAI protocol', () => {
  it('is used by the simplest list that there is', async () => {
    const found = await look({ 'GET /v1/models': { data: [{ id: 'x' }] } }, { at: 'lmstudio' });
    expect(found.type).toBe('openai-compatible');
    expect(found.models).toMatchObject([
      {
        id: 'x',
        capabilities: { value: ['completion', 'chat'], source: 'assumed' },
        contextLength: { value: 4096, source: 'assumed' },
        maxContextLength: { value: 4096, source: 'assumed' },
        state: { value: 'unknown', source: 'assumed' },
        remote: 'no',
      },
    ]);
  });

  it('is told to be LiteLLM by its description; where its models run, nobody can tell', async () => {
    const replies = {
      'GET /openapi.json': { openapi: '3.1.0', info: { title: 'LiteLLM API', version: '1.80.0' } },
      'GET /v1/models': list({ id: 'ollama/qwen3:8b', owned_by: 'openai' }),
    };
    const { type, models } = await look(replies, endpoint());
    expect([type, models[0]?.remote]).toEqual(['openai-compatible', 'unknown']);
  });

  it.each([
    [{ max_model_len: 9_000 }, { value: 9_000, source: 'server' }, { value: 9_000, source: 'server' }],
    [{ meta: { n_ctx: 8_000 } }, { value: 8_000, source: 'server' }, { value: 8_000, source: 'server' }],
    [{ context_length: 7_000 }, { value: 7_000, source: 'server' }, { value: 7_000, source: 'server' }],
    [{ max_context_window: 131_072 }, { value: 4_096, source: 'assumed' }, { value: 131_072, source: 'server' }],
    [{ dmr: { context_window: 2_048 } }, { value: 2_048, source: 'assumed' }, { value: 2_048, source: 'server' }],
    [
      { max_model_len: -1, context_length: 'big' },
      { value: 4_096, source: 'assumed' },
      { value: 4_096, source: 'assumed' },
    ],
  ])('reads a window from %j', async (fields, contextLength, maxContextLength) => {
    const { models } = await look({ 'GET /v1/models': list({ id: 'x', ...fields }) }, endpoint());
    expect(models[0]).toMatchObject({ contextLength, maxContextLength });
  });

  it.each([
    ['Jan', { owned_by: 'remote' }, 'yes'],
    ['Lemonade', { owned_by: 'lemonade', recipe: 'cloud' }, 'yes'],
    ['llama-swap', { owned_by: 'llama-swap', meta: { llamaswap: { type: 'peer' } } }, 'yes'],
    ['llama-swap', { owned_by: 'llama-swap', meta: { llamaswap: { type: 'model' } } }, 'no'],
  ])('knows what %s passes on: %j', async (_, fields, remote) => {
    const { models } = await look({ 'GET /v1/models': list({ id: 'x', ...fields }) }, endpoint());
    expect(models[0]?.remote).toBe(remote);
  });

  it('cannot tell where the models of an Open WebUI are', async () => {
    const { models } = await look(
      { 'GET /api/v1/models': recorded('open-webui/0.12.4/models') },
      endpoint({ baseURL: 'http://localhost:7000/api' }),
    );
    expect(models.length).toBeGreaterThan(0);
    expect(new Set(models.map(({ remote }) => remote))).toEqual(new Set(['unknown']));
  });

  it('is asked on its own paths, which lie below the origin', async () => {
    const net = network({ 'GET /custom/list': list({ id: 'x' }) });
    const found = await look(
      net,
      endpoint({ baseURL: 'http://localhost:7000/api', paths: { models: '/custom/list' } }),
    );
    expect(found).toMatchObject({ type: 'openai-compatible', models: [{ id: 'x' }] });
    expect(net.sent).toEqual(['GET /custom/list']);
  });

  it('serves what the host lists where it has no list, as soon as it answers anything', async () => {
    const net = network({}, () => new Response('Not Found', { status: 404 }));
    const found = await look(net, endpoint({ models: ['a', 'b'] }));
    expect(found.models.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('is asked for its health only, where the host names it and the models', async () => {
    const net = network({ 'GET /up': new Response('yes') });
    const found = await look(net, endpoint({ models: ['a'], paths: { health: '/up', models: '/never' } }));
    expect(found).toMatchObject({ status: 'up', models: [{ id: 'a' }] });
    expect(net.sent).toEqual(['GET /up']);
  });

  it('is not there when nothing answers, list or no list', async () => {
    expect((await look({}, endpoint({ models: ['a'] }))).failure).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each([
    ['HTML', new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['an error inside a 200', Response.json({ error: 'Unexpected endpoint' })],
    ['an empty body', new Response('')],
    ['another list', Response.json({ data: [{ name: 'x' }] })],
    ['an empty list of something', Response.json({ data: [] })],
    ['a 500', Response.json({ data: [{ id: 'x' }] }, { status: 500 })],
    ['no JSON', new Response('Not Found', { headers: { 'content-type': 'application/json' } })],
    ['a redirect', new Response('', { status: 307, headers: { location: '/v1/models/' } })],
  ])('is not taken from %s', async (_, reply) => {
    const found = await look({ 'GET /openapi.json': reply, 'GET /v1/models': reply }, endpoint());
    expect(found.failure).toMatchObject({ code: 'ERR_BAD_RESPONSE', type: 'openai-compatible' });
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [503, 'loading'],
  ])('that the host named and that answers %i is %s', async (status, state) => {
    const reply = () => new Response('no', { status });
    expect(await look({ 'GET /v1/models': reply }, endpoint())).toMatchObject({ status: state, models: [] });
  });

  it('that nobody named and that answers 401 is a failure that says how to give a key', async () => {
    const found = await look(
      network({}, () => new Response('', { status: 401 })),
      { at: 'lmstudio' },
    );
    expect(found.failure).toMatchObject({ code: 'ERR_UNAUTHORIZED', remedy: expect.stringContaining('apiKey') });
  });
});

describe('the type that the host gives', () => {
  const vllmList = list({ id: 'x', owned_by: 'vllm', max_model_len: 100 });

  it('is named wrong where another known server answers', async () => {
    const asLlama = await look({ 'GET /v1/models': vllmList }, endpoint({ type: 'llama.cpp' }));
    expect(asLlama.failure).toMatchObject({ type: 'llama.cpp', remedy: expect.stringContaining("'vllm'") });
    const tags = {
      'GET /api/tags': { models: [{ name: 'x' }] },
      'GET /v1/models': list({ id: 'x', owned_by: 'library' }),
    };
    const asVllm = await look(tags, endpoint({ type: 'vllm' }));
    expect(asVllm.failure?.remedy).toContain("'ollama'");
  });

  it('counts where nothing contradicts it', async () => {
    const found = await look({ 'GET /v1/models': list({ id: 'x' }) }, endpoint({ type: 'vllm' }));
    expect(found).toMatchObject({ type: 'vllm', models: [{ id: 'x' }] });
  });

  it('is kept for servers that are not told apart yet and for kinds of the host', async () => {
    for (const type of ['jan', 'koboldcpp', 'custom:mine'] as const) {
      expect(await look({ 'GET /v1/models': list({ id: 'x' }) }, endpoint({ type }))).toMatchObject({ type });
    }
  });

  it('does not make an Ollama of a server without its routes', async () => {
    const answers = { 'GET /v1/models': list({ id: 'x' }) };
    expect((await look(answers, endpoint({ type: 'ollama' }))).failure).toMatchObject({ code: 'ERR_BAD_RESPONSE' });
    expect(await look(answers, endpoint({ type: 'ollama', apiStyle: 'openai' }))).toMatchObject({ type: 'ollama' });
  });

  it('openai-compatible holds for any server that speaks it, also a known one', async () => {
    expect((await look({ 'GET /v1/models': vllmList }, endpoint())).type).toBe('openai-compatible');
  });
});
