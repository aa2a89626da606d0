import type { TransportEvent } from '../core/transport.js';
import type { EventFilter } from './stream-body.js';

const OPEN = '<think>';
const CLOSE = '</think>';
/** So much white space may stand before the tag; a model that writes more has lost its way. */
const MAX_BLANK = 256;

/**
 * Turns the thoughts that a model writes between `<think>` tags at the very start of its answer into reasoning, for servers
 * that leave them in the text. Tags anywhere else are text, and so is everything once the server has sent reasoning itself.
 */
export class InlineThinking implements EventFilter {
  /** `null`: all that comes is passed on. */
  #state: 'start' | 'thought' | 'after' | null = 'start';
  /** Text that cannot be told apart yet. */
  #held = '';
  /** Some thought was passed on: white space belongs to it from now on. */
  #thinks = false;

  take(event: TransportEvent, out: TransportEvent[]): void {
    if (this.#state === null) {
      out.push(event);
    } else if (event.type === 'text') {
      this.#held += event.text;
      if (this.#state === 'start') this.#start(out);
      if (this.#state === 'thought') this.#think(out);
      if (this.#state === 'after') this.#follow(out);
    } else {
      if (event.type !== 'progress') this.#stop(out);
      out.push(event);
    }
  }

  #start(out: TransportEvent[]): void {
    const text = this.#held.trimStart();
    if (this.#held.length - text.length > MAX_BLANK) this.#stop(out);
    else if (text.startsWith(OPEN)) {
      this.#state = 'thought';
      this.#held = text.slice(OPEN.length);
    } else if (!OPEN.startsWith(text)) this.#stop(out);
  }

  #think(out: TransportEvent[]): void {
    if (!this.#thinks) this.#held = this.#held.trimStart();
    const end = this.#held.indexOf(CLOSE);
    const known = end === -1 ? this.#held.length - cutTag(this.#held) : end;
    const thought = this.#held.slice(0, known).trimEnd();
    if (thought !== '') {
      this.#thinks = true;
      out.push({ type: 'reasoning', text: thought });
    }
    if (end === -1) {
      this.#held = this.#held.slice(thought.length);
    } else {
      this.#state = 'after';
      this.#held = this.#held.slice(end + CLOSE.length);
    }
  }

  #follow(out: TransportEvent[]): void {
    this.#held = this.#held.trimStart();
    if (this.#held !== '') this.#stop(out);
  }

  /** Passes on what is held, and from now on everything. */
  #stop(out: TransportEvent[]): void {
    const text = this.#state === 'thought' ? this.#held.trimEnd() : this.#held;
    if (text !== '') out.push({ type: this.#state === 'thought' ? 'reasoning' : 'text', text });
    this.#state = null;
    this.#held = '';
  }
}

/** How many characters at the end may be the beginning of the closing tag. */
function cutTag(text: string): number {
  const at = text.lastIndexOf('<');
  return at !== -1 && CLOSE.startsWith(text.slice(at)) ? text.length - at : 0;
}
