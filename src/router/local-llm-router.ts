/// <reference lib="esnext.disposable" preserve="true" />

import type { ContextManager } from '../context/context-manager.js';
import type { RouteEvent, RouteOptions, RouteRequest, RouteResult } from '../core/chat.js';
import type { Attempt, RoutingDecision } from '../core/decision.js';
import { RouterError, type RouterErrorCode } from '../core/errors.js';
import type { CallOptions, Unsubscribe } from '../core/events.js';
import type { ModelRef } from '../core/model.js';
import type { Service, ServiceChange } from '../core/service.js';
import { detectEnvironment } from '../discovery/environment.js';
import type { ServiceDiscovery } from '../discovery/service-discovery.js';
import { Health } from '../execution/health.js';
import { Queues } from '../execution/queues.js';
import { resolveTimeouts } from '../execution/timeouts.js';
import { linkSignal, raceAbort, withDeadline } from '../internal/deadline.js';
import { Subscribers } from '../internal/subscribers.js';
import { thrownName } from '../internal/thrown-name.js';
import type { ModelSelector } from '../models/model-selector.js';
import type { SecurityModule } from '../security/security-module.js';
import { checkEmbedding, type EmbedOptions, type EmbedResult, embed } from './embed.js';
import { explain } from './explain.js';
import type { Call } from './hooks.js';
import { KeptModels } from './kept-models.js';
import { isLoading, noService } from './loading.js';
import { Network } from './network.js';
import { PinGuard } from './pin-guard.js';
import { run, type Watchers } from './pipeline.js';
import { normalizeRequest } from './route-request.js';
import { EventStream, type RouteStream } from './route-stream.js';
import { makeParts, type RouterOptions } from './router-options.js';
import { BoundedMap, type RouterState } from './router-state.js';
import { RunningCalls } from './running-calls.js';
import { SessionQueue } from './session-queue.js';
import { controlModel } from './warm.js';

/**
 * What a status page shows.
 * @public
 */
export interface RouterStatus {
  /** Servers that were found. */
  readonly services: readonly Service[];
  /** Models that failed lately: `open` ones are tried last, `half-open` ones get one trial. */
  readonly health: readonly { readonly model: ModelRef; readonly state: 'closed' | 'open' | 'half-open' }[];
  /** Requests in flight and waiting per service; `slots` is the most at once, `null`: no limit of ours. */
  readonly queues: readonly {
    readonly service: string;
    readonly running: number;
    readonly waiting: number;
    readonly slots: number | null;
  }[];
  /** Whether Serena is asked. */
  readonly serena: 'off' | 'ready' | 'unavailable';
  /** Conversations in memory. */
  readonly sessions: number;
}

/**
 * Routes queries to the best model that already runs on this machine or closed network.
 *
 * @example
 * ```ts
 * const router = new LocalLLMRouter({ workspace: process.cwd() });
 * try {
 *   const { text, model } = await router.route('Write a function that parses RFC 3339 dates');
 *   console.log(model.id, text);
 * } finally {
 *   await router.close();
 * }
 * ```
 * @public
 */
export class LocalLLMRouter {
  /** Finds the servers. */
  readonly discovery: ServiceDiscovery;
  /** Ranks the models. */
  readonly selector: ModelSelector;
  /** Keeps the conversations. */
  readonly context: ContextManager;
  /** Guards the network and keeps the audit log. */
  readonly security: SecurityModule;
  readonly #state: RouterState;
  readonly #owned: { readonly discovery: boolean; readonly security: boolean };
  readonly #decisions = new Subscribers<[RoutingDecision]>();
  readonly #attempts = new Subscribers<[Attempt, string]>();
  readonly #watches = new Set<Unsubscribe>();
  readonly #watchers: Watchers;
  readonly #closing = new AbortController();
  #serena: RouterStatus['serena'];
  #opening: Promise<void> | undefined;
  /** What the first call has to wait for is there. */
  #isOpen = false;
  #closed: Promise<void> | undefined;

