import { systemClock } from '../core/clock.js';
import { RouterError } from '../core/errors.js';
import type { CallOptions } from '../core/events.js';
import { abortError, raceAbort, withDeadline } from '../internal/deadline.js';
import { asArray, asObject } from '../internal/json.js';
import { type EgressDecision, judgeAnswers, judgeName, type NetworkPolicy } from './network-policy.js';

/** Resolves a host name to its addresses. */
export type Lookup = (host: string, o: CallOptions) => Promise<readonly { address: string; family: 4 | 6 }[]>;

/** Addresses of one name that a connection tries. */
const MAX_ADDRESSES = 16;

/** The system's own resolver. */
export const systemLookup: Lookup = async (host) => {
  const { lookup } = await import('node:dns/promises');
  return (await lookup(host, { all: true })) as { address: string; family: 4 | 6 }[];
};

/**
 * Resolves a listed name and judges all its answers (R4, R5). An unlisted name is denied without a question to DNS.
 * Throws `ERR_UNREACHABLE` where the name does not resolve, `ERR_TIMEOUT` and `ERR_ABORTED`.
 */
export async function resolveName(
  policy: NetworkPolicy,
  name: string,
  o: { lookup: Lookup; timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<EgressDecision> {
  const listed = judgeName(policy, name);
  if (!listed.allowed) return listed;
  const answers = await withDeadline(
    { clock: systemClock, ms: o.timeoutMs, signal: o.signal, what: `Looking up ${name}` },
    async (signal) => {
      try {
        return await raceAbort(signal, o.lookup(name, { signal }));
      } catch (error) {
        if (signal.aborted) throw abortError(signal);
        throw unresolved(name, error);
      }
    },
  );
  // A host's lookup may give anything; a DNS server, thousands. All are judged, and connections try the first few.
  const decision = judgeAnswers(
    policy,
    name,
    asArray(answers).map((answer) => String(asObject(answer)?.['address'])),
  );
  return { ...decision, addresses: decision.addresses.slice(0, MAX_ADDRESSES) };
}

function unresolved(name: string, error: unknown): RouterError {
  const code = (error as { code?: unknown } | null)?.code;
  const shown = typeof code === 'string' && /^[A-Z_]{2,40}$/.test(code) ? ` (${code})` : '';
  return new RouterError('ERR_UNREACHABLE', `The host ${name} could not be resolved${shown}; correct its name.`, {
    isRetryable: code === 'EAI_AGAIN',
  });
}
