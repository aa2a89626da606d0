import * as v from 'valibot';
import type { CallOptions } from '../core/events.js';
import type { FetchLike } from '../core/fetch-like.js';
import {
  checkOptions,
  flag,
  fn,
  injected,
  listOf,
  milliseconds,
  oneOf,
  optional,
  text,
  whole,
} from '../internal/options.js';
import { joinPins, type PinSet, pinSet, pinsSchema } from '../internal/pin.js';
import type { NormalAudit } from './audit-log.js';
import type { AuditSink } from './audit-sinks.js';
import { type Lookup, systemLookup } from './name-lookup.js';

/**
 * Where and how the audit log is kept. What it promises: every attempt is recorded before its first byte leaves; nothing that was
 * recorded is lost or torn when the process is killed; a record that is edited, inserted, removed or moved is found by `verifyAuditLog`,
 * and, with a checkpoint kept elsewhere, a cut at the end too.
 *
 * What it cannot: keep anyone who may write the directory from deleting it; stand against whoever has the key, the host's own process first;
 * hide which models were asked, when and how long; know that a server's token counts are true. For these, give it sinks or take its
 * checkpoints on another machine.
 * @public
 */
export interface AuditOptions {
  /** Directory for the log's files (JSON lines), private to one process at a time. Without it the log is in memory only. */
  readonly directory?: string | undefined;
  /**
   * The deployment's key, at least 32 random bytes, or a function that fetches it once (`auditKeyFile`, a vault); keep it outside `directory`.
   * Without it queries are not hashed at all (a bare hash can be guessed), and the chain shows accidents, not forgery.
   * Every segment names its key by an id. Another key at the next start begins a new segment; `verifyAuditLog` takes all keys.
   */
  readonly key?: Uint8Array | (() => Promise<Uint8Array>) | undefined;
  /** Further places for the lines, as the files have them. */
  readonly sinks?: readonly AuditSink[] | undefined;
  /**
   * `block`: a call that cannot be recorded in the directory and in every sink (within 5 s) fails with `ERR_AUDIT` before a byte leaves;
   * a directory that vanished stays a failure until the next start. `continue`: calls go on, 1000 records wait, and an `audit.gap` record
   * counts those that were lost.
   * @defaultValue 'block' with `allowExternal` or `strict`, else 'continue'
   */
  readonly onFailure?: 'block' | 'continue' | undefined;
  /**
   * When a record survives a power failure: `record` at once, `batch` after at most 64 records or 50 ms, `none` when the system likes.
   * A crash of the process loses none in any of them.
   * @defaultValue 'batch'
   */
  readonly durability?: 'none' | 'batch' | 'record' | undefined;
  /** Size in bytes after which the next segment begins, at least 4096. @defaultValue 16777216 */
  readonly rotateBytes?: number | undefined;
  /**
   * Segments that are kept, the current one included; older ones are removed whole, and a record of that keeps the chain verifiable.
   * @defaultValue all
   */
  readonly retainSegments?: number | undefined;
  /**
   * Given a checkpoint, as `AuditLog.checkpoint()` makes it, after 1000 records or a minute, at each new segment and at the end; of records
   * that are safe on the disk only. Keep the last one where the log cannot be changed from: against it `verifyAuditLog` finds a cut.
   * Called again only after it settled; a failure is tried again and never touches a call.
   */
  readonly onCheckpoint?: ((checkpoint: string) => void | Promise<void>) | undefined;
}

/**
 * What may be contacted, and what is recorded.
 * @public
 */
export interface SecurityOptions {
  /** Lets listed names resolve to addresses on the internet; it opens nothing by itself. @defaultValue false */
  readonly allowExternal?: boolean | undefined;
  /**
   * Host names that may be contacted, exact or as `*.corp.example`; `*` is every name. Addresses and CIDR blocks here count as `allowedCidrs`.
   * Names that are not listed are never looked up.
   * @defaultValue localhost, 127.0.0.1, ::1, host.docker.internal
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Address blocks that may be contacted. @defaultValue loopback, 10/8, 172.16/12, 192.168/16 and fc00::/7 */
  readonly allowedCidrs?: readonly string[] | undefined;
  /** Resolves names instead of the system; its answers are judged like any. */
  readonly lookup?: ((host: string, o: CallOptions) => Promise<readonly HostAddress[]>) | undefined;
  /** Makes the audit log `block` by default. @defaultValue false */
  readonly strict?: boolean | undefined;
  /**
   * Models that must be exactly what was pinned; others are not affected. Keys: served id, catalogue key or `service/model`
   * (and paths or base names of files, for `hashModelFiles`). Values, from strong to weak: the digest that the server tells,
   * `sha256:` and 64 digits or the first 12 of them (Ollama: of the manifest, so template and parameters are covered too);
   * `size:` and the bytes, with or without `:` and the quantisation; `name`, only this served id. Several keys that name one
   * model must all hold.
   *
   * Checked when models are ranked, and by digest once more right before each request and, where the server tells what is in
   * memory (Ollama), after the answer. What no check can see is a model that is swapped for the answer and swapped back.
   */
  readonly pins?: Readonly<Record<string, string>> | undefined;
  /**
   * What happens to a model that fails its pin, or whose server does not tell what the pin is about: `enforce` refuses it,
   * `warn` notes and audits it. @defaultValue 'enforce' where there are `pins`
   */
  readonly pinMode?: 'off' | 'warn' | 'enforce' | undefined;
  /** Whether a query is recorded: as a keyed hash (needs `audit.key`), as text, or not at all. @defaultValue true */
  readonly logQueries?: boolean | 'text' | undefined;
  /** The same for replies. @defaultValue false */
  readonly logResponses?: boolean | 'text' | undefined;
  /** The audit log; `false` for none. @defaultValue in memory, the newest 1000 records */
  readonly audit?: false | AuditOptions | undefined;
  /** Replaces the network (tests, tunnels): URLs are still judged, but where it connects to, redirects and proxies are its own matter. */
  readonly fetch?: FetchLike | undefined;
  /** For resolving a name, and for making a connection, in milliseconds each. @defaultValue 3000 */
  readonly connectTimeoutMs?: number | undefined;
}

