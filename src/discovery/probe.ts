import type { Clock } from '../core/clock.js';
import { RouterError } from '../core/errors.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { DiscoveryFailure } from '../core/service.js';
import { abortError, withDeadline } from '../internal/deadline.js';
import { readText } from '../internal/json.js';
import { safeUrl } from '../internal/redact.js';
import { openAiCompatible } from '../services/openai-compatible.js';
import { SERVICE_SPECS } from '../services/registry.js';
import { isUsableId } from '../services/reply.js';
import { MAX_REPLY_BYTES, sendRequest } from '../services/send-request.js';
import type { Ask, Reading, Reply, SafeRequest, ServiceSpec } from '../services/service-spec.js';
import type { Address } from './addresses.js';
import { failure, failureAt } from './failure.js';

/** All reading after a server is known may take this many time-outs; what has not come by then stays assumed. */
const READING_TIMEOUTS = 5;

/** Who answered at an address, and what it says. */
export interface Sighting {
  readonly address: Address;
  readonly spec: ServiceSpec;
  readonly reading: Reading;
}

/** How an address is asked. */
export interface ProbeOptions {
  readonly fetch: FetchLike;
  /** Headers for this address only, with its key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Finds out who answers at one address. Rejects only when the signal aborts. */
export async function probe(address: Address, o: ProbeOptions): Promise<Sighting | DiscoveryFailure> {
  const line = new Line(address, o);
  const found = await (address.endpoint ? lookAtNamed(address, line) : lookAtDefault(address, line));
  if (o.signal.aborted) throw abortError(o.signal);
  return found ?? failureAt(address, { replies: line.replies, errors: line.errors, timeoutMs: o.timeoutMs });
}

/** The digests that a known server tells of a model now; `null` where it gives no answer. Rejects only when the signal aborts. */
export async function digestsAt(
  { address, spec }: Sighting,
  id: string,
  of: 'listed' | 'loaded',
  o: ProbeOptions,
): Promise<readonly string[] | null> {
  const told = await new Line(address, o).digests(spec, id, of);
  if (o.signal.aborted) throw abortError(o.signal);
  return told;
}

async function lookAtDefault(address: Address, line: Line): Promise<Sighting | undefined> {
  for (const spec of address.specs) {
    const reading = await line.identified(spec);
    if (reading) return { address, spec, reading };
  }
  const fallback = openAiCompatible();
  const reading = await line.read(fallback);
  // A refusal or a 503 of somebody unknown does not make a model server.
  if (reading?.status !== 'up') return undefined;
  const spec = ownerOf(reading);
  const better = spec && (await line.read(spec));
  return spec && better ? { address, spec, reading: better } : { address, spec: fallback, reading };
}

async function lookAtNamed(address: Address, line: Line): Promise<Sighting | DiscoveryFailure | undefined> {
  const {
    endpoint,
    specs: [own],
  } = address;
  if (!endpoint) return undefined;
  const identified = own && (await line.identified(own));
  if (own && identified) return { address, spec: own, reading: identified };
  const fallback = openAiCompatible(endpoint);
  const reading = await line.read(fallback);
  if (!own) return reading ? { address, spec: fallback, reading } : undefined;
  const owner = ownerOf(reading);
  const better = owner === own ? await line.read(own) : undefined;
  if (better) return { address, spec: own, reading: better };
  const other = owner ?? (await line.unowned(own));
  if (other && other !== own) return wrongType(address, own, other);
  // Nothing contradicts the host, so its word counts where the wire is one that this server would speak.
  const isReadable =
    reading && (own.transport === 'openai' || endpoint.apiStyle === 'openai' || reading.status !== 'up');
  return isReadable ? { address, spec: own, reading } : undefined;
}

/** The server that an OpenAI-style list names as its own. */
function ownerOf(reading: Reading | undefined): ServiceSpec | undefined {
  return SERVICE_SPECS.find((spec) => spec.owner !== undefined && spec.owner === reading?.owner);
}

function wrongType(address: Address, expected: ServiceSpec, found: ServiceSpec): DiscoveryFailure {
  const reason = `${safeUrl(address.baseURL)} answers as ${found.name}, not as ${expected.name}.`;
  return failure(address, 'ERR_BAD_RESPONSE', reason, `Set its type to '${found.type}'.`);
}

/** The exchange with one address: bounded in time and size, and only what a description's table allows. */
class Line {
  readonly replies: Reply[] = [];
  readonly errors: unknown[] = [];
  readonly #o: ProbeOptions;
  readonly #address: Address;
  readonly #never: readonly SafeRequest[];
  readonly #asked = new Map<string, Promise<Reply | null>>();
  /** Set when an unknown address stalls: nothing more is tried there, so that it costs one time-out at most. */
  #isStalled = false;
  /** When the time for reading a known server is over; `undefined` while nobody is known. */
  #readUntilMs: number | undefined;

