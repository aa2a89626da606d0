import { describe, expect, it } from 'vitest';
import { localAI } from '../../src/services/local-ai.js';
import { look } from './look.js';
import { network, recorded } from './recorded.js';

const at = 'localai/3.12.1';
const notFound = () => recorded(`${at}/unknown`);
/** A real 3.12.1: what it does not have it answers with its own 404. */
const older = (more: Record<string, unknown> = {}) =>
  network(
    {
      'GET /version': recorded(`${at}/version`),
      'GET /system': recorded(`${at}/system`),
      'GET /readyz': recorded(`${at}/readyz`),
      'GET /v1/models': recorded(`${at}/models`),
      ...more,
    },
    notFound,
  );
const card = {
  version: 'v4.9.0 (82c191af)',
  endpoints: { models: '/v1/models' },
  endpoint_groups: {},
  capabilities: { mcp: true },
};
const newer = (more: Record<string, unknown> = {}) =>
  network(
    {
      'GET /.well-known/localai.json': card,
      'GET /readyz': new Response(''),
      'GET /v1/models/capabilities': {
        object: 'list',
        data: [
          { id: 'qwen-coder', object: 'model', capabilities: ['chat', 'completion', 'tools', 'thinking'] },
          { id: 'eyes', object: 'model', capabilities: ['chat', 'vision'], context_size: 16_384 },
          { id: 'acme/coder', object: 'model', capabilities: ['chat'] },
          { id: 'voice', object: 'model', capabilities: ['tts'] },
          { id: 'vectors', object: 'model', capabilities: ['embeddings'] },
          { id: 'new-kind', object: 'model', capabilities: ['decisions'] },
          { id: 'claude', object: 'model', capabilities: ['chat'] },
        ],
      },
      'GET /system': { backends: ['llama-cpp'], loaded_models: [{ id: 'qwen-coder' }] },
      'GET /api/tags': {
        models: [
          {
            name: 'qwen-coder:latest',
            size: 4_700_000_000,
            digest: `sha256:${'a'.repeat(64)}`,
            details: { family: 'llama-cpp', quantization_level: 'Q4_K_M' },
          },
          { name: 'claude:latest', digest: `sha256:${'b'.repeat(64)}`, details: { family: 'cloud-proxy' } },
        ],
      },
      'GET /': new Response('Ollama is running'),
      'GET /api/version': { version: '0.9.0' },
      'POST /api/show': async (request: Request) => {
        const { name } = (await request.json()) as { name: string };
        return Response.json(name === 'qwen-coder' ? { model_info: { 'general.context_length': 8_192 } } : {});
      },
      ...more,
    },
    notFound,
  );

describe('LocalAI 3.12.1, recorded', () => {
  it('is known by its version and state, with everything but names and states assumed', async () => {
    const found = await look(older({ 'GET /system': recorded(`${at}/system-loaded`) }), { at: 'localai' });
    // The recorded build has no stamp.
    expect(found).toMatchObject({ type: 'localai', status: 'up', version: undefined, maxConcurrent: undefined });
    expect(found.models).toMatchObject([
      { id: 'noback', state: { value: 'unloaded', source: 'server' } },
      { id: 'tiny', state: { value: 'loaded', source: 'server' }, contextLength: { source: 'assumed' }, remote: 'no' },
      { id: 'voice', capabilities: { source: 'assumed' } },
    ]);
  });

  it('is asked for nothing but what is in its table, and about no single model', async () => {
    const { sent } = await look(older(), { at: 'localai' });
    expect([...sent].sort()).toEqual([
      'GET /.well-known/localai.json',
      'GET /readyz',
      'GET /system',
      'GET /v1/models',
      'GET /v1/models/capabilities',
      'GET /version',
    ]);
    expect(localAI.requests).toEqual(expect.arrayContaining([...sent]));
  });

  it('lists in the same order whatever the order of the reply', async () => {
    const { data } = (await recorded(`${at}/models`).json()) as { data: object[] };
    const turned = older({ 'GET /v1/models': { object: 'list', data: [...data].reverse() } });
    expect((await look(turned, { at: 'localai' })).models.map(({ id }) => id)).toEqual(['noback', 'tiny', 'voice']);
  });

  it('is known behind its login page, as locked', async () => {
    const net = network({ 'GET /readyz': recorded(`${at}/key-readyz`) }, () => recorded(`${at}/key-models`));
    expect(await look(net, { at: 'localai' })).toMatchObject({ type: 'localai', status: 'unauthorized', models: [] });
    expect([...net.sent].sort()).toEqual([
      'GET /.well-known/localai.json',
      'GET /readyz',
      'GET /v1/models',
      'GET /v1/models/capabilities',
      'GET /version',
    ]);
  });

  it('that hides its errors too still says that it wants a key', async () => {
    const net = network({ 'GET /readyz': recorded(`${at}/readyz`) }, () => recorded(`${at}/opaque-key`));
    expect((await look(net, { at: 'localai' })).failure).toMatchObject({
      code: 'ERR_UNAUTHORIZED',
      remedy: expect.stringMatching(/localai.*apiKey/),
    });
  });
});

