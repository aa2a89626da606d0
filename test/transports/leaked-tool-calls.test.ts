import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ToolDefinition } from '../../src/core/chat.js';
import type { ChatRequest, TransportEvent } from '../../src/core/transport.js';
import { leakedToolCalls } from '../../src/transports/leaked-tool-calls.js';
import { ollamaTransport } from '../../src/transports/ollama.js';
import { openaiTransport } from '../../src/transports/openai.js';
import { collect, modelAt } from './loopback.js';

const tool = (name: string): ToolDefinition => ({ type: 'function', function: { name } });
const offered = [tool('read_file'), tool('read_dir')];
const names = new Set(['read_file', 'read_dir']);
const CALL = '{"name": "read_file", "arguments": {"path": "a.ts"}}';
const READ = { name: 'read_file', arguments: '{"path":"a.ts"}' };

const recovered: readonly [string, readonly object[]][] = [
  [`<tool_call>\n${CALL}\n</tool_call>`, [READ]],
  [`\n<tool_call>${CALL}</tool_call>\n`, [READ]],
  [`<tool_call>\n${CALL}\n`, [READ]],
  [`<tool_call>${CALL}</tool_call>\n<tool_call>${CALL}</tool_call>`, [READ, READ]],
  ['<tool_call>{"name":"read_dir","arguments":"{\\"path\\":\\"a.ts\\"}"}</tool_call>', [{ ...READ, name: 'read_dir' }]],
  ['<|python_tag|>{"name": "read_file", "parameters": {"path": "a.ts"}}<|eom_id|>', [READ]],
  [`[TOOL_CALLS] [${CALL}, ${CALL}]`, [READ, READ]],
  [CALL, [READ]],
  ['{"type":"function","name":"read_file","parameters":{"path":"a.ts"}}', [READ]],
  ['{"type":"function","function":{"name":"read_file","arguments":{"path":"a.ts"}}}', [READ]],
  ['{"arguments": {"path": "a.ts"}, "name": "read_file"}', [READ]],
];

const texts = [
  `I would call <tool_call>${CALL}</tool_call>.`,
  `<tool_call>${CALL}</tool_call> reads the file.`,
  `<tool_call>${CALL}</tool_call><tool_call>{"name":"other","arguments":{}}</tool_call>`,
  `<tool_call>${CALL}<tool_call>${CALL}</tool_call>`,
  '<tool_call>{"name":"other","arguments":{}}</tool_call>',
  '<tool_call>read_file(a.ts)</tool_call>',
  '<tool_call> is the tag that Hermes uses.',
  '{"name":"other","arguments":{}}',
  '{"name":"read_file"}',
  '{"name":"read_file","arguments":["a.ts"]}',
  '{"name":"read_file","arguments":{},"version":"1.0.0"}',
  '{"name":"read_file","description":"Reads a file"}',
  '{"path":"a.ts"}',
  `[${CALL}]`,
  `\`\`\`json\n${CALL}\n\`\`\``,
  `${CALL}\n${CALL}`,
  '{"name": "read_file", "arguments": {"path": "a',
  '{',
  'read_file',
  '   ',
];

describe('the whole answer', () => {
  it.each(recovered)('is calls: %j', (answer, calls) => {
    expect(leakedToolCalls(answer, names, true)).toEqual(calls);
  });

  it.each(texts)('is text: %j', (answer) => {
    expect(leakedToolCalls(answer, names, true)).toBeNull();
  });

  it('is no call where JSON was asked for or nothing was offered', () => {
    expect(leakedToolCalls(CALL, names, false)).toBeNull();
    expect(leakedToolCalls(`<tool_call>${CALL}</tool_call>`, names, false)).toEqual([READ]);
    expect(leakedToolCalls(CALL, new Set(), true)).toBeNull();
  });
});

const openai = openaiTransport();

/** The events of an answer that a server streams as text in these pieces. */
async function* streamed(pieces: readonly string[], request: Partial<ChatRequest>, reason = 'stop') {
  const chunk = (delta: object, finish: string | null = null) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const body = [...pieces.map((content) => chunk({ content })), chunk({}, reason), 'data: [DONE]\n\n'].join('');
  yield* openai.chat(
    {
      model: modelAt('http://box.test'),
      messages: [{ role: 'user', content: 'read a.ts' }],
      headers: {},
      ...request,
    },
    {
      signal: new AbortController().signal,
      fetch: async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    },
  );
}

