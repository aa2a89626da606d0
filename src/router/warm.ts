import { chooseNumCtx } from '../context/num-ctx.js';
import type { Attempt } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import type { FetchLike } from '../core/fetch-like.js';
import type { ModelRef, ServedModel } from '../core/model.js';
import type { ServiceConnection } from '../discovery/service-discovery.js';
import { pause } from '../execution/retry.js';
import { resolveTimeouts } from '../execution/timeouts.js';
import { type LinkedSignal, withDeadline } from '../internal/deadline.js';
import { readText } from '../internal/json.js';
import { modelError } from '../internal/model-error.js';
import { refKey } from '../internal/model-name.js';
import { printable, shownValue } from '../internal/redact.js';
import { contextWithin } from '../models/memory.js';
import { MAX_REPLY_BYTES, sendRequest } from '../services/send-request.js';
import type { ControlledModel, ControlRequest, ModelControl, Reply } from '../services/service-spec.js';
import { networkError, statusError } from '../transports/wire-errors.js';
import { headersOf } from './attempt-plan.js';
import { loadsSince, unlistedName } from './loading.js';
import type { RouterState } from './router-state.js';

/** What coding tasks are given as a matter of course: a shorter context would mean a second load. */
const USUAL_CONTEXT = 8_192;
/** Pauses between two looks at whether the model is there, or gone; they double. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 4_000;
/** So many looks may show no sign of a load, and so many still show a model that was unloaded. */
const PATIENCE = 5;

type What = 'load' | 'unload';

interface Target {
  readonly model: ModelRef;
  /** Absent: its server does not list what it could load. */
  readonly served: ServedModel | undefined;
  readonly connection: ServiceConnection;
}

/** Loads a model, or takes it out of memory, because the host asked for it; bounded, guarded and audited as an attempt. */
export async function controlModel(state: RouterState, what: What, name: string, link: LinkedSignal): Promise<void> {
  await state.running.during(link, async (signal) => {
    if (typeof name !== 'string' || name === '') {
      const fix = 'use the name of a model, as in `model` of a request';
      throw new RouterError('ERR_INVALID_REQUEST', `model: got ${shownValue('', name)}; ${fix}.`);
    }
    await state.ready(signal).catch((error: unknown) => {
      // A server without any model can still be told to load one.
      if (state.parts.discovery.services().length === 0 || !isNoService(error)) throw error;
    });
    // What is in memory may have changed since anybody looked.
    await state.parts.discovery.refresh({ signal });
    for (const target of targetsOf(state, what, name)) await controlOne(state, what, target, signal);
  });
}

function isNoService(error: unknown): boolean {
  return RouterError.is(error) && error.code === 'ERR_NO_SERVICE';
}

/** Of several that the name means: one to load, best one that is in memory; all to unload. Empty: there is nothing to do. */
function targetsOf(state: RouterState, what: What, name: string): readonly Target[] {
  const { discovery, selector } = state.parts;
  const named = discovery.models().filter((model) => selector.isNamed(model, name));
  if (named.length === 0) return [unlisted(state, what, name)];
  const here = named.filter(({ locality, remote }) => locality !== 'external' && remote === 'no');
  const [away] = named;
  if (here.length === 0 && away !== undefined) {
    const why = `it does not run here, or nobody can tell; it is not ${what}ed from here.`;
    throw modelError('ERR_EGRESS_DENIED', away, why);
  }
  const targets = here.flatMap((served): Target[] => {
    const connection = discovery.connection(served.service);
    return connection === undefined ? [] : [{ model: refOf(served, connection), served, connection }];
  });
  const isIn = ({ served }: Target): boolean => served?.state.value === 'loaded';
  if (what === 'unload') return targets.filter(({ served }) => served?.state.value !== 'unloaded');
  const [best] = [...targets].sort(
    (a, b) =>
      Number(isIn(b)) - Number(isIn(a)) ||
      Number(b.connection.load !== undefined) - Number(a.connection.load !== undefined) ||
      (a.served?.priority ?? 100) - (b.served?.priority ?? 100),
  );
  if (best === undefined || (isIn(best) && best.connection.load?.renews !== true)) return [];
  return [best];
}

