import * as v from 'valibot';
import { RouterError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { Capability } from '../core/model.js';
import { asArray, asCount, asString } from '../internal/json.js';
import { fn, listOf, text, whole } from '../internal/options.js';
import { thrownName } from '../internal/thrown-name.js';
import { unawaited } from '../internal/unawaited.js';
import { namedItems, said, strings } from './reply.js';
import type { Ask, ModelFacts, Reading, SafeRequest, ServiceSpec } from './service-spec.js';

/**
 * What an address answered to one probe.
 * @public
 */
export interface ProbeReply {
  /** The path that was asked, as in `probes`. */
  readonly path: string;
  /** HTTP status. */
  readonly status: number;
  /** Its headers. */
  readonly headers: Headers;
  /** The body as JSON where it is JSON, else as text; at most 1 MiB. */
  readonly body: unknown;
}

/**
 * A model of a host's own kind of server.
 * @public
 */
export interface DefinedModel {
  /** The name that the server takes. */
  readonly id: string;
  /** Context in force, in tokens. @defaultValue 4096, labelled `assumed` */
  readonly contextLength?: number | undefined;
  /** What it can do. @defaultValue what its name tells, labelled `assumed` */
  readonly capabilities?: readonly Capability[] | undefined;
}

/**
 * What a host's own kind of server says of itself.
 * @public
 */
export interface DefinedService {
  /** Its version. */
  readonly version?: string | undefined;
  /** What it serves. */
  readonly models: readonly DefinedModel[];
}

/**
 * A kind of server that the host adds to those that are told apart.
 *
 * @example
 * ```ts
 * const acme: ServiceDefinition = {
 *   type: 'custom:acme',
 *   ports: [7070],
 *   probes: ['/acme/info'],
 *   identify: ([info]) => {
 *     const { product, models } = (info?.body ?? {}) as { product?: string; models?: string[] };
 *     return product === 'Acme' ? { models: (models ?? []).map((id) => ({ id })) } : null;
 *   },
 *   transport: 'openai',
 * };
 * const discovery = new ServiceDiscovery({ definitions: [acme] });
 * ```
 * @public
 */
export interface ServiceDefinition {
  /** `custom:` and a name; endpoints of this type in `services` are recognised by it too. */
  readonly type: `custom:${string}`;
  /** Default ports, tried before the known servers of the same port; an empty list: only where `services` names it. */
  readonly ports: readonly number[];
  /** Paths below the base URL that are asked with GET; they must not load, wake or change anything there. */
  readonly probes: readonly string[];
  /**
   * Says from the replies what answers there, or `null` where it is another server. Probes without a complete answer are
   * left out. To be decided by the shape of a reply, never by its status alone; a function that throws has not recognised it.
   */
  identify(replies: readonly ProbeReply[]): DefinedService | null;
  /** Name of the transport that talks to it: `openai`, `ollama`, or one of the host's own. */
  readonly transport: string;
}

/** What a {@link ServiceDefinition} may hold. */
export const serviceDefinitionSchema = v.strictObject({
  type: v.custom<string>(
    (x) => typeof x === 'string' && /^custom:[\w.-]+$/.test(x),
    '"custom:<name>" of letters, digits, ".", "_" and "-"',
  ),
  ports: listOf(whole(1, 65_535), 'ports'),
  probes: v.pipe(
    listOf(
      v.custom<string>((x) => typeof x === 'string' && /^\/[\x21-\x7e]*$/.test(x), 'a path that begins with "/"'),
      'paths',
    ),
    v.minLength(1, 'at least one path'),
  ),
  identify: fn('(replies) => { version, models } | null'),
  transport: text(),
});

/** Makes the description that discovery works with. */
export function definedSpec(definition: ServiceDefinition, logger: Logger): ServiceSpec {
  const { type, ports, probes, transport } = definition;
  const requests = probes.map((path): SafeRequest => `GET ${path as `/${string}`}`);
  const look = async (ask: Ask): Promise<Reading | null> => {
    const replies = await Promise.all(requests.map((request) => ask(request)));
    const complete = replies.flatMap((reply, i): ProbeReply[] =>
      reply === null
        ? []
        : [
            {
              path: probes[i] as string,
              status: reply.status,
              headers: reply.headers,
              body: reply.json ?? reply.text,
            },
          ],
    );
    return complete.length === 0 ? null : reading(definition, complete, logger);
  };
  return {
    type,
    name: type.slice('custom:'.length),
    ports,
    transport,
    usesNumCtx: false,
    requests,
    identify: async (ask) => (await look(ask)) !== null,
    read: look,
  };
}

function reading(definition: ServiceDefinition, replies: readonly ProbeReply[], logger: Logger): Reading | null {
  let found: DefinedService | null;
  try {
    found = definition.identify(replies);
  } catch (error) {
    // Its message may hold what the server sent.
    const what = RouterError.is(error) ? error.code : thrownName(error);
    logger.warn(`identify() of ${definition.type} threw`, what);
    return null;
  }
  unawaited(found);
  if (typeof found !== 'object' || found === null || found instanceof Promise) return null;
  // Hosts pass on what a server sent: it is read as carefully as if we had asked.
  const models = namedItems(asArray(found.models), 'id').map(
    ({ name, item }): ModelFacts => ({
      id: name,
      contextLength: said(asCount(item['contextLength'])),
      capabilities: Array.isArray(item['capabilities'])
        ? said(strings(item['capabilities']) as Capability[])
        : undefined,
    }),
  );
  return { status: 'up', version: asString(found.version), models };
}
