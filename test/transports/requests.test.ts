import { describe, expect, it } from 'vitest';
import type { ChatRequest, Transport } from '../../src/core/transport.js';
import { ollamaTransport } from '../../src/transports/ollama.js';
import { openaiTransport } from '../../src/transports/openai.js';
import { collect, modelAt, recorded, replay } from './loopback.js';

const openai = openaiTransport();
const ollama = ollamaTransport();
const model = modelAt('http://box.test:8080/prefix', 'qwen3:8b');

interface Sent {
  url: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
  redirect: string | undefined;
}

/** What goes on the wire for a request; `null` where nothing is sent. */
async function sent(
  transport: Transport,
  request: Partial<ChatRequest>,
): Promise<{ wire: Sent | null; error: unknown }> {
  let wire: Sent | null = null;
  const { error } = await collect(
    transport.chat(
      { model, messages: [{ role: 'user', content: 'hello' }], headers: {}, ...request },
      {
        signal: new AbortController().signal,
        fetch: async (url, init) => {
          wire = {
            url: String(url),
            headers: init?.headers as Record<string, string>,
            body: JSON.parse(init?.body as string),
            redirect: init?.redirect,
          };
          return new Response('{}');
        },
      },
    ),
  );
  return { wire, error };
}
const body = async (transport: Transport, request: Partial<ChatRequest>) => (await sent(transport, request)).wire?.body;

const PICTURE_OF = { image_url: { url: 'https://example.test/a.png' } };
const PICTURE = { type: 'image_url', ...PICTURE_OF };
const tool = { type: 'function' as const, function: { name: 'find', parameters: { type: 'object' } } };
const other = { type: 'function' as const, function: { name: 'other' } };
const all: Partial<ChatRequest> = {
  temperature: 0.1,
  topP: 0.9,
  topK: 40,
  seed: 7,
  stop: 'END',
  maxTokens: 100,
  frequencyPenalty: 0.2,
  presencePenalty: 0.3,
  reasoningEffort: 'low',
};
const history: ChatRequest['messages'] = [
  { role: 'developer', content: 'Be brief.' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'Look' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
    ],
  },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'find', arguments: '{"q":1}' } }],
  },
  { role: 'tool', tool_call_id: 'c1', content: 'found' },
];

