import * as v from 'valibot';
import { ContextManager } from '../context/context-manager.js';
import { type ContextOptions, contextSchema } from '../context/context-options.js';
import type { Summarizer } from '../context/summary.js';
import type { TokenCounter } from '../context/token-counter.js';
import type { Timeouts } from '../core/chat.js';
import { type Clock, systemClock } from '../core/clock.js';
import type { CodingAgent, Environment } from '../core/environment.js';
import { RouterError } from '../core/errors.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { Logger } from '../core/logger.js';
import type { ModelJudge, TaskClassifier } from '../core/second-opinion.js';
import type { SerenaClient } from '../core/serena-client.js';
import type { ServiceEndpoint } from '../core/service.js';
import type { KeyValueStore } from '../core/store.js';
import type { Transport } from '../core/transport.js';
import { type DiscoveryOptions, discoverySchema, serviceEndpointSchema } from '../discovery/discovery-options.js';
import { ServiceDiscovery } from '../discovery/service-discovery.js';
import type { RetryOptions } from '../execution/fallback-executor.js';
import { retrySchema } from '../execution/timeouts.js';
import {
  checkOptions,
  clockPart,
  fetchPart,
  fn,
  injected,
  listOf,
  loggerPart,
  milliseconds,
  oneOf,
  optional,
  text,
  whole,
} from '../internal/options.js';
import { safeLogger } from '../internal/safe-logger.js';
import { timeoutsSchema } from '../internal/timeouts-schema.js';
import {
  ModelSelector,
  type ModelSelectorOptions,
  modelSelectorSchema,
  routingRulesSchema,
  taskRoutingSchema,
} from '../models/model-selector.js';
import { SecurityModule, type SecurityOptions, securitySchema } from '../security/security-module.js';
import { gpt4allTransport } from '../transports/gpt4all.js';
import { ollamaTransport } from '../transports/ollama.js';
import { openaiTransport } from '../transports/openai.js';
import type { RouterHooks } from './router-hooks.js';
import { defaultSystemPrompt } from './system-prompt.js';

/**
 * How a router is made. Every part can be given as options or as an object of the host's own.
 * @public
 */
export interface RouterOptions {
  /** Absolute path of the project that the queries are about. */
  readonly workspace?: string | undefined;
  /** Servers beside those that discovery finds; an entry with `enabled: false` switches a default address off. */
  readonly services?: readonly ServiceEndpoint[] | undefined;
  /** How servers are looked for; `false`: only `services`. */
  readonly discovery?: ServiceDiscovery | DiscoveryOptions | false | undefined;
  /** How models are ranked. */
  readonly selector?: ModelSelector | ModelSelectorOptions | undefined;
  /**
   * Models to keep in memory, named as in `model` of a request: requests to them ask Ollama to keep them loaded (unless the
   * call says `keepAlive`), and a model whose load could push one of them out is tried after the others.
   */
  readonly pinnedModels?: readonly string[] | undefined;
  /** Second opinion about the task. @defaultValue none */
  readonly classifier?: TaskClassifier | undefined;
  /** Picks the model from the ranking, for requests that name none. @defaultValue none: the ranking decides */
  readonly judge?: ModelJudge | undefined;
  /** Models that come first, per category; short for `selector.taskRouting`. */
  readonly taskRouting?: ModelSelectorOptions['taskRouting'];
  /** Wishes for requests of a certain kind; short for `selector.rules`. */
  readonly rules?: ModelSelectorOptions['rules'];
  /** How conversations are kept. */
  readonly context?: ContextManager | ContextOptions | undefined;
  /** Where conversations can be saved; short for `context.store`. */
  readonly store?: KeyValueStore | undefined;
  /** Exact token counts; short for `context.tokenCounter`. @defaultValue estimates per model family */
  readonly tokenCounter?: TokenCounter | undefined;
  /** Summaries of what is compacted; short for `context.summarizer`. @defaultValue an extract, without a model */
  readonly summarizer?: Summarizer | undefined;
  /** The system prompt of sessions; `false`: none. @defaultValue one that names system, agent and Serena */
  readonly systemPrompt?: string | ((environment: Environment) => string) | false | undefined;
  /** The coding agent that hosts the router, as the system prompt names it. */
  readonly codingAgent?: CodingAgent | false | undefined;
  /** What may be reached, and what is recorded. */
  readonly security?: SecurityModule | SecurityOptions | undefined;
  /** Connection to Serena, made by the host. */
  readonly serena?: SerenaClient | false | undefined;
  /** When and how long Serena is asked. */
  readonly serenaOptions?: SerenaOptions | undefined;
  /** Wires beside the built-in ones, or in their place when the name is theirs; the policy holds for the `fetch` that they are given. */
  readonly transports?: readonly Transport[] | undefined;
  /**
   * Replaces the network itself (tests, tunnels). URLs are still checked; where it connects to is not: look-ups, sockets and
   * proxies are its own matter.
   */
  readonly fetch?: FetchLike | undefined;
  /** Moments at which the host may change what happens. */
  readonly hooks?: RouterHooks | undefined;
  /** Repetition of one request at one model, before its first content; never after a time-out. */
  readonly retry?: RetryOptions | undefined;
  /** Time limits; a service's and a call's own come first. */
  readonly timeouts?: Timeouts | undefined;
  /** Time, for tests. */
  readonly clock?: Clock | undefined;
  /** Where diagnostics go; `console` fits. @defaultValue nowhere */
  readonly logger?: Logger | undefined;
}

