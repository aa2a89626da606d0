import { asObject } from '../internal/json.js';
import { answerTo, embeddingOf, fields, inputsOf, limitOf, promptTokens } from './answer.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise, type ServedFake } from './fake-settings.js';
import { type Answer, type Dialect, fakeId, type Handler, type Outcome, type Reply } from './generation.js';
import { startFake } from './loopback.js';
import { openAiWire, usageOf } from './openai-wire.js';

const DEFAULT_MODELS: readonly FakeModel[] = [{ id: '/models/qwen2.5-coder-7b.gguf' }, { id: 'gemma-3-4b' }];

/**
 * Starts a fake llama-cpp-python server (as 0.3.36). As with the real one, every request that needs the model, `GET /v1/models`
 * among them, breaks off the answer that is being streamed, which then ends in `[DONE]` without a reason. An unknown model is
 * answered by the first; tools are called only where the request forces one.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeLlamaCppPython(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeLlamaCppPython', { models: DEFAULT_MODELS, contextLength: 2_048 });
  return startFake(llamaCppPython(settings), settings, 'fakeLlamaCppPython');
}

const TYPE = { 'content-type': 'application/json' };
const TIMED = { 'openai-processing-ms': '1' };
const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: status === 200 ? { ...TYPE, ...TIMED } : TYPE,
  body: JSON.stringify(value),
});
const failed = (status: number, message: string, type = 'internal_server_error', more: object = {}): Reply =>
  json({ error: { message, type, param: null, code: null, ...more } }, status);

const STREAM = {
  'cache-control': 'no-store',
  connection: 'keep-alive',
  'x-accel-buffering': 'no',
  ...TIMED,
};
const STREAM_TYPE = 'text/event-stream; charset=utf-8';

function llamaCppPython(settings: FakeSettings): Dialect {
  let count = 0;
  /** Takes the model away from whoever has it. */
  const needsModel = (handler: Handler) => (request: Parameters<Handler>[0]) => {
    count += 1;
    return handler(request);
  };
  const chat: Handler = async (request): Promise<Outcome> => {
    const mine = count;
    if (request.body !== undefined && typeof request.body !== 'object') {
      return { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'Internal Server Error' };
    }
    const body = fields(request);
    const format = asObject(body['response_format'])?.['type'];
    if (body['temperature'] === null || format === 'json_schema') {
      return failed(500, '1 validation error for CreateChatCompletionRequest');
    }
    const model = settings.models.find(({ id }) => id === request.model) ?? settings.models[0];
    if (model === undefined) return failed(500, 'no model');
    const prompt = promptTokens(body['messages'], []);
    const wanted = limitOf(body, 'max_tokens');
    const stream = body['stream'] === true;
    if (prompt >= model.contextLength) {
      return stream
        ? { status: 200, headers: { 'content-type': STREAM_TYPE, ...STREAM }, body: '', chunked: true }
        : overflow(prompt, Number.isFinite(wanted) ? wanted : 0, model.contextLength);
    }
    const limit = Math.min(wanted, model.contextLength - prompt);
    const said = await answerTo(settings, { request, model: model.id, promptTokens: prompt, limit, count });
    const isForced = asObject(body['tool_choice']) !== undefined;
    const answer: Answer = isForced || said.toolCalls.length === 0 ? said : { ...said, toolCalls: [], finish: 'stop' };
    return { stream, answer, wire: wire(request.model ?? model.id, count), isBrokenOff: () => count !== mine };
  };
  const list: Handler = () => json({ object: 'list', data: settings.models.map(entry) });

  return {
    type: 'llama-cpp-python',
    date: true,
    keepAlive: { idleMs: 5_000, requests: Number.POSITIVE_INFINITY, header: null },
    headers: () => ({ server: 'uvicorn', 'x-request-id': fakeId(count, 32, '0123456789abcdef'), vary: 'Origin' }),
    generates: new Set(['/v1/chat/completions']),
    routes: {
      '/openapi.json': {
        GET: () => ({ ...json(ABOUT), headers: TYPE }),
      },
      '/v1/models': { GET: needsModel(list) },
      '/v1/chat/completions': { POST: needsModel(chat) },
      '/v1/embeddings': {
        POST: needsModel((request) => {
          const model = settings.models.find(({ capabilities }) => capabilities.has('embedding'));
          if (model === undefined) {
            return failed(500, 'Llama model must be created with embedding=True to call this method');
          }
          const inputs = inputsOf(fields(request));
          const data = inputs.map((text, index) => ({ object: 'embedding', embedding: embeddingOf(text), index }));
          const tokens = inputs.reduce((sum, text) => sum + promptTokens([{ content: text }], []), 0);
          return json({
            object: 'list',
            data,
            model: model.id,
            usage: { prompt_tokens: tokens, total_tokens: tokens },
          });
        }),
      },
    },
    refuse: ({ path, headers }) =>
      settings.apiKey === undefined ||
      path === '/openapi.json' ||
      !path.startsWith('/v1/') ||
      headers['authorization'] === `Bearer ${settings.apiKey}`
        ? undefined
        : json({ detail: 'Invalid API key' }, 401),
    missing: (_, allowed) => {
      if (allowed === undefined) return json({ detail: 'Not Found' }, 404);
      const reply = json({ detail: 'Method Not Allowed' }, 405);
      return { ...reply, headers: { ...reply.headers, allow: allowed.join(', ') } };
    },
    error: (_, status, message) => failed(status, message),
    loading: () => failed(503, 'Loading model'),
    overflow: (_, prompt, context) => overflow(prompt, 0, context),
  };
}

