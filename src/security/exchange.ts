import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { RouterError } from '../core/errors.js';
import { abortError } from '../internal/deadline.js';
import type { ReplyBytes } from '../internal/untied-reply.js';
import { fetchError } from './fetch-error.js';
import { MAX_HEADER_FIELDS, tooManyHeaders } from './reply-limits.js';

/** Interim replies (1xx) before the reply; undici's clocks start anew with each, so an endless flood would never end. */
const MAX_INTERIM = 16;
/** Bytes that wait for a reader before the server is held up. */
const MAX_BACKLOG = 65_536;
/** The same for pieces, of which a byte each would be a burden too. */
const MAX_PIECES = 1_024;

/** The beginning of a reply. */
export interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly headers: [string, string][];
}

/**
 * One request on its way and the reply to it: undici's callbacks on one side, one reader on the other. An abort of the
 * signal closes the connection at any moment, also while it is being made. Everything it fails with is a `RouterError`.
 */
export class Exchange implements Dispatcher.DispatchHandler, ReplyBytes {
  /** Settles with the head of the reply. */
  readonly head: Promise<Head>;
  readonly signal: AbortSignal | null;
  /** A reader has it; until then it ends when nobody holds the response any more. */
  taken = false;
  readonly #origin: string;
  readonly #onEnd: (exchange: Exchange) => void;
  #resolveHead!: (head: Head) => void;
  #rejectHead!: (error: RouterError) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #socket: Socket | undefined;
  #interim = 0;
  #begun = false;
  #ended = false;
  #failure: RouterError | undefined;
  #pieces: Uint8Array[] = [];
  #backlog = 0;
  #waiting: { resolve(piece: Uint8Array | null): void; reject(error: RouterError): void } | undefined;

  /** `onEnd` is told once, when the reply is complete or given up. */
  constructor(origin: string, signal: AbortSignal | null, onEnd: (exchange: Exchange) => void) {
    this.#origin = origin;
    this.signal = signal;
    this.#onEnd = onEnd;
    this.head = new Promise((resolve, reject) => {
      this.#resolveHead = resolve;
      this.#rejectHead = reject;
    });
    signal?.addEventListener('abort', this);
  }

  /** Whether the connection is no longer needed. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The socket that is being connected for this request. */
  connecting(socket: Socket): void {
    this.#socket = socket;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    // Complete replies no longer listen to the signal.
    if (this.signal?.aborted) throw abortError(this.signal);
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.#backlog -= piece.length;
      if (this.#backlog === 0 && !this.#ended) this.#controller?.resume();
      return piece;
    }
    if (this.#failure) throw this.#failure;
    if (this.#ended) return null;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  cancel(): void {
    this.#pieces = [];
    this.#waiting?.resolve(null);
    this.#waiting = undefined;
    this.stop(new RouterError('ERR_ABORTED', 'The reply was given up.'));
  }

  /** Ends it with this error and closes its connection. */
  stop(error: RouterError): void {
    if (this.#ended) return;
    this.#pieces = [];
    this.#fail(error);
    if (this.#controller) this.#controller.abort(error);
    else this.#socket?.destroy(error);
  }

  handleEvent(): void {
    this.stop(abortError(this.signal as AbortSignal));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure) controller.abort(this.#failure);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    statusText: string | undefined,
  ): void {
    if (status < 200) {
      this.#interim += 1;
      if (this.#interim <= MAX_INTERIM) return;
      this.stop(
        new RouterError('ERR_BAD_RESPONSE', `${this.#origin} sent more than ${MAX_INTERIM} interim replies (1xx).`),
      );
      return;
    }
    const raw = controller.rawHeaders as Buffer[];
    // undici counts their bytes.
    if (raw.length > 2 * MAX_HEADER_FIELDS) {
      this.stop(tooManyHeaders(this.#origin));
      return;
    }
    const headers: [string, string][] = [];
    for (let i = 0; i < raw.length; i += 2) {
      headers.push([(raw[i] as Buffer).toString('latin1'), (raw[i + 1] as Buffer).toString('latin1')]);
    }
    this.#begun = true;
    this.#resolveHead({ status, statusText: statusText ?? '', headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Uint8Array): void {
    if (this.#waiting) {
      this.#waiting.resolve(piece);
      this.#waiting = undefined;
      return;
    }
    this.#pieces.push(piece);
    this.#backlog += piece.length;
    if (this.#backlog > MAX_BACKLOG || this.#pieces.length >= MAX_PIECES) controller.pause();
  }

  onResponseEnd(): void {
    this.#end();
    this.#waiting?.resolve(null);
    this.#waiting = undefined;
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (!this.#ended) this.#fail(fetchError(error, this.#origin, this.#begun ? 'reply' : 'request'));
  }

  #fail(error: RouterError): void {
    this.#failure = error;
    this.#end();
    this.#rejectHead(error);
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  #end(): void {
    this.#ended = true;
    this.signal?.removeEventListener('abort', this);
    this.#onEnd(this);
  }
}
