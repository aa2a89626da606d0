import { describe, expect, it } from 'vitest';
import { look } from './look.js';
import { network, recorded } from './recorded.js';

const wheel = 'llama.cpp/b11549-wheel';
const router = 'llama.cpp/v0.5.0';
const single = {
  'GET /health': recorded(`${wheel}/health`),
  'GET /v1/models': recorded(`${wheel}/models-v1`),
  'GET /props': recorded(`${wheel}/props`),
};

describe('llama.cpp with one model, recorded b11549', () => {
  it('is known, with window in force, slots, and what its template can do', async () => {
    const found = await look(single, { at: 'llama.cpp' });
    expect(found).toMatchObject({ type: 'llama.cpp', status: 'up', version: 'b0-unknown', maxConcurrent: 2 });
    expect(found.models).toHaveLength(1);
    expect(found.models[0]).toMatchObject({
      id: 'tiny-chain',
      state: { value: 'loaded', source: 'server' },
      contextLength: { value: 1024, source: 'server' },
      maxContextLength: { value: 8192, source: 'server' },
      parallelSlots: { value: 2, source: 'server' },
      sizeBytes: { value: 1_224_192, source: 'server' },
      quantization: { value: 'all F32', source: 'server' },
      capabilities: { value: ['completion', 'chat', 'json-schema', 'tools'], source: 'server' },
      remote: 'no',
    });
  });

  it('sees from the template that a model thinks and takes no tools', async () => {
    const { models } = await look({ ...single, 'GET /props': recorded(`${wheel}/think-props`) }, { at: 'llama.cpp' });
    expect(models[0]?.capabilities).toEqual({
      value: ['completion', 'chat', 'json-schema', 'reasoning'],
      source: 'server',
    });
  });

  it('takes a model for an embedding model by its name, which is all that tells', async () => {
    const text = await recorded(`${wheel}/models-v1`).text();
    const list = new Response(text.replaceAll('tiny-chain', 'nomic-embed-text-v1.5'));
    const { models } = await look({ ...single, 'GET /v1/models': list }, { at: 'llama.cpp' });
    expect(models[0]?.capabilities).toEqual({ value: ['embedding'], source: 'assumed' });
  });

  it('sees that it sleeps, without waking it', async () => {
    const net = network({
      'GET /health': recorded(`${wheel}/sleep-health`),
      'GET /v1/models': recorded(`${wheel}/sleep-models`),
      'GET /props': Response.json({
        ...((await recorded(`${wheel}/sleep-props`).json()) as object),
        is_sleeping: true,
      }),
    });
    const { models, sent } = await look(net, { at: 'llama.cpp' });
    expect(models[0]?.state).toEqual({ value: 'sleeping', source: 'server' });
    expect([...sent].sort()).toEqual(['GET /health', 'GET /props', 'GET /v1/models']);
  });

  it('is loading while it says so on every route', async () => {
    const found = await look(
      {
        'GET /health': recorded(`${wheel}/loading-health`),
        'GET /v1/models': recorded(`${wheel}/loading-models`),
        'GET /props': recorded(`${wheel}/loading-props`),
      },
      { at: 'llama.cpp' },
    );
    expect(found).toMatchObject({ type: 'llama.cpp', status: 'loading', models: [] });
  });

  it('is known without its key, as locked', async () => {
    const found = await look(
      {
        'GET /health': recorded(`${wheel}/auth-get-health`),
        'GET /v1/models': recorded(`${wheel}/auth-get-v1-models`),
        'GET /props': recorded(`${wheel}/auth-get-props`),
      },
      { at: 'llama.cpp' },
    );
    expect(found).toMatchObject({ type: 'llama.cpp', status: 'unauthorized', models: [] });
  });

  it('is known behind a proxy that drops its Server header', async () => {
    const bare = async (name: string) => Response.json(await recorded(`${wheel}/${name}`).json());
    const found = await look(
      {
        'GET /health': await bare('health'),
        'GET /v1/models': await bare('models-v1'),
        'GET /props': await bare('props'),
      },
      { at: 'llama.cpp' },
    );
    expect(found.type).toBe('llama.cpp');
  });

  it('is read below its --api-prefix, and without it the failure says that nothing is served there', async () => {
    const net = network({
      'GET /llm/health': recorded(`${wheel}/prefix-health`),
      'GET /llm/v1/models': recorded(`${wheel}/prefix-models`),
      'GET /llm/props': recorded(`${wheel}/props`),
      'GET /health': recorded(`${wheel}/prefix-health-bare`),
      'GET /v1/models': recorded(`${wheel}/prefix-health-bare`),
      'GET /props': recorded(`${wheel}/prefix-health-bare`),
    });
    const below = await look(net, { endpoint: { type: 'llama.cpp', baseURL: 'http://localhost:7000/llm' } });
    expect(below).toMatchObject({ type: 'llama.cpp', status: 'up' });
    const bare = await look(net, { at: 'llama.cpp' });
    expect(bare.failure).toMatchObject({ code: 'ERR_BAD_RESPONSE' });
  });

  it('has the path of its file as id where it has no alias', async () => {
    const { models } = await look(
      { ...single, 'GET /v1/models': recorded(`${wheel}/models-no-alias`) },
      { at: 'llama.cpp' },
    );
    expect(models[0]?.id).toMatch(/\.gguf$/);
  });

  it('takes the name of the file for an alias that says nothing', async () => {
    const { models } = await look(
      {
        ...single,
        'GET /v1/models': { object: 'list', data: [{ id: 'my-coder', owned_by: 'llamacpp', meta: null }] },
        'GET /props': { build_info: 'b1', model_path: '/models/Qwen2.5-Coder-7B-Instruct-Q4_K_M.gguf' },
      },
      { at: 'llama.cpp' },
    );
    expect(models[0]).toMatchObject({
      id: 'my-coder',
      identity: { id: 'my-coder', family: expect.stringMatching(/qwen/) },
    });
  });
});

