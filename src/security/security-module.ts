/// <reference lib="esnext.disposable" preserve="true" />
import { hash } from 'node:crypto';
import type { Attempt, FallbackLevel, RoutingDecision } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import type { CallOptions } from '../core/events.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { ModelRef } from '../core/model.js';
import type { Service } from '../core/service.js';
import type { PinSet, PinVerdict } from '../internal/pin.js';
import { AuditTrail } from './audit-log.js';
import type { AuditLog } from './audit-log-view.js';
import { checkDeployment } from './deployment-check.js';
import type { DeploymentReport } from './deployment-finding.js';
import { machineFacts } from './deployment-machine.js';
import { GuardedFetch } from './guarded-fetch.js';
import { checkHostEvent } from './host-event.js';
import { hashModelFiles } from './model-files.js';
import { compilePolicy, describePolicy, type EgressDecision, judgeUrl, type NetworkPolicy } from './network-policy.js';
import { type NormalSecurity, normalSecurity, type SecurityOptions } from './security-options.js';

export { type AuditOptions, type HostAddress, type SecurityOptions, securitySchema } from './security-options.js';

/**
 * A query as the audit log takes it.
 * @public
 */
export interface QueryRecord {
  /** The query; recorded as `logQueries` says. */
  readonly query: string;
  /** What was decided about it. */
  readonly decision: RoutingDecision;
  /** How the call ended. */
  readonly outcome: Attempt['outcome'];
  /** The reply; recorded as `logResponses` says. */
  readonly response?: string | undefined;
}

/**
 * Decides what may be contacted, makes the only fetch that reaches the network, and keeps the audit log.
 *
 * The policy is fixed at construction and holds for URLs, DNS answers and connected sockets; redirects, environment proxies
 * and the global dispatcher have no effect. What it cannot see: what a server on an allowed address does with a request,
 * and where an injected `fetch` connects to.
 *
 * @example
 * ```ts
 * const security = new SecurityModule({ allowedHosts: ['localhost', 'gpu.lan'], audit: { directory: './audit', key } });
 * const { allowed, reason } = await security.validateEndpoint('http://gpu.lan:8000');
 * const models = allowed ? await (await security.fetch('http://gpu.lan:8000/v1/models')).json() : reason;
 * await security.close();
 * ```
 * @public
 */
export class SecurityModule {
  #parts: Parts;
  /** What closes with this module; `null` where it shares its parent's audit log. */
  #ownTrail: AuditTrail | null;
  readonly #narrowed = new Set<SecurityModule>();
  #forget: (() => void) | undefined;

  /** Throws `ERR_INVALID_OPTION` for options that are wrong, and for a policy that is not exact (R10). Nothing is opened yet. */
  constructor(o: SecurityOptions = {}) {
    this.#parts = assemble(o, null);
    this.#ownTrail = this.#parts.trail;
  }

  /**
   * The guarded fetch, for hosts too. Of the request it takes method, headers, body and signal; cookies and what vendor clients
   * tell about the machine are dropped. Every failure is a `RouterError`: `ERR_EGRESS_DENIED`, `ERR_UNREACHABLE`, `ERR_TIMEOUT`
   * (connecting; nothing else has a limit), `ERR_BAD_RESPONSE` (redirects and compressed replies too), `ERR_TOO_LARGE`,
   * `ERR_ABORTED`, `ERR_INVALID_REQUEST`, `ERR_UNSUPPORTED`, `ERR_CLOSED`. An abort also fails a reply that is being read.
   * A global `fetch` that was replaced (mocks, instrumentation) is asked to send; the platform's own is not called.
   */
  readonly fetch: FetchLike = (input, init) => this.#parts.guard.fetch(input, init);

  /** The audit log. */
  get audit(): AuditLog {
    return this.#parts.trail;
  }

