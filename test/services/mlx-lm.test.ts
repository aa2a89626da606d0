import { describe, expect, it } from 'vitest';
import { look } from './look.js';
import { recorded } from './recorded.js';

const at = (name: string) => recorded(`mlx-lm/0.32.2/${name}`);
const here = { at: 'mlx-lm' } as const;
const server = { 'GET /health': at('health'), 'GET /v1/models': at('models') };

describe('mlx-lm, recorded 0.32.2', () => {
  it('is known, and its model stands under the path of its folder', async () => {
    const found = await look(server, here);
    expect(found).toMatchObject({ type: 'mlx-lm', status: 'up', version: undefined });
    expect(found.models).toMatchObject([
      {
        id: '/models/tiny-mlx',
        state: { value: 'loaded', source: 'server' },
        contextLength: { value: 4096, source: 'assumed' },
        capabilities: { value: ['completion', 'chat'], source: 'assumed' },
      },
    ]);
    expect([...found.sent].sort()).toEqual(['GET /health', 'GET /v1/models']);
  });

  it('has its default model where the list breaks off, or what the host names', async () => {
    const broken = { ...server, 'GET /v1/models': at('models-no-hf-cache') };
    expect((await look(broken, here)).models).toMatchObject([
      { id: 'default_model', state: { value: 'unknown', source: 'assumed' } },
    ]);
    const named = await look(broken, { endpoint: { type: 'mlx-lm', models: ['/models/mine'] } });
    expect(named.models.map(({ id }) => id)).toEqual(['/models/mine']);
  });

  it('does not say which of its downloaded models is in memory', async () => {
    const list = { object: 'list', data: [{ id: 'mlx-community/Qwen3-8B-4bit', object: 'model', created: 1 }] };
    const { models } = await look({ ...server, 'GET /v1/models': list }, here);
    expect(models).toMatchObject([
      { id: 'mlx-community/Qwen3-8B-4bit', state: { value: 'unknown', source: 'assumed' } },
    ]);
  });

  it('is down when it says that it cannot work any more', async () => {
    const dead = new Response('{"status": "unavailable"}', { status: 503, headers: at('health').headers });
    expect(await look({ ...server, 'GET /health': dead }, here)).toMatchObject({
      type: 'mlx-lm',
      status: 'down',
      models: [],
    });
  });

  it.each([
    ['another server that says ok', { ...server, 'GET /health': Response.json({ status: 'ok' }) }],
    [
      'another program on the same library',
      { ...server, 'GET /v1/models': { data: [{ id: 'x', owned_by: 'somebody' }] } },
    ],
    ['one that says more', { ...server, 'GET /health': new Response('{"status":"ok","v":1}', at('health')) }],
  ])('is not %s', async (_, answers) => {
    expect((await look(answers, here)).type).toBe('openai-compatible');
  });
});