  /**
   * Makes a router; nothing is sent or read yet.
   * Throws `ERR_INVALID_OPTION` naming the option, the value and the fix.
   */
  constructor(options?: RouterOptions) {
    const parts = makeParts(options);
    const { clock, logger } = parts;
    this.discovery = parts.discovery;
    this.selector = parts.selector;
    this.context = parts.context;
    this.security = parts.security;
    this.#owned = parts.owned;
    this.#serena = parts.serena === null ? 'off' : 'ready';
    this.#watchers = {
      decided: (decision) => {
        const { state, calls } = decision.serena;
        if (calls.length > 0) this.#serena = state === 'failed' || state === 'timeout' ? 'unavailable' : 'ready';
        this.#decisions.emit(logger, decision);
      },
      attempted: (attempt, id) => {
        // The server was restarted with other models, or is gone: the next call is not to meet the same.
        if (attempt.outcome !== 'ok' && DOUBTS.has(attempt.code)) void this.discovery.doubt();
        this.#attempts.emit(logger, attempt, id);
      },
    };
    this.#state = {
      parts,
      environment: {
        os: 'other',
        wsl: 0,
        container: null,
        codingAgent: parts.codingAgent,
        serena: parts.serena !== null,
      },
      network: new Network(parts.security),
      kept: new KeptModels(parts),
      pins: new PinGuard(parts),
      health: new Health(clock),
      queues: new Queues(clock),
      sessions: new SessionQueue(clock),
      running: new RunningCalls(),
      toolCallers: new BoundedMap(1_000),
      lastModels: new BoundedMap(1_000),
      lastEmbedder: undefined,
      answered: new BoundedMap(1_000),
      ready: (signal) => this.#ready(signal),
    };
  }

  /** Looks for servers and whether Serena answers. The first call of `route` looks for servers if the host did not. Rejects with `ERR_CLOSED`, `ERR_ABORTED` or `ERR_AUDIT`. */
  async initialize(o: CallOptions = {}): Promise<RouterStatus> {
    this.#checkOpen();
    await raceAbort(
      o.signal,
      Promise.all([this.#open(), this.#findSerena(), this.discovery.discoverAll({ signal: o.signal })]),
    );
    return this.status();
  }

  /**
   * Answers a query with the best model there is.
   *
   * Rejects with a `RouterError`: `ERR_NO_SERVICE`, `ERR_NO_MODEL`, `ERR_CONTEXT_OVERFLOW`, `ERR_ALL_ATTEMPTS_FAILED`,
   * `ERR_MODEL_MISMATCH` (no longer the model that was pinned; after an answer it is the cause of `ERR_INTERRUPTED`),
   * `ERR_INTERRUPTED` (the answer broke off; `partialText` holds what had come), `ERR_TIMEOUT`, `ERR_ABORTED`,
   * `ERR_INVALID_REQUEST`, `ERR_EGRESS_DENIED`, `ERR_AUDIT` or `ERR_CLOSED`.
   */
  async route(input: string | RouteRequest, options?: RouteOptions): Promise<RouteResult> {
    const request = normalizeRequest(input, options);
    const events = this.#run({ input, options, request, link: linkSignal(options?.signal), quiet: true });
    for (;;) {
      const step = await events.next();
      if (step.done) return step.value;
    }
  }

  /** The same as {@link LocalLLMRouter.route}, with the events on the way. Throws `ERR_INVALID_REQUEST` at once for wrong input. */
  stream(input: string | RouteRequest, options?: RouteOptions): RouteStream {
    const request = normalizeRequest(input, options);
    this.#checkOpen();
    const { clock, timeouts } = this.#state.parts;
    const { idleMs: ms } = resolveTimeouts(options?.timeouts, undefined, timeouts, false);
    return new EventStream(options?.signal, { clock, ms }, (link) => this.#run({ input, options, request, link }));
  }

  /** Decides and explains without sending anything; the session stays as it is, and Serena is asked only with `serena: true`. */
  async explain(input: string | RouteRequest, options?: RouteOptions): Promise<RoutingDecision> {
    const request = normalizeRequest(input, options);
    this.#checkOpen();
    const serena = options?.serena === true;
    return explain(this.#state, { input, request, options, link: linkSignal(options?.signal), serena });
  }

  /**
   * Turns texts into vectors with an embedding model; all of them in one request. Without `model` the one that embedded
   * last is kept while it is there, because vectors of different models do not compare: name it for what is stored.
   *
   * Rejects with a `RouterError`: `ERR_NO_MODEL` (no embedding model; a chat model is never asked), `ERR_CONTEXT_OVERFLOW`
   * (a text is too long), `ERR_UNSUPPORTED`, `ERR_INVALID_REQUEST`, and as {@link LocalLLMRouter.route} does.
   */
  async embed(input: string | readonly string[], options?: EmbedOptions): Promise<EmbedResult> {
    const texts = checkEmbedding(input, options);
    this.#checkOpen();
    return embed(this.#state, { texts, options, link: linkSignal(options?.signal) }, this.#watchers);
  }

  /**
   * Loads a model into its server's memory now, so that the next call need not wait; resolves when it is there. Nothing else
   * ever loads a model on purpose. Named as in `model` of a request; waits for other models in use at that server, and for
   * ten minutes at most (`timeouts.firstContentMs`). Leaving early does not stop every server from loading.
   *
   * Rejects with a `RouterError`: `ERR_NO_MODEL`, `ERR_UNSUPPORTED` (the server cannot be told to), `ERR_EGRESS_DENIED` (the
   * model does not stay here), `ERR_TIMEOUT`, and as {@link LocalLLMRouter.route} does.
   */
  warm(model: string, o: CallOptions = {}): Promise<void> {
    return this.#control('load', model, o);
  }

  /**
   * Lets a model's server take it out of memory now; resolves when it is gone, or will be with its last answer. Some servers
   * cut answers that it is giving. Nothing else ever unloads a model on purpose. Rejects as {@link LocalLLMRouter.warm} does.
   */
  unload(model: string, o: CallOptions = {}): Promise<void> {
    return this.#control('unload', model, o);
  }

  /** What a status page shows; asks nobody. */
  status(): RouterStatus {
    const { health, queues } = this.#state;
    return {
      services: this.discovery.services(),
      health: health.snapshot(),
      queues: queues.snapshot(),
      serena: this.#serena,
      sessions: this.context.sessions().length,
    };
  }

  /** Hears of each decision, before anything is sent. A throwing listener is logged and never touches the call. */
  onDecision(listener: (decision: RoutingDecision) => void): Unsubscribe {
    return this.#decisions.add(listener);
  }

  /** Hears of each attempt as it ends, with the id of its decision. A throwing listener is logged and never touches the call. */
  onAttempt(listener: (attempt: Attempt, decisionId: string) => void): Unsubscribe {
    return this.#attempts.add(listener);
  }

  /**
   * Hears of services that come, go or load, and of models that are added, removed, loaded or unloaded; while somebody
   * listens, the servers are looked at again and again ({@link ServiceDiscovery.watch}). A throwing listener is logged.
   * Throws `ERR_CLOSED` after `close()`.
   */
  onServiceChange(listener: (change: ServiceChange) => void): Unsubscribe {
    this.#checkOpen();
    const leave = this.discovery.watch(listener);
    this.#watches.add(leave);
    return () => {
      this.#watches.delete(leave);
      leave();
    };
  }

  /** Ends running calls with `ERR_CLOSED` and lets go of every connection, timer and file. Parts that the host made stay open. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** The same as {@link LocalLLMRouter.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #control(what: 'load' | 'unload', model: string, { signal }: CallOptions): Promise<void> {
    this.#checkOpen();
    return controlModel(this.#state, what, model, linkSignal(signal));
  }

  #run(call: Call): AsyncGenerator<RouteEvent, RouteResult, void> {
    if (this.#closed !== undefined) call.link.dispose();
    this.#checkOpen();
    return run(this.#state, call, this.#watchers);
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new RouterError('ERR_CLOSED', 'This router is closed; make a new one.');
  }

  /** Looks at the machine and opens the audit log, once; after a failure the next call tries again. */
  #open(): Promise<void> {
    this.#opening ??= this.#openOnce().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #openOnce(): Promise<void> {
    const [environment] = await Promise.all([detectEnvironment(), this.security.openAudit()]);
    const { codingAgent, serena } = this.#state.environment;
    this.#state.environment = { ...environment, codingAgent, serena };
    this.#isOpen = true;
  }

  async #findSerena(): Promise<void> {
    const { serena, serenaOptions, clock, logger } = this.#state.parts;
    if (serena === null) return;
    const { signal } = this.#closing;
    try {
      await withDeadline({ clock, ms: serenaOptions.timeoutMs, signal, what: 'Serena' }, (signal) =>
        raceAbort(signal, serena.listTools({ signal })),
      );
      this.#serena = 'ready';
    } catch (error) {
      this.#serena = 'unavailable';
      logger.warn('Serena does not answer', thrownName(error));
    }
  }

  async #ready(signal: AbortSignal): Promise<'ready' | 'loading'> {
    const known = this.discovery.models().length > 0;
    const look = this.discovery.discoverAll(known ? {} : { signal });
    // What is known serves this call; an outdated report is renewed for the next one.
    look.catch(() => {});
    if (!this.#isOpen) await raceAbort(signal, this.#open());
    if (known) return 'ready';
    const report = await raceAbort(signal, look);
    if (this.discovery.models().length > 0) return 'ready';
    if (isLoading(report)) return 'loading';
    throw noService(report);
  }

  async #close(): Promise<void> {
    const error = new RouterError('ERR_CLOSED', 'The router was closed.');
    this.#closing.abort(error);
    await this.#state.running.endAll(error);
    this.#decisions.clear();
    this.#attempts.clear();
    for (const leave of this.#watches) leave();
    if (this.#owned.discovery) await this.discovery.close();
    await this.#state.network.close();
    if (this.#owned.security) await this.security.close();
  }
}

/** Failures after which what discovery found is in doubt. */
const DOUBTS: ReadonlySet<RouterErrorCode | undefined> = /* @__PURE__ */ new Set<RouterErrorCode | undefined>([
  'ERR_UNREACHABLE',
  'ERR_NO_MODEL',
  'ERR_MODEL_MISMATCH',
]);
