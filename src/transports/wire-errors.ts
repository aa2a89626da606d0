/**
 * What a server's refusal means. Servers echo prompts and keys in their error texts, so those are only matched against
 * known cases; the messages are our own words.
 */

import { RouterError, type RouterErrorCode, type RouterErrorDetails } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import { abortError } from '../internal/deadline.js';
import { asArray, asCount, asObject, asString, parseJson, readText } from '../internal/json.js';
import { modelError } from '../internal/model-error.js';
import { printable } from '../internal/redact.js';

const MAX_ERROR_BODY = 256 * 1024;
/** A wait longer than this is no wait but a refusal; it also keeps `Retry-After: 999999999` out of arithmetic. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** The error of a reply whose status is no success; its body is read (bounded) and never shown. */
export async function statusError(response: Response, model: ModelRef, now: number): Promise<RouterError> {
  const { status } = response;
  // `redirect: 'manual'` gives 3xx, or an opaque reply of status 0 in hosts that hide it.
  if (status < 400) {
    response.body?.cancel().catch(() => {});
    const why =
      status === 0 || status >= 300 ? 'a redirect, which is never followed' : `HTTP ${status} without an answer`;
    return modelError('ERR_BAD_RESPONSE', model, `the server answered with ${why}. Check the base URL of the service.`);
  }
  const text = await readText(response, MAX_ERROR_BODY, 'The error reply').catch(() => '');
  return refusal(status, parseJson(text) ?? text, model, retryAfter(response.headers.get('retry-after'), now));
}

/** The error of an error object inside a stream or a 200; `body` is the parsed event. */
export function inBandError(body: unknown, model: ModelRef): RouterError {
  const error = asObject(asObject(body)?.['error']) ?? asObject(body);
  const code = Number(error?.['code'] ?? error?.['status_code']);
  return refusal(code >= 400 && code < 600 ? code : 200, body, model, undefined);
}

/** The error of a request that got no reply at all, or of a reply that broke off. */
export function networkError(error: unknown, model: ModelRef, signal: AbortSignal): RouterError {
  if (signal.aborted) return abortError(signal);
  for (let at = error, depth = 0; depth < 5 && at !== undefined && at !== null; depth++) {
    if (RouterError.is(at)) return at;
    // Its `data` holds the bytes that came, so it is no cause to pass on; its code may be missing.
    if ((at as { name?: unknown }).name === 'HTTPParserError') return badReply(model, 'the port does not speak HTTP');
    const code = asString((at as { code?: unknown }).code);
    if (code !== undefined) return systemError(code, error, model);
    at = (at as { cause?: unknown }).cause;
  }
  const what = 'the request failed without an answer. Check that the server runs.';
  return modelError('ERR_UNREACHABLE', model, what, { cause: error, isRetryable: true });
}

/** An answer that broke off before the protocol's own word that it is complete. */
export function interrupted(model: ModelRef, how: string, cause?: unknown): RouterError {
  const what = `the answer broke off (${how}). Look at the server's log; it may have stopped, crashed or run out of memory.`;
  return modelError('ERR_INTERRUPTED', model, what, { cause, isRetryable: true });
}

/** A server that runs, but without a model. */
export function noModelLoaded(model: ModelRef): RouterError {
  return modelError('ERR_NO_MODEL', model, 'the server has no model loaded. Load one there.');
}

/** A reply that is not what the protocol says. */
export function badReply(model: ModelRef, what: string): RouterError {
  const message = `${what}. Check that the base URL belongs to the server it is configured as.`;
  return modelError('ERR_BAD_RESPONSE', model, message);
}

/** A reply beyond one of our bounds. */
export function tooLarge(model: ModelRef, what: string, limit: number): RouterError {
  return modelError('ERR_TOO_LARGE', model, `${what} is longer than ${limit} bytes.`);
}

/** Something that this wire cannot carry; found before anything is sent. */
export function unsupported(model: ModelRef, what: string): RouterError {
  return modelError('ERR_UNSUPPORTED', model, what);
}

function refusal(status: number, body: unknown, model: ModelRef, retryAfterMs: number | undefined): RouterError {
  const said = errorText(body);
  const how = status === 200 ? 'an error inside its reply' : `HTTP ${status}`;
  const make = (code: RouterErrorCode, what: string, details?: RouterErrorDetails): RouterError =>
    modelError(code, model, `${what} (${how}).`, details);
  if (status === 401 || status === 403) {
    return make('ERR_UNAUTHORIZED', 'the server refused the key; set `apiKey` of this service');
  }
  if (status === 413 || OVERFLOW.test(said)) {
    return make('ERR_CONTEXT_OVERFLOW', 'the prompt does not fit its context window', {
      contextLimit: contextLimit(body, said),
    });
  }
  const isLoading = LOADING.test(said);
  if (status === 429 || status === 503 || isLoading) {
    const what = isLoading ? 'the model is still loading' : 'the server is busy';
    return make('ERR_OVERLOADED', what, { isRetryable: true, retryAfterMs, isLoading });
  }
  if (UNSUPPORTED.test(said) || status === 501) {
    const flag = FLAGS.find(([words]) => words.test(said))?.[1];
    return make('ERR_UNSUPPORTED', flag ?? 'the server says that the model cannot do what the request asks for');
  }
  if (UNKNOWN_MODEL.test(said)) return make('ERR_NO_MODEL', 'the server does not have this model any more');
  if (status === 404 || status === 405) return make('ERR_BAD_RESPONSE', 'the server does not know this route');
  if (status === 400 || status === 422) return make('ERR_BAD_RESPONSE', 'the server refused the request as invalid');
  // A gateway's time-out or a restarting backend; a plain 500 is often a mistake in the request.
  const isRetryable = status === 408 || status === 502 || status === 504 || CRASHED.test(said);
  return make('ERR_BAD_RESPONSE', 'the server failed; see its log', { isRetryable });
}

