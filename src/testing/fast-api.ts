import type { FakeRequest } from './fake-request.js';
import type { Reply } from './generation.js';

/** Replies as FastAPI behind uvicorn writes them. */

/** A JSON body. */
export function fastJson(value: unknown, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** An error in its own form. */
export function detail(status: number, text: unknown): Reply {
  return fastJson({ detail: text }, status);
}

/** What an exception becomes that nobody caught. */
export function crashed(): Reply {
  return { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'Internal Server Error' };
}

/** No such path, or not with this method. */
export function fastMissing(_: FakeRequest, allowed: readonly string[] | undefined): Reply {
  if (allowed === undefined) return detail(404, 'Not Found');
  const reply = detail(405, 'Method Not Allowed');
  return { ...reply, headers: { ...reply.headers, allow: allowed.join(', ') } };
}

/** The check of a chat body: its first fault as the server tells it. */
export function invalidChat(request: FakeRequest): Reply | undefined {
  if (typeof request.body !== 'object' || request.body === null) {
    const ctx = { error: 'Expecting property name enclosed in double quotes' };
    return detail(422, [{ type: 'json_invalid', loc: ['body', 1], msg: 'JSON decode error', input: {}, ctx }]);
  }
  const { messages } = request.body as { messages?: unknown };
  const loc = ['body', 'messages'];
  if (messages === undefined)
    return detail(422, [{ type: 'missing', loc, msg: 'Field required', input: request.body }]);
  if (!Array.isArray(messages)) {
    return detail(422, [{ type: 'list_type', loc, msg: 'Input should be a valid list', input: messages }]);
  }
  if (messages.length > 0) return undefined;
  const msg = 'List should have at least 1 item after validation, not 0';
  const ctx = { field_type: 'List', min_length: 1, actual_length: 0 };
  return detail(422, [{ type: 'too_short', loc, msg, input: [], ctx }]);
}

/** The key that a request brings, as either header. */
export function keyOf({ headers }: FakeRequest): string | undefined {
  return headers['x-api-key'] ?? headers['authorization']?.replace(/^Bearer /, '');
}

/** Headers of a stream. */
export const FAST_STREAM = {
  'cache-control': 'no-cache',
  connection: 'keep-alive',
  'x-accel-buffering': 'no',
} as const;
