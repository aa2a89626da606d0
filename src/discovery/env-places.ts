import type { Logger } from '../core/logger.js';
import type { KnownServiceType } from '../core/service.js';
import type { ServiceSpec } from '../services/service-spec.js';

/** Where a variable says that a server listens. */
export interface EnvPlace {
  readonly spec: ServiceSpec;
  readonly baseURL: string;
}

interface Row {
  readonly type: KnownServiceType;
  /** Holds `host`, `host:port`, `:port`, or an address with scheme and path. */
  readonly host?: string;
  readonly port?: string;
}

/**
 * The variables by which these servers are told where to listen, from their documentation and source. The other servers
 * have none; `VLLM_PORT` is not the port of vLLM's API.
 */
const VARIABLES: readonly Row[] = [
  { type: 'ollama', host: 'OLLAMA_HOST' },
  { type: 'llama.cpp', host: 'LLAMA_ARG_HOST', port: 'LLAMA_ARG_PORT' },
  { type: 'localai', host: 'LOCALAI_ADDRESS' },
  { type: 'lemonade', host: 'LEMONADE_HOST', port: 'LEMONADE_PORT' },
  { type: 'text-generation-webui', port: 'OPENEDAI_PORT' },
  { type: 'docker-model-runner', port: 'MODEL_RUNNER_PORT' },
];

type Env = Readonly<Record<string, string | undefined>>;

/** Reads the conventional variables, for the servers among `wanted`; to be called only where the host asked for it. */
export function envPlaces(env: Env, wanted: readonly ServiceSpec[], logger: Logger): EnvPlace[] {
  return VARIABLES.flatMap((row) => {
    const spec = wanted.find(({ type }) => type === row.type);
    return spec ? placesOf(row, spec, env, logger) : [];
  });
}

function placesOf({ host, port }: Row, spec: ServiceSpec, env: Env, logger: Logger): EnvPlace[] {
  const hosts = host && textOf(env, host);
  const given = portOf(port && textOf(env, port));
  if (hosts === undefined && given === undefined) return [];
  const ports = given === undefined ? spec.ports : [given];
  // llama.cpp takes a list, and paths of Unix sockets in it.
  const texts = (hosts ?? '').split(',').filter((text) => !text.trim().endsWith('.sock'));
  return texts.flatMap((text) => {
    const found = addressesOf(text.trim(), ports);
    // The value may hold a password.
    if (found.length === 0) logger.warn(`${host} holds no address that can be used`);
    return found.map((baseURL) => ({ spec, baseURL }));
  });
}

/** As Ollama reads it: without the blanks and quotation marks that shells and unit files leave around it. */
function textOf(env: Env, name: string): string | undefined {
  const value = env[name]?.trim().replace(/^["']+|["']+$/g, '');
  return value || undefined;
}

function portOf(text: string | undefined): number | undefined {
  const port = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port < 65_536 ? port : undefined;
}

const SCHEME_PORTS: ReadonlyMap<string, number> = /* @__PURE__ */ new Map([
  ['http', 80],
  ['https', 443],
]);

/** The rules of `OLLAMA_HOST`, without credentials: a scheme brings its own port, and a port that is none counts as not given. */
function addressesOf(text: string, defaults: readonly number[]): string[] {
  if (/[@?#\s\\]/.test(text)) return [];
  const [, scheme, rest = ''] = /^(?:([^/]*):\/\/)?(.*)$/s.exec(text) ?? [];
  const schemePort = scheme === undefined ? undefined : SCHEME_PORTS.get(scheme);
  if (scheme !== undefined && schemePort === undefined) return [];
  const [, authority = '', path = ''] = /^([^/]*)(.*)$/s.exec(rest) ?? [];
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(bracketed(authority)) ?? [];
  const given = portOf(port);
  const ports = given !== undefined ? [given] : schemePort !== undefined ? [schemePort] : defaults;
  const name = EVERYWHERE.has(host) ? 'localhost' : host;
  return ports.map((number) => `${scheme ?? 'http'}://${name}:${number}${path}`).filter((url) => URL.canParse(url));
}

/** What a server listens on where it listens on all interfaces: no address to go to. */
const EVERYWHERE: ReadonlySet<string> = /* @__PURE__ */ new Set(['', '*', '0.0.0.0', '[::]']);

/** An IPv6 address may come without brackets; then it has no port. */
function bracketed(authority: string): string {
  return /^[\da-f]*:[\da-f:.]*:[\da-f:.]*$/i.test(authority) ? `[${authority}]` : authority;
}