/**
 * When and how long Serena is asked.
 * @public
 */
export interface SerenaOptions {
  /** `auto`: when the task needs workspace code, or a file is given. @defaultValue 'auto' */
  readonly when?: 'always' | 'auto' | undefined;
  /** For all calls together, in milliseconds. @defaultValue 3000 */
  readonly timeoutMs?: number | undefined;
  /** Most tokens of code context in the prompt. @defaultValue 2000 */
  readonly tokenBudget?: number | undefined;
}

/** What the pipeline works with: every option filled, every part made. */
export interface RouterParts {
  readonly workspace: string | undefined;
  readonly discovery: ServiceDiscovery;
  readonly selector: ModelSelector;
  readonly classifier: TaskClassifier | null;
  readonly judge: ModelJudge | null;
  readonly pinnedModels: readonly string[];
  readonly context: ContextManager;
  readonly security: SecurityModule;
  /** Parts that the router made itself and therefore closes. */
  readonly owned: { readonly discovery: boolean; readonly security: boolean };
  readonly transports: readonly Transport[];
  readonly systemPrompt: string | ((environment: Environment) => string) | false;
  readonly codingAgent: CodingAgent | null;
  readonly serena: SerenaClient | null;
  readonly serenaOptions: {
    readonly when: 'always' | 'auto';
    readonly timeoutMs: number;
    readonly tokenBudget: number;
  };
  readonly hooks: RouterHooks;
  readonly retry: { readonly maxRetries: number; readonly minDelayMs: number };
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly logger: Logger;
}

const either = (what: string, isPart: (x: unknown) => boolean, schema: v.GenericSchema) =>
  v.union([v.custom<object>(isPart, what), schema], what);

/** What {@link RouterOptions} may hold. */
export const routerSchema = v.strictObject({
  workspace: optional(text()),
  services: optional(listOf(serviceEndpointSchema, 'services')),
  discovery: optional(
    v.union([
      v.literal(false),
      v.custom<object>((x) => x instanceof ServiceDiscovery, 'a ServiceDiscovery, its options, or false'),
      discoverySchema,
    ]),
  ),
  selector: optional(either('a ModelSelector or its options', (x) => x instanceof ModelSelector, modelSelectorSchema)),
  pinnedModels: optional(listOf(text(), 'model names')),
  classifier: optional(
    v.pipe(
      injected('a TaskClassifier', 'classify'),
      v.check(
        (x) => [undefined, 'unsure', 'always'].includes((x as { when?: string }).when),
        'a TaskClassifier whose `when` is "unsure" or "always"',
      ),
    ),
  ),
  judge: optional(injected('a ModelJudge', 'choose')),
  taskRouting: optional(taskRoutingSchema),
  rules: optional(routingRulesSchema),
  context: optional(either('a ContextManager or its options', (x) => x instanceof ContextManager, contextSchema)),
  store: optional(injected('a KeyValueStore', 'get', 'set', 'delete', 'list')),
  tokenCounter: optional(injected('a TokenCounter', 'count')),
  summarizer: optional(injected('a Summarizer', 'summarize')),
  systemPrompt: optional(
    v.custom<unknown>(
      (x) => x === false || typeof x === 'string' || typeof x === 'function',
      'a text, a function (environment) => text, or false',
    ),
  ),
  codingAgent: optional(
    v.custom<unknown>(
      (x) => x === false || typeof (x as { name?: unknown } | null)?.name === 'string',
      'an object with the name of the agent, or false',
    ),
  ),
  security: optional(either('a SecurityModule or its options', (x) => x instanceof SecurityModule, securitySchema)),
  serena: optional(
    v.union(
      [v.literal(false), injected('a SerenaClient', 'callTool', 'listTools')],
      'a SerenaClient (an object with callTool(), listTools()), or false',
    ),
  ),
  serenaOptions: optional(
    v.strictObject({
      when: optional(oneOf('always', 'auto')),
      timeoutMs: optional(milliseconds()),
      tokenBudget: optional(whole(0, 1_000_000, 'tokens')),
    }),
  ),
  transports: optional(
    listOf(
      v.custom<Transport>(
        (x) =>
          typeof (x as Partial<Transport> | null)?.name === 'string' &&
          (x as Transport).specificationVersion === 1 &&
          typeof (x as Transport).chat === 'function',
        'transports with name, specificationVersion 1 and chat()',
      ),
      'transports',
    ),
  ),
  fetch: optional(fetchPart()),
  hooks: optional(
    v.strictObject({
      beforeRoute: optional(fn('(request, { signal }) => request')),
      beforeRequest: optional(fn('(request, { signal }) => request')),
      afterResponse: optional(fn('(result, { signal }) => result')),
    }),
  ),
  retry: optional(retrySchema),
  timeouts: optional(timeoutsSchema),
  clock: optional(clockPart()),
  logger: optional(loggerPart()),
});