describe('LocalAI 4.9, from its source', () => {
  it('says what each model can, its window where it is set, and what is loaded', async () => {
    const found = await look(newer(), { at: 'localai' });
    expect(found).toMatchObject({ type: 'localai', status: 'up', version: 'v4.9.0' });
    const byId = new Map(found.models.map((model) => [model.id, model]));
    expect(byId.get('qwen-coder')).toMatchObject({
      capabilities: { value: ['chat', 'json-schema', 'completion', 'tools', 'reasoning'], source: 'server' },
      contextLength: { value: 8_192, source: 'server' },
      state: { value: 'loaded', source: 'server' },
      sizeBytes: { value: 4_700_000_000, source: 'server' },
      quantization: { value: 'Q4_K_M', source: 'server' },
    });
    expect(byId.get('eyes')).toMatchObject({
      capabilities: { value: ['chat', 'json-schema', 'vision'] },
      contextLength: { value: 16_384, source: 'server' },
      state: { value: 'unloaded', source: 'server' },
    });
    expect(byId.get('voice')?.capabilities).toEqual({ value: ['speech'], source: 'server' });
    expect(byId.get('vectors')?.capabilities).toEqual({ value: ['embedding'], source: 'server' });
    expect(byId.get('new-kind')?.capabilities).toEqual({ value: [], source: 'server' });
    expect(byId.get('acme/coder')?.contextLength).toEqual({ value: 4_096, source: 'assumed' });
  });

  it('marks what it passes on to a cloud', async () => {
    const { models } = await look(newer(), { at: 'localai' });
    expect(models.filter(({ remote }) => remote === 'yes').map(({ id }) => id)).toEqual(['claude']);
  });

  it('is never asked about a name with a slash, which it might fetch, nor about what does not chat', async () => {
    const net = newer();
    await look(net, { at: 'localai' });
    const asked = net.requests.filter(({ method }) => method === 'POST');
    expect(asked.map(({ url }) => new URL(url).pathname)).toEqual(['/api/show', '/api/show']);
    expect(localAI.requests).toEqual(expect.arrayContaining(net.sent));
  });

  it('asks about 200 models at most', async () => {
    const data = Array.from({ length: 3_000 }, (_, i) => ({ id: `m${i}`, capabilities: ['chat'] }));
    const net = newer({ 'GET /v1/models/capabilities': { object: 'list', data } });
    expect((await look(net, { at: 'localai' })).models).toHaveLength(3_000);
    expect(net.sent.filter((request) => request === 'POST /api/show')).toHaveLength(200);
  });

  it('is locked where only the card is open', async () => {
    const refused = () =>
      Response.json({ error: { code: 401, message: 'x', type: 'invalid_request_error' } }, { status: 401 });
    const net = network({ 'GET /.well-known/localai.json': card, 'GET /readyz': new Response('') }, refused);
    expect(await look(net, { at: 'localai' })).toMatchObject({
      type: 'localai',
      status: 'unauthorized',
      version: 'v4.9.0',
    });
  });

  it('is loading while it says so', async () => {
    const starting = () =>
      Response.json({ status: 'starting', reason: 'startup preload in progress' }, { status: 503 });
    expect(await look(newer({ 'GET /readyz': starting }), { at: 'localai' })).toMatchObject({
      status: 'loading',
      models: [],
    });
  });

  it('leaves the states open where they are for the administrator only', async () => {
    const { models } = await look(newer({ 'GET /system': () => new Response('', { status: 403 }) }), { at: 'localai' });
    expect(models[0]?.state).toEqual({ value: 'unknown', source: 'assumed' });
  });
});

describe('what is no LocalAI', () => {
  it.each([
    ['llama.cpp', recorded('llama.cpp/b11549-wheel/route-unknown')],
    ['KoboldCpp', recorded('koboldcpp/1.104/unknown-get')],
    ['text-generation-webui', recorded('text-generation-webui/4.7.3/unknown')],
    [
      'a web app that answers everything',
      new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
    ],
    ['any app behind a login', new Response('', { status: 401, headers: { 'www-authenticate': 'Bearer' } })],
    ['an object that says nothing', Response.json({ status: true, version: '1' })],
  ])('%s is asked once', async (_, reply) => {
    const net = network({}, () => reply.clone());
    expect((await look(net, { at: 'localai' })).type).toBeUndefined();
    expect(net.sent.filter((request) => localAI.requests.includes(request as never))).toEqual([
      'GET /.well-known/localai.json',
      'GET /v1/models',
    ]);
  });

  it('llama.cpp on the port that they share is found behind it', async () => {
    const net = network(
      {
        'GET /health': recorded('llama.cpp/b11549-wheel/health'),
        'GET /v1/models': recorded('llama.cpp/b11549-wheel/models-v1'),
        'GET /props': recorded('llama.cpp/b11549-wheel/props'),
      },
      () => recorded('llama.cpp/b11549-wheel/route-unknown'),
    );
    const { type } = await look(net, { endpoint: { type: 'localai', baseURL: 'http://localhost:8080' } });
    expect(type).toBeUndefined();
    expect((await look(net, { at: 'llama.cpp' })).type).toBe('llama.cpp');
  });

  it('is named where the host takes it for the Ollama that it imitates', async () => {
    const { failure } = await look(newer(), { endpoint: { type: 'ollama', baseURL: 'http://localhost:8080' } });
    expect(failure?.remedy).toContain("'localai'");
  });
});
