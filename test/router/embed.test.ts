import { LocalLLMRouter, ollamaTransport, type RoutingDecision, type Transport } from 'local-llm-router';
import { fakeLlamaCpp, fakeLMStudio, fakeOllama, fakeVLLM } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { chats, failure, over, soon, up } from './setup.js';

const EMBEDDER = { id: 'nomic-embed-text:latest', capabilities: ['embedding'] as const, contextLength: 2_048 };
const CHAT = { id: 'qwen2.5-coder:7b', loaded: true };
const embeddings = ({ path }: { path: string }) => /\/embed(?:dings)?$/.test(path);

describe('texts become vectors', () => {
  it('of the embedding model, in one request and in order', async () => {
    const fake = await up(fakeOllama({ models: [CHAT, EMBEDDER] }));
    const router = over(fake);
    const both = await router.embed(['red', 'green']);
    const [red] = (await router.embed('red')).embeddings;
    expect(both.embeddings).toHaveLength(2);
    expect(both.embeddings[0]).toEqual(red);
    expect(both.embeddings[1]).not.toEqual(red);
    expect(both.model.id).toBe(EMBEDDER.id);
    expect(both.usage).toEqual({ inputTokens: 3, outputTokens: 0, source: 'reported' });
    expect(both.attempts).toMatchObject([{ outcome: 'ok', level: 'primary', model: { id: EMBEDDER.id } }]);
    expect(both.decision).toMatchObject({
      requirements: { capabilities: ['embedding'] },
      rejected: [{ model: { id: CHAT.id }, rule: 'kind' }],
    });
    expect(fake.requests.filter(embeddings)).toHaveLength(2);
    expect(fake.requests.filter(embeddings)[0]).toMatchObject({ body: { input: ['red', 'green'], truncate: false } });
    expect(chats(fake)).toEqual([]);
  });

  it.each([
    ['LM Studio', fakeLMStudio],
    ['llama.cpp', fakeLlamaCpp],
    ['Ollama', fakeOllama],
  ])('at %s', async (_, fakeServer) => {
    const fake = await up(fakeServer({ models: [{ id: 'text-embedding-nomic', capabilities: ['embedding'] }] }));
    const { embeddings: vectors, usage } = await over(fake).embed(['red', 'green', 'blue']);
    expect(vectors.map((vector) => vector.length)).toEqual([8, 8, 8]);
    expect(usage.inputTokens).toBeGreaterThan(0);
  });

  it('with what a chat needs left out: no session, no system prompt, no window for an answer', async () => {
    const fake = await up(fakeOllama({ models: [EMBEDDER] }));
    const router = over(fake, { taskRouting: { coding: { minContext: 16_384 }, reasoning: { minContext: 16_384 } } });
    await router.embed('red');
    expect(router.context.sessions()).toEqual([]);
  });

  it('and are told, counted and recorded like an answer', async () => {
    const fake = await up(fakeOllama({ models: [EMBEDDER] }));
    const router = over(fake);
    const decisions: RoutingDecision[] = [];
    const attempts: string[] = [];
    router.onDecision((decision) => decisions.push(decision));
    router.onAttempt(({ outcome }, id) => attempts.push(`${outcome} ${id}`));
    const { decision } = await router.embed('SECRET-TEXT');
    expect(decisions).toEqual([decision]);
    expect(attempts).toEqual([`ok ${decision.id}`]);
    const records = router.security.audit.recent();
    expect(records.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['attempt.start', 'attempt.end', 'query']),
    );
    expect(JSON.stringify(records)).not.toContain('SECRET-TEXT');
  });
});