describe('the openai dialect', () => {
  it('sends only what was given', async () => {
    const { wire } = await sent(openai, { headers: { Authorization: 'Bearer key', 'X-Team': 'a' } });
    expect(wire?.url).toBe('http://box.test:8080/prefix/v1/chat/completions');
    expect(wire?.redirect).toBe('manual');
    expect(wire?.headers).toMatchObject({ authorization: 'Bearer key', 'x-team': 'a', 'accept-encoding': 'identity' });
    expect(wire?.body).toEqual({
      model: 'qwen3:8b',
      messages: [{ role: 'user', content: 'hello' }],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('gives llama-cpp-python a schema in its own form, and no null', async () => {
    const { model: _, ...rest } = (await body(openai, {
      model: { ...model, type: 'llama-cpp-python' },
      messages: [
        { role: 'user', content: 'hello' },
        { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] },
        { role: 'tool', tool_call_id: 'c', content: 'done' },
      ],
      tools: [tool],
      responseFormat: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } },
    })) as Record<string, unknown>;
    expect(rest).toMatchObject({ response_format: { type: 'json_object', schema: { type: 'object' } } });
    expect(JSON.stringify(rest)).not.toContain('null');
  });

  it('sends every option under the name that all local servers read', async () => {
    expect(await body(openai, { ...all, responseFormat: { type: 'json_object' } })).toMatchObject({
      temperature: 0.1,
      top_p: 0.9,
      top_k: 40,
      seed: 7,
      stop: 'END',
      max_tokens: 100,
      frequency_penalty: 0.2,
      presence_penalty: 0.3,
      reasoning_effort: 'low',
      response_format: { type: 'json_object' },
    });
  });

  it('asks LM Studio for an object by a schema, the only form that it knows', async () => {
    const at = { model: { ...model, type: 'lmstudio' as const }, responseFormat: { type: 'json_object' as const } };
    expect((await body(openai, at))?.['response_format']).toEqual({
      type: 'json_schema',
      json_schema: { name: 'object', schema: { type: 'object' } },
    });
  });

  it.each(['mlx-lm', 'text-generation-webui'] as const)(
    'sends no schema to %s, which would ignore it',
    async (type) => {
      const responseFormat = { type: 'json_schema' as const, json_schema: { name: 'a', schema: { type: 'object' } } };
      const { wire, error } = await sent(openai, { model: { ...model, type }, responseFormat });
      expect(wire).toBeNull();
      expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED', message: expect.stringContaining(type) });
    },
  );

  it('sends tools and their choice, but never an empty list', async () => {
    expect(await body(openai, { tools: [tool], toolChoice: 'required' })).toMatchObject({
      tools: [tool],
      tool_choice: 'required',
    });
    const none = await body(openai, { tools: [], toolChoice: 'auto' });
    expect(none).not.toHaveProperty('tools');
    expect(none).not.toHaveProperty('tool_choice');
    const allowed = { mode: 'auto' as const, tools: [{ type: 'function', function: { name: 'find' } }] };
    expect(
      await body(openai, { tools: [tool, other], toolChoice: { type: 'allowed_tools', allowed_tools: allowed } }),
    ).toMatchObject({
      tools: [tool],
      tool_choice: 'auto',
    });
  });

  it('sends the conversation without members that strict servers refuse', async () => {
    const extra = {
      role: 'assistant',
      content: 'x',
      refusal: null,
      annotations: [],
    } as ChatRequest['messages'][number];
    const wire = await body(openai, { messages: [...history, extra] });
    expect(wire?.['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      ...history.slice(1),
      { role: 'assistant', content: 'x' },
    ]);
  });

  it('fills in the middle through /v1/completions', async () => {
    const { wire } = await sent(openai, { prompt: 'a(', suffix: ')', maxTokens: 8 });
    expect(wire?.url).toMatch(/\/v1\/completions$/);
    expect(wire?.body).toMatchObject({ prompt: 'a(', suffix: ')', max_tokens: 8, stream: true });
  });
});

describe('the ollama dialect', () => {
  it('sends only what was given, and never lets the server cut the prompt', async () => {
    const { wire } = await sent(ollama, {});
    expect(wire?.url).toBe('http://box.test:8080/prefix/api/chat');
    expect(wire?.body).toEqual({
      model: 'qwen3:8b',
      messages: [{ role: 'user', content: 'hello' }],
      stream: true,
      truncate: false,
      options: {},
    });
  });

  it('sends options, context, keep-alive and thinking', async () => {
    expect(await body(ollama, { ...all, numCtx: 8192, keepAlive: '30m' })).toMatchObject({
      keep_alive: '30m',
      think: 'low',
      options: {
        num_ctx: 8192,
        num_predict: 100,
        temperature: 0.1,
        top_p: 0.9,
        top_k: 40,
        seed: 7,
        stop: ['END'],
        frequency_penalty: 0.2,
        presence_penalty: 0.3,
      },
    });
    expect(await body(ollama, { reasoningEffort: 'none' })).toMatchObject({ think: false });
  });

  it('sends a schema as the format', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const wanted = await body(ollama, { responseFormat: { type: 'json_schema', json_schema: { name: 'x', schema } } });
    expect(wanted?.['format']).toEqual(schema);
    expect((await body(ollama, { responseFormat: { type: 'json_object' } }))?.['format']).toBe('json');
    expect(await body(ollama, { responseFormat: { type: 'text' } })).not.toHaveProperty('format');
  });

  it('turns the conversation into its own form', async () => {
    expect((await body(ollama, { messages: history }))?.['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Look', images: ['AAAA'] },
      { role: 'assistant', content: '', tool_calls: [{ id: 'c1', function: { name: 'find', arguments: { q: 1 } } }] },
      { role: 'tool', content: 'found', tool_call_id: 'c1', tool_name: 'find' },
    ]);
  });

  it('offers only the tools that may be chosen', async () => {
    const tools = [tool, other];
    expect(await body(ollama, { tools, toolChoice: 'none' })).not.toHaveProperty('tools');
    expect(
      (await body(ollama, { tools, toolChoice: { type: 'function', function: { name: 'find' } } }))?.['tools'],
    ).toEqual([tool]);
  });

  it('keeps num_ctx when one more option is merged in', async () => {
    const wire = await body(ollama, { numCtx: 4096, extraBody: { options: { min_p: 0.1 }, shift: false } });
    expect(wire).toMatchObject({ shift: false, options: { num_ctx: 4096, min_p: 0.1 } });
  });

  it('fills in the middle through /api/generate', async () => {
    const { wire } = await sent(ollama, { prompt: 'a(', suffix: ')' });
    expect(wire?.url).toMatch(/\/api\/generate$/);
    expect(wire?.body).toMatchObject({ prompt: 'a(', suffix: ')', truncate: false });
  });
});

