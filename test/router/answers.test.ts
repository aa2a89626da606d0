import type { RouteEvent } from 'local-llm-router';
import { fakeLlamaCpp, fakeLMStudio, fakeOllama, fakeVLLM } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { chats, collect, over, up } from './setup.js';

const QUERY = 'Write a function that adds two numbers';
const ANSWER = 'Here it is, in a few words.';

describe.each([
  ['Ollama', fakeOllama],
  ['LM Studio', fakeLMStudio],
  ['llama.cpp', fakeLlamaCpp],
  ['vLLM', fakeVLLM],
])('%s', (_, start) => {
  it('answers a query with everything that is known about the answer', async () => {
    const fake = await up(start({ reply: () => ({ reasoning: 'First I think.', text: ANSWER }) }));
    const result = await over(fake).route(QUERY);
    const { decision, model, attempts, timings, usage } = result;

    expect(result).toMatchObject({ text: ANSWER, reasoning: 'First I think.', toolCalls: [], finishReason: 'stop' });
    expect(result.message).toEqual({ role: 'assistant', content: ANSWER });
    expect(result.id).toBe(decision.id);
    expect(result.fallbackLevel).toBe('primary');
    expect(result.edits).toEqual([]);
    expect(model).toEqual(decision.selected?.model);
    expect(model).toMatchObject({
      type: fake.type,
      baseURL: fake.url,
      service: `${fake.type}@127.0.0.1:${fake.port}`,
      id: chats(fake)[0]?.model,
    });
    expect(usage).toMatchObject({ source: 'reported' });
    expect(usage.inputTokens).toBeGreaterThan(0);
    expect(usage.outputTokens).toBe(10);
    expect(attempts).toMatchObject([{ model, level: 'primary', outcome: 'ok', retries: 0 }]);
    expect(attempts[0]?.startedMs).toBeGreaterThan(0);
    expect(attempts[0]?.durationMs).toBeGreaterThanOrEqual(0);
    expect(Object.keys(timings).sort()).toEqual(['decisionMs', 'firstContentMs', 'queueMs', 'totalMs']);
    expect(timings.totalMs).toBeGreaterThanOrEqual(timings.firstContentMs);
    expect(timings.firstContentMs).toBeGreaterThanOrEqual(timings.decisionMs);
  });

  it('decides with all candidates, their score parts, and how the prompt fits', async () => {
    const fake = await up(start());
    const { decision } = await over(fake).route(QUERY);

    expect(decision.task).toMatchObject({ category: 'coding', complexity: { band: 'low' } });
    expect(decision.selected).toBe(decision.ranked[0]);
    for (const { score, parts } of decision.ranked) {
      expect(score).toBeCloseTo(parts.reduce((sum, { value, weight }) => sum + value * weight, 0));
      expect(parts.every(({ name, reason }) => name !== '' && reason !== '')).toBe(true);
    }
    for (const { reason, remedy } of decision.rejected) expect([reason, remedy]).not.toContain('');
    expect(decision.serena).toEqual({ state: 'off', calls: [], tokens: 0, elapsedMs: 0 });
    expect(decision.context.inputTokens).toBeGreaterThan(0);
    expect(decision.context.limit).toMatchObject({ source: 'server' });
    expect(decision.context.compaction).toBeNull();
    expect(decision.estimatedCost).toBe(0);
  });

  it('streams the same answer: decision first, then content, done last', async () => {
    const fake = await up(start({ reply: () => ({ reasoning: 'First I think.', text: ANSWER }) }));
    const router = over(fake);
    const events = await collect(router.stream(QUERY));
    const types = events.map(({ type }) => type);

    expect(types.filter((type, at) => type !== types[at - 1])).toEqual([
      'decision',
      'status',
      'reasoning',
      'text',
      'done',
    ]);
    expect(textOf(events, 'text')).toBe(ANSWER);
    expect(textOf(events, 'reasoning')).toBe('First I think.');
    const done = events.at(-1);
    const { result } = done as Extract<RouteEvent, { type: 'done' }>;
    expect(result).toMatchObject({ text: ANSWER, fallbackLevel: 'primary', usage: { source: 'reported' } });
    expect(events[0]).toEqual({ type: 'decision', decision: result.decision });
    expect(router.context.exportForApi()).toEqual([{ role: 'user', content: QUERY }, result.message]);
  });

  it('explains a query as it would route it, with nothing sent and nothing stored', async () => {
    const fake = await up(start());
    const router = over(fake);
    const explained = await router.explain(QUERY);

    expect(chats(fake)).toEqual([]);
    expect(router.context.sessions()).toEqual([]);
    const { decision } = await router.route(QUERY);
    const { id, ...rest } = explained;
    expect(decision).toMatchObject(JSON.parse(JSON.stringify(rest)));
    expect(decision.id).not.toBe(id);
  });

  it('asks for a tool and takes its result', async () => {
    const fake = await up(
      start({
        reply: ({ messages }) =>
          messages.at(-1)?.role === 'tool'
            ? 'It is 21 degrees.'
            : { toolCalls: [{ name: 'weather', arguments: { city: 'Oslo' } }] },
      }),
    );
    const router = over(fake);
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } }];
    const events = await collect(router.stream({ prompt: 'How warm is it in Oslo?', tools }));
    const { result } = events.at(-1) as Extract<RouteEvent, { type: 'done' }>;
    const [call] = result.toolCalls;

    expect(result.finishReason).toBe('tool_calls');
    expect(call).toMatchObject({ type: 'function', function: { name: 'weather' } });
    expect(JSON.parse(call?.function.arguments ?? '')).toEqual({ city: 'Oslo' });
    expect(events.filter(({ type }) => type === 'tool-call')).toEqual([{ type: 'tool-call', toolCall: call }]);
    expect(result.message).toEqual({ role: 'assistant', content: null, tool_calls: [call] });

    const next = await router.route({
      messages: [{ role: 'tool', tool_call_id: call?.id ?? '', content: '21' }],
      session: 'default',
      tools,
    });
    expect(next.text).toBe('It is 21 degrees.');
    expect(router.context.exportForApi().map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant']);
  });
});

