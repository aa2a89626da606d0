import { asString } from '../internal/json.js';
import { answerTo, embeddingOf, fields, inputsOf, limitOf, promptTokens } from './answer.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise, type ServedFake } from './fake-settings.js';
import { type Answer, type Dialect, type FakeParts, fakeId, type Outcome, type Reply, sse } from './generation.js';
import { BUILD, props, routerEntry, routerProps, singleList, slots } from './llama-cpp-shapes.js';
import { startFake } from './loopback.js';
import { openAiWire, usageOf, wantsUsage } from './openai-wire.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'qwen2.5-coder-7b-instruct-q4_k_m', loaded: true, family: 'qwen2', contextLength: 16_384 },
  {
    id: 'gemma-3-4b-it-q4_k_m',
    family: 'gemma3',
    parameterSize: '4B',
    sizeBytes: 2_490_000_000,
    maxContextLength: 131_072,
  },
];

/**
 * Starts a fake llama.cpp server (as build b11549): of one model as started with `--model`, of several as in router mode.
 * Tokens of a prompt are a quarter of its characters; a prompt that does not fit gets the server's own error.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeLlamaCpp(options?: FakeServerOptions): Promise<FakeServer> {
  const { dialect, settings } = llamaCppParts(options, 'fakeLlamaCpp');
  return startFake(dialect, settings, 'fakeLlamaCpp');
}

/** The same without a socket; `owner` is the function that the user called. */
export function llamaCppParts(options: FakeServerOptions | undefined, owner: string): FakeParts {
  const settings = normalise(options, owner, { models: DEFAULT_MODELS, contextLength: 8_192 });
  return { dialect: llamaCppDialect(settings), settings };
}

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };
const json = (value: unknown, status = 200): Reply => ({ status, headers: JSON_TYPE, body: JSON.stringify(value) });

// Who writes the error decides the order of its members; both orders are as recorded.
const failed = (code: number, message: string, type: string, more?: Record<string, number>): Reply =>
  json({ error: { code, message, type, ...more } }, code);
const refused = (code: number, message: string, type: string): Reply => json({ error: { message, type, code } }, code);
const badRequest = (message: string): Reply => failed(400, message, 'invalid_request_error');
const notFound = (): Reply => refused(404, 'File Not Found', 'not_found_error');

const ERROR_TYPES: Readonly<Record<number, string>> = { 400: 'invalid_request_error', 503: 'unavailable_error' };

