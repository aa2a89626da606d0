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
  #whole: Response | undefined;

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
    return this.#whole?.bodyUsed ?? false;
  }

  override clone(): Response {
    return Object.defineProperty(this.#reply.clone(), 'url', { value: this.#url });
  }

  override text(): Promise<string> {
    return this.#reply.text();
  }

  override json(): Promise<unknown> {
    return this.#reply.json();
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#reply.arrayBuffer();
  }

  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    // Node.js 20 has no `bytes`.
    return new Uint8Array(await this.#reply.arrayBuffer());
  }

  override blob(): Promise<Blob> {
    return this.#reply.blob();
  }

  override formData(): Promise<FormData> {
    return this.#reply.formData();
  }

  get #reply(): Response {
    if (this.#whole === undefined) {
      const { status, statusText, headers } = this;
      this.#whole = new Response(this.#hasBody ? this.#stream() : null, { status, statusText, headers });
    }
    return this.#whole;
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
