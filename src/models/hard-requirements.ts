import type { Rejection, Requirements } from '../core/decision.js';
import type { Capability } from '../core/model.js';
import { printable } from '../internal/redact.js';
import { GIB, servedMemory } from './memory.js';
import { can, type ModelProfile } from './model-profile.js';
import type { PinRule } from './pin-rule.js';
import { plainName } from './plain-name.js';
import type { RulesInEffect } from './routing-rules.js';

/** What a model must meet in this ranking. */
export interface Hurdles {
  readonly contextTokens: number;
  readonly minContext: number;
  readonly capabilities: readonly Capability[];
  readonly allowExternal: boolean;
  readonly maxVramBytes: number | null;
  readonly pins: PinRule;
  /** What rules restrict the request to. */
  readonly use: RulesInEffect['use'];
  /** The forced model as the host wrote it. */
  readonly forced: string | undefined;
  readonly forcedName: string | undefined;
}

/** The hurdles of one ranking. */
export function hurdlesOf(
  o: Requirements,
  minContext: number,
  { maxVramBytes, pins, use }: Pick<Hurdles, 'maxVramBytes' | 'pins' | 'use'>,
): Hurdles {
  return {
    contextTokens: o.contextTokens ?? 0,
    // Whoever forces a model means it, whatever the category usually needs; and a vector needs no room for an answer.
    minContext: o.model === undefined && !o.capabilities?.includes('embedding') ? minContext : 0,
    capabilities: o.capabilities ?? [],
    allowExternal: o.allowExternal ?? false,
    maxVramBytes,
    pins,
    use,
    forced: o.model,
    forcedName: o.model === undefined ? undefined : plainName(o.model),
  };
}

/** Why a model may not be used. */
export interface Refusal {
  readonly rule: Rejection['rule'];
  reason(): string;
  remedy(): string;
}

/** The first requirement that a model fails, or `null`. */
export function refusalOf(profile: ModelProfile, hurdles: Hurdles): Refusal | null {
  return (
    refuseUnforced(profile, hurdles) ??
    refuseByRule(profile, hurdles) ??
    refusePlace(profile, hurdles) ??
    refusePin(profile, hurdles) ??
    refuseKind(profile, hurdles) ??
    refuseCapability(profile, hurdles) ??
    refuseWindow(profile, hurdles) ??
    refuseMemory(profile, hurdles)
  );
}

function refuseUnforced({ names }: ModelProfile, { forced, forcedName }: Hurdles): Refusal | null {
  if (forcedName === undefined || names.has(forcedName)) return null;
  return {
    rule: 'rule',
    reason: () => `The request names the model "${printable(forced, 80)}".`,
    remedy: () => 'Leave `model` out, or name this one.',
  };
}

function refuseByRule({ names }: ModelProfile, { use }: Hurdles): Refusal | null {
  for (const { rule, names: wanted } of use) {
    if ([...wanted].some((name) => names.has(name))) continue;
    return {
      rule: 'rule',
      reason: () => `The rule "${rule}" allows other models only.`,
      remedy: () => 'Serve one of the models in `use` of this rule, or add this one to it.',
    };
  }
  return null;
}

function refusePlace({ model }: ModelProfile, { allowExternal }: Hurdles): Refusal | null {
  if (allowExternal) return null;
  if (model.remote === 'yes') {
    return {
      rule: 'remote',
      reason: () => 'Its server passes prompts on to another machine.',
      remedy: () =>
        'Use a model that runs locally, or allow external use: `allowExternal` in the options of `security` and of the call.',
    };
  }
  if (model.remote === 'unknown') {
    return {
      rule: 'remote',
      reason: () => 'Nobody can tell whether its server passes prompts on to another machine.',
      remedy: () => "List it in the service's `models` if you know that it stays local.",
    };
  }
  if (model.locality !== 'external') return null;
  return {
    rule: 'locality',
    reason: () => 'Its service is outside the allowed network.',
    remedy: () =>
      'Use a local service, or allow external use: `allowExternal` in the options of `security` and of the call.',
  };
}

/** Before all that can be remedied with another request: a model that is not the pinned one is not to be asked at all. */
function refusePin({ ref, model }: ModelProfile, { pins }: Hurdles): Refusal | null {
  const { enforced, verdict } = pins.judge(ref, model) ?? {};
  if (!enforced || verdict === undefined || verdict.outcome === 'match') return null;
  return { rule: 'pin', reason: () => verdict.reason, remedy: () => verdict.remedy };
}

