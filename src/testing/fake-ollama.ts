import { asArray, asObject } from '../internal/json.js';
import { answerTo, embeddingOf, fields, inputsOf, limitOf, promptTokens } from './answer.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise, type ServedFake } from './fake-settings.js';
import type { Dialect, FakeParts, Handler, Outcome, Reply } from './generation.js';
import { startFake } from './loopback.js';
import { fullName, openAiEntry, psEntry, type Running, show, tagged, tagsEntry, VERSION } from './ollama-shapes.js';
import { compatible, compatibleError, compatibleWire, native, nativeWire, stamp } from './ollama-wires.js';
import { wantsUsage } from './openai-wire.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  {
    id: 'qwen2.5-coder:7b',
    loaded: true,
    family: 'qwen2',
    capabilities: ['chat', 'completion', 'tools', 'fill-in-the-middle'],
  },
  {
    id: 'llama3.2:3b',
    parameterSize: '3.2B',
    sizeBytes: 2_019_393_189,
    maxContextLength: 131_072,
  },
];

/**
 * Starts a fake Ollama (as version 0.33): its own API and the OpenAI routes, with loading, `num_ctx` and truncation as the real one has them.
 * Tokens of a prompt are a quarter of its characters. Ollama itself knows no keys: `apiKey` acts as a proxy before it would.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeOllama(options?: FakeServerOptions): Promise<FakeServer> {
  const { dialect, settings } = ollamaParts(options, 'fakeOllama');
  return startFake(dialect, settings, 'fakeOllama');
}

/** The same without a socket; `owner` is the function that the user called. */
export function ollamaParts(options: FakeServerOptions | undefined, owner: string): FakeParts {
  const settings = normalise(options, owner, { models: DEFAULT_MODELS, contextLength: 4_096 });
  return { dialect: ollama(settings), settings };
}

const text = (status: number, body: string, more?: Record<string, string>): Reply => ({
  status,
  headers: { 'Content-Type': 'text/plain', ...more },
  body,
});
const isOpenAi = (request: FakeRequest): boolean => request.path.startsWith('/v1/');
const fail = (request: FakeRequest, status: number, message: string): Reply =>
  isOpenAi(request) ? compatibleError(message, status) : native({ error: message }, status);

/** What is refused before the route's own writer is in place has the shape of the route, but not its type. */
const unread = (request: FakeRequest, message: string): Reply =>
  isOpenAi(request)
    ? native({ error: { message, type: 'invalid_request_error', param: null, code: null } }, 400)
    : native({ error: message }, 400);

