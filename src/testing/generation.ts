import type { KnownServiceType } from '../core/service.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeSettings } from './fake-settings.js';

/** A whole reply. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Sent in chunks, without a length. */
  readonly chunked?: boolean;
  /** The connection breaks after the headers. */
  readonly cut?: boolean;
}

/** What the model says, in the pieces in which it is streamed. */
export interface Answer {
  readonly reasoning: readonly string[];
  readonly text: readonly string[];
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  /** `null`: the server never says that the answer is complete. */
  readonly finish: 'stop' | 'length' | 'tool_calls' | null;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/** An answer as one server writes it; a stream comes in parts, so that a fault can stop between them. */
export interface Wire {
  readonly streamType: string;
  readonly streamHeaders?: Readonly<Record<string, string>>;
  /** What comes before any content. */
  readonly open: readonly string[];
  content(answer: Answer): readonly string[];
  /** The server's word that the answer is complete, and what follows it. */
  finish(answer: Answer): readonly string[];
  /** Last line of the OpenAI dialects. */
  readonly done: string;
  /** An error inside the stream. */
  readonly failure: string;
  /** The same error where nothing is streamed. */
  readonly failed: Reply;
  /** The whole answer where nothing is streamed. */
  whole(answer: Answer): Reply;
}

/** An answer on its way. */
export interface Generation {
  readonly stream: boolean;
  readonly answer: Answer;
  readonly wire: Wire;
  /** Whether something else has ended the answer: a stream then stops with its last line and gives no reason. */
  readonly isBrokenOff?: () => boolean;
  /** Called once when the reply ends, however it ends. */
  readonly ended?: () => void;
}

/** What a handler gives. */
export type Outcome = Reply | Generation;

/** Answers one method of one path. */
export type Handler = (request: FakeRequest) => Outcome | Promise<Outcome>;

/** Path to method to handler. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

/** How a server keeps idle connections. */
export interface KeepAlive {
  /** Closes an idle connection after so many milliseconds; 0: never. */
  readonly idleMs: number;
  /** Closes it after so many requests. */
  readonly requests: number;
  /** Value of `Keep-Alive`; `null`: no such header, `undefined`: what Node writes. */
  readonly header: string | null | undefined;
  /** Never: each reply ends its connection, and with it a body that has no length, as in HTTP/1.0. */
  readonly never?: boolean;
}

/** One server's way to talk. */
export interface Dialect {
  readonly type: KnownServiceType;
  /** Headers of every reply. */
  headers(request: FakeRequest): Readonly<Record<string, string>>;
  /** Whether replies carry `Date`. */
  readonly date: boolean;
  readonly keepAlive: KeepAlive;
  readonly routes: Routes;
  /** Checked before the routes: refusals of key, origin and host. */
  refuse(request: FakeRequest): Reply | undefined;
  /** No such path, or not with this method. */
  missing(request: FakeRequest, allowed: readonly string[] | undefined): Reply;
  /** Paths that make a model write. */
  readonly generates: ReadonlySet<string>;
  /** An error in the server's own form. */
  error(request: FakeRequest, status: number, message: string): Reply;
  /** What it says while it loads or is too busy to. */
  loading(request: FakeRequest): Reply;
  overflow(request: FakeRequest, promptTokens: number, contextLength: number): Reply;
}

/** A fake server without a socket. */
export interface FakeParts {
  readonly dialect: Dialect;
  readonly settings: FakeSettings;
}

/** A line of server-sent events. */
export const sse = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;

/** The last line of the OpenAI dialects. */
export const DONE = 'data: [DONE]\n\n';

/** Looks as random as the real ids do and depends on its number only. */
export function fakeId(count: number, length: number, alphabet = BASE62): string {
  let state = (count + 1) * 2_654_435_761;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return alphabet[(state >>> 8) % alphabet.length];
  }).join('');
}

const BASE62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
