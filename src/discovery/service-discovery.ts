/// <reference lib="esnext.disposable" preserve="true" />
import { RouterError } from '../core/errors.js';
import type { CallOptions, Unsubscribe } from '../core/events.js';
import type { ModelRef, ServedModel } from '../core/model.js';
import type { DiscoveryReport, Service, ServiceChange, ServiceEndpoint } from '../core/service.js';
import { abortError, raceAbort, withDeadline } from '../internal/deadline.js';
import { SecurityModule } from '../security/security-module.js';
import type { ModelControl } from '../services/service-spec.js';
import { type DiscoveryOptions, type DiscoverySettings, discoverySettings } from './discovery-options.js';
import { endpointHeaders } from './endpoint-headers.js';
import type { FoundService } from './found-service.js';
import { digestsAt } from './probe.js';
import { keepStumbled, serviceChanges } from './service-changes.js';
import { SharedRun } from './shared-run.js';
import { survey } from './survey.js';
import { Watch } from './watch.js';

/** Attempts that fail one after another must not make a storm of probes. */
const DOUBT_PAUSE_MS = 1_000;

/** What a server said of a digest this long ago still counts where it gives no answer now. */
const DIGEST_AGE_MS = 60_000;
/** A key may come from a vault; it may take this many time-outs. */
const KEY_TIMEOUTS = 5;

/**
 * How a found service is talked to. The endpoint is without its key and headers: those come from `headers()`.
 * @internal
 */
export interface ServiceConnection {
  readonly service: Service;
  /** Name of the transport. */
  readonly transport: string;
  /** Headers for this service's origin only, with a fresh key. Rejects with `ERR_UNAUTHORIZED` when the host's function fails. */
  headers(): Record<string, string> | Promise<Record<string, string>>;
  readonly endpoint: ServiceEndpoint | undefined;
  readonly usesNumCtx: boolean;
  /** Where the OpenAI dialect begins below the base URL; `undefined`: at `/v1`. */
  readonly apiPath: string | undefined;
  /** Whether nothing comes before the answer is complete. */
  readonly answersWhole: boolean;
  /** Whether a prompt is cut without a word where the answer that is asked for leaves it no room. */
  readonly cutsPrompts: boolean;
  /** Whether the stream of an overlong prompt ends without a byte. */
  readonly endsOverlong: boolean;
  /** Requests at once; `null`: no limit of ours. */
  readonly maxConcurrent: number | null;
  /** How the server is told to load or unload a model, where it can be. */
  readonly load: ModelControl | undefined;
  readonly unload: ModelControl | undefined;
}

/**
 * Finds the model servers of this machine and of the addresses that the host names, and says what is true of their
 * models now. It only sends requests that change nothing: no model is loaded, woken or asked.
 *
 * @example
 * ```ts
 * const discovery = new ServiceDiscovery({ services: [{ type: 'vllm', baseURL: 'http://192.168.1.20:8000' }] });
 * try {
 *   const { services, failures } = await discovery.discoverAll();
 *   for (const { id, models } of services) console.log(id, models.map((model) => model.id));
 *   for (const { reason, remedy } of failures) console.log(reason, remedy);
 * } finally {
 *   await discovery.close();
 * }
 * ```
 * @public
 */
export class ServiceDiscovery {
  readonly #settings: DiscoverySettings;
  readonly #security: SecurityModule;
  readonly #ownsSecurity: boolean;
  readonly #closing = new AbortController();
  readonly #watch: Watch;
  #found: readonly FoundService[] = [];
  /** The models of a run: every call asks for them several times. */
  #models: { readonly of: readonly FoundService[]; readonly all: readonly ServedModel[] } | undefined;
  #report: { readonly value: DiscoveryReport; readonly validUntilMs: number } | undefined;
  #run: SharedRun<DiscoveryReport> | undefined;
  readonly #doubtedMs = { failed: Number.NEGATIVE_INFINITY, loaded: Number.NEGATIVE_INFINITY };

