import { RouterError } from '../core/errors.js';
import type { DiscoveryFailure } from '../core/service.js';
import { safeUrl } from '../internal/redact.js';
import type { Reply } from '../services/service-spec.js';
import type { Address } from './addresses.js';

/** Why nothing usable was found at an address, from all that was tried there: the most telling reason wins. */
export function failureAt(
  address: Address,
  tried: { readonly replies: readonly Reply[]; readonly errors: readonly unknown[]; readonly timeoutMs: number },
): DiscoveryFailure {
  const at = safeUrl(address.baseURL);
  const own = tried.errors.find((error) => RouterError.is(error) && OWN_CODES.has(error.code));
  if (RouterError.is(own)) return failure(address, own.code, own.message, OWN_CODES.get(own.code));
  if (tried.errors.some(isTimeout)) {
    return failure(
      address,
      'ERR_TIMEOUT',
      `${at} gave no complete answer within ${tried.timeoutMs} ms.`,
      'Check the address and the firewall, or raise `probeTimeoutMs`.',
    );
  }
  const [reply] = tried.replies;
  if (reply !== undefined) return answered(address, at, tried.replies);
  return unanswered(
    address,
    at,
    tried.errors.map(systemCode).find((code) => code !== undefined),
  );
}

const OWN_CODES: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ['ERR_EGRESS_DENIED', 'Allow the address in the options of `security`, or leave it out of `services`.'],
  [
    'ERR_TOO_LARGE',
    "Shorten the list at the server, or name what you need: { type: 'openai-compatible', models: [...] }.",
  ],
  ['ERR_UNAUTHORIZED', 'Let the `apiKey` function give a key of one line.'],
]);

function answered(address: Address, at: string, replies: readonly Reply[]): DiscoveryFailure {
  if (replies.some(({ status }) => status === 401)) {
    return failure(address, 'ERR_UNAUTHORIZED', `${at} wants a key.`, keyRemedy(address, at));
  }
  if (replies.every(({ status }) => status >= 300 && status < 400)) {
    const reason = `${at} answers with redirects, which are never followed.`;
    return failure(address, 'ERR_BAD_RESPONSE', reason, 'Name the address that it redirects to.');
  }
  if (replies.every(({ status }) => status === 403 || status === 400)) {
    const reason = `${at} refuses requests under this host name.`;
    return failure(
      address,
      'ERR_BAD_RESPONSE',
      reason,
      'Allow this host name at the server, or let it listen on all interfaces.',
    );
  }
  const statuses = [...new Set(replies.map(({ status }) => status))].join(', ');
  return failure(
    address,
    'ERR_BAD_RESPONSE',
    `${at} answers (HTTP ${statuses}), but not as ${address.endpoint ? 'such a server' : 'a known model server'}.`,
    address.endpoint ? 'Check `type` and `baseURL`, or give `paths.models` or `models`.' : undefined,
  );
}

function unanswered(address: Address, at: string, code: string | undefined): DiscoveryFailure {
  if (code === 'ECONNREFUSED') {
    return failure(address, code, `Nothing listens at ${at}.`, 'Start the server, or name its address in `services`.');
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return failure(address, code, `The host name of ${at} is not known.`, 'Check the name, or use its IP address.');
  }
  if (code !== undefined && /CERT|SELF_SIGNED|ERR_TLS/.test(code)) {
    const remedy = 'Name its authority in NODE_EXTRA_CA_CERTS, or use http:// in a trusted network.';
    return failure(address, code, `The certificate of ${at} is not trusted.`, remedy);
  }
  if (code !== undefined && /SSL|EPROTO/.test(code)) {
    return failure(address, code, `${at} does not speak TLS.`, 'Use http:// in its address.');
  }
  const reason = `${at} broke off the connection or does not speak HTTP.`;
  return failure(
    address,
    code ?? 'ERR_UNREACHABLE',
    reason,
    'Check that a model server listens there, and whether it wants https://.',
  );
}

/** What to write so that a locked server opens. */
export function keyRemedy(address: Address, at: string): string {
  if (address.endpoint?.apiKey !== undefined) return 'The server refused the key: check `apiKey` of this service.';
  const type = address.endpoint?.type ?? address.specs[0]?.type ?? 'openai-compatible';
  return `Give its key: services: [{ type: '${type}', baseURL: '${at}', apiKey: '...' }].`;
}

/** One entry of `DiscoveryReport.failures`. */
export function failure(address: Address, code: string, reason: string, remedy: string | undefined): DiscoveryFailure {
  const type = address.endpoint?.type ?? (address.specs.length === 1 ? address.specs[0]?.type : undefined);
  return { baseURL: address.baseURL, type, code, reason, remedy };
}

function isTimeout(error: unknown): boolean {
  return (RouterError.is(error) && error.code === 'ERR_TIMEOUT') || /TIMEDOUT|_TIMEOUT/.test(systemCode(error) ?? '');
}

/** The code of the operating system or of the HTTP client, wherever in the chain of causes it is. */
export function systemCode(error: unknown): string | undefined {
  let found: string | undefined;
  let at: unknown = error;
  for (let depth = 0; depth < 8 && typeof at === 'object' && at !== null; depth++) {
    const { code, cause, errors } = at as { code?: unknown; cause?: unknown; errors?: unknown };
    if (typeof code === 'string' && !RouterError.is(at)) found = code;
    // A name with two addresses fails with the errors of both.
    at = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
  return found;
}
