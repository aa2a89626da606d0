import type { Attempt } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import type { ChatRequest, Transport } from '../core/transport.js';
import type { Candidate, FallbackPlan } from '../execution/plan.js';
import { resolveTimeouts } from '../execution/timeouts.js';
import type { Plan } from './decide.js';
import { type FittedPrompt, fitPrompt } from './fit-prompt.js';
import { type Call, callHook } from './hooks.js';
import type { Question } from './question.js';
import { type RouterState, refKey, servedModel } from './router-state.js';

/** What the engine needs to try the models in order, with the prompt fitted to each; `prompts` gathers what was sent. */
export function attemptPlan(
  state: RouterState,
  question: Question,
  plan: Plan,
  o: {
    readonly prompts: Map<string, FittedPrompt>;
    readonly call: Call;
    readonly attempted: (attempt: Attempt) => void;
  },
): FallbackPlan {
  const { security } = state.parts;
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
      return candidateFor(state, question, fitted, o.call, signal);
    },
    onAttemptStart: (model, level) =>
      security.recordAttemptStart({
        call: question.id,
        model,
        level,
        external: leavesNetwork(state, model) || undefined,
      }),
    onAttempt: o.attempted,
  };
}

/** Where a server refuses a prompt as too long without naming its window: half of what was sent. */
function smallerThan(sent: FittedPrompt | undefined): number | undefined {
  return sent === undefined ? undefined : Math.ceil(sent.prompt.tokens / 2 + sent.report.reservedOutput);
}

/** Whether the model is outside of the allowed network, so that only the grant of this call lets it be used. */
function leavesNetwork(state: RouterState, model: ModelRef): boolean {
  const served = servedModel(state, model);
  return served?.locality === 'external' || served?.remote === 'yes';
}

/** States in which a request makes the server load the model first. */
const LOADS: ReadonlySet<string> = new Set(['unloaded', 'loading', 'sleeping']);

async function candidateFor(
  state: RouterState,
  { request, allowExternal }: Question,
  { model, served, prompt, numCtx }: FittedPrompt,
  { options, link }: Call,
  signal: AbortSignal,
): Promise<Candidate> {
  const { parts } = state;
  const connection = parts.discovery.connection(model.service);
  if (connection === undefined) throw new RouterError('ERR_NO_MODEL', `${model.service} is gone.`, { model: model.id });
  const { endpoint, apiPath, answersWhole } = connection;
  // The host's own kind of server speaks the common dialect unless it brings a transport.
  const named = (name: string) => parts.transports.find((transport) => transport.name === name);
  // A transport of the host may be for one type of server; `apiStyle` names the wire itself.
  const own = endpoint?.apiStyle === 'openai' ? undefined : named(model.type);
  const transport = (own ?? named(connection.transport) ?? named('openai')) as Transport;
  const { numCtx: _asked, task: _task, complexity: _complexity, strategy: _strategy, ...wire } = request.wire;
  let chat: ChatRequest = {
    ...wire,
    model,
    messages: prompt.messages,
    headers: await connection.headers(),
    ...(request.prefix === undefined ? {} : { prompt: request.prefix }),
    ...(numCtx === undefined ? {} : { numCtx }),
  };
  const { beforeRequest } = parts.hooks;
  if (beforeRequest !== undefined) {
    try {
      chat = await callHook('beforeRequest', signal, () => beforeRequest(chat, { signal }));
    } catch (error) {
      // The host's own error ends the call; another model would not do better.
      link.abort(error);
      throw error;
    }
  }
  const loading = LOADS.has(served.state.value);
  const { connectMs, ...timeouts } = resolveTimeouts(
    options?.timeouts,
    endpoint?.timeouts,
    parts.timeouts,
    loading || answersWhole,
  );
  return {
    model,
    transport,
    request: chat,
    fetch: state.network.fetchFor({ external: allowExternal, connectMs, chatPath: endpoint?.paths?.chat, apiPath }),
    timeouts,
    maxRetries: endpoint?.maxRetries ?? parts.retry.maxRetries,
    slots: connection.maxConcurrent,
    priority: request.wire.priority ?? 'interactive',
    loading,
  };
}
