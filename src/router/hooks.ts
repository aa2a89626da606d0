import type { RouteOptions, RouteRequest, RouteResult } from '../core/chat.js';
import { RouterError } from '../core/errors.js';
import { type NormalRequest, normalizeRequest } from './route-request.js';
import type { RouterState } from './router-state.js';

/** One call as the pipeline takes it. */
export interface Call {
  readonly input: string | RouteRequest;
  /** The same, checked. */
  readonly request: NormalRequest;
  readonly options: RouteOptions | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The request to route, as the host's hook has it. */
export async function withBeforeRoute({ parts }: RouterState, call: Call, signal: AbortSignal): Promise<NormalRequest> {
  const { beforeRoute } = parts.hooks;
  if (beforeRoute === undefined) return call.request;
  const { input, options } = call;
  const given: RouteRequest = typeof input === 'string' ? { prompt: input } : input;
  return normalizeRequest(await callHook('beforeRoute', () => beforeRoute(given, { signal })), options);
}

/** The answer to return, as the host's hook has it. */
export async function withAfterResponse(
  { parts }: RouterState,
  result: RouteResult,
  signal: AbortSignal,
): Promise<RouteResult> {
  const { afterResponse } = parts.hooks;
  return afterResponse === undefined ? result : callHook('afterResponse', () => afterResponse(result, { signal }));
}

/** Calls a hook of the host; what it throws ends the call, and is told apart from errors of ours. */
export async function callHook<T>(name: string, hook: () => T | Promise<T>): Promise<T> {
  try {
    return await hook();
  } catch (error) {
    if (RouterError.is(error)) throw error;
    throw new RouterError('ERR_ABORTED', `The host's hook ${name} threw; its error is the cause.`, { cause: error });
  }
}
