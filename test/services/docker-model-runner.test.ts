import { describe, expect, it } from 'vitest';
import { look } from './look.js';
import { recorded } from './recorded.js';

const at = (name: string) => recorded(`docker-model-runner/642c7211/${name}`);
const warm = {
  'GET /': at('warm-root'),
  'GET /version': at('warm-version'),
  'GET /v1/models': at('warm-models-v1'),
  'GET /models': at('warm-models-native'),
  'GET /engines/ps': at('warm-engines-ps'),
  'GET /engines/_configure': at('warm-engines-configure'),
};
const here = { at: 'docker-model-runner' } as const;

describe('Docker Model Runner, recorded 642c7211', () => {
  it('says what is loaded, the packaged window, size and digest', async () => {
    const found = await look(warm, here);
    expect(found).toMatchObject({ type: 'docker-model-runner', status: 'up', version: 'dev' });
    expect(found.models).toMatchObject([
      {
        id: 'registry.example/tiny/random:latest',
        aliases: ['registry.example/tiny/random', 'tiny/random:latest', 'tiny/random'],
        state: { value: 'loaded', source: 'server' },
        busy: { value: false, source: 'server' },
        contextLength: { value: 8192, source: 'server' },
        maxContextLength: { value: 8192, source: 'server' },
        sizeBytes: { value: 478_976, source: 'server' },
        quantization: { value: 'MOSTLY_F32', source: 'server' },
        digest: { value: expect.stringMatching(/^sha256:332e/), source: 'server' },
        capabilities: { value: ['completion', 'chat', 'json-schema'], source: 'server' },
        remote: 'no',
      },
    ]);
  });

  it('knows that nothing is loaded', async () => {
    const { models } = await look({ ...warm, 'GET /engines/ps': at('ps-cold') }, here);
    expect(models[0]?.state).toEqual({ value: 'unloaded', source: 'server' });
  });

  it('is there without a model', async () => {
    const empty = { ...warm, 'GET /v1/models': at('empty-models-v1'), 'GET /models': at('empty-models-native') };
    expect(await look(empty, here)).toMatchObject({ type: 'docker-model-runner', models: [] });
  });

  it('is no Ollama, though it answers its routes', async () => {
    const answers = {
      ...warm,
      'GET /api/tags': at('warm-ollama-tags'),
      'GET /api/version': at('warm-ollama-version'),
      'GET /api/ps': at('warm-ollama-ps'),
    };
    expect((await look(answers, { at: 'ollama' })).type).toBe('docker-model-runner');
    const named = await look(answers, { endpoint: { type: 'ollama' } });
    expect(named.failure?.remedy).toContain("'docker-model-runner'");
  });

  it('asks nothing that loads or downloads', async () => {
    const { sent } = await look(warm, here);
    expect([...sent].sort()).toEqual(Object.keys(warm).sort());
  });
});

describe('Docker Model Runner', () => {
  const id = 'docker.io/ai/qwen3:8B';
  const list = (dmr?: object) => ({ object: 'list', data: [{ id, object: 'model', owned_by: 'docker', dmr }] });
  const runner = (o: object) => [{ backend_name: 'llama.cpp', model_name: 'ai/qwen3:8B', mode: 'completion', ...o }];

  it.each([
    [{}, 'loaded', false],
    [{ loading: true }, 'loading', false],
    [{ in_use: true }, 'loaded', true],
    [{ model_name: 'ai/other' }, 'unloaded', false],
  ])('reads %j as %s', async (o, state, busy) => {
    const { models } = await look({ ...warm, 'GET /v1/models': list(), 'GET /engines/ps': runner(o) }, here);
    expect(models[0]).toMatchObject({ state: { value: state, source: 'server' }, busy: { value: busy } });
  });

  it('assumes the least window where nothing is packaged, unless one was configured', async () => {
    const answers = { ...warm, 'GET /v1/models': list({ context_window: 40_960 }) };
    expect((await look(answers, here)).models[0]).toMatchObject({
      contextLength: { value: 4096, source: 'assumed' },
      maxContextLength: { value: 40_960, source: 'server' },
    });
    const configured = [{ Backend: 'llama.cpp', Model: 'ai/qwen3:8B', Config: { 'context-size': 16_384 } }];
    expect((await look({ ...answers, 'GET /engines/_configure': configured }, here)).models[0]?.contextLength).toEqual({
      value: 16_384,
      source: 'server',
    });
  });

  it.each([
    ['4.68 GB', 4_680_000_000],
    ['1.5GiB', 1_610_612_736],
    ['12B', 12],
    ['much', undefined],
    [7, undefined],
  ])('reads a size of %s', async (size, bytes) => {
    const { models } = await look({ ...warm, 'GET /v1/models': list({ size }) }, here);
    expect(models[0]?.sizeBytes?.value).toBe(bytes);
  });

  it('leaves the state open where its engines say nothing', async () => {
    const { 'GET /engines/ps': _, ...rest } = warm;
    expect((await look(rest, here)).models[0]?.state).toEqual({ value: 'unknown', source: 'assumed' });
  });
});
