import { hash } from 'node:crypto';
import { asObject, parseJson } from '../internal/json.js';
import type { AuditKeys } from './audit-key.js';

/** What happened, in our own words, with all that such a record holds beside its frame: nothing else is ever written. */
export interface AuditEvents {
  /** A writer begins, or a segment; `segment` and `keyId` hold for the records up to the next segment. */
  'audit.open': { readonly segment: number; readonly keyId: string | undefined };
  /** The files cannot be written, since now. */
  'audit.failure': { readonly code: string };
  /** Bytes that a crash had torn and that were put aside, or records that were lost while the files could not be written. */
  'audit.gap': { readonly torn: number } | { readonly dropped: number };
  'audit.rotate': { readonly segment: number };
  /** A whole segment is removed; the chain goes on from its last record. */
  'audit.retired': { readonly segment: number; readonly lastSeq: number; readonly head: string };
  'audit.close': Readonly<Record<never, never>>;
  'policy.loaded': { readonly policy: string };
  'egress.deny': { readonly rule: string; readonly host: string | undefined };
  'egress.connect': { readonly host: string; readonly address: string | undefined; readonly port: number };
  'escalation.granted': EscalationFields;
  'escalation.denied': EscalationFields;
  /** A model, or a file of one, is not the pinned one, or nobody can tell; refused unless `pinMode` is `warn`. */
  'pin.mismatch': {
    readonly call?: string | undefined;
    readonly service?: string | undefined;
    readonly model?: string | undefined;
    readonly endpoint?: string | undefined;
    /** When it was checked: `ranked`, `sending`, `answered` or `file`. */
    readonly phase: string;
    /** `mismatch`, or `unverified`: it is not told what the pin is about. */
    readonly outcome: string;
    /** `digest`, `size+name` or `name`. */
    readonly pin: string;
    /** The digest that was told. */
    readonly digest: string | undefined;
  };
  'attempt.start': AttemptFields & {
    readonly external: boolean | undefined;
    /** How the model is pinned, and the digest that its server told. */
    readonly pin?: string | undefined;
    readonly digest?: string | undefined;
  };
  'attempt.end': AttemptFields & {
    readonly outcome: string;
    readonly code: string | undefined;
    readonly ms: number;
    readonly retries: number;
    readonly tokensIn: number | undefined;
    readonly tokensOut: number | undefined;
  };
  query: {
    readonly call: string;
    readonly session: string | undefined;
    readonly category: string;
    readonly complexity: number;
    readonly service: string | undefined;
    readonly model: string | undefined;
    readonly tokensIn: number;
    readonly outcome: string;
    readonly query: string | undefined;
    readonly queryText: string | undefined;
    readonly response: string | undefined;
    readonly responseText: string | undefined;
  };
}

type AttemptFields = {
  readonly call: string;
  readonly service: string;
  readonly model: string;
  readonly endpoint: string | undefined;
  readonly level: string;
};

type EscalationFields = {
  readonly call: string;
  readonly rule?: string | undefined;
  readonly service?: string | undefined;
  readonly model?: string | undefined;
  readonly endpoint?: string | undefined;
};

/** The name of a record of ours; a host's events have names of their own. */
export type AuditEvent = keyof AuditEvents;

/** What the first record of a log follows. */
export const FIRST_HEAD = '0'.repeat(64);

/** The longest line that is written or read, in bytes. */
export const MAX_LINE_BYTES = 262_144;

/**
 * Makes the line of a record: its JSON with `prev`, the hash of that text, and with a key the MAC of the hash.
 * The hash covers the text as written, so there is no canonical form to disagree about; anyone can check the hashes,
 * only who has the key can make or check the MACs.
 */
export function sealLine(
  record: Readonly<Record<string, unknown>>,
  prev: string,
  keys: AuditKeys | null,
): { line: string; head: string } {
  const body = `${asciiJson(record).slice(0, -1)},"prev":"${prev}"`;
  const head = hash('sha256', body, 'hex');
  const seal = keys ? `,"h":"${head}","mac":"${keys.seal(head)}"}` : `,"h":"${head}"}`;
  return { line: body + seal, head };
}

/** A line read back; `head` is its hash as recomputed. */
export interface OpenedLine {
  readonly record: Readonly<Record<string, unknown>>;
  readonly head: string;
  readonly seq: number;
  readonly mac: string | undefined;
}

/** Reads a line; `null` where it is no record, or its hash is not that of its text. */
export function openLine(line: string): OpenedLine | null {
  const [, body, head, mac] = /^(\{.*),"h":"([0-9a-f]{64})"(?:,"mac":"([0-9a-f]{64})")?\}$/.exec(line) ?? [];
  if (body === undefined || head === undefined || hash('sha256', body, 'hex') !== head) return null;
  const record = asObject(parseJson(`${body}}`));
  const seq = record?.['seq'];
  return record && typeof seq === 'number' ? { record, head, seq, mac } : null;
}

/** JSON in which all but printable ASCII is escaped, so that no record can forge a line or hide text in a terminal. */
function asciiJson(value: object): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
