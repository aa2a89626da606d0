import type { FetchLike } from '../core/fetch-like.js';
import { raceAbort } from '../internal/deadline.js';
import { parseJson } from '../internal/json.js';
import type { Reply } from './service-spec.js';

/** More than any list of models needs; the hostile rest is cut off. */
export const MAX_REPLY_BYTES = 1_048_576;

/** Sends a request to a server, with a body of JSON where there is one; a redirect is a reply like any other. */
export async function sendRequest(
  fetch: FetchLike,
  url: string,
  o: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
    readonly signal: AbortSignal;
    /** Reads the body, and bounds it. */
    readonly read: (response: Response) => Promise<string>;
  },
): Promise<Reply> {
  const { method, body, signal } = o;
  const hasBody = body !== undefined;
  const response = await raceAbort(
    signal,
    fetch(url, {
      method,
      headers: {
        ...o.headers,
        // What stands behind some proxies answers HTML or text to other types.
        accept: 'application/json',
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
      },
      ...(hasBody ? { body: JSON.stringify(body) } : {}),
      redirect: 'manual',
      signal,
    }),
  );
  const text = await raceAbort(signal, o.read(response));
  return { status: response.status, headers: response.headers, text, json: parseJson(text) };
}
