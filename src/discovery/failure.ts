import { RouterError } from '../core/errors.js';
import type { DiscoveryFailure, ServiceType } from '../core/service.js';
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
  if (tried.replies.length > 0) return answered(address, at, tried.replies);
  return unanswered(address, at, tried.errors);
}

const OWN_CODES: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ['ERR_EGRESS_DENIED', 'Allow the address in the options of `security`, or leave it out of `services`.'],
  [
    'ERR_TOO_LARGE',
    "Shorten the list at the server, or name what you need: { type: 'openai-compatible', models: [...] }.",
  ],
]);

function answered(address: Address, at: string, replies: readonly Reply[]): DiscoveryFailure {
  if (replies.some(({ status }) => status === 401)) {
    return failure(
      address,
      'ERR_UNAUTHORIZED',
      `${at} wants a key.`,
      keyRemedy(address, address.specs[0]?.type ?? 'openai-compatible', at),
    );
  }
  // The AirPlay Receiver of macOS holds port 5000 and refuses everything.
  if (replies.some(({ headers }) => headers.get('server')?.startsWith('AirTunes/'))) {
    const remedy = 'If a model server should be there, give it another port or switch off AirPlay Receiver.';
    return failure(address, 'ERR_BAD_RESPONSE', `${at} is the AirPlay Receiver of macOS.`, remedy);
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

function unanswered(address: Address, at: string, errors: readonly unknown[]): DiscoveryFailure {
  // What was met last is how it is now: of a server that has just gone, connections from before break first.
  const error = errors.at(-1);
  const code = systemCode(error);
  if (code === 'ECONNREFUSED') {
    return failure(address, code, `Nothing listens at ${at}.`, 'Start the server, or name its address in `services`.');
  }
  const known = RouterError.is(error) ? error : undefined;
  const reason = known?.message ?? `${at} could not be asked.`;
  return failure(address, code ?? known?.code ?? 'ERR_UNREACHABLE', reason, 'Check the address of this service.');
}

/** What to write so that a locked server opens. */
export function keyRemedy({ endpoint }: Address, type: ServiceType, at: string): string {
  if (endpoint?.apiKey !== undefined) return 'The server refused the key: check `apiKey` of this service.';
  return `Give its key: services: [{ type: '${endpoint?.type ?? type}', baseURL: '${at}', apiKey: '...' }].`;
}

/** One entry of `DiscoveryReport.failures`. */
export function failure(address: Address, code: string, reason: string, remedy: string | undefined): DiscoveryFailure {
  const type = address.endpoint?.type ?? (address.specs.length === 1 ? address.specs[0]?.type : undefined);
  return { baseURL: address.baseURL, type, code, reason, remedy };
}

function isTimeout(error: unknown): boolean {
  return RouterError.is(error) && error.code === 'ERR_TIMEOUT';
}

/** The code of the operating system or the HTTP client: the guarded fetch keeps it at the end of its message, and nothing else. */
function systemCode(error: unknown): string | undefined {
  return RouterError.is(error) ? /\((E[A-Z]{3,}|[A-Z]+_[A-Z_]+)\)\.$/.exec(error.message)?.[1] : undefined;
}
