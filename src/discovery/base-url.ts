import type { ServedModel } from '../core/model.js';
import type { ServiceType } from '../core/service.js';

/** What is wrong with an address; `undefined` if nothing is. */
export type AddressFault = 'not-http' | 'credentials' | 'query' | undefined;

/** Judges the form of an address; whether it may be reached is for the security module to say. */
export function addressFault(baseURL: string): AddressFault {
  const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || !/^https?:\/\/[^/\\]/i.test(baseURL)) return 'not-http';
  if (/^[^/]*\/\/[^/?#]*@/.test(baseURL)) return 'credentials';
  return url.search || url.hash ? 'query' : undefined;
}

/** Origin and path prefix, without `/v1`, without double or trailing slashes: Ollama answers those with redirects. */
export function normalBaseURL(baseURL: string): string {
  const url = new URL(baseURL);
  const path = url.pathname.replace(/\/+/g, '/').replace(/\/$/, '').replace(/\/v1$/, '');
  return `${url.origin}${path}`;
}

/** `type@host:port`, with the path prefix if there is one. */
export function serviceId(type: ServiceType, baseURL: string): string {
  const url = new URL(baseURL);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return `${type}@${url.hostname}:${port}${url.pathname === '/' ? '' : url.pathname}`;
}

/** Whether the text of an address says that it is on this machine. */
export function isLoopbackURL(baseURL: string): boolean {
  return isLoopback(new URL(baseURL).hostname);
}

function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])\.?$/.test(hostname);
}

/** Where an address is, as far as its text tells; `undefined` for a name that has to be resolved. */
export function localityOf(baseURL: string): ServedModel['locality'] | undefined {
  const { hostname } = new URL(baseURL);
  if (isLoopback(hostname)) return 'loopback';
  if (/^[\d.]+$/.test(hostname) || hostname.startsWith('['))
    return localityOfAddresses([hostname.replace(/[[\]]/g, '')]);
  // Names that no public DNS serves.
  if (!hostname.includes('.') || /\.(?:internal|local|lan|localdomain|localhost|test|home\.arpa)\.?$/.test(hostname)) {
    return 'private';
  }
  return undefined;
}

/** The farthest place among resolved addresses; without any, the cautious answer. */
export function localityOfAddresses(addresses: readonly string[]): ServedModel['locality'] {
  if (addresses.length > 0 && addresses.every((a) => /^(?:127\.|::1$)/.test(a))) return 'loopback';
  return addresses.length > 0 && addresses.every((a) => PRIVATE.test(a)) ? 'private' : 'external';
}

// Loopback, RFC 1918, shared and link-local IPv4; loopback, unique local and link-local IPv6.
const PRIVATE =
  /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd][\da-f]{2}:|fe[89ab][\da-f]:)/i;
