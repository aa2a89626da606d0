import type { Timeouts } from '../core/chat.js';
import type { Clock } from '../core/clock.js';
import type { Attempt } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import type { Capability, ModelRef, ServedModel } from '../core/model.js';
import type { ChatRequest, Transport } from '../core/transport.js';
import type { ServiceConnection } from '../discovery/service-discovery.js';
import type { Candidate, FallbackPlan } from '../execution/plan.js';
import { resolveTimeouts } from '../execution/timeouts.js';
import { raceAbort, withDeadline } from '../internal/deadline.js';
import { modelError } from '../internal/model-error.js';
import { refKey } from '../internal/model-name.js';
import { attemptMoments } from './attempt-moments.js';
import type { Plan } from './decide.js';
import { type FittedPrompt, fitPrompt } from './fit-prompt.js';
import { type Call, callHook } from './hooks.js';
import { loadsSince, lookAfterLoad } from './loading.js';
import type { PinWatch } from './pin-guard.js';
import type { Question } from './question.js';
import type { RouterState } from './router-state.js';

/** What the engine needs to try the models in order, with the prompt fitted to each; `prompts` gathers what was sent. */
export function attemptPlan(
  state: RouterState,
  question: Question,
  plan: Plan,
  o: {
    readonly prompts: Map<string, FittedPrompt>;
    readonly call: Call;
    readonly pins: PinWatch | undefined;
    readonly attempted: (attempt: Attempt) => void;
  },
): FallbackPlan {
  return {
    ranked: plan.ranked,
    smallest: plan.smallest,
    prepare: async (model, level, contextLimit, signal) => {
      const sent = o.prompts.get(refKey(model));
      const isReduced = level === 'reduced-context' || level === 'smallest';
      const reduceTo = isReduced ? (contextLimit ?? smallerThan(sent)) : undefined;
      const fitted =
        plan.first?.model === model && !isReduced
          ? plan.first
          : await fitPrompt(state, question, model, reduceTo, signal);
      o.prompts.set(refKey(model), fitted);
      return candidateFor(
        state,
        question,
        fitted,
        { ...o.call, needed: plan.decision.requirements.capabilities ?? [] },
        signal,
      );
    },
    ...attemptMoments(state, question.id, o.pins),
    onLoaded: (model) => lookAfterLoad(state, model),
    onAttempt: o.attempted,
  };
}

/** Where a server refuses a prompt as too long without naming its window: half of what was sent. */
function smallerThan(sent: FittedPrompt | undefined): number | undefined {
  return sent === undefined ? undefined : Math.ceil(sent.prompt.tokens / 2 + sent.report.reservedOutput);
}

/** A key may come from a vault, and must not hold the call for ever. */
const KEY_TIMEOUT_MS = 10_000;

/** The headers of a service, with a fresh key. */
export async function headersOf(
  connection: ServiceConnection,
  clock: Clock,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const headers = connection.headers();
  if (!(headers instanceof Promise)) return headers;
  const what = `The apiKey function of ${connection.service.id}`;
  return withDeadline({ clock, ms: KEY_TIMEOUT_MS, signal, what }, (deadline) => raceAbort(deadline, headers));
}

/** Ollama refuses the wish to think of a model that cannot; where nobody knows, the server decides. */
function canReason({ capabilities }: ServedModel): boolean {
  return capabilities.source === 'assumed' || capabilities.value.includes('reasoning');
}

/** What a transport may declare that its wire cannot carry. */
const CARRIED = { tools: 'tools', vision: 'vision', 'json-schema': 'jsonSchema', 'fill-in-the-middle': 'fim' } as const;

function refuseUnsupported({ name, capabilities }: Transport, needed: readonly Capability[], model: ModelRef): void {
  for (const capability of needed) {
    if (!Object.hasOwn(CARRIED, capability) || capabilities[CARRIED[capability as keyof typeof CARRIED]] !== false)
      continue;
    throw modelError('ERR_UNSUPPORTED', model, `the transport "${name}" carries no ${capability}; use another model.`);
  }
}

/** States in which a request makes the server load the model first. */
const LOADS: ReadonlySet<string> = new Set(['unloaded', 'loading', 'sleeping']);

interface Reached {
  readonly headers: Record<string, string>;
  /** Whether the stream of an overlong prompt ends without a byte. */
  readonly endsOverlong: boolean;
}

