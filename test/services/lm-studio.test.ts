import { describe, expect, it } from 'vitest';
import { look } from './look.js';
import { network } from './recorded.js';

const greeting = { lmstudio: true };
const v1 = {
  models: [
    {
      type: 'llm',
      publisher: 'qwen',
      key: 'qwen2.5-coder-14b-instruct',
      architecture: 'qwen2',
      quantization: { name: 'Q4_K_M', bits_per_weight: 4 },
      size_bytes: 8_988_110_688,
      params_string: '14B',
      loaded_instances: [
        { id: 'qwen2.5-coder-14b-instruct', config: { context_length: 16_384, parallel: 4 } },
        { id: 'qwen2.5-coder-14b-instruct:2', config: { context_length: 8_192 } },
      ],
      max_context_length: 32_768,
      format: 'gguf',
      capabilities: { vision: false, trained_for_tool_use: true },
    },
    {
      type: 'llm',
      key: 'openai/gpt-oss-20b',
      quantization: { name: 'MXFP4', bits_per_weight: 4 },
      size_bytes: 12_109_566_560,
      loaded_instances: [],
      max_context_length: 131_072,
      format: 'gguf',
      capabilities: {
        vision: true,
        trained_for_tool_use: true,
        reasoning: { allowed_options: ['low'], default: 'low' },
      },
    },
    {
      type: 'embedding',
      key: 'text-embedding-nomic-embed-text-v1.5',
      quantization: { name: 'F16', bits_per_weight: 16 },
      size_bytes: 84_106_624,
      loaded_instances: [],
      max_context_length: 2_048,
      format: 'gguf',
    },
  ],
};
const v0 = {
  object: 'list',
  data: [
    {
      id: 'a-vlm',
      object: 'model',
      type: 'vlm',
      compatibility_type: 'mlx',
      quantization: '4bit',
      state: 'not-loaded',
      max_context_length: 65_536,
    },
    {
      id: 'b-llm',
      object: 'model',
      type: 'llm',
      compatibility_type: 'gguf',
      quantization: 'Q4_K_M',
      state: 'loaded',
      max_context_length: 32_768,
      loaded_context_length: 8_192,
      capabilities: ['tool_use'],
    },
    {
      id: 'c-embed',
      object: 'model',
      type: 'embeddings',
      compatibility_type: 'gguf',
      state: 'not-loaded',
      max_context_length: 2_048,
    },
  ],
};
/** It answers 200 to whatever it does not know. */
const server = (answers: Record<string, unknown>) =>
  network(answers, (request) =>
    Response.json({ error: `Unexpected endpoint or method. (${request.method} ${new URL(request.url).pathname})` }),
  );

describe('LM Studio', () => {
  it('0.4 says what is loaded, with which window, and what each model can do', async () => {
    const found = await look(server({ 'GET /lmstudio-greeting': greeting, 'GET /api/v1/models': v1 }), {
      at: 'lmstudio',
    });
    expect(found).toMatchObject({ type: 'lmstudio', status: 'up' });
    expect(found.models).toMatchObject([
      {
        id: 'qwen2.5-coder-14b-instruct',
        aliases: ['qwen2.5-coder-14b-instruct:2'],
        state: { value: 'loaded', source: 'server' },
        // Two instances: what fits the smaller one fits both.
        contextLength: { value: 8_192, source: 'server' },
        maxContextLength: { value: 32_768, source: 'server' },
        parallelSlots: { value: 4, source: 'server' },
        sizeBytes: { value: 8_988_110_688, source: 'server' },
        quantization: { value: 'Q4_K_M', source: 'server' },
        capabilities: { value: ['completion', 'chat', 'json-schema', 'tools'], source: 'server' },
      },
      {
        id: 'openai/gpt-oss-20b',
        state: { value: 'unloaded', source: 'server' },
        contextLength: { value: 4_096, source: 'assumed' },
        maxContextLength: { value: 131_072, source: 'server' },
        capabilities: {
          value: ['completion', 'chat', 'json-schema', 'tools', 'vision', 'reasoning'],
          source: 'server',
        },
      },
      { capabilities: { value: ['embedding'], source: 'server' }, contextLength: { value: 2_048, source: 'assumed' } },
    ]);
  });

  it('0.3 says the same on its older route', async () => {
    const found = await look(server({ 'GET /lmstudio-greeting': greeting, 'GET /api/v0/models': v0 }), {
      at: 'lmstudio',
    });
    expect(found.models).toMatchObject([
      {
        id: 'a-vlm',
        state: { value: 'unloaded' },
        capabilities: { value: ['completion', 'chat', 'json-schema', 'vision'], source: 'assumed' },
      },
      {
        id: 'b-llm',
        state: { value: 'loaded', source: 'server' },
        contextLength: { value: 8_192, source: 'server' },
        capabilities: { value: ['completion', 'chat', 'json-schema', 'tools'], source: 'server' },
      },
      { id: 'c-embed', capabilities: { value: ['embedding'] } },
    ]);
  });

  it.each([
    ['its native list', { 'GET /api/v1/models': v1 }],
    ['its older list', { 'GET /api/v0/models': v0 }],
    ['the owner in its OpenAI list', { 'GET /v1/models': { data: [{ id: 'x', owned_by: 'organization_owner' }] } }],
  ])('is known by %s alone', async (_, answers) => {
    expect((await look(server(answers), { at: 'lmstudio' })).type).toBe('lmstudio');
  });

  it('takes the embedding model that the OpenAI list always holds for no chat model', async () => {
    const list = { object: 'list', data: [{ id: 'x' }, { id: 'text-embedding-nomic-embed-text-v1.5' }] };
    const { models } = await look(server({ 'GET /lmstudio-greeting': greeting, 'GET /v1/models': list }), {
      at: 'lmstudio',
    });
    expect(models.map(({ capabilities }) => capabilities)).toEqual([
      { value: ['completion', 'chat', 'json-schema'], source: 'assumed' },
      { value: ['embedding'], source: 'assumed' },
    ]);
  });

  it.each([
    [
      'the native list is refused',
      {
        'GET /api/v1/models': () =>
          Response.json({ error: { type: 'invalid_request', code: 'invalid_api_key' } }, { status: 401 }),
      },
    ],
    ['every list is an error inside a 200', { 'GET /lmstudio-greeting': greeting }],
  ])('is locked where %s', async (_, answers) => {
    expect(await look(server(answers), { at: 'lmstudio' })).toMatchObject({ type: 'lmstudio', status: 'unauthorized' });
  });

  it('is not taken from a server that says 200 to everything', async () => {
    expect((await look(server({}), { at: 'lmstudio' })).failure).toMatchObject({ code: 'ERR_BAD_RESPONSE' });
  });

  it('is not taken from an empty list without its greeting, and is up with both', async () => {
    const none = { 'GET /api/v1/models': { models: [] } };
    expect((await look(server(none), { at: 'lmstudio' })).type).not.toBe('lmstudio');
    const found = await look(server({ 'GET /lmstudio-greeting': greeting, ...none }), { at: 'lmstudio' });
    expect(found).toMatchObject({ type: 'lmstudio', status: 'up', models: [] });
  });

  it('sends only requests that change nothing', async () => {
    const net = server({ 'GET /lmstudio-greeting': greeting });
    await look(net, { at: 'lmstudio' });
    expect(new Set(net.sent)).toEqual(
      new Set(['GET /lmstudio-greeting', 'GET /api/v1/models', 'GET /api/v0/models', 'GET /v1/models']),
    );
  });
});
