import type { ServedModel } from '../core/model.js';
import type { DiscoveryFailure, Service, ServiceEndpoint } from '../core/service.js';
import { safeUrl } from '../internal/redact.js';
import { localityOf } from '../security/ip-address.js';
import type { EgressDecision } from '../security/network-policy.js';
import { MAX_MODELS } from '../services/reply.js';
import { servedModel } from '../services/served-model.js';
import { localityOfURL, serviceId } from './base-url.js';
import { failure, keyRemedy } from './failure.js';
import type { Sighting } from './probe.js';

/** A service and how it was found. */
export interface FoundService {
  readonly service: Service;
  readonly sighting: Sighting;
}

/** Makes the service that users see; what limits it is told beside it. */
export async function describe(
  sighting: Sighting,
  o: {
    readonly nowMs: number;
    readonly resolve: (baseURL: string) => Promise<Pick<EgressDecision, 'addresses'>>;
    /** Whether names may lead outside of the allowed network, whatever they look like. */
    readonly allowsExternal: boolean;
  },
): Promise<{ found: FoundService; failures: DiscoveryFailure[] }> {
  const { address, spec, reading } = sighting;
  const { baseURL, endpoint } = address;
  const id = serviceId(spec.type, baseURL);
  const home = {
    service: id,
    type: spec.type,
    baseURL,
    priority: endpoint?.priority,
    locality: await localityAt(baseURL, o),
    contextLength: endpoint?.contextLength,
    trusted: new Set(endpoint?.models),
    name: endpoint?.name,
    modelPrefix: endpoint?.modelPrefix,
  };
  const service: Service = {
    id,
    type: spec.type,
    name: endpoint?.name ?? spec.name,
    baseURL,
    version: reading.version,
    status: reading.status,
    stale: false,
    lastSeenMs: o.nowMs,
    ...(isKeyed(endpoint) ? { keyed: true } : {}),
    ...(reading.behind === undefined ? {} : { behind: reading.behind }),
    models: reading.models.map((facts) => servedModel(facts, home)),
  };
  const failures: DiscoveryFailure[] = [];
  const at = safeUrl(baseURL);
  if (reading.status === 'unauthorized') {
    const { why = 'wants a key', remedy = keyRemedy(address, spec.type, at) } = reading.refused ?? {};
    failures.push(failure(address, 'ERR_UNAUTHORIZED', `${spec.name} at ${at} ${why}.`, remedy));
  }
  if (reading.status === 'down') {
    const reason = `${spec.name} at ${at} says that it cannot work.`;
    failures.push(failure(address, 'ERR_BAD_RESPONSE', reason, 'Look at its log and start it again.'));
  }
  if (reading.models.length >= MAX_MODELS) {
    const reason = `${spec.name} at ${at} lists ${MAX_MODELS} models or more; the first ${MAX_MODELS} are used.`;
    failures.push(failure(address, 'ERR_TOO_LARGE', reason, 'Shorten the list at the server.'));
  }
  return { found: { service, sighting }, failures };
}

const KEY_HEADER = /auth|key|token|cookie|secret/i;

function isKeyed(endpoint: ServiceEndpoint | undefined): boolean {
  return endpoint?.apiKey !== undefined || Object.keys(endpoint?.headers ?? {}).some((name) => KEY_HEADER.test(name));
}

async function localityAt(
  baseURL: string,
  { resolve, allowsExternal }: Pick<Parameters<typeof describe>[1], 'resolve' | 'allowsExternal'>,
): Promise<ServedModel['locality']> {
  const byText = localityOfURL(baseURL);
  // A name of private look is one of a private address where the policy lets it be no other.
  if (byText !== undefined && (byText !== 'private' || !allowsExternal)) return byText;
  // It has answered, so its name is allowed and known; where the network is replaced it may not be.
  const { addresses } = await resolve(baseURL).catch(() => ({ addresses: [] }));
  return addresses.length === 0 && byText !== undefined ? byText : localityOf(addresses);
}

/** One server reached under several names of one machine is one service: the first counts. */
export function mergeTwins(
  found: readonly FoundService[],
  isThisMachine: (baseURL: string) => boolean,
): FoundService[] {
  const seen = new Set<string>();
  return found.filter(({ service, sighting }) => {
    const { baseURL } = sighting.address;
    if (!isThisMachine(baseURL)) return true;
    const { port, pathname } = new URL(baseURL);
    const models = service.models.map(({ id, digest }) => [id, digest?.value]);
    const mark = JSON.stringify([service.type, port, pathname, service.version, service.status, models]);
    if (seen.has(mark)) return false;
    seen.add(mark);
    return true;
  });
}
