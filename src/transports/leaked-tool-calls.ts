import type { TransportEvent } from '../core/transport.js';
import { asObject, asString, parseJson } from '../internal/json.js';
import type { EventFilter } from './stream-body.js';

/** A call that stood in the text. */
export interface LeakedCall {
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

/** What models write before a call: Hermes and Qwen, Llama, Mistral. */
const MARKERS = ['<tool_call>', '<|python_tag|>', '[TOOL_CALLS]'] as const;
/** The members that a call may have. */
const MEMBERS: readonly string[] = ['name', 'arguments', 'parameters', 'type', 'function', 'id'];
/** By then a call has named its tool. */
const MAX_BEGINNING = 1024;
/** More than this is held back for no call. */
const MAX_HELD = 256 * 1024;

/**
 * Recovers tool calls that a server left in the text, where the whole answer is calls of offered tools and nothing else.
 * A text that may become one is held back until it cannot any more or the answer ends, so none of it is shown twice;
 * meanwhile `progress` keeps the time limits from running out. An answer that is cut off stays text.
 */
export class LeakedToolCalls implements EventFilter {
  readonly #names: ReadonlySet<string>;
  readonly #bare: boolean;
  /** `null`: all that comes is passed on. */
  #held: string[] | null = [];
  #length = 0;
  /** The beginning is that of a call; only the end can tell more. */
  #begun = false;

  /** `names` are the tools on offer; `bare`: a JSON object without a marker may be a call, too. */
  constructor(names: ReadonlySet<string>, bare: boolean) {
    this.#names = names;
    this.#bare = bare;
  }

  take(event: TransportEvent, out: TransportEvent[]): void {
    if (this.#held === null) out.push(event);
    else if (event.type === 'text') this.#hold(event.text, out);
    else if (event.type === 'finish') this.#finish(event, out);
    else {
      if (event.type === 'tool-call-delta' || (event.type === 'reasoning' && this.#length > 0)) this.#release(out);
      out.push(event);
    }
  }

  #hold(text: string, out: TransportEvent[]): void {
    const held = this.#held as string[];
    held.push(text);
    this.#length += text.length;
    const beginning = this.#begun ? 'call' : beginningOf(held.join('').trimStart(), this.#names, this.#bare);
    this.#begun = beginning === 'call';
    if (beginning === 'text' || this.#length > (this.#begun ? MAX_HELD : MAX_BEGINNING)) this.#release(out);
    else out.push({ type: 'progress' });
  }

  #finish(event: Extract<TransportEvent, { type: 'finish' }>, out: TransportEvent[]): void {
    const isComplete = event.finishReason !== 'length' && event.finishReason !== 'content_filter';
    const calls = isComplete ? leakedToolCalls((this.#held ?? []).join(''), this.#names, this.#bare) : null;
    if (calls === null) {
      this.#release(out);
      out.push(event);
      return;
    }
    for (const [index, call] of calls.entries()) out.push({ type: 'tool-call-delta', index, ...call });
    out.push({ ...event, finishReason: 'tool_calls' });
  }

  /** It is text: passes on what is held, and from now on everything. */
  #release(out: TransportEvent[]): void {
    const text = (this.#held ?? []).join('');
    this.#held = null;
    if (text !== '') out.push({ type: 'text', text });
  }
}

/** What a text begins: `open` where more of it has to come first. */
function beginningOf(text: string, names: ReadonlySet<string>, bare: boolean): 'text' | 'open' | 'call' {
  const marker = MARKERS.find((m) => text.startsWith(m) || (text !== '' && m.startsWith(text)));
  if (text === '' || (marker !== undefined && text.length <= marker.length)) return 'open';
  if (marker === undefined && !bare) return 'text';
  const body = text.slice(marker?.length ?? 0).trimStart();
  const list = marker === undefined ? body : body.replace(/^\[\s*/, '');
  return list === '' ? 'open' : beginningOfObject(list, names);
}

function beginningOfObject(text: string, names: ReadonlySet<string>): 'text' | 'open' | 'call' {
  const [, member, quote, rest] = /^\{\s*(?:"(\w*)(?:(")([\s\S]*))?)?$/.exec(text) ?? [];
  if (member === undefined) return /^\{\s*$/.test(text) ? 'open' : 'text';
  if (quote === undefined) return MEMBERS.some((name) => name.startsWith(member)) ? 'open' : 'text';
  if (member !== 'name') return MEMBERS.includes(member) ? 'call' : 'text';
  const [, name, end] = /^\s*:\s*"([^"]*)("?)/.exec(rest ?? '') ?? [];
  if (name === undefined) return /^\s*:?\s*$/.test(rest ?? '') ? 'open' : 'text';
  if (end === '"') return names.has(name) ? 'call' : 'text';
  return [...names].some((known) => known.startsWith(name)) ? 'open' : 'text';
}

/** The calls that a whole answer consists of; `null` where it is anything else. */
export function leakedToolCalls(answer: string, names: ReadonlySet<string>, bare: boolean): LeakedCall[] | null {
  const text = answer.trim().replace(/\s*<\|(?:eom_id|eot_id|im_end)\|>$/, '');
  const marker = MARKERS.find((m) => text.startsWith(m));
  if (marker === undefined && !bare) return null;
  const bodies =
    marker === '<tool_call>' ? blocksOf(text) : [text.slice(marker?.length ?? 0).replace(/<\/tool_call>$/, '')];
  const calls: LeakedCall[] = [];
  for (const body of bodies) {
    const value = parseJson(body);
    const items: readonly unknown[] = Array.isArray(value) && marker !== undefined ? value : [value];
    for (const item of items) {
      const call = callOf(asObject(item), names);
      if (call === null) return null;
      calls.push(call);
    }
  }
  return calls.length === 0 ? null : calls;
}

/** What stands in each pair of tags; some servers swallow the last closing one, which ends the answer. */
function blocksOf(text: string): string[] {
  const blocks = text.split('<tool_call>').slice(1);
  return blocks.map((block, at) => {
    const body = block.trim();
    if (body.endsWith('</tool_call>')) return body.slice(0, -'</tool_call>'.length);
    return at === blocks.length - 1 ? body : '';
  });
}

/** An object with the members of a call and no other, of a tool that was offered, with its arguments as an object. */
function callOf(item: Record<string, unknown> | undefined, names: ReadonlySet<string>): LeakedCall | null {
  if (item === undefined || Object.keys(item).some((member) => !MEMBERS.includes(member))) return null;
  const inner = asObject(item['function']);
  if (inner !== undefined) return 'name' in item ? null : callOf(inner, names);
  const name = asString(item['name']);
  const given = item['arguments'] ?? item['parameters'];
  const values = asObject(typeof given === 'string' ? parseJson(given) : given);
  if (name === undefined || values === undefined || !names.has(name)) return null;
  return { name, arguments: JSON.stringify(values) };
}
