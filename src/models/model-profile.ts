import type { Capability, ModelRef, ServedModel } from '../core/model.js';
import type { ServiceType } from '../core/service.js';
import type { TaskCategory } from '../core/task.js';
import {
  CATEGORIES,
  type CatalogEntry,
  type CatalogOverride,
  catalogEntry,
  inferredScores,
  overrideEntry,
  type TaskScore,
} from './catalog.js';
import { bitsPerWeight } from './memory.js';
import { plainName } from './plain-name.js';
import { taskDefaults } from './task-defaults.js';

/** What does not depend on the task: worked out once per served model. */
export interface ModelProfile {
  readonly model: ServedModel;
  readonly ref: ModelRef;
  readonly entry: CatalogEntry | undefined;
  /** Every name by which a host may mean it, as `plainName` writes them. */
  readonly names: ReadonlySet<string>;
  readonly quality: Readonly<Record<TaskCategory, TaskScore>>;
  /** Places in the built-in lists, 0 (last tier) to 1. */
  readonly standing: Readonly<Record<TaskCategory, number>>;
  /** 0 (slow) to 1. */
  readonly speed: number;
  /** 0 (dear) to 1. */
  readonly thrift: number;
  /** The window that the model can be asked for. */
  readonly window: Window;
  /** The list of capabilities is knowledge, not a guess. */
  readonly knowsCapabilities: boolean;
  readonly activeB: number;
  readonly totalB: number;
}

/** The most tokens that a request may need here, and whether that is known. */
export interface Window {
  readonly tokens: number;
  readonly known: boolean;
  /** Tokens in force without a reload. */
  readonly inForce: number;
}

/** Works a profile out. */
export function profileOf(model: ServedModel, overrides: ReadonlyMap<string, CatalogOverride>): ModelProfile {
  const type = model.type ?? typeOf(model.service);
  const override = findOverride(model, overrides);
  const { identity } = model;
  const entry =
    override === undefined
      ? identity.key === null
        ? undefined
        : catalogEntry(identity.key)
      : overrideEntry(override, identity.sizeB);
  const key = override?.key ?? identity.key;
  const totalB = entry?.totalB ?? identity.sizeB ?? sizeFromFile(model) ?? UNKNOWN_SIZE_B;
  const activeB = entry?.activeB ?? identity.activeB ?? totalB;
  const ref: ModelRef = { id: model.id, key, service: model.service, type, baseURL: model.baseURL ?? null };
  const thinks = /think|reasoning|distill/.test(identity.variant ?? '') && !/hybrid/.test(identity.variant ?? '');
  return {
    model,
    ref,
    entry,
    names: namesOf(ref, model.aliases ?? []),
    quality: qualities(model, entry, totalB, activeB),
    standing: standings(key, entry?.tier),
    // A thinking model writes much that nobody reads.
    speed: (thinks ? 0.8 : 1) / (1 + activeB / 8),
    thrift: model.locality === 'external' || model.remote === 'yes' ? 0 : 1 / (1 + Math.sqrt(activeB * totalB) / 40),
    window: windowOf(model, type, entry),
    knowsCapabilities: model.capabilities.source !== 'assumed' && model.capabilities.value.length > 0,
    activeB,
    totalB,
  };
}

/** Parameters that are assumed where neither name nor server tells. */
const UNKNOWN_SIZE_B = 4;

function sizeFromFile({ sizeBytes, quantization }: ServedModel): number | undefined {
  if (sizeBytes === undefined || sizeBytes.value <= 0) return undefined;
  return (sizeBytes.value * 8) / (bitsPerWeight(quantization?.value ?? '') ?? 4.89) / 1e9;
}

function findOverride(
  { id, identity }: ServedModel,
  overrides: ReadonlyMap<string, CatalogOverride>,
): CatalogOverride | undefined {
  if (overrides.size === 0) return undefined;
  return overrides.get(plainName(id)) ?? (identity.key === null ? undefined : overrides.get(identity.key));
}

const TYPE = /^[a-z0-9][a-z0-9.:_-]*$/i;

