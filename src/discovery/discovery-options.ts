import * as v from 'valibot';
import { type Clock, systemClock } from '../core/clock.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { Logger } from '../core/logger.js';
import type { KnownServiceType, ServiceEndpoint } from '../core/service.js';
import {
  checkOptions,
  clockPart,
  fetchPart,
  flag,
  injected,
  listOf,
  loggerPart,
  milliseconds,
  number,
  oneOf,
  oneOfKeys,
  optional,
  text,
  whole,
} from '../internal/options.js';
import { safeLogger } from '../internal/safe-logger.js';
import { timeoutsSchema } from '../internal/timeouts-schema.js';
import type { SecurityModule } from '../security/security-module.js';
import { SERVICE_SPECS } from '../services/registry.js';
import { definedSpec, type ServiceDefinition, serviceDefinitionSchema } from '../services/service-definition.js';
import type { ServiceSpec } from '../services/service-spec.js';
import { addressFault } from './base-url.js';

/**
 * Where servers are looked for, and how patiently.
 * @public
 */
export interface DiscoveryOptions {
  /** What may be reached; every request of discovery goes through it. @defaultValue a module with its own defaults */
  readonly security?: SecurityModule | undefined;
  /** Addresses beside the default ones; an entry at a default address takes its place, with `enabled: false` it switches it off. */
  readonly services?: readonly ServiceEndpoint[] | undefined;
  /**
   * Hosts whose default ports are tried; an empty list: only `services`.
   * @defaultValue `localhost`; in a container or WSL 2, where nothing is found there, `host.docker.internal` and the gateway too
   */
  readonly hosts?: readonly string[] | undefined;
  /** Servers whose default ports are tried. @defaultValue all */
  readonly types?: readonly KnownServiceType[] | undefined;
  /** Kinds of server of the host's own: looked for at their ports, and known where `services` names their type. */
  readonly definitions?: readonly ServiceDefinition[] | undefined;
  /**
   * Whether to look also where the servers' own variables say that they listen: `OLLAMA_HOST`, `LLAMA_ARG_HOST` and
   * `LLAMA_ARG_PORT`, `LOCALAI_ADDRESS`, `LEMONADE_HOST` and `LEMONADE_PORT`, `OPENEDAI_PORT`, `MODEL_RUNNER_PORT`.
   * Without it none of them is read.
   * @defaultValue false
   */
  readonly env?: boolean | undefined;
  /** How long an address may take to its first answer, and each answer after it, in milliseconds. @defaultValue 1000 */
  readonly probeTimeoutMs?: number | undefined;
  /** Addresses that are looked at together, 1 to 256. @defaultValue 32 */
  readonly concurrency?: number | undefined;
  /** How long a result is given again without a new look, in milliseconds; a run that found nothing is not kept. @defaultValue 30000 */
  readonly ttlMs?: number | undefined;
  /** Time, for tests. */
  readonly clock?: Clock | undefined;
  /** Where diagnostics go. @defaultValue nowhere */
  readonly logger?: Logger | undefined;
  /** Replaces the network itself (tests, tunnels). URLs are still checked; look-ups, sockets and proxies are its own matter. */
  readonly fetch?: FetchLike | undefined;
}

/** One entry per type: one that is added to the union cannot be forgotten here. */
const KNOWN: Readonly<Record<KnownServiceType, true>> = {
  ollama: true,
  lmstudio: true,
  jan: true,
  'open-webui': true,
  localai: true,
  vllm: true,
  'llama.cpp': true,
  koboldcpp: true,
  gpt4all: true,
  'text-generation-webui': true,
  sglang: true,
  'llama-swap': true,
  'docker-model-runner': true,
  lemonade: true,
  tabbyapi: true,
  'mlx-lm': true,
  'llama-cpp-python': true,
  'openai-compatible': true,
};
const KNOWN_TYPES: readonly string[] = Object.keys(KNOWN);

const serviceType = v.custom<string>(
  (x) => typeof x === 'string' && (KNOWN_TYPES.includes(x) || /^custom:./.test(x)),
  `one of ${KNOWN_TYPES.map((type) => `"${type}"`).join(', ')}, or "custom:<name>"`,
);

const baseURL = v.pipe(
  v.custom<string>(
    (x) => typeof x === 'string' && addressFault(x) !== 'not-http',
    'an address with http:// or https://, for example "http://localhost:8000"',
  ),
  v.check(
    (x) => addressFault(x) !== 'credentials',
    'the address without user name and password, and put the key into `apiKey`',
  ),
  v.check((x) => addressFault(x) !== 'query', 'the address without query and fragment'),
);