/** How llama.cpp talks; also what stands behind servers that pass requests on to it. */
export function llamaCppDialect(settings: FakeSettings): Dialect {
  const router = settings.models.length > 1;
  const loaded = new Set(settings.models.filter((model) => model.loaded || !router).map((model) => model.id));
  const busy = new Map<string, number>();
  let count = 0;

  /** The model that a request is about; in router mode it is loaded by that. */
  function target(request: FakeRequest): ServedFake | Reply {
    if (!router) return settings.models[0] ?? notFound();
    const query = new URLSearchParams(request.query);
    const name = request.method === 'POST' ? request.model : (query.get('model') ?? undefined);
    if (name === undefined) return badRequest('model name is missing from the request');
    const model = settings.models.find((entry) => entry.id === name);
    if (model === undefined) return badRequest(`model '${name}' not found`);
    if (!loaded.has(name) && query.has('autoload') && !/^(1|true)$/.test(query.get('autoload') ?? '')) {
      return badRequest('model is not loaded');
    }
    loaded.add(name);
    return model;
  }
  /** In router mode the model's own process answers, and its reply is passed on in chunks. */
  const own = (make: (request: FakeRequest, model: ServedFake) => Outcome | Promise<Outcome>) => {
    return async (request: FakeRequest): Promise<Outcome> => {
      if (request.method === 'POST' && typeof request.body !== 'object') return badJson(router, request);
      const model = target(request);
      if ('status' in model) return model;
      const outcome = await make(request, model);
      return 'wire' in outcome || !router ? outcome : passedOn(outcome);
    };
  };

  const chat = own(async (request, model) => {
    const body = fields(request);
    if (body['messages'] === undefined) return badRequest("'messages' is required");
    if (!Array.isArray(body['messages'])) return badRequest("Expected 'messages' to be an array");
    if (!model.capabilities.has('vision') && JSON.stringify(body['messages']).includes('"image_url"')) {
      return failed(500, NO_IMAGES, 'server_error');
    }
    const prompt = promptTokens(body['messages'], body['tools']);
    if (prompt >= model.contextLength) return overflow(prompt, model.contextLength);
    const limit = Math.min(
      limitOf(body, 'n_predict', 'max_completion_tokens', 'max_tokens'),
      model.contextLength - prompt,
    );
    count += 1;
    const wire = chatWire(model, count, wantsUsage(body));
    const answer = await answerTo(settings, { request, model: model.id, promptTokens: prompt, limit, count });
    busy.set(model.id, (busy.get(model.id) ?? 0) + 1);
    return {
      stream: body['stream'] === true,
      answer: body['reasoning_effort'] === 'none' ? { ...answer, reasoning: [] } : answer,
      wire: router ? { ...wire, whole: (said) => passedOn(wire.whole(said)), failed: passedOn(wire.failed) } : wire,
      ended: () => busy.set(model.id, (busy.get(model.id) ?? 1) - 1),
    };
  });
  const embeddings = own((request, model) => {
    if (!model.capabilities.has('embedding')) return failed(501, noSupport('embeddings'), 'not_supported_error');
    const inputs = inputsOf(fields(request));
    const tokens = inputs.reduce((sum, text) => sum + promptTokens([{ content: text }], []), 0);
    const data = inputs.map((text, index) => ({ embedding: embeddingOf(text), index, object: 'embedding' }));
    return json({
      model: request.model ?? model.id,
      object: 'list',
      usage: { prompt_tokens: tokens, total_tokens: tokens },
      data,
    });
  });
  const list = (): Reply =>
    json(
      router
        ? { data: settings.models.map((model) => routerEntry(model, loaded.has(model.id))), object: 'list' }
        : singleList(settings.models[0]),
    );
  const control = (on: boolean) => (request: FakeRequest) => {
    if (!router) return notFound();
    const model = settings.models.find((entry) => entry.id === request.model);
    if (model === undefined) return on ? notFound() : badRequest('model is not found');
    if (loaded.has(model.id) === on) return badRequest(on ? 'model is already running' : 'model is not running');
    if (on) loaded.add(model.id);
    else loaded.delete(model.id);
    return json({ success: true });
  };
  const health = (): Reply => json({ status: 'ok' });

  return {
    type: 'llama.cpp',
    date: false,
    keepAlive: { idleMs: 5_000, requests: 100, header: 'timeout=5, max=100' },
    headers: (request) => ({ Server: 'llama.cpp', 'Access-Control-Allow-Origin': request.headers['origin'] ?? '' }),
    generates: new Set(['/v1/chat/completions', '/chat/completions']),
    routes: {
      '/health': { GET: health, HEAD: health },
      '/v1/health': { GET: health, HEAD: health },
      '/models': { GET: list },
      '/v1/models': { GET: list },
      '/props': {
        GET: (request) =>
          router && request.query === '' ? json(routerProps()) : own((_, model) => json(props(model)))(request),
      },
      '/slots': { GET: own((_, model) => json(slots(model, busy.get(model.id) ?? 0))) },
      '/metrics': { GET: own(() => failed(501, noSupport('metrics endpoint', 'metrics'), 'not_supported_error')) },
      '/v1/chat/completions': { POST: chat },
      '/chat/completions': { POST: chat },
      '/v1/chat/completions/input_tokens': {
        POST: own((request) => {
          const body = fields(request);
          return json({ input_tokens: promptTokens(body['messages'], body['tools']), object: 'response.input_tokens' });
        }),
      },
      '/tokenize': {
        POST: own((request) => {
          const content = asString(fields(request)['content']);
          const tokens = content === undefined ? 0 : promptTokens([{ content }], []);
          return json({ tokens: Array.from({ length: tokens }, (_, i) => 100 + i) });
        }),
      },
      '/v1/embeddings': { POST: embeddings },
      '/embeddings': { POST: embeddings },
      '/models/load': { POST: control(true) },
      '/models/unload': { POST: control(false) },
    },
    refuse: (request) => {
      const { authorization = '', 'x-api-key': key } = request.headers;
      const open = settings.apiKey === undefined || /^(\/v1)?\/health$/.test(request.path);
      const fits =
        open ||
        [authorization, key && `Bearer ${key}`].some((value) => value?.replace(/^Bearer /, '') === settings.apiKey);
      return fits ? undefined : refused(401, 'Invalid API Key', 'authentication_error');
    },
    missing: notFound,
    error: (_, status, message) => failed(status, message, ERROR_TYPES[status] ?? 'server_error'),
    loading: () => refused(503, 'Loading model', 'unavailable_error'),
    overflow: (_, prompt, context) => overflow(prompt, context),
  };
}

