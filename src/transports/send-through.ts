/** Lets a vendor's client form and send a request, and keeps the reply for our own reader. */

import { systemClock } from '../core/clock.js';
import { RouterError } from '../core/errors.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { ModelRef } from '../core/model.js';
import { modelError } from '../internal/model-error.js';
import { networkError, statusError } from './wire-errors.js';

/** What a client gets as its reply; nothing reads it, so one serves all. */
let stub: Response | undefined;

/**
 * Runs `call` with a fetch that sends what the client formed, and gives the reply.
 * The client gets an empty reply of its own, so it never reads, logs or buffers the server's bytes;
 * headers are ours alone (a client's own ones tell the machine's kind, or come from its environment).
 */
export async function sendThrough(
  call: (fetch: FetchLike) => Promise<unknown>,
  o: { model: ModelRef; headers: Record<string, string>; signal: AbortSignal; fetch: FetchLike },
): Promise<Response> {
  stub ??= new Response('');
  const unread = stub;
  let sent = false;
  let reply: Response | undefined;
  let failure: unknown;
  const capture: FetchLike = async (input, init) => {
    sent = true;
    try {
      reply = await o.fetch(input, {
        method: init?.method ?? 'POST',
        headers: headersFor(o.headers),
        body: init?.body ?? null,
        signal: o.signal,
        redirect: 'manual',
      });
    } catch (error) {
      failure = error;
      throw error;
    }
    return unread;
  };
  try {
    await call(capture);
  } catch (error) {
    // What a client throws after the reply came is about its own empty one.
    failure ??= error;
  }
  if (!sent && !o.signal.aborted) {
    if (RouterError.is(failure)) throw failure;
    throw modelError(
      'ERR_INVALID_REQUEST',
      o.model,
      'the request cannot be written as JSON. Look at `extraBody` and the tools for cycles and BigInts.',
      { cause: failure },
    );
  }
  if (reply === undefined) throw networkError(failure, o.model, o.signal);
  if (!reply.ok) throw await statusError(reply, o.model, systemClock.now());
  return reply;
}

function headersFor(given: Record<string, string>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = value;
  headers['content-type'] = 'application/json';
  headers['accept'] ??= 'application/json, text/event-stream, application/x-ndjson';
  // A compressed reply would be bounded after it was inflated, and a cut one goes unnoticed.
  headers['accept-encoding'] = 'identity';
  return headers;
}
