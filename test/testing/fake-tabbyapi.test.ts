import { afterEach, describe, expect, it } from 'vitest';
import type { FakeServer, FakeServerOptions } from '../../src/testing.js';
import { fakeTabbyAPI } from '../../src/testing.js';

// Built from its source: there is no recording with a model to compare with.
const servers: FakeServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function start(options?: FakeServerOptions): Promise<FakeServer> {
  const server = await fakeTabbyAPI(options);
  servers.push(server);
  return server;
}
const get = async (server: FakeServer, path: string, headers: Record<string, string> = {}) => {
  const reply = await fetch(`${server.url}${path}`, { headers });
  return [reply.status, await reply.json()] as const;
};
const chat = (server: FakeServer, body: object) =>
  fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
const messages = [{ role: 'user', content: 'Hello there' }];

describe('the fake TabbyAPI', () => {
  it('names itself to everybody, and its model with the window to those with a key', async () => {
    const server = await start({ models: [{ id: 'm', contextLength: 2_000 }], apiKey: 'k' });
    expect(await get(server, '/.well-known/serviceinfo')).toMatchObject([200, { software: { name: 'TabbyAPI' } }]);
    expect(await get(server, '/health')).toEqual([200, { status: 'healthy', issues: [] }]);
    expect(await get(server, '/v1/model')).toEqual([401, { detail: 'Please provide an API key' }]);
    expect(await get(server, '/v1/model', { 'x-api-key': 'x' })).toEqual([401, { detail: 'Invalid API key' }]);
    for (const headers of [{ 'x-api-key': 'k' }, { authorization: 'Bearer k' }]) {
      const card = { id: 'm', owned_by: 'tabbyAPI', parameters: { max_seq_len: 2_000, max_batch_size: 4 } };
      expect(await get(server, '/v1/model', headers)).toMatchObject([200, card]);
    }
  });

  it('without a model is healthy all the same', async () => {
    const server = await start({ models: [] });
    expect((await get(server, '/health'))[0]).toBe(200);
    expect(await get(server, '/v1/model')).toEqual([503, { detail: 'No models are currently loaded.' }]);
    expect((await chat(server, { messages })).status).toBe(503);
    expect((await chat(server, { model: 'm', messages })).status).toBe(500);
  });

  it('reports usage only where it is asked for, streamed or not', async () => {
    const server = await start({ models: [{ id: 'm' }], reply: 'one two' });
    const asks = { stream_options: { include_usage: true } };
    expect(await (await chat(server, { messages })).json()).not.toHaveProperty('usage');
    expect(await (await chat(server, { messages, ...asks })).json()).toMatchObject({ usage: { completion_tokens: 2 } });
    expect(await (await chat(server, { messages, stream: true })).text()).not.toContain('"usage"');
    expect(await (await chat(server, { messages, stream: true, ...asks })).text()).toContain('"completion_tokens":2');
  });

  it('refuses a prompt that does not fit before it streams', async () => {
    const server = await start({ models: [{ id: 'm', contextLength: 100 }] });
    const long = [{ role: 'user', content: 'x'.repeat(1_000) }];
    const reply = await chat(server, { messages: long, stream: true });
    expect([reply.status, await reply.json()]).toMatchObject([400, { error: { code: 'context_length_exceeded' } }]);
  });

  it('ends a failed stream with an error of its own', async () => {
    const server = await start({ models: [{ id: 'm' }], faults: ['error-in-stream'] });
    const text = await (await chat(server, { messages, stream: true })).text();
    expect(text).toMatch(/data: \{"error":\{"message":".*","trace":""\}\}\n\n$/);
  });
});
