import type { Message, RouteOptions } from '../core/chat.js';
import type { SerenaReport } from '../core/decision.js';
import type { Environment } from '../core/environment.js';
import { RouterError } from '../core/errors.js';
import { bandOf, type TaskClassification } from '../core/task.js';
import { unawaited } from '../internal/unawaited.js';
import { classifyTask } from '../tasks/classify-task.js';
import type { CodeContext } from './code-context.js';
import { type ExternalUse, externalUse } from './external-use.js';
import { hostError } from './hooks.js';
import { hasImages, withCodeContext } from './requirements.js';
import type { NormalRequest } from './route-request.js';
import type { RouterParts } from './router-options.js';
import type { RouterState } from './router-state.js';
import { classifiedTask, type Opinion } from './second-opinion.js';

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
  readonly external: ExternalUse;
  /** What the decision says about how the task was judged. */
  readonly notes: readonly string[];
  /** Whether others may be asked about it: explaining sends nothing. */
  readonly mayAsk: boolean;
}

/** How many earlier messages classification may look back to. */
const LOOK_BACK = 4;

/** What is asked: the host's word first, then our own judgement, then a second one where it is wanted. */
export async function judgeTask(
  state: RouterState,
  request: NormalRequest,
  mayAsk: boolean,
  signal: AbortSignal,
): Promise<Opinion<TaskClassification>> {
  const { wire, messages, session } = request;
  const earlier = session === undefined ? [] : state.parts.context.recent(session, LOOK_BACK);
  const task = classifyTask([...earlier, ...messages], {
    hasTools: (wire.tools?.length ?? 0) > 0,
    hasImages: hasImages(messages),
  });
  const { complexity: score, task: category } = wire;
  const opinion = await classifiedTask(state, request, task, mayAsk, signal);
  if (category === undefined && score === undefined) return opinion;
  const value = {
    ...opinion.value,
    ...(category === undefined ? {} : { category, confidence: 1, alternatives: [] }),
    ...(score === undefined ? {} : { complexity: { score, band: bandOf(score), reasons: ['given by the caller'] } }),
  };
  return { value, notes: opinion.notes };
}

/** Puts together what is known before a model is chosen. */
export function questionOf(
  state: RouterState,
  request: NormalRequest,
  { value: task, notes }: Opinion<TaskClassification>,
  { report, context }: CodeContext,
  options: RouteOptions | undefined,
  mayAsk: boolean,
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
    external: externalUse(security, options),
    notes,
    mayAsk,
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
  unawaited(text);
  throw new RouterError('ERR_INVALID_OPTION', "The host's function systemPrompt gave no text; return a text.");
}
