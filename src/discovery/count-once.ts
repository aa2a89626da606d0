import type { ServedModel } from '../core/model.js';
import { isLoopbackURL } from './base-url.js';
import type { FoundService } from './found-service.js';

/**
 * Lists each model once where several services of this machine show it: processes that a server starts for its own models
 * are no services beside it, and of a proxy's models those stay away that their own server lists.
 */
export function countOnce(found: readonly FoundService[]): FoundService[] {
  const services = withoutChildren(found);
  const isProxy = ({ sighting: { spec, reading } }: FoundService): boolean => spec.isProxy ?? reading.isProxy ?? false;
  const owners = services.filter((one) => !isProxy(one) && isHere(one));
  const proxied = services
    .filter((one) => isProxy(one) && isHere(one))
    .flatMap((proxy) =>
      proxy.service.models.flatMap((model) => {
        const upstream = proxy.sighting.reading.models.find(({ id }) => id === model.id)?.upstream;
        const owner = owners.find((one) => isAt(one, upstream) || one.service.models.some((m) => isMeant(m, model.id)));
        return owner ? [{ proxy, model, owner }] : [];
      }),
    );
  return services.map((one) => {
    const away = proxied.filter(({ proxy }) => proxy === one);
    if (away.length > 0) return withoutModels(one, away);
    const names = proxied.filter(({ owner }) => owner === one).map(({ model }) => model.id);
    return names.length > 0 ? withNames(one, names) : one;
  });
}

function isHere({ sighting }: FoundService): boolean {
  return isLoopbackURL(sighting.address.baseURL);
}

function withoutChildren(found: readonly FoundService[]): FoundService[] {
  const children = found
    .filter(isHere)
    .flatMap(({ service, sighting }) =>
      (sighting.reading.childPorts ?? []).map((port) => ({ type: service.type, port })),
    );
  return found.filter(
    (one) =>
      !isHere(one) ||
      !children.some(({ type, port }) => type === one.service.type && port === portOf(one.sighting.address.baseURL)),
  );
}

function isAt({ sighting }: FoundService, upstream: string | undefined): boolean {
  if (upstream === undefined || !URL.canParse(upstream) || !isLoopbackURL(upstream)) return false;
  return portOf(upstream) === portOf(sighting.address.baseURL);
}

function hasName({ id, aliases = [] }: ServedModel, name: string): boolean {
  return id === name || aliases.includes(name);
}

/** Proxies may put the kind of backend before a name: `ollama/qwen3:8b`. */
function isMeant(model: ServedModel, name: string): boolean {
  return (
    hasName(model, name) || hasName(model, name.replace(/^(?:ollama|ollama_chat|lm_studio|hosted_vllm|openai)\//, ''))
  );
}

function withoutModels(
  { service, sighting }: FoundService,
  away: readonly { readonly model: ServedModel; readonly owner: FoundService }[],
): FoundService {
  const behind = [...new Set([...(service.behind ?? []), ...away.map(({ owner }) => owner.service.type)])];
  const models = service.models.filter((model) => !away.some((entry) => entry.model === model));
  return { sighting, service: { ...service, behind, models } };
}

/** The name that people know from the proxy goes on naming the model; of several, which one it means is not known. */
function withNames({ service, sighting }: FoundService, names: readonly string[]): FoundService {
  const [only, ...more] = service.models;
  const added = only === undefined || more.length > 0 ? [] : names.filter((name) => !hasName(only, name));
  if (only === undefined || added.length === 0) return { service, sighting };
  return { sighting, service: { ...service, models: [{ ...only, aliases: [...(only.aliases ?? []), ...added] }] } };
}

function portOf(baseURL: string): number {
  const { port, protocol } = new URL(baseURL);
  return Number(port) || (protocol === 'https:' ? 443 : 80);
}
