import { answerTo, embeddingOf, fields, inputsOf, limitOf, promptTokens } from './answer.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise, type ServedFake } from './fake-settings.js';
import { type Answer, type Dialect, fakeId, type Handler, type Outcome, type Reply, sse } from './generation.js';
import { startFake } from './loopback.js';
import { openAiWire, usageOf, wantsUsage } from './openai-wire.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'Qwen/Qwen2.5-Coder-14B-Instruct', contextLength: 32_768 },
  { id: 'sql', contextLength: 32_768 },
];

/**
 * Starts a fake SGLang (0.5): built from its source, not from a recording. The first model is the one that runs, further ones
 * are adapters of it, asked for as `base:adapter`. A name is not checked; one with a colon whose adapter is not there is refused.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeSGLang(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeSGLang', { models: DEFAULT_MODELS, contextLength: 8_192 });
  return startFake(sglang(settings), settings, 'fakeSGLang');
}

const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
const TYPES: Readonly<Record<number, string>> = { 400: 'BadRequestError', 500: 'InternalServerError', 503: '503' };
const about = (code: number, message: string): object => ({
  object: 'error',
  message,
  type: TYPES[code] ?? 'InternalServerError',
  param: null,
  code,
});
const failed = (status: number, message: string): Reply => json(about(status, message), status);
const now = (): number => Math.floor(Date.now() / 1000);
const HEX = '0123456789abcdef';

function sglang(settings: FakeSettings): Dialect {
  const [base, ...adapters] = settings.models;
  let count = 0;

  function target(request: FakeRequest): ServedFake | Reply {
    if (base === undefined) return failed(500, 'no model');
    const adapter = /:(.*)$/s.exec(request.model ?? '')?.[1];
    if (adapter === undefined) return base;
    const found = adapters.find(({ id }) => id === adapter);
    return found ?? failed(400, `LoRA adapter '${adapter}' was requested, but LoRA is not enabled.`);
  }

  const chat: Handler = async (request): Promise<Outcome> => {
    const body = fields(request);
    if (!Array.isArray(body['messages'])) return failed(400, 'body -> messages: Input should be a valid list');
    const model = target(request);
    if ('status' in model) return model;
    const prompt = promptTokens(body['messages'], body['tools']);
    if (prompt >= model.contextLength) return overflow(prompt, model.contextLength);
    count += 1;
    const limit = Math.min(limitOf(body, 'max_completion_tokens', 'max_tokens'), model.contextLength - prompt);
    const said = await answerTo(settings, { request, model: model.id, promptTokens: prompt, limit, count });
    const answer = body['reasoning_effort'] === 'none' ? { ...said, reasoning: [] } : said;
    return {
      stream: body['stream'] === true,
      answer,
      wire: wire(request.model ?? 'default', count, wantsUsage(body)),
    };
  };
  const embeddings: Handler = (request) => {
    if (!base?.capabilities.has('embedding')) {
      return failed(400, 'This model does not appear to be an embedding model by default.');
    }
    const inputs = inputsOf(fields(request));
    const data = inputs.map((text, index) => ({ embedding: embeddingOf(text), index, object: 'embedding' }));
    const tokens = inputs.reduce((sum, text) => sum + promptTokens([{ content: text }], []), 0);
    return json({ data, model: base.id, object: 'list', usage: { prompt_tokens: tokens, total_tokens: tokens } });
  };
  /** The real one generates a token for this, so a test can see who asks. */
  const health = (): Reply => ({ status: 200, headers: {}, body: '' });

  return {
    type: 'sglang',
    date: true,
    keepAlive: { idleMs: 5_000, requests: Number.POSITIVE_INFINITY, header: null },
    headers: () => ({ server: 'uvicorn' }),
    generates: new Set(['/v1/chat/completions', '/health', '/health_generate']),
    routes: {
      '/': { GET: () => json('SGLang is running') },
      '/health': { GET: health },
      '/health_generate': { GET: health },
      '/ping': { GET: health },
      '/v1/models': { GET: () => json({ object: 'list', data: settings.models.map((model) => entry(model, base)) }) },
      '/model_info': { GET: () => json(modelInfo(base)) },
      '/v1/loads': { GET: () => json({ timestamp: new Date().toISOString(), version: VERSION, loads: [LOAD] }) },
      '/api/tags': { GET: () => json({ models: base === undefined ? [] : [ollamaEntry(base)] }) },
      '/v1/chat/completions': { POST: chat },
      '/v1/embeddings': { POST: embeddings },
    },
    refuse: ({ path, headers }) =>
      settings.apiKey === undefined ||
      /^\/(?:health|metrics)/.test(path) ||
      headers['authorization'] === `Bearer ${settings.apiKey}`
        ? undefined
        : json({ error: 'Unauthorized' }, 401),
    missing: (_, allowed) => {
      if (allowed === undefined) return json({ detail: 'Not Found' }, 404);
      const reply = json({ detail: 'Method Not Allowed' }, 405);
      return { ...reply, headers: { ...reply.headers, allow: allowed.join(', ') } };
    },
    error: (_, status, message) => failed(status, message),
    loading: () => failed(503, 'The request queue is full.'),
    overflow: (_, prompt, context) => overflow(prompt, context),
  };
}

