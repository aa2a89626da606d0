import type { RouteOptions, RouteRequest } from './chat.js';
import type { ServedModel } from './model.js';

/**
 * What a second opinion needs of a router: `LocalLLMRouter` is one.
 * @public
 */
export interface LocalRouter {
  /** Knows which models are loaded. */
  readonly discovery: {
    /** The models that were found. */
    models(): readonly ServedModel[];
  };
  /** Answers a request. */
  route(input: RouteRequest, options?: RouteOptions): Promise<{ readonly text: string }>;
  /** Turns texts into vectors. */
  embed(
    input: readonly string[],
    options?: RouteOptions & { readonly model?: string | undefined },
  ): Promise<{ readonly embeddings: readonly (readonly number[])[] }>;
}

/**
 * Which model gives a second opinion, and for how long it is waited.
 * @public
 */
export interface LocalModelOptions {
  /** The router, or a function that gives it: a router is made with its classifier, so the classifier comes first. */
  readonly router: LocalRouter | (() => LocalRouter);
  /**
   * Served id, catalogue key, or `service/model`, letter for letter. It is only asked while it is loaded; nothing is loaded for
   * it. Where no server lists it, the second opinion fails with `ERR_NO_MODEL`, and the decision says so.
   */
  readonly model: string;
  /** Longest wait in milliseconds; then there is no second opinion. @defaultValue 2000; for summaries 30000 */
  readonly timeoutMs?: number | undefined;
}
