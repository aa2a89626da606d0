import { hash } from 'node:crypto';
import { asObject, parseJson } from '../internal/json.js';
import { type AuditKeys, mac } from './audit-key.js';

/** Everything that a record of ours can hold beside its frame; nothing else is ever written. */
export interface AuditFields {
  readonly segment?: number;
  readonly keyId?: string | undefined;
  readonly torn?: number;
  readonly dropped?: number;
  readonly lastSeq?: number;
  readonly head?: string;
  readonly policy?: string;
  readonly rule?: string;
  readonly host?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number;
  readonly call?: string;
  readonly service?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly model?: string | undefined;
  readonly level?: string | undefined;
  readonly external?: boolean | undefined;
  readonly outcome?: string;
  readonly code?: string | undefined;
  readonly ms?: number;
  readonly retries?: number;
  readonly tokensIn?: number | undefined;
  readonly tokensOut?: number | undefined;
  readonly category?: string;
  readonly complexity?: number;
  readonly session?: string | undefined;
  readonly query?: string | undefined;
  readonly response?: string | undefined;
  readonly queryText?: string | undefined;
  readonly responseText?: string | undefined;
}

/** What happened, in our own words; a host's events have names of their own. */
export type AuditEvent =
  | 'audit.open'
  | 'audit.gap'
  | 'audit.rotate'
  | 'audit.retired'
  | 'audit.close'
  | 'policy.loaded'
  | 'egress.deny'
  | 'egress.connect'
  | 'escalation.granted'
  | 'escalation.denied'
  | 'attempt.start'
  | 'attempt.end'
  | 'query';

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
  const body = asciiJson({ ...record, prev }).slice(0, -1);
  const head = hash('sha256', body, 'hex');
  const seal = keys ? `,"h":"${head}","mac":"${mac(keys.chain, head)}"}` : `,"h":"${head}"}`;
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