  constructor(address: Address, o: ProbeOptions) {
    this.#o = o;
    this.#never = (address.endpoint && address.specs[0]?.never) ?? [];
    this.#address = address;
  }

  /** What a server says, if it is this one. */
  async identified(spec: ServiceSpec): Promise<Reading | undefined> {
    if (!(await spec.identify(this.#askFor(spec)))) return undefined;
    this.#readUntilMs = this.#o.clock.now() + READING_TIMEOUTS * this.#o.timeoutMs;
    return this.read(spec);
  }

  async read(spec: ServiceSpec): Promise<Reading | undefined> {
    const reading = await spec.read(this.#askFor(spec), this.#address.endpoint?.models);
    // Names also come from elsewhere than the lists that are checked as they are read.
    return reading === null ? undefined : { ...reading, models: reading.models.filter(({ id }) => isUsableId(id)) };
  }

  async digests(spec: ServiceSpec, id: string, of: 'listed' | 'loaded'): Promise<readonly string[] | null> {
    if (spec.digests) return spec.digests(this.#askFor(spec), id, of);
    const { models } = (of === 'listed' && (await this.read(spec))) || {};
    return models?.filter((model) => model.id === id).flatMap(({ digest }) => digest?.value ?? []) ?? null;
  }

  /** A server that no list names: it has to be asked. */
  async unowned(except: ServiceSpec): Promise<ServiceSpec | undefined> {
    for (const spec of SERVICE_SPECS) {
      if (spec.owner === undefined && spec !== except && (await spec.identify(this.#askFor(spec)))) return spec;
    }
    return undefined;
  }

  #askFor(spec: ServiceSpec): Ask {
    return (request, body) => {
      if (!spec.requests.includes(request))
        throw new TypeError(`${spec.type}: ${request} is not in the table of requests`);
      return this.#send(request, body);
    };
  }

  #send(request: SafeRequest, body?: Readonly<Record<string, unknown>>): Promise<Reply | null> {
    if (body) return this.#exchange(request, body);
    if (this.#never.includes(request)) return Promise.resolve(null);
    let reply = this.#asked.get(request);
    if (reply === undefined) {
      reply = this.#exchange(request, undefined);
      this.#asked.set(request, reply);
    }
    return reply;
  }

  async #exchange(request: SafeRequest, body: Readonly<Record<string, unknown>> | undefined): Promise<Reply | null> {
    const { clock, timeoutMs, signal } = this.#o;
    const left = this.#readUntilMs === undefined ? timeoutMs : Math.min(timeoutMs, this.#readUntilMs - clock.now());
    if (signal.aborted || left <= 0 || (this.#isStalled && this.#readUntilMs === undefined)) return null;
    try {
      const reply = await withDeadline({ clock, ms: left, signal, what: 'The request' }, (deadline) =>
        // Whatever a client makes of an abort, the reason is the deadline's or the caller's.
        this.#fetch(request, body, deadline).catch((error: unknown) => {
          throw deadline.aborted ? abortError(deadline) : error;
        }),
      );
      this.replies.push(reply);
      return reply;
    } catch (error) {
      this.errors.push(error);
      if (RouterError.is(error) && (error.code === 'ERR_TIMEOUT' || error.code === 'ERR_EGRESS_DENIED')) {
        this.#isStalled = true;
      }
      return null;
    }
  }

  async #fetch(request: SafeRequest, body: unknown, signal: AbortSignal): Promise<Reply> {
    const [method = 'GET', path = '/'] = request.split(' ');
    const { baseURL, endpoint } = this.#address;
    // Own paths are below the origin, all others below the base URL.
    const isOwnPath = path === endpoint?.paths?.models || path === endpoint?.paths?.health;
    const base = isOwnPath ? new URL(baseURL).origin : baseURL;
    const { fetch, headers } = this.#o;
    return sendRequest(fetch, `${base}${path}`, {
      method,
      headers,
      body,
      signal,
      read: (response) =>
        readText(response, MAX_REPLY_BYTES, `The answer of ${safeUrl(base)} to ${request}`).catch((error: unknown) => {
          // Too long to be read, yet an answer.
          if (!RouterError.is(error) || error.code !== 'ERR_TOO_LARGE') throw error;
          this.errors.push(error);
          return '';
        }),
    });
  }
}
