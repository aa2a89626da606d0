import * as v from 'valibot';
import type { Capability } from '../core/model.js';
import type { TaskCategory } from '../core/task.js';
import { checkOptions, flag, listOf, number, oneOf, oneOfKeys, optional, text, whole } from '../internal/options.js';
import { type PinSet, pinSet, pinsSchema } from '../internal/pin.js';
import { CATEGORIES, type CatalogOverride } from './catalog.js';
import { plainName } from './plain-name.js';
import { type RoutingRule, routingRulesSchema } from './routing-rules.js';
import { taskDefaults } from './task-defaults.js';

/**
 * What to weigh most when a model is chosen.
 * @public
 */
export type Strategy = 'quality' | 'balanced' | 'fast' | 'cheap';

/**
 * A host's wishes for one category of tasks; they replace the defaults of that category.
 * @public
 */
export interface TaskRoute {
  /** Models that come first, in this order: served id, catalogue key, or `service/model`. */
  readonly primary?: readonly string[] | undefined;
  /** Models that come next, in this order. */
  readonly fallback?: readonly string[] | undefined;
  /** Context window in tokens that a model must have; only a known window is refused for it. @defaultValue none, once the category is given */
  readonly minContext?: number | undefined;
  /** Ask Serena for every such task; no reason to refuse where there is none. @defaultValue false, once the category is given */
  readonly requireSerena?: boolean | undefined;
}

/**
 * Wishes per category.
 * @public
 */
export type TaskRouting = { readonly [C in TaskCategory]?: TaskRoute | undefined };

/**
 * Options of {@link ModelSelector}.
 * @public
 */
export interface ModelSelectorOptions {
  /** Models that come first, per category. @defaultValue none; built-in lists only score, with a context window of at least 8192 (coding, documentation) or 16384 (reasoning, analysis) tokens */
  readonly taskRouting?: TaskRouting | undefined;
  /** Wishes for requests of a certain kind; they come before `taskRouting`. A model that a request names comes before both. */
  readonly rules?: readonly RoutingRule[] | undefined;
  /** What to weigh most, where a request does not say. @defaultValue 'balanced' */
  readonly strategy?: Strategy | undefined;
  /** Graphics memory in GiB that a model may take that is not loaded yet. @defaultValue no limit */
  readonly maxVramGb?: number | undefined;
  /**
   * Models that must be exactly what was pinned; others are not affected. Keys: served id, catalogue key or `service/model`.
   * Values: the digest that its server tells (`sha256:` and 64 digits, or the first 12 of them), `size:` and the bytes with
   * or without `:` and the quantisation, or `name` (only this served id). A model that fails its pin, or whose server does not
   * tell what it is about, is refused. A router also checks them right before each request, as it does `pins` of `security`.
   */
  readonly pins?: Readonly<Record<string, string>> | undefined;
  /** Own models, and better knowledge about catalogued ones. */
  readonly catalog?: readonly CatalogOverride[] | undefined;
}

const names = () => optional(listOf(text(), 'model names'));

/** One schema per options type: wishes of one category. */
const taskRouteSchema = /* @__PURE__ */ v.strictObject(
  {
    primary: /* @__PURE__ */ names(),
    fallback: /* @__PURE__ */ names(),
    minContext: /* @__PURE__ */ optional(/* @__PURE__ */ whole(0, 100_000_000, 'tokens')),
    requireSerena: /* @__PURE__ */ optional(/* @__PURE__ */ flag()),
  },
  'an object of primary, fallback, minContext, requireSerena',
);

/** Schema of `taskRouting`. */
export const taskRoutingSchema = /* @__PURE__ */ v.strictObject(
  {
    coding: /* @__PURE__ */ optional(taskRouteSchema),
    reasoning: /* @__PURE__ */ optional(taskRouteSchema),
    analysis: /* @__PURE__ */ optional(taskRouteSchema),
    documentation: /* @__PURE__ */ optional(taskRouteSchema),
  },
  'an object of categories (coding, reasoning, analysis, documentation)',
);

/** One entry per capability: one that is added to the type cannot be forgotten here. */
const CAPABILITIES: Readonly<Record<Capability, true>> = {
  completion: true,
  chat: true,
  'fill-in-the-middle': true,
  tools: true,
  vision: true,
  audio: true,
  video: true,
  reasoning: true,
  'json-schema': true,
  embedding: true,
  rerank: true,
  'image-generation': true,
  speech: true,
};

const score = () => optional(number(0, 100));
const maybe = <S extends v.GenericSchema>(schema: S) => optional(v.nullable(schema));

