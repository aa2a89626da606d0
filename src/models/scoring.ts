import type { ScorePart } from '../core/decision.js';
import type { Capability, ModelRef } from '../core/model.js';
import type { TaskCategory } from '../core/task.js';
import { can, type ModelProfile } from './model-profile.js';
import type { Strategy } from './selector-options.js';

/** What a ranking is for. */
export interface Occasion {
  readonly category: TaskCategory;
  /** 1 to 10. */
  readonly complexity: number;
  readonly strategy: Strategy;
  readonly contextTokens: number;
  readonly capabilities: readonly Capability[];
  /** Names that the host lists for the category, best first; empty where it lists none. */
  readonly listed: readonly string[];
  /** How many of them rules prefer; they stand first. */
  readonly preferred: number;
  /** Names that rules would rather leave out. */
  readonly avoided: ReadonlySet<string>;
  /** The model that answered last in this session. */
  readonly sticky: ModelRef | undefined;
}

/**
 * How many times as much quality counts that a task still needs as quality beyond that: a hard query answered badly is asked
 * again, an easy one answered too well gains little. What the better model takes more stands in the other parts.
 */
export const UNDER_SERVING_COST = 12;
/** How fast the worth of an answer falls with what is missing. */
const STEEPNESS = 4;
/** Worth of an answer that is exactly good enough. */
const ENOUGH = 0.9;

const PARTS = ['quality', 'warm', 'speed', 'cost', 'certain', 'list', 'sticky', 'priority'] as const;
type Part = (typeof PARTS)[number];

/** How much each part counts; the weights of a strategy add up to 1. */
const WEIGHTS: Readonly<Record<Strategy, Readonly<Record<Part, number>>>> = {
  balanced: {
    quality: 0.52,
    warm: 0.16,
    speed: 0.12,
    cost: 0.04,
    certain: 0.06,
    list: 0.04,
    sticky: 0.04,
    priority: 0.02,
  },
  quality: {
    quality: 0.74,
    warm: 0.08,
    speed: 0.02,
    cost: 0.02,
    certain: 0.06,
    list: 0.03,
    sticky: 0.03,
    priority: 0.02,
  },
  fast: { quality: 0.24, warm: 0.3, speed: 0.32, cost: 0.02, certain: 0.05, list: 0.02, sticky: 0.03, priority: 0.02 },
  cheap: { quality: 0.3, warm: 0.14, speed: 0.08, cost: 0.36, certain: 0.05, list: 0.02, sticky: 0.03, priority: 0.02 },
};

/** Whether a text names a strategy. */
export function isStrategy(text: unknown): text is Strategy {
  return typeof text === 'string' && Object.hasOwn(WEIGHTS, text);
}

/** The weighted sum of the parts. */
export function scoreOf(profile: ModelProfile, occasion: Occasion): number {
  const w = WEIGHTS[occasion.strategy];
  const list = listPart(profile, occasion);
  return (
    w.quality * qualityPart(profile, occasion) +
    w.warm * warmPart(profile, occasion) +
    w.speed * profile.speed +
    w.cost * profile.thrift +
    w.certain * certainPart(profile, occasion) +
    (occasion.listed.length > 0 ? occasion.listed.length : w.list) * list +
    w.sticky * stickyPart(profile, occasion) +
    w.priority * priorityPart(profile) +
    (occasion.avoided.size > 0 && !isAvoided(profile, occasion) ? notAvoidedWeight(occasion) : 0)
  );
}

function isAvoided({ names }: ModelProfile, { avoided }: Occasion): boolean {
  for (const name of avoided) if (names.has(name)) return true;
  return false;
}

/** More than everything else together. */
function notAvoidedWeight({ listed }: Occasion): number {
  return listed.length + 2;
}

/** The same sum, part by part, with reasons. */
export function partsOf(profile: ModelProfile, occasion: Occasion): ScorePart[] {
  const w = WEIGHTS[occasion.strategy];
  const values: Readonly<Record<Part, number>> = {
    quality: qualityPart(profile, occasion),
    warm: warmPart(profile, occasion),
    speed: profile.speed,
    cost: profile.thrift,
    certain: certainPart(profile, occasion),
    list: listPart(profile, occasion),
    sticky: stickyPart(profile, occasion),
    priority: priorityPart(profile),
  };
  const parts: ScorePart[] = PARTS.map((name) => ({
    name,
    value: values[name],
    // The host's own list comes before everything else: one place in it outweighs all other parts together.
    weight: name === 'list' && occasion.listed.length > 0 ? occasion.listed.length : w[name],
    reason: REASONS[name](profile, occasion),
  }));
  if (occasion.avoided.size > 0) {
    const avoided = isAvoided(profile, occasion);
    parts.push({
      name: 'rule',
      value: avoided ? 0 : 1,
      weight: notAvoidedWeight(occasion),
      reason: avoided ? 'a rule avoids it' : 'no rule avoids it',
    });
  }
  return parts;
}

