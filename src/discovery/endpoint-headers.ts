import { RouterError } from '../core/errors.js';
import type { ServiceEndpoint } from '../core/service.js';

/**
 * The headers that the host wants sent to one service, with its key as `Authorization: Bearer`; a promise only where the
 * host's function gives the key.
 * Rejects with `ERR_UNAUTHORIZED` when the key function throws or gives no key.
 */
export function endpointHeaders(
  endpoint: ServiceEndpoint | undefined,
  service: string,
): Record<string, string> | Promise<Record<string, string>> {
  if (endpoint?.apiKey === undefined) return { ...endpoint?.headers };
  const { apiKey, headers } = endpoint;
  const withKey = (key: string): Record<string, string> => ({ ...headers, authorization: `Bearer ${key}` });
  return typeof apiKey === 'string' ? withKey(apiKey) : keyFrom(apiKey, service).then(withKey);
}

async function keyFrom(give: () => string | Promise<string>, service: string): Promise<string> {
  let key: unknown;
  try {
    key = await give();
  } catch {
    // Its error may hold the key or where it is kept.
    throw new RouterError('ERR_UNAUTHORIZED', `The apiKey function of ${service} threw; no key could be sent.`, {
      service,
    });
  }
  if (typeof key === 'string' && /^[\t\x20-\x7e\x80-\xff]+$/.test(key)) return key;
  throw new RouterError('ERR_UNAUTHORIZED', `The apiKey function of ${service} gave no text of one line.`, { service });
}
