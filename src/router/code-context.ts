import type { SerenaReport } from '../core/decision.js';
import type { TaskClassification } from '../core/task.js';
import { gatherCodeContext } from '../serena/gather.js';
import { lastUserText } from './requirements.js';
import type { NormalRequest } from './route-request.js';
import type { RouterState } from './router-state.js';

/** What the code says, and how it was found out. */
export interface CodeContext {
  readonly report: SerenaReport;
  /** A block for the prompt. */
  readonly context: string | null;
}

/** Whether Serena is to be asked: never in the middle of a tool loop, where the model asks for what it needs. `wish` is the call's own. */
export function wantsSerena(
  { parts }: RouterState,
  request: NormalRequest,
  task: TaskClassification,
  wish?: boolean,
): boolean {
  if (
    wish === false ||
    parts.serena === null ||
    request.wire.suffix !== undefined ||
    request.messages.at(-1)?.role !== 'user'
  )
    return false;
  return (
    wish === true ||
    parts.serenaOptions.when === 'always' ||
    task.requiresSerena ||
    request.wire.fileContext !== undefined ||
    parts.selector.routing[task.category].requireSerena
  );
}

/**
 * Puts together the code that the request is about: the open file as the host gives it and, where `asks` says so, what
 * Serena knows, time-boxed; whatever happens there, the call goes on.
 */
export async function gatherCode(
  { parts }: RouterState,
  request: NormalRequest,
  task: TaskClassification,
  asks: boolean,
  signal: AbortSignal,
): Promise<CodeContext> {
  const { serena, serenaOptions, clock, context, workspace } = parts;
  const { fileContext, suffix } = request.wire;
  if (!asks && (fileContext?.text === undefined || suffix !== undefined)) {
    const state = serena === null ? 'off' : 'not-needed';
    return { report: { state, calls: [], tokens: 0, elapsedMs: 0 }, context: null };
  }
  const gathered = await gatherCodeContext(asks ? serena : null, {
    text: lastUserText(request.messages),
    fileContext,
    workspace,
    task,
    timeoutMs: serenaOptions.timeoutMs,
    tokenBudget: serenaOptions.tokenBudget,
    countTokens: (text) => context.countText(text, null),
    signal,
    clock,
  });
  return asks || serena === null ? gathered : { ...gathered, report: { ...gathered.report, state: 'not-needed' } };
}
