import type { DiscoveryFailure, Service, ServiceChange } from '../core/service.js';
import type { FoundService } from './found-service.js';
import type { Survey } from './survey.js';

/**
 * What a run found, with the last good answer of servers that stumbled in it: one that missed its first probe stays, marked
 * `stale`; at the second miss in a row, or where nothing listens any longer, it goes.
 */
export function keepStumbled(before: readonly FoundService[], { found, failures }: Survey): FoundService[] {
  const answered = new Set(found.map(({ sighting }) => sighting.address.baseURL));
  const missed = new Map(failures.map((failure) => [failure.baseURL, failure]));
  const stumbled = before.filter(({ service, sighting }) => {
    const { baseURL } = sighting.address;
    return !service.stale && !answered.has(baseURL) && mayComeBack(missed.get(baseURL));
  });
  return [...found, ...stumbled.map((one) => ({ ...one, service: { ...one.service, stale: true } }))];
}

/** The system says that nobody is there, or the policy that nobody may ask. */
const GONE: ReadonlySet<string> = /* @__PURE__ */ new Set(['ECONNREFUSED', 'ERR_EGRESS_DENIED']);

/** An address without an answer and without a failure was not looked at. */
function mayComeBack(failure: DiscoveryFailure | undefined): boolean {
  return failure !== undefined && !GONE.has(failure.code);
}

/** What changed between two runs, each service before its models. */
export function serviceChanges(before: readonly Service[], after: readonly Service[]): ServiceChange[] {
  const earlier = new Map(before.map((service) => [service.id, service]));
  const ids = new Set(after.map(({ id }) => id));
  return [
    ...before
      .filter(({ id }) => !ids.has(id))
      .flatMap((service) => changesOf(service, { ...service, status: 'down', stale: true, models: [] })),
    ...after.flatMap((service) => changesOf(earlier.get(service.id), service)),
  ];
}

function changesOf(before: Service | undefined, service: Service): ServiceChange[] {
  return [...statusChange(before, service), ...modelChanges(before, service)];
}

const USABLE: ReadonlySet<Service['status']> = /* @__PURE__ */ new Set<Service['status']>(['up', 'loading']);

function statusChange(before: Service | undefined, service: Service): ServiceChange[] {
  if (before?.status === service.status) return [];
  if (service.status === 'up') return [{ type: 'service-up', service }];
  if (service.status === 'loading') return [{ type: 'service-loading', service }];
  // One that asks for a key or says that it cannot work is of no more use than one that is gone.
  return before && USABLE.has(before.status) ? [{ type: 'service-down', service }] : [];
}

function modelChanges(before: Service | undefined, service: Service): ServiceChange[] {
  const earlier = new Map(before?.models.map((model) => [model.id, model]));
  const now = new Set(service.models.map(({ id }) => id));
  const gone = [...earlier.values()].filter(({ id }) => !now.has(id));
  return [
    ...gone.map((model): ServiceChange => ({ type: 'model-removed', service, model })),
    ...service.models.flatMap((model): ServiceChange[] => {
      const was = earlier.get(model.id)?.state.value;
      const is = model.state.value;
      if (was === undefined) return [{ type: 'model-added', service, model }];
      // `unknown` is no news: the server did not say.
      if (is === 'loaded') return was === is || was === 'unknown' ? [] : [{ type: 'model-loaded', service, model }];
      const isOut = is === 'unloaded' || is === 'sleeping';
      return isOut && was === 'loaded' ? [{ type: 'model-unloaded', service, model }] : [];
    }),
  ];
}
