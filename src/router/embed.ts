import * as v from 'valibot';
import type { RouteOptions, Usage } from '../core/chat.js';
import type { Attempt, RoutingDecision } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import type { Transport } from '../core/transport.js';
import { execute } from '../execution/execute.js';
import type { ExecutionReport, FallbackPlan } from '../execution/plan.js';
import { abortError, type LinkedSignal, withDeadline } from '../internal/deadline.js';
import { modelError } from '../internal/model-error.js';
import { refKey } from '../internal/model-name.js';
import { checkOptions, optional, text } from '../internal/options.js';
import { shownValue } from '../internal/redact.js';
import { routeOptionsSchema } from '../internal/route-request-schema.js';
import { classifyTask } from '../tasks/classify-task.js';
import { attemptMoments } from './attempt-moments.js';
import { reach } from './attempt-plan.js';
import { externalUse, recordExternalUse } from './external-use.js';
import { lookAfterLoad, modelsLoaded } from './loading.js';
import { noModel, recordFailure, type Watchers, withNotes } from './pipeline.js';
import { type RouterState, servedModel } from './router-state.js';

/**
 * Options of one embedding call.
 * @public
 */
export interface EmbedOptions extends RouteOptions {
  /** The model: served id, catalogue key or `service/model`. @defaultValue the best embedding model, then always the same */
  readonly model?: string | undefined;
}

/**
 * Vectors, and how they came about.
 * @public
 */
export interface EmbedResult {
  /** One vector per text, in the order of the texts, all of one length. */
  readonly embeddings: number[][];
  /** The model that made them; vectors of different models do not compare. */
  readonly model: ModelRef;
  /** Tokens used. */
  readonly usage: Usage;
  /** What was decided, and why. */
  readonly decision: RoutingDecision;
  /** What was tried, in order. */
  readonly attempts: readonly Attempt[];
}

const embedOptionsSchema = v.strictObject({ ...routeOptionsSchema.entries, model: optional(text()) });

/** The texts to embed. Throws `ERR_INVALID_REQUEST` for wrong data and `ERR_INVALID_OPTION` for wrong options. */
export function checkEmbedding(input: string | readonly string[], options: EmbedOptions | undefined): string[] {
  checkOptions(embedOptionsSchema, options, 'options of the call');
  const texts: readonly unknown[] = Array.isArray(input) ? [...input] : [input];
  const wrong = texts.findIndex((item) => typeof item !== 'string' || item === '');
  if (texts.length > 0 && wrong === -1) return texts as string[];
  const where = Array.isArray(input) ? `input[${wrong}]` : 'input';
  throw new RouterError(
    'ERR_INVALID_REQUEST',
    texts.length === 0
      ? 'embed: input: got an empty list; use at least one text.'
      : `embed: ${where}: got ${shownValue('', texts[wrong])}; use a text that is not empty.`,
  );
}

/** Embeds the texts with the first model that can, under the same guards, limits and records as an answer. */
export async function embed(
  state: RouterState,
  call: { readonly texts: readonly string[]; readonly options: EmbedOptions | undefined; readonly link: LinkedSignal },
  watchers: Watchers,
): Promise<EmbedResult> {
  const { clock, timeouts } = state.parts;
  const { texts, options, link } = call;
  const ms = options?.timeouts?.totalMs ?? timeouts.totalMs;
  return state.running.during(link, (signal) =>
    withDeadline({ clock, ms, signal, what: 'The call' }, (deadline) =>
      embedWithin(state, texts, options, deadline, watchers),
    ),
  );
}

async function embedWithin(
  state: RouterState,
  texts: readonly string[],
  options: EmbedOptions | undefined,
  signal: AbortSignal,
  watchers: Watchers,
): Promise<EmbedResult> {
  const { clock, logger, retry, security } = state.parts;
  if ((await state.ready(signal)) === 'loading') await modelsLoaded(state, options?.timeouts, signal);
  const decision = decide(state, texts, options);
  watchers.decided(decision);
  recordExternalUse(security, decision, options);
  if (decision.selected === null) {
    const short = decision.rejected.find(({ rule }) => rule === 'context');
    throw short === undefined ? noModel(state, decision) : tooLong(short.model, undefined);
  }
  const query = texts.join('\n');
  const granted = decision.requirements.allowExternal === true;
  const pins = state.pins.watch(decision.id, signal);
  let embeddings: number[][] = [];
  const plan: FallbackPlan = {
    ranked: decision.ranked.map(({ model }) => model),
    prepare: async (model, level, contextLimit, signal) => {
      if (level === 'reduced-context') throw tooLong(model, contextLimit);
      const served = servedModel(state, model);
      if (served === undefined) throw modelError('ERR_NO_MODEL', model, 'it is gone.');
      const o = { timeouts: options?.timeouts, granted, needed: [], signal };
      const { headers, transport, ...way } = await reach(state, model, served, o);
      const keep = (vectors: number[][]): void => {
        embeddings = vectors;
      };
      return {
        ...way,
        transport: embedder(transport, texts, keep),
        request: { model, messages: [], headers, ...state.kept.keepAlive(model, transport) },
        priority: 'interactive',
      };
    },
    ...attemptMoments(state, decision.id, pins),
    onLoaded: (model) => lookAfterLoad(state, model),
    onAttempt: (attempt) => {
      security.recordAttemptEnd({ call: decision.id, attempt });
      watchers.attempted(attempt, decision.id);
    },
  };
  try {
    const { health, queues } = state;
    const report = await drain(execute(plan, { signal, clock, health, queues, retry, logger, quiet: true }));
    const { model, attempts } = report;
    await security.logQuery({ query, decision, outcome: 'ok' });
    state.lastEmbedder = model;
    state.answered.set(refKey(model), { numCtx: undefined, atMs: clock.now() });
    const inputTokens = decision.context.inputTokens;
    const usage = report.usage ?? { inputTokens, outputTokens: 0, source: 'estimated' };
    return { embeddings, model, usage, decision: withNotes(decision, pins?.notes ?? []), attempts };
  } catch (error) {
    const failure = RouterError.is(error) || !signal.aborted ? error : abortError(signal);
    await recordFailure(state, query, decision, failure);
    throw failure;
  }
}

