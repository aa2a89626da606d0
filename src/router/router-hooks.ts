import type { RouteRequest, RouteResult } from '../core/chat.js';
import type { CallOptions } from '../core/events.js';
import type { ChatRequest } from '../core/transport.js';

/**
 * Moments at which the host may change what happens; to watch only, subscribe to the router's events.
 * A hook that throws ends the call with its error as `cause`.
 * @public
 */
export interface RouterHooks {
  /** Before anything is decided; gives the request to route. */
  beforeRoute?(request: RouteRequest, o: CallOptions): RouteRequest | Promise<RouteRequest>;
  /** Before a request is handed to a model, at each attempt; gives the request to send. */
  beforeRequest?(request: ChatRequest, o: CallOptions): ChatRequest | Promise<ChatRequest>;
  /** After a complete answer, before the conversation is stored; gives the answer to return. */
  afterResponse?(result: RouteResult, o: CallOptions): RouteResult | Promise<RouteResult>;
}
