import type { Socket } from 'node:net';
import type { FinishReason, RouteRequest, RouterErrorCode, RouterOptions, ServiceEndpoint } from 'local-llm-router';
import type { RawRequest } from '../transports/loopback.js';
import type { Outcome } from './scene.js';
import type { Wire } from './wires.js';

/** How a call at the hostile server ends, in `route` and in `stream` alike. */
export type Ending =
  /** A whole answer. */
  | { readonly kind: 'answer'; readonly text: string; readonly finishReason?: FinishReason }
  /** No content came: the attempt fails with one of these codes, and the next candidate is tried. */
  | { readonly kind: 'failed'; readonly codes: readonly RouterErrorCode[] }
  /** Content had come: the call ends with ERR_INTERRUPTED, with this as `partialText` and one of these codes behind it. */
  | { readonly kind: 'interrupted'; readonly text: string | RegExp; readonly codes: readonly RouterErrorCode[] };

export const answers = (text: string, finishReason?: FinishReason): Ending => ({
  kind: 'answer',
  text,
  ...(finishReason ? { finishReason } : {}),
});
export const fails = (...codes: RouterErrorCode[]): Ending => ({ kind: 'failed', codes });
export const breaksOff = (text: string | RegExp, ...codes: RouterErrorCode[]): Ending => ({
  kind: 'interrupted',
  text,
  codes,
});

/** Any failure of discovery: whatever code says it best. */
export const NO_SERVICE = /^[A-Z_]+$/;

interface RowName {
  /** Its number in the catalogue; a variant has a letter behind it. */
  readonly id: string;
  /** What the server does, in the present tense. */
  readonly title: string;
}

/**
 * One behaviour of a server, as data. The server lists its model like a good one until the router knows it; from then on
 * everything it does is what stands here.
 */
export interface ServerRow extends RowName {
  /** What it does with a whole request. Absent: it never answers. */
  readonly answer?: (socket: Socket, wire: Wire, request: RawRequest) => void | Promise<void>;
  /** What it does with a connection, before anything is read. */
  readonly connect?: (socket: Socket) => void;
  /** What becomes of the listener once the router knows the server. */
  readonly listener?: 'closed' | 'full';
  /** Wires for which this makes sense. @defaultValue both */
  readonly wires?: readonly Wire['name'][];
  /** How a call ends; a function where the wires differ. */
  readonly ends: Ending | ((wire: Wire) => Ending);
  /**
   * The same behaviour met by discovery: the code of the failure (one of them, or a pattern), or `up` where the answers
   * are good enough. `false`: says nothing about discovery.
   */
  readonly discovery: string | readonly string[] | RegExp | false;
  /** Most bytes that the server gets rid of on one connection; the sockets alone hold a few millions. */
  readonly maxBytes?: number;
  /** Also 50 calls at once. */
  readonly crowd?: boolean;
  /** Clocks and whatever else the host says of this server; `type` for a kind of server with ways of its own. */
  readonly endpoint?: Partial<ServiceEndpoint>;
  /** What it lists (path to JSON), over what the wire has by itself. */
  readonly listing?: Readonly<Record<string, unknown>>;
  /** What the call asks for, beside the prompt. */
  readonly request?: Partial<RouteRequest>;
  /** Options of the router. */
  readonly router?: RouterOptions;
  /** What else must hold; called after each call, alone and with a healthy service. */
  readonly verify?: (outcome: Outcome) => void | Promise<void>;
}

/** A behaviour that is no single call at a single server. */
export interface CheckRow extends RowName {
  readonly check: () => void | Promise<void>;
}

export type Row = ServerRow | CheckRow;

/** Small clocks for servers that stall; all others keep the defaults, so that no load on the machine can trip them. */
export const SHORT = { timeouts: { firstContentMs: 60, idleMs: 60 } } as const;

/** Canaries: none of them may show up in errors, records or on the console. */
export const PROMPT = 'canary-prompt';
export const KEY = 'canary-key';
/** What servers write where their own bytes must not be repeated. */
export const SAID = 'canary-server';
