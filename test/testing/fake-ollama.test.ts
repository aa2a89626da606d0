import { afterEach, describe, expect, it } from 'vitest';
import type { FakeModel, FakeServer, FakeServerOptions } from '../../src/testing.js';
import { fakeOllama } from '../../src/testing.js';
import { type Asked, ask, likeness, recorded, shape } from './recording.js';

const FOLDER = 'ollama/0.33.0-rc2';
const servers: FakeServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function start(options?: FakeServerOptions): Promise<FakeServer> {
  const server = await fakeOllama(options);
  servers.push(server);
  return server;
}

const tiny = { maxContextLength: 8_192, capabilities: ['chat'] } as const;
const MODELS: readonly FakeModel[] = [
  { id: 'tiny-think-go', ...tiny, capabilities: ['chat', 'reasoning'] },
  { id: 'team/tiny-sky-copy:v1', ...tiny },
  { id: 'remote-stub', remote: true },
  { id: 'tiny-embed', ...tiny, capabilities: ['embedding'] },
  { id: 'tiny-sky', ...tiny },
  { id: 'tiny-think', ...tiny, capabilities: ['chat', 'reasoning'] },
  { id: 'tiny-tools', ...tiny, capabilities: ['chat', 'tools'] },
  { id: 'tiny-story', ...tiny },
  { id: 'tiny-loop-go', ...tiny },
];
const plain = { models: MODELS, reply: 'The sky is blue because air molecules scatter short wavelengths.' };
const thinking = { models: MODELS, reply: () => ({ reasoning: 'User asks about colour.', text: 'The sky is blue.' }) };
const calling = {
  models: MODELS,
  reply: () => ({ toolCalls: [{ name: 'get_weather', arguments: { city: 'Paris' } }] }),
};
const long = { messages: [{ role: 'user', content: 'abcdefghi '.repeat(3_600) }], model: 'tiny-sky' };

const cases: Record<string, { options?: FakeServerOptions; body?: object; loose?: string[] }> = {
  'root-get': {},
  'root-head': {},
  'version-get': {},
  'version-head': {},
  'status-cloud-off': {},
  tags: {},
  'tags-empty': { options: { models: [] } },
  'tags-head': { options: { models: [] } },
  'ps-after-load': { options: { models: [{ id: 'tiny-sky', loaded: true }] } },
  'ps-empty': {},
  'ps-head': {},
  show: { loose: ['model_info', 'tensors'] },
  'show-unknown': {},
  'show-empty': {},
  'show-nobody': {},
  'show-stub': {},
  'v1-models': {},
  'v1-models-empty': { options: { models: [] } },
  'v1-models-one': {},
  'v1-models-unknown': {},
  'v1-models-head': {},
  'err-no-model': {},
  'err-bad-json': {},
  'err-empty-body': {},
  'err-unknown-model': {},
  'err-cloud-stub': {},
  'err-cloud-v1-stub': {},
  'err-cloud-suffix': {},
  'err-embed-model-chat': {},
  'v1-chat-bad-json': {},
  'v1-chat-no-model': {},
  'v1-chat-empty-messages': {},
  'v1-chat-unknown': {},
  'v1-chat-unknown-stream': {},
  'chat-load-empty-messages': {},
  'generate-load': {},
  'generate-unload': {},
  'generate-load-noprompt': {},
  'generate-unknown': {},
  'generate-suffix-no-insert': {},
  'keepalive-0-messages': {},
  'keepalive-0-unknown': {},
  'chat-nonstream': {},
  'chat-stream': {},
  'chat-num-predict': {},
  'chat-num-predict-stream': {},
  'generate-nonstream': {},
  'generate-stream': {},
  'v1-chat': {},
  'v1-chat-stream': {},
  'v1-chat-stream-usage': {},
  'v1-chat-max-tokens': {},
  'think-true': { options: thinking },
  'think-omitted-stream': { options: thinking },
  'think-true-not-thinking': {},
  'think-true-not-thinking-stream': {},
  'think-false': { options: thinking },
  'v1-think': { options: thinking },
  'v1-think-stream': { options: thinking },
  'tools-nonstream': { options: calling },
  'tools-stream': { options: calling },
  'tools-not-supported': {},
  'v1-tools': { options: calling },
  'v1-tools-stream': { options: calling },
  'v1-tools-not-supported': {},
  'overflow-truncate-false': { body: { ...long, stream: false, truncate: false, options: { num_ctx: 1_024 } } },
  'overflow-truncate-false-stream': { body: { ...long, truncate: false, options: { num_ctx: 1_024 } } },
  'overflow-v1': { body: long },
  'overflow-v1-stream': { body: { ...long, stream: true } },
  'queue-full-chat': { options: { ...plain, faults: ['status-503-loading'] } },
  'queue-full-v1': { options: { ...plain, faults: ['status-503-loading'] } },
  'kill-runner-chat-stream': { options: { ...plain, faults: ['error-in-stream'] } },
  'kill-runner-chat-nonstream': { options: { ...plain, faults: ['error-in-stream'] } },
  'kill-runner-v1-stream': { options: { ...plain, faults: ['error-in-stream'] } },
  'kill-runner-v1-nonstream': { options: { ...plain, faults: ['error-in-stream'] } },
  'repeat-nonstream-go': { options: { ...plain, faults: ['no-finish'] } },
  'repeat-stream-go': { options: { ...plain, faults: ['no-finish'] } },
  'repeat-v1-nonstream-go': { options: { ...plain, faults: ['no-finish'] } },
  'repeat-v1-stream-go': { options: { ...plain, faults: ['no-finish'] } },
  'shutdown-mid-stream': { options: { ...plain, faults: ['close-mid-stream'] } },
  embed: {},
  'embed-batch': {},
  'embed-empty': {},
  'embed-unknown': {},
  'embed-chat-model': {},
  'v1-embeddings': {},
  'v1-embeddings-unknown': {},
  'route-unknown': {},
  'route-wrong-method': {},
  'route-wrong-method-tags-post': {},
  'route-case': {},
  'route-trailing-slash-get': {},
  'route-trailing-slash-post': {},
  'route-double-slash': {},
  'get-origin-denied': {},
  'host-foreign': {},
};

