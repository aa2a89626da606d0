import type { FetchLike } from '../core/fetch-like.js';
import type { SecurityModule } from '../security/security-module.js';

/** What a request may use of the network. */
export interface Reach {
  /** The call was granted models outside the allowed network. */
  readonly external: boolean;
  readonly connectMs: number;
  /** The endpoint's own path of chat completions. */
  readonly chatPath: string | undefined;
}

/** Gives each request the narrowest guarded fetch that it needs; those with a pool of their own are kept and closed. */
export class Network {
  readonly #security: SecurityModule;
  readonly #narrowed = new Map<string, SecurityModule>();

  constructor(security: SecurityModule) {
    this.#security = security;
  }

  fetchFor({ external, connectMs, chatPath }: Reach): FetchLike {
    const { fetch } = this.#module(external, connectMs);
    return chatPath === undefined ? fetch : withChatPath(fetch, chatPath);
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

/** For servers with a path of their own: transports always ask for the usual one. */
function withChatPath(fetch: FetchLike, path: string): FetchLike {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!url.pathname.endsWith(CHAT)) return fetch(input, init);
    url.pathname = path;
    return input instanceof Request ? fetch(new Request(url, input), init) : fetch(url, init);
  };
}