function ollama(settings: FakeSettings): Dialect {
  const running = new Map<string, Running>();
  const load = (model: ServedFake, contextLength: number, keepMs = 300_000): void => {
    running.set(model.id, { contextLength, expiresAt: stamp(Date.now() + keepMs) });
  };
  for (const model of settings.models) if (model.loaded) load(model, model.contextLength);
  let count = 0;

  const find = (name: string): ServedFake | undefined =>
    settings.models.find((model) => tagged(model.id).toLowerCase() === tagged(name).toLowerCase());

  /** The model of a request, or why it cannot be had. */
  function target(request: FakeRequest, missing = (name: string) => `model '${name}' not found`): ServedFake | Reply {
    if (request.body === undefined) return unread(request, 'missing request body');
    if (typeof request.body !== 'object') return unread(request, 'unexpected EOF');
    const body = fields(request);
    const name = body['model'] ?? body['name'];
    if (typeof name !== 'string' || name === '') return fail(request, 400, 'model is required');
    if (/[:-]cloud$/.test(name)) return native({ error: CLOUD_OFF }, 403);
    const model = find(name);
    if (model === undefined) return fail(request, 404, missing(name));
    return model.remote ? fail(request, 403, CLOUD_OFF) : model;
  }

  /** What the model cannot do of what is asked. */
  function unable(request: FakeRequest, model: ServedFake): string | undefined {
    const body = fields(request);
    const name = request.model ?? model.id;
    if (!model.capabilities.has('chat') && !model.capabilities.has('completion')) {
      return `"${name}" does not support ${request.path === '/api/generate' ? 'generate' : 'chat'}`;
    }
    if (asArray(body['tools']).length > 0 && !model.capabilities.has('tools')) {
      return `${fullName(model.id)} does not support tools`;
    }
    if (body['suffix'] && !model.capabilities.has('fill-in-the-middle')) {
      return `${fullName(model.id)} does not support insert`;
    }
    const thinks = body['think'] === true || typeof body['think'] === 'string';
    if (thinks && !model.capabilities.has('reasoning')) return `"${name}" does not support thinking`;
    return undefined;
  }

  const generate = (route: 'chat' | 'generate' | 'openai'): Handler => {
    return async (request): Promise<Outcome> => {
      const model = target(request);
      if ('status' in model) return model;
      const body = fields(request);
      const name = request.model ?? model.id;
      const options = asObject(body['options']) ?? {};
      let messages = route === 'generate' ? promptOf(body) : asArray(body['messages']);
      if (messages.length === 0 && route === 'openai') {
        return unread(request, "[] is too short - 'messages'");
      }
      const keepMs = keepAlive(body['keep_alive']);
      const said = route === 'chat' ? { message: { role: 'assistant', content: '' } } : { response: '' };
      const loadOnly = (done_reason: string): Reply =>
        native({ model: name, created_at: stamp(), ...said, done: true, done_reason });
      // Whatever it can do, it can be unloaded.
      if (messages.length === 0 && keepMs === 0) {
        running.delete(model.id);
        return loadOnly('unload');
      }
      const problem = unable(request, model);
      if (problem !== undefined) return fail(request, 400, problem);

      const context = inForce(model, route === 'openai' ? undefined : options['num_ctx']);
      const cold = running.get(model.id)?.contextLength !== context;
      if (messages.length === 0) {
        load(model, context, keepMs);
        return loadOnly('load');
      }
      load(model, context, keepMs);
      const tools = body['tools'];
      // The oldest messages go first; system messages and the last one stay.
      while (body['truncate'] !== false && promptTokens(messages, tools) >= context) {
        const oldest = messages.findIndex((m, at) => at < messages.length - 1 && asObject(m)?.['role'] !== 'system');
        if (oldest < 0) break;
        messages = messages.filter((_, at) => at !== oldest);
      }
      const prompt = promptTokens(messages, tools);
      const stream = body['stream'] === true || (body['stream'] === undefined && route !== 'openai');
      if (prompt >= context) return overflow(request, prompt, context, stream);

      count += 1;
      const limit = route === 'openai' ? limitOf(body, 'max_tokens') : limitOf(options, 'num_predict');
      const answer = await answerTo(settings, {
        request,
        model: model.id,
        messages,
        promptTokens: prompt,
        limit,
        count,
      });
      const quiet = body['think'] === false || body['reasoning_effort'] === 'none';
      const told = { name, count, cold };
      return {
        stream,
        answer: quiet ? { ...answer, reasoning: [] } : answer,
        wire: route === 'openai' ? compatibleWire(told, wantsUsage(body)) : nativeWire(told, route),
        ended: () => {
          if (keepMs === 0) running.delete(model.id);
        },
      };
    };
  };

  const embed: Handler = (request) => {
    const model = target(request, (name) => `model "${name}" not found, try pulling it first`);
    if ('status' in model) return model;
    load(model, model.contextLength, keepAlive(fields(request)['keep_alive']));
    if (!model.capabilities.has('embedding')) return fail(request, 501, NO_EMBEDDINGS);
    const inputs = inputsOf(fields(request));
    const { dimensions } = fields(request);
    const vectors = inputs.map((input) => embeddingOf(input, typeof dimensions === 'number' ? dimensions : undefined));
    const tokens = inputs.reduce((sum, input) => sum + promptTokens([{ content: input }], []), 0);
    const name = request.model ?? model.id;
    if (isOpenAi(request)) {
      const data = vectors.map((embedding, index) => ({ object: 'embedding', embedding, index }));
      return compatible({ object: 'list', data, model: name, usage: { prompt_tokens: tokens, total_tokens: tokens } });
    }
    const metrics = { total_duration: 5_000_000, load_duration: 1_000_000, prompt_eval_count: tokens };
    return native({ model: name, embeddings: vectors, ...(inputs.length > 0 && metrics) });
  };

  const version: Handler = () => native({ version: VERSION });
  const root: Handler = () => text(200, 'Ollama is running', { 'Content-Type': 'text/plain; charset=utf-8' });
  const tags: Handler = () => native({ models: settings.models.map(tagsEntry) });
  const ps: Handler = () =>
    native({
      models: settings.models.flatMap((model) => {
        const state = running.get(model.id);
        return state ? [psEntry(model, state)] : [];
      }),
    });
  const showModel: Handler = (request) => {
    const model = target(request, (name) => `model '${tagged(name)}' not found`);
    // Always in chunks: the real list of tensors is long.
    if (!('status' in model)) return { ...native(show(model)), chunked: true };
    return model.status === 403 ? fail(request, 403, CLOUD_OFF.replace('model is', 'model details are')) : model;
  };
  const list: Handler = () => {
    const data = settings.models.map((model) => openAiEntry(model));
    return compatible({ object: 'list', data: data.length > 0 ? data : null });
  };

  return {
    type: 'ollama',
    date: true,
    keepAlive: { idleMs: 0, requests: Number.POSITIVE_INFINITY, header: null },
    headers: () => ({}),
    generates: new Set(['/api/chat', '/api/generate', '/v1/chat/completions']),
    routes: {
      '/': { HEAD: root, GET: root },
      '/api/version': { HEAD: version, GET: version },
      '/api/status': { GET: () => native({ cloud: { disabled: true, source: 'env' } }) },
      '/api/tags': { HEAD: tags, GET: tags },
      '/api/ps': { GET: ps },
      '/api/show': { POST: showModel },
      '/api/chat': { POST: generate('chat') },
      '/api/generate': { POST: generate('generate') },
      '/api/embed': { POST: embed },
      '/v1/models': { GET: list },
      '/v1/chat/completions': { POST: generate('openai') },
      '/v1/embeddings': { POST: embed },
    },
    refuse: (request) => {
      const { origin, host = '', authorization } = request.headers;
      if ((origin !== undefined && !LOCAL_ORIGIN.test(origin)) || !LOCAL_HOST.test(host)) {
        return { status: 403, headers: {}, body: '' };
      }
      const open = settings.apiKey === undefined || authorization === `Bearer ${settings.apiKey}`;
      return open ? undefined : fail(request, 401, 'unauthorized');
    },
    missing: (request, allowed) => {
      const single = request.path.startsWith('/v1/models/') ? request.path.slice('/v1/models/'.length) : '';
      if (single !== '' && request.method === 'GET') {
        const model = find(decodeURIComponent(single));
        return model
          ? compatible(openAiEntry(model, single))
          : compatibleError(`model '${tagged(single)}' not found`, 404);
      }
      const clean = request.path.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '');
      if (clean !== request.path) return moved(request, clean);
      if (allowed === undefined) return text(404, '404 page not found');
      return text(405, '405 method not allowed', { Allow: allowed.join(', ') });
    },
    error: fail,
    loading: (request) => fail(request, 503, 'server busy, please try again.  maximum pending requests exceeded'),
    overflow: (request, prompt, context) => overflow(request, prompt, context, false),
  };
}