it('takes the word of the host for the task and how hard it is', async () => {
  const fake = await up(fakeOllama());
  const { decision } = await over(fake).route({ prompt: 'hello', task: 'documentation', complexity: 9 });
  expect(decision.task).toMatchObject({ category: 'documentation', confidence: 1, alternatives: [] });
  expect(decision.task.complexity).toMatchObject({ score: 9, band: 'high' });
});

it('takes the sampling options to the wire of the server', async () => {
  const request = { prompt: 'hi', temperature: 0.5, topP: 0.9, topK: 7, seed: 3, stop: 'END', maxTokens: 4 };
  const ollama = await up(fakeOllama());
  const llama = await up(fakeLlamaCpp());
  const { finishReason } = await over(ollama).route({ ...request, keepAlive: '10m', extraBody: { raw: true } });
  await over(llama).route({ ...request, extraBody: { min_p: 0.1 } });
  expect(finishReason).toBe('length');
  expect(chats(ollama)[0]?.body).toMatchObject({
    keep_alive: '10m',
    raw: true,
    options: { temperature: 0.5, top_p: 0.9, top_k: 7, seed: 3, stop: ['END'], num_predict: 4 },
  });
  expect(chats(llama)[0]?.body).toMatchObject({
    temperature: 0.5,
    top_p: 0.9,
    top_k: 7,
    seed: 3,
    stop: 'END',
    max_tokens: 4,
    min_p: 0.1,
  });
});

it('proposes the edits that an answer holds, and applies none', async () => {
  const block = 'src/a.ts\n```ts\n<<<<<<< SEARCH\nconst a = 1;\n=======\nconst a = 2;\n>>>>>>> REPLACE\n```';
  const fake = await up(fakeOllama({ reply: block }));
  const { edits } = await over(fake).route('Change a to 2 in src/a.ts');
  expect(edits).toMatchObject([
    { format: 'search-replace', operation: 'edit', file: 'src/a.ts', search: 'const a = 1;', replace: 'const a = 2;' },
  ]);
});

it('counts the tokens itself where the server does not', async () => {
  const fake = await up(fakeOllama());
  const transport = {
    name: 'ollama',
    specificationVersion: 1 as const,
    capabilities: {},
    async *chat() {
      yield { type: 'text' as const, text: 'four words of text' };
      yield { type: 'finish' as const, finishReason: 'stop' as const };
    },
  };
  const { usage } = await over(fake, { transports: [transport] }).route(QUERY);
  expect(usage).toMatchObject({ source: 'estimated', inputTokens: expect.any(Number), outputTokens: 6 });
});

function textOf(events: readonly RouteEvent[], type: 'text' | 'reasoning'): string {
  return events.map((event) => (event.type === type ? event.text : '')).join('');
}
