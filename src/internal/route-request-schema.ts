import * as v from 'valibot';
import type { Message, ResponseFormat, RouteOptions, RouteRequest, ToolDefinition } from '../core/chat.js';
import { RouterError } from '../core/errors.js';
import { isRole, roleNames } from './messages.js';
import { checkOptions, flag, injected, listOf, number, oneOf, optional, text, whole } from './options.js';
import { shownValue } from './redact.js';
import { timeoutsSchema } from './timeouts-schema.js';

const object = (what: string) =>
  v.custom<object>((x) => typeof x === 'object' && x !== null && !Array.isArray(x), what);
const CALLERS = ['assistant', 'function'];
const message = v.pipe(
  v.custom<Message>(
    (x) => isRole((x as Partial<Message> | null)?.role),
    `messages of the form { role, content }, role one of ${roleNames()}`,
  ),
  v.check(hasContent, 'messages whose content is a text or a list of parts'),
  v.check(
    ({ tool_calls }) => tool_calls === undefined || Array.isArray(tool_calls),
    'messages whose tool_calls are a list of tool calls',
  ),
  v.check(
    ({ role, tool_call_id }) => role !== 'tool' || (typeof tool_call_id === 'string' && tool_call_id !== ''),
    'messages of role tool with the tool_call_id that they answer',
  ),
);
const tool = v.custom<ToolDefinition>((x) => {
  const { type, [type as 'function']: named } = (x ?? {}) as Extract<ToolDefinition, { type: 'function' }>;
  return ['function', 'custom'].includes(type) && typeof named?.name === 'string' && named.name !== '';
}, 'tools of the form { type: "function", function: { name } }');
const toolChoice = v.custom<unknown>(
  (x) =>
    ['none', 'auto', 'required'].includes(x as string) ||
    ['function', 'custom', 'allowed_tools'].includes((x as { type?: string } | null)?.type ?? ''),
  '"none", "auto", "required", or an object such as { type: "function", function: { name } }',
);
const responseFormat = v.custom<object>((x) => {
  const { type, json_schema: schema } = (x ?? {}) as Partial<Extract<ResponseFormat, { type: 'json_schema' }>>;
  return type === 'json_schema' ? typeof schema?.name === 'string' : ['text', 'json_object'].includes(type ?? '');
}, 'an object whose type is "text", "json_object" or "json_schema", the last with json_schema: { name, schema }');
const place = () =>
  v.strictObject(
    { line: whole(0, 2 ** 31, '(0-based)'), character: whole(0, 2 ** 31, '(0-based)') },
    'an object of line and character',
  );

/** What a {@link RouteRequest} may hold. */
export const routeRequestSchema = v.strictObject({
  prompt: optional(v.string('a text')),
  messages: optional(listOf(message, 'messages')),
  session: optional(text()),
  fileContext: optional(
    v.strictObject(
      {
        file: text(),
        text: optional(v.string('the text of the file')),
        position: optional(place()),
        selection: optional(v.strictObject({ start: place(), end: place() }, 'an object of start and end')),
      },
      'an object with the path in `file`',
    ),
  ),
  tools: optional(listOf(tool, 'tools')),
  toolChoice: optional(toolChoice),
  responseFormat: optional(responseFormat),
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
  metadata: optional(v.record(v.string(), v.string('a text'), 'an object of texts')),
});

/** The options of a call. */
export const routeOptionsSchema = v.strictObject({
  signal: optional(injected('an AbortSignal', 'addEventListener')),
  timeouts: optional(timeoutsSchema),
  allowExternal: optional(flag()),
  serena: optional(flag()),
});

/**
 * Checks a request and gives it as an object: exactly one of `prompt` and `messages`, and something in it.
 * Throws `ERR_INVALID_REQUEST` for wrong data and `ERR_INVALID_OPTION` for wrong options.
 */
export function checkRequest(input: string | RouteRequest, options: RouteOptions | undefined): RouteRequest {
  checkOptions(routeOptionsSchema, options, 'options of the call');
  const request: RouteRequest = typeof input === 'string' ? { prompt: input } : input;
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw invalid(`query: got ${shownValue('', input)}; use a text, or a request with \`prompt\` or \`messages\`.`);
  }
  checkOptions(routeRequestSchema, request, 'request', 'ERR_INVALID_REQUEST');
  const { prompt, messages, suffix } = request;
  if ((prompt === undefined) === (messages === undefined)) {
    throw invalid(`request: got ${prompt === undefined ? 'neither' : 'both'}; use either \`prompt\` or \`messages\`.`);
  }
  if (suffix !== undefined && prompt === undefined) {
    throw invalid('request: got `suffix` with `messages`; use it with `prompt`, the text before the cursor.');
  }
  if (suffix === undefined && prompt?.trim() === '') {
    throw invalid('query: got an empty text; say what the model shall do.');
  }
  if (messages?.length === 0) throw invalid('request: messages: got an empty list; use at least one message.');
  return request;
}

function hasContent({ role, content, tool_calls }: Message): boolean {
  if (typeof content === 'string') return true;
  if (Array.isArray(content)) return content.every(isPart);
  return (content === null || content === undefined) && (tool_calls !== undefined || CALLERS.includes(role));
}

function isPart(part: unknown): boolean {
  const { type, text } = (part ?? {}) as { type?: unknown; text?: unknown };
  return typeof type === 'string' && (type !== 'text' || typeof text === 'string');
}

function invalid(message: string): RouterError {
  return new RouterError('ERR_INVALID_REQUEST', message);
}
