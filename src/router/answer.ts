import type { Message, RouteResult } from '../core/chat.js';
import type { RoutingDecision } from '../core/decision.js';
import { parseCodeEdits } from '../edits/parse-code-edits.js';
import type { ExecutionReport } from '../execution/plan.js';
import { assistantMessage } from '../internal/messages.js';
import { refKey } from '../internal/model-name.js';
import type { FittedPrompt } from './fit-prompt.js';
import type { Question } from './question.js';
import { callKey, type RouterState } from './router-state.js';

/** Makes the answer that the caller gets. */
export function resultOf(
  question: Question,
  decision: RoutingDecision,
  report: ExecutionReport,
  fitted: FittedPrompt | undefined,
  timings: RouteResult['timings'],
  countText: (text: string) => number,
): RouteResult {
  const { text, reasoning, toolCalls, finishReason, model, attempts, level } = report;
  return {
    id: question.id,
    text,
    message: assistantMessage(text, toolCalls),
    ...(reasoning === undefined ? {} : { reasoning }),
    toolCalls,
    finishReason,
    usage: report.usage ?? {
      inputTokens: fitted?.prompt.tokens ?? 0,
      outputTokens: countText(
        [text, reasoning ?? '', ...toolCalls.map(({ function: f }) => f.name + f.arguments)].join(''),
      ),
      source: 'estimated',
    },
    model,
    decision,
    attempts,
    fallbackLevel: level,
    timings,
    edits: parseCodeEdits(text, { toolCalls, fileContext: question.request.wire.fileContext }),
  };
}

/** After success: the conversation gains the original query and the answer, and what was learned is kept. */
export function conclude(
  state: RouterState,
  { request }: Question,
  result: RouteResult,
  fitted: FittedPrompt | undefined,
): void {
  const { context } = state.parts;
  fitted?.prompt.commit([...request.messages, result.message as Message], {
    metadata: request.wire.metadata,
    window: fitted.report.limit.value,
  });
  if (request.session !== undefined) state.lastModels.set(request.session, result.model);
  for (const { id } of result.toolCalls) state.toolCallers.set(callKey(request.session, id), result.model);
  state.answered.set(refKey(result.model), { numCtx: fitted?.numCtx, atMs: state.parts.clock.now() });
  if (fitted !== undefined && result.usage.source === 'reported') {
    context.calibrate(result.model.key, fitted.prompt.tokens, result.usage.inputTokens);
  }
}
