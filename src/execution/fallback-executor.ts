import * as v from 'valibot';
import type { Message, RouteOptions, RouteRequest, RouteResult, Timeouts } from '../core/chat.js';
import { type Clock, systemClock } from '../core/clock.js';
import type { Attempt, FallbackLevel, RankedModel, RoutingDecision } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { Logger } from '../core/logger.js';
import type { ModelRef } from '../core/model.js';
import { bandOf, type TaskClassification } from '../core/task.js';
import type { ChatRequest, Transport } from '../core/transport.js';
import { withDeadline } from '../internal/deadline.js';
import { asObject, asString } from '../internal/json.js';
import { assistantMessage } from '../internal/messages.js';
import { modelError } from '../internal/model-error.js';
import { checkOptions, fetchPart, injected, listOf, optional } from '../internal/options.js';
import { shownValue } from '../internal/redact.js';
import { checkRequest } from '../internal/route-request-schema.js';
import { safeLogger } from '../internal/safe-logger.js';
import { timeoutsSchema } from '../internal/timeouts-schema.js';
import { execute } from './execute.js';
import { Health } from './health.js';
import type { Candidate, ExecutionReport, FallbackPlan } from './plan.js';
import { Queues } from './queues.js';
import { reduceMessages, roughTokens } from './reduce-messages.js';
import { type ResolvedTimeouts, resolveTimeouts, retrySchema } from './timeouts.js';

/**
 * Repetitions of a request to the same model, before its first content; never after a time-out.
 * @public
 */
export interface RetryOptions {
  /** Repetitions after a transient error, 0 to 10; a server that asks for more than 2 s is left. @defaultValue 1 */
  readonly maxRetries?: number | undefined;
  /** First pause in milliseconds; doubled each time. @defaultValue 200 */
  readonly minDelayMs?: number | undefined;
}

/**
 * Options of {@link FallbackExecutor}.
 * @public
 */
export interface FallbackExecutorOptions {
  /** How to talk: for each model the one named like its service's type, else the one named `openai`. */
  readonly transports: readonly Transport[];
  /**
   * What sends; `SecurityModule.fetch` keeps everything in the allowed network. Keys and further headers are its matter
   * (wrap it and add them by address), and so is the time for connecting: `timeouts.connectMs` has no effect here.
   */
  readonly fetch: FetchLike;
  /** Time limits; those of a call come first. */
  readonly timeouts?: Timeouts | undefined;
  /** Repetitions of a request. */
  readonly retry?: RetryOptions | undefined;
  /** Time source. @defaultValue the system's */
  readonly clock?: Clock | undefined;
  /** Where diagnostics go. @defaultValue nowhere */
  readonly logger?: Logger | undefined;
}

/** Schema of {@link FallbackExecutorOptions}. */
export const fallbackExecutorSchema = v.strictObject({
  transports: listOf(injected('a transport', 'chat'), 'transports'),
  fetch: fetchPart(),
  timeouts: optional(timeoutsSchema),
  retry: optional(retrySchema),
  clock: optional(injected('a clock', 'now', 'setTimeout', 'clearTimeout')),
  logger: optional(injected('a logger', 'debug', 'info', 'warn', 'error')),
});

/**
 * What came of trying the models of a list.
 * @public
 */
export interface ExecutionOutcome {
  /** The answer; `null` if no model gave a whole one. */
  readonly result: RouteResult | null;
  /** What was tried, in order. */
  readonly attempts: readonly Attempt[];
  /** How far down the list the answer came from; `failed` without one. */
  readonly fallbackLevel: FallbackLevel;
  /** Why there is no answer. */
  readonly error?: RouterError | undefined;
}

/**
 * Tries ranked models in order until one gives a whole answer: on its own, without discovery or sessions.
 *
 * @example
 * ```ts
 * const executor = new FallbackExecutor({ transports: [ollamaTransport(), openaiTransport()], fetch: security.fetch });
 * const outcome = await executor.executeWithFallback({ prompt: 'Name three sorting algorithms' }, decision.ranked);
 * console.log(outcome.result?.text ?? outcome.error?.message);
 * ```
 * @public
 */
