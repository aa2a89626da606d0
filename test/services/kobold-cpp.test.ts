import { describe, expect, it } from 'vitest';
import { koboldCpp } from '../../src/services/kobold-cpp.js';
import { look } from './look.js';
import { network, recorded } from './recorded.js';

const at = 'koboldcpp/1.104';
const json = async (name: string) => (await recorded(`${at}/${name}`).json()) as Record<string, unknown>;
const real = (more: Record<string, unknown> = {}) =>
  network(
    {
      'GET /api/extra/version': recorded(`${at}/version`),
      'GET /api/extra/true_max_context_length': recorded(`${at}/true-max-context`),
      'GET /api/extra/perf': recorded(`${at}/perf`),
      'GET /api/v1/model': recorded(`${at}/model`),
      'GET /v1/models': recorded(`${at}/models-v1`),
      'GET /api/tags': recorded(`${at}/ollama-tags`),
      'GET /api/version': recorded(`${at}/ollama-version`),
      'GET /props': recorded(`${at}/props`),
      'GET /.well-known/serviceinfo': recorded(`${at}/serviceinfo`),
      ...more,
    },
    () => recorded(`${at}/unknown-get`),
  );

describe('KoboldCpp 1.104, recorded', () => {
  it('says the window that is really in force, and takes one request at a time', async () => {
    const found = await look(real(), { at: 'koboldcpp' });
    expect(found).toMatchObject({
      type: 'koboldcpp',
      status: 'up',
      version: '1.104.yr0-ROCm',
      maxConcurrent: 1,
      models: [
        {
          id: 'koboldcpp/tiny-random',
          aliases: ['tiny-random'],
          state: { value: 'loaded', source: 'server' },
          contextLength: { value: 512, source: 'server' },
          maxContextLength: { value: 512, source: 'server' },
          parallelSlots: { value: 1, source: 'server' },
          busy: { value: false, source: 'server' },
          capabilities: { value: ['completion', 'chat', 'json-schema', 'tools'], source: 'server' },
          remote: 'no',
        },
      ],
    });
  });

  it('is asked for nothing that disturbs a running answer', async () => {
    const { sent } = await look(real(), { at: 'koboldcpp' });
    expect([...sent].sort()).toEqual([
      'GET /api/extra/perf',
      'GET /api/extra/true_max_context_length',
      'GET /api/extra/version',
      'GET /api/v1/model',
      'GET /v1/models',
    ]);
    expect(koboldCpp.requests).toEqual(expect.arrayContaining([...sent]));
  });

  it('is seen to be busy', async () => {
    const { models } = await look(
      real({
        'GET /api/extra/perf': recorded(`${at}/busy-perf`),
        'GET /api/extra/version': recorded(`${at}/busy-version`),
      }),
      { at: 'koboldcpp' },
    );
    expect(models[0]?.busy).toEqual({ value: true, source: 'server' });
  });

  it('has no model where its list says "inactive"', async () => {
    const found = await look(
      real({
        'GET /api/extra/version': recorded(`${at}/nomodel-version`),
        'GET /v1/models': recorded(`${at}/nomodel-models-v1`),
        'GET /api/v1/model': recorded(`${at}/nomodel-model`),
      }),
      { at: 'koboldcpp' },
    );
    expect(found).toMatchObject({ type: 'koboldcpp', status: 'up', models: [] });
    const claims = { ...(await json('nomodel-version')), llm: true };
    const between = real({
      'GET /api/extra/version': claims,
      'GET /v1/models': recorded(`${at}/nomodel-models-v1`),
    });
    expect((await look(between, { at: 'koboldcpp' })).models).toEqual([]);
  });

  it('is locked where it counts no tokens without the password', async () => {
    const locked = {
      'GET /api/extra/version': recorded(`${at}/pw-version`),
      'GET /v1/models': recorded(`${at}/pw-models`),
      'GET /api/v1/model': recorded(`${at}/pw-model`),
      'GET /api/extra/perf': recorded(`${at}/pw-perf`),
    };
    const found = await look(real({ ...locked, 'POST /api/extra/tokencount': recorded(`${at}/pw-tokencount`) }), {
      at: 'koboldcpp',
    });
    expect(found).toMatchObject({ type: 'koboldcpp', status: 'unauthorized', models: [] });
    const opened = await look(real({ ...locked, 'POST /api/extra/tokencount': recorded(`${at}/busy-tokencount`) }), {
      at: 'koboldcpp',
    });
    expect(opened).toMatchObject({
      status: 'up',
      models: [{ id: 'koboldcpp/tiny-random', state: { value: 'loaded' } }],
    });
  });

  it('sees and hears where it says so', async () => {
    const able = { ...(await json('version')), vision: true, audio: true };
    const { models } = await look(real({ 'GET /api/extra/version': able }), { at: 'koboldcpp' });
    expect(models[0]?.capabilities.value).toEqual(expect.arrayContaining(['vision', 'audio']));
  });
});

describe('KoboldCpp 1.117 as a router, from its source', () => {
  const entry = (id: string) => ({ id, object: 'model', owned_by: 'koboldcpp', status: { value: 'loaded' } });
  const routed = async (current: string) =>
    real({
      'GET /api/extra/version': { ...(await json('version')), version: '1.117.1', router: true, mcp: false },
      'GET /v1/models': {
        object: 'list',
        data: ['koboldcpp/a', 'b.kcpps', 'initial_model', 'unload_model'].map(entry),
      },
      'GET /api/v1/model': { result: current },
    });

  it('knows the one that is loaded, whatever the list claims', async () => {
    const { models } = await look(await routed('koboldcpp/a'), { at: 'koboldcpp' });
    expect(models).toMatchObject([
      { id: 'koboldcpp/a', state: { value: 'loaded', source: 'server' }, contextLength: { source: 'server' } },
      { id: 'b.kcpps', state: { value: 'unknown', source: 'assumed' }, contextLength: { source: 'assumed' } },
    ]);
  });

  it('is loading while it exchanges the model', async () => {
    const net = network({}, () => new Response('KoboldCpp is not available', { status: 502 }));
    expect(await look(net, { at: 'koboldcpp' })).toMatchObject({ type: 'koboldcpp', status: 'loading' });
  });
});

describe('what looks like KoboldCpp', () => {
  it('TabbyAPI with its Kobold routes is none', async () => {
    const net = network({ 'GET /api/extra/version': { result: 'KoboldCpp', version: '1.74' } });
    expect((await look(net, { at: 'koboldcpp' })).type).toBeUndefined();
  });

  it('is known at another port by its list, and named where the host says otherwise', async () => {
    for (const port of ['ollama', 'llama.cpp', 'vllm', 'tabbyapi'] as const) {
      expect((await look(real(), { at: port })).type).toBe('koboldcpp');
    }
    const { failure } = await look(real(), { endpoint: { type: 'ollama' } });
    expect(failure?.remedy).toContain("'koboldcpp'");
  });
});
