import type { FetchLike } from '../core/fetch-like.js';
import { silentLogger } from '../core/logger.js';
import type { KnownServiceType } from '../core/service.js';
import { asArray, asObject, parseJson } from '../internal/json.js';
import { checkOptions } from '../internal/options.js';
import { SERVICE_SPECS } from '../services/registry.js';
import { definedSpec, type ServiceDefinition, serviceDefinitionSchema } from '../services/service-definition.js';
import type { Ask, Reading, Reply, ServiceSpec } from '../services/service-spec.js';
import { type ConformanceCheck, check, holds, same } from './conformance.js';
import { fakeLlamaCpp } from './fake-llama-cpp.js';
import { fakeLMStudio } from './fake-lm-studio.js';
import { fakeOllama } from './fake-ollama.js';
import { fakeVLLM } from './fake-vllm.js';

/**
 * What {@link serviceConformance} checks.
 * @public
 */
export interface ServiceConformanceOptions {
  /** The kind of server: a definition of your own, or the type of a built-in one. */
  readonly definition: ServiceDefinition | KnownServiceType;
  /** Starts a server of this kind that serves at least one model. */
  server(): Promise<{
    /** Base URL, without a trailing slash. */
    readonly url: string;
    /** What it was asked, oldest first. */
    readonly requests?:
      | readonly { readonly method: string; readonly path: string; readonly query: string }[]
      | undefined;
    /** Stops it. */
    close(): Promise<void>;
  }>;
  /** Ids of the models that it serves, in any order. @defaultValue at least one, whatever it is */
  readonly models?: readonly string[] | undefined;
  /** What sends. @defaultValue the global `fetch` */
  readonly fetch?: FetchLike | undefined;
}

/**
 * The contract of a {@link ServiceDefinition} as checks: that it knows its server and no other, sends only what it lists,
 * and reads a reply that is broken, empty or of another shape without a throw. The built-in kinds pass them.
 *
 * @example
 * ```ts
 * for (const { name, run } of serviceConformance({ definition: acme, server: startAcme })) it(name, run);
 * ```
 * @public
 */
export function serviceConformance(o: ServiceConformanceOptions): readonly ConformanceCheck[] {
  const own = typeof o.definition === 'string' ? o.definition : o.definition.type;
  const isOwnRequest = (request: string): boolean => specFor(o).requests.includes(request as never);

  /** Runs `test` against its server. */
  const at = (name: string, test: (server: Awaited<ReturnType<typeof o.server>>) => Promise<void>): ConformanceCheck =>
    check(name, async () => {
      const server = await o.server();
      try {
        await test(server);
      } finally {
        await server.close();
      }
    });

  return [
    check('is well formed', async () => {
      if (typeof o.definition !== 'string') checkOptions(serviceDefinitionSchema, o.definition, 'definition');
    }),
    at('knows its server, and says what it serves', async ({ url }) => {
      const reading = await look(specFor(o), asking(url, o.fetch));
      holds(reading !== null, 'its own server was not recognised.');
      same(reading?.status, 'up', 'the status');
      const ids = (reading?.models ?? []).map(({ id }) => id);
      holds(ids.length > 0, 'no model was found.');
      same(new Set(ids).size, ids.length, 'the number of different ids');
      if (o.models !== undefined) same([...ids].sort(), [...o.models].sort(), 'the models');
    }),
    at('says the same when it looks again', async ({ url }) => {
      const readings = [await look(specFor(o), asking(url, o.fetch)), await look(specFor(o), asking(url, o.fetch))];
      same(
        readings[1]?.models.map(({ id }) => id),
        readings[0]?.models.map(({ id }) => id),
        'the models',
      );
    }),
    at('sends only what it lists', async ({ url, requests }) => {
      await look(specFor(o), asking(url, o.fetch));
      const others = (requests ?? []).map(({ method, path, query }) => `${method} ${path}${query}`);
      same(
        others.filter((request) => !isOwnRequest(request)),
        [],
        'requests beside the list',
      );
    }),
    ...Object.entries(STRANGERS).map(([name, reply]) =>
      check(`does not take ${name} for its server`, async () => {
        same(await look(specFor(o), async () => reply()), null, 'what was recognised');
      }),
    ),
    ...OTHERS.filter(([type]) => type !== own).map(([type, start]) =>
      check(`does not take a server of type ${type} for its own`, async () => {
        const server = await start();
        try {
          same(await look(specFor(o), asking(server.url)), null, 'what was recognised');
        } finally {
          await server.close();
        }
      }),
    ),
    at('reads replies that are broken, empty or of another shape without a throw', async ({ url }) => {
      const replies = new Map<string, Promise<Reply | null>>();
      const live = asking(url, o.fetch);
      const ask: Ask = (request, body) => {
        const reply = replies.get(request) ?? live(request, body);
        replies.set(request, reply);
        return reply;
      };
      await look(specFor(o), ask);
      for (const [request, kept] of [...replies]) {
        const reply = await kept;
        for (const changed of reply === null ? [] : variants(reply)) {
          const reading = await look(specFor(o), async (asked, body) =>
            asked === request ? changed : ask(asked, body),
          );
          for (const model of reading?.models ?? []) checkModel(model);
        }
      }
    }),
  ];
}

