import { Agent, get } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { FakeModel, FakeServer, FakeServerOptions } from '../../src/testing.js';
import { fakeLlamaCpp } from '../../src/testing.js';
import { ask, likeness, recorded } from './recording.js';

const SINGLE = 'llama.cpp/b11549-wheel';
const ROUTER = 'llama.cpp/v0.5.0';
const servers: FakeServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function start(options?: FakeServerOptions): Promise<FakeServer> {
  const server = await fakeLlamaCpp(options);
  servers.push(server);
  return server;
}

const chain: FakeModel = { id: 'tiny-chain', contextLength: 1_024, maxContextLength: 8_192 };
const plain: FakeServerOptions = { models: [chain], reply: ' The quick brown fox jumps over some lazy dog' };
const guarded: FakeServerOptions = { ...plain, apiKey: 'key-1' };
const thinking: FakeServerOptions = {
  models: [{ ...chain, id: 'tiny-think', capabilities: ['chat', 'reasoning'] }],
  reply: () => ({ reasoning: ' First I look', text: ' Answer follows here now' }),
};
const calling: FakeServerOptions = {
  models: [chain],
  reply: () => ({ toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }] }),
};
const embedding: FakeServerOptions = { models: [{ ...chain, capabilities: ['embedding'] }] };
const long = { messages: [{ role: 'user', content: 'x'.repeat(12_000) }] };

const single: Record<string, { options?: FakeServerOptions; body?: object }> = {
  health: {},
  'health-v1': {},
  'health-post': {},
  'models-v1': {},
  'models-bare': {},
  'models-one': {},
  props: {},
  'slots-idle': {},
  'metrics-disabled': {},
  chat: {},
  'chat-stream': {},
  'chat-stream-usage': {},
  'chat-unknown-model': {},
  'chat-length': {},
  'chat-max-tokens-0': {},
  'chat-no-messages': {},
  'chat-messages-string': {},
  'chat-not-object': {},
  'chat-invalid-json': {},
  'chat-empty-body': {},
  'chat-get': {},
  'chat-input-tokens': {},
  'chat-image': {},
  think: { options: thinking },
  'think-stream': { options: thinking },
  'think-off-effort': { options: thinking },
  'think-props': { options: thinking },
  'tool-call': { options: calling },
  'tool-call-stream': { options: calling },
  overflow: { body: long },
  'overflow-stream': { body: { ...long, stream: true } },
  'kv-exhausted': { options: { ...plain, faults: ['error-in-stream'] } },
  'kv-exhausted-stream': { options: { ...plain, faults: ['error-in-stream'] } },
  'kill-sigkill-stream': { options: { ...plain, faults: ['close-mid-stream'] } },
  embed: { options: embedding },
  'embed-many': { options: embedding },
  'embeddings-off': {},
  tokenize: {},
  'auth-chat-none': { options: guarded },
  'auth-chat-wrong-stream': { options: guarded },
  'auth-chat-x-api-key': { options: guarded },
  'auth-get-health': { options: guarded },
  'auth-get-models': { options: guarded },
  'auth-get-props': { options: guarded },
  'auth-get-nope': { options: guarded },
  'loading-chat': { options: { ...guarded, faults: ['status-503-loading'] } },
  'route-unknown': {},
  'route-root': {},
  'route-double-slash': {},
  'route-trailing-slash': {},
  'cors-get': {},
  'health-keep-alive': {},
};

