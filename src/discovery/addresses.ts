import type { ServiceEndpoint } from '../core/service.js';
import type { ServiceSpec } from '../services/service-spec.js';
import { isLoopbackURL, normalBaseURL } from './base-url.js';
import type { EnvPlace } from './env-places.js';

/** One place to look at, and who may be there. */
export interface Address {
  readonly baseURL: string;
  /** Servers with this default port; at a host's own address the one of its type, if there is a description of it. */
  readonly specs: readonly ServiceSpec[];
  /** What the host said of it. */
  readonly endpoint: ServiceEndpoint | undefined;
}

/** The addresses that the host named; of two entries for one address the first counts. */
export function namedAddresses(services: readonly ServiceEndpoint[], specs: readonly ServiceSpec[]): Address[] {
  const addresses = new Map<string, Address>();
  for (const endpoint of services) {
    const own = specs.filter(({ type }) => type === endpoint.type);
    const baseURL = normalBaseURL(endpoint.baseURL, own[0]?.apiPath);
    if (!addresses.has(baseURL)) addresses.set(baseURL, { baseURL, specs: own, endpoint });
  }
  return [...addresses.values()];
}

/**
 * The default addresses of servers on some hosts, and the places that the environment names, without those that the host
 * app named itself.
 */
export function defaultAddresses(
  hosts: readonly string[],
  specs: readonly ServiceSpec[],
  named: readonly Address[],
  places: readonly EnvPlace[] = [],
): Address[] {
  const ports = [...new Set(specs.flatMap((spec) => spec.ports))];
  const addresses = hosts.flatMap((host) =>
    ports.map((port): Address => {
      const listening = specs.filter((spec) => spec.ports.includes(port));
      return { baseURL: normalBaseURL(`http://${host}:${port}`), specs: listening, endpoint: undefined };
    }),
  );
  for (const { baseURL: text, spec } of places) {
    const baseURL = normalBaseURL(text);
    const at = addresses.findIndex((address) => place(address.baseURL) === place(baseURL));
    const usual = addresses[at] ?? { baseURL, specs: [], endpoint: undefined };
    // Whom the environment names there is asked for first.
    const specs = [spec, ...usual.specs.filter((other) => other !== spec)];
    addresses.splice(at < 0 ? addresses.length : at, 1, { ...usual, specs });
  }
  const taken = new Set(named.map(({ baseURL }) => place(baseURL)));
  return addresses.filter(({ baseURL }) => !taken.has(place(baseURL)));
}

/** Equal for the default address and one that the host named by another name of loopback. */
function place(baseURL: string): string {
  return isLoopbackURL(baseURL) ? baseURL.replace(new URL(baseURL).hostname, 'localhost') : baseURL;
}