describe('llama.cpp in router mode, recorded v0.5.0', () => {
  const routed = (list: string) => ({
    'GET /health': recorded(`${router}/router-health`),
    'GET /props': recorded(`${router}/router-props`),
    'GET /v1/models': recorded(`${router}/${list}`),
  });

  it('lists every model, none loaded, with the window that its command line asks for', async () => {
    const found = await look(routed('router-v1-models'), { at: 'llama.cpp' });
    expect(found).toMatchObject({ type: 'llama.cpp', status: 'up', version: 'b1-de3ff81', maxConcurrent: undefined });
    expect(found.models.length).toBeGreaterThan(3);
    for (const model of found.models) {
      expect(model).toMatchObject({
        state: { value: 'unloaded', source: 'server' },
        contextLength: { value: 1024, source: 'server' },
        capabilities: { source: 'assumed' },
      });
    }
  });

  it.each([
    ['router-models-loaded', 'loaded'],
    ['router-models-sleeping', 'sleeping'],
    ['router-models-loading', 'loading'],
  ])('tells from %s that one is %s', async (list, state) => {
    const { models } = await look(routed(list), { at: 'llama.cpp' });
    const [model, ...more] = models.filter((m) => m.state.value === state);
    expect(more).toEqual([]);
    expect(model?.contextLength).toEqual({ value: 1024, source: 'server' });
    if (state !== 'loading') expect(model?.maxContextLength).toEqual({ value: 8192, source: 'server' });
  });

  it('lists aliases beside the id', async () => {
    const { models } = await look(routed('router-preset-models'), { at: 'llama.cpp' });
    expect(models.find(({ id }) => id === 'thinker')?.aliases).toEqual(['think-alias']);
  });

  it('is there without a model', async () => {
    expect(await look(routed('router-empty-models'), { at: 'llama.cpp' })).toMatchObject({
      type: 'llama.cpp',
      models: [],
    });
  });

  it('asks nothing that loads or wakes', async () => {
    const { sent } = await look(routed('router-models-sleeping'), { at: 'llama.cpp' });
    expect([...sent].sort()).toEqual(['GET /health', 'GET /props', 'GET /v1/models']);
  });
});

describe('what else listens on its port', () => {
  const kobold = 'koboldcpp/1.104';

  it.each([
    [
      'KoboldCpp',
      {
        'GET /health': recorded(`${kobold}/health`),
        'GET /props': recorded(`${kobold}/props`),
        'GET /v1/models': recorded(`${kobold}/models-v1`),
      },
    ],
    ['mlx-lm', { 'GET /health': recorded('mlx-lm/0.32.2/health'), 'GET /v1/models': recorded('mlx-lm/0.32.2/models') }],
    [
      'LocalAI',
      { 'GET /health': recorded('localai/3.12.1/health'), 'GET /v1/models': recorded('localai/3.12.1/models') },
    ],
    [
      'llama-swap',
      {
        'GET /health': recorded('llama-swap/v250-5-g0bdb3720/health'),
        'GET /v1/models': recorded('llama-swap/v250-5-g0bdb3720/v1-models'),
      },
    ],
  ])('%s is no llama.cpp, but its models are used', async (_, answers) => {
    const found = await look(answers, { at: 'llama.cpp' });
    expect(found.type).not.toBe('llama.cpp');
    expect(found.models.length).toBeGreaterThan(0);
  });

  it('a web page for everything is nothing', async () => {
    const page = new Response('<!doctype html><title>x</title>', { headers: { 'content-type': 'text/html' } });
    const found = await look(
      network({}, () => page.clone()),
      { at: 'llama.cpp' },
    );
    expect(found.failure).toMatchObject({ code: 'ERR_BAD_RESPONSE' });
  });

  it('a page of an Open WebUI, which says { "status": true } on /health, is nothing', async () => {
    const found = await look({ 'GET /health': recorded('open-webui/0.12.4/health') }, { at: 'llama.cpp' });
    expect(found.failure).toMatchObject({ code: 'ERR_BAD_RESPONSE' });
  });
});