const ABOUT = {
  openapi: '3.1.0',
  info: { title: '🦙 llama.cpp Python API', version: '0.3.36' },
  paths: { '/v1/chat/completions': {}, '/v1/models': {}, '/v1/embeddings': {} },
};

function overflow(prompt: number, output: number, context: number): Reply {
  const message = `This model's maximum context length is ${context} tokens. However, you requested ${prompt + output} tokens (${prompt} in the messages, ${output} in the completion). Please reduce the length of the messages or completion.`;
  return failed(400, message, 'invalid_request_error', { param: 'messages', code: 'context_length_exceeded' });
}

function entry({ id }: ServedFake): object {
  return { id, object: 'model', owned_by: 'me', permissions: [] };
}

function wire(model: string, count: number): ReturnType<typeof openAiWire> {
  const id = `chatcmpl-${fakeId(count, 36)}`;
  const created = Math.floor(Date.now() / 1000);
  return {
    ...openAiWire({
      chunk: (choices) => ({ id, model, created, object: 'chat.completion.chunk', choices }),
      choice: (delta, finish) => ({ index: 0, delta, logprobs: null, finish_reason: finish }),
      role: { role: 'assistant' },
      reasoningField: 'reasoning_content',
      besideText: { role: null, content: null },
      wholeCalls: false,
      finishDelta: {},
      // Ignored when asked for.
      includeUsage: false,
      usage: usageOf,
      streamHeaders: STREAM,
      failure: 'data: [DONE]\n\n',
      failed: failed(500, 'generation failed'),
      whole: (answer) =>
        json({
          id,
          object: 'chat.completion',
          created,
          model,
          choices: [{ index: 0, message: message(answer), logprobs: null, finish_reason: answer.finish }],
          usage: usageOf(answer),
        }),
    }),
    streamType: STREAM_TYPE,
  };
}

function message(answer: Answer): object {
  const content = answer.text.join('');
  const [call] = answer.toolCalls;
  if (call === undefined) return { content, role: 'assistant' };
  const called = { name: call.name, arguments: call.arguments };
  return {
    content: null,
    tool_calls: [{ id: `call__0_${call.name}_cmpl-${call.id}`, type: 'function', function: called }],
    role: 'assistant',
    function_call: called,
  };
}
