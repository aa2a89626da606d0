import type { Message } from './chat.js';
import type { RankedModel } from './decision.js';
import type { CallOptions } from './events.js';
import type { TaskClassification } from './task.js';

/**
 * Decides what kind of task a request is, where `classifyTask` is not sure.
 * @public
 */
export interface TaskClassifier {
  /**
   * When it is asked: `unsure`, below a confidence of one half; `always`, for every request that does not name its `task`.
   * @defaultValue 'unsure'
   */
  readonly when?: 'unsure' | 'always' | undefined;
  /**
   * Classifies the messages; `null` keeps the first judgement. A throw, or no answer within 5 seconds, keeps it too, and the
   * decision says so. One that asks the same router gives a `task` in its request and no session, else it is asked about
   * its own question too. No more than 32 opinions are asked for at once.
   */
  classify(
    request: { readonly messages: readonly Message[]; readonly first: TaskClassification },
    o: CallOptions,
  ): TaskClassification | null | Promise<TaskClassification | null>;
}

/**
 * Picks the model for a request from the ranked ones.
 * @public
 */
export interface ModelJudge {
  /**
   * Names one of the candidates by its served id, or as `service/model`; `null` keeps the ranking. A throw, an unknown name, or
   * no answer within 5 seconds keeps it too, and the decision says so. One that asks the same router gives a `model` in its
   * request and no session.
   */
  choose(
    request: { readonly messages: readonly Message[]; readonly candidates: readonly RankedModel[] },
    o: CallOptions,
  ): Promise<{ readonly model: string; readonly reason: string } | null>;
}
