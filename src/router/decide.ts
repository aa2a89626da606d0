import type { Message, RouteOptions } from '../core/chat.js';
import type { Rejection, Requirements, RoutingDecision, SerenaReport } from '../core/decision.js';
import type { Environment } from '../core/environment.js';
import { RouterError } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import type { TaskClassification } from '../core/task.js';
import { gatherCodeContext } from '../serena/gather.js';
import { classifyTask } from '../tasks/classify-task.js';
import { type FittedPrompt, fitPrompt } from './fit-prompt.js';
import { hostError } from './hooks.js';
import { hasImages, lastUserText, requirementsOf, withCodeContext } from './requirements.js';
import type { NormalRequest } from './route-request.js';
import type { RouterParts } from './router-options.js';
import { type RouterState, refKey, servedModel } from './router-state.js';

/** What is known about a request before a model is chosen. */
export interface Question {
  readonly id: string;
  readonly request: NormalRequest;
  readonly task: TaskClassification;
  readonly serena: SerenaReport;
  /** The new messages, with code context. */
  readonly messages: readonly Message[];
  /** System prompt of ours, for conversations that bring none. */
  readonly system: string | undefined;
  readonly allowExternal: boolean;
}

/** A decision, and what it takes to carry it out. */
export interface Plan {
  readonly decision: RoutingDecision;
  /** Models in the order to try them. */
  readonly ranked: readonly ModelRef[];
  /** Last resort: takes a compacted prompt where no ranked model answers. */
  readonly smallest: ModelRef | undefined;
  /** The prompt as prepared for the first model. */
  readonly first: FittedPrompt | undefined;
}

/** How many earlier messages classification may look back to. */
const LOOK_BACK = 4;
const OFF: SerenaReport = { state: 'off', calls: [], tokens: 0, elapsedMs: 0 };

/** What is asked: the host's word first, then our own judgement. */
export function judgeTask(state: RouterState, request: NormalRequest): TaskClassification {
  const { wire, messages, session } = request;
  const earlier = session === undefined ? [] : (state.parts.context.session(session)?.messages ?? []);
  const task = classifyTask([...earlier.slice(-LOOK_BACK), ...messages], {
    hasTools: (wire.tools?.length ?? 0) > 0,
    hasImages: hasImages(messages),
  });
  const { complexity: score, task: category } = wire;
  return {
    ...task,
    ...(category === undefined ? {} : { category, confidence: 1, alternatives: [] }),
    ...(score === undefined ? {} : { complexity: { score, band: bandOf(score), reasons: ['given by the caller'] } }),
  };
}

function bandOf(score: number): 'low' | 'medium' | 'high' {
  if (score <= 3) return 'low';
  return score <= 6 ? 'medium' : 'high';
}

/** Whether Serena is to be asked: never in the middle of a tool loop, where the model asks for what it needs. */
export function wantsSerena({ parts }: RouterState, request: NormalRequest, task: TaskClassification): boolean {
  if (parts.serena === null || request.wire.suffix !== undefined || request.messages.at(-1)?.role !== 'user')
    return false;
  return (
    parts.serenaOptions.when === 'always' ||
    task.requiresSerena ||
    request.wire.fileContext !== undefined ||
    parts.selector.routing[task.category].requireSerena
  );
}

/** Asks Serena, time-boxed; whatever happens there, the call goes on. */
export async function askSerena(
  { parts }: RouterState,
  request: NormalRequest,
  task: TaskClassification,
  signal: AbortSignal,
): Promise<{ readonly report: SerenaReport; readonly context: string | null }> {
  const { serena, serenaOptions, clock, context } = parts;
  if (serena === null) return noSerena({ parts } as RouterState);
  return gatherCodeContext(serena, {
    text: lastUserText(request.messages),
    fileContext: request.wire.fileContext,
    task,
    timeoutMs: serenaOptions.timeoutMs,
    tokenBudget: serenaOptions.tokenBudget,
    countTokens: (text) => context.countText(text, null),
    signal,
    clock,
  });
}

/** The report where Serena is not asked. */
export function noSerena({ parts }: RouterState): { readonly report: SerenaReport; readonly context: null } {
  return { report: parts.serena === null ? OFF : { ...OFF, state: 'not-needed' }, context: null };
}

