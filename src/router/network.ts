import type { FetchLike } from '../core/fetch-like.js';
import type { SecurityModule } from '../security/security-module.js';

/** What a request may use of the network. */
export interface Reach {
  /** The model is outside the allowed network, and the call was granted such. */
  readonly external: boolean;
  readonly connectMs: number;
  /** The endpoint's own path of chat completions. */
  readonly chatPath: string | undefined;
  /** What the server has for `/v1`. */
  readonly apiPath: string | undefined;
}

/** Most different connection times that are kept apart; further ones get the router's own. */
const MAX_POOLS = 16;

/** Gives each request the narrowest guarded fetch that it needs; those with a pool of their own are kept and closed. */
export class Network {
  readonly #security: SecurityModule;
  readonly #narrowed = new Map<string, SecurityModule>();

  constructor(security: SecurityModule) {
    this.#security = security;
  }

  fetchFor({ external, connectMs, chatPath, apiPath }: Reach): FetchLike {
    const { fetch } = this.#module(external, connectMs);
    return chatPath === undefined && apiPath === undefined ? fetch : withPaths(fetch, chatPath, apiPath);
  }

  async close(): Promise<void> {
    const modules = [...this.#narrowed.values()];
    this.#narrowed.clear();
    await Promise.all(modules.map((module) => module.close()));
  }

  #module(external: boolean, connectMs: number): SecurityModule {
    const inside = !external && this.#security.allowsExternal;
    const sameTime = connectMs === this.#security.connectTimeoutMs;
    if (!inside && sameTime) return this.#security;
    const key = `${inside} ${connectMs}`;
    let module = this.#narrowed.get(key);
    // Each has connections of its own: a host that computes a connectMs per call must not pile them up.
    if (module === undefined && !inside && this.#narrowed.size >= MAX_POOLS) return this.#security;
    if (module === undefined) {
      module = this.#security.narrow({
        ...(inside ? { allowExternal: false } : {}),
        ...(sameTime ? {} : { connectTimeoutMs: connectMs }),
      });
      this.#narrowed.set(key, module);
    }
    return module;
  }
}

const CHAT = '/v1/chat/completions';
const ROUTE = /\/v1(?=\/(?:chat\/)?completions$|\/embeddings$)/;

/** For servers with paths of their own: transports always ask for the usual ones. */
function withPaths(fetch: FetchLike, chatPath: string | undefined, apiPath: string | undefined): FetchLike {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const { pathname } = url;
    // The host's own path lies below the origin, a server's below its base URL.
    if (chatPath !== undefined && pathname.endsWith(CHAT)) url.pathname = chatPath;
    else if (apiPath !== undefined) url.pathname = pathname.replace(ROUTE, apiPath);
    if (url.pathname === pathname) return fetch(input, init);
    return input instanceof Request ? fetch(new Request(url, input), init) : fetch(url, init);
  };
}
