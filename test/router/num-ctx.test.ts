import { type FakeServer, fakeLlamaCpp, fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { chats, over, up } from './setup.js';

const sentNumCtx = (fake: FakeServer): unknown[] =>
  chats(fake).map(({ body }) => (body as { options?: { num_ctx?: number } }).options?.num_ctx);
const turn = (i: number): string => `turn ${i}: ${'some more text '.repeat(120)}`;

describe('the context that Ollama is asked for', () => {
  it('is the one that a loaded model has, whatever that is', async () => {
    const models = [{ id: 'm:7b', loaded: true, contextLength: 20_000, maxContextLength: 32_768 }];
    const fake = await up(fakeOllama({ models }));
    const { decision } = await over(fake).route('hello');
    expect(sentNumCtx(fake)).toEqual([20_000]);
    expect(decision.context).toMatchObject({ numCtx: 20_000, limit: { value: 20_000, source: 'server' } });
  });

  it('is no longer than the memory that the host allows has room for', async () => {
    const models = [{ id: 'llama3.1:8b', sizeBytes: 4_900_000_000, maxContextLength: 131_072 }];
    const fake = await up(fakeOllama({ models }));
    const router = over(fake, { selector: { maxVramGb: 8 } });
    const long = 'Please mind this sentence about the parser. '.repeat(60);
    for (let i = 0; i < 80; i += 1) router.context.addMessage({ role: i % 2 ? 'assistant' : 'user', content: long });
    const { decision } = await router.route('hello');
    // 128 KiB of cache per token: 16384 tokens take 2 GiB beside weights and buffers, 32768 would take 4.
    expect(sentNumCtx(fake)).toEqual([16_384]);
    expect(decision.context.compaction).not.toBeNull();
    expect(decision.context.limit).toEqual({ value: 16_384, source: 'config' });
  });

  it('stays the same from turn to turn, and grows in few steps', async () => {
    const fake = await up(fakeOllama({ models: [{ id: 'm:7b', maxContextLength: 32_768 }], reply: 'yes '.repeat(50) }));
    const router = over(fake);
    for (let i = 0; i < 12; i++) await router.route({ prompt: turn(i), maxTokens: 500 });
    const sent = sentNumCtx(fake) as number[];
    expect(sent.slice(0, 3)).toEqual([4096, 4096, 4096]);
    expect([...new Set(sent)]).toEqual([4096, 8192]);
    expect([...sent].sort((a, b) => a - b)).toEqual(sent);
  });

  it('stays the same also after discovery has looked again', async () => {
    const fake = await up(fakeOllama({ models: [{ id: 'm:7b', maxContextLength: 32_768 }] }));
    const router = over(fake);
    for (let i = 0; i < 3; i++) {
      await router.route({ prompt: turn(i), maxTokens: 3_000 });
      await router.discovery.refresh();
    }
    expect(new Set(sentNumCtx(fake)).size).toBe(1);
  });

  it('is not made smaller for a short question in between', async () => {
    const fake = await up(fakeOllama({ models: [{ id: 'm:7b', maxContextLength: 32_768 }] }));
    const router = over(fake);
    await router.route({ prompt: 'word '.repeat(6_000), session: 'long' });
    await router.route({ prompt: 'hi', session: 'short' });
    const [first, second] = sentNumCtx(fake);
    expect(first).toBeGreaterThan(4096);
    expect(second).toBe(first);
  });

  it('never exceeds the largest of the model, and the decision notes a reload', async () => {
    const models = [{ id: 'm:7b', loaded: true, contextLength: 4096, maxContextLength: 10_000 }];
    const fake = await up(fakeOllama({ models }));
    const { decision } = await over(fake).route('word '.repeat(5_000));
    expect(sentNumCtx(fake)).toEqual([10_000]);
    expect(decision.notes.join()).toMatch(/loaded anew with a context of 10000 tokens \(now 4096\)/);
  });

  it('is what the request says', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    const { decision } = await router.route({ prompt: 'hi', numCtx: 6_000 });
    await router.route({ prompt: 'hi', numCtx: 'server' });
    expect(sentNumCtx(fake)).toEqual([6_000, undefined]);
    expect(decision.context).toMatchObject({ numCtx: 6_000, limit: { value: 6_000, source: 'config' } });
  });

  it('is what the prompt has to fit, where the request says it', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    for (let i = 0; i < 10; i++) router.context.addMessage({ role: 'user', content: turn(i) });
    const { decision } = await router.route({ prompt: 'hi', numCtx: 2_048 });
    expect(decision.context.compaction).toMatchObject({ limit: 2_048 });
    expect(sentNumCtx(fake)).toEqual([2_048]);
  });

  it('is not sent to other servers', async () => {
    const llama = await up(fakeLlamaCpp());
    const ollama = await up(fakeOllama());
    await over(llama).route({ prompt: 'hi', numCtx: 6_000 });
    await over([], { services: [{ type: 'ollama', baseURL: ollama.url, apiStyle: 'openai' }] }).route('hi');
    expect(JSON.stringify([chats(llama)[0]?.body, chats(ollama)[0]?.body])).not.toContain('num_ctx');
    expect(chats(ollama)[0]?.path).toBe('/v1/chat/completions');
  });
});
