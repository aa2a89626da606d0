import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeServer } from '../../src/testing.js';
import { fakeLMStudio } from '../../src/testing.js';
import { ask } from './recording.js';

// Built from the documentation and from users' reports: there is no recording to compare with.
let server: FakeServer;
beforeEach(async () => {
  server = await fakeLMStudio({
    models: [
      { id: 'acme/warm-7b', loaded: true, contextLength: 4_096, maxContextLength: 32_768 },
      { id: 'acme/cold-7b', capabilities: ['chat', 'vision'] },
      { id: 'acme/vectors', capabilities: ['embedding'] },
    ],
  });
});
afterEach(() => server.close());

const get = async (path: string): Promise<{ models: object[]; data: object[] }> => {
  const reply = await ask(server.url, { method: 'GET', path, headers: {} });
  expect(reply.status).toBe(200);
  expect(reply.headers).toMatchObject({ 'X-Powered-By': 'Express', 'Content-Type': 'application/json; charset=utf-8' });
  return JSON.parse(reply.body);
};
const chat = async (body: object): Promise<{ status: number; body: string }> =>
  ask(server.url, { method: 'POST', path: '/v1/chat/completions', headers: {}, body });
const hello = [{ role: 'user', content: 'Hello' }];

describe('the fake LM Studio', () => {
  it('greets, and answers what it does not know with 200 and an error text', async () => {
    expect(await get('/lmstudio-greeting')).toEqual({ lmstudio: true });
    expect(await get('/health')).toEqual({ error: 'Unexpected endpoint or method. (GET /health)' });
  });

  it('tells loaded from cold in both native lists, with the context in force only where loaded', async () => {
    const { models } = await get('/api/v1/models');
    expect(models).toMatchObject([
      {
        key: 'acme/warm-7b',
        type: 'llm',
        loaded_instances: [{ config: { context_length: 4_096 } }],
        max_context_length: 32_768,
      },
      { key: 'acme/cold-7b', loaded_instances: [], capabilities: { vision: true, trained_for_tool_use: false } },
      { key: 'acme/vectors', type: 'embedding' },
    ]);
    expect(models[2]).not.toHaveProperty('capabilities');
    const { data } = await get('/api/v0/models');
    expect(data).toMatchObject([
      { id: 'acme/warm-7b', state: 'loaded', loaded_context_length: 4_096, capabilities: ['tool_use'] },
      { id: 'acme/cold-7b', state: 'not-loaded', type: 'vlm' },
      { id: 'acme/vectors', type: 'embeddings' },
    ]);
    expect(data[1]).not.toHaveProperty('loaded_context_length');
    expect(await get('/api/v0/models/acme/warm-7b')).toEqual(data[0]);
    expect(await get('/v1/models')).toMatchObject({
      data: [{ id: 'acme/warm-7b', owned_by: 'organization_owner' }, {}, {}],
    });
  });

  it('answers an unknown name with the one loaded model, and refuses it where that is not clear', async () => {
    expect(JSON.parse((await chat({ model: 'nobody', messages: hello })).body)).toMatchObject({
      model: 'acme/warm-7b',
    });
    await chat({ model: 'acme/cold-7b', messages: hello });
    const refused = await chat({ model: 'nobody', messages: hello });
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.body).error).toMatchObject({
      type: 'invalid_request_error',
      param: 'model',
      code: 'model_not_found',
    });
  });

  it('loads a cold model with the first request for it', async () => {
    await chat({ model: 'acme/cold-7b', messages: hello });
    const { data } = await get('/api/v0/models');
    expect(data[1]).toMatchObject({ state: 'loaded', loaded_context_length: 8_192 });
  });

  it('refuses an overlong prompt with 400, or inside a 200 where it streams', async () => {
    const long = { model: 'acme/warm-7b', messages: [{ role: 'user', content: 'x'.repeat(20_000) }] };
    const whole = await chat(long);
    expect(whole.status).toBe(400);
    expect(whole.body).toContain('context length of only 4096 tokens');
    const streamed = await chat({ ...long, stream: true });
    expect(streamed.status).toBe(200);
    expect(streamed.body).toMatch(/^event: error\ndata: \{"error":\{"message":"Trying to keep/);
  });

  it('without its key refuses natively, and pretends that /v1/models does not exist', async () => {
    const guarded = await fakeLMStudio({ apiKey: 'k' });
    const list = await ask(guarded.url, { method: 'GET', path: '/v1/models', headers: {} });
    const native = await ask(guarded.url, { method: 'GET', path: '/api/v1/models', headers: {} });
    await guarded.close();
    expect([list.status, JSON.parse(list.body)]).toEqual([
      200,
      { error: 'Unexpected endpoint or method. (GET /v1/models)' },
    ]);
    expect([native.status, JSON.parse(native.body).error.code]).toEqual([401, 'invalid_api_key']);
  });
});
