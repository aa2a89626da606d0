/// <reference lib="esnext.disposable" preserve="true" />
import { RouterError } from '../core/errors.js';
import type { CallOptions } from '../core/events.js';
import type { ServedModel } from '../core/model.js';
import type { DiscoveryReport, Service, ServiceEndpoint } from '../core/service.js';
import { abortError } from '../internal/deadline.js';
import { SecurityModule } from '../security/security-module.js';
import { type DiscoveryOptions, type DiscoverySettings, discoverySettings } from './discovery-options.js';
import { endpointHeaders } from './endpoint-headers.js';
import type { FoundService } from './found-service.js';
import { SharedRun } from './shared-run.js';
import { survey } from './survey.js';

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
  /** Requests at once; `null`: no limit of ours. */
  readonly maxConcurrent: number | null;
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
  #found: readonly FoundService[] = [];
  /** The models of a run: every call asks for them several times. */
  #models: { readonly of: readonly FoundService[]; readonly all: readonly ServedModel[] } | undefined;
  #report: { readonly value: DiscoveryReport; readonly validUntilMs: number } | undefined;
  #run: SharedRun<DiscoveryReport> | undefined;

  /** Does nothing yet. Throws `ERR_INVALID_OPTION` naming the option, the value and the fix. */
  constructor(options: DiscoveryOptions = {}) {
    this.#settings = discoverySettings(options);
    const network = options.fetch === undefined ? {} : { fetch: options.fetch };
    const given = options.security;
    const narrowed = given && options.fetch ? given.narrow(network) : given;
    this.#security = narrowed ?? new SecurityModule(network);
    this.#ownsSecurity = this.#security !== given;
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

  /** What the last run found. */
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
      maxConcurrent: endpoint?.maxConcurrent ?? reading.maxConcurrent ?? null,
    };
  }

  /** Ends a run in progress; later calls reject with `ERR_CLOSED`. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
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
      const { found, failures } = await survey({ settings: this.#settings, security: this.#security, signal });
      const endedMs = clock.now();
      const report = { services: found.map(({ service }) => service), failures, elapsedMs: endedMs - startedMs };
      this.#found = found;
      // A user who starts a server after an empty answer should not have to wait.
      this.#report = found.length > 0 ? { value: report, validUntilMs: endedMs + ttlMs } : undefined;
      logger.debug('discovery', { services: found.length, failures: failures.length, elapsedMs: report.elapsedMs });
      return report;
    });
    void run.settled.then(() => {
      if (this.#run === run) this.#run = undefined;
    });
    return run;
  }
}
