import { isIP } from 'node:net';
import type { Agent, buildConnector } from 'undici';
import { RouterError } from '../core/errors.js';
import type { FetchLike } from '../core/fetch-like.js';
import { abortError } from '../internal/deadline.js';
import { setUntied } from '../internal/untied-reply.js';
import { fetchError, REDIRECT_REFUSED } from './fetch-error.js';
import { type Lookup, resolveName } from './name-lookup.js';
import {
  type EgressDecision,
  hostName,
  judgePeer,
  judgeUrl,
  type NetworkPolicy,
  type UrlVerdict,
} from './network-policy.js';
import { outgoingHeaders } from './request-headers.js';
import { tiedBody } from './tied-body.js';

/** What a guarded fetch is made of. */
export interface GuardedFetchOptions {
  readonly policy: NetworkPolicy;
  readonly lookup: Lookup;
  readonly connectTimeoutMs: number;
  /** Replaces the network; URLs are still judged, but where it connects to is its own matter. */
  readonly fetch: FetchLike | undefined;
  /** Told of every refusal. */
  onDenied(decision: EgressDecision, host: string | null): void;
  /** Told of every new connection, before anything is sent on it. */
  onConnect(connection: { host: string; address: string | undefined; port: number }): void;
}

const MAX_HEADER_BYTES = 16_384;
const MAX_HEADER_FIELDS = 256;
const MAX_REMEMBERED_URLS = 256;
/** Below the 5 s after which Node.js, uvicorn and llama.cpp drop an idle connection: a reused one is then alive. */
const KEEP_ALIVE_MS = 4_000;

/**
 * The only door to the network. R1 to R7 are applied to the URL, to every DNS answer and to the connected socket;
 * redirects are refused (R8); environment proxies, global dispatchers and cookies have no effect (R9); there is no
 * time limit but that for connecting. Everything it throws is a `RouterError`.
 */
export class GuardedFetch {
  readonly #o: GuardedFetchOptions;
  /** Verdicts are pure, and a server is asked at a handful of URLs over and over. */
  readonly #verdicts = new Map<string, UrlVerdict>();
  #agent: Promise<Agent> | undefined;
  #closed = false;

  constructor(o: GuardedFetchOptions) {
    this.#o = o;
  }

  /** Uses method, headers, body and signal of the request; all else of `RequestInit` is ignored. */
  readonly fetch: FetchLike = async (input, init) => {
    const request = typeof input === 'string' || input instanceof URL ? undefined : input;
    const url = this.#admit(request ? request.url : (input as string | URL));
    const signal = init?.signal ?? request?.signal;
    if (signal?.aborted) throw abortError(signal);
    const body = init?.body ?? request?.body ?? null;
    const sent: RequestInit & { dispatcher?: unknown; duplex: 'half' } = {
      method: init?.method ?? request?.method ?? 'GET',
      headers: outgoingHeaders(init?.headers ?? request?.headers),
      body,
      duplex: 'half',
      signal: signal ?? null,
      // Either is refused; for 'manual' the platform would keep a copy of the body, and only an injected fetch can show the status.
      redirect: this.#o.fetch ? 'manual' : 'error',
      credentials: 'omit',
    };
    if (body !== null && /^(?:get|head)$/i.test(sent.method as string)) {
      throw new RouterError('ERR_INVALID_REQUEST', `A ${sent.method} request cannot have a body.`);
    }
    let response: Response;
    try {
      if (this.#o.fetch) {
        response = await this.#o.fetch(url.href, sent);
      } else {
        this.#agent ??= this.#makeAgent();
        sent.dispatcher = await this.#agent;
        // Looked up at each call: tests replace the global fetch.
        response = await globalThis.fetch(url.href, sent as RequestInit);
      }
    } catch (error) {
      if (signal?.aborted) throw abortError(signal);
      throw fetchError(error, url.origin, 'request');
    }
    if (!isResponse(response)) {
      throw new RouterError(
        'ERR_BAD_RESPONSE',
        `${url.origin}: the injected \`fetch\` gave no Response; give a Response.`,
      );
    }
    const refusal = refuse(response, url.origin);
    if (refusal) {
      response.body?.cancel().catch(() => {});
      throw refusal;
    }
    return tied(response, url.origin, signal);
  };

  /** Resolves a name under the policy. */
  resolve(name: string, signal?: AbortSignal): Promise<EgressDecision> {
    const { policy, lookup, connectTimeoutMs: timeoutMs } = this.#o;
    return resolveName(policy, name, { lookup, timeoutMs, signal });
  }