/**
 * An address that a name resolves to.
 * @public
 */
export interface HostAddress {
  /** In plain form, without zone. */
  readonly address: string;
  /** 4 or 6. */
  readonly family: 4 | 6;
}

const auditSchema = v.strictObject({
  directory: optional(text()),
  key: optional(
    v.custom<Uint8Array | (() => Promise<Uint8Array>)>(
      (x) => x instanceof Uint8Array || typeof x === 'function',
      'bytes (a Uint8Array) or a function () => Promise<Uint8Array>',
    ),
  ),
  sinks: optional(listOf(injected('an audit sink', 'write'), 'audit sinks')),
  onFailure: optional(oneOf('block', 'continue')),
  durability: optional(oneOf('none', 'batch', 'record')),
  rotateBytes: optional(whole(4_096, 2 ** 40, 'bytes')),
  retainSegments: optional(whole(1, 1_000_000)),
  onCheckpoint: optional(fn('(checkpoint) => void | Promise<void>')),
});

const logged = () => v.union([flag(), v.literal('text')], 'true, false or "text"');

/** Checks {@link SecurityOptions}. */
export const securitySchema = v.strictObject({
  allowExternal: optional(flag()),
  allowedHosts: optional(listOf(v.string('a host name, address or CIDR'), 'host names')),
  allowedCidrs: optional(listOf(v.string('a CIDR such as "10.0.0.0/8"'), 'CIDR blocks')),
  lookup: optional(fn('(host, { signal }) => Promise<{ address, family }[]>')),
  strict: optional(flag()),
  pins: optional(pinsSchema()),
  pinMode: optional(oneOf('off', 'warn', 'enforce')),
  logQueries: optional(logged()),
  logResponses: optional(logged()),
  audit: optional(v.union([v.literal(false), auditSchema], 'false or an object of audit options')),
  fetch: optional(fn('(input, init) => Promise<Response>')),
  connectTimeoutMs: optional(milliseconds()),
});

/**
 * The options that are no policy, with all defaults filled in.
 * @internal
 */
export interface NormalSecurity {
  readonly lookup: Lookup;
  readonly strict: boolean;
  readonly pins: PinSet;
  readonly logQueries: boolean | 'text';
  readonly logResponses: boolean | 'text';
  readonly audit: NormalAudit | null;
  readonly fetch: FetchLike | undefined;
  readonly connectTimeoutMs: number;
}

/**
 * Checks the options and fills in what is not given, from `base` where there is one.
 * @internal
 */
export function normalSecurity(o: SecurityOptions, base?: NormalSecurity): NormalSecurity {
  checkOptions(securitySchema, o, 'security');
  const strict = o.strict ?? base?.strict ?? false;
  return {
    lookup: o.lookup ?? base?.lookup ?? systemLookup,
    strict,
    pins: joinPins(base?.pins ?? NO_PINS, pinSet(o.pins, o.pinMode)),
    logQueries: atMost(o.logQueries ?? base?.logQueries ?? true, base?.logQueries),
    logResponses: atMost(o.logResponses ?? base?.logResponses ?? false, base?.logResponses),
    audit: base ? base.audit : normalAudit(o.audit ?? {}, strict || o.allowExternal === true),
    fetch: o.fetch ?? base?.fetch,
    connectTimeoutMs: o.connectTimeoutMs ?? base?.connectTimeoutMs ?? 3_000,
  };
}

const NO_PINS: PinSet = { mode: 'off', pins: [] };

/** The less telling of two ways to record contents. */
function atMost(wanted: boolean | 'text', limit: boolean | 'text' = 'text'): boolean | 'text' {
  const order = [false, true, 'text'] as const;
  return order.indexOf(wanted) > order.indexOf(limit) ? limit : wanted;
}

function normalAudit(o: false | AuditOptions, careful: boolean): NormalAudit | null {
  if (o === false) return null;
  return {
    directory: o.directory ?? null,
    key: o.key ?? null,
    sinks: o.sinks ?? [],
    onCheckpoint: o.onCheckpoint ?? null,
    block: (o.onFailure ?? (careful ? 'block' : 'continue')) === 'block',
    durability: o.durability ?? 'batch',
    rotateBytes: o.rotateBytes ?? 16_777_216,
    retainSegments: o.retainSegments ?? Number.POSITIVE_INFINITY,
  };
}