const overrideSchema = /* @__PURE__ */ v.strictObject(
  {
    key: /* @__PURE__ */ text(),
    id: /* @__PURE__ */ optional(/* @__PURE__ */ text()),
    base: /* @__PURE__ */ maybe(/* @__PURE__ */ text()),
    family: /* @__PURE__ */ maybe(/* @__PURE__ */ text()),
    version: /* @__PURE__ */ maybe(/* @__PURE__ */ text()),
    sizeB: /* @__PURE__ */ maybe(/* @__PURE__ */ number(0, 1e6, 'billions')),
    activeB: /* @__PURE__ */ maybe(/* @__PURE__ */ number(0, 1e6, 'billions')),
    variant: /* @__PURE__ */ maybe(/* @__PURE__ */ text()),
    quantization: /* @__PURE__ */ maybe(/* @__PURE__ */ text()),
    publisher: /* @__PURE__ */ maybe(/* @__PURE__ */ text()),
    derivative: /* @__PURE__ */ optional(/* @__PURE__ */ flag()),
    confidence: /* @__PURE__ */ optional(/* @__PURE__ */ number(0, 1)),
    contextWindow: /* @__PURE__ */ optional(/* @__PURE__ */ whole(1, 100_000_000, 'tokens')),
    capabilities: /* @__PURE__ */ optional(
      /* @__PURE__ */ listOf(/* @__PURE__ */ oneOfKeys(CAPABILITIES), 'capabilities'),
    ),
    scores: /* @__PURE__ */ optional(
      /* @__PURE__ */ v.strictObject(
        {
          coding: /* @__PURE__ */ score(),
          reasoning: /* @__PURE__ */ score(),
          analysis: /* @__PURE__ */ score(),
          documentation: /* @__PURE__ */ score(),
        },
        'an object of scores per category',
      ),
    ),
  },
  'an object with a key',
);

/** Schema of {@link ModelSelectorOptions}. */
export const modelSelectorSchema = /* @__PURE__ */ v.strictObject(
  {
    taskRouting: /* @__PURE__ */ optional(taskRoutingSchema),
    rules: /* @__PURE__ */ optional(routingRulesSchema),
    strategy: /* @__PURE__ */ optional(/* @__PURE__ */ oneOf('quality', 'balanced', 'fast', 'cheap')),
    maxVramGb: /* @__PURE__ */ optional(/* @__PURE__ */ number(0, 1e6, 'gibibytes')),
    pins: /* @__PURE__ */ optional(/* @__PURE__ */ pinsSchema()),
    catalog: /* @__PURE__ */ optional(/* @__PURE__ */ listOf(overrideSchema, 'models')),
  },
  'an object of selector options',
);

/**
 * What holds for one category, with all defaults filled.
 * @public
 */
export interface TaskRouteInEffect {
  /** The host's models in order of preference, lower case; empty where the built-in list scores. */
  readonly listed: readonly string[];
  /** The host's fallback models as written, or `undefined` where the category is not the host's. */
  readonly fallback: readonly string[] | undefined;
  /** Context window in tokens that a model must have; only a known window is refused for it. */
  readonly minContext: number;
  /** The host gave no route for this category, so `minContext` is ours. */
  readonly isDefault: boolean;
  /** Whether Serena is asked for every such task. */
  readonly requireSerena: boolean;
}

/** The options as the code reads them. */
export interface NormalSelectorOptions {
  readonly routing: Readonly<Record<TaskCategory, TaskRouteInEffect>>;
  readonly rules: readonly RoutingRule[];
  readonly strategy: Strategy;
  readonly maxVramBytes: number | null;
  readonly pins: PinSet;
  readonly catalog: readonly CatalogOverride[];
}

/** Checks the options and fills every default. */
export function normalSelectorOptions(o: ModelSelectorOptions | undefined): NormalSelectorOptions {
  checkOptions(modelSelectorSchema, o, 'ModelSelector');
  const routing = {} as Record<TaskCategory, TaskRouteInEffect>;
  for (const category of CATEGORIES) routing[category] = inEffect(category, o?.taskRouting?.[category]);
  return {
    routing,
    rules: o?.rules ?? [],
    strategy: o?.strategy ?? 'balanced',
    maxVramBytes: o?.maxVramGb === undefined ? null : o.maxVramGb * 1024 ** 3,
    pins: pinSet(o?.pins, undefined),
    catalog: o?.catalog ?? [],
  };
}

function inEffect(category: TaskCategory, given: TaskRoute | undefined): TaskRouteInEffect {
  if (given === undefined) {
    const { minContext, requireSerena } = taskDefaults[category];
    return { listed: [], fallback: undefined, minContext, isDefault: true, requireSerena };
  }
  const listed = [...(given.primary ?? []), ...(given.fallback ?? [])].map(plainName);
  return {
    listed: [...new Set(listed)],
    fallback: given.fallback ?? [],
    minContext: given.minContext ?? 0,
    isDefault: false,
    requireSerena: given.requireSerena ?? false,
  };
}
