import { afterEach, describe, expect, it } from 'vitest';
import type { FakeServer, FakeServerOptions } from '../../src/testing.js';
import { fakeTextGenerationWebUI } from '../../src/testing.js';
import { anyCase, ask, likeness, recorded } from './recording.js';

const FOLDER = 'text-generation-webui/4.7.3';
const servers: FakeServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function start(options?: FakeServerOptions): Promise<FakeServer> {
  const server = await fakeTextGenerationWebUI(options);
  servers.push(server);
  return server;
}

const plain: FakeServerOptions = {
  models: [{ id: 'tiny-random.gguf', contextLength: 1_024 }, { id: 'slow-random.gguf' }],
  reply: 'one two three four five six seven eight',
};
const guarded: FakeServerOptions = { ...plain, apiKey: 'secret' };
const empty: FakeServerOptions = { models: [] };

const rows: Record<string, FakeServerOptions> = {
  health: plain,
  'health-root': plain,
  head: plain,
  root: plain,
  unknown: plain,
  version: plain,
  props: plain,
  serviceinfo: plain,
  'ollama-tags': plain,
  models: plain,
  'models-any': plain,
  'model-info': plain,
  'model-list': plain,
  'token-count': plain,
  encode: plain,
  'stop-idle': plain,
  unload: plain,
  'err-load-missing': plain,
  'host-docker': plain,
  chat: plain,
  'chat-stream': plain,
  'chat-stream-usage': plain,
  'chat-tools-bad': plain,
  'chat-max-over': plain,
  'err-bad-json': plain,
  'err-no-messages': plain,
  'err-empty-messages-stream': plain,
  'key-models': guarded,
  'key-model-info': guarded,
  'key-health': guarded,
  'key-chat': guarded,
  'key-bad': guarded,
  'key-ok': guarded,
  'nomodel-models': empty,
  'nomodel-model-info': empty,
  'nomodel-chat': empty,
  'nomodel-chat-stream': empty,
};

const kept = (url: string, asked: Parameters<typeof ask>[1]) =>
  ask(url, { ...asked, headers: { ...asked.headers, Connection: 'keep-alive' } });

describe('the fake text-generation-webui answers as the recorded one', () => {
  it.each(Object.entries(rows))('%s', async (name, options) => {
    const { asked, got } = recorded(FOLDER, name);
    const server = await start(options);
    expect(likeness(anyCase(await kept(server.url, asked)))).toEqual(likeness(anyCase(got)));
  });

  it('has its documentation open, with the path that tells it', async () => {
    const { url } = await start(guarded);
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
    expect(paths).toHaveProperty(['/v1/internal/model/info']);
  });
});

describe('the fake text-generation-webui', () => {
  it('loses its model with a load that fails', async () => {
    const { url } = await start(plain);
    const load = (model_name: string) =>
      fetch(`${url}/v1/internal/model/load`, { method: 'POST', body: JSON.stringify({ model_name }) });
    expect((await load('nope.gguf')).status).toBe(500);
    for (const name of ['model-info-after-bad-load', 'models-after-bad-load', 'chat-after-bad-load']) {
      const { asked, got } = recorded(FOLDER, name);
      const mine = await kept(url, asked);
      expect(likeness(anyCase(mine))).toEqual(likeness(anyCase(got)));
      if (got.body.startsWith('{')) expect(JSON.parse(mine.body)).toEqual(JSON.parse(got.body));
    }
    expect((await load('slow-random.gguf')).status).toBe(200);
    expect(await (await fetch(`${url}/v1/internal/model/info`)).json()).toMatchObject({ loader: 'llama.cpp' });
  });

  it('cuts a prompt that does not fit', async () => {
    const { url } = await start(plain);
    const messages = [{ role: 'user', content: 'x'.repeat(20_000) }];
    const body = JSON.stringify({ messages, max_tokens: 16 });
    const reply = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body });
    expect(await reply.json()).toMatchObject({ usage: { prompt_tokens: 1_008 } });
  });
});
