import { asString } from '../internal/json.js';
import { answerTo, embeddingOf, fields, inputsOf, limitOf, promptTokens } from './answer.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeModel, FakeServer, FakeServerOptions } from './fake-server.js';
import { type FakeSettings, normalise } from './fake-settings.js';
import {
  type Answer,
  type Dialect,
  DONE,
  fakeId,
  type Handler,
  type Outcome,
  type Reply,
  sse,
  type Wire,
} from './generation.js';
import { startFake } from './loopback.js';
import { usageOf } from './openai-wire.js';

const DEFAULT_MODELS: readonly FakeModel[] = [
  { id: 'qwen2.5-coder-7b-instruct', loaded: true },
  { id: 'gemma-3-4b-it' },
];

/**
 * Starts a fake LocalAI (3.12.1). It answers for any name, and its own failures in a stream are words of the assistant
 * that begin with "Internal error: ". Tokens of a prompt are a quarter of its characters.
 *
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option or a port in use.
 * @public
 */
export async function fakeLocalAI(options?: FakeServerOptions): Promise<FakeServer> {
  const settings = normalise(options, 'fakeLocalAI', { models: DEFAULT_MODELS, contextLength: 8_192 });
  return startFake(localAI(settings), settings, 'fakeLocalAI');
}

const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { 'Content-Type': 'application/json' },
  body: `${JSON.stringify(value)}\n`,
});
const empty = (): Reply => ({ status: 200, headers: {}, body: '' });
const failed = (code: number, message: string): Reply => json({ error: { code, message, type: '' } }, code);

function localAI(settings: FakeSettings): Dialect {
  const loaded = new Set(settings.models.filter((model) => model.loaded).map((model) => model.id));
  let count = 0;

  const chat: Handler = async (request): Promise<Outcome> => {
    if (typeof request.body !== 'object') {
      const why = 'Syntax error: offset=2, error=invalid character';
      return failed(400, `code=400, message=failed parsing request body: code=400, message=${why}`);
    }
    const body = fields(request);
    // Names are not checked: every backend is tried with them.
    const name = request.model ?? settings.models[0]?.id ?? '';
    const context = settings.models.find(({ id }) => id === name)?.contextLength ?? 8_192;
    loaded.add(name);
    count += 1;
    const id = uuid(count);
    const prompt = promptTokens(body['messages'], body['tools']);
    const stream = body['stream'] === true;
    if (prompt >= context) return overflow(id, name, stream);
    const limit = Math.min(limitOf(body, 'max_tokens', 'max_completion_tokens'), context - prompt);
    const answer = await answerTo(settings, { request, model: name, promptTokens: prompt, limit, count });
    return { stream, answer, wire: wire(id, name) };
  };
  const embeddings: Handler = (request) => {
    count += 1;
    const inputs = inputsOf(fields(request));
    const data = inputs.map((text, index) => ({ embedding: embeddingOf(text), index, object: 'embedding' }));
    const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    return json({ created: now(), object: 'list', id: uuid(count), model: request.model ?? '', data, usage });
  };
  const tokenize: Handler = (request) => {
    const tokens = promptTokens([{ content: asString(fields(request)['content']) ?? '' }], []);
    return json({ tokens: Array.from({ length: tokens }, (_, i) => 101 + i) });
  };
  const list = (): Reply => json({ object: 'list', data: settings.models.map(({ id }) => ({ id, object: 'model' })) });

  return {
    type: 'localai',
    date: true,
    keepAlive: { idleMs: 0, requests: Number.POSITIVE_INFINITY, header: null },
    headers: (request) => (isLocked(settings, request) ? {} : { Vary: 'Origin' }),
    generates: new Set(['/v1/chat/completions', '/chat/completions']),
    routes: {
      '/readyz': { OPTIONS: empty, GET: empty },
      '/healthz': { OPTIONS: empty, GET: empty },
      '/version': {
        OPTIONS: empty,
        GET: () => json({ version: 'v3.12.1 (0000000000000000000000000000000000000000)' }),
      },
      '/system': {
        OPTIONS: empty,
        GET: () => json({ backends: ['llama-cpp'], loaded_models: [...loaded].sort().map((id) => ({ id })) }),
      },
      '/v1/models': { OPTIONS: empty, GET: list },
      '/models': { OPTIONS: empty, GET: list },
      '/v1/chat/completions': { OPTIONS: empty, POST: chat },
      '/chat/completions': { OPTIONS: empty, POST: chat },
      '/v1/embeddings': { OPTIONS: empty, POST: embeddings },
      '/v1/tokenize': { OPTIONS: empty, POST: tokenize },
      '/backend/shutdown': {
        OPTIONS: empty,
        POST: (request) => {
          loaded.delete(request.model ?? '');
          return empty();
        },
      },
    },
    refuse: (request) => (isLocked(settings, request) ? refusal(request) : undefined),
    missing: (_, allowed) => {
      if (allowed === undefined) return failed(404, 'Resource not found');
      const reply = failed(405, 'code=405, message=Method Not Allowed');
      return { ...reply, headers: { ...reply.headers, Allow: allowed.join(', ') } };
    },
    error: (_, status, message) => failed(status, message),
    loading: () => failed(503, 'the model is still loading'),
    overflow: (request) => overflow(uuid(count), request.model ?? '', fields(request)['stream'] === true),
  };
}