/** `type@host:port` names its type. */
function typeOf(service: string): ServiceType {
  const type = service.slice(0, Math.max(service.indexOf('@'), 0));
  return TYPE.test(type) ? (type as ServiceType) : 'openai-compatible';
}

/** Every name by which a host may mean a model, as `plainName` writes them. */
export function namesOf({ id, key, service, type }: ModelRef, aliases: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const name of [id, ...(key === null ? [] : [key]), ...aliases]) {
    for (const written of [name, `${service}/${name}`, `${type}/${name}`]) names.add(plainName(written));
  }
  return names;
}

function windowOf(
  { contextLength: now, maxContextLength: max }: ServedModel,
  type: ServiceType,
  entry: CatalogEntry | undefined,
): Window {
  // Ollama loads a model anew with the window that a request asks for; elsewhere the window in force is all there is.
  const fact = type === 'ollama' && max.value >= now.value ? max : now;
  if (fact.source !== 'assumed') return { tokens: fact.value, known: true, inForce: now.value };
  const trained = entry?.contextExtended ?? entry?.contextWindow;
  if (type === 'ollama' && trained !== undefined) return { tokens: trained, known: true, inForce: now.value };
  return { tokens: trained ?? fact.value, known: false, inForce: now.value };
}

// What a coarser quantisation costs, on the scale of quality: small and monotone; small models lose twice as much.
// After the perplexities of llama.cpp's quantize tool and Aider's runs of one model at several quantisations.
function quantLoss(label: string | undefined | null, totalB: number): number {
  const bits = label === undefined || label === null ? undefined : bitsPerWeight(label);
  if (bits === undefined || bits >= 6) return 0;
  const loss = bits >= 5 ? 0.005 : bits >= 4.2 ? 0.015 : bits >= 3.5 ? 0.04 : bits >= 2.9 ? 0.08 : 0.15;
  return totalB < 4 ? 2 * loss : loss;
}

/** What is only inferred stays below what was measured, within its error. */
const DOUBT: Readonly<Record<TaskScore['source'], number>> = {
  host: 0,
  benchmark: 0,
  'hand-set': 0.01,
  inferred: 0.02,
};
/** A name outside the catalogue says little; a finetune may be better or broken. */
const UNCATALOGUED = 0.06;

function qualities(
  { identity, quantization }: ServedModel,
  entry: CatalogEntry | undefined,
  totalB: number,
  activeB: number,
): ModelProfile['quality'] {
  const scores = entry?.scores ?? inferredScores(totalB, activeB);
  const loss =
    quantLoss(quantization?.value ?? identity.quantization, totalB) + (entry?.scores === undefined ? UNCATALOGUED : 0);
  const quality = {} as Record<TaskCategory, TaskScore>;
  for (const category of CATEGORIES) {
    const { value, source } = scores[category];
    quality[category] = { value: Math.min(1, Math.max(0, value - loss - DOUBT[source])), source };
  }
  return quality;
}

/** Places of tiers 1 to 3; what is not listed is newer or unknown and stands in the middle. */
const TIERS = [1, 0.65, 0.35] as const;
const UNLISTED = 0.5;

function standings(key: string | null, tier: number | undefined): Record<TaskCategory, number> {
  const standing = {} as Record<TaskCategory, number>;
  for (const category of CATEGORIES) {
    const listed = key !== null && taskDefaults[category].models.includes(key);
    standing[category] = listed ? (TIERS[(tier ?? 2) - 1] ?? UNLISTED) : UNLISTED;
  }
  return standing;
}

/** Whether the server or the catalogue knows that a model can do this (`true`), cannot (`false`), or nobody knows. */
export function can({ model, entry, knowsCapabilities }: ModelProfile, capability: Capability): boolean | undefined {
  if (model.capabilities.value.includes(capability)) return true;
  // Servers list what they offer; only for filling in the middle does the model's training decide.
  if (capability === 'fill-in-the-middle' && entry?.can.includes(capability)) return true;
  if (knowsCapabilities || entry?.cannot.includes(capability)) return false;
  return entry?.can.includes(capability) ? true : undefined;
}
