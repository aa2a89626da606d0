import * as v from 'valibot';
import type { Message, RouteOptions, RouteRequest } from '../core/chat.js';
import { RouterError } from '../core/errors.js';
import { checkOptions, flag, injected, listOf, number, oneOf, optional, text, whole } from '../internal/options.js';
import { timeoutsSchema } from '../internal/timeouts-schema.js';

const anything = v.custom<unknown>(() => true);
const object = (what: string) =>
  v.custom<object>((x) => typeof x === 'object' && x !== null && !Array.isArray(x), what);
const roles = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];
const message = v.custom<object>(
  (x) => typeof x === 'object' && x !== null && roles.includes((x as Message).role) && hasContent(x as Message),
  `messages of the form { role, content }, role one of ${roles.join(', ')}`,
);
const tool = v.custom<object>(
  (x) => ['function', 'custom'].includes((x as { type?: string } | null)?.type ?? ''),
  'tools of the form { type: "function", function: { name } }',
);

/** What a {@link RouteRequest} may hold. */
export const routeRequestSchema = v.strictObject({
  prompt: optional(text()),
  messages: optional(listOf(message, 'messages')),
  session: optional(text()),
  fileContext: optional(
    v.custom<object>(
      (x) => typeof (x as { file?: unknown } | null)?.file === 'string' && (x as { file: string }).file !== '',
      'an object with the path in `file`',
    ),
  ),
  tools: optional(listOf(tool, 'tools')),
  toolChoice: optional(anything),
  responseFormat: optional(
    v.custom<object>(
      (x) => ['text', 'json_object', 'json_schema'].includes((x as { type?: string } | null)?.type ?? ''),
      'an object whose type is "text", "json_object" or "json_schema"',
    ),
  ),
  model: optional(text()),
  task: optional(oneOf('coding', 'reasoning', 'analysis', 'documentation')),
  complexity: optional(number(1, 10)),
  strategy: optional(oneOf('quality', 'balanced', 'fast', 'cheap')),
  priority: optional(oneOf('interactive', 'background')),
  temperature: optional(number(0, 2)),
  topP: optional(number(0, 1)),
  topK: optional(whole(0, 1_000_000)),
  seed: optional(whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)),
  stop: optional(
    v.custom<unknown>(
      (x) => typeof x === 'string' || (Array.isArray(x) && x.every((s) => typeof s === 'string')),
      'a text or a list of texts',
    ),
  ),
  maxTokens: optional(whole(1, 10_000_000, 'tokens')),
  frequencyPenalty: optional(number(-2, 2)),
  presencePenalty: optional(number(-2, 2)),
  reasoningEffort: optional(oneOf('none', 'low', 'medium', 'high')),
  suffix: optional(v.string('a text')),
  numCtx: optional(
    v.custom<unknown>(
      (x) => x === 'server' || (Number.isSafeInteger(x) && (x as number) >= 128 && (x as number) <= 100_000_000),
      '"server" or a whole number of tokens of at least 128',
    ),
  ),
  keepAlive: optional(
    v.custom<unknown>((x) => typeof x === 'string' || Number.isFinite(x), 'seconds, or a duration such as "30m"'),
  ),
  extraBody: optional(object('an object that is merged into the wire request')),
  metadata: optional(object('an object of texts')),
});

const routeOptionsSchema = v.strictObject({
  signal: optional(injected('an AbortSignal', 'addEventListener')),
  timeouts: optional(timeoutsSchema),
  allowExternal: optional(flag()),
});

const explainOptionsSchema = v.strictObject({ ...routeOptionsSchema.entries, serena: optional(flag()) });

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
export function normalizeRequest(
  input: string | RouteRequest,
  options: (RouteOptions & { serena?: boolean | undefined }) | undefined,
): NormalRequest {
  checkOptions(explainOptionsSchema, options, 'options of the call');
  const request: RouteRequest = typeof input === 'string' ? { prompt: input } : input;
  if (typeof request !== 'object' || request === null) {
    throw new RouterError('ERR_INVALID_REQUEST', 'query: use a text, or a request with `prompt` or `messages`.');
  }
  if (typeof input === 'string' && input.trim() === '') {
    throw new RouterError('ERR_INVALID_REQUEST', 'query: got an empty text; say what the model shall do.');
  }
  checkOptions(routeRequestSchema, request, 'request', 'ERR_INVALID_REQUEST');
  const { prompt, messages, session, model, ...wire } = request;
  const fim = request.suffix !== undefined;
  if ((prompt === undefined) === (messages === undefined)) {
    throw new RouterError('ERR_INVALID_REQUEST', 'request: use either `prompt` or `messages`.');
  }
  if (fim && prompt === undefined) {
    throw new RouterError('ERR_INVALID_REQUEST', 'request: `suffix` needs `prompt`: the text before the cursor.');
  }
  if (messages !== undefined && messages.length === 0) {
    throw new RouterError('ERR_INVALID_REQUEST', 'request: messages is empty; give at least one.');
  }
  return {
    wire,
    messages: messages ?? [{ role: 'user', content: prompt as string }],
    session: messages !== undefined || fim ? session : (session ?? 'default'),
    prefix: fim ? prompt : undefined,
    model,
  };
}

function hasContent({ content, tool_calls }: Message): boolean {
  if (typeof content === 'string' || Array.isArray(content)) return true;
  return (content === null || content === undefined) && (tool_calls === undefined || Array.isArray(tool_calls));
}