/** Puts together what is known before a model is chosen. */
export function questionOf(
  state: RouterState,
  request: NormalRequest,
  task: Question['task'],
  { report, context }: Awaited<ReturnType<typeof askSerena>>,
  options: RouteOptions | undefined,
): Question {
  const { security, systemPrompt } = state.parts;
  return {
    id: crypto.randomUUID(),
    request,
    task,
    serena: report,
    messages: withCodeContext(request.messages, context),
    // Messages without a session come from a host that has a prompt of its own, or wants none.
    system: request.session === undefined ? undefined : textOf(systemPrompt, state.environment),
    allowExternal: security.allowsExternal && options?.allowExternal === true,
  };
}

function textOf(prompt: RouterParts['systemPrompt'], environment: Environment): string | undefined {
  if (typeof prompt !== 'function') return prompt || undefined;
  let text: unknown;
  try {
    text = prompt(environment);
  } catch (error) {
    throw hostError('function systemPrompt', error);
  }
  if (typeof text === 'string') return text || undefined;
  throw new RouterError('ERR_INVALID_OPTION', "The host's function systemPrompt gave no text; return a text.");
}

/**
 * Ranks the models and fits the prompt to the first one. A conversation that is too long for every model is no reason to
 * refuse: what must stay of it decides then, and the rest is compacted.
 */
export async function decide(state: RouterState, question: Question, signal: AbortSignal): Promise<Plan> {
  const { parts } = state;
  const { request, task, messages, system } = question;
  const size = parts.context.measure({ session: request.session, system, messages, tools: request.wire.tools });
  const requirements = requirementsOf(request, messages, size.total, question.allowExternal);
  const notes: string[] = [];
  const rank = (requirements: Requirements) =>
    parts.selector.rank(task, parts.discovery.models(), requirements, {
      sticky: request.session === undefined ? undefined : state.lastModels.get(request.session),
    });

  const whole = rank(requirements);
  let { ranked } = whole;
  if (ranked.length === 0 && whole.rejected.some(({ rule }) => rule === 'context')) {
    ranked = rank({ ...requirements, contextTokens: size.least }).ranked;
    if (ranked.length > 0) notes.push('No model holds the whole conversation: older messages are compacted.');
  }
  const caller = toolCaller(state, request);
  const at = caller === undefined ? -1 : ranked.findIndex(({ model }) => refKey(model) === refKey(caller));
  if (at >= 0) {
    notes.push('The model that asked for the tool is kept.');
    ranked = [...ranked.slice(at, at + 1), ...ranked.slice(0, at), ...ranked.slice(at + 1)];
  }
  const usable = new Set(ranked.map(({ model }) => refKey(model)));
  const rejected = whole.rejected.filter(({ model }) => !usable.has(refKey(model)));
  const [selected = null] = ranked;
  const first = selected === null ? undefined : await fitPrompt(state, question, selected.model, undefined, signal);
  return {
    decision: {
      id: question.id,
      task,
      requirements,
      selected,
      ranked,
      rejected,
      serena: question.serena,
      context: first?.report ?? {
        inputTokens: size.total,
        limit: { value: 0, source: 'assumed' },
        reservedOutput: 0,
        compaction: null,
      },
      estimatedCost: 0,
      notes: [...notes, ...(first?.notes ?? [])],
    },
    ranked: ranked.map(({ model }) => model),
    smallest: smallestOf(state, rejected),
    first,
  };
}

/** The model that asked for the tool whose result comes last. */
function toolCaller(state: RouterState, { messages }: NormalRequest): ModelRef | undefined {
  const last = messages.at(-1);
  return last?.role === 'tool' && last.tool_call_id !== undefined
    ? state.toolCallers.get(last.tool_call_id)
    : undefined;
}

/** The smallest of the models that were refused for their window alone. */
function smallestOf(state: RouterState, rejected: readonly Rejection[]): ModelRef | undefined {
  let smallest: { readonly model: ModelRef; readonly size: number } | undefined;
  for (const { model, rule } of rejected) {
    if (rule !== 'context') continue;
    const size = servedModel(state, model)?.sizeBytes?.value ?? Number.MAX_SAFE_INTEGER;
    if (smallest === undefined || size < smallest.size) smallest = { model, size };
  }
  return smallest?.model;
}
