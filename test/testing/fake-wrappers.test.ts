import { afterEach, describe, expect, it } from 'vitest';
import type { FakeModel, FakeServer, FakeServerOptions } from '../../src/testing.js';
import { fakeDockerModelRunner, fakeLlamaCppPython, fakeLlamaSwap, fakeMlxLm } from '../../src/testing.js';
import { ask, type Exchange, likeness, recorded, shape } from './recording.js';

const servers: FakeServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

interface Case {
  readonly options?: FakeServerOptions;
  readonly body?: object;
  readonly loose?: readonly string[];
  /** A request that comes first. */
  readonly before?: string;
}

const long = { messages: [{ role: 'user', content: 'x'.repeat(40_000) }] };

const sky: FakeModel = { id: 'tiny-sky', contextLength: 4_096 };
const swap: FakeServerOptions = {
  models: [{ ...sky, loaded: true }, { id: 'canned' }, { id: 'lan-box/peer-model', remote: true }],
  reply: ' The sky is blue because air molecules scatter short wavelengths',
};
const key: FakeServerOptions = { models: [{ id: 'canned' }], apiKey: 'k' };
const llamaSwap: Record<string, Case> = {
  root: {},
  health: {},
  'api-version': {},
  'api-version-head': {},
  'v1-models-loaded': {
    options: { models: Array.from({ length: 20 }, (_, i) => ({ id: `model-${i}` })) },
    loose: ['data'],
  },
  'keys-models-bearer': { options: { models: [{ id: 'canned' }], apiKey: 'secret-one' }, loose: ['data'] },
  running: {},
  'running-empty': { options: { models: [sky] } },
  chat: {},
  'chat-cold-stream': {},
  'chat-overflow': { body: { ...long, model: 'tiny-sky' } },
  'unknown-model': {},
  'no-model': {},
  'bad-json': {},
  'empty-body': {},
  embeddings: {},
  'unload-all': {},
  'unload-model': { options: { models: [{ id: 'slow-tokens', loaded: true }] } },
  'unload-unknown': {},
  'upstream-health': {},
  'unload-legacy-head': {},
  'api-tags': {},
  'api-ps': {},
  'v1-models-one': {},
  'route-unknown': {},
  'route-wrong-method': {},
  'concurrency-limit': { options: { ...swap, models: [{ id: 'tiny-story' }], faults: ['status-429'] } },
  'keys-version-none': { options: key },
  'keys-models-none': { options: key },
  'keys-health': { options: key },
};

const docker: FakeServerOptions = {
  models: [{ id: 'registry.example/tiny/random:latest', loaded: true, contextLength: 8_192, maxContextLength: 8_192 }],
  reply: ' one two three',
};
const cold: FakeServerOptions = { ...docker, models: [{ id: 'registry.example/tiny/random:latest' }] };
const none: FakeServerOptions = { models: [] };
const dockerModelRunner: Record<string, Case> = {
  'warm-root': {},
  'warm-version': {},
  'warm-models-v1': {},
  'warm-models-native': { loose: ['gguf'] },
  'warm-engines-ps': {},
  'ps-cold': { options: cold },
  'warm-engines-configure': {},
  'warm-ollama-version': {},
  'warm-ollama-tags': {},
  'warm-ollama-ps': {},
  'empty-models-v1': { options: none },
  'empty-models-native': { options: none },
  'chat-cold': { options: cold },
  'chat-stream': {},
  'chat-overflow': { body: { ...long, model: 'tiny/random' } },
  'chat-unknown': {},
  'empty-chat-nomodel': {},
  'empty-chat-badjson': {},
  'preload-only': { options: cold },
  unload: { loose: ['unloaded_runners'] },
  'cold-unknown': {},
  'warm-health': {},
  'warm-props': {},
  'empty-origin': {},
};

const mlx: FakeServerOptions = { models: [{ id: '/models/tiny-mlx' }], reply: ' one two three' };
const mlxLm: Record<string, Case> = {
  health: {},
  models: {},
  'models-no-hf-cache': { options: none },
  'unknown-get': {},
  root: {},
  chat: {},
  'chat-stream': {},
  'chat-stream-usage': {},
  'err-no-messages': {},
  'err-messages-empty': {},
  'err-unknown-model-noslash': {},
  'err-max-tokens-null': {},
  'err-image': {},
  'post-unknown': {},
};

const tiny: FakeModel = { id: 'tiny', contextLength: 512 };
const py: FakeServerOptions = { models: [tiny], reply: ' one two three' };
const calling: FakeServerOptions = {
  models: [tiny],
  reply: () => ({ toolCalls: [{ name: 'get_weather', arguments: { city: 'B' } }] }),
};
const locked: FakeServerOptions = { ...py, apiKey: 'secret' };
const llamaCppPython: Record<string, Case> = {
  models: {},
  'api-tags': {},
  root: {},
  props: {},
  chat: {},
  'chat-stream': {},
  'chat-stream-usage': {},
  'chat-stop': {},
  'chat-tools-forced': { options: calling },
  'chat-overflow': {},
  'chat-overflow-stream': {},
  embeddings: {},
  'key-models': { options: locked },
  'key-bad': { options: locked },
};

