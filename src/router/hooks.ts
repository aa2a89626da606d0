import type { RouteOptions, RouteRequest, RouteResult } from '../core/chat.js';
import { RouterError } from '../core/errors.js';
import { type LinkedSignal, raceAbort } from '../internal/deadline.js';
import { type NormalRequest, normalizeRequest } from './route-request.js';
import type { RouterState } from './router-state.js';

/** One call as the pipeline takes it. */
export interface Call {
  readonly input: string | RouteRequest;
  /** The same, checked. */
  readonly request: NormalRequest;
  readonly options: RouteOptions | undefined;
  /** Follows the caller's signal; aborting it ends the call. */
  readonly link: LinkedSignal;
  /** Only the result is read, not the pieces of the answer. */
  readonly quiet?: boolean | undefined;
}

/** The request to route, as the host's hook has it. */
export async function withBeforeRoute({ parts }: RouterState, call: Call): Promise<NormalRequest> {
  const { beforeRoute } = parts.hooks;
  if (beforeRoute === undefined) return call.request;
  const { input, options, link } = call;
  const { signal } = link;
  const given: RouteRequest = typeof input === 'string' ? { prompt: input } : input;
  return normalizeRequest(await callHook('beforeRoute', signal, () => beforeRoute(given, { signal })), options);
}

/** The answer to return, as the host's hook has it. */
export async function withAfterResponse(
  { parts }: RouterState,
  result: RouteResult,
  signal: AbortSignal,
): Promise<RouteResult> {
  const { afterResponse } = parts.hooks;
  if (afterResponse === undefined) return result;
  const given = await callHook('afterResponse', signal, () => afterResponse(result, { signal }));
  // It becomes part of the conversation.
  if (typeof given.text === 'string' && given.message?.role === 'assistant' && Array.isArray(given.toolCalls))
    return given;
  throw new RouterError(
    'ERR_INVALID_OPTION',
    "The host's hook afterResponse gave no RouteResult; return what it was given, with `text`, `message` and `toolCalls`.",
  );
}

/** Calls a hook of the host; what it throws ends the call, and is told apart from errors of ours. */
export async function callHook<T extends object>(
  name: string,
  signal: AbortSignal,
  hook: () => T | Promise<T>,
): Promise<T> {
  let given: T;
  try {
    given = await raceAbort(signal, Promise.resolve(hook()));
  } catch (error) {
    throw hostError(`hook ${name}`, error);
  }
  if (typeof given === 'object' && given !== null) return given;
  throw new RouterError('ERR_INVALID_OPTION', `The host's hook ${name} gave no object; return what it was given.`);
}

/** What a function of the host threw, as the error that ends the call. */
export function hostError(what: string, error: unknown): RouterError {
  if (RouterError.is(error)) return error;
  return new RouterError('ERR_ABORTED', `The host's ${what} threw; its error is the cause.`, { cause: error });
}