describe.each([
  ['openai', openai],
  ['ollama', ollama],
])('%s', (_, transport) => {
  it('merges extra members last, but never another model', async () => {
    expect(await body(transport, { extraBody: { temperature: 1, model: 'big:cloud' } })).toMatchObject({
      model: 'qwen3:8b',
      temperature: 1,
    });
  });

  it.each<Partial<ChatRequest>>([{}, { prompt: 'a(', suffix: ')' }])(
    'nor one for servers that read names in any case and take the last',
    async (request) => {
      const wire = await body(transport, { ...request, extraBody: { model: 'a:cloud', Model: 'b:cloud', MODEL: 'c' } });
      expect(Object.keys(wire ?? {}).filter((name) => /^model$/i.test(name))).toEqual(['model']);
      expect(wire).toMatchObject({ model: 'qwen3:8b' });
    },
  );

  it.each<[string, Partial<ChatRequest>]>([
    ['a custom tool', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    ['a custom tool choice', { tools: [tool], toolChoice: { type: 'custom', custom: { name: 'x' } } }],
    [
      'a custom tool call',
      {
        messages: [{ role: 'assistant', tool_calls: [{ id: '1', type: 'custom', custom: { name: 'x', input: '' } }] }],
      },
    ],
    ['a model in this process', { model: { ...model, baseURL: null } }],
  ])('refuses %s before anything is sent', async (_name, request) => {
    const { wire, error } = await sent(transport, request);
    expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED' });
    expect(wire).toBeNull();
  });

  it('refuses what cannot be written as JSON', async () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const { wire, error } = await sent(transport, { extraBody: { cycle } });
    expect(error).toMatchObject({ code: 'ERR_INVALID_REQUEST' });
    expect(wire).toBeNull();
  });
});