/** Quality that a task of this complexity asks for, 0 to 1. */
function needOf({ complexity, strategy }: Occasion): number {
  return 0.45 + 0.045 * complexity - (strategy === 'fast' || strategy === 'cheap' ? 0.08 : 0);
}

function qualityPart(profile: ModelProfile, occasion: Occasion): number {
  const quality = profile.quality[occasion.category].value;
  if (occasion.strategy === 'quality') return quality;
  const gap = needOf(occasion) - quality;
  return gap > 0
    ? ENOUGH * Math.exp(-STEEPNESS * gap)
    : Math.min(1, ENOUGH * (1 - (STEEPNESS / UNDER_SERVING_COST) * gap));
}

/** A load is paid once: the longer the work, the less it counts. Share of the cold start forgiven per step of complexity. */
const FORGIVEN = 0.06;

const WARM = { loaded: 1, sleeping: 0.6, loading: 0.5, unknown: 0.5, unloaded: 0 } as const;
/** A small model is read from disk in seconds, a big one in minutes; one of this many billion parameters stands between. */
const QUICK_LOAD_B = 8;

function warmPart(profile: ModelProfile, occasion: Occasion): number {
  const warm = readiness(profile, occasion);
  return warm + (1 - warm) * FORGIVEN * occasion.complexity;
}

function readiness(profile: ModelProfile, occasion: Occasion): number {
  // Whatever else is in the way, a load from disk is the worst of it.
  return Math.max(WARM.unknown / (1 + profile.totalB / QUICK_LOAD_B), presence(profile, occasion));
}

function presence({ model, window }: ModelProfile, { contextTokens }: Occasion): number {
  const warm = Object.hasOwn(WARM, model.state.value) ? WARM[model.state.value] : WARM.unknown;
  // A window that is too small now means a reload.
  if (warm > 0.25 && contextTokens > window.inForce && window.tokens > window.inForce) return 0.25;
  if (model.busy?.value !== true) return warm;
  return warm * ((model.parallelSlots?.value ?? 1) > 1 ? 0.85 : 0.55);
}

function certainPart(profile: ModelProfile, { contextTokens, capabilities }: Occasion): number {
  const { window } = profile;
  if (!window.known && contextTokens > window.inForce) return 0;
  for (const capability of capabilities) if (can(profile, capability) !== true) return 0;
  return 1;
}

function placeOf({ names }: ModelProfile, listed: readonly string[]): number {
  for (let i = 0; i < listed.length; i++) if (names.has(listed[i] as string)) return i;
  return -1;
}

function listPart(profile: ModelProfile, { listed, category }: Occasion): number {
  if (listed.length === 0) return profile.standing[category];
  const place = placeOf(profile, listed);
  return place < 0 ? 0 : (listed.length - place) / listed.length;
}

function stickyPart({ ref }: ModelProfile, { sticky }: Occasion): number {
  return sticky !== undefined && sticky.id === ref.id && sticky.service === ref.service ? 1 : 0;
}

/** Lower numbers come first, negative ones too; 100 is the usual one and stands in the middle. */
function priorityPart({ model }: ModelProfile): number {
  const steps = ((model.priority ?? 100) - 100) / 50;
  return 0.5 - (0.5 * steps) / (1 + Math.abs(steps));
}

const billions = (n: number) => `${Math.round(n * 10) / 10}B`;

const REASONS: Readonly<Record<Part, (profile: ModelProfile, occasion: Occasion) => string>> = {
  quality: ({ quality }, occasion) => {
    const { value, source } = quality[occasion.category];
    const need =
      occasion.strategy === 'quality'
        ? ''
        : `, needed ${needOf(occasion).toFixed(2)} at complexity ${occasion.complexity}`;
    return `${occasion.category} ${value.toFixed(2)} (${source})${need}`;
  },
  warm: ({ model, window }, { contextTokens }) => {
    const reload = contextTokens > window.inForce && window.tokens > window.inForce;
    return `${model.state.value}${model.busy?.value ? ', busy' : ''}${reload ? ', needs a larger window' : ''}`;
  },
  speed: ({ activeB }) => `${billions(activeB)} parameters per token`,
  cost: ({ thrift, totalB }) => (thrift === 0 ? 'runs on another machine' : `${billions(totalB)} parameters in memory`),
  certain: (profile, occasion) =>
    certainPart(profile, occasion) === 1 ? 'known to meet every requirement' : 'not known to meet every requirement',
  list: (profile, { listed, preferred, category }) => {
    if (listed.length === 0) return profile.entry?.tier ? `tier ${profile.entry.tier}` : 'not in the built-in list';
    const place = placeOf(profile, listed);
    if (place < 0) return `not listed for ${category}`;
    return place < preferred
      ? `number ${place + 1} of those that rules prefer`
      : `number ${place - preferred + 1} in the list for ${category}`;
  },
  sticky: (profile, occasion) =>
    stickyPart(profile, occasion) === 1 ? 'answered last in this session' : 'did not answer last in this session',
  priority: ({ model }) => `service priority ${model.priority ?? 100}`,
};