const now = (): number => Math.floor(Date.now() / 1000);
const uuid = (count: number): string =>
  fakeId(count, 32, '0123456789abcdef').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

function isLocked({ apiKey }: FakeSettings, { path, headers }: FakeRequest): boolean {
  if (apiKey === undefined || path === '/readyz' || path === '/healthz') return false;
  const key = headers['authorization'] ?? headers['x-api-key'];
  return key?.replace(/^Bearer /, '') !== apiKey;
}

/** Its web page, unless the request itself is JSON. */
function refusal({ headers }: FakeRequest): Reply {
  const challenge = { 'Www-Authenticate': 'Bearer' };
  if (headers['content-type']?.startsWith('application/json') !== true) {
    const type = { 'Content-Type': 'text/html; charset=UTF-8' };
    return { status: 401, headers: { ...type, ...challenge }, body: LOGIN, chunked: true };
  }
  const error = { code: 401, message: 'An authentication key is required', type: 'invalid_request_error' };
  const reply = json({ error }, 401);
  return { ...reply, headers: { ...reply.headers, ...challenge } };
}

const LOGIN = `<!DOCTYPE html>
<html lang="en"><head><title></title>
<link rel="stylesheet" href="static/assets/highlightjs.css" /></head><body></body></html>
`;

const FITS_NOT = 'rpc error: code = Internal desc = the request exceeds the available context size';

function overflow(id: string, model: string, stream: boolean): Reply {
  const { open, failed: whole, streamType, streamHeaders } = wire(id, model, FITS_NOT);
  if (!stream) return whole;
  const body = [...open, frame(id, model, {}, failureOf(FITS_NOT), 'stop'), DONE].join('');
  return { status: 200, headers: { 'Content-Type': streamType, ...streamHeaders }, body, chunked: true };
}

const failureOf = (why: string): object => ({ content: `Internal error: ${why}` });

function frame(
  id: string,
  model: string,
  answer: Partial<Answer>,
  delta: object,
  finish: Answer['finish'] = null,
): string {
  const { promptTokens: prompt_tokens = 0, outputTokens: completion_tokens = 0 } = answer;
  const usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  const choices = [{ index: 0, finish_reason: finish, delta }];
  return sse({ created: now(), object: 'chat.completion.chunk', id, model, choices, usage });
}

function wire(id: string, model: string, why = 'could not load model: rpc error'): Wire {
  const write = (answer: Partial<Answer>, delta: object, finish?: Answer['finish']): string =>
    frame(id, model, answer, delta, finish);
  const correlation = { 'X-Correlation-Id': id };
  const error = failed(500, why);
  return {
    streamType: 'text/event-stream',
    streamHeaders: { 'Cache-Control': 'no-cache', Connection: 'keep-alive', ...correlation },
    open: [write({}, { role: 'assistant', content: null })],
    // Every frame says how much was used so far.
    content: (answer) => [
      ...[...answer.reasoning.map((reasoning) => ({ reasoning })), ...answer.text.map((content) => ({ content }))].map(
        (delta, at) => write({ ...answer, outputTokens: at + 1 }, delta),
      ),
      ...toolDeltas(answer, id).map((delta) => write({}, delta)),
    ],
    finish: (answer) => [write(answer, { content: null }, answer.finish)],
    done: DONE,
    failure: `${write({}, failureOf(why), 'stop')}${DONE}`,
    failed: { ...error, headers: { ...error.headers, ...correlation } },
    whole: (answer) => {
      const reply = json({
        created: now(),
        object: 'chat.completion',
        id,
        model,
        choices: [{ index: 0, finish_reason: answer.finish, message: message(answer, id) }],
        usage: usageOf(answer),
      });
      return { ...reply, headers: { ...reply.headers, ...correlation } };
    },
  };
}

/** All calls have the id of the answer. Each comes once as it was parsed, under an index of its own, then in two parts. */
function toolDeltas({ toolCalls }: Answer, id: string): object[] {
  const type = 'function';
  const whole = { role: 'assistant', content: null };
  return [
    ...toolCalls.map((call, at) => ({
      ...whole,
      tool_calls: [{ index: 40 + at, id, type, function: { name: call.name, arguments: call.arguments } }],
    })),
    ...toolCalls.flatMap((call, index) => [
      { ...whole, tool_calls: [{ index, id, type, function: { name: call.name, arguments: '' } }] },
      { ...whole, content: '', tool_calls: [{ index, id, type, function: { arguments: call.arguments } }] },
    ]),
  ];
}

function message(answer: Answer, id: string): object {
  const tool_calls = answer.toolCalls.map(({ name, arguments: text }, index) => ({
    index,
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
