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
  sse,
} from './generation.js';
import { startFake } from './loopback.js';
import { openAiWire, usageOf, wantsUsage } from './openai-wire.js';

// One model under two served names.
const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'Qwen/Qwen2.5-Coder-14B-Instruct', contextLength: 32_768 },
  { id: 'coder', contextLength: 32_768 },
];

/**
 * Starts a fake vLLM (0.26, Python front end): built from its source, not from a recording. Every model counts as loaded.
 * The first model is the one that runs, further ones are names for it. Tokens of a prompt are a quarter of its characters;
 * prompt and `max_tokens` together must fit, as with the real one.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeVLLM(options?: FakeServerOptions): Promise<FakeServer> {
  const { dialect, settings } = vllmParts(options, 'fakeVLLM');
  return startFake(dialect, settings, 'fakeVLLM');
}

/** The same without a socket; `owner` is the function that the user called. */
export function vllmParts(options: FakeServerOptions | undefined, owner: string): FakeParts {
  const settings = normalise(options, owner, { models: DEFAULT_MODELS, contextLength: 8_192 });
  return { dialect: vllm(settings), settings };
}

const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
const TYPES: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  404: 'NotFoundError',
  500: 'InternalServerError',
};
const errorBody = (code: number, message: string, param: string | null = null): object => ({
  error: { message, type: TYPES[code] ?? 'InternalServerError', param, code },
});
const failed = (status: number, message: string, param: string | null = null): Reply =>
  json(errorBody(status, message, param), status);