export class FallbackExecutor {
  readonly #o: ReturnType<typeof normalise>;
  readonly #health: Health;
  readonly #queues: Queues;

  /** Opens nothing; throws `ERR_INVALID_OPTION`. */
  constructor(options: FallbackExecutorOptions) {
    checkOptions(fallbackExecutorSchema, options ?? {}, 'FallbackExecutor');
    this.#o = normalise(options);
    this.#health = new Health(this.#o.clock);
    this.#queues = new Queues(this.#o.clock);
  }

  /**
   * Sends the request to each model in turn. Failed attempts are data of the outcome; it rejects with
   * `ERR_INVALID_REQUEST` for a request or a ranking that is none, `ERR_INVALID_OPTION` for wrong options, and
   * `ERR_ABORTED` when the signal ends the call. `edits` of the result is empty: `parseCodeEdits` finds those of its text.
   */
  async executeWithFallback(
    request: RouteRequest,
    ranked: readonly RankedModel[],
    o: RouteOptions = {},
  ): Promise<ExecutionOutcome> {
    const asked = checkRequest(request, o);
    checkRanked(ranked);
    const messages = messagesOf(asked);
    const { clock, logger, retry } = this.#o;
    const startedMs = clock.now();
    const timeouts = resolveTimeouts(o.timeouts, undefined, this.#o.timeouts, false);
    const plan: FallbackPlan = {
      ranked: ranked.map(({ model }) => model),
      prepare: async (model, level, contextLimit) =>
        this.#prepare(asked, reduced(messages, model, level, contextLimit), model, timeouts),
    };
    try {
      const report = await withDeadline(
        { clock, ms: timeouts.totalMs, signal: o.signal, what: 'The call' },
        async (signal) => {
          const events = execute(plan, {
            signal,
            clock,
            logger,
            retry,
            health: this.#health,
            queues: this.#queues,
            quiet: true,
          });
          for (;;) {
            const { done, value } = await events.next();
            if (done) return value;
          }
        },
      );
      const result = resultOf(report, asked, messages, ranked, startedMs, clock.now());
      return { result, attempts: report.attempts, fallbackLevel: report.level };
    } catch (error) {
      if (!RouterError.is(error) || error.code === 'ERR_ABORTED') throw error;
      return { result: null, attempts: error.attempts ?? [], fallbackLevel: 'failed', error };
    }
  }

  #prepare(request: RouteRequest, messages: Message[], model: ModelRef, timeouts: ResolvedTimeouts): Candidate {
    const { transports, fetch, retry } = this.#o;
    const transport = transports.get(model.type) ?? transports.get('openai');
    if (transport === undefined) {
      const what = `no transport named "${model.type}" or "openai". Add one to \`transports\`.`;
      throw modelError('ERR_UNSUPPORTED', model, what);
    }
    const { numCtx, ...rest } = request;
    const shaped: ChatRequest = {
      ...rest,
      model,
      messages,
      headers: {},
      numCtx: typeof numCtx === 'number' ? numCtx : undefined,
    };
    return {
      model,
      transport,
      request: shaped,
      fetch,
      timeouts,
      maxRetries: retry.maxRetries,
      slots: null,
      priority: request.priority ?? 'interactive',
    };
  }
}

function normalise(options: FallbackExecutorOptions) {
  return {
    // The first of a name counts, so that a host puts its own before the built-in ones.
    transports: new Map([...options.transports].reverse().map((transport) => [transport.name, transport])),
    fetch: options.fetch,
    timeouts: options.timeouts,
    retry: { maxRetries: options.retry?.maxRetries ?? 1, minDelayMs: options.retry?.minDelayMs ?? 200 },
    clock: options.clock ?? systemClock,
    logger: safeLogger(options.logger),
  };
}

