import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeServer } from '../../src/testing.js';
import { fakeLemonade } from '../../src/testing.js';
import { ask, type Exchange } from './recording.js';

// Built from the source of the real one: there is no recording to compare with.
let server: FakeServer;
beforeEach(async () => {
  server = await fakeLemonade({
    models: [{ id: 'local', loaded: true, contextLength: 2_000 }, { id: 'cold' }, { id: 'far', remote: true }],
    apiKey: 'k',
  });
});
afterEach(() => server.close());

const key = { Authorization: 'Bearer k' };
const get = (path: string, headers: Record<string, string> = key): Promise<Exchange> =>
  ask(server.url, { method: 'GET', path, headers });
const chat = (body: object): Promise<Exchange> =>
  ask(server.url, { method: 'POST', path: '/v1/chat/completions', headers: key, body });
const messages = [{ role: 'user', content: 'Hello' }];
const loaded = async (): Promise<string[]> =>
  JSON.parse((await get('/v1/health')).body).all_models_loaded.map((model: { model_name: string }) => model.model_name);

describe('the fake Lemonade', () => {
  it('says in its health what is loaded with which window, and loads with the first request', async () => {
    expect(JSON.parse((await get('/api/v1/health')).body)).toMatchObject({
      status: 'ok',
      all_models_loaded: [{ model_name: 'local', recipe_options: { ctx_size: 2_000 }, is_busy: false }],
    });
    expect((await chat({ model: 'cold', messages })).status).toBe(200);
    expect(await loaded()).toEqual(['local', 'cold']);
  });

  it('lists recipes: one of them leaves the machine', async () => {
    const { data } = JSON.parse((await get('/v1/models')).body);
    expect(data.map((model: { recipe: string }) => model.recipe)).toEqual(['llamacpp', 'llamacpp', 'cloud']);
    expect((await chat({ model: 'far', messages })).status).toBe(502);
  });

  it('answers unknown paths with a page, and those of its API with an error', async () => {
    const page = await get('/nope');
    expect([page.status, page.headers['Content-Type']]).toEqual([200, 'text/html']);
    const missing = await get('/v1/nope');
    expect([missing.status, JSON.parse(missing.body).error.type]).toEqual([404, 'not_found']);
  });

  it('refuses without its key, and models that are not there', async () => {
    const locked = await get('/v1/models', {});
    expect([locked.status, JSON.parse(locked.body)]).toEqual([401, { error: 'Invalid or missing API key' }]);
    const unknown = await chat({ model: 'x', messages });
    expect([unknown.status, JSON.parse(unknown.body).error]).toMatchObject([
      404,
      { type: 'model_not_found', requested_model: 'x' },
    ]);
  });
});
