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
}

/** How many earlier messages classification may look back to. */
const LOOK_BACK = 4;

/** What is asked: the host's word first, then our own judgement. */
export function judgeTask(state: RouterState, request: NormalRequest): TaskClassification {
  const { wire, messages, session } = request;
  const earlier = session === undefined ? [] : state.parts.context.recent(session, LOOK_BACK);
  const task = classifyTask([...earlier, ...messages], {
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

/** Puts together what is known before a model is chosen. */
export function questionOf(
  state: RouterState,
  request: NormalRequest,
  task: Question['task'],
  { report, context }: CodeContext,
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
    external: externalUse(security, options),
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