/** Kinds that a chat request must never reach. */
const OTHER_KINDS: readonly Capability[] = ['embedding', 'rerank', 'speech', 'image-generation'];
const OTHER_NAMES =
  /\b(?:whisper|tts|kokoro|piper|parakeet|bark|flux|sdxl|stable-?diffusion|dall-e|clip|vae|mmproj)\b/i;

function refuseKind(profile: ModelProfile, { capabilities }: Hurdles): Refusal | null {
  const wanted = capabilities.find((c) => OTHER_KINDS.includes(c) || c === 'fill-in-the-middle');
  if (wanted !== undefined) {
    // Only a model that is known for it: another would answer nonsense.
    if (can(profile, wanted) === true) return null;
    return kind(`It is not known to do ${wanted}.`, `Load a model for ${wanted}.`);
  }
  const { model, entry, knowsCapabilities } = profile;
  const list = model.capabilities.value;
  if (list.includes('chat') || list.includes('completion')) {
    if (knowsCapabilities) return null;
    if (entry?.can.includes('embedding')) return kind('It is an embedding model.', CHAT_REMEDY);
    return OTHER_NAMES.test(model.id) ? kind('By its name it is no language model.', CHAT_REMEDY) : null;
  }
  const other = list.find((c) => OTHER_KINDS.includes(c));
  if (other !== undefined) return kind(`It is a model for ${other}.`, CHAT_REMEDY);
  return knowsCapabilities ? kind('Its server says that it cannot chat.', CHAT_REMEDY) : null;
}

const CHAT_REMEDY = 'Load a chat model beside it.';

function kind(reason: string, remedy: string): Refusal {
  return { rule: 'kind', reason: () => reason, remedy: () => remedy };
}

function refuseCapability(profile: ModelProfile, { capabilities }: Hurdles): Refusal | null {
  for (const capability of capabilities) {
    if (can(profile, capability) !== false) continue;
    const rule =
      capability === 'tools' || capability === 'vision' || capability === 'json-schema' ? capability : 'kind';
    return {
      rule,
      reason: () => `It does not support ${capability}.`,
      remedy: () => `Load a model with ${capability}, or send the request without.`,
    };
  }
  return null;
}

function refuseWindow({ window, entry }: ModelProfile, { contextTokens, minContext }: Hurdles): Refusal | null {
  const trained = entry?.contextExtended ?? entry?.contextWindow;
  // An assumed window refuses nothing; that no load can exceed what the model was trained for is known.
  const limit = window.known ? window.tokens : trained;
  if (limit === undefined) return null;
  if (contextTokens > limit) {
    return {
      rule: 'context',
      reason: () => `The request needs ${contextTokens} tokens, its window has ${limit}.`,
      remedy: () =>
        trained !== undefined && trained >= contextTokens
          ? `Load it with a context of at least ${contextTokens} tokens.`
          : 'Shorten the request, or load a model with a larger window.',
    };
  }
  if (!window.known || minContext <= limit) return null;
  return {
    rule: 'context',
    reason: () => `Its window of ${limit} tokens is below the ${minContext} that this kind of task is given.`,
    remedy: () => 'Load it with a larger context, or lower `minContext` in `taskRouting`.',
  };
}

function refuseMemory(profile: ModelProfile, { maxVramBytes }: Hurdles): Refusal | null {
  if (maxVramBytes === null || profile.model.state.value !== 'unloaded') return null;
  const bytes = neededBytes(profile);
  if (bytes === undefined || bytes <= maxVramBytes) return null;
  const gib = (n: number) => (n / GIB).toFixed(1);
  return {
    rule: 'memory',
    reason: () => `It is not loaded and would need about ${gib(bytes)} GiB; \`maxVramGb\` allows ${gib(maxVramBytes)}.`,
    remedy: () => 'Use a smaller model or quantisation, or raise `maxVramGb`.',
  };
}

/** Memory after a load: what the server says, else from the file's size, else from the parameters. */
function neededBytes({ model, entry }: ModelProfile): number | undefined {
  if (model.memoryBytes !== undefined) return model.memoryBytes.value;
  const { identity, sizeBytes, contextLength, parallelSlots } = model;
  const known = entry?.totalB ?? identity.sizeB;
  if (known === null) return sizeBytes && sizeBytes.value + Math.max(0.5 * GIB, sizeBytes.value * 0.05);
  return servedMemory(
    { ...model, identity: { ...identity, key: entry?.key ?? identity.key, sizeB: known } },
    Math.max(1, Math.min(Math.round(contextLength.value), 100_000_000)) || 1,
    Math.max(1, Math.min(Math.round(parallelSlots?.value ?? 1), 4096)) || 1,
  );
}