/** A request with what it says as messages. */
function messagesOf({ messages, prompt }: RouteRequest): Message[] {
  return messages === undefined ? [{ role: 'user', content: prompt as string }] : [...messages];
}

function checkRanked(ranked: unknown): void {
  const at = Array.isArray(ranked) ? ranked.findIndex((item) => !isRanked(item)) : undefined;
  if (at === -1) return;
  const [name, value] = at === undefined ? ['ranked', ranked] : [`ranked.${at}`, (ranked as unknown[])[at]];
  throw new RouterError(
    'ERR_INVALID_REQUEST',
    `${name}: got ${shownValue('', value)}; use ${at === undefined ? 'a list of ranked models' : 'a ranked model'}, as in \`decision.ranked\`.`,
  );
}

function isRanked(value: unknown): boolean {
  const model = asObject(asObject(value)?.['model']);
  const baseURL = model?.['baseURL'];
  return (
    ['id', 'service', 'type'].every((name) => asString(model?.[name]) !== undefined) &&
    (baseURL === null || typeof baseURL === 'string')
  );
}

/** Without a context manager, reducing means leaving out the oldest of the conversation. */
function reduced(messages: Message[], model: ModelRef, level: FallbackLevel, limit: number | undefined): Message[] {
  if (level !== 'reduced-context') return messages;
  // Half of the window for the prompt, as the context manager aims at; without a known window, half of the prompt.
  const kept = reduceMessages(messages, (limit ?? roughTokens(messages)) / 2);
  if (kept !== null) return kept;
  throw modelError(
    'ERR_CONTEXT_OVERFLOW',
    model,
    'the last message alone does not fit its context window. Shorten it, or load the model with a larger window.',
    { contextLimit: limit },
  );
}

function resultOf(
  report: ExecutionReport,
  request: RouteRequest,
  messages: Message[],
  ranked: readonly RankedModel[],
  startedMs: number,
  endedMs: number,
): RouteResult {
  const decision = decisionOf(request, messages, ranked);
  const { text, toolCalls, reasoning } = report;
  return {
    id: decision.id,
    text,
    message: assistantMessage(text, toolCalls),
    reasoning,
    toolCalls,
    finishReason: report.finishReason,
    usage: report.usage ?? {
      inputTokens: decision.context.inputTokens,
      outputTokens: roughTokens([{ role: 'assistant', content: text + (reasoning ?? ''), tool_calls: toolCalls }]),
      source: 'estimated',
    },
    model: report.model,
    decision,
    attempts: report.attempts,
    fallbackLevel: report.level,
    timings: {
      decisionMs: 0,
      queueMs: report.queueMs,
      firstContentMs: report.firstContentAtMs - startedMs,
      totalMs: endedMs - startedMs,
    },
    edits: [],
  };
}

/** The caller decided; what a router would have found out is left neutral. */
function decisionOf(request: RouteRequest, messages: Message[], ranked: readonly RankedModel[]): RoutingDecision {
  const score = request.complexity ?? 5;
  const task: TaskClassification = {
    category: request.task ?? 'coding',
    confidence: 0,
    alternatives: [],
    requiresSerena: false,
    keywordsMatched: [],
    taskType: 'code_generation',
    complexity: {
      score,
      band: bandOf(score),
      reasons: ['not classified: the caller ranked the models'],
    },
  };
  return {
    id: crypto.randomUUID(),
    task,
    requirements: {},
    selected: ranked[0] ?? null,
    ranked,
    rejected: [],
    serena: { state: 'off', calls: [], tokens: 0, elapsedMs: 0 },
    context: {
      inputTokens: roughTokens(messages),
      limit: { value: 0, source: 'assumed' },
      reservedOutput: request.maxTokens ?? 0,
      compaction: null,
    },
    notes: ['Ranked by the caller.'],
  };
}