function specFor({ definition }: ServiceConformanceOptions): ServiceSpec {
  if (typeof definition !== 'string') {
    // Discovery survives a definition that throws; here it is a fault.
    const warn = (...words: unknown[]): void => {
      throw new Error(words.join(' '));
    };
    return definedSpec(definition, { ...silentLogger, warn });
  }
  const spec = SERVICE_SPECS.find(({ type }) => type === definition);
  if (spec === undefined) {
    throw new Error(`no such kind of server; use one of ${SERVICE_SPECS.map(({ type }) => type).join(', ')}.`);
  }
  return spec;
}

async function look(spec: ServiceSpec, ask: Ask): Promise<Reading | null> {
  return (await spec.identify(ask)) ? spec.read(ask) : null;
}

/** Asks an address as discovery does; no reply where there is none. */
function asking(url: string, fetch: FetchLike = globalThis.fetch): Ask {
  const kept = new Map<string, Promise<Reply | null>>();
  const send = async (request: string, body: unknown): Promise<Reply | null> => {
    const [method = 'GET', path = '/'] = request.split(' ');
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        redirect: 'manual',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: parseJson(text) };
    } catch {
      return null;
    }
  };
  return (request, body) => {
    if (body !== undefined) return send(request, body);
    const reply = kept.get(request) ?? send(request, undefined);
    kept.set(request, reply);
    return reply;
  };
}

const reply = (status: number, body: unknown, type = 'application/json'): Reply => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: new Headers({ 'content-type': type }), text, json: parseJson(text) };
};

/** Who answers alike whatever is asked. */
const STRANGERS: Readonly<Record<string, () => Reply | null>> = {
  'a closed port': () => null,
  'an address that knows nothing': () => reply(404, { error: 'not found' }),
  'an empty web server': () => reply(404, '', 'text/plain'),
  'a web page': () => reply(200, '<!doctype html><title>Welcome</title>', 'text/html'),
  'a login page': () => reply(401, '<!doctype html><title>Log in</title>', 'text/html'),
  'a proxy without its backend': () => reply(502, 'Bad Gateway', 'text/plain'),
  'a server that says ok to everything': () => reply(200, 'ok', 'text/plain'),
  'a server that says {"status":"ok"} to everything': () => reply(200, { status: 'ok' }),
  'a server that says {} to everything': () => reply(200, {}),
  'a server that says [] to everything': () => reply(200, []),
  'a server that says null to everything': () => reply(200, null),
  'a server that says 200 and an error to everything': () => reply(200, { error: 'Unexpected endpoint or method.' }),
};

const OTHERS = [
  ['ollama', fakeOllama],
  ['lmstudio', fakeLMStudio],
  ['llama.cpp', fakeLlamaCpp],
  ['vllm', fakeVLLM],
] as const;

/** What may stand in the place of a value. */
const WRONG: readonly unknown[] = [undefined, null, 0, -1, 1e300, '', 'x', true, [], [null], {}, { a: {} }];
/** Places that are changed, breadth first: enough for every field of a small server. */
const MAX_PLACES = 120;

/** The same reply with other statuses, without a body, cut in half, and with each of its members gone or of another kind. */
function* variants(given: Reply): Generator<Reply> {
  for (const status of [204, 301, 401, 403, 404, 500, 503]) yield { ...given, status };
  yield { ...given, headers: new Headers() };
  yield { ...given, ...textOf('') };
  yield { ...given, ...textOf(given.text.slice(0, given.text.length / 2)) };
  for (const value of WRONG) yield { ...given, ...textOf(JSON.stringify(value) ?? '') };
  for (const path of places(given.json)) {
    for (const value of WRONG) yield { ...given, ...textOf(JSON.stringify(withValue(given.json, path, value))) };
  }
}

function textOf(text: string): Pick<Reply, 'text' | 'json'> {
  return { text, json: parseJson(text) };
}

type Path = readonly string[];

/** Where values stand in a body. */
function places(body: unknown): Path[] {
  const found: Path[] = [];
  let level: { readonly path: Path; readonly value: unknown }[] = [{ path: [], value: body }];
  while (level.length > 0 && found.length < MAX_PLACES) {
    level = level.flatMap(({ path, value }) =>
      Object.entries(Array.isArray(value) ? value.slice(0, 2) : (asObject(value) ?? {})).map(([key, inner]) => {
        found.push([...path, key]);
        return { path: [...path, key], value: inner };
      }),
    );
  }
  return found.slice(0, MAX_PLACES);
}

/** A copy with another value at a place. */
function withValue(body: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(body)) return body.map((item, at) => (String(at) === key ? withValue(item, rest, value) : item));
  const object = asObject(body) ?? {};
  return { ...object, [key]: withValue(object[key], rest, value) };
}

/** A fact that a reply does not hold must not be made up. */
function checkModel(model: Reading['models'][number]): void {
  holds(typeof model.id === 'string' && model.id !== '', 'a model has no id.');
  for (const name of ['contextLength', 'maxContextLength', 'parallelSlots', 'sizeBytes', 'memoryBytes'] as const) {
    const value = model[name]?.value;
    holds(value === undefined || (Number.isSafeInteger(value) && value > 0), `${name} of ${model.id} is ${value}.`);
  }
  holds(
    asArray(model.capabilities?.value ?? []).every((x) => typeof x === 'string'),
    `a capability of ${model.id} is no text.`,
  );
}
