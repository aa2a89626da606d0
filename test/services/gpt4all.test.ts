import { describe, expect, it } from 'vitest';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import { look } from './look.js';
import { network } from './recorded.js';

const model = (id: string) => ({
  id,
  object: 'model',
  created: 0,
  owned_by: 'humanity',
  root: id,
  parent: null,
  permissions: [{ id: 'placeholder', object: 'model_permission', created: 0, allow_view: true }],
});
const list = (...data: object[]) => ({ object: 'list', data });
const headers = { 'access-control-allow-origin': '*' };
const wrongMethod = () =>
  Response.json(
    { error: { message: 'Only POST requests are accepted.', code: 'method_not_supported', param: null } },
    { status: 405, headers },
  );
const off = () => new Response('', { status: 401, headers });
const server = (answers: Record<string, unknown>) =>
  network({ 'GET /v1/chat/completions': wrongMethod, ...answers }, () => new Response('', { status: 404 }));
const at = { at: 'gpt4all' } as const;

describe('GPT4All', () => {
  it('serves chat and nothing else, one request at a time, with the window of its settings', async () => {
    const found = await look(server({ 'GET /v1/models': list(model('Llama 3 8B Instruct')) }), at);
    expect(found).toMatchObject({ type: 'gpt4all', status: 'up', maxConcurrent: 1 });
    expect(found.models).toMatchObject([
      {
        id: 'Llama 3 8B Instruct',
        capabilities: { value: ['completion', 'chat'], source: 'server' },
        contextLength: { value: 2_048, source: 'assumed' },
        state: { value: 'unknown', source: 'assumed' },
        // Its list holds models of cloud providers too, and does not mark them.
        remote: 'unknown',
      },
    ]);
  });

  it('is known without a model too', async () => {
    expect(await look(server({ 'GET /v1/models': list() }), at)).toMatchObject({ type: 'gpt4all', models: [] });
  });

  it('that is switched off says so, and what to do', async () => {
    const { fetch } = server({ 'GET /v1/chat/completions': off, 'GET /v1/models': off });
    const { services, failures } = await new ServiceDiscovery({ fetch, types: ['gpt4all'] }).discoverAll();
    expect(services).toMatchObject([{ type: 'gpt4all', status: 'unauthorized', models: [] }]);
    expect(failures[0]).toMatchObject({
      reason: expect.stringContaining('switched off'),
      remedy: expect.stringMatching(/^Enable the local API server/),
    });
  });

  it.each([
    ['an empty 401 of anybody', { 'GET /v1/chat/completions': () => new Response('', { status: 401 }) }],
    [
      'a login',
      {
        'GET /v1/chat/completions': () =>
          new Response('', { status: 401, headers: { ...headers, 'www-authenticate': 'Basic' } }),
      },
    ],
    ['a list of others', { 'GET /v1/models': list({ ...model('x'), owned_by: 'library' }) }],
    ['another 405', { 'GET /v1/chat/completions': () => Response.json({ detail: 'x' }, { status: 405 }) }],
  ])('is not taken from %s', async (_, answers) => {
    expect((await look(server(answers), at)).type).not.toBe('gpt4all');
  });

  it('on another port is known by the owner in its list', async () => {
    const found = await look(server({ 'GET /v1/models': list(model('x')) }), { at: 'lmstudio' });
    expect(found).toMatchObject({ type: 'gpt4all', maxConcurrent: 1 });
  });

  it('is asked for two things only', async () => {
    const net = server({ 'GET /v1/models': list(model('x')) });
    await look(net, at);
    expect(net.sent).toEqual(['GET /v1/chat/completions', 'GET /v1/models']);
  });
});
