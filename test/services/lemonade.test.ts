import { describe, expect, it } from 'vitest';
import { look } from './look.js';
import { network } from './recorded.js';

const here = { at: 'lemonade' } as const;
const entry = (o: object) => ({
  object: 'model',
  created: 1,
  owned_by: 'lemonade',
  recipe: 'llamacpp',
  downloaded: true,
  ...o,
});
const health = (o: object = {}) => ({
  status: 'ok',
  version: '11.7.0',
  model_loaded: 'Qwen3-8B-GGUF',
  all_models_loaded: [
    {
      model_name: 'Qwen3-8B-GGUF',
      type: 'llm',
      recipe: 'llamacpp',
      recipe_options: { ctx_size: 16_384 },
      is_busy: true,
    },
  ],
  ...o,
});
const server = {
  'GET /v1/health': health(),
  'GET /v1/models': {
    object: 'list',
    data: [
      entry({ id: 'Qwen3-8B-GGUF', size: 5.2, max_context_window: 40_960, labels: ['reasoning', 'tool-calling'] }),
      entry({ id: 'Gemma-3-4b-it-GGUF', size: 2.5, context_length: 131_072, labels: ['vision'] }),
      entry({ id: 'gpt-remote', recipe: 'cloud' }),
      entry({ id: 'Not-Here-GGUF', downloaded: false }),
      entry({ id: 'nomic-embed', labels: ['embeddings'] }),
      entry({ id: 'bge-reranker', labels: ['reranking'] }),
    ],
  },
};
const page = () => new Response('<!doctype html><title>x</title>', { headers: { 'content-type': 'text/html' } });

describe('Lemonade', () => {
  it('says what is loaded with which window, and what each model can do', async () => {
    const found = await look(server, here);
    expect(found).toMatchObject({ type: 'lemonade', status: 'up', version: '11.7.0' });
    expect(found.models).toMatchObject([
      {
        id: 'Qwen3-8B-GGUF',
        state: { value: 'loaded', source: 'server' },
        busy: { value: true, source: 'server' },
        contextLength: { value: 16_384, source: 'server' },
        maxContextLength: { value: 40_960, source: 'server' },
        sizeBytes: { value: 5_200_000_000, source: 'server' },
        capabilities: { value: ['completion', 'chat', 'json-schema', 'reasoning', 'tools'], source: 'server' },
        remote: 'no',
      },
      {
        id: 'Gemma-3-4b-it-GGUF',
        state: { value: 'unloaded', source: 'server' },
        contextLength: { value: 4096, source: 'assumed' },
        maxContextLength: { value: 131_072, source: 'server' },
      },
      { id: 'gpt-remote', remote: 'yes', capabilities: { source: 'assumed' } },
      { id: 'nomic-embed', capabilities: { value: ['embedding'] } },
      { id: 'bge-reranker', capabilities: { value: ['rerank'] } },
    ]);
  });

  it('leaves out what a request would download', async () => {
    expect((await look(server, here)).models.map(({ id }) => id)).not.toContain('Not-Here-GGUF');
  });

  it('is known by its health, not by its page for every other path', async () => {
    const net = network(server, page);
    expect((await look(net, here)).type).toBe('lemonade');
    expect([...net.sent].sort()).toEqual(['GET /v1/health', 'GET /v1/models']);
    expect((await look(network({}, page), here)).failure).toBeDefined();
    expect((await look({ 'GET /v1/health': { status: 'ok' } }, here)).failure).toBeDefined();
  });

  it('is no Ollama, though it answers its routes', async () => {
    const tags = { models: [{ name: 'Qwen3-8B-GGUF:latest', model: 'Qwen3-8B-GGUF:latest', size: 5 }] };
    const answers = { ...server, 'GET /api/tags': tags, 'GET /api/version': { version: '0.16.1' } };
    expect((await look(network(answers, page), { at: 'ollama' })).type).toBe('lemonade');
  });

  it('is known without its key, as locked', async () => {
    const net = network({}, () => Response.json({ error: 'Invalid or missing API key' }, { status: 401 }));
    expect(await look(net, here)).toMatchObject({ type: 'lemonade', status: 'unauthorized', models: [] });
  });
});