  /**
   * Whether a URL may be contacted now; listed names are resolved, others are never looked up.
   * Throws `ERR_ABORTED` only.
   */
  async validateEndpoint(url: string | URL, o: CallOptions = {}): Promise<EgressDecision> {
    const { decision, name } = judgeUrl(this.#parts.policy, url);
    if (!decision.allowed || name === null) return decision;
    try {
      return await this.#parts.guard.resolve(name, o.signal);
    } catch (error) {
      if (o.signal?.aborted || !RouterError.is(error)) throw error;
      return { allowed: false, rule: 'R5', reason: error.message, addresses: [] };
    }
  }

  /**
   * A module that allows at most what this one allows, with connections of its own and the same audit log.
   * A list or limit that is not given stays. Throws `ERR_INVALID_OPTION`, also for `audit`.
   */
  narrow(o: SecurityOptions): SecurityModule {
    if (o.audit !== undefined) {
      throw new RouterError(
        'ERR_INVALID_OPTION',
        'security: audit: a narrowed module shares the log of its parent; remove it.',
      );
    }
    const child = new SecurityModule({ audit: false });
    child.#parts = assemble(o, this.#parts);
    child.#ownTrail = null;
    this.#narrowed.add(child);
    child.#forget = () => void this.#narrowed.delete(child);
    return child;
  }

  /** Records a query and how it ended. Throws `ERR_AUDIT` where the log refuses or, in `block` mode, cannot be written. */
  async logQuery(o: QueryRecord): Promise<void> {
    const { options, trail } = this.#parts;
    const keys = await trail.keys();
    const { decision } = o;
    const { session } = decision.requirements;
    const model = decision.selected?.model;
    await trail.hold('query', {
      call: decision.id,
      session: keys && session !== undefined ? keys.session(session) : undefined,
      category: decision.task.category,
      complexity: decision.task.complexity.score,
      service: model?.service,
      model: model?.id,
      tokensIn: decision.context.inputTokens,
      outcome: o.outcome,
      query: keys && options.logQueries === true ? keys.query(o.query) : undefined,
      queryText: options.logQueries === 'text' ? o.query : undefined,
      response:
        keys && options.logResponses === true && o.response !== undefined ? keys.response(o.response) : undefined,
      responseText: options.logResponses === 'text' ? o.response : undefined,
    });
  }

  /**
   * Records an event of the host. `event` is a name such as `login.failed`; at most 16 fields, texts cut at 512 characters,
   * texts under names such as `password`, `token` or `prompt` hidden.
   * Throws `ERR_INVALID_REQUEST` for a name that is malformed or ours, `ERR_AUDIT` as `logQuery` does.
   */
  async logSecurityEvent(event: string, fields: Record<string, string | number | boolean> = {}): Promise<void> {
    await this.#parts.trail.holdHost(event, checkHostEvent(event, fields));
  }

  /**
   * Checks this module, the environment of this process and the services that are given against the checklist for closed
   * networks: every point of it is a finding, fulfilled ones and those that nobody can see from here too. Asks no server
   * and holds no values of variables, keys or contents.
   */
  async checkDeployment(o: { readonly services?: readonly Service[] | undefined } = {}): Promise<DeploymentReport> {
    const { options, policy } = this.#parts;
    const { audit, logQueries, logResponses, pins, fetch } = options;
    return checkDeployment({
      policy,
      audit,
      logQueries,
      logResponses,
      pins,
      ownFetch: fetch !== undefined,
      services: o.services,
      ...(await machineFacts(audit?.directory ?? null)),
    });
  }

  /**
   * The SHA-256 of each file as `sha256:` and 64 digits, by the path as given, read in pieces one file after the other.
   * A file whose path or base name is a key of `pins` is verified, and so is a blob of Ollama's (`sha256-...`) against its
   * name unless `pinMode` is `off`. Of a model in several files give all, each has a digest of its own.
   *
   * Rejects with `ERR_MODEL_MISMATCH` for a file that is not the pinned one (with `pinMode` `warn` it is audited),
   * `ERR_INVALID_REQUEST` for one that cannot be read, and `ERR_ABORTED`.
   */
  async hashModelFiles(paths: readonly string[], o: CallOptions = {}): Promise<Record<string, string>> {
    const { pins } = this;
    return hashModelFiles(paths, o, pins, (verdict, message) => {
      // A path is content of the host's: it stays out of the log.
      this.recordPin({ phase: 'file', verdict });
      if (pins.mode === 'enforce') throw new RouterError('ERR_MODEL_MISMATCH', `hashModelFiles: ${message}`);
    });
  }

  /** Ends all connections, those of narrowed modules too, and closes the audit log. Requests then fail with `ERR_CLOSED`. */
  async close(): Promise<void> {
    this.#forget?.();
    await Promise.all([...this.#narrowed].map((child) => child.close()));
    await this.#parts.guard.close();
    await this.#ownTrail?.close();
  }

  /** Same as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Whether listed names may lead outside of the allowed network at all.
   * @internal
   */
  get allowsExternal(): boolean {
    return this.#parts.policy.layers.every(({ allowExternal }) => allowExternal);
  }

  /**
   * The pins in force, those of the modules above too.
   * @internal
   */
  get pins(): PinSet {
    return this.#parts.options.pins;
  }

  /**
   * Records that a model, or a file of one, is not the pinned one; never throws and never waits.
   * @internal
   */
  recordPin(o: {
    call?: string | undefined;
    model?: ModelRef | undefined;
    phase: 'ranked' | 'sending' | 'answered' | 'file';
    verdict: Pick<PinVerdict, 'outcome' | 'strength' | 'digest'>;
  }): void {
    this.#parts.trail.note('pin.mismatch', {
      ...(o.call === undefined ? {} : { call: o.call }),
      ...(o.model && modelFields(o.model)),
      phase: o.phase,
      outcome: o.verdict.outcome,
      pin: o.verdict.strength,
      digest: o.verdict.digest,
    });
  }

  /**
   * How long making a connection may take, in milliseconds.
   * @internal
   */
  get connectTimeoutMs(): number {
    return this.#parts.options.connectTimeoutMs;
  }

  /**
   * Opens the audit log now rather than at the first record.
   * Throws `ERR_AUDIT` where its directory is refused (a link, in use, not one's own) or its key cannot be had.
   * @internal
   */
  openAudit(): Promise<void> {
    return this.#parts.trail.open();
  }

  /**
   * Records that an attempt is about to be made; a promise only where something has to be waited for.
   * Throws `ERR_AUDIT` where the attempt must not be made unrecorded.
   * @internal
   */
  recordAttemptStart(o: {
    call: string;
    model: ModelRef;
    level: FallbackLevel;
    /** Whether it leaves the allowed network under a grant. */
    external?: boolean | undefined;
    /** How it is pinned, and what its server told. */
    pin?: Pick<PinVerdict, 'strength' | 'digest'> | undefined;
  }): void | Promise<void> {
    return this.#parts.trail.hold('attempt.start', {
      call: o.call,
      ...modelFields(o.model),
      level: o.level,
      external: o.external,
      pin: o.pin?.strength,
      digest: o.pin?.digest,
    });
  }

  /**
   * Records that a call may use models outside the allowed network, or that it is held back for want of that.
   * @internal
   */
  recordEscalation(o: {
    call: string;
    isGranted: boolean;
    /** What held it back: R7, the router's permission; else the refusal of the model that it takes a grant for. */
    rule?: string | undefined;
    model?: ModelRef | undefined;
  }): void {
    this.#parts.trail.note(o.isGranted ? 'escalation.granted' : 'escalation.denied', {
      call: o.call,
      ...(o.rule === undefined ? {} : { rule: o.rule }),
      ...(o.model === undefined ? {} : modelFields(o.model)),
    });
  }

  /**
   * Records how an attempt ended; never throws and never waits.
   * @internal
   */
  recordAttemptEnd(o: {
    call: string;
    attempt: Attempt;
    usage?: { readonly inputTokens: number; readonly outputTokens: number } | undefined;
  }): void {
    const { attempt, usage } = o;
    this.#parts.trail.note('attempt.end', {
      call: o.call,
      ...modelFields(attempt.model),
      level: attempt.level,
      outcome: attempt.outcome,
      code: attempt.code,
      ms: attempt.durationMs,
      retries: attempt.retries,
      tokensIn: usage?.inputTokens,
      tokensOut: usage?.outputTokens,
    });
  }
}

/** What a module is made of; a narrowed one has everything but the log of its own. */
interface Parts {
  readonly options: NormalSecurity;
  readonly policy: NetworkPolicy;
  readonly trail: AuditTrail;
  readonly guard: GuardedFetch;
}

function assemble(o: SecurityOptions, parent: Parts | null): Parts {
  const options = normalSecurity(o, parent?.options);
  const policy = compilePolicy(o, parent?.policy);
  const trail = parent?.trail ?? new AuditTrail(options.audit);
  const guard = new GuardedFetch({
    policy,
    lookup: options.lookup,
    connectTimeoutMs: options.connectTimeoutMs,
    fetch: options.fetch,
    onDenied: (decision, host) => trail.note('egress.deny', { rule: decision.rule, host: host ?? undefined }),
    onConnect: (connection) => trail.note('egress.connect', connection),
  });
  trail.noteEarly('policy.loaded', { policy: hash('sha256', describePolicy(policy), 'hex') });
  return { options, policy, trail, guard };
}

function modelFields({ service, id, baseURL }: ModelRef): {
  service: string;
  model: string;
  endpoint: string | undefined;
} {
  return { service, model: id, endpoint: baseURL ?? undefined };
}
