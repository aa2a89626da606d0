import { describe, expect, it } from 'vitest';
import { tabbyAPI } from '../../src/services/tabby-api.js';
import { look } from './look.js';
import { network } from './recorded.js';

// From its source: there is no recording with a model loaded.
const card = {
  id: 'Qwen2.5-Coder-32B-Instruct-exl2-4.25bpw',
  object: 'model',
  created: 1_763_600_000,
  owned_by: 'tabbyAPI',
  parameters: {
    max_seq_len: 32_768,
    cache_size: 65_536,
    cache_mode: 'Q8',
    max_batch_size: 4,
    chunk_size: 2_048,
    prompt_template: 'from_tokenizer_config',
    use_vision: false,
    draft: null,
  },
};
const detail = (status: number, text: string) => () => Response.json({ detail: text }, { status });
const real = (more: Record<string, unknown> = {}) =>
  network(
    {
      'GET /.well-known/serviceinfo': {
        version: 0.1,
        software: { name: 'TabbyAPI', repository: 'https://github.com/theroyallab/tabbyAPI' },
        api: { openai: { name: 'OpenAI API' } },
      },
      'GET /v1/model': card,
      'GET /v1/models': { object: 'list', data: [card] },
      'GET /api/extra/version': { result: 'KoboldCpp', version: '1.74' },
      ...more,
    },
    detail(404, 'Not Found'),
  );

describe('TabbyAPI', () => {
  it('says the window and the slots of its one model', async () => {
    const found = await look(real(), { at: 'tabbyapi' });
    expect(found).toMatchObject({
      type: 'tabbyapi',
      status: 'up',
      maxConcurrent: 4,
      models: [
        {
          id: card.id,
          state: { value: 'loaded', source: 'server' },
          contextLength: { value: 32_768, source: 'server' },
          parallelSlots: { value: 4, source: 'server' },
          capabilities: { value: ['completion', 'chat', 'json-schema'], source: 'assumed' },
          identity: { sizeB: 32 },
        },
      ],
    });
    expect([...found.sent].sort()).toEqual(['GET /.well-known/serviceinfo', 'GET /v1/model']);
    expect(tabbyAPI.requests).toEqual(expect.arrayContaining([...found.sent]));
  });

  it('completes only, where it has no template', async () => {
    const bare = { ...card, parameters: { ...card.parameters, prompt_template: null, use_vision: true } };
    const { models } = await look(real({ 'GET /v1/model': bare }), { at: 'tabbyapi' });
    expect(models[0]?.capabilities).toEqual({ value: ['completion', 'vision'], source: 'server' });
  });

  it('is up without a model, and locked without a key', async () => {
    const empty = real({ 'GET /v1/model': detail(503, 'No models are currently loaded.') });
    expect(await look(empty, { at: 'tabbyapi' })).toMatchObject({ type: 'tabbyapi', status: 'up', models: [] });
    const locked = real({ 'GET /v1/model': detail(401, 'Please provide an API key') });
    expect(await look(locked, { at: 'tabbyapi' })).toMatchObject({ type: 'tabbyapi', status: 'unauthorized' });
  });

  it('keeps its name where fields are missing', async () => {
    const { models } = await look(real({ 'GET /v1/model': { id: 'm', owned_by: 'tabbyAPI' } }), { at: 'tabbyapi' });
    expect(models).toMatchObject([{ id: 'm', contextLength: { source: 'assumed' } }]);
  });

  it('is no KoboldCpp, and known at its ports', async () => {
    for (const port of ['koboldcpp', 'vllm'] as const) {
      expect((await look(real(), { at: port })).type).toBe('tabbyapi');
    }
  });
});
