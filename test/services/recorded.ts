import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FetchLike } from '../../src/core/fetch-like.js';

/** One exchange with a real server, as it was recorded. */
interface Recording {
  readonly response: { readonly status: number; readonly headers: Record<string, string>; readonly body?: string };
}

const root = fileURLToPath(new URL('../fixtures/', import.meta.url));

/** Reads `<server>/<version>/<name>`. */
export function recorded(name: string): Response {
  const { response } = JSON.parse(readFileSync(`${root}${name}.json`, 'utf8')) as Recording;
  const headers = Object.entries(response.headers).filter(
    ([key]) => !/^(?:content-length|transfer-encoding|connection)$/i.test(key),
  );
  return new Response(response.body ?? '', { status: response.status, headers });
}

export interface FakeNetwork {
  readonly fetch: FetchLike;
  /** What was sent, as `METHOD path`. */
  readonly sent: string[];
  readonly requests: Request[];
}

/**
 * A network in which each listed request is answered: with the recording of that name, with text or JSON, or by a function.
 * Keys are `METHOD /path` for every host, or `METHOD http://host:port/path`; anything else is refused like a closed port,
 * or answered by `otherwise`.
 */
export function network(
  answers: Readonly<Record<string, unknown>>,
  otherwise?: (request: Request) => Response | Promise<Response>,
): FakeNetwork {
  const sent: string[] = [];
  const requests: Request[] = [];
  const fetch: FetchLike = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search, origin } = new URL(request.url);
    const key = `${request.method} ${pathname}${search}`;
    sent.push(key);
    requests.push(request);
    const answer = answers[`${request.method} ${origin}${pathname}${search}`] ?? answers[key];
    if (answer === undefined) {
      if (otherwise) return otherwise(request);
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
    }
    if (typeof answer === 'function') return (answer as (request: Request) => Response | Promise<Response>)(request);
    if (answer instanceof Response) return answer.clone();
    return Response.json(answer);
  };
  return { fetch, sent, requests };
}