async function list(events: AsyncIterable<TransportEvent>): Promise<TransportEvent[]> {
  const all: TransportEvent[] = [];
  for await (const event of events) if (event.type !== 'progress') all.push(event);
  return all;
}

const finish = (finishReason: string) => ({ type: 'finish', finishReason, usage: undefined, servedModel: undefined });

describe('a streamed answer', () => {
  it('that is a call comes as one, and none of it as text', async () => {
    for (const [answer] of recovered) {
      const events = await list(streamed([...answer], { tools: offered }));
      expect(events.map(({ type }) => type)).not.toContain('text');
      expect(events[0]).toMatchObject({ type: 'tool-call-delta', index: 0, arguments: READ.arguments });
      expect(events.at(-1)).toEqual(finish('tool_calls'));
    }
  });

  it('that is no call comes as the text that it is, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...texts), fc.array(fc.nat(60), { maxLength: 8 }), async (answer, cuts) => {
        const at = [0, ...cuts.filter((cut) => cut < answer.length).sort((a, b) => a - b), answer.length];
        const pieces = at.slice(1).map((to, i) => answer.slice(at[i], to));
        const got = await collect(streamed(pieces, { tools: offered }));
        expect([got.text, got.calls, got.finish?.finishReason]).toEqual([answer, [], 'stop']);
      }),
    );
  });

  it('is not held back once it cannot be a call', async () => {
    const events = await list(streamed(['{"na', 'me": "oth', 'er"', ', "x"'], { tools: offered }));
    expect(events.slice(0, 3)).toEqual([
      { type: 'text', text: '{"name": "oth' },
      { type: 'text', text: 'er"' },
      { type: 'text', text: ', "x"' },
    ]);
    const plain = await list(streamed(['Hel', 'lo'], { tools: offered }));
    expect(plain.slice(0, 2)).toEqual([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
    ]);
  });

  it('tells by `progress` that something comes while it is held back', async () => {
    const seen: string[] = [];
    for await (const { type } of streamed([...CALL], { tools: offered })) seen.push(type);
    expect(seen.filter((type) => type === 'progress')).toHaveLength(CALL.length);
  });

  it('may think before the call', async () => {
    const events = await list(streamed(['<think>hm</think>\n', `<tool_call>${CALL}</tool_call>`], { tools: offered }));
    expect(events).toMatchObject([
      { type: 'reasoning', text: 'hm' },
      { type: 'tool-call-delta', ...READ },
      { finishReason: 'tool_calls' },
    ]);
  });

  const kept: readonly [string, Partial<ChatRequest>, string?][] = [
    ['no tools were offered', {}],
    ['tools were switched off', { tools: offered, toolChoice: 'none' }],
    [
      'another tool was asked for',
      { tools: offered, toolChoice: { type: 'function', function: { name: 'read_dir' } } },
    ],
    ['JSON was asked for', { tools: offered, responseFormat: { type: 'json_object' } }],
    ['a gap was to be filled', { tools: offered, prompt: 'a', suffix: 'b' }],
    ['the answer was cut off', { tools: offered }, 'length'],
  ];
  it.each(kept)('stays text where %s', async (_, request, reason = 'stop') => {
    const got = await collect(streamed([...CALL], request, reason));
    expect([got.text, got.calls, got.finish?.finishReason]).toEqual([CALL, [], reason]);
  });

  it('is left alone where the server sends calls itself', async () => {
    const body = [
      { content: '{"name": ' },
      { tool_calls: [{ index: 0, id: 'c', function: { name: 'read_file', arguments: '{}' } }] },
    ].map((delta) => `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`);
    const end = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\n\n';
    const got = await collect(
      openai.chat(
        { model: modelAt('http://box.test'), messages: [], headers: {}, tools: offered },
        { signal: new AbortController().signal, fetch: async () => new Response(body.join('') + end) },
      ),
    );
    expect([got.text, got.calls.map(({ name }) => name)]).toEqual(['{"name": ', ['read_file']]);
  });

  it('is recovered from Ollama, too', async () => {
    const line = { model: 'm', message: { role: 'assistant', content: CALL }, done: true, done_reason: 'stop' };
    const got = await collect(
      ollamaTransport().chat(
        { model: modelAt('http://box.test'), messages: [], headers: {}, tools: offered },
        { signal: new AbortController().signal, fetch: async () => Response.json(line) },
      ),
    );
    expect([got.text, got.calls]).toEqual(['', [{ ...READ, id: undefined }]]);
  });
});