  /** Does nothing yet. Throws `ERR_INVALID_OPTION` naming the option, the value and the fix. */
  constructor(options: DiscoveryOptions = {}) {
    this.#settings = discoverySettings(options);
    const network = options.fetch === undefined ? {} : { fetch: options.fetch };
    const given = options.security;
    const narrowed = given && options.fetch ? given.narrow(network) : given;
    this.#security = narrowed ?? new SecurityModule(network);
    this.#ownsSecurity = this.#security !== given;
    const { clock, logger, ttlMs: intervalMs } = this.#settings;
    this.#watch = new Watch({
      clock,
      logger,
      intervalMs,
      look: async ({ signal, isFirst }) => {
        const { services } = await this.discoverAll({ signal, refresh: !isFirst });
        return services.some(({ stale }) => !stale);
      },
    });
  }

  /**
   * Looks at every address once; calls at the same time share one run, and a result is kept for `ttlMs`.
   * An address that does not answer is a failure in the report, never a rejection.
   * Rejects with `ERR_ABORTED` or `ERR_CLOSED`.
   */
  async discoverAll(o: CallOptions & { readonly refresh?: boolean | undefined } = {}): Promise<DiscoveryReport> {
    if (this.#closing.signal.aborted) throw abortError(this.#closing.signal);
    if (o.signal?.aborted) throw abortError(o.signal);
    const kept = this.#report;
    if (!o.refresh && kept && this.#settings.clock.now() < kept.validUntilMs) return kept.value;
    if (this.#run === undefined || this.#run.isAbandoned) this.#run = this.#start();
    return this.#run.join(o.signal);
  }

  /** {@link ServiceDiscovery.discoverAll} without the kept result. */
  refresh(o: CallOptions = {}): Promise<DiscoveryReport> {
    return this.discoverAll({ ...o, refresh: true });
  }

  /**
   * Hears of services that come, go or load, and of models that are added, removed, loaded or unloaded: what two runs differ
   * in, whoever asked for them. While somebody listens, a run is made each `ttlMs` (plus or minus a fifth, up to four times
   * as long while nobody answers); the last unsubscription and `close()` leave no timer behind.
   * A server that gives no answer once keeps its last one, marked `stale`; at the second miss, or at once where nothing
   * listens any longer, it is `service-down`. A throwing listener is logged. Throws `ERR_CLOSED` after `close()`.
   */
  watch(listener: (change: ServiceChange) => void): Unsubscribe {
    if (this.#closing.signal.aborted) throw abortError(this.#closing.signal);
    return this.#watch.add(listener);
  }

  /** What the last run found; a server that stumbled in it is `stale`. */
  services(): readonly Service[] {
    return this.#found.map(({ service }) => service);
  }

  /** The models of all services that the last run found. */
  models(): readonly ServedModel[] {
    if (this.#models?.of !== this.#found) {
      this.#models = { of: this.#found, all: this.#found.flatMap(({ service }) => service.models) };
    }
    return this.#models.all;
  }

  /**
   * An attempt met another state of affairs than the last run found (`failed`), or changed it (`loaded`): looks again in the
   * background, at most once a second for each. A run that is under way may have asked before: another follows it. Never rejects.
   * @internal
   */
  async doubt(why: 'failed' | 'loaded' = 'failed'): Promise<void> {
    const now = this.#settings.clock.now();
    if (this.#closing.signal.aborted || now - this.#doubtedMs[why] < DOUBT_PAUSE_MS) return;
    this.#doubtedMs[why] = now;
    await this.#run?.settled;
    // Its result is for later calls; whoever closes this meanwhile is told elsewhere.
    await this.refresh().catch(() => {});
  }

  /**
   * How to talk to a found service.
   * @internal
   */
  connection(serviceId: string): ServiceConnection | undefined {
    const found = this.#found.find(({ service }) => service.id === serviceId);
    if (found === undefined) return undefined;
    const { service, sighting } = found;
    const { spec, reading } = sighting;
    const { endpoint } = sighting.address;
    const isNative = endpoint?.apiStyle !== 'openai';
    return {
      service,
      transport: isNative ? spec.transport : 'openai',
      headers: () => endpointHeaders(endpoint, service.id),
      endpoint: endpoint && { ...endpoint, apiKey: undefined, headers: undefined },
      usesNumCtx: isNative && spec.usesNumCtx,
      apiPath: spec.apiPath,
      answersWhole: isNative && spec.answersWhole === true,
      cutsPrompts: spec.cutsPrompts === true,
      endsOverlong: spec.endsOverlong === true,
      maxConcurrent: endpoint?.maxConcurrent ?? reading.maxConcurrent ?? null,
      load: spec.load,
      unload: spec.unload,
    };
  }

  /**
   * The digests that the server of a model tells of it now, as listed or of what is in memory: asked without side effect,
   * and only where the last run saw one. Where it gives no answer, what it listed at most a minute ago; `null` without that.
   * Rejects when the signal aborts.
   * @internal
   */
  async digestsNow(
    { service: serviceId, id }: Pick<ModelRef, 'service' | 'id'>,
    of: 'listed' | 'loaded',
    signal: AbortSignal,
  ): Promise<readonly string[] | null> {
    const found = this.#found.find(({ service }) => service.id === serviceId);
    const known = found?.service.models.find((model) => model.id === id)?.digest?.value;
    if (found === undefined || known === undefined) return null;
    const { clock, probeTimeoutMs: timeoutMs } = this.#settings;
    const { fetch } = this.#security;
    const ms = KEY_TIMEOUTS * timeoutMs;
    const what = `Asking ${serviceId} for digests`;
    const told = await withDeadline({ clock, ms, signal, what }, async (deadline) => {
      const given = Promise.resolve(endpointHeaders(found.sighting.address.endpoint, serviceId));
      const headers = await raceAbort(deadline, given);
      return digestsAt(found.sighting, id, of, { fetch, headers, timeoutMs, clock, signal: deadline });
    }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return null;
    });
    if (told !== null || of === 'loaded') return told;
    return clock.now() - found.service.lastSeenMs <= DIGEST_AGE_MS ? [known] : null;
  }

  /** Ends a run in progress; later calls reject with `ERR_CLOSED`. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#watch.close();
    this.#closing.abort(new RouterError('ERR_CLOSED', 'This ServiceDiscovery is closed; make a new one.'));
    // Whoever waits for the run is told by its own promise.
    await this.#run?.settled;
    if (this.#ownsSecurity) await this.#security.close();
  }

  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(): SharedRun<DiscoveryReport> {
    const run = new SharedRun<DiscoveryReport>(this.#closing.signal, async (signal) => {
      const { clock, ttlMs, logger } = this.#settings;
      const startedMs = clock.now();
      const surveyed = await survey({ settings: this.#settings, security: this.#security, signal });
      const { failures } = surveyed;
      const before = this.services();
      this.#found = keepStumbled(this.#found, surveyed);
      const services = this.services();
      const endedMs = clock.now();
      const report = { services, failures, elapsedMs: endedMs - startedMs };
      // A user who starts a server after an empty answer should not have to wait.
      this.#report = services.length > 0 ? { value: report, validUntilMs: endedMs + ttlMs } : undefined;
      if (this.#watch.isOn) this.#watch.emit(serviceChanges(before, services));
      logger.debug('discovery', { services: services.length, failures: failures.length, elapsedMs: report.elapsedMs });
      return report;
    });
    void run.settled.then(() => {
      if (this.#run === run) this.#run = undefined;
    });
    return run;
  }
}
