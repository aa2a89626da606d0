import { isIP, type Socket } from 'node:net';
import type { Agent, buildConnector } from 'undici';
import { RouterError } from '../core/errors.js';
import type { FetchLike } from '../core/fetch-like.js';
import { abortError } from '../internal/deadline.js';
import { setUntied, streamBytes, unread } from '../internal/untied-reply.js';
import { DirectReply } from './direct-reply.js';
import { Exchange } from './exchange.js';
import { fetchError } from './fetch-error.js';
import { type Lookup, resolveName } from './name-lookup.js';
import {
  type EgressDecision,
  hostName,
  judgePeer,
  judgeUrl,
  type NetworkPolicy,
  type UrlVerdict,
} from './network-policy.js';
import { isPlatformFetch } from './platform-fetch.js';
import { encodingRefusal, headerRefusal, MAX_HEADER_BYTES, redirectRefusal, statusRefusal } from './reply-limits.js';
import { outgoingBody } from './request-body.js';
import { outgoingHeaders } from './request-headers.js';
import { steadyEnd } from './steady-end.js';
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

const MAX_REMEMBERED_URLS = 256;
/** Below the 5 s after which Node.js, uvicorn and llama.cpp drop an idle connection: a reused one is then alive. */
const KEEP_ALIVE_MS = 4_000;

/**
 * The only door to the network. R1 to R7 are applied to the URL, to every DNS answer and to the connected socket;
 * redirects are refused (R8); environment proxies, global dispatchers and cookies have no effect (R9); there is no
 * time limit but that for connecting. Everything it throws is a `RouterError`.
 *
 * Requests go straight to an agent of its own. A global fetch that somebody replaced (msw, a spy, instrumentation) is asked
 * instead, with that agent as its dispatcher.
 */
export class GuardedFetch {
  readonly #o: GuardedFetchOptions;
  /** Verdicts are pure, and a server is asked at a handful of URLs over and over. */
  readonly #verdicts = new Map<string, UrlVerdict>();
  /** Requests that went out without the global fetch. */
  readonly #exchanges = new Set<Exchange>();
  /** Ends what nobody can read any more. */
  readonly #unread = new FinalizationRegistry<Exchange>((exchange) => {
    if (!exchange.taken) exchange.cancel();
  });
  /** The one that is being handed to undici, which connects for it in the same turn. */
  #handed: Exchange | undefined;
  #agent: Promise<Agent> | undefined;
  #closed = false;

  constructor(o: GuardedFetchOptions) {
    this.#o = o;
  }

  /** Uses method, headers, body and signal of the request; all else of `RequestInit` is ignored. */
  readonly fetch: FetchLike = async (input, init) => {
    const request = typeof input === 'object' && input !== null && 'url' in input ? input : undefined;
    const url = this.#admit(String(request ? request.url : input));
    const signal = init?.signal ?? request?.signal ?? null;
    if (signal?.aborted) throw abortError(signal);
    const asked: Asked = {
      url,
      method: init?.method ?? request?.method ?? 'GET',
      headers: outgoingHeaders(init?.headers ?? request?.headers),
      body: init?.body ?? request?.body ?? null,
      signal,
    };
    if (asked.body !== null && /^(?:get|head)$/i.test(asked.method)) {
      throw new RouterError('ERR_INVALID_REQUEST', `A ${asked.method} request cannot have a body.`);
    }
    try {
      if (this.#o.fetch) return await viaFetch(this.#o.fetch, asked, { redirect: 'manual' });
      this.#agent ??= this.#makeAgent();
      const dispatcher = await this.#agent;
      // Looked up at each call: tests replace the global fetch, and hosts wrap it.
      const method = asked.method.toUpperCase();
      if (isPlatformFetch(globalThis.fetch) && DIRECT_METHODS.has(method))
        return await this.#direct(dispatcher, asked, method);
      // A redirect is refused either way; for 'manual' the platform would keep a copy of the body.
      return await viaFetch((...args) => globalThis.fetch(...args), asked, { redirect: 'error', dispatcher });
    } catch (error) {
      if (signal?.aborted) throw abortError(signal);
      throw fetchError(error, url.origin, 'request');
    }
  };

  /**
   * Sends without the global fetch, which would cost more than all the rest. That it is the platform's own is known, so
   * nobody misses being asked.
   */
  async #direct(agent: Agent, { url, headers, body, signal }: Asked, method: string): Promise<Response> {
    const { origin } = url;
    const made = outgoingBody(body);
    const sent = made instanceof Promise ? await made : made;
    if (signal?.aborted) {
      sent.cancel?.();
      throw abortError(signal);
    }
    if (sent.type !== null) headers['content-type'] ??= sent.type;
    const exchange = new Exchange(origin, signal, (over) => {
      this.#exchanges.delete(over);
      sent.cancel?.();
    });
    this.#exchanges.add(exchange);
    this.#handed = exchange;
    const path = url.pathname + url.search;
    agent.dispatch({ origin, path, method, headers, body: sent.body as Uint8Array | string | null }, exchange);
    this.#handed = undefined;
    const head = await exchange.head;
    const { status } = head;
    const hasBody = status !== 204 && status !== 205 && method !== 'HEAD';
    const wrong = statusRefusal(status, origin);
    const reply = wrong ? null : new DirectReply(exchange, head, url.href, hasBody);
    const refused = wrong ?? encodingRefusal((reply as DirectReply).headers, origin);
    if (refused || !hasBody) exchange.cancel();
    else if (!exchange.ended) this.#unread.register(reply as DirectReply, exchange);
    if (refused) throw refused;
    return reply as DirectReply;
  }

  /** Resolves a name under the policy. */
  resolve(name: string, signal?: AbortSignal): Promise<EgressDecision> {
    const { policy, lookup, connectTimeoutMs: timeoutMs } = this.#o;
    return resolveName(policy, name, { lookup, timeoutMs, signal });
  }

  /** Ends all connections; later requests are `ERR_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true;
    const agent = await this.#agent;
    for (const exchange of this.#exchanges) exchange.stop(closedError());
    await agent?.destroy();
  }

  #admit(target: string): URL {
    if (this.#closed) throw closedError();
    let verdict = this.#verdicts.get(target);
    if (verdict === undefined) {
      verdict = judgeUrl(this.#o.policy, target);
      if (this.#verdicts.size >= MAX_REMEMBERED_URLS) this.#verdicts.clear();
      this.#verdicts.set(target, verdict);
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
        this.#addresses(host, this.#handed?.signal).then(
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

  async #addresses(
    host: string,
    signal: AbortSignal | null | undefined,
  ): Promise<{ address: string; family: 4 | 6 }[]> {
    const decision = await this.resolve(hostName(host), signal ?? undefined);
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
    // undici gives it, though its types do not say so.
    const connecting = connect(options, (error, socket) => {
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
      callback(null, steadyEnd(socket));
    }) as unknown as Socket;
    this.#handed?.connecting(connecting);
  }
}

/** What a caller asks for, after the checks. */
interface Asked {
  readonly url: URL;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: RequestInit['body'];
  readonly signal: AbortSignal | null;
}

