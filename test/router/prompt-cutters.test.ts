import { fakeKoboldCpp, fakeLocalAI, fakeTextGenerationWebUI } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { chats, failure, over, soon, up } from './setup.js';

const models = [{ id: 'koboldcpp/coder-7b', contextLength: 2_048 }];
const long = 'word '.repeat(1_200);

describe('a router over KoboldCpp', () => {
  const limitSent = async (maxTokens?: number): Promise<number> => {
    const fake = await up(fakeKoboldCpp({ models }));
    await over(fake).route({ messages: [{ role: 'user', content: long }], maxTokens });
    return (chats(fake)[0] as { body: { max_tokens: number } }).body.max_tokens;
  };

  it('asks for no more than leaves the prompt its place', async () => {
    // Left to itself the server would take 896 tokens for the answer, from a prompt of 1500.
    const room = await limitSent();
    expect(room).toBeGreaterThan(1);
    expect(room).toBeLessThan(2_048 - 1_500);
    expect(await limitSent(400)).toBe(room);
    expect(await limitSent(7)).toBe(7);
  });

  it('never sends what does not fit', async () => {
    const fake = await up(fakeKoboldCpp({ models }));
    const error = await failure(over(fake).route({ messages: [{ role: 'user', content: long.repeat(3) }] }));
    expect(['ERR_CONTEXT_OVERFLOW', 'ERR_NO_MODEL']).toContain(error.code);
    expect(chats(fake)).toEqual([]);
  });

  it('sends one request at a time', async () => {
    let release: (text: string) => void = () => {};
    const fake = await up(fakeKoboldCpp({ models, reply: () => new Promise((resolve) => (release = resolve)) }));
    const router = over(fake);
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
});

describe('a router over text-generation-webui', () => {
  it('says that the window is not known, and keeps within the one that the host gives', async () => {
    const fake = await up(fakeTextGenerationWebUI({ models }));
    const { decision } = await over(fake).route('hello');
    expect(decision.notes.filter((note) => note.includes('contextLength'))).toHaveLength(1);
    expect(chats(fake)[0]?.body).not.toHaveProperty('max_tokens');
    const service = { type: 'text-generation-webui', baseURL: fake.url, contextLength: 2_048 } as const;
    await over([], { services: [service] }).route({ messages: [{ role: 'user', content: 'hi' }], maxTokens: 5_000 });
    expect((chats(fake)[1] as { body: { max_tokens: number } }).body.max_tokens).toBeLessThan(2_048);
  });
});

describe('a router over LocalAI', () => {
  it('takes no failure for an answer', async () => {
    const broken = await up(
      fakeLocalAI({ models: [{ id: 'coder-7b', loaded: true }], faults: ['error-before-content'] }),
    );
    const sound = await up(fakeLocalAI({ models: [{ id: 'coder-3b', loaded: true }], reply: 'from the other' }));
    const { text, attempts } = await over([broken, sound]).route('hello');
    expect(text).toBe('from the other');
    expect(attempts.map(({ outcome, model }) => [outcome, model.id])).toEqual([
      ['failed', 'coder-7b'],
      ['ok', 'coder-3b'],
    ]);
  });
});
