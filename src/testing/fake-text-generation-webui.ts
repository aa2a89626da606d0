import { asArray, asObject, asString } from '../internal/json.js';
import { answerTo, fields, limitOf, promptTokens } from './answer.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise } from './fake-settings.js';
import { crashed, detail, FAST_STREAM, fastJson, fastMissing, invalidChat, keyOf } from './fast-api.js';
import type { Answer, Dialect, Handler, Outcome, Reply } from './generation.js';
import { startFake } from './loopback.js';
import { openAiWire, usageOf, wantsUsage } from './openai-wire.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'Qwen2.5-Coder-7B-Instruct-Q4_K_M.gguf', loaded: true },
  { id: 'gemma-3-4b-it-Q4_K_M.gguf' },
];

/**
 * Starts a fake text-generation-webui (4.7.3) with the loaded one of the models, or the first; an empty list is a server
 * without one. It ignores the name in a request and cuts a prompt that does not fit without a word. What goes wrong in a
 * stream breaks the connection. Tokens of a prompt are a quarter of its characters.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeTextGenerationWebUI(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeTextGenerationWebUI', { models: DEFAULT_MODELS, contextLength: 8_192 });
  return startFake(textGenerationWebUI(settings), settings, 'fakeTextGenerationWebUI');
}

const STREAM_TYPE = 'text/event-stream; charset=utf-8';

function textGenerationWebUI(settings: FakeSettings): Dialect {
  const first = settings.models.find((model) => model.loaded) ?? settings.models[0];
  /** A load that fails leaves the name without a loader. */
  let state: { name: string; loader: string | null } = {
    name: first?.id ?? 'None',
    loader: first ? 'llama.cpp' : null,
  };
  let count = 0;
  const loaded = () => (state.loader === null ? undefined : settings.models.find((model) => model.id === state.name));

  const chat: Handler = async (request): Promise<Outcome> => {
    const invalid = invalidChat(request);
    if (invalid) return invalid;
    const body = fields(request);
    const stream = body['stream'] === true;
    const malformed = asArray(body['tools']).findIndex((tool) => asObject(tool)?.['type'] !== 'function');
    if (malformed >= 0 && !stream) {
      const message = `Invalid tool specification at index ${malformed}.`;
      return fastJson({ error: { message, type: 'invalid_request_error', param: 'tools', code: null } }, 400);
    }
    const model = loaded();
    const limit = limitOf(body, 'max_tokens', 'max_completion_tokens');
    const isLimited = Number.isFinite(limit);
    if (model === undefined || malformed >= 0 || (isLimited && limit >= model.contextLength)) {
      return stream ? broken() : crashed();
    }
    count += 1;
    const room = model.contextLength - (isLimited ? limit : 1);
    const prompt = Math.min(promptTokens(body['messages'], body['tools']), room);
    const most = isLimited ? limit : model.contextLength - prompt;
    const answer = await answerTo(settings, { request, model: model.id, promptTokens: prompt, limit: most, count });
    return { stream, answer, wire: wire(model.id, wantsUsage(body)) };
  };
  const count_ = (text: unknown): number => promptTokens([{ content: asString(text) ?? '' }], []);
  const entry = (id: string): object => ({ id, object: 'model', created: 0, owned_by: 'user' });
  const done = (): Reply => fastJson('OK');

  return {
    type: 'text-generation-webui',
    date: true,
    keepAlive: { idleMs: 5_000, requests: Number.POSITIVE_INFINITY, header: null },
    headers: () => ({ server: 'uvicorn' }),
    generates: new Set(['/v1/chat/completions']),
    routes: {
      '/': { OPTIONS: done },
      '/openapi.json': { GET: () => fastJson(OPENAPI) },
      '/v1/models': {
        GET: () => fastJson({ object: 'list', data: state.name === 'None' ? [] : [entry(state.name)] }),
      },
      '/v1/chat/completions': { POST: chat },
      '/v1/internal/health': { GET: () => fastJson({ status: 'ok' }) },
      '/v1/internal/model/info': {
        GET: () => fastJson({ model_name: state.name, lora_names: [], loader: state.loader }),
      },
      '/v1/internal/model/list': { GET: () => fastJson({ model_names: settings.models.map(({ id }) => id) }) },
      '/v1/internal/lora/list': { GET: () => fastJson({ lora_names: [] }) },
      '/v1/internal/token-count': { POST: (request) => fastJson({ length: count_(fields(request)['text']) }) },
      '/v1/internal/encode': {
        POST: (request) => {
          if (loaded() === undefined) return crashed();
          const length = count_(fields(request)['text']);
          return fastJson({ tokens: Array.from({ length }, (_, i) => 261 + i), length });
        },
      },
      '/v1/internal/stop-generation': { POST: done },
      '/v1/internal/model/load': {
        POST: (request) => {
          const name = asString(fields(request)['model_name']) ?? 'None';
          const isThere = settings.models.some(({ id }) => id === name);
          state = { name, loader: isThere ? 'llama.cpp' : null };
          return isThere ? done() : detail(500, 'Failed to load the model.');
        },
      },
      '/v1/internal/model/unload': {
        POST: () => {
          state = { ...state, name: 'None' };
          return done();
        },
      },
    },
    refuse: (request) => {
      if (request.path === '/openapi.json') return undefined;
      const host = request.headers['host']?.replace(/:\d+$/, '');
      if (host !== 'localhost' && host !== '127.0.0.1') return detail(400, 'Invalid host header');
      if (settings.apiKey === undefined || keyOf(request) === settings.apiKey) return undefined;
      return detail(401, 'Unauthorized');
    },
    missing: (request, allowed) => {
      const any = /^\/v1\/models\/(.+)$/.exec(request.path)?.[1];
      return any !== undefined && request.method === 'GET' ? fastJson(entry(any)) : fastMissing(request, allowed);
    },
    error: (_, status, message) => detail(status, message),
    loading: () => detail(503, 'Service Unavailable'),
    // The real one has no such error: this is what it makes of an answer that is to be longer than the window.
    overflow: (request) => (fields(request)['stream'] === true ? broken() : crashed()),
  };
}

