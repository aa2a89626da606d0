import type { Message, RouteOptions, RouteRequest } from '../core/chat.js';
import { checkRequest } from '../internal/route-request-schema.js';

/** A request with its two ways of asking told apart. */
export interface NormalRequest {
  /** The request as given, without what stands below. */
  readonly wire: Omit<RouteRequest, 'prompt' | 'messages' | 'session' | 'model'>;
  /** What is new: the prompt as one user message, or the given messages. */
  readonly messages: Message[];
  /** The conversation to continue; `undefined`: the messages stand on their own. */
  readonly session: string | undefined;
  /** What stands before the cursor, of a fill-in-the-middle request. */
  readonly prefix: string | undefined;
  readonly model: string | undefined;
}

/**
 * Checks a request and brings both forms into one.
 * Throws `ERR_INVALID_REQUEST` for wrong data and `ERR_INVALID_OPTION` for wrong options.
 */
export function normalizeRequest(input: string | RouteRequest, options: RouteOptions | undefined): NormalRequest {
  const { prompt, messages, session, model, ...wire } = checkRequest(input, options);
  const fim = wire.suffix !== undefined;
  return {
    wire,
    messages: messages ?? [{ role: 'user', content: prompt as string }],
    session: messages !== undefined || fim ? session : (session ?? 'default'),
    prefix: fim ? prompt : undefined,
    model,
  };
}