/** Ranks the embedding models; the one that embedded last stays first. */
function decide(state: RouterState, texts: readonly string[], options: EmbedOptions | undefined): RoutingDecision {
  const { context, discovery, security, selector, serena } = state.parts;
  let inputTokens = 0;
  let longest = 0;
  for (const item of texts) {
    const tokens = context.countText(item, null);
    inputTokens += tokens;
    longest = Math.max(longest, tokens);
  }
  // What the texts are about does not matter to a model that only embeds.
  const task = classifyTask('');
  const external = externalUse(security, options);
  const requirements = {
    // The counts are estimates: what may just fit is left to the server's judgement.
    contextTokens: Math.floor(longest * 0.8),
    capabilities: ['embedding' as const],
    allowExternal: external.isAllowed,
    ...(options?.model === undefined ? {} : { model: options.model }),
  };
  const { ranked: all, rejected } = state.pins.admit(selector.rank(task, discovery.models(), requirements));
  const { ranked, notes: kept } = state.kept.arrange(all);
  const { lastEmbedder } = state;
  const notes: string[] = [...external.notes, ...kept];
  if (lastEmbedder !== undefined && options?.model === undefined && ranked.length > 0) {
    const at = ranked.findIndex(({ model }) => refKey(model) === refKey(lastEmbedder));
    if (at > 0) ranked.unshift(...ranked.splice(at, 1));
    if (at === -1)
      notes.push(`${lastEmbedder.id} embedded before: its vectors do not compare with those of this call.`);
  }
  notes.push(...state.pins.notes(ranked));
  const [selected = null] = ranked;
  const limit = selected === null ? undefined : servedModel(state, selected.model)?.contextLength;
  return {
    id: crypto.randomUUID(),
    task,
    requirements,
    selected,
    ranked,
    rejected,
    serena: { state: serena === null ? 'off' : 'not-needed', calls: [], tokens: 0, elapsedMs: 0 },
    context: {
      inputTokens,
      limit: limit ?? { value: 0, source: 'assumed' },
      reservedOutput: 0,
      compaction: null,
    },
    estimatedCost: 0,
    notes,
  };
}

/** Lets the engine of answers run an embedding request: the vectors are kept aside, and their coming counts as content. */
function embedder(transport: Transport, texts: readonly string[], keep: (vectors: number[][]) => void): Transport {
  return {
    name: transport.name,
    specificationVersion: 1,
    capabilities: {},
    async *chat({ model, headers, keepAlive }, o) {
      if (transport.embed === undefined) {
        const what = `the transport "${transport.name}" makes no embeddings; use another model.`;
        throw modelError('ERR_UNSUPPORTED', model, what);
      }
      const { embeddings, usage } = await transport.embed({ model, input: [...texts], headers, keepAlive }, o);
      checkVectors(embeddings, texts.length, model);
      keep(embeddings);
      yield { type: 'reasoning', text: 'vectors' };
      yield { type: 'finish', finishReason: 'stop', usage };
    },
  };
}

/** A list that is short or uneven would put the vectors of one text to another. */
function checkVectors(vectors: readonly unknown[], count: number, model: ModelRef): void {
  const width = (vectors[0] as number[] | undefined)?.length ?? 0;
  const isEven = vectors.every((vector) => Array.isArray(vector) && vector.length === width && width > 0);
  if (vectors.length === count && isEven) return;
  const what = `it gave ${vectors.length} vectors for ${count} texts, or vectors of different lengths.`;
  throw modelError('ERR_BAD_RESPONSE', model, what);
}

function tooLong(model: ModelRef, contextLimit: number | undefined): RouterError {
  const window = contextLimit === undefined ? '' : ` of ${contextLimit} tokens`;
  const what = `a text does not fit its context window${window}. Split it into shorter ones, or name another \`model\`.`;
  return modelError('ERR_CONTEXT_OVERFLOW', model, what, { contextLimit });
}

async function drain(events: AsyncGenerator<unknown, ExecutionReport, void>): Promise<ExecutionReport> {
  for (;;) {
    const { done, value } = await events.next();
    if (done) return value;
  }
}