describe.each([
  ['openai', openai],
  ['ollama', ollama],
])('media that the server would fetch by itself over %s', (_, transport) => {
  it.each<[string, object]>([
    ['a picture of the web', { type: 'image_url', image_url: { url: 'https://example.test/a.png' } }],
    ['a picture of the network', { type: 'image_url', image_url: { url: 'http://169.254.169.254/latest' } }],
    ['a file of the server', { type: 'image_url', image_url: { url: 'file:///etc/passwd' } }],
    ['a file by another spelling', { type: 'image_url', image_url: { url: ' FILE:/etc/passwd' } }],
    ['a path', { type: 'image_url', image_url: { url: '/etc/passwd' } }],
    ['a picture in short form', { type: 'image_url', image_url: 'https://example.test/a.png' }],
    ['a video', { type: 'video_url', video_url: { url: 'https://example.test/a.mp4' } }],
    ['a sound', { type: 'audio_url', audio_url: { url: 'https://example.test/a.wav' } }],
    ['a sound instead of its bytes', { type: 'input_audio', input_audio: { data: 'https://a.test/a', format: 'wav' } }],
    ['a file instead of its bytes', { type: 'file', file: { file_data: 'https://example.test/a.pdf' } }],
    ['a kind that we do not know', { type: 'input_image', image: { source: ['https://example.test/a.png'] } }],
  ])('is refused: %s', async (__, part) => {
    for (const role of ['user', 'tool'] as const) {
      const messages = [{ role, content: [{ type: 'text', text: 'look' }, part] }] as ChatRequest['messages'];
      const { wire, error } = await sent(transport, { messages });
      expect(wire).toBeNull();
      expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED' });
      if (!String(error).includes('Ollama takes no files')) expect(String(error)).toContain('data:');
      expect(String(error)).not.toContain('example.test');
    }
  });

  it.each<[string, object]>([
    ['extra members in another case', { extraBody: { Messages: [{ role: 'user', Content: [PICTURE] }] } }],
    [
      'what else a text has',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'look', ...PICTURE_OF }] }] },
    ],
  ])('is refused in %s', async (__, request) => {
    const { wire, error } = await sent(transport, request);
    expect(wire).toBeNull();
    expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED' });
  });

  it('is none of text, and data URLs of any kind are sent', async () => {
    const messages: ChatRequest['messages'] = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'https://example.test/a.png' },
          { type: 'image_url', image_url: { url: 'DATA:image/png;base64,AAAA', detail: 'low' } },
          { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
        ],
      },
    ];
    expect((await sent(transport, { messages })).wire).not.toBeNull();
  });
});

describe('embeddings', () => {
  const embed = (transport: Transport, file: string, input: string[]) =>
    transport.embed?.(
      { model, input },
      { signal: new AbortController().signal, fetch: async () => replay(recorded(file)) },
    );

  it('gives one vector per text', async () => {
    const got = await embed(ollama, 'ollama/0.33.0-rc2/embed-batch', ['a', 'b']);
    expect(got?.embeddings).toHaveLength(2);
    expect(got?.usage).toMatchObject({ source: 'reported' });
    const v1 = await embed(openai, 'ollama/0.33.0-rc2/v1-embeddings', ['a']);
    expect(v1?.embeddings).toHaveLength(1);
  });

  it.each<[Transport, string, string]>([
    [ollama, 'ollama/0.33.0-rc2/embed-chat-model', 'ERR_UNSUPPORTED'],
    [ollama, 'ollama/0.33.0-rc2/embed-overflow-notruncate', 'ERR_CONTEXT_OVERFLOW'],
    [openai, 'llama.cpp/b11549-wheel/embed-over-ubatch', 'ERR_CONTEXT_OVERFLOW'],
    [openai, 'llama.cpp/b11549-wheel/chat', 'ERR_BAD_RESPONSE'],
  ])('says what went wrong: %#', async (transport, file, code) => {
    await expect(embed(transport, file, ['a'])).rejects.toMatchObject({ code });
  });

  it('orders vectors by index and asks for plain numbers', async () => {
    let asked: unknown;
    const got = await openai.embed?.(
      { model, input: ['a', 'b'], headers: { Authorization: 'Bearer k' } },
      {
        signal: new AbortController().signal,
        fetch: async (_url, init) => {
          asked = {
            ...JSON.parse(init?.body as string),
            auth: (init?.headers as Record<string, string> | undefined)?.['authorization'],
          };
          return Response.json({
            data: [
              { index: 1, embedding: [2] },
              { index: 0, embedding: [1] },
            ],
          });
        },
      },
    );
    expect(got?.embeddings).toEqual([[1], [2]]);
    expect(asked).toEqual({ model: 'qwen3:8b', input: ['a', 'b'], encoding_format: 'float', auth: 'Bearer k' });
  });
});
