import { describe, expect, it } from 'vitest';
import { look } from './look.js';
import { network, recorded } from './recorded.js';

const at = 'ollama/0.33.0-rc2';
const real = {
  'GET /': recorded(`${at}/root-get`),
  'GET /api/version': recorded(`${at}/version-get`),
  'GET /api/tags': recorded(`${at}/tags`),
  'GET /api/ps': recorded(`${at}/ps-after-load`),
};

describe('Ollama, recorded 0.33', () => {
  it('is known, with its version and every model', async () => {
    const found = await look(real, { at: 'ollama' });
    expect(found).toMatchObject({ type: 'ollama', status: 'up', version: '0.33.0-rc2' });
    expect(found.models).toHaveLength(13);
  });

  it('says the window in force of a loaded model and what a load would give the others', async () => {
    const { models } = await look(real, { at: 'ollama' });
    expect(models.find(({ id }) => id === 'tiny-sky:latest')).toMatchObject({
      aliases: ['tiny-sky'],
      state: { value: 'loaded', source: 'server' },
      contextLength: { value: 4096, source: 'server' },
      maxContextLength: { value: 8192, source: 'server' },
      memoryBytes: { value: 7_633_632, source: 'server' },
      digest: { value: 'b45ada831d94b1e2e420a559fc4a0ffb01982eddf874b21ca051404fc055bd7d', source: 'server' },
      quantization: { value: 'F16', source: 'server' },
      capabilities: { value: ['completion', 'chat', 'json-schema'], source: 'server' },
      remote: 'no',
    });
    expect(models.find(({ id }) => id === 'tiny-think-go:latest')).toMatchObject({
      state: { value: 'unloaded', source: 'server' },
      contextLength: { value: 4096, source: 'assumed' },
      capabilities: { value: expect.arrayContaining(['chat', 'reasoning']), source: 'server' },
    });
  });

  it('knows that names over one digest share a runner', async () => {
    const { models } = await look(real, { at: 'ollama' });
    expect(models.find(({ id }) => id === 'team/tiny-sky-copy:v1')?.state.value).toBe('loaded');
  });

  it('never assumes more than an embedding model was trained for', async () => {
    const { models } = await look(real, { at: 'ollama' });
    expect(models.find(({ id }) => id === 'tiny-embed:latest')).toMatchObject({
      capabilities: { value: ['embedding'], source: 'server' },
      contextLength: { value: 512, source: 'assumed' },
    });
  });

  it('marks what leaves the machine and never asks about it', async () => {
    const net = network({ ...real, 'POST /api/show': recorded(`${at}/show-think`) });
    const { models, sent } = await look(net, { at: 'ollama' });
    expect(models.filter(({ remote }) => remote === 'yes').map(({ id }) => id)).toEqual(['remote-stub:latest']);
    // Every other model of this list has capabilities and a window, so nothing is left to ask.
    expect(sent).not.toContain('POST /api/show');
  });

  it.each([
    'gpt-oss:120b-cloud',
    'qwen3-coder:cloud',
    'team/glm:480b-cloud',
    // Its parser of names ignores case and blanks, and takes the last tag.
    'gpt-oss:120B-Cloud',
    'glm:CLOUD',
    'glm: cloud ',
    'host:5000/glm:20b:cloud',
  ])('knows %s for a cloud model', async (name) => {
    const { models } = await look(
      { 'GET /api/tags': { models: [{ name }, { name: 'cloudy:7b' }, { name: 'host:5000/x-cloud:7b' }] } },
      { at: 'ollama' },
    );
    expect(models.map(({ remote }) => remote)).toEqual(['yes', 'no', 'no']);
  });

  it('is known without any model', async () => {
    const found = await look(
      { ...real, 'GET /api/tags': recorded(`${at}/tags-empty`), 'GET /api/ps': recorded(`${at}/ps-empty`) },
      { at: 'ollama' },
    );
    expect(found).toMatchObject({ type: 'ollama', models: [] });
  });

  it('sends only requests that change nothing', async () => {
    const { sent } = await look(real, { at: 'ollama' });
    expect([...sent].sort()).toEqual(['GET /', 'GET /api/ps', 'GET /api/tags', 'GET /api/version']);
  });
});

describe('Ollama before 0.30, whose list has no capabilities', () => {
  const listed = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ name: `m${i}:latest`, digest: `d${i}`, size: 1 }));

  it('asks each model for capabilities, trained window and the window of its Modelfile', async () => {
    const { models } = await look(
      { 'GET /api/tags': { models: listed(1) }, 'POST /api/show': recorded(`${at}/show-go-template`) },
      { at: 'ollama' },
    );
    expect(models[0]).toMatchObject({
      capabilities: { value: ['completion', 'chat', 'json-schema'], source: 'server' },
      contextLength: { value: 2048, source: 'server' },
      maxContextLength: { value: 8192, source: 'server' },
    });
  });

  it('asks with the name of the model, a few at a time, and about no cloud model', async () => {
    let running = 0;
    let most = 0;
    const names: string[] = [];
    await look(
      {
        'GET /api/tags': { models: [...listed(20), { name: 'far:cloud' }] },
        'POST /api/show': async (request: Request) => {
          names.push(((await request.json()) as { model: string }).model);
          most = Math.max(most, ++running);
          await Promise.resolve();
          running--;
          return new Response('{}', { status: 404 });
        },
      },
      { at: 'ollama' },
    );
    expect(names.sort()).toEqual(
      listed(20)
        .map(({ name }) => name)
        .sort(),
    );
    expect(most).toBeLessThanOrEqual(4);
  });

  it('keeps a list of thousands from becoming thousands of requests', async () => {
    const { sent, models } = await look(
      { 'GET /api/tags': { models: listed(5_000) }, 'POST /api/show': {} },
      { at: 'ollama' },
    );
    expect(models).toHaveLength(5_000);
    expect(sent.filter((request) => request === 'POST /api/show').length).toBeLessThanOrEqual(200);
  });
});