/** What can go without the global fetch, which knows best how to treat other methods. */
const DIRECT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function closedError(): RouterError {
  return new RouterError('ERR_CLOSED', 'The security module is closed; make a new one.');
}

/** Sends through a fetch that is not ours. */
async function viaFetch(
  fetch: FetchLike,
  { url, method, headers, body, signal }: Asked,
  how: { redirect: RequestRedirect; dispatcher?: unknown },
): Promise<Response> {
  const { origin } = url;
  const sent = { method, headers, body, signal, duplex: 'half', credentials: 'omit', ...how };
  const response: unknown = await fetch(url.href, sent as RequestInit);
  if (!isResponse(response)) {
    throw new RouterError('ERR_BAD_RESPONSE', `${origin}: the injected \`fetch\` gave no Response; give a Response.`);
  }
  const { type, redirected, status } = response;
  const refused =
    type === 'opaqueredirect' || redirected
      ? redirectRefusal(origin)
      : (statusRefusal(status, origin) ??
        headerRefusal(response.headers, origin) ??
        encodingRefusal(response.headers, origin));
  if (refused === null) return tied(response, origin, signal);
  if (response.body) unread(response.body);
  throw refused;
}

/** Whether it can be read as one; the class does not matter, a host may bring a fetch of its own. */
function isResponse(value: unknown): value is Response {
  const { status, headers, body = null } = (value ?? {}) as Partial<Response>;
  const isReadable = body === null || typeof body.getReader === 'function';
  return typeof status === 'number' && typeof headers?.get === 'function' && Symbol.iterator in headers && isReadable;
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
  if (!source) return response;
  const toError = (error: unknown): Error =>
    signal?.aborted ? abortError(signal) : fetchError(error, origin, 'reply');
  // An abort reaches an unread body too.
  const drop = (): void => unread(source, signal?.reason);
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
  setUntied(response, () => streamBytes(take(), signal, toError));
  return Object.assign(response, WHOLE_BODY);
}
