import pLimit from 'p-limit';
import { RouterError } from '../core/errors.js';
import type { DiscoveryFailure } from '../core/service.js';
import { raceAbort, withDeadline } from '../internal/deadline.js';
import type { SecurityModule } from '../security/security-module.js';
import { type Address, defaultAddresses, namedAddresses } from './addresses.js';
import { isLoopbackURL } from './base-url.js';
import { countOnce } from './count-once.js';
import type { DiscoverySettings } from './discovery-options.js';
import { endpointHeaders } from './endpoint-headers.js';
import { envPlaces } from './env-places.js';
import { likelyHosts, thisMachine } from './environment.js';
import { failure } from './failure.js';
import { describe, type FoundService, mergeTwins } from './found-service.js';
import { probe } from './probe.js';

/** A key may come from a vault; it may take this many time-outs. */
const KEY_TIMEOUTS = 5;

/** What one run works with. */
export interface SurveyParts {
  readonly settings: DiscoverySettings;
  readonly security: Pick<SecurityModule, 'fetch' | 'validateEndpoint' | 'allowsExternal'>;
  readonly signal: AbortSignal;
}

/** What was found, and why elsewhere nothing was. */
export interface Survey {
  readonly found: readonly FoundService[];
  readonly failures: readonly DiscoveryFailure[];
}

/** Looks at every address once. Rejects only when the signal aborts. */
export async function survey(parts: SurveyParts): Promise<Survey> {
  const { services, specs, wanted, hosts, env, logger } = parts.settings;
  const named = namedAddresses(services, specs);
  const active = named.filter(({ endpoint }) => endpoint?.enabled !== false);
  const [near = [], ...others] = hosts ? [hosts] : (await likelyHosts(thisMachine())).map((host) => [host]);
  const places = env ? envPlaces(thisMachine().env, wanted, logger) : [];
  const here = await visitAll(parts, [...active, ...defaultAddresses(near, wanted, named, places)]);
  const found = countOnce(mergeTwins(here.found, isLoopbackURL));
  // Other names of this machine only where the first has nothing: they may be slow to refuse.
  if (found.length > 0 || others.length === 0) return { found, failures: here.failures };
  const refused = await Promise.all(others.flat().map((host) => refusal(parts, host)));
  const open = others.flat().filter((_, i) => refused[i] === undefined);
  const there = await visitAll(parts, defaultAddresses(open, wanted, named));
  return {
    found: countOnce(mergeTwins(there.found, () => true)),
    failures: [...here.failures, ...refused.flatMap((f) => f ?? []), ...there.failures],
  };
}

/** Why a host that nobody named is left out as a whole: its name is not known here, or the policy does not allow it. */
async function refusal(parts: SurveyParts, host: string): Promise<DiscoveryFailure | undefined> {
  const baseURL = `http://${host}`;
  const decision = await resolve(parts, baseURL).catch((error: unknown) => {
    if (parts.signal.aborted) throw error;
    return { allowed: false, reason: `Looking up ${host} took too long.` };
  });
  return decision.allowed ? undefined : { baseURL, code: 'ERR_UNREACHABLE', reason: decision.reason };
}

async function visitAll(parts: SurveyParts, addresses: readonly Address[]): Promise<Survey> {
  const limit = pLimit(parts.settings.concurrency);
  const answers = await limit.map(addresses, (address) => visit(parts, address));
  return {
    found: answers.flatMap(({ found }) => found),
    failures: answers.flatMap(({ failures }) => failures),
  };
}

async function visit(parts: SurveyParts, address: Address): Promise<Survey> {
  const { settings, security, signal } = parts;
  const { clock, probeTimeoutMs: timeoutMs } = settings;
  let headers: Record<string, string>;
  try {
    headers = await within(parts, KEY_TIMEOUTS, `The apiKey function of ${address.baseURL}`, async () =>
      endpointHeaders(address.endpoint, address.baseURL),
    );
  } catch (error) {
    if (signal.aborted || !RouterError.is(error)) throw error;
    const remedy = 'Check the `apiKey` function of this service.';
    return { found: [], failures: [failure(address, error.code, error.message, remedy)] };
  }
  const answer = await probe(address, { fetch: security.fetch, headers, timeoutMs, clock, signal });
  if ('code' in answer) return { found: [], failures: [answer] };
  const { found, failures } = await describe(answer, {
    nowMs: clock.now(),
    resolve: (baseURL) => resolve(parts, baseURL),
    allowsExternal: security.allowsExternal,
  });
  return { found: [found], failures };
}

function resolve(parts: SurveyParts, baseURL: string): ReturnType<SecurityModule['validateEndpoint']> {
  return within(parts, 1, `Looking up ${baseURL}`, (signal) => parts.security.validateEndpoint(baseURL, { signal }));
}

/** Waits some time-outs, whether or not the work heeds its signal. */
function within<T>(
  { settings, signal }: SurveyParts,
  timeouts: number,
  what: string,
  work: (deadline: AbortSignal) => Promise<T>,
): Promise<T> {
  const bound = { clock: settings.clock, ms: timeouts * settings.probeTimeoutMs, signal, what };
  return withDeadline(bound, (deadline) => raceAbort(deadline, work(deadline)));
}
