import { RouterError } from '../core/errors.js';
import { REDIRECT_REFUSED } from './fetch-error.js';

/** Most bytes of the names and values of a reply's header. */
export const MAX_HEADER_BYTES = 16_384;
/** Most fields of a reply's header. */
export const MAX_HEADER_FIELDS = 256;

/** The error of a reply whose header is beyond the limits. */
export function tooManyHeaders(origin: string): RouterError {
  return new RouterError(
    'ERR_TOO_LARGE',
    `${origin} sent more than ${MAX_HEADER_FIELDS} header fields or ${MAX_HEADER_BYTES} bytes of headers.`,
  );
}

/** Why a reply with this status is refused before anyone reads it; `null` if it is not. */
export function statusRefusal(status: number, origin: string): RouterError | null {
  if (status >= 300 && status < 400) return redirectRefusal(origin, ` (${status})`);
  if (status < 200 || status > 599) {
    return new RouterError('ERR_BAD_RESPONSE', `${origin} answered with status ${status}, which HTTP does not have.`);
  }
  if (status !== 407) return null;
  return new RouterError(
    'ERR_BAD_RESPONSE',
    `${origin} asks for proxy credentials (407), which are never sent; use the address of the server itself.`,
  );
}

/** The error of a redirect. */
export function redirectRefusal(origin: string, shown = ''): RouterError {
  return new RouterError('ERR_BAD_RESPONSE', `${origin} answered with a redirect${shown}: ${REDIRECT_REFUSED}.`);
}

/** Why a reply in this encoding is refused: it could hide how large it is, and a cut one would pass for complete. */
export function encodingRefusal(headers: Headers, origin: string): RouterError | null {
  const encoding = headers.get('content-encoding');
  if (encoding === null || /^(?:identity)?$/i.test(encoding)) return null;
  return new RouterError('ERR_BAD_RESPONSE', `${origin} sent a compressed reply although none was asked for.`);
}

/** Why a reply is refused whose header nobody counted on the wire. */
export function headerRefusal(headers: Headers, origin: string): RouterError | null {
  let bytes = 0;
  let fields = 0;
  for (const [name, value] of headers) {
    bytes += name.length + value.length;
    // Repeated fields come joined.
    fields += value.length > MAX_HEADER_FIELDS ? value.split(', ').length : 1;
  }
  return bytes > MAX_HEADER_BYTES || fields > MAX_HEADER_FIELDS ? tooManyHeaders(origin) : null;
}