describe('the fake Ollama answers as the recorded one', () => {
  it.each(Object.entries(cases))('%s', async (name, { options, body, loose }) => {
    const { asked, got } = recorded(FOLDER, name);
    const server = await start(options ?? plain);
    const mine = await ask(server.url, body === undefined ? asked : { ...asked, body });
    expect(likeness(mine, loose)).toEqual(likeness(got, loose));
  });

  it('with the same texts where it has nothing to say of its own', async () => {
    const server = await start(plain);
    const same = [
      'root-get',
      'version-get',
      'err-unknown-model',
      'v1-chat-unknown',
      'err-bad-json',
      'show-unknown',
      'embed-unknown',
    ];
    for (const name of [...same, 'route-unknown', 'err-cloud-stub', 'v1-models-unknown', 'embed-empty']) {
      const { asked, got } = recorded(FOLDER, name);
      expect((await ask(server.url, asked)).body).toBe(got.body);
    }
  });

  it('facts of the model under the keys of its architecture', async () => {
    const server = await start(plain);
    const { asked, got } = recorded(FOLDER, 'show');
    const info = (body: string): object => (JSON.parse(body) as { model_info: object }).model_info;
    const real = shape(info(got.body));
    expect(real).toMatchObject(shape(info((await ask(server.url, asked)).body)) as object);
  });

  it('a context set in the Modelfile', async () => {
    const server = await start({ models: [{ id: 'tiny-sky-go', contextLength: 2_048 }] });
    const { asked, got } = recorded(FOLDER, 'show-go-template');
    const line = (body: string): string | undefined =>
      /num_ctx +\d+/.exec((JSON.parse(body) as { parameters: string }).parameters)?.[0];
    expect(line((await ask(server.url, asked)).body)).toBe(line(got.body));
  });
});

describe('the fake Ollama keeps models in memory as the real one', () => {
  const chat = (body: object): Asked => ({ method: 'POST', path: '/api/chat', headers: {}, body });
  const hello = [{ role: 'user', content: 'Hello' }];
  const loaded = async (server: FakeServer): Promise<Record<string, number>> => {
    const { models } = JSON.parse((await ask(server.url, { method: 'GET', path: '/api/ps', headers: {} })).body);
    return Object.fromEntries(models.map((m: { name: string; context_length: number }) => [m.name, m.context_length]));
  };

  it('loads with the asked context, never above the trained one, and says so', async () => {
    const server = await start({ models: [{ id: 'a', maxContextLength: 8_192 }] });
    expect(await loaded(server)).toEqual({});
    await ask(server.url, chat({ model: 'a', messages: hello, options: { num_ctx: 2_048 } }));
    expect(await loaded(server)).toEqual({ 'a:latest': 2_048 });
    await ask(server.url, chat({ model: 'a', messages: hello, options: { num_ctx: 65_536 } }));
    expect(await loaded(server)).toEqual({ 'a:latest': 8_192 });
  });

  it('goes back to its default context through /v1, and unloads with keep_alive 0', async () => {
    const server = await start({ models: [{ id: 'a' }] });
    await ask(server.url, chat({ model: 'a', messages: hello, options: { num_ctx: 8_192 } }));
    await ask(server.url, { ...chat({ model: 'a', messages: hello }), path: '/v1/chat/completions' });
    expect(await loaded(server)).toEqual({ 'a:latest': 4_096 });
    await ask(server.url, chat({ model: 'a', messages: [], keep_alive: 0 }));
    expect(await loaded(server)).toEqual({});
  });

  it('drops the oldest messages silently unless told not to', async () => {
    const seen: number[] = [];
    const server = await start({
      models: [{ id: 'a' }],
      reply: ({ messages }) => {
        seen.push(messages.length);
        return 'ok';
      },
    });
    const messages = Array.from({ length: 5 }, () => ({ role: 'user', content: 'x'.repeat(2_000) }));
    const options = { num_ctx: 1_024 };
    expect((await ask(server.url, chat({ model: 'a', messages, options }))).status).toBe(200);
    expect(seen).toEqual([2]);
    const refused = await ask(server.url, chat({ model: 'a', messages, options, truncate: false }));
    expect(refused.status).toBe(400);
    expect(refused.body).toContain('exceed_context_size_error');
  });

  it('matches names as the real one: case aside, :latest implied, never by a part', async () => {
    const server = await start({ models: [{ id: 'Phi4' }] });
    expect((await ask(server.url, chat({ model: 'phi4:latest', messages: hello }))).status).toBe(200);
    expect((await ask(server.url, chat({ model: 'phi', messages: hello }))).status).toBe(404);
  });
});
