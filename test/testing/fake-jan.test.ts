import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import type { FakeServer } from '../../src/testing.js';
import { fakeJan } from '../../src/testing.js';
import { ask, type Exchange } from './recording.js';

// Built from the source of the real one: there is no recording to compare with.
let server: FakeServer;
beforeEach(async () => {
  server = await fakeJan({ apiKey: 'k', models: [{ id: 'local' }, { id: 'gpt-5', remote: true }] });
});
afterEach(() => server.close());

const key = { Authorization: 'Bearer k' };
const get = (path: string, headers: Record<string, string> = key): Promise<Exchange> =>
  ask(server.url, { method: 'GET', path, headers });
const chat = (body: object): Promise<Exchange> =>
  ask(server.url, { method: 'POST', path: '/v1/chat/completions', headers: key, body });
const messages = [{ role: 'user', content: 'Hello' }];

describe('the fake Jan', () => {
  it('lists names and whose they are, and nothing else', async () => {
    expect(JSON.parse((await get('/v1/models')).body)).toEqual({
      object: 'list',
      data: [
        { id: 'local', object: 'model', created: 1, owned_by: 'llama.cpp' },
        { id: 'gpt-5', object: 'model', created: 1, owned_by: 'remote' },
      ],
    });
  });

  it.each([
    ['without its key', () => get('/v1/models', {}), 401, 'Invalid or missing authorization token'],
    ['under another host name', () => get('/v1/models', { ...key, Host: 'desk.lan' }), 403, 'Invalid host header'],
    ['on another path', () => get('/health'), 404, 'Not Found'],
    ['a model that is not there', () => chat({ model: 'x', messages }), 404, "No running session found for model 'x'"],
    ['a request without a model', () => chat({ messages }), 400, "Request body must contain a 'model' field"],
  ])('refuses %s in bare text', async (_, send, status, body) => {
    const reply = await send();
    expect([reply.status, reply.body, reply.headers['Content-Type']]).toEqual([status, body, undefined]);
  });

  it('shows its description to everybody', async () => {
    const reply = await get('/openapi.json', { Host: 'desk.lan' });
    expect(JSON.parse(reply.body).info.title).toMatch(/^Jan /);
    expect((await get('/', {})).body).toContain('<title>API Docs</title>');
  });

  it('answers as llama.cpp does, and for a provider not at all', async () => {
    expect(JSON.parse((await chat({ model: 'local', messages })).body)).toMatchObject({
      model: 'local',
      timings: { cache_n: 0 },
    });
    expect((await chat({ model: 'gpt-5', messages })).status).toBe(502);
  });

  it('is found as what it is', async () => {
    const discovery = new ServiceDiscovery({
      hosts: [],
      services: [{ type: 'jan', baseURL: `${server.url}/v1`, apiKey: 'k' }],
    });
    const { services } = await discovery.discoverAll();
    await discovery.close();
    expect(services).toMatchObject([{ type: 'jan', status: 'up' }]);
    expect(services[0]?.models.map(({ id, remote }) => [id, remote])).toEqual([
      ['local', 'no'],
      ['gpt-5', 'yes'],
    ]);
  });
});
