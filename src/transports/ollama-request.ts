import type { ContentPart, Message } from '../core/chat.js';
import type { ChatRequest } from '../core/transport.js';
import { asObject, parseJson } from '../internal/json.js';
import {
  checkMedia,
  extraMembers,
  functionCalls,
  offeredTools,
  prefixOf,
  sampling,
  stopList,
  textOf,
} from './request-parts.js';
import { unsupported } from './wire-errors.js';

/** The body of `POST /api/chat`; what the caller did not give is left to the server. */
export function chatBody(request: ChatRequest): Record<string, unknown> {
  checkMedia(request);
  const tools = wantedTools(request);
  return merged(request, {
    messages: wireMessages(request),
    ...(tools.length > 0 && { tools }),
    think: request.reasoningEffort === 'none' ? false : request.reasoningEffort,
    format: formatOf(request),
  });
}

/** The body of `POST /api/generate` with a gap to fill. */
export function fillBody(request: ChatRequest): Record<string, unknown> {
  return merged(request, { prompt: prefixOf(request), suffix: request.suffix });
}

function merged(request: ChatRequest, body: Record<string, unknown>): Record<string, unknown> {
  const extra = extraMembers(request);
  return {
    ...body,
    stream: true,
    // Without it an overlong prompt loses its beginning, and nobody is told.
    truncate: false,
    keep_alive: request.keepAlive,
    ...extra,
    options: {
      num_ctx: request.numCtx,
      num_predict: request.maxTokens,
      ...sampling(request),
      stop: stopList(request),
      // One more option must not drop `num_ctx`, which would reload the model.
      ...asObject(extra['options']),
    },
    model: request.model.id,
  };
}

/** This wire has no tool choice: `none` offers nothing, a named tool is offered alone, `required` is only a wish. */
function wantedTools(request: ChatRequest) {
  const tools = offeredTools(request);
  const choice = request.toolChoice;
  if (choice === 'none') return [];
  if (typeof choice !== 'object' || choice.type !== 'function') return tools;
  return tools.filter((tool) => tool.function.name === choice.function.name);
}

function formatOf(request: ChatRequest): unknown {
  const format = request.responseFormat;
  if (format?.type === 'json_schema') return format.json_schema.schema ?? 'json';
  return format?.type === 'json_object' ? 'json' : undefined;
}

function wireMessages(request: ChatRequest): Record<string, unknown>[] {
  const toolNames = new Map<string, string>();
  return request.messages.map((message) => {
    const calls = functionCalls(request, message);
    for (const call of calls) toolNames.set(call.id, call.function.name);
    const images = imagesOf(request, message);
    return {
      role: roleOf(message.role),
      content: textOf(message.content),
      ...(images.length > 0 && { images }),
      ...(calls.length > 0 && {
        tool_calls: calls.map((call) => ({
          id: call.id,
          // Arguments are an object here; text is a 400. What a model wrote wrongly cannot be sent back.
          function: { name: call.function.name, arguments: asObject(parseJson(call.function.arguments)) ?? {} },
        })),
      }),
      ...(message.tool_call_id !== undefined && {
        tool_call_id: message.tool_call_id,
        tool_name: toolNames.get(message.tool_call_id) ?? message.name,
      }),
    };
  });
}

function roleOf(role: Message['role']): string {
  if (role === 'developer') return 'system';
  return role === 'function' ? 'tool' : role;
}

/** Images and sound travel as bare base64 in one list. */
function imagesOf(request: ChatRequest, message: Message): string[] {
  const parts = typeof message.content === 'string' ? [] : (message.content ?? []);
  return parts.flatMap((part: ContentPart): string[] => {
    switch (part.type) {
      case 'image_url': {
        const data = /^data:[^,]*;base64,(.*)$/is.exec(part.image_url.url)?.[1];
        if (data === undefined) throw unsupported(request.model, 'Ollama takes images as data URLs in base64 only.');
        return [data];
      }
      case 'input_audio':
        return [part.input_audio.data];
      case 'file':
        throw unsupported(request.model, 'Ollama takes no files. Put the text of the file into the message.');
      default:
        return [];
    }
  });
}