const VERSION = '0.5.9';
const LOAD = {
  dp_rank: 0,
  num_running_reqs: 0,
  num_waiting_reqs: 0,
  num_used_tokens: 0,
  max_total_num_tokens: 100_000,
  max_running_requests: 64,
  token_usage: 0,
  gen_throughput: 0,
  cache_hit_rate: 0,
};

function overflow(prompt: number, context: number): Reply {
  return failed(400, `The input (${prompt} tokens) is longer than the model's context length (${context} tokens).`);
}

function entry(model: ServedFake, base: ServedFake | undefined): object {
  const isBase = model === base;
  return {
    id: model.id,
    object: 'model',
    created: now(),
    owned_by: 'sglang',
    root: isBase ? model.id : `/adapters/${model.id}`,
    parent: isBase ? null : base?.id,
    max_model_len: isBase ? model.contextLength : null,
  };
}

function modelInfo(base: ServedFake | undefined): object {
  return {
    model_path: base?.id,
    tokenizer_path: base?.id,
    is_generation: !base?.capabilities.has('embedding'),
    preferred_sampling_params: null,
    weight_version: 'default',
    has_image_understanding: base?.capabilities.has('vision') ?? false,
    has_audio_understanding: base?.capabilities.has('audio') ?? false,
    model_type: base?.family,
    architectures: ['Qwen2ForCausalLM'],
  };
}

function ollamaEntry({ id, family }: ServedFake): object {
  const details = { format: 'sglang', family };
  return { name: id, model: id, size: 0, digest: `sha256:sglang${'0'.repeat(58)}`, details };
}

function wire(model: string, count: number, includeUsage: boolean): ReturnType<typeof openAiWire> {
  const id = fakeId(count, 32, HEX);
  const created = now();
  const head = (object: string) => ({ id, object, created, model });
  const usage = (answer: Answer) => ({
    ...usageOf(answer),
    prompt_tokens_details: null,
    reasoning_tokens: answer.reasoning.length,
  });
  const error = { error: about(500, 'The scheduler has stopped.') };
  return {
    ...openAiWire({
      chunk: (choices, last) => ({ ...head('chat.completion.chunk'), choices, usage: null, ...last }),
      choice: (delta, finish) => ({
        index: 0,
        delta: { role: null, content: null, reasoning_content: null, tool_calls: null, ...delta },
        logprobs: null,
        finish_reason: finish,
        matched_stop: null,
      }),
      role: { role: 'assistant', content: '' },
      reasoningField: 'reasoning_content',
      besideText: {},
      wholeCalls: false,
      finishDelta: {},
      includeUsage,
      usage,
      // The error is followed by the usual last line.
      failure: `${sse(error)}data: [DONE]\n\n`,
      failed: json(error, 500),
      whole: (answer) =>
        json({
          ...head('chat.completion'),
          choices: [
            { index: 0, message: message(answer), logprobs: null, finish_reason: answer.finish, matched_stop: null },
          ],
          usage: usage(answer),
          metadata: { weight_version: 'default' },
        }),
    }),
    streamType: 'text/event-stream; charset=utf-8',
  };
}

function message(answer: Answer): object {
  const tool_calls = answer.toolCalls.map(({ id, name, arguments: text }, index) => ({
    id: `call_${id}`,
    index,
    type: 'function',
    function: { name, arguments: text },
  }));
  return {
    role: 'assistant',
    content: answer.text.join(''),
    reasoning_content: answer.reasoning.length > 0 ? answer.reasoning.join('') : null,
    tool_calls: tool_calls.length > 0 ? tool_calls : null,
  };
}
