import { describe, expect, it } from 'vitest';
import { parameterCount } from '../../src/services/served-model.js';
import { look } from './look.js';
import { network, recorded } from './recorded.js';

describe('what a server says of the weights', () => {
  const tag = (name: string, family: string, parameter_size: string) => ({
    name,
    model: name,
    size: 4_900_000_000,
    digest: 'a'.repeat(64),
    details: {
      format: 'gguf',
      family,
      families: [family],
      parameter_size,
      quantization_level: 'Q4_K_M',
      context_length: 131_072,
    },
    capabilities: ['completion'],
  });

  it('tells apart what Ollama serves under one tag, and shows where a name is wrong', async () => {
    const models = [
      tag('deepseek-r1:8b', 'llama', '8.0B'),
      tag('deepseek-r1:latest', 'qwen3', '8.2B'),
      tag('llama3.3:70b', 'llama', '8.0B'),
      tag('qwen3:8b', 'qwen3', '8.2B'),
    ];
    const answers = { 'GET /': 'Ollama is running', 'GET /api/tags': { models }, 'GET /api/ps': { models: [] } };
    const found = await look(answers, { at: 'ollama' });
    expect(found.models.map(({ identity, notes }) => [identity.key, notes])).toEqual([
      ['deepseek-r1-distill-llama-8b', undefined],
      ['deepseek-r1-0528-qwen3-8b', undefined],
      [null, ['Its name says llama-3.3-70b-instruct; its server reports 8 billion parameters, llama.']],
      ['qwen3-8b', undefined],
    ]);
  });

  it('finds a finetune that an older Ollama shows under the name of its base', async () => {
    const { capabilities: _, details, ...old } = tag('qwen3:8b', 'qwen3', '8.2B');
    const { context_length: __, ...before } = details;
    const info = {
      'general.architecture': 'qwen3',
      'general.basename': 'Qwen3',
      'general.size_label': '8B',
      'general.finetune': 'abliterated',
      'general.parameter_count': 8_190_735_360,
      'qwen3.context_length': 40_960,
    };
    const found = await look(
      {
        'GET /': 'Ollama is running',
        'GET /api/tags': { models: [{ ...old, details: before }] },
        'GET /api/ps': { models: [] },
        'POST /api/show': { details: before, model_info: info, capabilities: ['completion'] },
      },
      { at: 'ollama' },
    );
    expect(found.models[0]).toMatchObject({
      identity: { id: 'qwen3:8b', key: null, base: 'qwen3-8b', derivative: true },
      notes: ['Its name says qwen3-8b; its server loads Qwen3-8B-abliterated.'],
    });
  });

  it('takes architecture and size from LM Studio', async () => {
    const model = (key: string, architecture: string, params_string: string | null) => ({
      type: 'llm',
      key,
      architecture,
      params_string,
      size_bytes: 1e10,
      max_context_length: 32_768,
      loaded_instances: [],
      quantization: { name: 'Q4_K_M', bits_per_weight: 4 },
    });
    const models = [
      model('qwen3-8b', 'qwen3', '8B'),
      model('gemma-3-27b-it', 'qwen3', null),
      model('x', 'llama', '13B'),
    ];
    const found = await look({ 'GET /api/v1/models': { models } }, { at: 'lmstudio' });
    expect(found.models.map(({ identity }) => [identity.key, identity.sizeB])).toEqual([
      ['qwen3-8b', 8],
      [null, 27],
      [null, 13],
    ]);
    expect(found.models[1]?.notes).toEqual(['Its name says gemma-3-27b; its server reports qwen3.']);
  });
});

it('a real Ollama told the size of models that nobody knows', async () => {
  const answers = {
    'GET /': recorded('ollama/0.33.0-rc2/root-get'),
    'GET /api/tags': recorded('ollama/0.33.0-rc2/tags'),
    'GET /api/ps': recorded('ollama/0.33.0-rc2/ps-empty'),
  };
  const { models } = await look(network(answers), { at: 'ollama' });
  const tiny = models.find(({ id }) => id === 'tiny-sky:latest');
  expect(tiny?.identity).toMatchObject({ key: null, sizeB: 0.00014 });
  expect(tiny?.notes).toBeUndefined();
});

it('a real llama.cpp told the size of the model that it has loaded', async () => {
  const answers = {
    'GET /health': recorded('llama.cpp/v0.5.0/router-health'),
    'GET /v1/models': recorded('llama.cpp/v0.5.0/router-models-loaded'),
    'GET /props': recorded('llama.cpp/v0.5.0/router-props'),
  };
  const { models } = await look(network(answers), { at: 'llama.cpp' });
  expect(models.map(({ identity }) => identity.sizeB)).toContain(0.000306);
});

it('a router of llama.cpp names the file behind a preset', async () => {
  const item = (id: string, file: string) => ({
    id,
    object: 'model',
    owned_by: 'llamacpp',
    status: { value: 'unloaded', args: ['llama-server', '--alias', id, '--port', '0', '--model', `/models/${file}`] },
  });
  const answers = {
    'GET /health': recorded('llama.cpp/v0.5.0/router-health'),
    'GET /v1/models': {
      data: [item('coder', 'Qwen3-8B-Q4_K_M.gguf'), item('qwen3-14b', 'Qwen3-14B-abliterated.gguf')],
    },
    'GET /props': recorded('llama.cpp/v0.5.0/router-props'),
  };
  const { models } = await look(network(answers), { at: 'llama.cpp' });
  expect(models.map(({ identity, notes }) => [identity.id, identity.key, notes])).toEqual([
    ['coder', 'qwen3-8b', undefined],
    ['qwen3-14b', null, ['Its name says qwen3-14b; its server loads Qwen3-14B-abliterated.gguf.']],
  ]);
});

it('counts are read as servers write them', () => {
  expect(['8.0B', '494.03M', '140K', '119.74K', '1.5T'].map(parameterCount)).toEqual([
    8e9, 494_030_000, 140_000, 119_740, 1.5e12,
  ]);
  for (const text of [undefined, '', 'B', '30B-A3B', '-1B', '8 B', '1e9B', `${'9'.repeat(30)}B`]) {
    expect(parameterCount(text)).toBeUndefined();
  }
});
