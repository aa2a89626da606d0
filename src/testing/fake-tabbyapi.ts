import { asArray, asString } from '../internal/json.js';
import { answerTo, fields, limitOf, promptTokens } from './answer.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise, type ServedFake } from './fake-settings.js';
import { crashed, detail, FAST_STREAM, fastJson, fastMissing, invalidChat, keyOf } from './fast-api.js';
import { type Answer, type Dialect, fakeId, type Handler, type Outcome, type Reply, sse } from './generation.js';
import { startFake } from './loopback.js';
import { openAiWire, usageOf, wantsUsage } from './openai-wire.js';

const DEFAULT_MODELS: readonly FakeModel[] = [{ id: 'Qwen2.5-Coder-14B-Instruct-exl2-4.25bpw', contextLength: 16_384 }];

/**
 * Starts a fake TabbyAPI: built from its source, not from a recording. It serves the first model, whatever a request
 * names, or the one that it was told to load; an empty list is a server without one. Usage comes only where `stream_options` asks for it, streamed or not.
 * Tokens of a prompt are a quarter of its characters.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeTabbyAPI(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeTabbyAPI', { models: DEFAULT_MODELS, contextLength: 8_192 });
  return startFake(tabbyAPI(settings), settings, 'fakeTabbyAPI');
}

function tabbyAPI(settings: FakeSettings): Dialect {
  let [model] = settings.models;
  let count = 0;
  const load: Handler = (request) => {
    const { name, model_name = name } = fields(request);
    const found = settings.models.find(({ id }) => id === model_name);
    if (found === undefined) return detail(400, 'Could not find the model path for load.');
    model = found;
    const progress = ['processing', 'finished'].map((status, i) =>
      sse({ model_type: 'model', module: i + 1, modules: 2, status }),
    );
    return { status: 200, headers: { 'content-type': STREAM, ...FAST_STREAM }, body: progress.join(''), chunked: true };
  };
  const unload = (): Reply => {
    if (model === undefined) return noModel();
    model = undefined;
    return fastJson(null);
  };

  const chat: Handler = async (request): Promise<Outcome> => {
    const invalid = invalidChat(request);
    if (invalid) return invalid;
    if (model === undefined) return request.model === undefined ? noModel() : crashed();
    const body = fields(request);
    const prompt = promptTokens(body['messages'], body['tools']);
    if (prompt >= model.contextLength) return overflow(prompt, model.contextLength);
    count += 1;
    const limit = Math.min(limitOf(body, 'max_tokens', 'max_completion_tokens'), model.contextLength - prompt);
    const answer = await answerTo(settings, { request, model: model.id, promptTokens: prompt, limit, count });
    return { stream: body['stream'] === true, answer, wire: wire(model, count, wantsUsage(body)) };
  };
  const list = (): Reply => fastJson({ object: 'list', data: model ? [card(model)] : [] });

  return {
    type: 'tabbyapi',
    date: true,
    keepAlive: { idleMs: 5_000, requests: Number.POSITIVE_INFINITY, header: null },
    headers: () => ({ server: 'uvicorn' }),
    generates: new Set(['/v1/chat/completions']),
    routes: {
      '/.well-known/serviceinfo': { GET: () => fastJson(SERVICE) },
      '/health': { GET: () => fastJson({ status: 'healthy', issues: [] }) },
      '/v1/models': { GET: list },
      '/v1/model/list': { GET: list },
      '/v1/model': { GET: () => (model ? fastJson(card(model)) : noModel()) },
      '/v1/model/load': { POST: load },
      '/v1/model/unload': { POST: unload },
      '/v1/chat/completions': { POST: chat },
      '/v1/token/encode': {
        POST: (request) => {
          if (model === undefined) return noModel();
          const { text } = fields(request);
          const length = promptTokens(typeof text === 'string' ? [{ content: text }] : asArray(text), []);
          return fastJson({ tokens: Array.from({ length }, (_, i) => 100 + i), length });
        },
      },
    },
    refuse: (request) => {
      if (settings.apiKey === undefined || OPEN.has(request.path)) return undefined;
      const key = asString(keyOf(request));
      if (key === settings.apiKey) return undefined;
      return detail(401, key === undefined ? 'Please provide an API key' : 'Invalid API key');
    },
    missing: fastMissing,
    error: (_, status, message) => detail(status, message),
    loading: noModel,
    overflow: (_, prompt, context) => overflow(prompt, context),
  };
}

const STREAM = 'text/event-stream; charset=utf-8';
const OPEN: ReadonlySet<string> = /* @__PURE__ */ new Set(['/health', '/.well-known/serviceinfo', '/openapi.json']);
const SERVICE = {
  version: 0.1,
  software: { name: 'TabbyAPI', repository: 'https://github.com/theroyallab/tabbyAPI' },
  api: { openai: { name: 'OpenAI API', relative_url: '/v1' } },
};
const noModel = (): Reply => detail(503, 'No models are currently loaded.');

function overflow(prompt: number, context: number): Reply {
  const message = `Prompt length ${prompt} is greater than max_seq_len ${context}`;
  const error = { message, type: 'invalid_request_error', param: null, code: 'context_length_exceeded' };
  return fastJson({ error }, 400);
}

function card(model: ServedFake): object {
  return {
    id: model.id,
    object: 'model',
    created: now(),
    owned_by: 'tabbyAPI',
    parameters: {
      max_seq_len: model.contextLength,
      cache_size: model.contextLength * 4,
      cache_mode: 'FP16',
      max_batch_size: 4,
      chunk_size: 2_048,
      prompt_template: model.capabilities.has('chat') ? 'from_tokenizer_config' : null,
      use_vision: model.capabilities.has('vision'),
      draft: null,
    },
  };
}

const now = (): number => Math.floor(Date.now() / 1000);

function wire(model: ServedFake, count: number, includeUsage: boolean): ReturnType<typeof openAiWire> {
  const about = (object: string) => ({
    id: `chatcmpl-${fakeId(count, 32, '0123456789abcdef')}`,
    object,
    created: now(),
    model: model.id,
  });
  const error = { message: 'Chat completion aborted. Please check the server console.', trace: '' };
  return openAiWire({
    chunk: (choices, last) => ({ ...about('chat.completion.chunk'), choices, ...last }),
    choice: (delta, finish) => ({ index: 0, finish_reason: finish, delta, logprobs: null }),
    role: { role: 'assistant', content: '' },
    reasoningField: 'reasoning_content',
    besideText: {},
    wholeCalls: true,
    finishDelta: {},
    includeUsage,
    usage: (answer) => usageOf(answer),
    streamHeaders: FAST_STREAM,
    failure: sse({ error }),
    failed: detail(503, error.message),
    whole: (answer) =>
      fastJson({
        ...about('chat.completion'),
        choices: [{ index: 0, finish_reason: answer.finish, message: message(answer), logprobs: null }],
        ...(includeUsage && { usage: usageOf(answer) }),
      }),
  });
}

function message(answer: Answer): object {
  const tool_calls = answer.toolCalls.map(({ id, name, arguments: text }, index) => ({
    id,
    index,
    type: 'function',
    function: { name, arguments: text },
  }));
  return {
    role: 'assistant',
    content: answer.text.length > 0 ? answer.text.join('') : null,
    ...(answer.reasoning.length > 0 && { reasoning_content: answer.reasoning.join('') }),
    ...(tool_calls.length > 0 && { tool_calls }),
  };
}