const path = () =>
  v.custom<string>((x) => typeof x === 'string' && /^\/[\x21-\x7e]*$/.test(x), 'a path that begins with "/"');
const headerValue = v.custom<string>(
  (x) => typeof x === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(x),
  'a text of one line',
);
const headerName = v.custom<string>(
  (x) => typeof x === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(x),
  'names that HTTP allows for headers',
);

/** What a {@link ServiceEndpoint} may hold. */
export const serviceEndpointSchema = v.strictObject({
  type: serviceType,
  baseURL,
  name: optional(text()),
  enabled: optional(flag()),
  priority: optional(number(-1_000_000, 1_000_000)),
  apiKey: optional(
    v.custom<unknown>(
      (x) => typeof x === 'function' || (typeof x === 'string' && x !== '' && v.is(headerValue, x)),
      'a text of one line, or a function that gives one',
    ),
  ),
  headers: optional(v.record(headerName, headerValue, 'an object of header texts')),
  contextLength: optional(whole(1, Number.MAX_SAFE_INTEGER, 'tokens')),
  timeouts: optional(timeoutsSchema),
  maxRetries: optional(whole(0, 100)),
  maxConcurrent: optional(whole(1, 100_000)),
  paths: optional(v.strictObject({ models: optional(path()), chat: optional(path()), health: optional(path()) })),
  modelPrefix: optional(text()),
  apiStyle: optional(oneOf('native', 'openai')),
  models: optional(listOf(text(), 'model names')),
});

// A host may stand with a port of its own in `services`, not here.
const host = v.custom<string>(
  (x) => typeof x === 'string' && /^(?:[\w.-]+|\[[\da-f:.]+\])$/i.test(x),
  'a host name or an address without scheme and port, for example "localhost" or "[::1]"',
);

/** What {@link DiscoveryOptions} may hold. */
export const discoverySchema = v.strictObject({
  security: optional(injected('a SecurityModule', 'fetch', 'validateEndpoint', 'narrow')),
  services: optional(listOf(serviceEndpointSchema, 'services')),
  hosts: optional(listOf(host, 'hosts')),
  types: optional(listOf(oneOfKeys(KNOWN), 'service types')),
  definitions: optional(
    v.pipe(
      listOf(serviceDefinitionSchema, 'service definitions'),
      v.check(
        (list) => new Set(list.map(({ type }) => type)).size === list.length,
        'definitions of which each has a `type` of its own',
      ),
    ),
  ),
  env: optional(flag()),
  probeTimeoutMs: optional(number(1, 600_000, 'milliseconds')),
  concurrency: optional(whole(1, 256)),
  ttlMs: optional(milliseconds()),
  clock: optional(clockPart()),
  logger: optional(loggerPart()),
  fetch: optional(fetchPart()),
});

/** The options as the code reads them. */
export interface DiscoverySettings {
  readonly services: readonly ServiceEndpoint[];
  /** `null`: found out from the environment. */
  readonly hosts: readonly string[] | null;
  /** Servers that are told apart: the host's own kinds first. */
  readonly specs: readonly ServiceSpec[];
  /** Those of them whose default ports are tried. */
  readonly wanted: readonly ServiceSpec[];
  readonly env: boolean;
  readonly probeTimeoutMs: number;
  readonly concurrency: number;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Checks the options and fills every default. Throws `ERR_INVALID_OPTION`. */
export function discoverySettings(o: DiscoveryOptions = {}): DiscoverySettings {
  checkOptions(discoverySchema, o, 'ServiceDiscovery');
  const logger = safeLogger(o.logger);
  const defined = (o.definitions ?? []).map((definition) => definedSpec(definition, logger));
  const types = new Set<string>(o.types ?? KNOWN_TYPES);
  return {
    services: (o.services ?? []).map((endpoint) => ({ ...endpoint })),
    hosts: o.hosts ?? null,
    specs: [...defined, ...SERVICE_SPECS],
    wanted: [...defined, ...SERVICE_SPECS.filter(({ type }) => types.has(type))],
    env: o.env ?? false,
    probeTimeoutMs: o.probeTimeoutMs ?? 1_000,
    concurrency: o.concurrency ?? 32,
    ttlMs: o.ttlMs ?? 30_000,
    clock: o.clock ?? systemClock,
    logger,
  };
}
