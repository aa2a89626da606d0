import { fakeGPT4All } from 'local-llm-router/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RouterError } from '../../src/core/errors.js';
import type { ChatRequest, TransportEvent } from '../../src/core/transport.js';
import { gpt4allTransport } from '../../src/transports/gpt4all.js';

async function up(options: Parameters<typeof fakeGPT4All>[0] = {}) {
  const fake = await fakeGPT4All(options);
  onTestFinished(() => fake.close());
  return fake;
}

async function chat(baseURL: string, fields: Partial<ChatRequest> = {}, id = 'Reasoner v1'): Promise<TransportEvent[]> {
  const model = { id, key: null, service: 'gpt4all@x:1', type: 'gpt4all' as const, baseURL };
  const request: ChatRequest = { model, messages: [{ role: 'user', content: 'Hello' }], headers: {}, ...fields };
  const events: TransportEvent[] = [];
  const signal = new AbortController().signal;
  for await (const event of gpt4allTransport().chat(request, { signal, fetch })) events.push(event);
  return events;
}

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => (RouterError.is(error) ? error : undefined),
  );

describe('the transport of GPT4All', () => {
  it('gives the answer that comes in one piece, and what it cost', async () => {
    const { url } = await up({ reply: 'one two three' });
    expect(await chat(url)).toEqual([
      { type: 'text', text: 'one two three' },
      {
        type: 'finish',
        finishReason: 'stop',
        usage: expect.objectContaining({ inputTokens: 2, outputTokens: 3 }),
        servedModel: 'Reasoner v1',
      },
    ]);
  });

  it('asks for more than the 16 tokens that the server gives by itself, and for what the caller wants', async () => {
    const words = Array.from({ length: 40 }, (_, i) => `w${i}`).join(' ');
    const { url, requests } = await up({ reply: words });
    expect((await chat(url))[0]).toEqual({ type: 'text', text: words });
    expect((await chat(url, { maxTokens: 2, temperature: 0.5, topP: 0.9 })).at(-1)).toMatchObject({
      finishReason: 'length',
    });
    expect(requests[1]?.body).toEqual({
      messages: [{ role: 'user', content: 'Hello' }],
      max_tokens: 2,
      temperature: 0.5,
      top_p: 0.9,
      model: 'Reasoner v1',
    });
  });

  it('sends roles and texts only', async () => {
    const { url, requests } = await up();
    await chat(url, {
      frequencyPenalty: 0,
      responseFormat: { type: 'text' },
      reasoningEffort: 'low',
      toolChoice: 'none',
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          name: 'ann',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        { role: 'assistant', content: null },
      ],
    });
    expect(requests[0]?.body).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'ab' },
        { role: 'assistant', content: '' },
      ],
    });
  });

  it.each<[string, Partial<ChatRequest>]>([
    ['stop', { stop: 'x' }],
    ['seed', { seed: 1 }],
    ['topK', { topK: 40 }],
    ['presencePenalty', { presencePenalty: 1 }],
    ['suffix', { suffix: 'x' }],
    ['responseFormat', { responseFormat: { type: 'json_object' } }],
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['tool calls', { messages: [{ role: 'tool', tool_call_id: 'a', content: 'x' }] }],
    [
      'other than text',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }] },
    ],
  ])('refuses %s before sending', async (what, fields) => {
    const { url, requests } = await up();
    expect(await failure(chat(url, fields))).toMatchObject({
      code: 'ERR_UNSUPPORTED',
      message: expect.stringMatching(new RegExp(`GPT4All does not take .*${what}`)),
    });
    expect(requests).toEqual([]);
  });

  it('takes the answer of the default model for none', async () => {
    const { url } = await up();
    expect(await failure(chat(url, {}, 'uninstalled'))).toMatchObject({ code: 'ERR_MODEL_MISMATCH' });
    expect((await chat(url, {}, 'model.Q4_0.gguf')).at(-1)).toMatchObject({ finishReason: 'stop' });
  });

  it('gives no answer where the server fails without a word', async () => {
    const { url } = await up({ faults: ['overflow'] });
    expect(await failure(chat(url))).toMatchObject({ code: 'ERR_BAD_RESPONSE' });
  });
});
