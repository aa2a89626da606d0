import { setUntied } from '../internal/untied-reply.js';
import type { Exchange, Head } from './exchange.js';

/** Control characters and what is beyond Latin-1; a `Response` does not take them. */
const UNSAID = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * The reply of an exchange. Its body becomes a stream only when somebody asks for it: streams cost more than the whole
 * request.
 */
export class DirectReply extends Response {
  readonly #exchange: Exchange;
  readonly #url: string;
  readonly #hasBody: boolean;
  /** Read at once, without a stream. */
  #used = false;
  #streamed: Response | undefined;

  constructor(exchange: Exchange, { status, statusText, headers }: Head, url: string, hasBody: boolean) {
    super(null, { status, statusText: UNSAID.test(statusText) ? '' : statusText, headers });
    this.#exchange = exchange;
    this.#url = url;
    this.#hasBody = hasBody;
    if (hasBody) {
      setUntied(this, () => {
        exchange.taken = true;
        return exchange;
      });
    }
  }

  override get url(): string {
    return this.#url;
  }

  override get type(): ResponseType {
    return 'basic';
  }

  override get body(): Response['body'] {
    return this.#reply.body;
  }

  override get bodyUsed(): boolean {
    return this.#used || (this.#streamed?.bodyUsed ?? false);
  }

  override clone(): Response {
    return Object.defineProperty(this.#reply.clone(), 'url', { value: this.#url });
  }

  override async text(): Promise<string> {
    return new TextDecoder().decode(await this.#read());
  }

  override async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.#read()).buffer;
  }

  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#read();
  }

  override blob(): Promise<Blob> {
    return this.#reply.blob();
  }

  override formData(): Promise<FormData> {
    return this.#reply.formData();
  }

  /** The same reply with a stream as its body. */
  get #reply(): Response {
    if (this.#streamed === undefined) {
      const { status, statusText, headers } = this;
      // Whoever comes after it was read at once finds it used up.
      const stream = this.#used ? new ReadableStream<Uint8Array>() : this.#stream();
      this.#streamed = new Response(this.#hasBody ? stream : null, { status, statusText, headers });
      if (this.#used) this.#streamed.body?.cancel();
    }
    return this.#streamed;
  }

  async #read(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#used || this.#streamed || !this.#hasBody) return new Uint8Array(await this.#reply.arrayBuffer());
    this.#used = true;
    const exchange = this.#exchange;
    exchange.taken = true;
    const pieces: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const read = exchange.read();
      const piece = read instanceof Promise ? await read : read;
      if (piece === null) break;
      pieces.push(piece);
      size += piece.length;
    }
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /** Holds this reply, so that it is not taken for dropped while somebody holds its stream. */
  #stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      { pull: (controller) => this.#pull(controller), cancel: () => this.#exchange.cancel() },
      { highWaterMark: 0 },
    );
  }

  #pull(controller: ReadableStreamDefaultController<Uint8Array>): void | Promise<void> {
    const give = (piece: Uint8Array | null): void => {
      if (piece === null) controller.close();
      // A copy: pieces share memory with their neighbours, and a stream may hand on its chunks for good.
      else controller.enqueue(new Uint8Array(piece));
    };
    const piece = this.#exchange.read();
    return piece instanceof Promise ? piece.then(give) : give(piece);
  }
}
