import { fakeGPT4All, fakeJan, fakeOpenWebUI } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { chats, failure, over, soon, up } from './setup.js';

describe('a router over Open WebUI', () => {
  const models = [{ id: 'qwen2.5-coder:7b', loaded: true, contextLength: 32_768 }];

  it('is refused until the host lists a model, then asks below /api', async () => {
    const fake = await up(fakeOpenWebUI({ apiKey: 'sk-1', models, reply: 'from behind' }));
    const service = { type: 'open-webui', baseURL: `${fake.url}/api`, apiKey: 'sk-1' } as const;
    expect(await failure(over([], { services: [service] }).route('hello'))).toMatchObject({ code: 'ERR_NO_MODEL' });
    expect(chats(fake)).toEqual([]);
    const router = over([], { services: [{ ...service, models: ['qwen2.5-coder:7b'] }] });
    expect((await router.route('hello')).text).toBe('from behind');
    expect(fake.requests.map(({ path }) => path)).toContain('/api/chat/completions');
    expect(fake.requests.filter(({ path }) => path.startsWith('/v1/'))).toEqual([]);
  });

  it('is told how to give a key', async () => {
    const fake = await up(fakeOpenWebUI({ models }));
    const router = over(fake);
    await failure(router.route('hello'));
    expect(router.status().services).toMatchObject([{ type: 'open-webui', status: 'unauthorized' }]);
  });
});

describe('a router over GPT4All', () => {
  const listed = (url: string) => [{ type: 'gpt4all', baseURL: url, models: ['Reasoner v1'] }] as const;

  it('streams its whole answer', async () => {
    const fake = await up(fakeGPT4All({ reply: 'in one piece' }));
    const router = over([], { services: listed(fake.url) });
    const stream = router.stream('hello');
    let text = '';
    for await (const piece of stream.textStream) text += piece;
    expect(text).toBe('in one piece');
    expect((await stream.result).model).toMatchObject({ id: 'Reasoner v1', type: 'gpt4all' });
    expect(chats(fake)[0]?.body).not.toHaveProperty('stream');
  });

  it('asks one thing at a time', async () => {
    let release: (text: string) => void = () => {};
    const fake = await up(fakeGPT4All({ reply: () => new Promise((resolve) => (release = resolve)) }));
    const router = over([], { services: listed(fake.url) });
    const first = router.route({ prompt: 'one', session: 'a' });
    await soon(() => chats(fake).length).toBe(1);
    const second = router.route({ prompt: 'two', session: 'b' });
    await soon(() => router.status().queues).toMatchObject([{ running: 1, waiting: 1, slots: 1 }]);
    expect(chats(fake)).toHaveLength(1);
    release('first');
    expect((await first).text).toBe('first');
    await soon(() => chats(fake).length).toBe(2);
    release('second');
    expect((await second).text).toBe('second');
  });

  it('is not asked for tools or JSON', async () => {
    const fake = await up(fakeGPT4All());
    const router = over([], { services: listed(fake.url) });
    const tools = [{ type: 'function' as const, function: { name: 'f' } }];
    expect(await failure(router.route({ prompt: 'hello', tools }))).toMatchObject({ code: 'ERR_NO_MODEL' });
    const asked = router.route({ prompt: 'hello', responseFormat: { type: 'json_object' } });
    expect(await failure(asked)).toMatchObject({ code: 'ERR_UNSUPPORTED' });
    expect(chats(fake)).toEqual([]);
  });
});

describe('a router over Jan', () => {
  it('uses its local models and never those of a provider', async () => {
    const fake = await up(fakeJan({ models: [{ id: 'gpt-5', remote: true }, { id: 'Qwen3-8B-Q4_K_M' }] }));
    const router = over(fake);
    const { model, decision } = await router.route('hello');
    expect(model.id).toBe('Qwen3-8B-Q4_K_M');
    expect(decision.rejected).toMatchObject([{ model: { id: 'gpt-5' }, rule: 'remote' }]);
  });
});