function vllm(settings: FakeSettings): Dialect {
  let count = 0;
  let running = 0;

  function target(request: FakeRequest): ServedFake | Reply {
    const asked = request.model;
    const model = settings.models.find((entry) => asked === undefined || entry.id === asked);
    return model ?? failed(404, `The model \`${asked ?? ''}\` does not exist.`, 'model');
  }

  const chat: Handler = async (request): Promise<Outcome> => {
    if (typeof request.body !== 'object') return invalid('body', 'JSON decode error');
    const body = fields(request);
    if (!Array.isArray(body['messages'])) return invalid('messages', 'Field required');
    const { tools } = body;
    if (Array.isArray(tools) && tools.length === 0) return invalid('tools', 'tools must not be an empty array');
    const stream = body['stream'] === true;
    if (!stream && body['stream_options'] != null)
      return invalid('stream_options', 'Stream options can only be defined when `stream=True`.');
    const model = target(request);
    if ('status' in model) return model;
    if (Array.isArray(tools) && !model.capabilities.has('tools') && (body['tool_choice'] ?? 'auto') === 'auto') {
      return failed(400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set');
    }
    const prompt = promptTokens(body['messages'], tools);
    const wanted = limitOf(body, 'max_completion_tokens', 'max_tokens');
    const room = model.contextLength - prompt;
    if (room < (Number.isFinite(wanted) ? wanted : 1)) {
      return overflow(prompt, Number.isFinite(wanted) ? wanted : 0, model.contextLength);
    }
    count += 1;
    const limit = Math.min(wanted, room);
    const answer = await answerTo(settings, { request, model: model.id, promptTokens: prompt, limit, count });
    running += 1;
    return {
      stream,
      answer: body['reasoning_effort'] === 'none' ? { ...answer, reasoning: [] } : answer,
      wire: wire(model, count, wantsUsage(body)),
      ended: () => {
        running -= 1;
      },
    };
  };
  const tokenize: Handler = (request) => {
    const model = target(request);
    if ('status' in model) return model;
    const { prompt, messages, tools } = fields(request);
    const tokens = promptTokens(messages ?? [{ content: prompt }], tools);
    return json({
      count: tokens,
      max_model_len: model.contextLength,
      tokens: Array.from({ length: tokens }, (_, i) => 100 + i),
    });
  };
  const embeddings: Handler = (request) => {
    const model = target(request);
    if ('status' in model) return model;
    const inputs = inputsOf(fields(request));
    const data = inputs.map((text, index) => ({ index, object: 'embedding', embedding: embeddingOf(text) }));
    const tokens = inputs.reduce((sum, text) => sum + promptTokens([{ content: text }], []), 0);
    const usage = { prompt_tokens: tokens, total_tokens: tokens, completion_tokens: 0, prompt_tokens_details: null };
    return json({ id: `embd-${fakeId(count, 32, HEX)}`, object: 'list', created: now(), model: model.id, data, usage });
  };
  const empty = (status: number): Reply => ({ status, headers: {}, body: '' });

  return {
    type: 'vllm',
    date: true,
    keepAlive: { idleMs: 5_000, requests: Number.POSITIVE_INFINITY, header: null },
    headers: () => ({ server: 'uvicorn' }),
    generates: new Set(['/v1/chat/completions']),
    routes: {
      '/health': { GET: () => empty(200) },
      '/ping': { GET: () => empty(200), POST: () => empty(200) },
      '/version': { GET: () => json({ version: VERSION }) },
      '/load': { GET: () => json({ server_load: running }) },
      '/v1/models': {
        GET: () => json({ object: 'list', data: settings.models.map((model) => entry(model, settings.models[0])) }),
      },
      '/v1/chat/completions': { POST: chat },
      '/tokenize': { POST: tokenize },
      // Without an embedding model the route does not exist.
      ...(settings.models.some((model) => model.capabilities.has('embedding')) && {
        '/v1/embeddings': { POST: embeddings },
      }),
    },
    refuse: ({ path, headers }) => {
      const guarded = settings.apiKey !== undefined && path.startsWith('/v1');
      const key = headers['authorization']?.replace(/^bearer /i, '');
      return guarded && key !== settings.apiKey ? json({ error: 'Unauthorized' }, 401) : undefined;
    },
    missing: (_, allowed) => {
      if (allowed === undefined) return json({ detail: 'Not Found' }, 404);
      const reply = json({ detail: 'Method Not Allowed' }, 405);
      return { ...reply, headers: { ...reply.headers, allow: allowed.join(', ') } };
    },
    error: (_, status, message) => failed(status, message),
    // A vLLM that loads refuses connections; a scaling one answers 503.
    loading: () => json({ error: 'The model is currently scaling. Please try again later.' }, 503),
    overflow: (_, prompt, context) => overflow(prompt, 0, context),
  };
}

const VERSION = '0.26.0';
const HEX = '0123456789abcdef';
const now = (): number => Math.floor(Date.now() / 1000);

function invalid(where: string, message: string): Reply {
  return json(
    { error: { message: `1 validation error(s): ${message}`, type: 'Bad Request', param: where, code: 400 } },
    400,
  );
}

function overflow(prompt: number, output: number, context: number): Reply {
  const message = `This model's maximum context length is ${context} tokens. However, you requested ${output} output tokens and your prompt contains ${prompt} input tokens, for a total of ${prompt + output} tokens. Please reduce the length of the input prompt or the number of requested output tokens. (parameter=input_tokens, value=${prompt})`;
  return failed(400, message, 'input_tokens');
}

function entry(model: ServedFake, root: ServedFake | undefined): object {
  const created = now();
  return {
    id: model.id,
    object: 'model',
    created,
    owned_by: 'vllm',
    root: root?.id ?? model.id,
    parent: null,
    max_model_len: model.contextLength,
    permission: [
      {
        id: `modelperm-${model.digest.slice(0, 32)}`,
        object: 'model_permission',
        created,
        allow_create_engine: false,
        allow_sampling: true,
        allow_logprobs: true,
        allow_search_indices: false,
        allow_view: true,
        allow_fine_tuning: false,
        organization: '*',
        group: null,
        is_blocking: false,
      },
    ],
  };
}

function wire(model: ServedFake, count: number, includeUsage: boolean): ReturnType<typeof openAiWire> {
  const id = `chatcmpl-${fakeId(count, 32, HEX)}`;
  const created = now();
  const about = (object: string) => ({ id, object, created, model: model.id });
  const fingerprint = `vllm-${VERSION}-${model.digest.slice(0, 8)}`;
  const error = errorBody(500, 'EngineCore encountered an issue.');
  return {
    ...openAiWire({
      chunk: (choices, last) => ({
        ...about('chat.completion.chunk'),
        choices,
        system_fingerprint: fingerprint,
        ...last,
      }),
      choice: (delta, finish) => ({
        index: 0,
        delta,
        logprobs: null,
        finish_reason: finish,
        ...(finish !== null && { stop_reason: null }),
      }),
      role: { role: 'assistant', content: '' },
      reasoningField: 'reasoning',
      besideText: {},
      wholeCalls: false,
      finishDelta: { content: '' },
      includeUsage,
      usage: (answer) => ({ ...usageOf(answer) }),
      // The error is followed by the usual last line.
      failure: `${sse(error)}data: [DONE]\n\n`,
      failed: json(error, 500),
      whole: (answer) =>
        json({
          ...about('chat.completion'),
          choices: [
            {
              index: 0,
              message: message(answer),
              logprobs: null,
              finish_reason: answer.finish,
              stop_reason: null,
              token_ids: null,
            },
          ],
          service_tier: null,
          system_fingerprint: fingerprint,
          usage: { ...usageOf(answer), prompt_tokens_details: null, completion_tokens_details: null },
          prompt_logprobs: null,
          kv_transfer_params: null,
        }),
    }),
    streamType: 'text/event-stream; charset=utf-8',
  };
}

function message(answer: Answer): object {
  const tool_calls = answer.toolCalls.map(({ id, name, arguments: text }) => ({
    id: `chatcmpl-tool-${id}`,
    type: 'function',
    function: { name, arguments: text },
  }));
  return {
    role: 'assistant',
    content: answer.text.length > 0 ? answer.text.join('') : null,
    refusal: null,
    annotations: null,
    audio: null,
    function_call: null,
    tool_calls,
    reasoning: answer.reasoning.length > 0 ? answer.reasoning.join('') : null,
  };
}