describe('the fake llama.cpp answers as the recorded one', () => {
  it.each(Object.entries(single))('%s', async (name, { options, body }) => {
    const { asked, got } = recorded(SINGLE, name);
    const server = await start(options ?? plain);
    const mine = await ask(server.url, body === undefined ? asked : { ...asked, body });
    // The recorded vectors were shortened by hand, with a text in between.
    expect(likeness(mine, ['embedding'])).toEqual(likeness(got, ['embedding']));
  });

  it('says the size of an overlong prompt and of the context', async () => {
    const server = await start(plain);
    const { asked } = recorded(SINGLE, 'overflow');
    const { error } = JSON.parse((await ask(server.url, { ...asked, body: long })).body);
    expect(error).toMatchObject({ n_prompt_tokens: 3_000, n_ctx: 1_024 });
    expect(error.message).toBe(
      'request (3000 tokens) exceeds the available context size (1024 tokens), try increasing it',
    );
  });

  it('stops when the context is full', async () => {
    const server = await start({ ...plain, models: [{ ...chain, contextLength: 5 }] });
    const { asked } = recorded(SINGLE, 'chat');
    const { choices, usage } = JSON.parse((await ask(server.url, asked)).body);
    expect(choices[0]).toMatchObject({ finish_reason: 'length', message: { content: ' The quick brown' } });
    expect(usage).toMatchObject({ prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 });
  });

  it('announces how long it keeps a connection, and closes it after a hundred requests', async () => {
    const server = await start(plain);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const heads: string[] = [];
    for (let i = 0; i < 101; i++) {
      heads.push(
        await new Promise((resolve, reject) => {
          get(`${server.url}/health`, { agent }, (incoming) => {
            const { connection, 'keep-alive': kept } = incoming.headers;
            incoming.resume().on('end', () => resolve(`${connection} ${kept}`));
          }).on('error', reject);
        }),
      );
    }
    agent.destroy();
    const kept = 'undefined timeout=5, max=100';
    expect(heads).toEqual([...Array.from({ length: 99 }, () => kept), 'close undefined', kept]);
  });

  it('shows a busy slot while it streams, and an idle one once the client has left', async () => {
    const server = await start({ ...plain, faults: ['hang-mid-stream'] });
    const busy = async (): Promise<number> => {
      const slots = (await (await fetch(`${server.url}/slots`)).json()) as { is_processing: boolean }[];
      return slots.filter((slot) => slot.is_processing).length;
    };
    const leave = new AbortController();
    const reply = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], stream: true }),
      signal: leave.signal,
    });
    expect(reply.status).toBe(200);
    expect(await busy()).toBe(1);
    leave.abort();
    await expect.poll(busy, { interval: 5 }).toBe(0);
    expect(server.requests.find((request) => request.method === 'POST')?.cancelled).toBe(true);
  });
});

const two: FakeServerOptions = {
  models: [
    { ...chain, loaded: true },
    { id: 'tiny-think', contextLength: 1_024 },
  ],
  reply: plain.reply,
};
const cold: FakeServerOptions = { ...two, models: [chain, { id: 'big' }, { id: 'tiny-think' }] };

const routed: Record<string, { options?: FakeServerOptions; body?: object; loose?: string[] }> = {
  'router-models-loaded': {},
  'router-props': {},
  'router-props-model': {},
  'router-props-unknown': {},
  'router-chat-autoload': { options: cold },
  'router-chat-stream': {},
  'router-chat-unknown': {},
  'router-chat-no-model': {},
  'router-chat-not-loaded-autoload-off': { options: cold },
  'router-chat-invalid-json': {},
  'router-overflow': { body: { ...long, model: 'tiny-chain' } },
  'router-get-slots': {},
  // A slot that has worked before shows what it did; ours show that only while they work.
  'router-slots-model': {
    loose: ['id_task', 'n_prompt_tokens', 'n_prompt_tokens_processed', 'n_prompt_tokens_cache', 'params', 'next_token'],
  },
  'router-get-metrics': {},
  'router-load': { options: cold },
  'router-load-loaded': {},
  'router-load-unknown': {},
  'router-unload': {},
  'router-unload-not-running': {},
  'router-unload-unknown': {},
  'router-health': {},
  'router-get-nope': {},
  'router-auth-models': { options: { ...two, apiKey: 'k' } },
};

describe('the fake llama.cpp of several models answers as the recorded router', () => {
  it.each(Object.entries(routed))('%s', async (name, { options, body, loose }) => {
    const { asked, got } = recorded(ROUTER, name);
    const server = await start(options ?? two);
    const mine = await ask(server.url, body === undefined ? asked : { ...asked, body });
    if (loose === undefined) expect(likeness(mine)).toEqual(likeness(got));
    else expect(likeness(got)).toMatchObject(likeness(mine));
  });

  it('loads a model with the first request for it, and tells its facts only then', async () => {
    const server = await start(cold);
    const list = async (): Promise<unknown[]> => {
      const { data } = (await (await fetch(`${server.url}/v1/models`)).json()) as {
        data: { id: string; status: { value: string }; meta?: { n_ctx: number } }[];
      };
      return data.map(({ id, status, meta }) => [id, status.value, meta?.n_ctx]);
    };
    expect((await list())[0]).toEqual(['tiny-chain', 'unloaded', undefined]);
    const { asked } = recorded(ROUTER, 'router-chat-autoload');
    await ask(server.url, asked);
    expect((await list())[0]).toEqual(['tiny-chain', 'loaded', 1_024]);
  });
});
