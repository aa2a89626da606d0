import { abortError } from '../internal/deadline.js';
import { unread } from '../internal/untied-reply.js';

/**
 * The same bytes, tied to a signal: an abort fails the reader at once and cancels the source, also where the source
 * (a mock, an injected fetch) would go on for ever. A failure of the source becomes what `toError` makes of it.
 * Nothing is read ahead.
 */
export function tiedBody(
  source: ReadableStream<Uint8Array>,
  signal: AbortSignal | null | undefined,
  toError: (error: unknown) => Error,
): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let onAbort: (() => void) | undefined;
  const release = (): void => {
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (!signal) return;
        onAbort = () => {
          controller.error(abortError(signal));
          unread(reader ?? source, signal.reason);
        };
        if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
      },
      pull(controller) {
        // Locked at the first read only, so that an unread body can still be collected with its connection.
        reader ??= source.getReader();
        return reader.read().then(
          ({ done, value }) => {
            if (!done) return controller.enqueue(value);
            release();
            controller.close();
          },
          (error: unknown) => {
            release();
            controller.error(toError(error));
          },
        );
      },
      cancel(reason) {
        release();
        return (reader ?? source).cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
