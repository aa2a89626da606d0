import { answerTo, fields, limitOf, promptTokens } from './answer.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise } from './fake-settings.js';
import { type Answer, type Dialect, fakeId, type Handler, type Outcome, type Reply } from './generation.js';
import { startFake } from './loopback.js';
import { openAiWire, usageOf, wantsUsage } from './openai-wire.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: '/models/Qwen2.5-Coder-7B-Instruct-4bit', loaded: true },
  { id: 'mlx-community/gemma-3-4b-it-4bit' },
];

/**
 * Starts a fake mlx-lm server (as 0.32.2). The first model is the one of its command line, also called `default_model`.
 * Nothing tells which model is loaded or how long a prompt may be; with an empty list of models the list is an empty body.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeMlxLm(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeMlxLm', { models: DEFAULT_MODELS, contextLength: 4_096 });
  return startFake(mlxLm(settings), settings, 'fakeMlxLm');
}

const TYPE = { 'Content-type': 'application/json' };
const json = (value: unknown, status = 200): Reply => ({ status, headers: TYPE, body: JSON.stringify(value) });
const failed = (status: number, error: string): Reply => json({ error }, status);
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': '*',
  'Access-Control-Allow-Headers': '*',
};
const DEFAULT_MODEL = 'default_model';
const PRINT = '0.32.2-0.32.4-Linux-6.1.0-x86_64-with-glibc2.36-x86_64';
const NO_MODEL =
  "Cannot find an appropriate cached snapshot folder for the specified revision on the local disk and outgoing traffic has been disabled. To enable repo look-ups and downloads online, set 'HF_HUB_OFFLINE=0' as environment variable.";

/** Members that a null or another type makes an error. */
const TYPES: Readonly<Record<string, readonly [type: string, name: string]>> = {
  max_tokens: ['number', 'int'],
  temperature: ['number', 'float'],
  stream: ['boolean', 'bool'],
};

function mlxLm(settings: FakeSettings): Dialect {
  let count = 0;
  const chat: Handler = async (request): Promise<Outcome> => {
    if (request.headers['content-length'] === undefined) return failed(411, 'Content-Length header is required');
    if (typeof request.body !== 'object') return failed(400, 'Invalid JSON in request body: Expecting value');
    const body = fields(request);
    for (const [key, [type, name]] of Object.entries(TYPES)) {
      if (key in body && typeof body[key] !== type) return failed(400, `${key} must be of type ${name}`);
    }
    const { messages } = body;
    if (!Array.isArray(messages)) return failed(400, 'Request did not contain messages');
    if (messages.length === 0) {
      return failed(404, 'Cannot apply chat template to an empty conversation. Provide at least one message.');
    }
    if (JSON.stringify(messages).includes('"image_url"')) return failed(404, "Only 'text' content type is supported.");
    const name = request.model ?? DEFAULT_MODEL;
    const model = settings.models.find(({ id }, at) => id === name || (at === 0 && name === DEFAULT_MODEL));
    if (model === undefined) return failed(404, NO_MODEL);
    count += 1;
    const prompt = promptTokens(messages, body['tools']);
    const limit = limitOf(body, 'max_completion_tokens', 'max_tokens');
    const answer = await answerTo(settings, { request, model: model.id, promptTokens: prompt, limit, count });
    return { stream: body['stream'] === true, answer, wire: wire(name, count, wantsUsage(body)) };
  };

  return {
    type: 'mlx-lm',
    date: true,
    keepAlive: { idleMs: 1, requests: 1, header: null },
    headers: () => ({ Server: 'BaseHTTP/0.6 Python/3.11.7', ...CORS }),
    generates: new Set(['/v1/chat/completions', '/chat/completions']),
    routes: {
      '/health': { GET: () => json({ status: 'ok' }) },
      '/v1/models': { GET: () => list(settings) },
      '/v1/chat/completions': { POST: chat },
      '/chat/completions': { POST: chat },
    },
    refuse: () => undefined,
    missing: ({ method }) =>
      method === 'GET' || method === 'POST'
        ? { status: 404, headers: TYPE, body: 'Not Found' }
        : { status: 501, headers: { 'Content-Type': 'text/html;charset=utf-8' }, body: '<!DOCTYPE HTML>\n' },
    error: (_, status, message) => failed(status, message),
    loading: () => json({ status: 'unavailable' }, 503),
    // The real one goes on beyond the end of the context.
    overflow: (_, prompt, context) => failed(400, `${prompt} tokens do not fit the context length of ${context}`),
  };
}

/** Without a folder of downloaded models the real one fails after the head of its reply. */
function list(settings: FakeSettings): Reply {
  if (settings.models.length === 0) return { status: 200, headers: TYPE, body: '' };
  const created = now();
  return json({ object: 'list', data: settings.models.map(({ id }) => ({ id, object: 'model', created })) });
}

const now = (): number => Math.floor(Date.now() / 1000);

function wire(model: string, count: number, includeUsage: boolean): ReturnType<typeof openAiWire> {
  const id = `chatcmpl-${fakeId(count, 36)}`;
  const created = now();
  const about = (object: string) => ({ id, system_fingerprint: PRINT, object, model, created });
  const usage = (answer: Answer) => ({ ...usageOf(answer), prompt_tokens_details: { cached_tokens: 0 } });
  return {
    ...openAiWire({
      chunk: (choices, last) => ({
        ...about(choices.length === 0 ? 'chat.completion' : 'chat.completion.chunk'),
        choices,
        ...last,
      }),
      choice: (delta, finish) => ({ index: 0, finish_reason: finish, delta: { role: 'assistant', ...delta } }),
      role: null,
      reasoningField: 'reasoning',
      besideText: {},
      wholeCalls: true,
      finishDelta: {},
      includeUsage,
      usage,
      streamHeaders: { 'Cache-Control': 'no-cache' },
      // The connection just ends.
      failure: '',
      failed: failed(404, 'generation failed'),
      whole: (answer) =>
        json({
          ...about('chat.completion'),
          choices: [{ index: 0, finish_reason: answer.finish, message: message(answer) }],
          usage: usage(answer),
        }),
    }),
    open: [': keepalive 0/1\n\n', ': keepalive 1/1\n\n'],
  };
}

function message(answer: Answer): object {
  const tool_calls = answer.toolCalls.map(({ id, name, arguments: text }) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  }));
  return {
    role: 'assistant',
    content: answer.text.join(''),
    ...(answer.reasoning.length > 0 && { reasoning: answer.reasoning.join('') }),
    ...(tool_calls.length > 0 && { tool_calls }),
  };
}
