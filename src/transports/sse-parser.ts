import type { ModelRef } from '../core/model.js';
import type { TransportEvent } from '../core/transport.js';
import { parseJson } from '../internal/json.js';
import { LineBuffer, type ReplyParser } from './stream-body.js';
import { badReply, interrupted, tooLarge } from './wire-errors.js';

const MAX_EVENT = 1024 * 1024;

/** What a dialect makes of the events; `finished` says whether the server has given its reason for stopping. */
export interface SseMeaning {
  /** One JSON event, or the whole JSON body where the server did not stream. */
  message(data: unknown, event: string, out: TransportEvent[]): void;
  /** The stream is over; pushes `finish`, or gives `false` where the server never said why it stopped. */
  finish(out: TransportEvent[]): boolean;
}

/**
 * Server-sent events as ten real servers write them: comments, `event:` lines, CRLF, a bare JSON line, raw text at the
 * end, or one JSON body instead of a stream.
 */
export class SseParser implements ReplyParser {
  done = false;
  readonly #model: ModelRef;
  readonly #meaning: SseMeaning;
  readonly #lines: LineBuffer;
  #data: string | undefined;
  #event = '';
  /** A line that is no event: legal in the format, but the last words of a proxy whose backend died. */
  #stray = false;
  /** The pieces of a body that begins with `{`; `undefined` before the first text, `null` in a stream. */
  #whole: string[] | null | undefined;

  constructor(model: ModelRef, meaning: SseMeaning) {
    this.#model = model;
    this.#meaning = meaning;
    this.#lines = new LineBuffer(model);
  }

  push(text: string, out: TransportEvent[]): void {
    if (this.#whole === undefined) {
      const start = text.trimStart();
      if (start === '') return;
      if (start.startsWith('<')) throw badReply(this.#model, 'the server answered with a web page instead of events');
      this.#whole = start.startsWith('{') ? [] : null;
    }
    if (this.#whole !== null) this.#whole.push(text);
    else this.#lines.push(text, (line) => this.#line(line, out));
  }

  end(out: TransportEvent[]): void {
    if (this.#whole) {
      const body = parseJson(this.#whole.join(''));
      if (body === undefined) throw badReply(this.#model, 'the reply is JSON that breaks off or is invalid');
      this.#meaning.message(body, '', out);
    } else {
      for (const line of this.#lines.takeRest().split('\r')) if (!isCut(line)) this.#line(line, out);
      this.#dispatch(out);
    }
    if (!this.done) this.#finish(out);
  }

  #line(line: string, out: TransportEvent[]): void {
    if (this.done) return;
    if (line.includes('\r')) {
      // A lone CR ends a line too; JSON text never holds a raw one.
      for (const part of line.split('\r')) this.#line(part, out);
      return;
    }
    if (line === '') this.#dispatch(out);
    else if (line.startsWith('data:')) {
      const value = line.charCodeAt(5) === 0x20 ? line.slice(6) : line.slice(5);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
      if (this.#data.length > MAX_EVENT) throw tooLarge(this.#model, 'one event of the reply', MAX_EVENT);
    } else if (line.startsWith('event:')) this.#event = line.slice(6).trim();
    else if (line.startsWith('{')) {
      this.#dispatch(out);
      this.#message(line, out);
    } else if (!FIELD.test(line)) this.#stray = true;
  }

  #dispatch(out: TransportEvent[]): void {
    const data = this.#data;
    const event = this.#event;
    this.#data = undefined;
    this.#event = '';
    if (data === undefined || data.trim() === '' || this.done) return;
    if (data.startsWith('[DONE]')) this.#finish(out);
    else this.#message(data, out, event);
  }

  #message(text: string, out: TransportEvent[], event = ''): void {
    // The text of an `event: error` need not be JSON.
    const json = parseJson(text);
    const data = json === undefined && event === 'error' ? { error: text } : json;
    if (data !== undefined) {
      this.#meaning.message(data, event, out);
      return;
    }
    // Some servers leave out the blank line between events; then each line is one.
    const parts = text.split('\n');
    if (parts.length === 1) throw badReply(this.#model, 'an event of the stream is not JSON');
    for (const part of parts) {
      if (this.done) return;
      if (part.startsWith('[DONE]')) this.#finish(out);
      else if (part.trim() !== '') this.#message(part, out, event);
    }
  }

  #finish(out: TransportEvent[]): void {
    if (this.#meaning.finish(out)) {
      this.done = true;
      return;
    }
    if (this.#stray)
      throw badReply(this.#model, 'the reply ended in text that is no event and without a finish_reason');
    throw interrupted(this.#model, 'the stream ended without a finish_reason');
  }
}

/** Whether the last line, which has no end, is only the beginning of an event. */
function isCut(line: string): boolean {
  const value = line.startsWith('data:') ? line.slice(5).trim() : line;
  return /^[{"]/.test(value) && parseJson(value) === undefined;
}

/** Comments and the fields that mean nothing here. */
const FIELD = /^(?::|(?:id|retry|data|event)(?::|$))/;
