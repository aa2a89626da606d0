import type { Usage } from '../core/chat.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { ModelRef } from '../core/model.js';
import type { ChatRequest, Transport, TransportEvent } from '../core/transport.js';
import { answerFilters } from './answer-filters.js';
import { readEmbeddings } from './embeddings.js';
import { NdjsonParser } from './ndjson-parser.js';
import { ollamaReply, usageOf } from './ollama-reply.js';
import { chatBody, fillBody } from './ollama-request.js';
import { addressOf } from './request-parts.js';
import { sendThrough } from './send-through.js';
import { streamReply } from './stream-body.js';

/**
 * Talks Ollama's native API, the only way to choose its context window and to hear of overlong prompts; always streams.
 * @public
 */
export function ollamaTransport(): Transport {
  return {
    name: 'ollama',
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
    // The client checks no member and passes on what its types do not know.
    const body = (fill ? fillBody(request) : chatBody(request)) as never;
    const { Ollama } = await loadClient();
    const send = (fetch: FetchLike): Promise<unknown> => {
      // One client per call: its `abort()` would end every stream of an instance.
      const client = new Ollama({ host: addressOf(model), fetch });
      return fill ? client.generate(body) : client.chat(body);
    };
    return sendThrough(send, { model, headers: request.headers, ...o });
  };
  return streamReply(open, new NdjsonParser(model, ollamaReply(model)), {
    model,
    signal: o.signal,
    filters: () => answerFilters(request),
  });
}

async function embed(
  request: {
    model: ModelRef;
    input: string[];
    headers?: Record<string, string>;
    keepAlive?: string | number | undefined;
  },
  o: { signal: AbortSignal; fetch: FetchLike },
): Promise<{ embeddings: number[][]; usage?: Usage }> {
  const { model, input, keepAlive } = request;
  // The client's type knows no number below zero; JSON leaves out what is not given.
  const kept = { keep_alive: keepAlive as string };
  const { Ollama } = await loadClient();
  const response = await sendThrough(
    (fetch) =>
      new Ollama({ host: addressOf(model), fetch }).embed({ model: model.id, input, truncate: false, ...kept }),
    { model, headers: request.headers ?? {}, ...o },
  );
  const { body, embeddings } = await readEmbeddings(response, model, input.length, (reply) =>
    Array.isArray(reply['embeddings']) ? reply['embeddings'] : [],
  );
  const usage = usageOf(body);
  return usage ? { embeddings, usage } : { embeddings };
}

/**
 * Loaded with the first call; `import()` alone would look it up each time.
 * The browser build: the other one reads and sends a file whose path happens to equal an image's text.
 */
const loadClient = () => {
  loading ??= import('ollama/browser');
  return loading;
};
let loading: Promise<typeof import('ollama/browser')> | undefined;
