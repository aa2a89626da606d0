import { afterEach, describe, expect, it } from 'vitest';
import type { FakeServer, FakeServerOptions } from '../../src/testing.js';
import { fakeLocalAI } from '../../src/testing.js';
import { anyCase, ask, type Exchange, likeness, recorded } from './recording.js';

const FOLDER = 'localai/3.12.1';
const servers: FakeServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function start(options?: FakeServerOptions): Promise<FakeServer> {
  const server = await fakeLocalAI(options);
  servers.push(server);
  return server;
}

const plain: FakeServerOptions = {
  models: [{ id: 'tiny', loaded: true }, { id: 'noback' }, { id: 'voice' }],
  reply: 'This is a mocked response.',
};
const guarded: FakeServerOptions = { ...plain, apiKey: 'secret' };
const calling: FakeServerOptions = {
  ...plain,
  reply: () => ({ toolCalls: [{ name: 'get_weather', arguments: { location: 'San Francisco' } }] }),
};
const failing: FakeServerOptions = { ...plain, reply: '', faults: ['error-in-stream'] };

const rows: Record<string, FakeServerOptions> = {
  version: plain,
  'system-loaded': plain,
  shutdown: plain,
  models: plain,
  readyz: plain,
  healthz: plain,
  head: plain,
  method: plain,
  unknown: plain,
  health: plain,
  'well-known': plain,
  'models-capabilities': plain,
  'ollama-tags': plain,
  chat: plain,
  'chat-stream': plain,
  'chat-stream-usage': plain,
  'chat-tools': calling,
  'err-unknown-model': plain,
  'err-bad-json': plain,
  'err-no-backend': failing,
  'err-no-backend-stream': failing,
  tokenize: plain,
  'key-models': guarded,
  'key-version': guarded,
  'key-chat': guarded,
  'key-readyz': guarded,
};

/** The connection is kept, as it was for the recording; what a login page holds is its own affair. */
const kept = (url: string, asked: Parameters<typeof ask>[1]) =>
  ask(url, { ...asked, headers: { ...asked.headers, Connection: 'keep-alive' } });
const like = (exchange: Exchange) => {
  const body = exchange.body.startsWith('<!DOCTYPE') ? '<' : exchange.body;
  return likeness(anyCase({ ...exchange, body }));
};

describe('the fake LocalAI answers as the recorded one', () => {
  it.each(Object.entries(rows))('%s', async (name, options) => {
    const { asked, got } = recorded(FOLDER, name);
    const server = await start(options);
    expect(like(await kept(server.url, asked))).toEqual(like(got));
  });

  it('chat-tools-stream', async () => {
    const { asked, got } = recorded(FOLDER, 'chat-tools-stream');
    const mine = await kept((await start(calling)).url, asked);
    const frames = ({ body }: Exchange) => like({ ...got, body }) as { events: object[] };
    // The real one leaves out the frame that opens other streams.
    expect(frames(mine).events.slice(1)).toEqual(frames(got).events);
    expect(mine.body).toContain('"index":40');
  });
});

const post = (server: FakeServer, body: object): Promise<Response> =>
  fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });

describe('the fake LocalAI', () => {
  it('takes its key in three ways', async () => {
    const { url } = await start(guarded);
    const status = async (headers: Record<string, string>) => (await fetch(`${url}/v1/models`, { headers })).status;
    expect(await status({ authorization: 'Bearer secret' })).toBe(200);
    expect(await status({ authorization: 'secret' })).toBe(200);
    expect(await status({ 'x-api-key': 'secret' })).toBe(200);
    expect(await status({ authorization: 'Bearer other' })).toBe(401);
  });

  it('says in the words of the assistant that a prompt does not fit, where it streams', async () => {
    const server = await start({ models: [{ id: 'm', contextLength: 100 }] });
    const messages = [{ role: 'user', content: 'x'.repeat(1_000) }];
    const whole = await post(server, { model: 'm', messages });
    expect([whole.status, await whole.text()]).toEqual([500, expect.stringContaining('context size')]);
    const streamed = await post(server, { model: 'm', messages, stream: true });
    expect(streamed.status).toBe(200);
    expect(await streamed.text()).toMatch(
      /Internal error: .*context size.*"finish_reason":"stop"|"finish_reason":"stop".*Internal error: .*context size/,
    );
  });
});
