import type { Message } from '../core/chat.js';
import type { RouterError } from '../core/errors.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { ModelRef } from '../core/model.js';
import type { ChatRequest, Transport, TransportEvent } from '../core/transport.js';
import { asObject, asString } from '../internal/json.js';
import { modelError } from '../internal/model-error.js';
import { answerFilters } from './answer-filters.js';
import { OpenAIReply } from './openai-reply.js';
import { addressOf, extraMembers, offeredTools, textOf } from './request-parts.js';
import { sendThrough } from './send-through.js';
import { SseParser } from './sse-parser.js';
import { streamReply } from './stream-body.js';
import { unsupported } from './wire-errors.js';

/** Left to itself the server ends every answer after 16 tokens; this is what its own window asks for. */
const MAX_TOKENS = 4_096;

/**
 * Talks to GPT4All: OpenAI chat completions in one piece, with few members, every other one of which is an error there.
 * What it has no member for is refused before sending.
 * @public
 */
export function gpt4allTransport(): Transport {
  return {
    name: 'gpt4all',
    specificationVersion: 1,
    capabilities: { tools: false, vision: false, jsonSchema: false, fim: false },
    chat,
  };
}

function chat(request: ChatRequest, o: { signal: AbortSignal; fetch: FetchLike }): AsyncIterable<TransportEvent> {
  const { model } = request;
  const open = (): Promise<Response> => {
    const body = chatBody(request);
    const send = async (fetch: FetchLike): Promise<unknown> =>
      fetch(`${addressOf(model)}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
    return sendThrough(send, { model, headers: request.headers, ...o });
  };
  return streamReply(open, new SseParser(model, new Gpt4AllReply(model)), {
    model,
    signal: o.signal,
    filters: () => answerFilters(request),
  });
}

/** A model that is gone is answered for by the default one. */
class Gpt4AllReply extends OpenAIReply {
  readonly #asked: ModelRef;

  constructor(model: ModelRef) {
    super(model);
    this.#asked = model;
  }

  override message(data: unknown, event: string, out: TransportEvent[]): void {
    const served = asString(asObject(data)?.['model']);
    // A file name is taken too, and answered for under the model's own name.
    if (served !== undefined && served !== this.#asked.id && !/\.(?:gguf|rmodel)$/i.test(this.#asked.id)) {
      throw modelError(
        'ERR_MODEL_MISMATCH',
        this.#asked,
        'GPT4All answered with another model. Look whether it is still installed.',
      );
    }
    super.message(data, event, out);
  }
}

/** The members of a request that it refuses. */
const REFUSED = ['stop', 'seed', 'topK', 'frequencyPenalty', 'presencePenalty', 'suffix'] as const;

function chatBody(request: ChatRequest): Record<string, unknown> {
  for (const name of REFUSED) {
    const value = request[name];
    if (value !== undefined && !(name.endsWith('Penalty') && value === 0)) throw refused(request, `\`${name}\``);
  }
  if (request.responseFormat !== undefined && request.responseFormat.type !== 'text') {
    throw refused(request, '`responseFormat`');
  }
  if (request.toolChoice !== 'none' && offeredTools(request).length > 0) throw refused(request, '`tools`');
  return {
    messages: request.messages.map((message) => wireMessage(request, message)),
    max_tokens: request.maxTokens ?? MAX_TOKENS,
    temperature: request.temperature,
    top_p: request.topP,
    ...extraMembers(request),
    model: request.model.id,
  };
}

/** Role and text, and nothing else. */
function wireMessage(request: ChatRequest, message: Message): { role: string; content: string } {
  const { role, content } = message;
  if (role === 'tool' || role === 'function' || (message.tool_calls?.length ?? 0) > 0) {
    throw refused(request, 'a conversation with tool calls');
  }
  if (typeof content === 'object' && content?.some(({ type }) => type !== 'text')) {
    throw refused(request, 'content other than text');
  }
  return { role: role === 'developer' ? 'system' : role, content: textOf(content) };
}

function refused(request: ChatRequest, what: string): RouterError {
  return unsupported(request.model, `GPT4All does not take ${what}. Leave it out, or use another server.`);
}