const NO_IMAGES = 'image input is not supported - hint: if this is unexpected, you may need to provide the mmproj';
const noSupport = (what: string, flag = what): string =>
  `This server does not support ${what}. Start it with \`--${flag}\``;

function overflow(prompt: number, context: number): Reply {
  const message = `request (${prompt} tokens) exceeds the available context size (${context} tokens), try increasing it`;
  return failed(400, message, 'exceed_context_size_error', { n_prompt_tokens: prompt, n_ctx: context });
}

function badJson(router: boolean, request: FakeRequest): Reply {
  const message =
    request.body === undefined
      ? '[json.exception.parse_error.101] parse error at line 1, column 1: attempting to parse an empty input; check that your input string or stream contains the expected JSON'
      : `[json.exception.parse_error.101] parse error at line 1, column ${String(request.body).length + 1}: syntax error while parsing value - unexpected end of input; expected '[', '{', or a literal`;
  return router ? failed(500, message, 'server_error') : badRequest(message);
}

const PROXIED = { 'X-Accel-Buffering': 'no' };
const passedOn = (reply: Reply): Reply => ({ ...reply, headers: { ...reply.headers, ...PROXIED }, chunked: true });

function chatWire(model: ServedFake, count: number, includeUsage: boolean): ReturnType<typeof openAiWire> {
  const created = Math.floor(Date.now() / 1000);
  const id = `chatcmpl-${fakeId(count, 32)}`;
  const error = { code: 500, message: 'decode() failed: ret = -3', type: 'server_error' };
  const usage = (answer: Answer) => {
    const { prompt_tokens, completion_tokens, total_tokens } = usageOf(answer);
    return { completion_tokens, prompt_tokens, total_tokens, prompt_tokens_details: { cached_tokens: 0 } };
  };
  return openAiWire({
    chunk: (choices, last) => ({
      choices,
      created,
      id,
      model: model.id,
      system_fingerprint: BUILD,
      object: 'chat.completion.chunk',
      ...last,
    }),
    choice: (delta, finish) => ({ finish_reason: finish, index: 0, delta }),
    role: { role: 'assistant', content: null },
    reasoningField: 'reasoning_content',
    besideText: {},
    wholeCalls: false,
    finishDelta: {},
    includeUsage,
    usage,
    last: (answer) => ({ timings: timings(answer) }),
    streamHeaders: PROXIED,
    failure: sse({ error }),
    failed: failed(error.code, error.message, error.type),
    whole: (answer) =>
      json({
        choices: [{ finish_reason: answer.finish, index: 0, message: message(answer) }],
        created,
        model: model.id,
        system_fingerprint: BUILD,
        object: 'chat.completion',
        usage: usage(answer),
        id,
        timings: timings(answer),
      }),
  });
}

function message(answer: Answer): Record<string, unknown> {
  const tool_calls = answer.toolCalls.map(({ id, name, arguments: text }) => ({
    type: 'function',
    function: { name, arguments: text },
    id,
  }));
  return {
    role: 'assistant',
    content: answer.text.join(''),
    ...(answer.reasoning.length > 0 && { reasoning_content: answer.reasoning.join('') }),
    ...(tool_calls.length > 0 && { tool_calls }),
  };
}

function timings(answer: Answer): Record<string, number> {
  const { promptTokens: prompt, outputTokens: output } = answer;
  return {
    cache_n: 0,
    prompt_n: prompt,
    prompt_ms: prompt / 2,
    prompt_per_token_ms: 0.5,
    prompt_per_second: 2_000,
    predicted_n: output,
    predicted_ms: output * 20,
    predicted_per_token_ms: 20,
    predicted_per_second: 50,
  };
}