describe('which model embeds', () => {
  it('is never a chat model, asked for or not', async () => {
    const fake = await up(fakeOllama({ models: [CHAT] }));
    const router = over(fake);
    const unasked = await failure(router.embed('red'));
    expect(unasked).toMatchObject({ code: 'ERR_NO_MODEL' });
    expect(unasked.message).toMatch(/qwen2\.5-coder:7b .*\(kind\).*embedding/);
    expect(await failure(router.embed('red', { model: CHAT.id }))).toMatchObject({ code: 'ERR_NO_MODEL' });
    expect(fake.requests.filter(embeddings)).toEqual([]);
  });

  it('is a chat model where its server says that it embeds, too', async () => {
    const fake = await up(
      fakeOllama({ models: [{ id: 'both:7b', capabilities: ['chat', 'completion', 'embedding'] }] }),
    );
    expect((await over(fake).embed('red')).model.id).toBe('both:7b');
  });

  it('can be named', async () => {
    const other = { ...EMBEDDER, id: 'bge-m3:latest' };
    const fake = await up(fakeOllama({ models: [EMBEDDER, other] }));
    const router = over(fake);
    for (const { id } of [EMBEDDER, other]) expect((await router.embed('red', { model: id })).model.id).toBe(id);
    expect(await failure(router.embed('red', { model: 'no-such' }))).toMatchObject({ code: 'ERR_NO_MODEL' });
  });

  it('stays the one that embedded last, because vectors of different models do not compare', async () => {
    const other = { ...EMBEDDER, id: 'bge-m3:latest' };
    const fake = await up(fakeOllama({ models: [EMBEDDER, other] }));
    const router = over(fake);
    for (const { id } of [EMBEDDER, other]) {
      await router.embed('red', { model: id });
      expect((await router.embed('red')).model.id).toBe(id);
    }
  });

  it('is another one where the first fails, and the attempts say so', async () => {
    const first = await up(fakeOllama({ models: [{ ...EMBEDDER, loaded: true }] }));
    const second = await up(fakeLMStudio({ models: [{ id: EMBEDDER.id, capabilities: ['embedding'] }] }));
    const uneven: Transport = { ...ollamaTransport(), embed: async () => ({ embeddings: [[1, 2], [3]] }) };
    const router = over([first, second], { transports: [uneven] });
    const result = await router.embed(['a', 'b'], { model: EMBEDDER.id });
    expect(result.attempts.map(({ model, outcome, code }) => [model.type, outcome, code])).toEqual([
      ['ollama', 'failed', 'ERR_BAD_RESPONSE'],
      ['lmstudio', 'ok', undefined],
    ]);
    expect(result).toMatchObject({ model: { type: 'lmstudio' }, embeddings: [{ length: 8 }, { length: 8 }] });
    await second.close();
    expect(await failure(router.embed(['a', 'b'], { model: EMBEDDER.id }))).toMatchObject({
      code: 'ERR_ALL_ATTEMPTS_FAILED',
    });
  });
});

describe('what cannot be embedded', () => {
  it.each([
    ['nothing', []],
    ['an empty text', ['a', '']],
    ['a number', [1]],
    ['no text at all', undefined],
    ['tokens', [[1, 2]]],
  ])('%s is refused before anything is asked', async (_, input) => {
    const fake = await up(fakeOllama({ models: [EMBEDDER] }));
    const error = await failure(over(fake).embed(input as string[]));
    expect(error).toMatchObject({ code: 'ERR_INVALID_REQUEST' });
    expect(error.message).toMatch(/^embed: input/);
    expect(fake.requests).toEqual([]);
  });

  it('is a wrong option, too', async () => {
    const router = new LocalLLMRouter({ discovery: false });
    const error = await failure(router.embed('a', { modle: 'x' } as object));
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
    await router.close();
    expect(await failure(router.embed('a'))).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('a text longer than the window says so', async () => {
    const fake = await up(fakeOllama({ models: [{ ...EMBEDDER, maxContextLength: 2_048 }] }));
    const error = await failure(over(fake).embed('word '.repeat(20_000)));
    expect(error).toMatchObject({ code: 'ERR_CONTEXT_OVERFLOW' });
    expect(error.message).toMatch(/Split it/);
    expect(fake.requests.filter(embeddings)).toEqual([]);
  });

  it('nothing is, where a transport makes no embeddings', async () => {
    const fake = await up(fakeOllama({ models: [EMBEDDER] }));
    const { embed: _, ...chatOnly } = ollamaTransport();
    const error = await failure(over(fake, { transports: [chatOnly] }).embed('a'));
    expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED' });
    expect(error.message).toContain('nomic-embed-text');
  });

  it('nothing is, where there is no server', async () => {
    const router = over([]);
    expect(await failure(router.embed('a'))).toMatchObject({ code: 'ERR_NO_SERVICE' });
  });
});

describe('an embedding call ends', () => {
  const hanging = () =>
    up(fakeOllama({ models: [EMBEDDER], faults: ({ path }) => (embeddings({ path }) ? 'hang' : undefined) }));

  it('when it is aborted, and the server is let go', async () => {
    const fake = await hanging();
    const controller = new AbortController();
    const call = over(fake).embed('a', { signal: controller.signal });
    await soon(() => fake.requests.filter(embeddings).length).toBe(1);
    controller.abort();
    expect(await failure(call)).toMatchObject({ code: 'ERR_ABORTED', attempts: [{ outcome: 'cancelled' }] });
    await soon(() => fake.requests.find(embeddings)?.cancelled).toBe(true);
  });

  it('when its time is over', async () => {
    const fake = await hanging();
    const call = over(fake).embed('a', { timeouts: { totalMs: 30 } });
    expect(await failure(call)).toMatchObject({ code: 'ERR_TIMEOUT' });
  });

  it('when the router is closed', async () => {
    const fake = await hanging();
    const router = over(fake);
    const call = failure(router.embed('a'));
    await soon(() => fake.requests.filter(embeddings).length).toBe(1);
    await router.close();
    expect(await call).toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('a vLLM that generates', () => {
  it('is not asked for vectors', async () => {
    const fake = await up(fakeVLLM());
    expect(await failure(over(fake).embed('a'))).toMatchObject({ code: 'ERR_NO_MODEL' });
  });
});
