import type { Rejection, RoutingDecision } from '../core/decision.js';
import type { ModelRef } from '../core/model.js';
import { refKey } from '../internal/model-name.js';
import type { Ranking } from '../models/model-selector.js';
import { formNote } from './answer-notes.js';
import { type FittedPrompt, fitPrompt } from './fit-prompt.js';
import type { Question } from './question.js';
import { lastUserText, requirementsOf } from './requirements.js';
import type { NormalRequest } from './route-request.js';
import { callKey, type RouterState, servedModel } from './router-state.js';
import { judgedRanking } from './second-opinion.js';

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

const COMPACTED = 'No model holds the whole conversation: older messages are compacted.';
const SMALL_WINDOW = 'All models have a window below what is usual for this kind of task; long answers may be cut.';

/**
 * Ranks the models and fits the prompt to the first one. A conversation that is too long for every model is no reason to
 * refuse: what must stay of it decides then, and the rest is compacted.
 */
export async function decide(state: RouterState, question: Question, signal: AbortSignal): Promise<Plan> {
  const { parts } = state;
  const { request, task, messages, system } = question;
  const size = parts.context.measure({ session: request.session, system, messages, tools: request.wire.tools });
  const requirements = requirementsOf(request, messages, size.total, question.external.isAllowed);
  const notes: string[] = [...question.notes, ...question.external.notes];
  const sticky = request.session === undefined ? undefined : state.lastModels.get(request.session);
  const facts = { text: lastUserText(request.messages), file: fileOf(request, parts.workspace), tokens: size.total };
  const rank = (contextTokens: number | undefined, allowSmallWindow: boolean): Ranking =>
    state.pins.admit(
      parts.selector.rank(
        task,
        parts.discovery.models(),
        { ...requirements, contextTokens },
        { sticky, allowSmallWindow, facts },
      ),
    );

  const whole = rank(requirements.contextTokens, false);
  notes.push(...whole.notes);
  let { ranked, rejected } = whole;
  if (ranked.length === 0 && whole.rejected.some(({ rule }) => rule === 'context')) {
    // First with less of the conversation, then with a window that is small for this kind of task.
    for (const { tokens, small, note } of [
      { tokens: size.least, small: false, note: COMPACTED },
      { tokens: requirements.contextTokens, small: true, note: SMALL_WINDOW },
      { tokens: size.least, small: true, note: `${SMALL_WINDOW} ${COMPACTED}` },
    ]) {
      ranked = rank(tokens, small).ranked;
      if (ranked.length === 0) continue;
      notes.push(note);
      break;
    }
    const usable = new Set(ranked.map(({ model }) => refKey(model)));
    rejected = rejected.filter(({ model }) => !usable.has(refKey(model)));
  }
  const kept = state.kept.arrange(ranked);
  ranked = kept.ranked;
  notes.push(...kept.notes);
  const caller = toolCaller(state, request);
  const at = caller === undefined ? -1 : ranked.findIndex(({ model }) => refKey(model) === refKey(caller));
  if (at >= 0) {
    notes.push('The model that asked for the tool is kept.');
    ranked = [...ranked.slice(at, at + 1), ...ranked.slice(0, at), ...ranked.slice(at + 1)];
  } else if (question.mayAsk && request.model === undefined) {
    const judged = await judgedRanking(state, request, ranked, signal);
    ranked = judged.value;
    notes.push(...judged.notes);
  }
  const ailing = ranked.filter(({ model }) => state.health.blocked(model));
  if (ailing.length > 0 && ailing.length < ranked.length) {
    notes.push(`Failed lately, so tried last: ${ailing.map(({ model }) => model.id).join(', ')}.`);
    ranked = [...ranked.filter((entry) => !ailing.includes(entry)), ...ailing];
  }
  notes.push(...state.pins.notes(ranked));
  const [selected = null] = ranked;
  const form = selected === null ? undefined : formNote(selected.model, request.wire.responseFormat);
  if (form !== undefined) notes.push(form);
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

/** The open file as globs of rules name it. */
function fileOf({ wire }: NormalRequest, workspace: string | undefined): string | undefined {
  const file = wire.fileContext?.file;
  return workspace !== undefined && file?.startsWith(workspace) ? file.slice(workspace.length) : file;
}

/** The model that asked for the tool whose result comes last. */
function toolCaller(state: RouterState, { messages, session }: NormalRequest): ModelRef | undefined {
  const last = messages.at(-1);
  return last?.role === 'tool' && last.tool_call_id !== undefined
    ? state.toolCallers.get(callKey(session, last.tool_call_id))
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