// Texts seen in replies of Ollama, llama.cpp, vLLM, SGLang, LM Studio, LocalAI, llama-cpp-python and MLX.
const OVERFLOW =
  /context (?:length|size|window)|context_length|exceed_context_size|tokens to keep|keep the first|maximum context|exceeds? (?:the )?(?:available )?context|too large to process|prompt is (?:too long|longer)/i;
// "error loading model" is another matter: that model never comes.
const LOADING =
  /^loading model|\bmodel is (?:still )?loading|\bmodel_loading\b|\] process is not ready|KoboldCpp is not available/i;
// Ollama starts its runner again with the next request.
const CRASHED = /unexpected EOF|unexpectedly stopped/i;
const UNSUPPORTED =
  /(?:does not|doesn't|not) support|not supported|unsupported|content type is supported|requires? (?:the )?--(?:jinja|enable-auto-tool-choice|tool-call-parser)/i;
/** What the server was started without. */
const FLAGS: readonly (readonly [RegExp, string])[] = [
  [
    /--enable-auto-tool-choice|--tool-call-parser/,
    'the server was started without tools; start vLLM with `--enable-auto-tool-choice --tool-call-parser <parser>`',
  ],
  [/--jinja/, 'the server was started without tools; start llama.cpp with `--jinja`'],
  [/--embeddings/, 'the server was started without embeddings; start it with `--embeddings`'],
  [/infill is not supported/i, 'the model has no tokens for a gap (`suffix`); use one that was trained to fill gaps'],
];
const UNKNOWN_MODEL =
  /model\b[^.]{0,200}\b(?:not found|does not exist|not exist)|(?:no such|unknown|invalid) model|invalid model identifier|model_not_found|no router for requested model|cached snapshot folder|no models? loaded/i;

/** The error text wherever a server puts it; some nest JSON inside the string. */
function errorText(body: unknown, depth = 0): string {
  if (typeof body === 'string') {
    const inner = depth < 3 && body.trimStart().startsWith('{') ? parseJson(body) : undefined;
    return inner === undefined ? body.slice(0, 4000) : errorText(inner, depth + 1);
  }
  const object = asObject(body);
  if (object === undefined || depth > 4) return '';
  const { error, message, msg, type, code, detail } = object;
  return [error, message, msg, type, code, detail, asArray(detail)[0]]
    .map((part) => errorText(part, depth + 1))
    .filter((part) => part !== '')
    .join(' ');
}

/** The window that the server names, in tokens. */
function contextLimit(body: unknown, said: string): number | undefined {
  return (
    nestedCount(body, 'n_ctx') ??
    asCount(
      Number(
        /(?:maximum context length is|context length of only|available context size \(|current batch size:|context (?:length|size|window)(?: is| of|:)?)\s*(\d+)/i.exec(
          said,
        )?.[1],
      ),
    )
  );
}

function nestedCount(body: unknown, key: string, depth = 0): number | undefined {
  if (depth > 4) return undefined;
  if (typeof body === 'string') {
    return body.trimStart().startsWith('{') ? nestedCount(parseJson(body), key, depth + 1) : undefined;
  }
  const object = asObject(body);
  return object && (asCount(object[key]) ?? nestedCount(object['error'], key, depth + 1));
}

/** `Retry-After` in milliseconds: seconds or a date; nonsense counts as not given. */
function retryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : /[a-z]/i.test(text) ? Date.parse(text) - now : NaN;
  return ms >= 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}

function systemError(code: string, cause: unknown, model: ModelRef): RouterError {
  const [, kind, what, isRetryable] = SYSTEM_ERRORS.find(([codes]) => codes.test(code)) as SystemError;
  return modelError(kind, model, `${what} (${printable(code, 60)}).`, { cause, isRetryable });
}

type SystemError = readonly [codes: RegExp, kind: RouterErrorCode, what: string, isRetryable?: boolean];

/** What the codes of Node.js and undici mean; the first that fits counts. */
const SYSTEM_ERRORS: readonly SystemError[] = [
  [/TIMEOUT|ETIMEDOUT/, 'ERR_TIMEOUT', 'the connection timed out', true],
  [/OVERFLOW|EXCEEDED|TOO_MANY/, 'ERR_TOO_LARGE', 'the reply exceeds a limit'],
  [/ASSERT|Z_DATA|ERR_INVALID/, 'ERR_BAD_RESPONSE', 'the port does not speak HTTP as expected'],
  [
    /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY|EPROTO/,
    'ERR_UNREACHABLE',
    'the secure connection failed; check https or http and the certificate',
  ],
  [/^ECONNREFUSED$/, 'ERR_UNREACHABLE', 'nothing listens at its address; start the server'],
  [/^E(?:NOTFOUND|HOSTUNREACH|NETUNREACH|ACCES)$/, 'ERR_UNREACHABLE', 'its host cannot be reached; check the address'],
  [/^/, 'ERR_UNREACHABLE', 'the connection failed', true],
];