const CLOUD_OFF = 'ollama cloud is disabled: remote model is unavailable';
const NO_EMBEDDINGS = 'This server does not support embeddings. Start it with `--embeddings`';
const LOCAL_ORIGIN = /^(https?:\/\/(localhost|127\.0\.0\.1|0\.0\.0\.0)(:\d+)?$|app:|file:|tauri:|vscode-)/;
const LOCAL_HOST = /^(localhost|[^:]*\.(localhost|local|internal)|\d+\.\d+\.\d+\.\d+|\[.*\])(:\d+)?$/;

function promptOf(body: Readonly<Record<string, unknown>>): readonly unknown[] {
  const { prompt, system } = body;
  if (typeof prompt !== 'string' || prompt === '') return [];
  const user = { role: 'user', content: prompt };
  return typeof system === 'string' && system !== '' ? [{ role: 'system', content: system }, user] : [user];
}

/** The context that a request leads to: nothing above the trained size, nothing below 4. */
function inForce(model: ServedFake, asked: unknown): number {
  const wanted = typeof asked === 'number' ? Math.trunc(asked) : model.contextLength;
  return Math.max(4, Math.min(wanted, model.maxContextLength));
}

/** How long the model stays, in milliseconds: seconds or a Go duration; below zero for ever. */
function keepAlive(value: unknown): number {
  if (value === undefined || value === null) return 300_000;
  const [, digits, unit = 's'] = /^(-?[\d.]+)(ms|s|m|h)?$/.exec(String(value)) ?? [];
  const ms = Number(digits) * ({ ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit] ?? 1_000);
  return ms >= 0 ? ms : 9_000_000_000_000;
}

/** The runner's error as a text inside the error. */
function overflow(request: FakeRequest, prompt: number, context: number, stream: boolean): Reply {
  const message = `request (${prompt} tokens) exceeds the available context size (${context} tokens), try increasing it`;
  const inner = { code: 400, message, type: 'exceed_context_size_error', n_prompt_tokens: prompt, n_ctx: context };
  const reply = fail(request, 400, JSON.stringify({ error: inner }));
  return stream ? { ...reply, headers: { 'Content-Type': 'application/json' }, chunked: true } : reply;
}

function moved(request: FakeRequest, to: string): Reply {
  const doubled = request.path.includes('//');
  const [status, words] =
    doubled || request.method !== 'GET' ? [307, 'Temporary Redirect'] : [301, 'Moved Permanently'];
  if (request.method !== 'GET') return { status, headers: { Location: to }, body: '' };
  const headers = { 'Content-Type': 'text/html; charset=utf-8', Location: to };
  return { status, headers, body: `<a href="${to}">${words}</a>.\n\n` };
}