/**
 * Checks the options and fills every default; the only place that does.
 * Throws `ERR_INVALID_OPTION` naming the option, the value and the fix.
 */
export function makeParts(options: RouterOptions = {}): RouterParts {
  checkOptions(routerSchema, options, 'LocalLLMRouter');
  checkShortForms(options);
  const clock = options.clock ?? systemClock;
  const logger = safeLogger(options.logger);
  const security = makeSecurity(options);
  const discovery = makeDiscovery(options, security, clock, logger);
  return {
    workspace: options.workspace,
    discovery,
    selector: makeSelector(options),
    classifier: options.classifier ?? null,
    judge: options.judge ?? null,
    pinnedModels: options.pinnedModels ?? [],
    context: makeContext(options),
    security,
    owned: {
      discovery: !(options.discovery instanceof ServiceDiscovery),
      security: security !== options.security,
    },
    transports: withBuiltIn(options.transports ?? []),
    systemPrompt: options.systemPrompt ?? defaultSystemPrompt,
    codingAgent: options.codingAgent || null,
    serena: options.serena || null,
    serenaOptions: {
      when: options.serenaOptions?.when ?? 'auto',
      timeoutMs: options.serenaOptions?.timeoutMs ?? 3_000,
      tokenBudget: options.serenaOptions?.tokenBudget ?? 2_000,
    },
    hooks: options.hooks ?? {},
    retry: { maxRetries: options.retry?.maxRetries ?? 1, minDelayMs: options.retry?.minDelayMs ?? 200 },
    timeouts: options.timeouts ?? {},
    clock,
    logger,
  };
}

/** Options that are short for one of a part. */
const SHORT_FORMS = [
  ['taskRouting', 'selector'],
  ['rules', 'selector'],
  ['store', 'context'],
  ['tokenCounter', 'context'],
  ['summarizer', 'context'],
  ['services', 'discovery'],
  ['fetch', 'security'],
] as const;

/** What is given in two places would hold in one of them only, and nobody would be told. */
function checkShortForms(options: RouterOptions): void {
  for (const [name, owner] of SHORT_FORMS) {
    const part = options[owner];
    if (options[name] === undefined || part === undefined || part === false) continue;
    const isMade = [ModelSelector, ContextManager, ServiceDiscovery].some((made) => part instanceof made);
    const isTwice = name !== 'services' && (part as Record<string, unknown>)[name] !== undefined;
    // A ready-made SecurityModule can still be narrowed to another network.
    if (!isMade && (!isTwice || part instanceof SecurityModule)) continue;
    throw new RouterError(
      'ERR_INVALID_OPTION',
      isMade
        ? `LocalLLMRouter: ${name}: got it beside a ready-made \`${owner}\`; give it to that ${part.constructor.name} instead.`
        : `LocalLLMRouter: ${name}: got it here and in \`${owner}\`; use one of them.`,
    );
  }
}

function makeSecurity({ security, fetch, timeouts }: RouterOptions): SecurityModule {
  const { connectMs } = timeouts ?? {};
  if (!(security instanceof SecurityModule)) {
    return new SecurityModule({
      ...security,
      fetch: fetch ?? security?.fetch,
      connectTimeoutMs: security?.connectTimeoutMs ?? connectMs,
    });
  }
  return fetch === undefined && connectMs === undefined
    ? security
    : security.narrow({ fetch, connectTimeoutMs: connectMs });
}

function makeDiscovery(o: RouterOptions, security: SecurityModule, clock: Clock, logger: Logger): ServiceDiscovery {
  if (o.discovery instanceof ServiceDiscovery) return o.discovery;
  const own: DiscoveryOptions = o.discovery === false ? { hosts: [] } : (o.discovery ?? {});
  return new ServiceDiscovery({
    ...own,
    security: own.security ?? security,
    clock: own.clock ?? clock,
    logger: own.logger ?? logger,
    services: [...(o.services ?? []), ...(own.services ?? [])],
  });
}

function makeSelector({ selector, taskRouting, rules }: RouterOptions): ModelSelector {
  if (selector instanceof ModelSelector) return selector;
  return new ModelSelector({
    ...selector,
    taskRouting: taskRouting ?? selector?.taskRouting,
    rules: rules ?? selector?.rules,
  });
}

function makeContext({ context, store, tokenCounter, summarizer }: RouterOptions): ContextManager {
  if (context instanceof ContextManager) return context;
  return new ContextManager({
    ...context,
    store: store ?? context?.store,
    tokenCounter: tokenCounter ?? context?.tokenCounter,
    summarizer: summarizer ?? context?.summarizer,
  });
}

/** A host's transport takes the place of a built-in one of the same name. */
function withBuiltIn(own: readonly Transport[]): Transport[] {
  const names = new Set(own.map(({ name }) => name));
  return [...own, ...[ollamaTransport(), gpt4allTransport(), openaiTransport()].filter(({ name }) => !names.has(name))];
}
