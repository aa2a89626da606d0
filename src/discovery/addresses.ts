import type { ServiceEndpoint } from '../core/service.js';
import { SERVICE_SPECS, specOf } from '../services/registry.js';
import type { ServiceSpec } from '../services/service-spec.js';
import { isLoopbackURL, normalBaseURL } from './base-url.js';

/** One place to look at, and who may be there. */
export interface Address {
  readonly baseURL: string;
  /** Servers with this default port; empty for a host's own address. */
  readonly specs: readonly ServiceSpec[];
  /** What the host said of it. */
  readonly endpoint: ServiceEndpoint | undefined;
}

/** The addresses that the host named; of two entries for one address the first counts. */
export function namedAddresses(services: readonly ServiceEndpoint[]): Address[] {
  const addresses = new Map<string, Address>();
  for (const endpoint of services) {
    const baseURL = normalBaseURL(endpoint.baseURL, specOf(endpoint.type)?.apiPath);
    if (!addresses.has(baseURL)) addresses.set(baseURL, { baseURL, specs: [], endpoint });
  }
  return [...addresses.values()];
}

/** The default addresses on some hosts, without those that the host app named itself. */
export function defaultAddresses(
  hosts: readonly string[],
  types: ReadonlySet<string>,
  named: readonly Address[],
): Address[] {
  const taken = new Set(named.map(({ baseURL }) => place(baseURL)));
  const wanted = SERVICE_SPECS.filter(({ type }) => types.has(type));
  const ports = [...new Set(wanted.flatMap((spec) => spec.ports))];
  return hosts
    .flatMap((host) =>
      ports.map((port) => ({
        baseURL: normalBaseURL(`http://${host}:${port}`),
        specs: wanted.filter((spec) => spec.ports.includes(port)),
        endpoint: undefined,
      })),
    )
    .filter(({ baseURL }) => !taken.has(place(baseURL)));
}

/** Equal for the default address and one that the host named by another name of loopback. */
function place(baseURL: string): string {
  return isLoopbackURL(baseURL) ? baseURL.replace(new URL(baseURL).hostname, 'localhost') : baseURL;
}
