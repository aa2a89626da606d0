import { describe, expect, it } from 'vitest';
import { look } from './look.js';
import { network, recorded } from './recorded.js';

const at = (name: string) => recorded(`llama-swap/v250-5-g0bdb3720/${name}`);
const running = {
  'GET /api/version': at('api-version'),
  'GET /v1/models': at('v1-models-loaded'),
  'GET /running': at('running'),
};
const swap = (models: object[], active: object[] = []) => ({
  'GET /api/version': { version: 'v250', commit: 'c', build_date: 'd' },
  'GET /v1/models': { object: 'list', data: models.map((model) => ({ owned_by: 'llama-swap', ...model })) },
  'GET /running': { running: active },
});

describe('llama-swap, recorded v250', () => {
  it('says its version, what runs, the window of the command line, and what was configured', async () => {
    const found = await look(running, { at: 'llama-swap' });
    expect(found).toMatchObject({ type: 'llama-swap', status: 'up', version: 'v250-5-g0bdb3720' });
    expect(found.models.filter(({ state }) => state.value === 'loaded' && state.source === 'server')).toMatchObject([
      { id: 'best-warm' },
      {
        id: 'tiny-sky',
        aliases: ['sky-alias'],
        contextLength: { value: 4096, source: 'server' },
        maxContextLength: { value: 4096, source: 'server' },
        capabilities: { value: ['completion', 'chat', 'tools'], source: 'server' },
        remote: 'no',
      },
    ]);
    expect(found.models.find(({ id }) => id === 'canned')).toMatchObject({
      state: { value: 'unloaded', source: 'server' },
      contextLength: { value: 4096, source: 'assumed' },
      capabilities: { source: 'assumed' },
    });
  });

  it('does not let models of its peers pass for local', async () => {
    const { models } = await look(running, { at: 'llama-swap' });
    expect(models.filter(({ remote }) => remote !== 'no').map(({ id, remote }) => [id, remote])).toEqual([
      ['dead-box/dead-model', 'yes'],
      ['lan-box/peer-model', 'yes'],
    ]);
  });

  it('lists an alias with its model, not as one of its own', async () => {
    const { models } = await look({ ...running, 'GET /v1/models': at('keys-models-bearer') }, { at: 'llama-swap' });
    expect(models.map(({ id, aliases }) => [id, aliases])).toEqual([['canned', ['canned-alias']]]);
  });

  it('is known without its key, as locked', async () => {
    const locked = { 'GET /api/version': at('keys-version-none'), 'GET /v1/models': at('keys-models-none') };
    expect(await look(locked, { at: 'llama-swap' })).toMatchObject({
      type: 'llama-swap',
      status: 'unauthorized',
      models: [],
    });
  });

  it('asks nothing that starts or stops a model', async () => {
    const { sent } = await look(running, { at: 'llama-swap' });
    expect([...sent].sort()).toEqual(['GET /api/version', 'GET /running', 'GET /v1/models']);
  });

  it('is not known by a list that says otherwise', async () => {
    const answers = { 'GET /api/version': { version: '0.33.0' }, 'GET /v1/models': { data: [{ id: 'x' }] } };
    expect((await look(answers, { at: 'llama-swap' })).type).toBe('openai-compatible');
    const webUi = { 'GET /api/version': { version: '0.12.4', deployment_id: '' } };
    expect((await look(webUi, { at: 'llama-swap' })).failure).toBeDefined();
  });
});

describe('llama-swap', () => {
  const model = (id: string, about: object = {}) => ({ id, meta: { llamaswap: { type: 'model', ...about } } });

  it.each([
    ['ready', 'loaded'],
    ['starting', 'loading'],
    ['stopping', 'unloaded'],
    ['odd', 'unknown'],
  ])('tells a model that is %s as %s', async (state, expected) => {
    const { models } = await look(swap([model('a')], [{ model: 'a', state }]), { at: 'llama-swap' });
    expect(models[0]?.state).toEqual({ value: expected, source: 'server' });
  });

  it.each([
    ['/opt/llama-server --port 1 -c 8192 -np 2', 'llama.cpp', 4096],
    ['llama-server --ctx-size 8192', 'llama.cpp', 8192],
    ['python -m vllm.entrypoints.openai.api_server -c 9', 'vllm', undefined],
    ['mlx_lm.server --model vllm', 'mlx-lm', undefined],
    ['node server.mjs -c 9', undefined, undefined],
  ])('reads from "%s" what stands behind it and which window', async (cmd, behind, window) => {
    const net = network(swap([model('a')], [{ model: 'a', state: 'ready', cmd, proxy: 'http://127.0.0.1:1' }]));
    const found = await look(net, { at: 'llama-swap' });
    expect('behind' in found && found.behind).toEqual(behind === undefined ? [] : [behind]);
    expect(found.models[0]?.contextLength).toEqual(
      window === undefined ? { value: 4096, source: 'assumed' } : { value: window, source: 'server' },
    );
    // The command line may hold secrets.
    expect(JSON.stringify(found)).not.toContain('--port');
  });

  it.each([
    [['a', 'b'], 'no'],
    [['a', 'lan/x'], 'yes'],
    [['a', 'unlisted'], 'unknown'],
    [[], 'unknown'],
  ])('takes a selector over %j as remote: %s', async (targets, remote) => {
    const list = [
      model('a'),
      model('b'),
      model('lan/x', { type: 'peer' }),
      model('any', { type: 'selector', targets }),
    ];
    const { models } = await look(swap(list), { at: 'llama-swap' });
    expect(models.find(({ id }) => id === 'any')?.remote).toBe(remote);
  });

  it('knows from its list what is loaded where /running is kept back', async () => {
    const { 'GET /running': _, ...rest } = swap([{ ...model('a'), status: { value: 'loaded' } }]);
    expect((await look(rest, { at: 'llama-swap' })).models[0]?.state).toEqual({ value: 'loaded', source: 'server' });
  });
});
