import { describe, expect, it } from 'vitest';
import { look } from './look.js';
import { network, recorded } from './recorded.js';

const at = (name: string) => recorded(`llama-cpp-python/0.3.36/${name}`);
const real = () => network({ 'GET /openapi.json': at('openapi'), 'GET /v1/models': at('models') }, () => at('root'));

describe('llama-cpp-python, recorded 0.3.36', () => {
  it('has one model, one place, and the least window that it starts with', async () => {
    const found = await look(real(), { at: 'llama-cpp-python' });
    expect(found).toMatchObject({ type: 'llama-cpp-python', status: 'up', version: '0.3.36', maxConcurrent: 1 });
    expect(found.models).toMatchObject([
      {
        id: 'default',
        state: { value: 'loaded', source: 'server' },
        contextLength: { value: 2048, source: 'assumed' },
        capabilities: { value: ['completion', 'chat', 'json-schema'], source: 'assumed' },
      },
    ]);
  });

  it('has the models that the host names', async () => {
    const found = await look(real(), { endpoint: { type: 'llama-cpp-python', models: ['a', 'b'] } });
    expect(found.models.map(({ id, state }) => [id, state.source])).toEqual([
      ['a', 'assumed'],
      ['b', 'assumed'],
    ]);
  });

  it.each(['llama-cpp-python', 'vllm', 'llama.cpp', 'ollama', 'mlx-lm', 'llama-swap', 'lemonade'] as const)(
    'is never asked for its list, which would break off an answer, where %s is looked for',
    async (type) => {
      const net = real();
      expect(await look(net, { at: type })).toMatchObject({ type: 'llama-cpp-python', maxConcurrent: 1 });
      const named = await look(net, { endpoint: { type } });
      if (type !== 'llama-cpp-python') expect(named.failure?.remedy).toContain("'llama-cpp-python'");
      expect(net.sent).not.toContain('GET /v1/models');
      expect(net.requests.every(({ method }) => method === 'GET')).toBe(true);
    },
  );

  it('is not asked for its list either where a proxy hides its description', async () => {
    const net = network({ 'GET /v1/models': at('models') }, () => at('root'));
    const found = await look(net, { endpoint: { type: 'llama-cpp-python' } });
    expect(found.failure).toMatchObject({ code: 'ERR_BAD_RESPONSE', type: 'llama-cpp-python' });
    expect(net.sent).not.toContain('GET /v1/models');
  });

  it('is found behind its key, which its description does not ask for', async () => {
    const net = network({ 'GET /openapi.json': at('key-openapi') }, () => at('key-models'));
    expect(await look(net, { at: 'llama-cpp-python' })).toMatchObject({ type: 'llama-cpp-python', status: 'up' });
  });

  it('is not the description of something else', async () => {
    const answers = {
      'GET /openapi.json': {
        openapi: '3.1.0',
        info: { title: 'Shop', version: '1', description: 'llama.cpp Python API' },
      },
    };
    expect((await look(answers, { at: 'llama-cpp-python' })).failure).toBeDefined();
  });
});
