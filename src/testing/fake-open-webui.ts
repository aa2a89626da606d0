import { answerTo, embeddingOf, fields, inputsOf, limitOf, promptTokens } from './answer.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise, type ServedFake } from './fake-settings.js';
import { type Dialect, fakeId, type Handler, type Outcome, type Reply } from './generation.js';
import { startFake } from './loopback.js';
import { ollamaChatWire, openAiChatWire, openWebUIEntry } from './open-webui-shapes.js';
import { wantsUsage } from './openai-wire.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'qwen2.5-coder:7b', loaded: true, family: 'qwen2' },
  { id: 'gpt-oss-20b', remote: true },
];

/**
 * Starts a fake Open WebUI (0.12.4) with an Ollama connection; models with `remote` come from an OpenAI connection instead.
 * As the real one it wants a key for models and answers, without `apiKey` any key; its routes are below `/api`, and what it
 * does not know is answered with its page. Tokens of a prompt are a quarter of its characters.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeOpenWebUI(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeOpenWebUI', { models: DEFAULT_MODELS, contextLength: 8_192 });
  return startFake(openWebUI(settings), settings, 'fakeOpenWebUI');
}

const json = (value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { ...headers, 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
const detail = (status: number, what: unknown): Reply => json({ detail: what }, status);

const PAGE = '<!doctype html>\n<html lang="en">\n<head><title>Open WebUI</title></head>\n<body></body>\n</html>';
const VERSION = '0.12.4';
const CONFIG = {
  status: true,
  name: 'Open WebUI',
  version: VERSION,
  default_locale: '',
  i18n: {},
  oauth: { providers: {}, auto_redirect: false },
  features: {
    slim: false,
    auth: true,
    auth_trusted_header: false,
    enable_signup_password_confirmation: false,
    enable_ldap: false,
    enable_signup: false,
    enable_login_form: true,
    enable_websocket: true,
  },
};

function openWebUI(settings: FakeSettings): Dialect {
  let count = 0;
  const target = (request: FakeRequest): ServedFake | undefined =>
    settings.models.find(({ id }) => id === request.model);

  const chat: Handler = async (request): Promise<Outcome> => {
    if (typeof request.body !== 'object') return detail(422, [{ type: 'json_invalid', msg: 'JSON decode error' }]);
    const model = target(request);
    if (model === undefined) return detail(400, 'Model not found');
    const body = fields(request);
    const prompt = promptTokens(body['messages'], body['tools']);
    if (prompt >= model.contextLength) return overflow(prompt, model.contextLength);
    count += 1;
    const limit = Math.min(limitOf(body, 'max_completion_tokens', 'max_tokens'), model.contextLength - prompt);
    const answer = await answerTo(settings, { request, model: model.id, promptTokens: prompt, limit, count });
    const id = fakeId(count, 24);
    const wire = model.remote ? openAiChatWire(model.id, id, wantsUsage(body)) : ollamaChatWire(model.id, id);
    return { stream: body['stream'] === true, answer, wire };
  };
  const embeddings: Handler = (request) => {
    const model = target(request);
    if (model === undefined) return detail(400, 'Model not found');
    const inputs = inputsOf(fields(request));
    const data = inputs.map((text, index) => ({ object: 'embedding', index, embedding: embeddingOf(text) }));
    const tokens = inputs.reduce((sum, text) => sum + promptTokens([{ content: text }], []), 0);
    return json({
      object: 'list',
      model: model.id,
      data,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  };
  const models = (): Reply => json({ data: settings.models.map((model) => openWebUIEntry(model)) });
  const healthy = (): Reply => json({ status: true });

  return {
    type: 'open-webui',
    date: true,
    keepAlive: { idleMs: 5_000, requests: Number.POSITIVE_INFINITY, header: null },
    headers: () => ({ server: 'uvicorn', 'x-process-time': '0.004678', vary: 'Origin' }),
    generates: new Set(['/api/chat/completions', '/api/v1/chat/completions']),
    routes: {
      '/health': { GET: healthy, HEAD: healthy },
      '/health/db': { GET: healthy },
      '/ollama/': { GET: healthy },
      '/api/config': { GET: () => json(CONFIG) },
      '/api/version': { GET: () => json({ version: VERSION, deployment_id: '' }) },
      '/api/models': { GET: models },
      '/api/v1/models': { GET: models },
      '/api/chat/completions': { POST: chat },
      '/api/v1/chat/completions': { POST: chat },
      '/api/embeddings': { POST: embeddings },
      '/api/v1/embeddings': { POST: embeddings },
    },
    refuse: (request) => (GUARDED.test(request.path) ? refusal(request, settings.apiKey) : undefined),
    missing: ({ method }) =>
      method === 'GET'
        ? { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: PAGE }
        : json({ detail: 'Method Not Allowed' }, 405, { allow: 'GET, HEAD' }),
    // Errors of a backend are passed on as they are.
    error: (_, status, message) => json({ error: { message, type: 'server_error', code: status } }, status),
    loading: () =>
      json({ error: { message: 'no model is ready', type: 'server_error', code: 'unavailable' } }, 503, {
        'retry-after': '2',
      }),
    overflow: (_, prompt, context) => overflow(prompt, context),
  };
}

const GUARDED = /^\/api\/(?:v1\/)?(?:models|chat\/completions|embeddings)$/;

function refusal({ headers }: FakeRequest, key: string | undefined): Reply | undefined {
  const given = headers['authorization']?.replace(/^Bearer /, '') ?? headers['x-api-key'];
  if (given === undefined) return detail(401, 'Not authenticated');
  if (key === undefined || given === key) return undefined;
  const expired = 'Your session has expired or the token is invalid. Please sign in again.';
  return detail(401, given.startsWith('sk-') ? expired : '401 Unauthorized');
}

function overflow(prompt: number, context: number): Reply {
  const message = `request (${prompt} tokens) exceeds the available context size (${context} tokens), try increasing it`;
  return json({ error: { code: 400, message, type: 'exceed_context_size_error', n_ctx: context } }, 400);
}
