import type { ServedModel } from '../core/model.js';
import type { ServiceType } from '../core/service.js';
import { localityOf, parseAddress } from '../security/ip-address.js';

/** What is wrong with an address; `undefined` if nothing is. */
export type AddressFault = 'not-http' | 'credentials' | 'query' | undefined;

/** Judges the form of an address; whether it may be reached is for the security module to say. */
export function addressFault(baseURL: string): AddressFault {
  // Blanks, control characters and backslashes: parsing drops or turns them, so what was written is not what is asked.
  if (/[^!-~\u0080-\uffff]|\\/.test(baseURL) || !/^https?:\/\/[^/]/i.test(baseURL)) return 'not-http';
  if (/^[^/]*\/\/[^/?#]*@/.test(baseURL)) return 'credentials';
  if (!URL.canParse(baseURL)) return 'not-http';
  return /[?#]/.test(baseURL) ? 'query' : undefined;
}

/**
 * Origin and path prefix, without `/v1`, without double or trailing slashes: Ollama answers those with redirects.
 * `apiPath` is what a server has for `/v1`; people give base URLs with it too.
 */
export function normalBaseURL(baseURL: string, apiPath?: string): string {
  const url = new URL(baseURL);
  const path = url.pathname
    .replace(/\/+/g, '/')
    .replace(/\/$/, '')
    .replace(/(?:\/v1)+$/, '');
  return `${url.origin}${apiPath !== undefined && path.endsWith(apiPath) ? path.slice(0, -apiPath.length) : path}`;
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
export function localityOfURL(baseURL: string): ServedModel['locality'] | undefined {
  const { hostname } = new URL(baseURL);
  if (isLoopback(hostname)) return 'loopback';
  const literal = hostname.replace(/^\[|\]$/g, '');
  if (parseAddress(literal) !== null) return localityOf([literal]);
  // Names that no public DNS serves.
  const isLocalName =
    !hostname.includes('.') || /\.(?:internal|local|lan|localdomain|localhost|test|home\.arpa)\.?$/.test(hostname);
  return isLocalName ? 'private' : undefined;
}
