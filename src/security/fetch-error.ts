import { RouterError, type RouterErrorCode } from '../core/errors.js';

interface Finding {
  readonly code: RouterErrorCode;
  readonly isRetryable?: boolean;
  /** What follows the address. */
  readonly text: string;
}

const RESET: Finding = {
  code: 'ERR_UNREACHABLE',
  isRetryable: true,
  text: 'closed the connection before it answered',
};
const NO_ROUTE: Finding = { code: 'ERR_UNREACHABLE', text: 'cannot be reached from here; check the network' };
const NOT_RESOLVED: Finding = { code: 'ERR_UNREACHABLE', text: 'has a name that does not resolve; correct it' };
const CONNECT_TIMEOUT: Finding = {
  code: 'ERR_TIMEOUT',
  text: 'did not take the connection in time; check the address, or give a larger connectMs',
};
const NOT_HTTP: Finding = {
  code: 'ERR_BAD_RESPONSE',
  text: 'answered with something that is not HTTP; check the port',
};
/** What is said of every redirect. */
export const REDIRECT_REFUSED = 'redirect refused, as it would send the request elsewhere; use the final address';
const REDIRECT: Finding = { code: 'ERR_BAD_RESPONSE', text: `answered with a redirect: ${REDIRECT_REFUSED}` };
const REFUSED_BY_FETCH: Finding = { code: 'ERR_BAD_RESPONSE', text: 'answered in a way that fetch does not take' };
const BAD_HEADER: Finding = {
  code: 'ERR_INVALID_REQUEST',
  text: 'was not asked: a header has a name or value that cannot be sent; look for line breaks or non-Latin characters in keys',
};
const BAD_REQUEST: Finding = {
  code: 'ERR_INVALID_REQUEST',
  text: 'was not asked: the method, the path or the body cannot be sent',
};
const PLAIN_HTTP: Finding = { code: 'ERR_BAD_RESPONSE', text: 'does not speak TLS; use http:// in the address' };
const CLOSED: Finding = { code: 'ERR_CLOSED', text: 'was not asked: the security module is closed' };
const BROKEN_OFF: Finding = {
  code: 'ERR_BAD_RESPONSE',
  isRetryable: true,
  text: 'broke off in the middle of its reply',
};

/** What the codes of Node.js and undici mean; certificates are told by their prefix below. */
const FINDINGS: Readonly<Record<string, Finding>> = {
  ECONNREFUSED: { code: 'ERR_UNREACHABLE', text: 'refused the connection; start the server or correct the address' },
  ECONNRESET: RESET,
  ECONNABORTED: RESET,
  EPIPE: RESET,
  UND_ERR_SOCKET: RESET,
  EHOSTUNREACH: NO_ROUTE,
  EHOSTDOWN: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  ENETDOWN: NO_ROUTE,
  EADDRNOTAVAIL: NO_ROUTE,
  EACCES: NO_ROUTE,
  EPERM: NO_ROUTE,
  ENOTFOUND: NOT_RESOLVED,
  EAI_AGAIN: { ...NOT_RESOLVED, isRetryable: true },
  EAI_FAIL: NOT_RESOLVED,
  UND_ERR_CONNECT_TIMEOUT: CONNECT_TIMEOUT,
  ETIMEDOUT: CONNECT_TIMEOUT,
  UND_ERR_DESTROYED: CLOSED,
  UND_ERR_CLOSED: CLOSED,
  UND_ERR_HEADERS_OVERFLOW: { code: 'ERR_TOO_LARGE', text: 'sent headers of more than 16 KiB' },
  EPROTO: PLAIN_HTTP,
  ERR_SSL_WRONG_VERSION_NUMBER: PLAIN_HTTP,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: PLAIN_HTTP,
};

/** What undici gives as the cause for a 407 (nothing) and for more encodings than it undoes. */
const REFUSALS = /^$|^too many content-encodings/;
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|ERR_SSL_/;

/**
 * Makes whatever a fetch or a body threw into a `RouterError` that names the origin and the code, and nothing that a server sent.
 * The original is not kept as cause: it can hold bytes of the reply.
 */
export function fetchError(error: unknown, origin: string, phase: 'request' | 'reply'): RouterError {
  const chain = causes(error);
  const known = chain.find((e: unknown) => RouterError.is(e)) as RouterError | undefined;
  if (known) return known;
  const coded = chain.find((e) => typeof e['code'] === 'string' && e['name'] !== 'AbortError');
  const code = coded === undefined ? '' : String(coded['code']);
  const { code: ours, isRetryable, text } = finding(code, coded, chain, phase);
  const shown = /^[A-Z0-9_]{2,60}$/.test(code) ? ` (${code})` : '';
  return new RouterError(ours, `${origin} ${text}${shown}.`, { isRetryable });
}

function finding(code: string, coded: Cause | undefined, chain: readonly Cause[], phase: string): Finding {
  const parsing = chain.find((e) => e['name'] === 'HTTPParserError');
  if (parsing && phase === 'request') return notHttp(parsing['data']);
  if (chain.some((e) => e['message'] === 'bad port')) {
    return { code: 'ERR_UNSUPPORTED', text: 'uses a port that fetch refuses (its list of "bad ports"); use another' };
  }
  // undici says it in an error, msw in a bare text.
  if (chain.some((e) => [e['message'], e['cause']].includes('unexpected redirect'))) return REDIRECT;
  const found = Object.hasOwn(FINDINGS, code) ? FINDINGS[code] : undefined;
  if (found === CLOSED) return found;
  if (phase === 'reply') return BROKEN_OFF;
  // undici has one code for a lost connection and for an answer that it cannot take.
  if (code === 'UND_ERR_SOCKET' && /^bad /.test(String(coded?.['message']))) return NOT_HTTP;
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return /\bheader/.test(String(coded?.['message'])) ? BAD_HEADER : BAD_REQUEST;
  }
  if (found) return found;
  if (CERTIFICATE.test(code)) {
    return {
      code: 'ERR_BAD_RESPONSE',
      text: 'has a certificate that is not trusted; add its authority through NODE_EXTRA_CA_CERTS',
    };
  }
  if (code.startsWith('UND_ERR_') || code === 'ERR_ASSERTION') return NOT_HTTP;
  // Without a code it is fetch itself that does not take the answer: proxy authentication, piled up encodings.
  if (code === '' && chain.length === 2 && REFUSALS.test(String(chain[1]?.['message']))) return REFUSED_BY_FETCH;
  // The platform's message quotes the value, which may be a key.
  if (chain.length === 1 && /\bheader/i.test(String(chain[0]?.['message']))) return BAD_HEADER;
  return { code: 'ERR_UNREACHABLE', text: 'could not be asked: the request failed' };
}

function notHttp(data: unknown): Finding {
  // A TLS alert (0x15) or handshake (0x16) record, version 3.
  const speaksTls = typeof data === 'string' && (data.startsWith('\u0015\u0003') || data.startsWith('\u0016\u0003'));
  return speaksTls ? { ...NOT_HTTP, text: 'speaks TLS; use https:// in the address' } : NOT_HTTP;
}

type Cause = Readonly<Record<string, unknown>>;

function causes(error: unknown): Cause[] {
  const chain: Cause[] = [];
  for (let e = error; typeof e === 'object' && e !== null && chain.length < 5; e = (e as Cause)['cause']) {
    chain.push(e as Cause);
  }
  return chain;
}
