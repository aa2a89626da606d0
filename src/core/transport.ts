import type { FinishReason, Message, RouteRequest, Usage } from './chat.js';
import type { FetchLike } from './fetch-like.js';
import type { ModelRef } from './model.js';

/**
 * A request for one model, as a transport gets it.
 * @public
 */
export interface ChatRequest extends Omit<RouteRequest, 'model' | 'messages' | 'numCtx'> {
  /** The model to ask. */
  model: ModelRef;
  /** The whole conversation to send. */
  messages: Message[];
  /** Headers to send, with the key. */
  headers: Record<string, string>;
  /** Context to load an Ollama model with, in tokens. */
  numCtx?: number | undefined;
}

/**
 * What a transport reads from the wire.
 * @public
 */
export type TransportEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | {
      readonly type: 'tool-call-delta';
      readonly index: number;
      readonly id?: string | undefined;
      readonly name?: string | undefined;
      readonly arguments: string;
    }
  /** The server is writing what cannot be shown yet: keeps the time limits from running out, and means nothing else. */
  | { readonly type: 'progress' }
  | {
      readonly type: 'finish';
      readonly finishReason: FinishReason;
      readonly usage?: Usage | undefined;
      readonly servedModel?: string | undefined;
    };

/**
 * How to talk to one kind of wire. It ends with exactly one `finish`, or throws a `RouterError`.
 *
 * What it sends through the `fetch` that it is given is held to the policy of the security module: URL, look-up and socket.
 * Connections that a transport of the host makes by itself are seen neither by the policy nor by the audit log.
 * @public
 */
export interface Transport {
  /** Name; a service's type or `openai`. */
  readonly name: string;
  /** Version of this contract. */
  readonly specificationVersion: 1;
  /** Sends a chat request and gives what comes back, as it comes. Exactly one `finish`, last. */
  chat(request: ChatRequest, o: { signal: AbortSignal; fetch: FetchLike }): AsyncIterable<TransportEvent>;
  /** Embeds texts. */
  embed?(
    request: {
      model: ModelRef;
      input: string[];
      headers?: Record<string, string>;
      keepAlive?: string | number | undefined;
    },
    o: { signal: AbortSignal; fetch: FetchLike },
  ): Promise<{ embeddings: number[][]; usage?: Usage }>;
  /** Counts tokens exactly. */
  countTokens?(
    request: { model: ModelRef; text: string },
    o: { signal: AbortSignal; fetch: FetchLike },
  ): Promise<number>;
  /** What this wire can carry; absent: unknown, `false`: refused before sending. */
  readonly capabilities: {
    readonly tools?: boolean | undefined;
    readonly vision?: boolean | undefined;
    readonly jsonSchema?: boolean | undefined;
    readonly fim?: boolean | undefined;
  };
}
