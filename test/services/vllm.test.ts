import { describe, expect, it } from 'vitest';
import { look } from './look.js';
import { network, recorded } from './recorded.js';

const list = {
  object: 'list',
  data: [
    {
      id: 'coder',
      object: 'model',
      created: 1,
      owned_by: 'vllm',
      root: 'Qwen/Qwen2.5-Coder-32B-Instruct',
      parent: null,
      max_model_len: 32_768,
      permission: [],
    },
    {
      id: 'coder-lora',
      object: 'model',
      created: 1,
      owned_by: 'vllm',
      root: '/lora',
      parent: 'coder',
      max_model_len: null,
      permission: [],
    },
  ],
};

describe('vLLM', () => {
  it('says its version and the window of each model, adapters in that of their parent', async () => {
    const found = await look({ 'GET /version': { version: '0.26.0' }, 'GET /v1/models': list }, { at: 'vllm' });
    expect(found).toMatchObject({ type: 'vllm', status: 'up', version: '0.26.0' });
    for (const model of found.models) {
      expect(model).toMatchObject({
        state: { value: 'loaded', source: 'server' },
        contextLength: { value: 32_768, source: 'server' },
        maxContextLength: { value: 32_768, source: 'server' },
        capabilities: { value: ['completion', 'chat', 'json-schema'], source: 'assumed' },
      });
    }
  });

  it('takes the repository of the weights for a served name that says nothing', async () => {
    const { models } = await look({ 'GET /version': { version: '0.26.0' }, 'GET /v1/models': list }, { at: 'vllm' });
    expect(models[0]?.identity).toMatchObject({ id: 'coder', sizeB: 32 });
  });

  it('is locked where the open version is there and the list wants a key', async () => {
    const refused = () => Response.json({ error: 'Unauthorized' }, { status: 401 });
    const found = await look({ 'GET /version': { version: '0.26.0' }, 'GET /v1/models': refused }, { at: 'vllm' });
    expect(found).toMatchObject({ type: 'vllm', status: 'unauthorized', version: '0.26.0' });
  });

  it('is known by the owner in its list where /version is kept back', async () => {
    expect((await look({ 'GET /v1/models': list }, { at: 'vllm' })).type).toBe('vllm');
  });

  it.each([
    [
      'openai-compatible',
      { 'GET /version': recorded('localai/3.12.1/version'), 'GET /v1/models': recorded('localai/3.12.1/models') },
    ],
    [
      'docker-model-runner',
      {
        'GET /version': recorded('docker-model-runner/642c7211/cold-version'),
        'GET /v1/models': recorded('docker-model-runner/642c7211/cold-models-v1'),
      },
    ],
    ['sglang', { 'GET /v1/models': { object: 'list', data: [{ id: 'q', owned_by: 'sglang', max_model_len: 4 }] } }],
  ])('%s on its port is no vLLM, but used', async (type, answers) => {
    expect((await look(answers, { at: 'vllm' })).type).toBe(type);
  });

  it('never asks llama-cpp-python on its port for the list that would break off an answer', async () => {
    const py = 'llama-cpp-python/0.3.36';
    const net = network(
      {
        'GET /openapi.json': recorded(`${py}/openapi`),
        'GET /v1/models': recorded(`${py}/models`),
        'GET /version': recorded(`${py}/version`),
      },
      () => recorded(`${py}/health`),
    );
    const found = await look(net, { at: 'vllm' });
    expect(found).toMatchObject({ type: 'llama-cpp-python', version: '0.3.36', maxConcurrent: 1 });
    expect(found.models.map(({ id }) => id)).toEqual(['default']);
    expect(net.sent).toEqual(['GET /version', 'GET /openapi.json']);
  });
});
