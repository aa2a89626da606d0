import type { RankedModel, Rejection, Requirements, ScorePart } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import type { ModelRef, ServedModel } from '../core/model.js';
import type { TaskCategory, TaskClassification } from '../core/task.js';
import type { PinSet } from '../internal/pin.js';
import { printable } from '../internal/redact.js';
import { type CatalogOverride, catalogEntry } from './catalog.js';
import { hurdlesOf, type Refusal, refusalOf } from './hard-requirements.js';
import { type ModelProfile, profileOf } from './model-profile.js';
import { PinRule } from './pin-rule.js';
import { plainName } from './plain-name.js';
import { type RequestFacts, rulesInEffect } from './routing-rules.js';
import { isStrategy, type Occasion, partsOf, scoreOf } from './scoring.js';
import {
  type ModelSelectorOptions,
  type NormalSelectorOptions,
  normalSelectorOptions,
  type TaskRouteInEffect,
} from './selector-options.js';
import { taskDefaults } from './task-defaults.js';

export type { CatalogOverride } from './catalog.js';
export { type RoutingRule, routingRulesSchema } from './routing-rules.js';
export {
  type ModelSelectorOptions,
  modelSelectorSchema,
  type Strategy,
  type TaskRoute,
  type TaskRouteInEffect,
  type TaskRouting,
  taskRoutingSchema,
} from './selector-options.js';

/**
 * What a ranking found: usable models in order, and the others with reason and remedy.
 * @public
 */
export interface Ranking {
  /** Usable models, best first. */
  readonly ranked: RankedModel[];
  /** The others. */
  readonly rejected: Rejection[];
  /** Which rules hold and what they ask for; empty where none does. */
  readonly notes: readonly string[];
}

/**
 * Says which of the served models should take a task: hard requirements first, then a score whose parts are data.
 *
 * The order is total: ties are broken by served id and service, so the same input gives the same ranking. A model's score
 * does not depend on the other candidates.
 *
 * @example
 * ```ts
 * const selector = new ModelSelector({ taskRouting: { coding: { primary: ['qwen2.5-coder-32b'] } } });
 * const best = selector.select(classifyTask('Write a CSV parser'), discovery.models());
 * console.log(best?.model.id, best?.parts);
 * ```
 * @public
 */
export class ModelSelector {
  readonly #options: NormalSelectorOptions;
  readonly #pins: PinRule;
  readonly #overrides: ReadonlyMap<string, CatalogOverride>;
  /** Served models are snapshots: what does not depend on the task is worked out once for each. */
  readonly #profiles = new WeakMap<ServedModel, ModelProfile>();

