import type { ModelRef } from '../core/model.js';
import type { TransportEvent } from '../core/transport.js';
import { parseJson } from '../internal/json.js';
import { LineBuffer, type ReplyParser } from './stream-body.js';
import { badReply, interrupted } from './wire-errors.js';

/** One JSON object per line; a single object over several lines is read as the whole answer. */
export class NdjsonParser implements ReplyParser {
  done = false;
  readonly #model: ModelRef;
  readonly #message: (data: unknown, out: TransportEvent[]) => boolean;
  readonly #lines: LineBuffer;
  #first = true;
  /** The lines of a body whose first line is only the beginning of an object. */
  #whole: string[] | undefined;

  /** `message` takes one object and says whether it completes the answer. */
  constructor(model: ModelRef, message: (data: unknown, out: TransportEvent[]) => boolean) {
    this.#model = model;
    this.#message = message;
    this.#lines = new LineBuffer(model);
  }

  push(text: string, out: TransportEvent[]): void {
    this.#lines.push(text, (line) => this.#line(line, out));
  }

  end(out: TransportEvent[]): void {
    const rest = this.#lines.takeRest();
    if (this.#whole) {
      const body = parseJson([...this.#whole, rest].join('\n'));
      if (body === undefined) throw badReply(this.#model, 'the reply is JSON that breaks off or is invalid');
      this.done = this.#message(body, out);
    } else if (!rest.trimStart().startsWith('{') || parseJson(rest) !== undefined) {
      // A line that breaks off is an interruption; anything else that is no JSON is a bad reply.
      this.#line(rest, out);
    }
    if (!this.done) throw interrupted(this.#model, 'the stream ended without done:true and a reason');
  }

  #line(line: string, out: TransportEvent[]): void {
    if (this.done || line.trim() === '') return;
    if (this.#whole) {
      this.#whole.push(line);
      return;
    }
    const data = parseJson(line);
    if (data !== undefined) this.done = this.#message(data, out);
    else if (this.#first && line.trimStart().startsWith('{')) this.#whole = [line];
    else if (this.#first && line.trimStart().startsWith('<')) {
      throw badReply(this.#model, 'the server answered with a web page instead of a model reply');
    } else throw badReply(this.#model, 'a line of the stream is not JSON');
    this.#first = false;
  }
}
