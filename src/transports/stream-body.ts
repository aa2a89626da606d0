/** The layer between a reply's bytes and its meaning: bounds, decoding, cancelling, and letting the connection go. */

import { RouterError } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import type { TransportEvent } from '../core/transport.js';
import { abortError } from '../internal/deadline.js';
import { type ReplyBytes, takeBytes } from '../internal/untied-reply.js';
import { badReply, interrupted, networkError, tooLarge } from './wire-errors.js';

/** Most bytes of a decoded body. */
const MAX_BODY = 32 * 1024 * 1024;
/** Most characters of one line or event. */
const MAX_LINE = 1024 * 1024;
/** Bytes that may follow a complete answer before the connection is given up. */
const MAX_AFTERMATH = 64 * 1024;

/** Reads the text of a reply and gives events; a bad reply throws. */
export interface ReplyParser {
  /** The answer is complete; what follows is of no interest. */
  readonly done: boolean;
  /** Takes the next piece of text. */
  push(text: string, out: TransportEvent[]): void;
  /** The body has ended; throws unless the answer is complete. */
  end(out: TransportEvent[]): void;
}

/** Rewrites events on their way; what it holds back it gives at the `finish` at the latest. */
export interface EventFilter {
  take(event: TransportEvent, out: TransportEvent[]): void;
}

/** What a reply is read with. */
export interface ReplyOptions {
  readonly model: ModelRef;
  readonly signal: AbortSignal;
  filters?(): readonly EventFilter[];
}

/** Sends with `open` and gives the events of the reply as they come; every way out lets go of the connection. */
export function streamReply(
  open: () => Promise<Response>,
  parser: ReplyParser,
  o: ReplyOptions,
): AsyncIterableIterator<TransportEvent, void> {
  // A generator step for each piece that comes in, not for each of its events.
  const pieces = readPieces(open, parser, o);
  let events: TransportEvent[] = [];
  let given = 0;
  const take = (step: IteratorResult<TransportEvent[], void>): IteratorResult<TransportEvent, void> => {
    if (!step.done) {
      // Some are left only where several steps were asked for at once.
      events = given === events.length ? step.value : events.slice(given).concat(step.value);
      given = 0;
    }
    const value = events[given++];
    if (value !== undefined) return { done: false, value };
    given = events.length;
    return { done: true, value: undefined };
  };
  return {
    next() {
      const value = events[given];
      if (value === undefined) return pieces.next().then(take);
      given += 1;
      return Promise.resolve({ done: false, value });
    },
    async return() {
      events = [];
      given = 0;
      await pieces.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* readPieces(
  open: () => Promise<Response>,
  parser: ReplyParser,
  o: ReplyOptions,
): AsyncGenerator<TransportEvent[], void, undefined> {
  const { model, signal } = o;
  const response = await open();
  if (/^\s*text\/html/i.test(response.headers.get('content-type') ?? '')) {
    response.body?.cancel().catch(() => {});
    throw badReply(model, 'the server answered with a web page instead of a model reply');
  }
  const bytes = takeBytes(response, signal);
  if (bytes === null) throw interrupted(model, 'the reply has no body');
  const decoder = new TextDecoder();
  const filters = o.filters?.() ?? [];
  let size = 0;
  try {
    while (!parser.done) {
      const out: TransportEvent[] = [];
      let failure: unknown;
      try {
        const read = bytes.read();
        const piece = read instanceof Promise ? await read : read;
        size += piece?.byteLength ?? 0;
        if (size > MAX_BODY) throw tooLarge(model, 'the reply', MAX_BODY);
        parser.push(piece === null ? decoder.decode() : decoder.decode(piece, { stream: true }), out);
        if (piece === null) parser.end(out);
      } catch (error) {
        // What came before the fault in the same piece is still given, so that nothing depends on how bytes are cut.
        failure = ending(error, parser, out, model, signal);
      }
      const events = filters.reduce(pass, out);
      if (events.length > 0) yield events;
      if (failure !== undefined) throw failure;
    }
  } finally {
    if (parser.done) await release(bytes);
    else bytes.cancel();
  }
}

function pass(events: TransportEvent[], filter: EventFilter): TransportEvent[] {
  const out: TransportEvent[] = [];
  for (const event of events) filter.take(event, out);
  return out;
}

/** A connection that breaks after the server said why it stopped has delivered the whole answer. */
function ending(
  error: unknown,
  parser: ReplyParser,
  out: TransportEvent[],
  model: ModelRef,
  signal: AbortSignal,
): unknown {
  if (signal.aborted) return abortError(signal);
  if (RouterError.is(error)) return error;
  // JSON that nests deeper than the stack is high can be read, but not written again.
  if (error instanceof RangeError) return badReply(model, 'the reply is nested too deep');
  try {
    parser.end(out);
    return undefined;
  } catch {
    const cause = networkError(error, model, signal);
    return cause.code === 'ERR_UNREACHABLE' ? interrupted(model, 'the connection was cut', error) : cause;
  }
}

/** Reads what little is left, so that the connection can serve the next request; a server that goes on is cut off. */
async function release(bytes: ReplyBytes): Promise<void> {
  try {
    for (let left = MAX_AFTERMATH; left > 0; ) {
      const piece = await bytes.read();
      if (piece === null) return;
      left -= piece.byteLength;
    }
    bytes.cancel();
  } catch {
    // The answer is complete; how its connection ends does not matter.
  }
}

/** Cuts text into lines; `\n` and `\r\n` end one. */
export class LineBuffer {
  readonly #model: ModelRef;
  #rest = '';

  constructor(model: ModelRef) {
    this.#model = model;
  }

  /** Calls `line` for each complete line. */
  push(text: string, line: (line: string) => void): void {
    let from = 0;
    for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
      let piece = text.slice(from, to);
      from = to + 1;
      if (this.#rest !== '') {
        piece = this.#rest + piece;
        this.#rest = '';
      }
      if (piece.length > MAX_LINE) throw tooLarge(this.#model, 'one line of the reply', MAX_LINE);
      line(piece.endsWith('\r') ? piece.slice(0, -1) : piece);
    }
    // Only the new piece is searched, so a long line costs linear time.
    this.#rest += from === 0 ? text : text.slice(from);
    if (this.#rest.length > MAX_LINE) throw tooLarge(this.#model, 'one line of the reply', MAX_LINE);
  }

  /** What stands after the last line end. */
  takeRest(): string {
    const rest = this.#rest;
    this.#rest = '';
    return rest.endsWith('\r') ? rest.slice(0, -1) : rest;
  }
}

/** Passes texts on; joins surrogate halves that a server spread over two deltas, and replaces lone ones by U+FFFD. */
export class TextDeltas {
  readonly #type: 'text' | 'reasoning';
  #high = '';

  constructor(type: 'text' | 'reasoning') {
    this.#type = type;
  }

  push(delta: string | undefined, out: TransportEvent[]): void {
    if (delta === undefined || delta === '') return;
    const text = this.#repaired(delta);
    if (text !== '') out.push({ type: this.#type, text });
  }

  /** The text that may be passed on now. */
  #repaired(delta: string): string {
    let text = this.#high === '' ? delta : this.#high + delta;
    this.#high = '';
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.#high = text.slice(-1);
      text = text.slice(0, -1);
    }
    return SURROGATE.test(text) ? text.replace(LONE_SURROGATE, '\ufffd') : text;
  }
}

const SURROGATE = /[\ud800-\udfff]/;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
