import { describe, expect, it } from 'vitest';
import { look } from './look.js';
import { network } from './recorded.js';

const here = { at: 'sglang' } as const;
const entry = (o: object) => ({ object: 'model', created: 1, owned_by: 'sglang', parent: null, ...o });
const server = {
  'GET /': 'SGLang is running',
  'GET /v1/models': {
    object: 'list',
    data: [
      entry({ id: 'Qwen/Qwen3-8B', root: '/weights/q', max_model_len: 40_960 }),
      entry({ id: 'sql', root: '/lora', parent: 'Qwen/Qwen3-8B', max_model_len: null }),
    ],
  },
  'GET /model_info': {
    model_path: '/weights/q',
    is_generation: true,
    weight_version: 'default',
    has_image_understanding: true,
    has_audio_understanding: false,
  },
  'GET /v1/loads?include=core': {
    version: '0.5.9',
    loads: [{ max_running_requests: 64 }, { max_running_requests: 64 }],
  },
};

describe('SGLang', () => {
  it('says version, window, and how many requests it takes', async () => {
    const found = await look(server, here);
    expect(found).toMatchObject({ type: 'sglang', status: 'up', version: '0.5.9', maxConcurrent: 128 });
    for (const model of found.models) {
      expect(model).toMatchObject({
        state: { value: 'loaded', source: 'server' },
        contextLength: { value: 40_960, source: 'server' },
        capabilities: { value: ['completion', 'chat', 'json-schema', 'vision'], source: 'assumed' },
      });
    }
  });

  it('asks for an adapter under the name that reaches it', async () => {
    const { models } = await look(server, here);
    expect(models.map(({ id, aliases }) => [id, aliases])).toEqual([
      ['Qwen/Qwen3-8B', undefined],
      ['Qwen/Qwen3-8B:sql', ['sql']],
    ]);
  });

  it('knows an embedding model', async () => {
    const answers = { ...server, 'GET /model_info': { model_path: 'e', is_generation: false } };
    expect((await look(answers, here)).models[0]?.capabilities).toEqual({ value: ['embedding'], source: 'server' });
  });

  it('is known by its list where its root says something else, and is no Ollama', async () => {
    const answers = {
      ...server,
      'GET /': new Response('Ollama is running'),
      'GET /api/tags': {
        models: [{ name: 'q', model: 'q', size: 0, digest: 'sha256:sglang0', details: { format: 'sglang' } }],
      },
    };
    expect((await look(answers, here)).type).toBe('sglang');
    expect((await look(answers, { at: 'ollama' })).type).toBe('sglang');
  });

  it('is never asked for its health, which generates a token, nor for what holds its keys', async () => {
    const { sent } = await look(server, here);
    expect([...sent].sort()).toEqual(Object.keys(server).sort());
  });

  it('behind a key is a failure that says how to give one, and locked where the host named it', async () => {
    const locked = network({}, () => Response.json({ error: 'Unauthorized' }, { status: 401 }));
    expect((await look(locked, here)).failure).toMatchObject({
      code: 'ERR_UNAUTHORIZED',
      remedy: expect.stringContaining("type: 'sglang'"),
    });
    const named = await look(locked, { endpoint: { type: 'sglang' } });
    expect(named).toMatchObject({ type: 'sglang', status: 'unauthorized' });
    expect(locked.sent).not.toContain('GET /health');
  });

  it('keeps to what is certain where an older version says less', async () => {
    const answers = { 'GET /v1/models': { object: 'list', data: [entry({ id: 'q' })] } };
    expect(await look(answers, here)).toMatchObject({
      type: 'sglang',
      version: undefined,
      maxConcurrent: undefined,
      models: [{ contextLength: { value: 4096, source: 'assumed' }, capabilities: { source: 'assumed' } }],
    });
  });
});
