import type { Capability, Fact, ServedModel } from '../core/model.js';
import type { ServiceType } from '../core/service.js';
import { asCount } from '../internal/json.js';
import { identifyModel } from '../models/identify-model.js';
import { assumed } from './reply.js';
import type { ModelFacts } from './service-spec.js';

/** The window that is assumed where nothing says: what Ollama loads without a large graphics card. */
export const ASSUMED_CONTEXT = 4096;

/** The service that a model belongs to, as its models show it. */
export interface ModelHome {
  readonly service: string;
  readonly type: ServiceType;
  readonly baseURL: string;
  readonly priority: number | undefined;
  readonly locality: ServedModel['locality'];
  /** The host's own figure, for models about which the server says nothing. */
  readonly contextLength: number | undefined;
  /** The host's word that these stay local: settles what nobody can tell, never what the server itself declares. */
  readonly trusted: ReadonlySet<string>;
  /** The host's name for the service: `name/model` names a model like `service/model`. */
  readonly name: string | undefined;
  /** The host's prefix for naming models. */
  readonly modelPrefix: string | undefined;
}

/** Completes a server's facts; what nobody said is conservative and labelled `assumed`. */
export function servedModel(facts: ModelFacts, home: ModelHome): ServedModel {
  const { weights, parameters, architecture, upstream, aliases, remote, ...rest } = facts;
  const context = contextFact(facts, home.contextLength);
  const quantization = facts.quantization?.value;
  const { identity, notes } = identifyModel(facts.id, { weights, parameters, architecture, quantization }, home.type);
  const names = [...namesOf(facts.id, identity.key, home), ...(aliases ?? [])];
  return {
    ...rest,
    service: home.service,
    type: home.type,
    baseURL: home.baseURL,
    ...(home.priority === undefined ? {} : { priority: home.priority }),
    ...(names.length === 0 ? {} : { aliases: names }),
    identity,
    ...(notes.length === 0 ? {} : { notes }),
    capabilities: facts.capabilities ?? assumed(assumedCapabilities(facts.id)),
    state: facts.state ?? assumed('unknown'),
    contextLength: context,
    maxContextLength: facts.maxContextLength ?? context,
    locality: home.locality,
    remote: remote === 'unknown' && home.trusted.has(facts.id) ? 'no' : (remote ?? 'no'),
  };
}

/** What the host made up for naming a model. */
function namesOf(id: string, key: string | null, { name, modelPrefix }: ModelHome): string[] {
  const names = modelPrefix === undefined ? [] : [`${modelPrefix}${id}`];
  if (name === undefined) return names;
  names.push(`${name}/${id}`);
  if (key !== null && key !== id) names.push(`${name}/${key}`);
  return names;
}

function contextFact(facts: ModelFacts, configured: number | undefined): Fact<number> {
  const { contextLength: given, maxContextLength: max } = facts;
  if (given !== undefined && given.source !== 'assumed') return given;
  if (configured !== undefined) return { value: configured, source: 'config' };
  return given ?? assumed(Math.min(max?.value ?? ASSUMED_CONTEXT, ASSUMED_CONTEXT));
}

/** A count as servers write it: `8.0B`, `494.03M`, `140K`. */
export function parameterCount(text: string | undefined): number | undefined {
  const [, number, unit = ''] = /^(\d{1,6}(?:\.\d{1,6})?)([KMBT])$/.exec(text ?? '') ?? [];
  return asCount(Math.round(Number(number) * 1000 ** ('KMBT'.indexOf(unit) + 1)));
}

// Lists of OpenAI-style servers hold embedding models without a word about it; to chat with one is an error.
const EMBEDDING = /embed|(?:^|[/:_.-])(?:bge|gte|e5|minilm)(?:[/:_.-]|$)/i;
const RERANKER = /rerank/i;

/** What a model is taken for where only its name is known. */
export function assumedCapabilities(id: string): readonly Capability[] {
  if (RERANKER.test(id)) return ['rerank'];
  return EMBEDDING.test(id) ? ['embedding'] : ['completion', 'chat'];
}

/** The same at a server that holds the answers of every model to a schema. */
export function schemaCapabilities(id: string): Fact<readonly Capability[]> {
  const guess = assumedCapabilities(id);
  return assumed(guess.includes('chat') ? [...guess, 'json-schema'] : guess);
}
