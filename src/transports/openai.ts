import type { Usage } from '../core/chat.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { ModelRef } from '../core/model.js';
import type { ServiceType } from '../core/service.js';
import type { ChatRequest, Transport, TransportEvent } from '../core/transport.js';
import { answerFilters } from './answer-filters.js';
import { readEmbeddings } from './embeddings.js';
import { InfillReply, infillBody } from './infill.js';
import { OpenAIReply, usageOf } from './openai-reply.js';
import { chatBody, fillBody } from './openai-request.js';
import { addressOf } from './request-parts.js';
import { sendThrough } from './send-through.js';
import { SseParser } from './sse-parser.js';
import { streamReply } from './stream-body.js';
import { unsupported } from './wire-errors.js';

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
  const way = request.suffix === undefined ? 'chat' : fillsGaps(model.type);
  const open = async (): Promise<Response> => {
    if (way === undefined) throw noGaps(model);
    const to = { model, headers: request.headers, ...o };
    if (way === 'infill') {
      const send = async (fetch: FetchLike): Promise<unknown> =>
        fetch(`${addressOf(model)}/infill`, { method: 'POST', body: JSON.stringify(infillBody(request)) });
      return sendThrough(send, to);
    }
    // The client checks no member; its types know less than local servers do.
    const body = (way === 'chat' ? chatBody(request) : fillBody(request)) as never;
    const { OpenAI } = await loadClient();
    return sendThrough((fetch) => {
      const client = new OpenAI(clientOptions(model, fetch));
      return (way === 'chat' ? client.chat.completions.create(body) : client.completions.create(body)).asResponse();
    }, to);
  };
  const meaning = way === 'infill' ? new InfillReply(model) : new OpenAIReply(model);
  return streamReply(open, new SseParser(model, meaning), {
    model,
    signal: o.signal,
    filters: () => answerFilters(request),
  });
}

/**
 * How a server fills a gap. Those that are not here ignore `suffix` or refuse it: they would go on after the prompt as if
 * nothing followed.
 */
const GAPS: Readonly<Record<string, 'infill' | 'suffix'>> = {
  'llama.cpp': 'infill',
  'llama-swap': 'infill',
  ollama: 'suffix',
  sglang: 'suffix',
  'llama-cpp-python': 'suffix',
  'openai-compatible': 'suffix',
};

function fillsGaps(type: ServiceType): 'infill' | 'suffix' | undefined {
  // Of a kind of the host's own, the host knows.
  if (type.startsWith('custom:')) return 'suffix';
  return Object.hasOwn(GAPS, type) ? GAPS[type] : undefined;
}

function noGaps(model: ModelRef): Error {
  return unsupported(model, `a server of type ${model.type} fills no gaps (\`suffix\`). Ollama and llama.cpp do.`);
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