  /** Ends all connections; later requests are `ERR_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#agent)?.destroy();
  }

  #admit(target: string | URL): URL {
    if (this.#closed) {
      throw new RouterError('ERR_CLOSED', 'The security module is closed; make a new one.');
    }
    const key = typeof target === 'string' ? target : target.href;
    let verdict = this.#verdicts.get(key);
    if (verdict === undefined) {
      verdict = judgeUrl(this.#o.policy, key);
      if (this.#verdicts.size >= MAX_REMEMBERED_URLS) this.#verdicts.clear();
      this.#verdicts.set(key, verdict);
    }
    const { decision, url } = verdict;
    if (decision.allowed && url !== null) return url;
    throw this.#denial(decision, url?.hostname ?? null);
  }

  #denial(decision: EgressDecision, host: string | null): RouterError {
    this.#o.onDenied(decision, host);
    return new RouterError('ERR_EGRESS_DENIED', `The request was refused (${decision.rule}). ${decision.reason}`);
  }

  async #makeAgent(): Promise<Agent> {
    const undici = await import('undici');
    const connect = undici.buildConnector({
      timeout: this.#o.connectTimeoutMs,
      allowH2: false,
      autoSelectFamily: true,
      // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
      rejectUnauthorized: true,
      lookup: (host, options, callback) => {
        this.#addresses(host).then(
          (found) => {
            if (options.all) (callback as unknown as (e: null, all: typeof found) => void)(null, found);
            else callback(null, found[0]?.address as string, found[0]?.family as number);
          },
          (error: Error) => callback(error, '', 4),
        );
      },
    });
    return new undici.Agent({
      connect: (options, callback) => this.#connect(connect, options, callback),
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  async #addresses(host: string): Promise<{ address: string; family: 4 | 6 }[]> {
    const decision = await this.resolve(hostName(host));
    if (!decision.allowed) throw this.#denial(decision, host);
    return decision.addresses.map((address) => ({ address, family: isIP(address) as 4 | 6 }));
  }

  #connect(
    connect: buildConnector.connector,
    options: buildConnector.Options,
    callback: buildConnector.Callback,
  ): void {
    const { hostname: host, port, protocol } = options;
    // A literal address never reaches `lookup`.
    const literal = isIP(host) === 0 ? null : judgePeer(this.#o.policy, host, host);
    if (literal?.allowed === false) {
      callback(this.#denial(literal, host), null);
      return;
    }
    connect(options, (error, socket) => {
      if (error) {
        callback(error, null);
        return;
      }
      // Unknown where a mock stands in for the socket; then there is no peer that could be forbidden.
      const peer = socket.remoteAddress;
      const decision = peer === undefined ? null : judgePeer(this.#o.policy, host, peer);
      if (decision?.allowed === false) {
        socket.destroy();
        callback(this.#denial(decision, host), null);
        return;
      }
      this.#o.onConnect({ host, address: peer, port: Number(port) || (protocol === 'https:' ? 443 : 80) });
      callback(null, socket);
    });
  }
}

/** Whether it can be read as one; the class does not matter, a host may bring a fetch of its own. */
function isResponse(value: unknown): value is Response {
  const { status, headers } = (value ?? {}) as { status?: unknown; headers?: Partial<Headers> | null };
  return typeof status === 'number' && typeof headers?.get === 'function' && Symbol.iterator in headers;
}

/** Why a reply is refused before anyone reads it; `null` if it is not. */
function refuse(response: Response, origin: string): RouterError | null {
  const { status, headers } = response;
  if ((status >= 300 && status < 400) || response.type === 'opaqueredirect' || response.redirected) {
    const shown = status === 0 || response.redirected ? '' : ` (${status})`;
    return new RouterError('ERR_BAD_RESPONSE', `${origin} answered with a redirect${shown}: ${REDIRECT_REFUSED}.`);
  }
  if (status < 200 || status > 599) {
    return new RouterError('ERR_BAD_RESPONSE', `${origin} answered with status ${status}, which HTTP does not have.`);
  }
  let bytes = 0;
  let fields = 0;
  for (const [name, value] of headers) {
    bytes += name.length + value.length;
    // Repeated fields come joined.
    fields += value.length > MAX_HEADER_FIELDS ? value.split(', ').length : 1;
  }
  if (bytes > MAX_HEADER_BYTES || fields > MAX_HEADER_FIELDS) {
    return new RouterError(
      'ERR_TOO_LARGE',
      `${origin} sent more than ${MAX_HEADER_FIELDS} header fields or ${MAX_HEADER_BYTES} bytes of headers.`,
    );
  }
  const encoding = headers.get('content-encoding');
  if (encoding !== null && !/^(?:identity)?$/i.test(encoding)) {
    return new RouterError('ERR_BAD_RESPONSE', `${origin} sent a compressed reply although none was asked for.`);
  }
  return null;
}

/** The readers of a whole body, by way of `body`, so that they are tied to the signal too. */
const WHOLE_BODY = {
  text(this: Response) {
    return new Response(this.body).text();
  },
  json(this: Response) {
    return new Response(this.body).json();
  },
  arrayBuffer(this: Response) {
    return new Response(this.body).arrayBuffer();
  },
  async bytes(this: Response) {
    return new Uint8Array(await new Response(this.body).arrayBuffer());
  },
  blob(this: Response) {
    return new Response(this.body, { headers: this.headers }).blob();
  },
};

/** The same response with its body tied to the signal once somebody asks for it; a new response would cost more than all checks together. */
function tied(response: Response, origin: string, signal: AbortSignal | null | undefined): Response {
  const source = response.body;
  if (source === null) return response;
  const toError = (error: unknown): Error =>
    signal?.aborted ? abortError(signal) : fetchError(error, origin, 'reply');
  // An abort reaches an unread body too.
  const drop = (): void => void source.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', drop, { once: true });
  const take = (): ReadableStream<Uint8Array> => {
    signal?.removeEventListener('abort', drop);
    return source;
  };
  let body: ReadableStream<Uint8Array> | undefined;
  Object.defineProperty(response, 'body', {
    get: () => {
      body ??= tiedBody(take(), signal, toError);
      return body;
    },
  });
  setUntied(response, { take, toError });
  return Object.assign(response, WHOLE_BODY);
}
