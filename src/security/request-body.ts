/** A body that goes out, and the type that a fetch gives it where the caller does not. */
export interface OutgoingBody {
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array> | null;
  readonly type: string | null;
  /** Stops reading a stream whose request is over. */
  cancel?(): void;
}

/** Makes a body into what can be sent, with its length wherever that is known. */
export function outgoingBody(body: RequestInit['body']): OutgoingBody | Promise<OutgoingBody> {
  if (body === null || body === undefined) return { body: null, type: null };
  if (typeof body === 'string') return { body, type: 'text/plain;charset=UTF-8' };
  if (body instanceof ArrayBuffer) return { body: new Uint8Array(body), type: null };
  if (ArrayBuffer.isView(body)) {
    return { body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength), type: null };
  }
  const held = new Response(body);
  return Symbol.asyncIterator in Object(body) ? streamed(held.body as ReadableStream<Uint8Array>) : whole(held);
}

function streamed(stream: ReadableStream<Uint8Array>): OutgoingBody {
  const reader = stream.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
    return: async () => {
      cancel();
      return { done: true, value: undefined };
    },
  };
  return { body: { [Symbol.asyncIterator]: () => iterator }, type: null, cancel };
}

/** Forms, blobs and query strings: the platform knows their bytes and types. */
async function whole(held: Response): Promise<OutgoingBody> {
  return { body: new Uint8Array(await held.arrayBuffer()), type: held.headers.get('content-type') };
}
