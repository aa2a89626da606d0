/** Tying a body to a signal takes a second stream; a reader that ends at the abort by itself can do without it. */

import { abortError } from './deadline.js';

/** The bytes of a reply without a stream around them, tied to the signal of the call. */
export interface ReplyBytes {
  /** The next piece, at once where it has come already; `null` at the end. An abort fails it too. */
  read(): Uint8Array | null | Promise<Uint8Array | null>;
  /** Lets go of the reply; before its end this closes the connection. */
  cancel(): void;
}

const UNTIED = Symbol('untied reply');

/** Remembers how to read a reply without its body stream. */
export function setUntied(response: Response, take: () => ReplyBytes): void {
  (response as { [UNTIED]?: () => ReplyBytes })[UNTIED] = take;
}

/** The bytes of a reply, guarded or not, for its only reader; `null` if it has no body. */
export function takeBytes(response: Response, signal: AbortSignal): ReplyBytes | null {
  const take = (response as { [UNTIED]?: () => ReplyBytes })[UNTIED];
  if (take) return take();
  return response.body === null ? null : streamBytes(response.body, signal);
}

/** Lets go of a body that nobody reads; a host's own may fail at that, or not know how. */
export function unread(body: { cancel(reason?: unknown): Promise<void> }, reason?: unknown): void {
  void (async () => body.cancel(reason))().catch(() => {});
}

/** The bytes of a stream; an abort cancels it, also where it would not end by itself, as a mocked body does not. */
export function streamBytes(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | null | undefined,
  toError: (error: unknown) => unknown = (error) => error,
): ReplyBytes {
  const reader = stream.getReader();
  const stop = (): void => unread(reader, signal?.reason);
  if (signal?.aborted) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  const release = (): void => signal?.removeEventListener('abort', stop);
  return {
    async read() {
      try {
        const { done, value } = await reader.read();
        if (signal?.aborted) throw abortError(signal);
        // A host's own stream may give anything.
        if (!done && !ArrayBuffer.isView(value)) throw new TypeError('The body gave something that is no bytes.');
        if (!done) return value;
        release();
        return null;
      } catch (error) {
        release();
        throw toError(error);
      }
    },
    cancel() {
      release();
      stop();
    },
  };
}
