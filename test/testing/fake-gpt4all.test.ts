import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import type { FakeServer } from '../../src/testing.js';
import { fakeGPT4All } from '../../src/testing.js';
import { ask, type Exchange } from './recording.js';

// Built from the source of the real one: there is no recording to compare with.
let server: FakeServer;
beforeEach(async () => {
  server = await fakeGPT4All({ models: [{ id: 'Llama 3', contextLength: 100 }], reply: 'one two three' });
});
afterEach(() => server.close());

const messages = [{ role: 'user', content: 'Hello' }];
const chat = (body: object): Promise<Exchange> =>
  ask(server.url, {
    method: 'POST',
    path: '/v1/chat/completions',
    headers: {},
    body: { model: 'Llama 3', messages, ...body },
  });

describe('the fake GPT4All', () => {
  it('answers in one piece, with usage', async () => {
    const { status, headers, body } = await chat({ max_tokens: 50 });
    expect([status, headers['Access-Control-Allow-Origin']]).toEqual([200, '*']);
    expect(JSON.parse(body)).toMatchObject({
      id: 'placeholder',
      object: 'chat.completion',
      model: 'Llama 3',
      choices: [{ message: { role: 'assistant', content: 'one two three' }, finish_reason: 'stop', logprobs: null }],
      usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 },
    });
  });

  it.each([
    [{ stream: true }, "'stream' is not supported"],
    [{ stream_options: { include_usage: true } }, "'stream_options' is not supported"],
    [{ seed: 1 }, "'seed' is not supported"],
    [{ stop: 'x' }, "'stop' is not supported"],
    [{ tools: [] }, "'tools' is not supported"],
    [{ response_format: { type: 'json_object' } }, "'response_format' is not supported"],
    [{ frequency_penalty: 0.5 }, "'frequency_penalty' is not supported"],
    [{ top_k: 4 }, 'Unrecognized request argument supplied: top_k'],
    [{ messages: [] }, /^Invalid type for 'messages'/],
    [{ messages: [{ role: 'tool', content: 'x' }] }, /messages\[0\]\.role/],
    [{ messages: [{ role: 'user', content: 'x', name: 'y' }] }, /unrecognized key: 'name'/],
    [{ messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] }, /type 'string'/],
  ])('refuses %j', async (fields, message) => {
    const { status, body } = await chat(fields);
    expect(status).toBe(400);
    expect(JSON.parse(body).error).toEqual({
      code: null,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
      param: null,
      type: 'invalid_request_error',
    });
  });

  it('takes what means nothing, cuts after 16 tokens, and says so only where the count is met', async () => {
    expect((await chat({ frequency_penalty: 0, stream: false, user: 'x', temperature: 1 })).status).toBe(200);
    const cut = JSON.parse((await chat({ max_tokens: 2 })).body);
    expect(cut.choices[0]).toMatchObject({ message: { content: 'one two' }, finish_reason: 'length' });
  });

  it('answers for an unknown model with the one it has, and fails without a word', async () => {
    expect(JSON.parse((await chat({ model: 'nobody' })).body).model).toBe('Llama 3');
    const overlong = await chat({ messages: [{ role: 'user', content: 'x'.repeat(1_000) }] });
    expect([overlong.status, overlong.body]).toEqual([500, '']);
  });

  it('says nothing of an unknown model, and has no keys', async () => {
    const none = await ask(server.url, { method: 'GET', path: '/v1/models/nobody', headers: {} });
    expect([none.status, none.body]).toEqual([200, '{}']);
    await expect(fakeGPT4All({ apiKey: 'k' })).rejects.toThrow(/fakeGPT4All: apiKey/);
  });

  it('is found as what it is', async () => {
    const discovery = new ServiceDiscovery({ hosts: [], services: [{ type: 'gpt4all', baseURL: server.url }] });
    const { services } = await discovery.discoverAll();
    await discovery.close();
    expect(services).toMatchObject([{ type: 'gpt4all', status: 'up', models: [{ id: 'Llama 3', remote: 'unknown' }] }]);
  });
});
