import type { Usage } from '../core/chat.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { ModelRef } from '../core/model.js';
import type { ChatRequest, Transport, TransportEvent } from '../core/transport.js';
import { answerFilters } from './answer-filters.js';
import { readEmbeddings } from './embeddings.js';
import { OpenAIReply, usageOf } from './openai-reply.js';
import { chatBody, fillBody } from './openai-request.js';
import { addressOf } from './request-parts.js';
import { sendThrough } from './send-through.js';
import { SseParser } from './sse-parser.js';
import { streamReply } from './stream-body.js';

/** The client has a clock of its own; ours alone count. */
const NO_TIMEOUT_MS = 2_147_483_647;

/**
 * Talks OpenAI chat completions, which nearly every local server speaks; always streams.
 * @public
 */
export function openaiTransport(): Transport {
  return {
    name: 'openai',
    specificationVersion: 1,
    capabilities: { tools: true, vision: true, jsonSchema: true, fim: true },
    chat,
    embed,
  };
}

function chat(request: ChatRequest, o: { signal: AbortSignal; fetch: FetchLike }): AsyncIterable<TransportEvent> {
  const { model } = request;
  const open = async (): Promise<Response> => {
    const fill = request.suffix !== undefined;
    // The client checks no member; its types know less than local servers do.
    const body = (fill ? fillBody(request) : chatBody(request)) as never;
    const { OpenAI } = await loadClient();
    const send = (fetch: FetchLike): Promise<unknown> => {
      const client = new OpenAI(clientOptions(model, fetch));
      return fill ? client.completions.create(body).asResponse() : client.chat.completions.create(body).asResponse();
    };
    return sendThrough(send, { model, headers: request.headers, ...o });
  };
  return streamReply(open, new SseParser(model, new OpenAIReply(model)), {
    model,
    signal: o.signal,
    filters: () => answerFilters(request),
  });
}

async function embed(
  request: { model: ModelRef; input: string[]; headers?: Record<string, string> },
  o: { signal: AbortSignal; fetch: FetchLike },
): Promise<{ embeddings: number[][]; usage?: Usage }> {
  const { model, input } = request;
  const { OpenAI } = await loadClient();
  const response = await sendThrough(
    (fetch) =>
      new OpenAI(clientOptions(model, fetch)).embeddings
        // Left to itself the client asks for base64, which not every server knows.
        .create({ model: model.id, input, encoding_format: 'float' })
        .asResponse(),
    { model, headers: request.headers ?? {}, ...o },
  );
  const { body, embeddings } = await readEmbeddings(response, model, input.length, (reply) => {
    const data = Array.isArray(reply['data']) ? (reply['data'] as Record<string, unknown>[]) : [];
    return [...data]
      .sort((a, b) => Number(a?.['index'] ?? 0) - Number(b?.['index'] ?? 0))
      .map((item) => item?.['embedding']);
  });
  const usage = usageOf(body['usage']);
  return usage ? { embeddings, usage } : { embeddings };
}

/** Loaded with the first call; `import()` alone would look it up each time. */
const loadClient = () => {
  loading ??= import('openai');
  return loading;
};
let loading: Promise<typeof import('openai')> | undefined;

/** Everything is given, so that nothing comes from the environment. */
function clientOptions(model: ModelRef, fetch: FetchLike) {
  return {
    baseURL: `${addressOf(model)}/v1`,
    // Never sent: the headers are ours.
    apiKey: 'unused',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    timeout: NO_TIMEOUT_MS,
    logLevel: 'off' as const,
    fetch,
  };
}