const fakes = [
  ['llama-swap/v250-5-g0bdb3720', fakeLlamaSwap, swap, llamaSwap],
  ['docker-model-runner/642c7211', fakeDockerModelRunner, docker, dockerModelRunner],
  ['mlx-lm/0.32.2', fakeMlxLm, mlx, mlxLm],
  ['llama-cpp-python/0.3.36', fakeLlamaCppPython, py, llamaCppPython],
] as const;

/** Names are equal in any letter case; how the connection and the body end is the HTTP server's, 1.0 or 1.1. */
function sameNames(exchange: Exchange, folder: string): Exchange {
  const framing = folder.startsWith('mlx-lm') ? /^(?:connection|content-length|transfer-encoding)$/i : /^connection$/i;
  const headers = Object.entries(exchange.headers)
    .filter(([name]) => !framing.test(name))
    .map(([name, value]) => [name.toLowerCase().replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase()), value]);
  // Comments come as often as there is something to say.
  const body = exchange.body.replace(/^(?:: keepalive \d+\/\d+\n\n)+/, '');
  return { ...exchange, headers: Object.fromEntries(headers), body };
}

describe.each(fakes)('the fake of %s answers as the recorded one', (folder, make, plain, cases) => {
  it.each(Object.entries(cases))('%s', async (name, { options = plain, body, loose = [] }) => {
    const { asked, got } = recorded(folder, name);
    const server = await make(options);
    servers.push(server);
    const sent = { ...asked, headers: dropLength(asked.headers), ...(asked.body === null && { body: undefined }) };
    const mine = await ask(server.url, body === undefined ? sent : { ...sent, body });
    expect(likeness(sameNames(mine, folder), loose)).toEqual(likeness(sameNames(got, folder), loose));
  });
});

/** The prompt is another one, and so is the port. */
function dropLength(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(?:content-length|host)$/i.test(name)));
}

describe('the entries of a list of llama-swap', () => {
  it.each(['tiny-sky', 'canned', 'lan-box/peer-model'])('%s has what the recorded one has', async (id) => {
    const server = await fakeLlamaSwap(swap);
    servers.push(server);
    const entryOf = (body: string): unknown =>
      (JSON.parse(body) as { data: { id: string }[] }).data.find((model) => model.id === id);
    const { asked, got } = recorded('llama-swap/v250-5-g0bdb3720', 'v1-models-loaded');
    const mine = shape(entryOf((await ask(server.url, asked)).body)) as Record<string, unknown>;
    // Aliases and descriptions are the host's to add.
    const { name: _, ...rest } = mine;
    expect(shape(entryOf(got.body))).toMatchObject(id === 'tiny-sky' ? mine : rest);
  });
});

describe('what only a running server shows', () => {
  const start = async (starting: Promise<FakeServer>): Promise<FakeServer> => {
    const server = await starting;
    servers.push(server);
    return server;
  };
  const post = (server: FakeServer, body: object) =>
    fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
  const messages = [{ role: 'user', content: 'hi' }];

  it('llama-swap runs one model at a time, until it is told to stop all, with HEAD too', async () => {
    const server = await start(fakeLlamaSwap({ models: [{ id: 'a', loaded: true }, { id: 'b' }] }));
    const running = async () => {
      const reply = (await (await fetch(`${server.url}/running`)).json()) as { running: { model: string }[] };
      return reply.running.map(({ model }) => model);
    };
    expect(await running()).toEqual(['a']);
    await post(server, { model: 'b', messages });
    expect(await running()).toEqual(['b']);
    await fetch(`${server.url}/unload`, { method: 'HEAD' });
    expect(await running()).toEqual([]);
  });

  it('llama-swap and Docker Model Runner name a file, and the reply function knows the model', async () => {
    for (const make of [fakeLlamaSwap, fakeDockerModelRunner]) {
      const server = await start(make({ models: [{ id: 'm' }], reply: ({ model }) => `from ${model}` }));
      const reply = await (await post(server, { model: 'm', messages })).json();
      expect(reply).toMatchObject({
        model: expect.stringMatching(/^\/.*\.gguf$/),
        choices: [{ message: { content: 'from m' } }],
      });
    }
  });

  it('Docker Model Runner loads with the first request, by the short name', async () => {
    const server = await start(fakeDockerModelRunner({ models: [{ id: 'docker.io/ai/x:latest' }] }));
    const ps = async () => (await (await fetch(`${server.url}/engines/ps`)).json()) as object[];
    expect(await ps()).toEqual([]);
    await post(server, { model: 'ai/x', messages });
    expect(await ps()).toMatchObject([{ model_name: 'ai/x' }]);
  });

  it('llama-cpp-python breaks off its answer when somebody asks for its list, not for its description', async () => {
    const server = await start(fakeLlamaCppPython({ models: [tiny], reply: 'word '.repeat(200), delayMs: 2 }));
    const read = async (path: string): Promise<string> => {
      const reply = await post(server, { messages, stream: true });
      await fetch(`${server.url}${path}`);
      return reply.text();
    };
    const whole = await read('/openapi.json');
    expect(whole).toContain('"finish_reason":"stop"');
    const broken = await read('/v1/models');
    expect(broken).not.toContain('"finish_reason":"');
    expect(broken).toMatch(/data: \[DONE\]\n\n$/);
  });

  it('mlx-lm shows that it is reading the prompt', async () => {
    const server = await start(fakeMlxLm());
    const reply = await post(server, { messages, stream: true });
    expect(await reply.text()).toMatch(/^: keepalive 0\/1\n\n: keepalive 1\/1\n\ndata: /);
  });
});
