import { describe, expect, it } from 'vitest';
import type { ServiceType } from '../../src/core/service.js';
import type { ChatRequest } from '../../src/core/transport.js';
import { openaiTransport } from '../../src/transports/openai.js';
import { collect, modelAt, recorded, replay } from './loopback.js';

const openai = openaiTransport();

/** What goes out for a gap at a server of this type, and what comes of the reply. */
async function fill(type: ServiceType, answer: () => Response, more: Partial<ChatRequest> = {}) {
  const sent: { path: string; body: Record<string, unknown> }[] = [];
  const got = await collect(
    openai.chat(
      {
        model: { ...modelAt('http://box.test:8080', 'coder'), type },
        messages: [{ role: 'user', content: 'a(' }],
        prompt: 'a(',
        suffix: ')',
        headers: {},
        ...more,
      },
      {
        signal: new AbortController().signal,
        fetch: async (url, init) => {
          sent.push({ path: new URL(String(url)).pathname, body: JSON.parse(init?.body as string) });
          return answer();
        },
      },
    ),
  );
  return { sent, got };
}

const wheel = (name: string) => () => replay(recorded(`llama.cpp/b11549-wheel/${name}`));

describe('a gap in a text', () => {
  it.each(['llama.cpp', 'llama-swap'] as const)('is filled by the own route of %s', async (type) => {
    const { sent, got } = await fill(type, wheel('completion-stream'), { maxTokens: 4, stop: '\n', temperature: 0 });
    expect(sent).toEqual([
      {
        path: '/infill',
        body: {
          input_prefix: 'a(',
          input_suffix: ')',
          stream: true,
          n_predict: 4,
          temperature: 0,
          stop: ['\n'],
          model: 'coder',
        },
      },
    ]);
    expect(got).toMatchObject({
      text: ' The quick brown fox',
      finish: { finishReason: 'length', usage: { inputTokens: 6, outputTokens: 4 }, servedModel: 'tiny-chain' },
    });
  });

  it('may be filled by one JSON reply', async () => {
    const { got } = await fill('llama.cpp', wheel('completion-eos'));
    expect(got).toMatchObject({ text: expect.stringMatching(/ run \.$/), finish: { finishReason: 'stop' } });
  });

  it('is not filled by a model without the tokens for it, and the error says so', async () => {
    const { got } = await fill('llama.cpp', wheel('infill-unsupported'));
    expect(got.error).toMatchObject({ code: 'ERR_UNSUPPORTED', message: expect.stringMatching(/no tokens for a gap/) });
  });

  it.each([
    ['breaks off', '', 'ERR_INTERRUPTED'],
    ['is given up', 'data: {"content":"","stop":true,"stop_type":"none"}\n\n', 'ERR_INTERRUPTED'],
    ['fails', 'data: {"error":{"code":500,"message":"decode() failed"}}\n\n', 'ERR_BAD_RESPONSE'],
  ])('is not filled by an answer that %s', async (_, end, code) => {
    const body = `data: {"content":"x","stop":false}\n\n${end}`;
    const { got } = await fill(
      'llama.cpp',
      () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    );
    expect([got.text, got.finish]).toEqual(['x', undefined]);
    expect(got.error).toMatchObject({ code });
  });

  it.each(['openai-compatible', 'sglang', 'llama-cpp-python', 'custom:mine'] as const)(
    'goes to %s as a completion with a suffix',
    async (type) => {
      const { sent } = await fill(type, () => Response.json({}));
      expect(sent).toMatchObject([{ path: '/v1/completions', body: { prompt: 'a(', suffix: ')' } }]);
    },
  );

  it.each(['vllm', 'lmstudio', 'koboldcpp', 'mlx-lm', 'jan', 'text-generation-webui'] as const)(
    'is not sent to %s, which would not look at what follows',
    async (type) => {
      const { sent, got } = await fill(type, () => Response.json({}));
      expect(sent).toEqual([]);
      expect(got.error).toMatchObject({ code: 'ERR_UNSUPPORTED', message: expect.stringContaining(type) });
    },
  );
});

describe('a server that was started without tools', () => {
  it.each([
    [
      '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
      /vLLM.*--tool-call-parser/,
    ],
    ['tool_choice="required" requires --tool-call-parser to be set', /vLLM.*--enable-auto-tool-choice/],
    ['tools param requires --jinja flag', /llama\.cpp.*--jinja/],
  ])('says so with the flag that it needs: %s', async (message, words) => {
    const { got } = await fill('vllm', () => Response.json({ error: { message, code: 400 } }, { status: 400 }), {
      suffix: undefined,
      tools: [{ type: 'function', function: { name: 'f' } }],
    });
    expect(got.error).toMatchObject({ code: 'ERR_UNSUPPORTED', message: expect.stringMatching(words) });
  });
});