/** How a model is talked to: everything of an attempt but what is said. */
export async function reach(
  state: RouterState,
  model: ModelRef,
  served: ServedModel,
  o: {
    readonly timeouts: Timeouts | undefined;
    /** The call was granted models outside the allowed network. */
    readonly granted: boolean;
    readonly needed: readonly Capability[];
    readonly signal: AbortSignal;
  },
): Promise<Omit<Candidate, 'request' | 'priority'> & Reached> {
  const { parts } = state;
  const connection = parts.discovery.connection(model.service);
  if (connection === undefined) throw modelError('ERR_NO_MODEL', model, 'its server is gone.');
  const { endpoint, apiPath, answersWhole } = connection;
  // The host's own kind of server speaks the common dialect unless it brings a transport.
  const named = (name: string) => parts.transports.find((transport) => transport.name === name);
  // A transport of the host may be for one type of server; `apiStyle` names the wire itself.
  const own = endpoint?.apiStyle === 'openai' ? undefined : named(model.type);
  const transport = (own ?? named(connection.transport) ?? named('openai')) as Transport;
  refuseUnsupported(transport, o.needed, model);
  const headers = await headersOf(connection, parts.clock, o.signal);
  const answeredMs = state.answered.get(refKey(model))?.atMs ?? Number.NEGATIVE_INFINITY;
  const loading = LOADS.has(served.state.value) && answeredMs < connection.service.lastSeenMs;
  const { connectMs, ...timeouts } = resolveTimeouts(
    o.timeouts,
    endpoint?.timeouts,
    parts.timeouts,
    loading || answersWhole,
  );
  return {
    model,
    transport,
    headers,
    // The grant is for models outside: a name that was inside when it was found must not lead out later.
    fetch: state.network.fetchFor({
      external: o.granted && served.locality === 'external',
      connectMs,
      chatPath: endpoint?.paths?.chat,
      apiPath,
    }),
    timeouts,
    maxRetries: endpoint?.maxRetries ?? parts.retry.maxRetries,
    slots: connection.maxConcurrent,
    loading,
    loads: loadsSince(state, model),
    endsOverlong: connection.endsOverlong,
  };
}

async function candidateFor(
  state: RouterState,
  { request, external }: Question,
  { model, served, prompt, numCtx, maxTokens, report }: FittedPrompt,
  { options, link, needed }: Call & { readonly needed: readonly Capability[] },
  signal: AbortSignal,
): Promise<Candidate> {
  const { parts } = state;
  const { headers, endsOverlong, ...way } = await reach(state, model, served, {
    timeouts: options?.timeouts,
    granted: external.isAllowed,
    needed,
    signal,
  });
  const { numCtx: _asked, task: _task, complexity: _complexity, strategy: _strategy, ...wire } = request.wire;
  let chat: ChatRequest = {
    ...wire,
    ...(canReason(served) ? {} : { reasoningEffort: undefined }),
    model,
    messages: prompt.messages,
    headers,
    ...(request.prefix === undefined ? {} : { prompt: request.prefix }),
    ...(numCtx === undefined ? {} : { numCtx }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(request.wire.keepAlive === undefined ? state.kept.keepAlive(model, way.transport) : {}),
  };
  const { beforeRequest } = parts.hooks;
  if (beforeRequest !== undefined) {
    try {
      chat = checkedRequest(await callHook('beforeRequest', signal, () => beforeRequest(chat, { signal })));
    } catch (error) {
      // The host's own error ends the call; another model would not do better.
      link.abort(error);
      throw error;
    }
  }
  const { value: limit } = report.limit;
  return {
    ...way,
    request: chat,
    priority: request.wire.priority ?? 'interactive',
    // Counts are estimates: what nearly fills the window may not have fitted.
    ...(endsOverlong && prompt.tokens > 0.75 * limit ? { silentLimit: limit } : {}),
  };
}

function checkedRequest(chat: ChatRequest): ChatRequest {
  const { model, messages, headers } = chat as Partial<ChatRequest>;
  if (typeof model?.id === 'string' && Array.isArray(messages) && typeof headers === 'object') return chat;
  throw new RouterError(
    'ERR_INVALID_OPTION',
    "The host's hook beforeRequest gave no ChatRequest; return what it was given, with `model`, `messages` and `headers`.",
  );
}
