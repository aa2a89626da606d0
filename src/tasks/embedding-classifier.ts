import type { LocalModelOptions, LocalRouter } from '../core/local-router.js';
import type { TaskClassifier } from '../core/second-opinion.js';
import type { TaskCategory } from '../core/task.js';
import { excerpt, lastRequest, localModel } from '../internal/local-model.js';
import { CATEGORIES, otherCategory } from './other-category.js';
import { PROTOTYPES } from './prototypes.js';
import { recent } from './recent.js';

/** A request as the judgement compares it. */
interface Example {
  readonly category: TaskCategory;
  readonly vector: readonly number[];
}

/** So many nearest examples vote, each with its closeness. */
const NEIGHBOURS = 7;
/** A vote that is closer than this is no opinion. */
const MAJORITY = 0.5;

/**
 * A second opinion on the task by an embedding model that is loaded anyway: the nearest of some 120 example requests vote, within
 * `timeoutMs`; the last 500 requests are remembered. The examples are embedded once, in the background, at the first request.
 * What it gains over `classifyTask` depends on the model; measure it on queries of your own.
 * Throws `ERR_INVALID_OPTION`.
 *
 * @example
 * ```ts
 * const router: LocalLLMRouter = new LocalLLMRouter({
 *   classifier: embeddingClassifier({ router: () => router, model: 'nomic-embed-text-v1.5' }),
 * });
 * ```
 * @public
 */
export function embeddingClassifier(o: LocalModelOptions): TaskClassifier {
  const model = localModel(o, 'embeddingClassifier');
  const votes = recent<readonly [TaskCategory, number]>(500);
  let examples: readonly Example[] | undefined;
  let isReading = false;
  let failure: unknown;

  const read = async (router: LocalRouter): Promise<void> => {
    const all = CATEGORIES.flatMap((category) => PROTOTYPES[category].split('\n').map((text) => ({ category, text })));
    const texts = all.map(({ text }) => text);
    // Not within the time of one call: whoever comes first would wait for all of them.
    const { embeddings } = await router.embed(texts, { model: o.model });
    examples = all.map(({ category }, i) => ({ category, vector: unit(embeddings[i] ?? []) }));
  };

  return {
    async classify({ messages, first }, { signal }) {
      const request = lastRequest(messages);
      let vote = votes.get(request);
      if (vote === undefined) {
        const router = model.router();
        if (router === null) return null;
        if (examples === undefined) {
          if (!isReading) {
            isReading = true;
            const failed = failure;
            failure = undefined;
            read(router)
              .catch((error: unknown) => {
                failure = error;
              })
              .finally(() => {
                isReading = false;
              });
            // Of the attempt before: the decision names it.
            if (failed !== undefined) throw failed;
          }
          return null;
        }
        const { embeddings } = await router.embed([excerpt(request)], { ...model.options(signal), model: o.model });
        vote = nearest(unit(embeddings[0] ?? []), examples);
        votes.set(request, vote);
      }
      const [category, share] = vote;
      return share > MAJORITY ? otherCategory(first, category, share) : null;
    },
  };
}

function nearest(vector: readonly number[], examples: readonly Example[]): readonly [TaskCategory, number] {
  const close = examples
    .map((example) => ({ category: example.category, near: Math.max(0, dot(vector, example.vector)) }))
    .sort((a, b) => b.near - a.near)
    .slice(0, NEIGHBOURS);
  const total = close.reduce((sum, { near }) => sum + near, 0) || 1;
  const shares = CATEGORIES.map((category) => {
    const votes = close.filter((example) => example.category === category);
    return [category, votes.reduce((sum, { near }) => sum + near, 0) / total] as const;
  });
  return shares.reduce((best, share) => (share[1] > best[1] ? share : best));
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] ?? 0);
  return sum;
}

function unit(vector: readonly number[]): number[] {
  const length = Math.sqrt(dot(vector, vector)) || 1;
  return vector.map((x) => x / length);
}