/** 200, and the connection breaks before the first byte. */
function broken(): Reply {
  return { status: 200, headers: { 'content-type': STREAM_TYPE, ...FAST_STREAM }, body: '', chunked: true, cut: true };
}

const PATHS = ['chat/completions', 'models', 'internal/model/info', 'internal/token-count', 'internal/logits'];
const OPENAPI = {
  openapi: '3.1.0',
  info: { title: 'FastAPI', version: '0.1.0' },
  paths: Object.fromEntries(PATHS.map((path) => [`/v1/${path}`, {}])),
};

function wire(model: string, includeUsage: boolean): ReturnType<typeof openAiWire> {
  const stamp = Date.now();
  const created = Math.floor(stamp / 1000);
  const about = (object: string) => ({
    id: `chatcmpl-${stamp}000000`,
    object,
    created,
    model,
    system_fingerprint: null,
  });
  return {
    ...openAiWire({
      chunk: (choices, last) => ({
        ...about('chat.completion.chunk'),
        choices,
        ...(includeUsage && { usage: null }),
        ...last,
      }),
      choice: (delta, finish) => ({ index: 0, finish_reason: finish, delta, logprobs: null }),
      role: { role: 'assistant', refusal: null, content: '' },
      reasoningField: 'reasoning_content',
      besideText: {},
      wholeCalls: true,
      finishDelta: {},
      includeUsage,
      usage: (answer) => usageOf(answer),
      streamHeaders: FAST_STREAM,
      failure: '',
      failed: crashed(),
      whole: (answer) =>
        fastJson({
          ...about('chat.completion'),
          choices: [{ index: 0, finish_reason: answer.finish, message: message(answer), logprobs: null }],
          usage: usageOf(answer),
        }),
    }),
    streamType: STREAM_TYPE,
  };
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
    refusal: null,
    content: answer.text.join(''),
    ...(answer.reasoning.length > 0 && { reasoning_content: answer.reasoning.join('') }),
    ...(tool_calls.length > 0 && { tool_calls }),
  };
}
