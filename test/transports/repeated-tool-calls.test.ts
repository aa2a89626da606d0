import { describe, expect, it } from 'vitest';
import type { ServiceType } from '../../src/core/service.js';
import { openaiTransport } from '../../src/transports/openai.js';
import { collect, modelAt, type Recorded, recorded, replay } from './loopback.js';

const tool = (name: string) => ({ type: 'function' as const, function: { name } });

function answer(record: Recorded, type: ServiceType) {
  const request = {
    model: { ...modelAt('http://replay.test'), type },
    messages: [{ role: 'user' as const, content: 'hi' }],
    tools: [tool('get_weather'), tool('other')],
    headers: {},
  };
  const o = { signal: new AbortController().signal, fetch: async () => replay(record) };
  return collect(openaiTransport().chat(request, o));
}

const frame = (calls: object[], finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, finish_reason: finish, delta: { tool_calls: calls } }] })}\n\n`;
const call = (index: number, name: string | undefined, text: string) => ({
  index,
  id: 'one-id-for-all',
  type: 'function',
  function: { name, arguments: text },
});
const stream = (...chunks: string[]): Recorded => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream' },
  chunks,
  cut: false,
});

describe('the tool calls of LocalAI', () => {
  it('are one where one was made, though it streams every state of it as a call (recorded 3.12.1)', async () => {
    const got = await answer(recorded('localai/3.12.1/chat-tools-stream'), 'localai');
    expect(got.calls.map(({ name, arguments: text }) => [name, text])).toEqual([
      ['get_weather', '{"location":"San Francisco"}'],
    ]);
    expect(got.finish?.finishReason).toBe('tool_calls');
  });

  it('are several where several were made', async () => {
    const got = await answer(
      stream(
        frame([call(0, 'get_weather', '{}')]),
        frame([call(7, 'other', '{"a":1}')]),
        frame([call(0, 'get_weather', '')]),
        frame([call(0, undefined, '{"city":"Oslo"}')]),
        frame([call(1, 'other', '')]),
        frame([call(1, undefined, '{"a":1}')], 'tool_calls'),
      ),
      'localai',
    );
    expect(got.calls.map(({ name, arguments: text }) => [name, text])).toEqual([
      ['get_weather', '{"city":"Oslo"}'],
      ['other', '{"a":1}'],
    ]);
  });

  it('are taken as they come where none is sent again', async () => {
    const got = await answer(stream(frame([call(0, 'other', '{"a":1}')], 'tool_calls')), 'localai');
    expect(got.calls).toMatchObject([{ name: 'other', arguments: '{"a":1}' }]);
  });
});

it('other servers are passed on at once', async () => {
  const got = await answer(stream(frame([call(0, 'other', '{"a"')]), frame([call(0, undefined, ':1}')])), 'vllm');
  expect(got.calls).toMatchObject([{ name: 'other', arguments: '{"a":1}' }]);
  expect(got.error).toMatchObject({ code: 'ERR_INTERRUPTED' });
});
