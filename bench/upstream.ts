/** One canned model server in a process of its own; speaks Ollama's and OpenAI's wire on one port. Prints its port. */
import { createServer, type ServerResponse } from 'node:http';

const MODELS = 10;
const names = Array.from({ length: MODELS }, (_, i) => `qwen2.5-coder:${i + 1}b`);
const tags = {
  models: names.map((name) => ({
    name,
    model: name,
    modified_at: '2026-01-01T00:00:00Z',
    size: 4_000_000_000,
    digest: 'a'.repeat(64),
    details: { family: 'qwen2', parameter_size: '7.6B', quantization_level: 'Q4_K_M', context_length: 32_768 },
    capabilities: ['completion', 'tools'],
  })),
};
const ps = {
  models: names.map((name) => ({
    name,
    model: name,
    size: 5e9,
    size_vram: 5e9,
    context_length: 8192,
    digest: 'a'.repeat(64),
  })),
};
const list = {
  object: 'list',
  data: names.map((id) => ({ id, object: 'model', owned_by: 'vllm', max_model_len: 32_768 })),
};

/** `ollama` or `vllm`: discovery shall see one server, not one that claims to be both. */
const listings: Record<string, unknown> =
  process.argv[2] === 'vllm'
    ? { '/v1/models': list, '/version': { version: '0.11.0' }, '/health': {} }
    : { '/api/version': { version: '0.33.0' }, '/api/tags': tags, '/api/ps': ps };

const ndjson = (o: unknown): string => `${JSON.stringify(o)}\n`;
const sse = (o: unknown): string => `data: ${JSON.stringify(o)}\n\n`;
const created_at = '2026-01-01T00:00:00.000000000Z';

function ollamaAnswer(model: string, tokens: number): string[] {
  const line = (content: string, rest: object): string =>
    ndjson({ model, created_at, message: { role: 'assistant', content }, ...rest });
  return [
    ...Array.from({ length: tokens }, (_, i) => line(` word${i}`, { done: false })),
    line('', {
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 30,
      eval_count: tokens,
      total_duration: 1,
      load_duration: 1,
    }),
  ];
}

function openaiAnswer(model: string, tokens: number): string[] {
  const chunk = (delta: object, finish_reason: string | null): string =>
    sse({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model,
      choices: [{ index: 0, delta, finish_reason }],
    });
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...Array.from({ length: tokens }, (_, i) => chunk({ content: ` word${i}` }, null)),
    chunk({}, 'stop'),
    sse({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model,
      choices: [],
      usage: { prompt_tokens: 30, completion_tokens: tokens, total_tokens: 30 + tokens },
    }),
    'data: [DONE]\n\n',
  ];
}

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (piece) => {
    body += piece;
  });
  request.on('end', () => {
    const { url = '' } = request;
    const listing = listings[url];
    if (listing !== undefined) return json(response, listing);
    if (request.method !== 'POST') return response.writeHead(404).end('404 page not found');
    const { model, seed, options } = JSON.parse(body) as { model: string; seed?: number; options?: { seed?: number } };
    // The seed asks for a long answer: the same wire for every client under test.
    const tokens = seed ?? options?.seed ?? 10;
    const native = url === '/api/chat';
    response.writeHead(200, { 'content-type': native ? 'application/x-ndjson' : 'text/event-stream' });
    const lines = native ? ollamaAnswer(model, tokens) : openaiAnswer(model, tokens);
    if (tokens <= 10) return response.end(lines.join(''));
    pump(response, lines);
  });
});

/** Writes ten chunks at a time, as a fast server does, and waits for the reader. */
function pump(response: ServerResponse, lines: string[], from = 0): void {
  for (let at = from; at < lines.length; at += 10) {
    if (!response.write(lines.slice(at, at + 10).join(''))) {
      response.once('drain', () => pump(response, lines, at + 10));
      return;
    }
  }
  response.end();
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) console.log(address.port);
});
