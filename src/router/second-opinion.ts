import type { RankedModel } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import { bandOf, type TaskClassification } from '../core/task.js';
import { raceAbort, withDeadline } from '../internal/deadline.js';
import { printable } from '../internal/redact.js';
import { thrownName } from '../internal/thrown-name.js';
import { isUnsure } from '../tasks/classify-task.js';
import type { NormalRequest } from './route-request.js';
import type { RouterState } from './router-state.js';

/** A second opinion that takes longer is not waited for. */
const LONGEST_MS = 5_000;
/** So many are asked for at once: an opinion that asks its own router would be asked for its own question without end. */
const MOST_AT_ONCE = 32;
const waiting = /* @__PURE__ */ new WeakMap<RouterState, number>();

/** A judgement, and what the decision says about how it came. */
export interface Opinion<T> {
  readonly value: T;
  readonly notes: readonly string[];
}

/**
 * The task as the host's classifier sees it, where ours is not sure of it or the host wants to be asked always; `mayAsk` is
 * `false` where nothing may be sent.
 */
export async function classifiedTask(
  state: RouterState,
  { wire, messages }: NormalRequest,
  first: TaskClassification,
  mayAsk: boolean,
  signal: AbortSignal,
): Promise<Opinion<TaskClassification>> {
  const { classifier } = state.parts;
  const guessed = isUnsure(first);
  if (wire.task !== undefined || !(guessed || classifier?.when === 'always')) return { value: first, notes: [] };
  const unsure = guessed ? [`Unsure of the task (${first.category} at ${first.confidence.toFixed(2)}).`] : [];
  if (classifier === null || !mayAsk) return { value: first, notes: unsure };
  const { value, note } = await ask(state, 'classifier', signal, (signal) =>
    classifier.classify({ messages, first }, { signal }),
  );
  const task = value === undefined || value === null ? undefined : checkedTask(value, first);
  const said =
    task === undefined
      ? `The classifier ${value === undefined || value === null ? note('keeps it') : note('gave no TaskClassification')}.`
      : `The classifier says ${task.category} at ${task.confidence.toFixed(2)}, ${note('asked')}.`;
  return { value: task ?? first, notes: [...unsure, said] };
}

const CATEGORIES: readonly unknown[] = ['coding', 'reasoning', 'analysis', 'documentation'];

/** What a host's classifier gave, member by member; `undefined` where it names no category. */
function checkedTask(given: TaskClassification, first: TaskClassification): TaskClassification | undefined {
  if (typeof given !== 'object' || !CATEGORIES.includes(given.category)) return undefined;
  const { confidence, complexity, alternatives, requiresSerena, keywordsMatched } = given;
  const score = Number(complexity?.score);
  return {
    ...first,
    ...given,
    confidence: confidence >= 0 && confidence <= 1 ? confidence : first.confidence,
    complexity:
      score >= 1 && score <= 10
        ? { score, band: bandOf(score), reasons: Array.isArray(complexity.reasons) ? complexity.reasons : [] }
        : first.complexity,
    alternatives: Array.isArray(alternatives) ? alternatives : [],
    requiresSerena: typeof requiresSerena === 'boolean' ? requiresSerena : first.requiresSerena,
    keywordsMatched: Array.isArray(keywordsMatched) ? keywordsMatched : first.keywordsMatched,
  };
}

/** The ranking with the judge's choice first. */
export async function judgedRanking(
  state: RouterState,
  { messages }: NormalRequest,
  ranked: RankedModel[],
  signal: AbortSignal,
): Promise<Opinion<RankedModel[]>> {
  const { judge } = state.parts;
  if (judge === null || ranked.length < 2) return { value: ranked, notes: [] };
  const { value, note } = await ask(state, 'judge', signal, (signal) =>
    judge.choose({ messages, candidates: ranked }, { signal }),
  );
  if (value === undefined || value === null)
    return { value: ranked, notes: [`The judge ${note('keeps the ranking')}.`] };
  const wanted = String(value.model);
  const named = ({ model: { id, service } }: RankedModel): boolean => id === wanted || `${service}/${id}` === wanted;
  const chosen = ranked.find(named);
  if (chosen === undefined) {
    return { value: ranked, notes: [`The judge ${note('named a model that is no candidate; the ranking stays')}.`] };
  }
  const reason = typeof value.reason === 'string' ? `: ${printable(value.reason, 200)}` : '';
  return {
    value: [chosen, ...ranked.filter((entry) => entry !== chosen)],
    notes: [`The judge chose ${printable(chosen.model.id, 120)}, ${note('asked')}${reason}.`],
  };
}

/** Asks a part of the host, time-boxed; whatever happens there, the call goes on. */
async function ask<T>(
  state: RouterState,
  who: 'classifier' | 'judge',
  signal: AbortSignal,
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<{ readonly value: T | undefined; note(what: string): string }> {
  const { clock, logger } = state.parts;
  const started = clock.now();
  const after = (): string => `after ${Math.round(clock.now() - started)} ms`;
  const stays = `so the ${who === 'judge' ? 'ranking' : 'first judgement'} stays`;
  const before = waiting.get(state) ?? 0;
  if (before >= MOST_AT_ONCE) {
    return { value: undefined, note: () => `is busy with ${before} other questions, ${stays}` };
  }
  waiting.set(state, before + 1);
  try {
    const value = await withDeadline({ clock, ms: LONGEST_MS, signal, what: `The ${who}` }, (deadline) =>
      raceAbort(
        deadline,
        Promise.resolve().then(() => work(deadline)),
      ),
    );
    const ms = after();
    return { value, note: (what) => `${what} ${ms}` };
  } catch (error) {
    if (signal.aborted) throw error;
    const code = RouterError.is(error) ? error.code : thrownName(error);
    logger.warn(`The ${who} failed`, code);
    const ms = after();
    return { value: undefined, note: () => `failed (${printable(code, 40)}) ${ms}, ${stays}` };
  } finally {
    waiting.set(state, (waiting.get(state) ?? 1) - 1);
  }
}
