import { asString } from '../internal/json.js';
import { answerTo, embeddingOf, fields, inputsOf, limitOf, promptTokens } from './answer.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise } from './fake-settings.js';
import {
  type Answer,
  type Dialect,
  fakeId,
  type Handler,
  type Outcome,
  type Reply,
  sse,
  type Wire,
} from './generation.js';
import { koboldModel, koboldPerf, koboldTags, koboldVersion, serviceInfo } from './koboldcpp-shapes.js';
import { startFake } from './loopback.js';
import { usageOf } from './openai-wire.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'koboldcpp/Qwen2.5-Coder-7B-Instruct-Q4_K_M', contextLength: 8_192 },
];

/**
 * Starts a fake KoboldCpp (1.104) with the first model, or without one where the list is empty. It ignores the name in a
 * request and answers one after another: six wait, the rest is refused. A prompt that does not fit is cut without a word,
 * a stream holds no usage, and its errors end a stream without a sign. Tokens of a prompt are a quarter of its characters.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeKoboldCpp(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeKoboldCpp', { models: DEFAULT_MODELS, contextLength: 8_192 });
  return startFake(koboldCpp(settings), settings, 'fakeKoboldCpp');
}

// Only a whole reply has a length; what else it sends ends with the connection.
const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
  chunked: status !== 200,
});
const html = (status: number, body: string): Reply => ({
  status,
  headers: { 'content-type': 'text/html' },
  body,
  chunked: true,
});
const failed = (status: number, msg: string, type: string): Reply => json({ detail: { msg, type } }, status);
const busyReply = (): Reply => failed(503, 'Server is busy; please try again later.', 'service_unavailable');

/** Requests that wait beside the one that runs. */
const PLACES = 6;

