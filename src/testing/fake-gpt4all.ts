import { RouterError } from '../core/errors.js';
import { asArray, asObject } from '../internal/json.js';
import { answerTo, fields, promptTokens } from './answer.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise } from './fake-settings.js';
import type { Dialect, Handler, Outcome, Reply } from './generation.js';
import { startFake } from './loopback.js';
import { openAiWire, usageOf } from './openai-wire.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'Llama 3 8B Instruct', parameterSize: '8B' },
  { id: 'Reasoner v1', family: 'qwen2', parameterSize: '7B' },
];

/**
 * Starts a fake GPT4All (3.10): built from its source, not from a recording. It never streams, refuses every member
 * that it does not know, and answers for an unknown model with the first one. It has no keys, so `apiKey` is refused.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeGPT4All(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeGPT4All', { models: DEFAULT_MODELS, contextLength: 2_048 });
  if (settings.apiKey !== undefined) {
    throw new RouterError('ERR_INVALID_OPTION', 'fakeGPT4All: apiKey: this server has no keys; leave it out.');
  }
  return startFake(gpt4all(settings), settings, 'fakeGPT4All');
}

const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});
const empty = (status: number): Reply => ({ status, headers: {}, body: '' });
const failed = (status: number, message: string, code: string | null = null): Reply =>
  json({ error: { code, message, param: null, type: 'invalid_request_error' } }, status);
const wrongMethod = (): Reply => failed(405, 'Only POST requests are accepted.', 'method_not_supported');

function gpt4all(settings: FakeSettings): Dialect {
  const chat: Handler = async (request): Promise<Outcome> => {
    if (!asObject(request.body)) return failed(400, 'error parsing request JSON: not an object');
    const body = fields(request);
    const complaint = complaintOf(body);
    if (complaint !== undefined) return failed(400, complaint);
    const model = settings.models.find(({ id }) => id === body['model']) ?? settings.models[0];
    const prompt = promptTokens(body['messages'], []);
    if (model === undefined || prompt >= model.contextLength) return empty(500);
    const limit = typeof body['max_tokens'] === 'number' ? body['max_tokens'] : 16;
    const said = await answerTo(settings, { request, model: model.id, promptTokens: prompt, limit, count: 0 });
    const answer = { ...said, finish: said.outputTokens === limit ? ('length' as const) : ('stop' as const) };
    return { stream: false, answer, wire: wire(model.id) };
  };
  return {
    type: 'gpt4all',
    date: false,
    keepAlive: { idleMs: 0, requests: Number.POSITIVE_INFINITY, header: null },
    headers: () => ({ 'Access-Control-Allow-Origin': '*' }),
    generates: new Set(['/v1/chat/completions']),
    routes: {
      '/v1/models': { GET: () => json({ data: settings.models.map(({ id }) => entry(id)), object: 'list' }) },
      '/v1/chat/completions': { POST: chat, GET: wrongMethod },
    },
    refuse: () => undefined,
    missing: ({ method, path }) => {
      const id = /^\/v1\/models\/(.+)$/.exec(path)?.[1];
      if (id === undefined || method !== 'GET') return empty(404);
      const known = settings.models.some((model) => model.id === decodeURIComponent(id));
      return json(known ? entry(decodeURIComponent(id)) : {});
    },
    // Whatever fails behind the checks of a request is this.
    error: (_, status, message) => (status < 500 ? failed(status, message) : empty(500)),
    loading: () => empty(500),
    overflow: () => empty(500),
  };
}

/** Members that are refused if they are there at all, in the order in which they are looked for. */
const REFUSED = ['seed', 'stop', 'stream_options', 'logit_bias', 'response_format', 'tools', 'tool_choice'] as const;
const LAST_REFUSED = ['function_call', 'functions'] as const;
const KNOWN: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'max_tokens', 'n', 'temperature', 'top_p', 'min_p', 'user', 'service_tier', 'logprobs'],
  ...['parallel_tool_calls', 'frequency_penalty', 'presence_penalty', 'stream', ...REFUSED, ...LAST_REFUSED],
]);

/** What is wrong with a request, in the server's words; a `null` counts as not given. */
function complaintOf(body: Readonly<Record<string, unknown>>): string | undefined {
  const given = (name: string): boolean => body[name] !== undefined && body[name] !== null;
  if (typeof body['model'] !== 'string') return 'you must provide a model parameter';
  for (const name of ['frequency_penalty', 'presence_penalty']) {
    if (given(name) && body[name] !== 0) return `'${name}' is not supported`;
  }
  if (body['stream'] === true) return "'stream' is not supported";
  for (const name of [...REFUSED, ...LAST_REFUSED]) if (given(name)) return `'${name}' is not supported`;
  const unknown = Object.keys(body).find((name) => !KNOWN.has(name));
  if (unknown !== undefined) return `Unrecognized request argument supplied: ${unknown}`;
  const messages = asArray(body['messages']);
  if (messages.length === 0) return "Invalid type for 'messages': expected a non-empty array of objects.";
  for (const [i, message] of messages.entries()) {
    const { role, content, ...rest } = asObject(message) ?? {};
    if (role !== 'system' && role !== 'user' && role !== 'assistant') {
      return `Invalid 'messages[${i}].role': expected one of 'system', 'assistant', or 'user', but got '${String(role)}' instead.`;
    }
    if (typeof content !== 'string') return "'content' is not of type 'string'";
    const [extra] = Object.keys(rest);
    if (extra !== undefined) return `Invalid 'messages[${i}]': unrecognized key: '${extra}'`;
  }
  return undefined;
}

function entry(id: string): object {
  const permission = {
    allow_create_engine: false,
    allow_fine_tuning: false,
    allow_logprobs: false,
    allow_sampling: false,
    allow_search_indices: false,
    allow_view: true,
    created: 0,
    group: null,
    id: 'placeholder',
    is_blocking: false,
    object: 'model_permission',
    organization: '*',
  };
  return { created: 0, id, object: 'model', owned_by: 'humanity', parent: null, permissions: [permission], root: id };
}

function wire(model: string): ReturnType<typeof openAiWire> {
  return openAiWire({
    // Never used: it does not stream.
    chunk: (choices) => ({ choices }),
    choice: (delta, finish) => ({ index: 0, delta, finish_reason: finish }),
    role: null,
    reasoningField: 'reasoning_content',
    besideText: {},
    wholeCalls: false,
    finishDelta: {},
    includeUsage: false,
    usage: usageOf,
    failure: '',
    failed: empty(500),
    whole: (answer) =>
      json({
        choices: [
          {
            finish_reason: answer.finish,
            index: 0,
            logprobs: null,
            message: { content: answer.text.join(''), role: 'assistant' },
            references: null,
          },
        ],
        created: Math.floor(Date.now() / 1000),
        id: 'placeholder',
        model,
        object: 'chat.completion',
        usage: usageOf(answer),
      }),
  });
}
