import { afterEach, describe, expect, it } from 'vitest';
import type { FakeModel, FakeServer, FakeServerOptions } from '../../src/testing.js';
import { fakeKoboldCpp } from '../../src/testing.js';
import { anyCase, ask, likeness, recorded } from './recording.js';

const FOLDER = 'koboldcpp/1.104';
const servers: FakeServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function start(options?: FakeServerOptions): Promise<FakeServer> {
  const server = await fakeKoboldCpp(options);
  servers.push(server);
  return server;
}

const tiny: FakeModel = { id: 'koboldcpp/tiny-random', contextLength: 512 };
const plain: FakeServerOptions = { models: [tiny], reply: 'one two three four five six seven eight' };
const guarded: FakeServerOptions = { ...plain, apiKey: 'secret' };
const empty: FakeServerOptions = { models: [] };
const calling: FakeServerOptions = {
  models: [{ ...tiny, contextLength: 8_192 }],
  reply: () => ({ toolCalls: [{ name: 'get_weather', arguments: { city: 'B' } }] }),
};

const rows: Record<string, FakeServerOptions> = {
  version: plain,
  serviceinfo: plain,
  'models-v1': plain,
  'models-bare': plain,
  'models-suffix': plain,
  model: plain,
  'true-max-context': plain,
  'max-context': plain,
  'max-length': plain,
  props: plain,
  perf: plain,
  ping: plain,
  slots: plain,
  health: plain,
  'unknown-get': plain,
  'post-unknown': plain,
  'head-unknown': plain,
  'ollama-tags': plain,
  'ollama-version': plain,
  'lmstudio-greeting': plain,
  chat: plain,
  'chat-stream': plain,
  'chat-stream-usage': plain,
  'chat-overflow-stream': plain,
  'chat-tools': calling,
  'chat-tools-stream': calling,
  'chat-tools-auto-stream': { ...calling, reply: 'words' },
  'err-bad-json': plain,
  tokencount: plain,
  embeddings: plain,
  'abort-idle': plain,
  'pw-version': guarded,
  'pw-model': guarded,
  'pw-models': guarded,
  'pw-chat': guarded,
  'pw-chat-ok': guarded,
  'pw-tokencount': guarded,
  'nomodel-version': empty,
  'nomodel-model': empty,
  'nomodel-models-v1': empty,
  'nomodel-props': empty,
  'nomodel-tags': empty,
  'nomodel-true-max': empty,
  'nomodel-chat': empty,
  'nomodel-chat-stream': empty,
};

describe('the fake KoboldCpp answers as the recorded one', () => {
  it.each(Object.entries(rows))('%s', async (name, options) => {
    const { asked, got } = recorded(FOLDER, name);
    const server = await start(options);
    const mine = await ask(server.url, asked);
    // Node has one value for a header that the real one sends twice.
    const loose = (exchange: typeof got) => {
      const { 'cache-control': _, ...headers } = anyCase(exchange).headers;
      return likeness({ ...exchange, headers });
    };
    expect(loose(mine)).toEqual(loose(got));
  });
});

const messages = [{ role: 'user', content: 'hi' }];
const post = (server: FakeServer, body: object): Promise<Response> =>
  fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
const perf = async (server: FakeServer) =>
  (await (await fetch(`${server.url}/api/extra/perf`)).json()) as { queue: number; idle: number };

describe('the fake KoboldCpp', () => {
  it('cuts a prompt that does not fit, and one that stands in the way of a long answer', async () => {
    const server = await start(plain);
    const usage = async (body: object) => ((await (await post(server, body)).json()) as { usage: object }).usage;
    const long = [{ role: 'user', content: 'x'.repeat(20_000) }];
    expect(await usage({ messages: long, max_tokens: 8 })).toMatchObject({ prompt_tokens: 504, total_tokens: 512 });
    expect(await usage({ messages: long, max_tokens: 5_000 })).toMatchObject({ prompt_tokens: 103 });
  });

  it('answers one, lets six wait and refuses the rest, as recorded', async () => {
    let release: (text: string) => void = () => {};
    const first = new Promise<string>((resolve) => {
      release = resolve;
    });
    let calls = 0;
    const server = await start({ ...plain, reply: () => (calls++ === 0 ? first : 'later') });
    const sent = Array.from({ length: 7 }, () => post(server, { messages, stream: true }));
    await expect.poll(() => perf(server), { interval: 5 }).toMatchObject({ queue: 6, idle: 0 });
    const { asked, got } = recorded(FOLDER, 'busy-q5');
    const refused = await ask(server.url, asked);
    expect(likeness(anyCase(refused))).toEqual(likeness(anyCase(got)));
    release('now');
    const texts = await Promise.all(sent.map(async (reply) => (await reply).text()));
    expect(texts.filter((text) => text.includes('"now"'))).toHaveLength(1);
    expect(texts.filter((text) => text.includes('"later"'))).toHaveLength(6);
    expect(await perf(server)).toMatchObject({ queue: 0, idle: 1 });
  });

  it('goes on with the next when one has left', async () => {
    const server = await start({ ...plain, faults: [{ name: 'hang-mid-stream', times: 1 }] });
    const leave = new AbortController();
    const hung = fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ messages, stream: true }),
      signal: leave.signal,
    });
    expect((await hung).status).toBe(200);
    const second = post(server, { messages });
    await expect.poll(() => perf(server), { interval: 5 }).toMatchObject({ queue: 1 });
    leave.abort();
    expect((await second).status).toBe(200);
  });
});