function refOf({ id, identity, service }: ServedModel, { service: home }: ServiceConnection): ModelRef {
  return { id, key: identity.key, service, type: home.type, baseURL: home.baseURL };
}

/** Some servers list only what is in memory: there `service/model` names what they could load. */
function unlisted({ parts }: RouterState, what: What, name: string): Target {
  const services = parts.discovery.services();
  for (const { id, type, name: called } of what === 'load' ? services : []) {
    const prefix = [id, type, called].map((word) => `${word}/`).find((start) => name.startsWith(start));
    const connection = parts.discovery.connection(id);
    if (prefix === undefined || connection?.load?.takesUnlisted !== true) continue;
    const model = { id: name.slice(prefix.length), key: null, service: id, type, baseURL: connection.service.baseURL };
    return { model, served: undefined, connection };
  }
  const known = parts.discovery.models().map(({ id }) => id);
  throw new RouterError('ERR_NO_MODEL', unlistedName(name, known));
}

async function controlOne(state: RouterState, what: What, target: Target, signal: AbortSignal): Promise<void> {
  const { clock, security, timeouts, discovery } = state.parts;
  const { model, connection } = target;
  const control = connection[what];
  if (control === undefined) {
    throw unsupported(what, model, `${connection.service.name} does not`);
  }
  const { firstContentMs, connectMs } = resolveTimeouts(undefined, connection.endpoint?.timeouts, timeouts, true);
  const startedMs = clock.now();
  const call = crypto.randomUUID();
  let failure: RouterError | undefined;
  let isRecorded = false;
  try {
    const bound = { clock, ms: firstContentMs, signal, what: `To ${what} "${printable(model.id, 100)}"` };
    await withDeadline(bound, async (deadline) => {
      const ticket = what === 'load' ? await slotFor(state, target, deadline) : undefined;
      try {
        // Another model under the name of a pinned one is not even loaded.
        const pin = what === 'load' ? await state.pins.watch(call, deadline)?.before(model) : undefined;
        await security.recordAttemptStart({ call, model, level: 'primary', pin });
        isRecorded = true;
        const fetch = state.network.fetchFor({ external: false, connectMs, chatPath: undefined, apiPath: undefined });
        const headers = await headersOf(connection, clock, deadline);
        await send(control, controlled(state, target), { model, what, headers, fetch, signal: deadline });
        await settled(state, what, target, control, deadline);
      } finally {
        ticket?.release();
      }
    });
    if (what === 'unload') state.answered.delete(refKey(model));
  } catch (error) {
    failure = RouterError.is(error) ? error : networkError(error, model, signal);
    throw failure;
  } finally {
    const isCancelled = failure?.code === 'ERR_ABORTED' || failure?.code === 'ERR_CLOSED';
    const attempt: Attempt = {
      model,
      level: 'primary',
      outcome: failure === undefined ? 'ok' : isCancelled ? 'cancelled' : 'failed',
      code: failure?.code,
      reason: failure?.message,
      startedMs,
      durationMs: clock.now() - startedMs,
      retries: 0,
    };
    if (isRecorded) security.recordAttemptEnd({ call, attempt });
    // Whatever became of it: what is known of the server is outdated.
    if (failure !== undefined) await discovery.doubt('loaded');
    state.queues.look(model.service);
  }
}

/** A load that the host asks for does not push a model out that is answering. */
async function slotFor(state: RouterState, { model, connection }: Target, signal: AbortSignal) {
  const ticket = state.queues.join({
    model,
    slots: connection.maxConcurrent,
    loads: loadsSince(state, model),
    loading: true,
    priority: 'interactive',
    signal,
    queueMs: undefined,
  });
  while (!ticket.granted) await ticket.changed();
  return ticket;
}

function controlled(state: RouterState, { model, served, connection }: Target): ControlledModel {
  const capabilities = served?.capabilities.value ?? [];
  return {
    id: model.id,
    aliases: served?.aliases ?? [],
    isEmbedding: capabilities.includes('embedding') && !capabilities.includes('chat'),
    numCtx: served !== undefined && connection.usesNumCtx ? contextFor(state, served) : undefined,
    isPinned: state.kept.has(model),
  };
}