  /**
   * Makes a selector.
   * @throws RouterError `ERR_INVALID_OPTION` for a wrong option.
   */
  constructor(options?: ModelSelectorOptions) {
    this.#options = normalSelectorOptions(options);
    this.#pins = new PinRule(this.#options.pins);
    this.#overrides = new Map(
      this.#options.catalog.flatMap((o) => [
        [plainName(o.key), o] as const,
        ...(o.id === undefined ? [] : [[plainName(o.id), o] as const]),
      ]),
    );
  }

  /**
   * Bytes of memory that a model may take; `null`: no limit.
   * @internal
   */
  get maxVramBytes(): number | null {
    return this.#options.maxVramBytes;
  }

  /**
   * Its pins; whoever sends requests checks them again.
   * @internal
   */
  get pins(): PinSet {
    return this.#options.pins;
  }

  /**
   * Whether a name means this model, as the `model` of a request does.
   * @internal
   */
  isNamed(model: ServedModel, name: string): boolean {
    return this.#profile(model).names.has(plainName(name));
  }

  /** What holds per category, defaults filled. */
  get routing(): Readonly<Record<TaskCategory, TaskRouteInEffect>> {
    return this.#options.routing;
  }

  /**
   * Ranks the models for a task.
   *
   * @param task - What is asked.
   * @param candidates - The served models.
   * @param o - What a model must offer.
   * @param context - `sticky`: the model that answered last in the session. `allowSmallWindow`: our own `minContext` refuses
   * nothing; one that the host gave still does. `facts`: what rules ask about the request itself; without them a rule with
   * keywords, a language or files does not hold.
   * @returns Usable models in order, and the others with the requirement that they fail.
   * @throws RouterError `ERR_INVALID_OPTION` for an unknown strategy.
   */
  rank(
    task: TaskClassification,
    candidates: readonly ServedModel[],
    o: Requirements = {},
    context: {
      readonly sticky?: ModelRef | undefined;
      readonly allowSmallWindow?: boolean | undefined;
      readonly facts?: RequestFacts | undefined;
    } = {},
  ): Ranking {
    const { routing, maxVramBytes, rules } = this.#options;
    const inEffect = rulesInEffect(rules, task, o, context.facts);
    const { listed, minContext, isDefault } = routing[task.category];
    const hurdles = hurdlesOf(o, context.allowSmallWindow && isDefault ? 0 : minContext, {
      maxVramBytes,
      pins: this.#pins,
      use: inEffect.use,
    });
    const occasion: Occasion = {
      category: task.category,
      complexity: Math.min(10, Math.max(1, task.complexity.score)),
      strategy: this.#strategy(o.strategy),
      contextTokens: hurdles.contextTokens,
      capabilities: hurdles.capabilities,
      listed: inEffect.prefer.length === 0 ? listed : [...new Set([...inEffect.prefer, ...listed])],
      preferred: inEffect.prefer.length,
      avoided: inEffect.avoid,
      sticky: context.sticky,
    };
    const ranked: Candidate[] = [];
    const rejected: Rejection[] = [];
    for (const model of candidates) {
      const profile = this.#profile(model);
      const refusal = refusalOf(profile, hurdles);
      if (refusal === null) ranked.push(new Candidate(profile, scoreOf(profile, occasion), occasion));
      else rejected.push(rejection(profile.ref, refusal));
    }
    ranked.sort((a, b) => b.score - a.score || byName(a.model, b.model));
    rejected.sort((a, b) => byName(a.model, b.model));
    return { ranked, rejected, notes: inEffect.notes };
  }

  /** The best model for a task, or `null` if none may be used; see {@link ModelSelector.rank}. */
  select(task: TaskClassification, candidates: readonly ServedModel[], o: Requirements = {}): RankedModel | null {
    return this.rank(task, candidates, o).ranked[0] ?? null;
  }

  /** Names of models to fall back on for a category: the host's own list, else the second and third tier of the built-in one. */
  getFallbackModels(category: TaskCategory): string[] {
    const given = this.#options.routing[category].fallback;
    if (given !== undefined) return [...given];
    return taskDefaults[category].models.filter((key) => (catalogEntry(key)?.tier ?? 3) >= 2);
  }

  #strategy(asked: Requirements['strategy']): Occasion['strategy'] {
    if (asked === undefined) return this.#options.strategy;
    if (isStrategy(asked)) return asked;
    throw new RouterError(
      'ERR_INVALID_OPTION',
      `strategy: got ${printable(JSON.stringify(asked), 60)}; use "quality", "balanced", "fast" or "cheap".`,
    );
  }

  #profile(model: ServedModel): ModelProfile {
    let profile = this.#profiles.get(model);
    if (profile === undefined) {
      profile = profileOf(model, this.#overrides);
      this.#profiles.set(model, profile);
    }
    return profile;
  }
}

function byName(a: ModelRef, b: ModelRef): number {
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  return a.service === b.service ? 0 : a.service < b.service ? -1 : 1;
}

/** A usable model; the texts of its parts are made when they are read. */
class Candidate implements RankedModel {
  readonly model: ModelRef;
  readonly score: number;
  declare readonly parts: readonly ScorePart[];
  readonly #profile: ModelProfile;
  readonly #occasion: Occasion;
  #parts: readonly ScorePart[] | undefined;

  constructor(profile: ModelProfile, score: number, occasion: Occasion) {
    this.model = profile.ref;
    this.score = score;
    this.#profile = profile;
    this.#occasion = occasion;
    Object.defineProperty(this, 'parts', PARTS);
  }

  explain(): readonly ScorePart[] {
    this.#parts ??= partsOf(this.#profile, this.#occasion);
    return this.#parts;
  }
}

// An own member, so that JSON, spread and structuredClone see it; one getter for all, so that all have one hidden class.
const PARTS: PropertyDescriptor & ThisType<Candidate> = {
  enumerable: true,
  configurable: true,
  get() {
    return this.explain();
  },
};

// Written at once: two short texts cost a tenth of two getters.
function rejection(model: ModelRef, { rule, reason, remedy }: Refusal): Rejection {
  return { model, rule, reason: reason(), remedy: remedy() };
}
