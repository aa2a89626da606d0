import { asObject, asString } from '../internal/json.js';
import { goodObject, listReading, openAiList } from './reply.js';
import { schemaCapabilities } from './served-model.js';
import type { Ask, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * Jan's local API server; facts read from its source, not checked against a real server.
 * It passes requests on to llama.cpp, MLX or a provider in the cloud, and says of a model nothing but which of them.
 */
export const jan: ServiceSpec = {
  type: 'jan',
  name: 'Jan',
  // The second is that of `jan serve`.
  ports: [1337, 6767],
  transport: 'openai',
  usesNumCtx: false,
  requests: ['GET /openapi.json', 'GET /v1/models'],
  identify,
  read,
};

type Json = Record<string, unknown>;

async function identify(ask: Ask): Promise<boolean> {
  // First, because it is open to all, and tells servers apart whose list is better not asked for.
  const about = await ask('GET /openapi.json');
  const title = about?.status === 200 ? /"title":\s*"([^"]*)"/.exec(about.text)?.[1] : undefined;
  if (title !== undefined && !/\bJan\b/.test(title)) return false;
  const list = await ask('GET /v1/models');
  if (isLocked(list) || isStrangeHost(list)) return true;
  const items = openAiList(list);
  if (items === undefined) return false;
  return items.length === 0 ? title !== undefined : items.every(({ item }) => isOwn(item));
}

/** Its refusals are bare text; no other server has these words. */
function isLocked(reply: Reply | null): boolean {
  return (
    reply?.status === 401 &&
    /^(?:Invalid or missing authorization token|Missing authorization header)$/.test(reply.text)
  );
}

function isStrangeHost(reply: Reply | null): boolean {
  return reply?.status === 403 && reply.text === 'Invalid host header';
}

const OWNERS: ReadonlySet<unknown> = /* @__PURE__ */ new Set(['llama.cpp', 'mlx', 'remote']);

function isOwn(item: Json): boolean {
  return item['created'] === 1 && OWNERS.has(item['owned_by']);
}

async function read(ask: Ask): Promise<Reading | null> {
  const list = await ask('GET /v1/models');
  if (isStrangeHost(list)) {
    const why = 'refuses requests under this host name';
    const remedy =
      'Add the host to the trusted hosts in the settings of its local API server, or let it listen on 0.0.0.0.';
    return { status: 'unauthorized', models: [], refused: { why, remedy } };
  }
  const remote = remoteIds(list);
  return listReading(list, undefined, (items) => ({ models: items.map(({ name }) => modelFacts(name, remote)) }));
}

/** The list may hold a name twice, and then the provider in the cloud gets the request. */
function remoteIds(list: Reply | null): ReadonlySet<string> {
  const data = goodObject(list)?.['data'];
  const items = (Array.isArray(data) ? data : []).map((entry) => asObject(entry) ?? {});
  return new Set(items.flatMap((item) => (item['owned_by'] === 'remote' ? (asString(item['id']) ?? []) : [])));
}

function modelFacts(id: string, remote: ReadonlySet<string>): ModelFacts {
  return {
    id,
    capabilities: schemaCapabilities(id),
    remote: remote.has(id) ? 'yes' : mayBeRouted(id, remote) ? 'unknown' : 'no',
  };
}

/** Where providers are set up, what stands before a slash may be the name of one, which no reply tells. */
function mayBeRouted(id: string, remote: ReadonlySet<string>): boolean {
  return remote.size > 0 && id.includes('/');
}
