import { answerTo, embeddingOf, fields, inputsOf, limitOf, promptTokens } from './answer.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise, type ServedFake } from './fake-settings.js';
import {
  type Answer,
  type Dialect,
  type FakeParts,
  fakeId,
  type Handler,
  type Outcome,
  type Reply,
} from './generation.js';
import { startFake } from './loopback.js';
import { openAiWire, usageOf, wantsUsage } from './openai-wire.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'qwen/qwen3-coder-30b', loaded: true, family: 'qwen3moe', parameterSize: '30B', sizeBytes: 18_630_000_000 },
  { id: 'mistralai/devstral-small-2507', parameterSize: '24B', sizeBytes: 14_330_000_000, maxContextLength: 131_072 },
];

/**
 * Starts a fake LM Studio (0.4): built from its documentation and from reports, not from a recording.
 * A known model that is not loaded is loaded by the first request; an unknown one is answered by the loaded one where there is exactly one.
 * Tokens of a prompt are a quarter of its characters.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeLMStudio(options?: FakeServerOptions): Promise<FakeServer> {
  const { dialect, settings } = lmStudioParts(options, 'fakeLMStudio');
  return startFake(dialect, settings, 'fakeLMStudio');
}

/** The same without a socket; `owner` is the function that the user called. */
export function lmStudioParts(options: FakeServerOptions | undefined, owner: string): FakeParts {
  const settings = normalise(options, owner, { models: DEFAULT_MODELS, contextLength: 8_192 });
  return { dialect: lmStudio(settings), settings };
}

const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { 'Content-Type': 'application/json; charset=utf-8' },
  body: JSON.stringify(value),
});
const failed = (status: number, message: string, code: string | null = null, param: string | null = null): Reply =>
  json({ error: { message, type: status < 500 ? 'invalid_request_error' : 'internal_error', param, code } }, status);
/** What is not there is answered with 200 and a text. */
const unexpected = ({ method, path }: FakeRequest): Reply =>
  json({ error: `Unexpected endpoint or method. (${method} ${path})` });