/** The context in force, which a load must not change; of a model that is not in memory, what usual tasks need. */
function contextFor({ parts }: RouterState, served: ServedModel): number {
  const { state, contextLength, maxContextLength: max } = served;
  if (state.value === 'loaded' && contextLength.source === 'server') return contextLength.value;
  const { maxVramBytes } = parts.selector;
  const trained = max.source === 'assumed' ? USUAL_CONTEXT : max.value;
  const most = maxVramBytes === null ? trained : contextWithin(served, maxVramBytes, trained);
  return chooseNumCtx({ needed: USUAL_CONTEXT, max: most });
}

interface Sending {
  readonly model: ModelRef;
  readonly what: What;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: FetchLike;
  readonly signal: AbortSignal;
}

/** Sends what the server takes; of several requests one has to be heard. */
async function send(control: ModelControl, model: ControlledModel, o: Sending): Promise<void> {
  let isDone = false;
  let refused: RouterError | undefined;
  for (const request of control.requests(model)) {
    const error = await exchange(control, request, o);
    if (error === undefined) isDone = true;
    else refused ??= error;
  }
  if (!isDone && refused !== undefined) throw refused;
}

async function exchange(control: ModelControl, request: ControlRequest, o: Sending): Promise<RouterError | undefined> {
  const { model, what, signal } = o;
  const { path, method = 'POST', headers, body = {} } = request;
  const reply = await sendRequest(o.fetch, `${model.baseURL}${path}`, {
    method,
    headers: { ...o.headers, ...headers, 'accept-encoding': 'identity' },
    body: method === 'POST' ? body : undefined,
    signal,
    read: (response) => readText(response, MAX_REPLY_BYTES, `The reply of ${model.service}`),
  }).catch((error: unknown) => {
    throw networkError(error, model, signal);
  });
  const { status } = reply;
  const isGood = status >= 200 && status < 300;
  const outcome = control.outcome?.(reply) ?? (isGood ? 'done' : NO_ROUTE.has(status) ? 'unsupported' : undefined);
  if (outcome === 'done') return undefined;
  if (outcome === 'unsupported') return unsupported(what, model, 'its server, as it runs now, does not');
  return outcome === 'failed' ? failed(what, model) : statusError(asResponse(reply), model, Date.now());
}

const NO_ROUTE: ReadonlySet<number> = /* @__PURE__ */ new Set([404, 405, 501]);

function asResponse({ text, status, headers }: Reply): Response {
  return new Response(text, { status, headers });
}

const UNTOLD: Readonly<Record<What, string>> = {
  load: 'It loads a model when it is started, or with the first request to it.',
  unload: 'Stop it there, or let it unload by its own time limit.',
};

function unsupported(what: What, model: ModelRef, why: string): RouterError {
  return modelError('ERR_UNSUPPORTED', model, `${why} ${what} models by request. ${UNTOLD[what]}`);
}

function failed(what: What, model: ModelRef): RouterError {
  const why = `its server could not ${what} it; look at its log (memory, the file, its options).`;
  return modelError('ERR_BAD_RESPONSE', model, why);
}

/** Looks until the server shows what was asked for, as far as it tells; a server that is gone meanwhile starts anew. */
async function settled(
  { parts }: RouterState,
  what: What,
  { model }: Target,
  { isEarly }: ModelControl,
  signal: AbortSignal,
): Promise<void> {
  const { clock, discovery } = parts;
  let isLoading = false;
  let idle = 0;
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(2 * ms, LONGEST_PAUSE_MS)) {
    const { services } = await discovery.refresh({ signal });
    const home = services.find(({ id }) => id === model.service);
    const told = home?.stale === false ? home.models.find(({ id }) => id === model.id)?.state : undefined;
    const now = told?.source === 'server' ? told.value : undefined;
    if (what === 'unload') {
      // What is answering goes when it has ended, and who does not say what is in memory need not be asked again.
      if (now !== 'loaded' || ++idle === PATIENCE) return;
    } else {
      if (now === 'loaded' || now === 'sleeping' || (now === undefined && isEarly !== true)) return;
      if (now === 'unloaded' && (isLoading || ++idle === PATIENCE)) throw failed(what, model);
      isLoading ||= now === 'loading';
    }
    await pause(ms, clock, signal);
  }
}
