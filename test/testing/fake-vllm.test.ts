import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeServer } from '../../src/testing.js';
import { fakeVLLM } from '../../src/testing.js';
import { ask, type Exchange } from './recording.js';

// Built from the server's source: there is no recording to compare with.
let server: FakeServer;
beforeEach(async () => {
  server = await fakeVLLM({
    models: [
      { id: 'acme/coder', contextLength: 1_000 },
      { id: 'alias', contextLength: 1_000 },
    ],
    apiKey: 'k',
  });
});
afterEach(() => server.close());

const get = (path: string): Promise<Exchange> =>
  ask(server.url, { method: 'GET', path, headers: { Authorization: 'bearer k' } });
const chat = (body: object): Promise<Exchange> =>
  ask(server.url, { method: 'POST', path: '/v1/chat/completions', headers: { Authorization: 'Bearer k' }, body });
const hello = [{ role: 'user', content: 'Hello' }];

describe('the fake vLLM', () => {
  it('is known by its version, its header and its list, and has an empty health reply', async () => {
    const health = await get('/health');
    expect([health.status, health.body, health.headers['server']]).toEqual([200, '', 'uvicorn']);
    expect(JSON.parse((await get('/version')).body)).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    const { data } = JSON.parse((await get('/v1/models')).body);
    expect(data).toMatchObject([
      { id: 'acme/coder', object: 'model', owned_by: 'vllm', root: 'acme/coder', parent: null, max_model_len: 1_000 },
      { id: 'alias', root: 'acme/coder' },
    ]);
    expect(data[0].permission).toHaveLength(1);
  });

  it('guards only /v1, with an error that is a text', async () => {
    const open = await ask(server.url, { method: 'GET', path: '/version', headers: {} });
    const shut = await ask(server.url, { method: 'GET', path: '/v1/models', headers: {} });
    expect(open.status).toBe(200);
    expect([shut.status, JSON.parse(shut.body)]).toEqual([401, { error: 'Unauthorized' }]);
  });

  it('answers unknown routes, methods and models as FastAPI and vLLM do', async () => {
    expect([(await get('/props')).status, (await get('/props')).body]).toEqual([404, '{"detail":"Not Found"}']);
    expect([(await get('/tokenize')).status, (await get('/tokenize')).body]).toEqual([
      405,
      '{"detail":"Method Not Allowed"}',
    ]);
    const unknown = await chat({ model: 'nobody', messages: hello });
    expect([unknown.status, JSON.parse(unknown.body).error]).toEqual([
      404,
      { message: 'The model `nobody` does not exist.', type: 'NotFoundError', param: 'model', code: 404 },
    ]);
  });

  it('counts what the answer may take against the context', async () => {
    expect((await chat({ model: 'alias', messages: hello, max_tokens: 998 })).status).toBe(200);
    const refused = await chat({ model: 'alias', messages: hello, max_tokens: 999 });
    const { error } = JSON.parse(refused.body);
    expect([refused.status, error.type, error.param]).toEqual([400, 'BadRequestError', 'input_tokens']);
    expect(error.message).toMatch(/^This model's maximum context length is 1000 tokens\..* contains 2 input tokens/);
  });

  it.each([
    ['an empty list of tools', { tools: [] }],
    ['stream_options without a stream', { stream_options: { include_usage: true } }],
    ['messages that are none', { messages: 'hi' }],
  ])('refuses %s', async (_, body) => {
    const refused = await chat({ model: 'alias', messages: hello, ...body });
    expect([refused.status, JSON.parse(refused.body).error.type]).toEqual([400, 'Bad Request']);
  });

  it('ends a failed stream with [DONE] all the same', async () => {
    const broken = await fakeVLLM({ models: [{ id: 'm' }], faults: ['error-in-stream'] });
    const body = { model: 'm', messages: hello, stream: true };
    const reply = await ask(broken.url, { method: 'POST', path: '/v1/chat/completions', headers: {}, body });
    await broken.close();
    expect(reply.body).toMatch(/data: \{"error":\{.*"code":500\}\}\n\ndata: \[DONE\]\n\n$/);
  });

  it('has no embeddings route without an embedding model', async () => {
    const reply = await ask(server.url, {
      method: 'POST',
      path: '/v1/embeddings',
      headers: { Authorization: 'Bearer k' },
      body: {},
    });
    expect(reply.status).toBe(404);
  });
});