function lmStudio(settings: FakeSettings): Dialect {
  const loaded = new Set(settings.models.filter((model) => model.loaded).map((model) => model.id));
  const find = (id: string | undefined): ServedFake | undefined => settings.models.find((model) => model.id === id);
  let count = 0;

  function target(request: FakeRequest): ServedFake | Reply {
    const model = find(request.model) ?? (loaded.size === 1 ? find([...loaded][0]) : undefined);
    if (model === undefined) {
      const hint = `Please specify a valid downloaded model (e.g., ${settings.models.map((m) => m.id).join(', ')}).`;
      return failed(400, `Invalid model identifier "${request.model ?? ''}". ${hint}`, 'model_not_found', 'model');
    }
    loaded.add(model.id);
    return model;
  }

  const chat: Handler = async (request): Promise<Outcome> => {
    if (typeof request.body !== 'object') return failed(400, 'Request body is not valid JSON.');
    const body = fields(request);
    if (!Array.isArray(body['messages'])) return failed(400, "'messages' field is required");
    const model = target(request);
    if ('status' in model) return model;
    const stream = body['stream'] === true;
    const prompt = promptTokens(body['messages'], body['tools']);
    if (prompt >= model.contextLength) return overflow(prompt, model.contextLength, stream);
    count += 1;
    const limit = Math.min(limitOf(body, 'max_tokens', 'max_completion_tokens'), model.contextLength - prompt);
    const answer = await answerTo(settings, { request, model: model.id, promptTokens: prompt, limit, count });
    return { stream, answer, wire: wire(model, count, wantsUsage(body), request.path.startsWith('/api/v0/')) };
  };
  const embeddings: Handler = (request) => {
    const model = target(request);
    if ('status' in model) return model;
    const data = inputsOf(fields(request)).map((text, index) => ({
      object: 'embedding',
      embedding: embeddingOf(text),
      index,
    }));
    return json({ object: 'list', data, model: model.id, usage: { prompt_tokens: 0, total_tokens: 0 } });
  };
  const load: Handler = (request) => {
    const model = find(request.model);
    if (model === undefined) return failed(404, `Model not found: ${request.model ?? ''}`, 'model_not_found');
    loaded.add(model.id);
    return json({ type: kind(model), instance_id: model.id, load_time_seconds: 1.5, status: 'loaded' });
  };
  const unload: Handler = (request) => {
    const id = fields(request)['instance_id'];
    if (typeof id !== 'string' || !loaded.delete(id))
      return failed(404, 'Model instance not found.', 'model_not_found');
    return json({ instance_id: id });
  };
  const v0 = (model: ServedFake): object => v0Entry(model, loaded.has(model.id));

  return {
    type: 'lmstudio',
    date: true,
    keepAlive: { idleMs: 5_000, requests: Number.POSITIVE_INFINITY, header: undefined },
    headers: () => ({ 'X-Powered-By': 'Express' }),
    generates: new Set(['/v1/chat/completions', '/api/v0/chat/completions']),
    routes: {
      '/lmstudio-greeting': { GET: () => json({ lmstudio: true }) },
      '/api/v1/models': {
        GET: () => json({ models: settings.models.map((model) => v1Entry(model, loaded.has(model.id))) }),
      },
      '/api/v0/models': { GET: () => json({ object: 'list', data: settings.models.map(v0) }) },
      '/v1/models': {
        GET: () => {
          const data = settings.models.map(({ id }) => ({ id, object: 'model', owned_by: 'organization_owner' }));
          return json({ data, object: 'list' });
        },
      },
      '/v1/chat/completions': { POST: chat },
      '/api/v0/chat/completions': { POST: chat },
      '/v1/embeddings': { POST: embeddings },
      '/api/v0/embeddings': { POST: embeddings },
      '/api/v1/models/load': { POST: load },
      '/api/v1/models/unload': { POST: unload },
    },
    refuse: (request) => {
      const { authorization } = request.headers;
      const open = settings.apiKey === undefined || request.path === '/lmstudio-greeting';
      if (open || authorization === `Bearer ${settings.apiKey}`) return undefined;
      if (request.path === '/v1/models') return unexpected(request);
      const message = 'An LM Studio API token is required to make requests to this server.';
      return json({ error: { type: 'invalid_request', code: 'invalid_api_key', message } }, 401);
    },
    missing: (request) => {
      const model = find(decodeURIComponent(request.path.replace(/^\/api\/v0\/models\//, '')));
      return model && request.method === 'GET' ? json(v0(model)) : unexpected(request);
    },
    error: (_, status, message) => failed(status, message),
    loading: () => failed(503, 'Model is loading.'),
    overflow: (request, prompt, context) => overflow(prompt, context, fields(request)['stream'] === true),
  };
}

const kind = (model: ServedFake): 'llm' | 'embedding' => (model.capabilities.has('embedding') ? 'embedding' : 'llm');
const publisher = ({ id }: ServedFake): string => (id.includes('/') ? id.slice(0, id.indexOf('/')) : 'unknown');

function v1Entry(model: ServedFake, loaded: boolean): object {
  const config = { context_length: model.contextLength, eval_batch_size: 512, parallel: 4, flash_attention: true };
  return {
    type: kind(model),
    publisher: publisher(model),
    key: model.id,
    display_name: model.id.replace(/^.*\//, ''),
    ...(kind(model) === 'llm' && { architecture: model.family }),
    quantization: { name: model.quantization, bits_per_weight: Number(/\d+/.exec(model.quantization)?.[0] ?? 4) },
    size_bytes: model.sizeBytes,
    params_string: model.parameterSize,
    loaded_instances: loaded ? [{ id: model.id, config }] : [],
    max_context_length: model.maxContextLength,
    format: 'gguf',
    ...(kind(model) === 'llm' && {
      capabilities: {
        vision: model.capabilities.has('vision'),
        trained_for_tool_use: model.capabilities.has('tools'),
        ...(model.capabilities.has('reasoning') && { reasoning: { allowed_options: ['off', 'on'], default: 'on' } }),
      },
      description: null,
    }),
  };
}

function v0Entry(model: ServedFake, loaded: boolean): object {
  const type = model.capabilities.has('vision') ? 'vlm' : 'llm';
  return {
    id: model.id,
    object: 'model',
    type: kind(model) === 'embedding' ? 'embeddings' : type,
    publisher: publisher(model),
    arch: model.family,
    compatibility_type: 'gguf',
    quantization: model.quantization,
    state: loaded ? 'loaded' : 'not-loaded',
    max_context_length: model.maxContextLength,
    ...(loaded && { loaded_context_length: model.contextLength }),
    ...(model.capabilities.has('tools') && { capabilities: ['tool_use'] }),
  };
}

/** A streamed request gets its refusal inside a 200. */
function overflow(prompt: number, context: number, stream: boolean): Reply {
  const message = `Trying to keep the first ${prompt} tokens when context the overflows. However, the model is loaded with context length of only ${context} tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input`;
  return stream ? { status: 200, headers: SSE, body: errorEvent(message), chunked: true } : failed(400, message);
}

const SSE = { 'Content-Type': 'text/event-stream' };
const errorEvent = (message: string): string => `event: error\ndata: ${JSON.stringify({ error: { message } })}\n\n`;

function wire(model: ServedFake, count: number, includeUsage: boolean, v0: boolean): ReturnType<typeof openAiWire> {
  const id = `chatcmpl-${fakeId(count, 21, 'abcdefghijklmnopqrstuvwxyz0123456789')}`;
  const created = Math.floor(Date.now() / 1000);
  const about = (object: string) => ({ id, object, created, model: model.id });
  const error = 'The model has crashed without additional information.';
  return openAiWire({
    chunk: (choices, last) => ({
      ...about('chat.completion.chunk'),
      system_fingerprint: model.id,
      choices,
      ...last,
    }),
    choice: (delta, finish) => ({ index: 0, delta, logprobs: null, finish_reason: finish }),
    role: null,
    // gpt-oss models are the ones whose thoughts come under the other name.
    reasoningField: /gpt-oss/.test(model.id) ? 'reasoning' : 'reasoning_content',
    besideText: {},
    wholeCalls: false,
    finishDelta: {},
    includeUsage,
    usage: usageOf,
    failure: errorEvent(error),
    failed: failed(500, error),
    whole: (answer) =>
      json({
        ...about('chat.completion'),
        choices: [{ index: 0, message: message(model, answer), logprobs: null, finish_reason: answer.finish }],
        usage: usageOf(answer),
        stats: v0 ? stats(answer) : {},
        ...(v0
          ? {
              model_info: {
                arch: model.family,
                quant: model.quantization,
                format: 'gguf',
                context_length: model.contextLength,
              },
            }
          : { system_fingerprint: model.id }),
      }),
  });
}

function message(model: ServedFake, answer: Answer): object {
  const tool_calls = answer.toolCalls.map(({ id, name, arguments: text }) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  }));
  const field = /gpt-oss/.test(model.id) ? 'reasoning' : 'reasoning_content';
  return {
    role: 'assistant',
    content: answer.text.join(''),
    ...(answer.reasoning.length > 0 && { [field]: answer.reasoning.join('') }),
    ...(tool_calls.length > 0 && { tool_calls }),
  };
}

function stats(answer: Answer): object {
  return {
    tokens_per_second: 50,
    time_to_first_token: 0.1,
    generation_time: answer.outputTokens / 50,
    stop_reason: answer.finish === 'length' ? 'maxPredictedTokensReached' : 'eosFound',
  };
}
