import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeServer } from '../../src/testing.js';
import { fakeSGLang } from '../../src/testing.js';
import { ask, type Exchange } from './recording.js';

// Built from the source of the real one: there is no recording to compare with.
let server: FakeServer;
beforeEach(async () => {
  server = await fakeSGLang({ models: [{ id: 'acme/coder', contextLength: 1_000 }, { id: 'sql' }], apiKey: 'k' });
});
afterEach(() => server.close());

const key = { Authorization: 'Bearer k' };
const get = (path: string, headers: Record<string, string> = key): Promise<Exchange> =>
  ask(server.url, { method: 'GET', path, headers });
const chat = (body: object): Promise<Exchange> =>
  ask(server.url, { method: 'POST', path: '/v1/chat/completions', headers: key, body });
const messages = [{ role: 'user', content: 'Hello' }];

describe('the fake SGLang', () => {
  it('is known by its root and its list, where an adapter has a parent and no window', async () => {
    expect((await get('/')).body).toBe('"SGLang is running"');
    expect(JSON.parse((await get('/v1/models')).body).data).toMatchObject([
      { id: 'acme/coder', owned_by: 'sglang', parent: null, max_model_len: 1_000 },
      { id: 'sql', owned_by: 'sglang', parent: 'acme/coder', max_model_len: null },
    ]);
    expect(JSON.parse((await get('/v1/loads?include=core')).body)).toMatchObject({
      version: expect.stringMatching(/^\d/),
      loads: [{ max_running_requests: 64 }],
    });
  });

  it('guards everything but its health', async () => {
    const locked = await get('/', {});
    expect([locked.status, JSON.parse(locked.body)]).toEqual([401, { error: 'Unauthorized' }]);
    expect((await get('/health', {})).status).toBe(200);
  });

  it('answers any name, but not an adapter that is not there', async () => {
    expect(JSON.parse((await chat({ model: 'whatever', messages })).body).model).toBe('whatever');
    expect((await chat({ model: 'acme/coder:sql', messages })).status).toBe(200);
    const refused = await chat({ model: 'qwen3:8b', messages });
    expect([refused.status, JSON.parse(refused.body).message]).toEqual([
      400,
      "LoRA adapter '8b' was requested, but LoRA is not enabled.",
    ]);
  });

  it('says in a flat error that a prompt is too long', async () => {
    const refused = await chat({ messages: [{ role: 'user', content: 'x'.repeat(8_000) }] });
    expect([refused.status, JSON.parse(refused.body)]).toEqual([
      400,
      {
        object: 'error',
        message: "The input (2000 tokens) is longer than the model's context length (1000 tokens).",
        type: 'BadRequestError',
        param: null,
        code: 400,
      },
    ]);
  });

  it('streams nulls beside what a chunk says, the reason in a chunk of its own, and ends in [DONE]', async () => {
    const { body } = await chat({ messages, stream: true, stream_options: { include_usage: true } });
    expect(body).toContain('"delta":{"role":null,"content":" short"');
    expect(body).toMatch(/"finish_reason":"stop".*\n\n.*"choices":\[\],"usage":\{.*\n\ndata: \[DONE\]\n\n$/);
  });
});
