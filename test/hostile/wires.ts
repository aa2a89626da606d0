/** What the two wires look like, so that one row speaks both. */
export interface Wire {
  readonly name: 'openai' | 'ollama';
  /** Type under which the host names the service. */
  readonly type: 'openai-compatible' | 'ollama';
  readonly contentType: string;
  /** One piece of text. */
  text(text: string): string;
  /** What completes an answer. */
  readonly end: string;
  /** A piece that carries this object as it is. */
  frame(object: unknown): string;
  /** What the server lists, by path, for a model of this name. */
  listing(model: string): Readonly<Record<string, unknown>>;
}

const sse = (object: unknown): string => `data: ${JSON.stringify(object)}\n\n`;
const delta = (part: unknown, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: part, finish_reason: finish }],
});

export const openai: Wire = {
  name: 'openai',
  type: 'openai-compatible',
  contentType: 'text/event-stream',
  text: (content) => sse(delta({ content })),
  end: `${sse(delta({}, 'stop'))}data: [DONE]\n\n`,
  frame: sse,
  listing: (id) => ({ '/v1/models': { object: 'list', data: [{ id, object: 'model', context_length: 16_384 }] } }),
};

const line = (object: unknown): string => `${JSON.stringify(object)}\n`;

export const ollama: Wire = {
  name: 'ollama',
  type: 'ollama',
  contentType: 'application/x-ndjson',
  text: (content) => line({ model: 'hostile:7b', message: { role: 'assistant', content }, done: false }),
  end: line({ model: 'hostile:7b', message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop' }),
  frame: line,
  listing: (name) => ({
    '/': 'Ollama is running',
    '/api/version': { version: '0.33.0' },
    '/api/tags': { models: [{ name, model: name, size: 4_700_000_000, digest: 'd'.repeat(64), details: {} }] },
    '/api/ps': { models: [] },
    '/api/show': { details: {}, model_info: {}, capabilities: ['completion', 'tools'] },
  }),
};

export const WIRES: readonly Wire[] = [openai, ollama];

/** Head of a reply; without a length the body ends with the connection. */
export const head = (wire: Pick<Wire, 'contentType'>, more = '', status = '200 OK'): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: ${wire.contentType}\r\n${more}\r\n`;
/** A good answer in full, ended by the connection. */
export const good = (wire: Wire, text = 'One two.'): string =>
  head(wire, 'Connection: close\r\n') + wire.text(text) + wire.end;
/** A body in one chunk of chunked framing. */
export const chunked = (...pieces: readonly string[]): string =>
  pieces.map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`).join('');
/** The header that announces chunks. */
export const CHUNKED = 'Transfer-Encoding: chunked\r\n';
