import { afterEach, describe, expect, it } from 'vitest';
import { RouterError } from '../../src/core/errors.js';
import type { FakeServer, FakeServerOptions } from '../../src/testing.js';
import {
  fakeJan,
  fakeLemonade,
  fakeLlamaCpp,
  fakeLlamaSwap,
  fakeLMStudio,
  fakeOllama,
  fakeSGLang,
  fakeVLLM,
} from '../../src/testing.js';

const servers: FakeServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function kept(starting: Promise<FakeServer>): Promise<FakeServer> {
  const server = await starting;
  servers.push(server);
  return server;
}
const post = (url: string, body: object, init?: RequestInit): Promise<Response> =>
  fetch(url, { method: 'POST', body: JSON.stringify(body), ...init });
const hello = [{ role: 'user', content: 'Hello there' }];

describe.each([
  ['ollama', fakeOllama],
  ['lmstudio', fakeLMStudio],
  ['llama.cpp', fakeLlamaCpp],
  ['vllm', fakeVLLM],
  ['jan', fakeJan],
  ['sglang', fakeSGLang],
  ['llama-swap', fakeLlamaSwap],
  ['lemonade', fakeLemonade],
] as const)('a fake %s', (type, make) => {
  it('serves two models on a free loopback port by default, each able to answer', async () => {
    const server = await kept(make());
    expect(server.type).toBe(type);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    const { data } = (await (await fetch(`${server.url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(data).toHaveLength(2);
    for (const { id } of data) {
      const reply = await post(`${server.url}/v1/chat/completions`, { model: id, messages: hello });
      const { choices } = (await reply.json()) as {
        choices: { message: { content: string }; finish_reason: string }[];
      };
      expect(choices[0]).toMatchObject({
        message: { content: expect.stringMatching(/fake model/) },
        finish_reason: 'stop',
      });
    }
  });

  it('records what it is asked, in order', async () => {
    const server = await kept(make());
    await fetch(`${server.url}/v1/models?x=1`, { headers: { 'X-Mine': 'yes' } });
    await post(`${server.url}/v1/chat/completions`, { model: 'nobody', messages: hello });
    await post(`${server.url}/nowhere`, {}, { body: 'no json' });
    const [list, chat, odd] = server.requests;
    expect(list).toMatchObject({
      method: 'GET',
      path: '/v1/models',
      query: '?x=1',
      headers: { 'x-mine': 'yes' },
      cancelled: false,
    });
    expect(list?.body).toBeUndefined();
    expect(chat).toMatchObject({ method: 'POST', model: 'nobody', body: { messages: hello } });
    expect(odd).toMatchObject({ path: '/nowhere', body: 'no json', model: undefined });
  });

  it('answers what the reply function says, tools and reasoning included, streamed or not', async () => {
    const server = await kept(
      make({
        models: [{ id: 'm', loaded: true, capabilities: ['chat', 'tools', 'reasoning'] }],
        reply: ({ model, messages, tools }) => ({
          text: `${model} ${messages.length} ${tools.length}`,
          reasoning: 'Let me see',
          toolCalls: [{ name: 'look', arguments: { at: 'ü "x"' } }],
        }),
      }),
    );
    const tool = { type: 'function', function: { name: 'look', parameters: { type: 'object' } } };
    const body = { model: 'm', messages: hello, tools: [tool] };
    const whole = (await (await post(`${server.url}/v1/chat/completions`, body)).json()) as {
      choices: { message: Record<string, unknown>; finish_reason: string }[];
    };
    const message = whole.choices[0]?.message;
    const call = {
      type: 'function',
      function: { name: 'look', arguments: JSON.stringify({ at: 'ü "x"' }) },
    };
    expect(message).toMatchObject({ content: 'm 1 1', tool_calls: [call] });
    expect(message?.['reasoning'] ?? message?.['reasoning_content']).toBe('Let me see');
    expect(whole.choices[0]?.finish_reason).toBe('tool_calls');

    const stream = await (await post(`${server.url}/v1/chat/completions`, { ...body, stream: true })).text();
    const deltas = [...stream.matchAll(/^data: (\{.*)$/gm)].map(
      (match) => JSON.parse(match[1] as string).choices[0]?.delta ?? {},
    );
    expect(deltas.map((delta) => delta.content ?? '').join('')).toBe('m 1 1');
    expect(deltas.map((delta) => delta.reasoning ?? delta.reasoning_content ?? '').join('')).toBe('Let me see');
    const calls = deltas.flatMap((delta) => delta.tool_calls ?? []);
    expect(calls.map((part) => part.function.arguments).join('')).toBe(call.function.arguments);
    expect(calls[0]).toMatchObject({ index: 0, type: 'function', function: { name: 'look' } });
    expect(stream.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('counts tokens the same in both forms, in the stream only where asked', async () => {
    const server = await kept(make({ models: [{ id: 'm', loaded: true }], reply: 'one two three four' }));
    const body = { model: 'm', messages: hello, max_tokens: 3 };
    const url = `${server.url}/v1/chat/completions`;
    const { usage } = (await (await post(url, body)).json()) as { usage: Record<string, number> };
    expect(usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 });
    const streamed = await (await post(url, { ...body, stream: true, stream_options: { include_usage: true } })).text();
    expect(streamed).toContain('"completion_tokens":3');
    expect(streamed).toContain('"finish_reason":"length"');
    expect(await (await post(url, { ...body, stream: true })).text()).not.toContain('completion_tokens');
  });

  it('refuses without the key it asks for', async () => {
    const server = await kept(make({ apiKey: 'sesame', models: [{ id: 'm', loaded: true }] }));
    const url = `${server.url}/v1/chat/completions`;
    const body = { model: 'm', messages: hello };
    expect((await post(url, body)).status).toBe(401);
    expect((await post(url, body, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    expect((await post(url, body, { headers: { authorization: 'Bearer sesame' } })).status).toBe(200);
  });

  it('refuses a prompt that does not fit', async () => {
    const server = await kept(make({ models: [{ id: 'm', loaded: true, contextLength: 100 }] }));
    const messages = [{ role: 'user', content: 'x'.repeat(1_000) }];
    const reply = await post(`${server.url}/v1/chat/completions`, { model: 'm', messages });
    expect(reply.status).toBe(400);
    expect(await reply.text()).toMatch(/context/);
  });

  it('stops at once, open replies included, and frees its port', async () => {
    const server = await kept(make({ models: [{ id: 'm', loaded: true }], faults: ['hang-mid-stream'] }));
    const reply = await post(`${server.url}/v1/chat/completions`, { model: 'm', messages: hello, stream: true });
    await Promise.all([server.close(), server.close(), server[Symbol.asyncDispose]()]);
    await expect(reply.text()).rejects.toThrow();
    await expect(fetch(server.url)).rejects.toThrow();
    expect(server.requests[0]?.cancelled).toBe(false);
    const again = await kept(make({ port: server.port }));
    expect(again.port).toBe(server.port);
  });

  it('knows when the client left', async () => {
    const server = await kept(make({ models: [{ id: 'm', loaded: true }], delayMs: 60_000 }));
    const leave = new AbortController();
    const sent = post(
      `${server.url}/v1/chat/completions`,
      { model: 'm', messages: hello, stream: true },
      { signal: leave.signal },
    );
    sent.catch(() => {});
    await expect.poll(() => server.requests.length, { interval: 5 }).toBe(1);
    leave.abort();
    await expect.poll(() => server.requests[0]?.cancelled, { interval: 5 }).toBe(true);
  });

  it('waits for a reply function that takes its time, and tells what it threw', async () => {
    let release: (text: string) => void = () => {};
    const server = await kept(
      make({
        models: [{ id: 'm', loaded: true }],
        reply: ({ messages }) => {
          if (messages.length > 1) throw new Error('two messages');
          return new Promise((resolve) => {
            release = resolve;
          });
        },
      }),
    );
    const url = `${server.url}/v1/chat/completions`;
    const sent = post(url, { model: 'm', messages: hello });
    await expect.poll(() => server.requests.length, { interval: 5 }).toBe(1);
    const failed = await post(url, { model: 'm', messages: [...hello, ...hello] });
    expect(failed.status).toBe(500);
    expect(await failed.text()).toContain('two messages');
    release('late');
    expect(await (await sent).text()).toContain('"late"');
  });

  it('embeds only with a model that can: the same vector for the same text', async () => {
    const able = await kept(make({ models: [{ id: 'e', loaded: true, capabilities: ['embedding'] }] }));
    const body = { model: 'e', input: ['a', 'b', 'a'] };
    const { data } = (await (await post(`${able.url}/v1/embeddings`, body)).json()) as {
      data: { embedding: number[] }[];
    };
    const [a, b, c] = data.map((item) => item.embedding);
    expect(a).toEqual(c);
    expect(a).not.toEqual(b);
    expect(Math.hypot(...(a ?? []))).toBeCloseTo(1);
  });
});

describe('options of a fake server', () => {
  it.each([
    [{ prot: 1 }, /fakeOllama: prot: unknown option.*port/],
    [{ port: -1 }, /port.*whole number from 0 to 65535/],
    [{ models: [{ name: 'x' }] }, /models\.0/],
    [{ models: 'x' }, /models.*list of models/],
    [{ faults: ['hang', { name: 'explode' }] }, /faults: got an array.*known names: hang, /],
    [{ reply: 3 }, /reply.*a text or a function/],
    [{ delayMs: '5' }, /delayMs.*milliseconds/],
  ])('%o is refused with the fix', async (options, message) => {
    const failure = await fakeOllama(options as unknown as FakeServerOptions).catch((error: unknown) => error);
    expect(RouterError.is(failure) && failure.code).toBe('ERR_INVALID_OPTION');
    expect(String(failure)).toMatch(message);
  });

  it('a port in use is named', async () => {
    const first = await kept(fakeVLLM());
    const failure = await fakeLMStudio({ port: first.port }).catch((error: unknown) => error);
    expect(RouterError.is(failure) && failure.code).toBe('ERR_INVALID_OPTION');
    expect(String(failure)).toContain(`fakeLMStudio: port ${first.port}`);
  });
});