describe('Ollama, as far as a mock or an old version answers', () => {
  it('is known by a bare list of names, with everything else assumed', async () => {
    const found = await look({ 'GET /api/tags': { models: [{ name: 'qwen2.5-coder:7b' }] } }, { at: 'ollama' });
    expect(found).toMatchObject({ type: 'ollama', version: undefined });
    expect(found.models[0]).toMatchObject({
      id: 'qwen2.5-coder:7b',
      state: { value: 'unknown', source: 'assumed' },
      contextLength: { value: 4096, source: 'assumed' },
      capabilities: { value: ['completion', 'chat', 'json-schema'], source: 'assumed' },
      remote: 'no',
    });
  });

  it('takes a runner of old weights for no loaded model', async () => {
    const { models } = await look(
      {
        'GET /api/tags': { models: [{ name: 'm:latest', digest: 'new' }] },
        'GET /api/ps': { models: [{ name: 'm:latest', digest: 'old', context_length: 32_768 }] },
      },
      { at: 'ollama' },
    );
    expect(models[0]).toMatchObject({ state: { value: 'unloaded' }, contextLength: { source: 'assumed' } });
  });

  it('does not mistake a name with control characters or without end for a model', async () => {
    const { models } = await look(
      { 'GET /api/tags': { models: [{ name: 'ok' }, { name: 'a\nb' }, { name: 'x'.repeat(300) }, { name: 7 }, null] } },
      { at: 'ollama' },
    );
    expect(models.map(({ id }) => id)).toEqual(['ok']);
  });
});

describe('servers that answer the routes of Ollama', () => {
  const kobold = 'koboldcpp/1.104';
  const dmr = 'docker-model-runner/642c7211';

  it.each([
    [
      'KoboldCpp',
      {
        'GET /api/tags': recorded(`${kobold}/ollama-tags`),
        'GET /api/version': recorded(`${kobold}/ollama-version`),
        'GET /v1/models': recorded(`${kobold}/models-v1`),
      },
      ['koboldcpp/tiny-random'],
    ],
    [
      'Docker Model Runner',
      {
        'GET /': recorded(`${dmr}/cold-root`),
        'GET /api/tags': recorded(`${dmr}/cold-ollama-tags`),
        'GET /api/version': recorded(`${dmr}/cold-ollama-version`),
        'GET /v1/models': recorded(`${dmr}/cold-models-v1`),
      },
      ['registry.example/tiny/random:latest'],
    ],
    [
      'Docker Model Runner without models',
      {
        'GET /api/tags': recorded(`${dmr}/empty-ollama-tags`),
        'GET /api/version': recorded(`${dmr}/cold-ollama-version`),
        'GET /v1/models': { object: 'list', data: [] },
      },
      [],
    ],
    [
      'llama-swap',
      {
        'GET /api/version': recorded('llama-swap/v250-5-g0bdb3720/api-version'),
        'GET /api/tags': { models: [{ name: 'x' }] },
        'GET /v1/models': { data: [{ id: 'x', owned_by: 'llama-swap' }] },
      },
      ['x'],
    ],
    [
      'LocalAI',
      {
        'GET /': new Response('Ollama is running'),
        'GET /api/version': { version: '0.9.0' },
        'GET /api/tags': { models: [{ name: 'tiny:latest', size: 0, digest: 'f'.repeat(64) }] },
        'GET /v1/models': recorded('localai/3.12.1/models'),
      },
      ['noback', 'tiny', 'voice'],
    ],
    [
      'SGLang',
      {
        'GET /api/tags': { models: [{ name: 'q', digest: 'sha256:sglang0', size: 0, details: { format: 'sglang' } }] },
        'GET /v1/models': { object: 'list', data: [{ id: 'q', owned_by: 'sglang', max_model_len: 32_768 }] },
      },
      ['q'],
    ],
    [
      'Lemonade',
      {
        'GET /api/version': { version: '0.16.1' },
        'GET /api/tags': { models: [{ name: 'Qwen3-8B:latest', size: 5_000_000_000, digest: 'a'.repeat(64) }] },
        'GET /v1/models': { object: 'list', data: [{ id: 'Qwen3-8B', owned_by: 'lemonade' }] },
      },
      ['Qwen3-8B'],
    ],
  ])('%s is no Ollama, but used for what it can', async (_, answers, ids) => {
    const found = await look(answers, { at: 'ollama' });
    expect(found.type).not.toBe('ollama');
    expect(found.models.map(({ id }) => id)).toEqual(ids);
  });
});