function koboldCpp(settings: FakeSettings): Dialect {
  const model = settings.models.find((entry) => !entry.capabilities.has('embedding'));
  const vectors = settings.models.find((entry) => entry.capabilities.has('embedding'));
  const id = model?.id ?? 'inactive';
  const context = model?.contextLength ?? 8_192;
  const waiting: (() => void)[] = [];
  let isRunning = false;
  let count = 0;
  const release = (): void => {
    const next = waiting.shift();
    if (next) next();
    else isRunning = false;
  };

  const chat: Handler = async (request): Promise<Outcome> => {
    if (typeof request.body !== 'object') return failed(500, 'Error parsing input.', 'bad_input');
    if (waiting.length === PLACES) return busyReply();
    if (isRunning) await new Promise<void>((resolve) => waiting.push(resolve));
    isRunning = true;
    try {
      const body = fields(request);
      const asked = limitOf(body, 'max_tokens', 'max_completion_tokens');
      const wanted = asked > 0 && Number.isFinite(asked) ? asked : Math.min(896, Math.floor(context / 2));
      const limit = Math.min(wanted, Math.floor(context * 0.8));
      count += 1;
      // What does not fit gives way, and so does what stands in the way of a long answer.
      const prompt = Math.min(promptTokens(body['messages'], body['tools']), context - limit);
      const said = model && (await answerTo(settings, { request, model: id, promptTokens: prompt, limit, count }));
      const tools = Array.isArray(body['tools']) && body['tool_choice'] !== 'none';
      return { stream: body['stream'] === true, answer: said ?? NOTHING, wire: wire(id, tools), ended: release };
    } catch (error) {
      release();
      throw error;
    }
  };
  const tokencount: Handler = (request) => {
    if (typeof request.body !== 'object') return json({ value: -1 }, 400);
    const value = promptTokens([{ content: asString(fields(request)['prompt']) ?? '' }], []);
    return json({ value, ids: Array.from({ length: value }, (_, i) => 261 + i) });
  };
  const embeddings: Handler = (request) => {
    const inputs = inputsOf(fields(request));
    const tokens = vectors ? inputs.reduce((sum, text) => sum + promptTokens([{ content: text }], []), 0) : 0;
    return json({
      object: 'list',
      // Without a model for it the vectors are empty.
      data: inputs.map((text, index) => ({
        object: 'embedding',
        index,
        embedding: vectors ? embeddingOf(text) : [],
      })),
      model: vectors?.id ?? 'inactive',
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  };
  const list = (): Reply => json({ object: 'list', data: [koboldModel(id)] });
  const name: Handler = (request) => json({ result: isLocked(settings, request) ? 'koboldcpp/protected-model' : id });
  const tags = (): Reply => json(koboldTags(id));
  const value = (n: number) => () => json({ value: n });
  const props = (): Reply =>
    json({
      chat_template: model ? '{% for m in messages %}{{ m.content }}{% endfor %}' : null,
      id: 0,
      id_task: -1,
      total_slots: 1,
      modalities: {
        vision: model?.capabilities.has('vision') ?? false,
        audio: model?.capabilities.has('audio') ?? false,
      },
      model_path: id,
      n_ctx: context,
      default_generation_settings: { n_ctx: context },
    });

  return {
    type: 'koboldcpp',
    date: true,
    keepAlive: { idleMs: 0, requests: 1, header: null, never: true },
    headers: () => HEADERS,
    generates: new Set(['/v1/chat/completions', '/chat/completions']),
    routes: {
      '/api/extra/version': {
        GET: () =>
          json(koboldVersion(model, { isLocked: settings.apiKey !== undefined, embeds: vectors !== undefined })),
      },
      '/.well-known/serviceinfo': { GET: () => json(serviceInfo()) },
      '/api/extra/true_max_context_length': { GET: value(context) },
      '/api/v1/config/max_context_length': { GET: value(context) },
      '/api/v1/config/max_length': { GET: value(1_024) },
      '/api/extra/perf': { GET: () => json(koboldPerf(count, waiting.length, isRunning)) },
      '/api/v1/model': { GET: name },
      '/api/latest/model': { GET: name },
      '/models': { GET: list },
      '/props': { GET: props },
      '/ping': { GET: () => json({ status: 'healthy' }) },
      '/slots': {
        GET: () => {
          const message = 'This server does not support slots endpoint.';
          return json({ error: { code: 501, message, type: 'not_supported_error' } }, 501);
        },
      },
      '/api/tags': { GET: tags },
      '/api/ps': { GET: tags },
      '/api/version': { GET: () => json({ version: '0.7.0' }) },
      '/v1/chat/completions': { POST: chat },
      '/chat/completions': { POST: chat },
      '/api/extra/tokencount': { POST: tokencount },
      '/api/extra/tokenize': { POST: tokencount },
      '/v1/embeddings': { POST: embeddings },
      // As without `--admin`.
      '/api/admin/list_options': { GET: () => json([]) },
      '/api/admin/reload_config': { POST: () => json({ success: false }) },
      '/api/extra/abort': { POST: () => json({ success: 'true', done: 'true' }) },
    },
    refuse: (request) => {
      if (request.method === 'HEAD' || request.method === 'OPTIONS') return html(200, '');
      if (request.method !== 'POST' || !isLocked(settings, request)) return undefined;
      const msg = 'Authentication key is missing or invalid.';
      return json({ detail: { error: 'Unauthorized', msg, type: 'unauthorized' } }, 401);
    },
    missing: ({ method, path }) => {
      // Paths are told by how they end.
      if (method === 'GET' && path.endsWith('/v1/models')) return list();
      if (method !== 'GET') return html(404, '');
      return html(404, `${UNKNOWN}<br><br>Current path: ${path}`);
    },
    error: (_, status, message) => failed(status, message, status === 503 ? 'service_unavailable' : 'bad_input'),
    loading: busyReply,
    // The real one has no such error.
    overflow: () => failed(500, 'Error parsing input. It may exceed the context length.', 'bad_input'),
  };
}

const UNKNOWN =
  'Error: KoboldCpp HTTP Server is running, but this endpoint does not exist. Please check the URL and METHOD.<br><a href="/api">[Read API documentation here]</a>';
const HEADERS = {
  Server: 'KoboldCppServer 1',
  'access-control-allow-origin': '*',
  'access-control-allow-methods': '*',
  'access-control-allow-headers': '*',
  'cache-control': 'no-store',
};
const NOTHING: Answer = { reasoning: [], text: [], toolCalls: [], finish: 'length', promptTokens: 0, outputTokens: 0 };

function isLocked({ apiKey }: FakeSettings, { headers }: FakeRequest): boolean {
  return apiKey !== undefined && headers['authorization'] !== `Bearer ${apiKey}`;
}

function wire(model: string, tools: boolean): Wire {
  const created = Math.floor(Date.now() / 1000);
  const frame = (delta: object, finish: Answer['finish'] = null): string =>
    sse({
      id: 'koboldcpp',
      object: 'chat.completion.chunk',
      created,
      model,
      choices: [{ index: 0, finish_reason: finish, delta }],
    });
  return {
    streamType: 'text/event-stream',
    streamHeaders: { 'X-Accel-Buffering': 'no', connection: 'keep-alive' },
    open: [],
    content: (answer) => (tools ? toolFrames(answer, frame) : words(answer).map((content) => frame({ role, content }))),
    // With tools every answer ends as if it held a call.
    finish: ({ finish }) => [tools ? frame({}, 'tool_calls') : frame({ role, content: '' }, finish)],
    done: 'data: [DONE]\n\n',
    failure: '',
    failed: failed(500, 'Error parsing input.', 'bad_input'),
    whole: (answer) =>
      json({
        id: 'chatcmpl-A1',
        object: 'chat.completion',
        created,
        model,
        usage: usageOf(answer),
        choices: [{ index: 0, message: message(answer), finish_reason: answer.finish, logprobs: null }],
      }),
  };
}

const role = 'assistant';

/** Thoughts stand in the text. */
function words({ reasoning, text }: Answer): readonly string[] {
  return reasoning.length === 0 ? text : ['<think>', ...reasoning, '</think>', ...text];
}

/** Nothing comes before the whole answer is there. */
function toolFrames(answer: Answer, frame: (delta: object) => string): string[] {
  const text = words(answer).join('');
  const calls = answer.toolCalls.flatMap(({ id, name, arguments: args }, index) => [
    frame({ tool_calls: [{ index, id: callId(id), type: 'function', function: { name, arguments: '' } }] }),
    frame({ tool_calls: [{ index, function: { arguments: args } }] }),
  ]);
  return [frame({ role }), ...(text === '' ? [] : [frame({ content: text })]), ...calls];
}

function message(answer: Answer): object {
  const tool_calls = answer.toolCalls.map(({ id, name, arguments: args }) => ({
    id: callId(id),
    type: 'function',
    function: { name, arguments: args },
  }));
  return { role, content: tool_calls.length > 0 ? null : words(answer).join(''), tool_calls };
}

const callId = (id: string): string => `call_${fakeId(id.charCodeAt(0) * 256 + id.charCodeAt(1), 5, '0123456789')}`;
