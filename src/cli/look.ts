import { isIP } from 'node:net';
import { type DiscoveryReport, SecurityModule, ServiceDiscovery } from '../index.js';
import { type Terminal, whileWorking } from './terminal.js';

/** Options of commands that look for servers, as `parseArgs` takes them. */
export const LOOK_OPTIONS = {
  json: { type: 'boolean', default: false },
  env: { type: 'boolean', default: false },
  host: { type: 'string', multiple: true },
  timeout: { type: 'string' },
} as const;

/** Those options as they were given. */
export interface LookValues {
  readonly env: boolean;
  readonly host?: string[] | undefined;
  readonly timeout?: string | undefined;
}

/** Hosts that are allowed as a matter of course. */
const USUAL = ['localhost', '127.0.0.1', '::1', 'host.docker.internal'];

/** Looks once. Throws `ERR_INVALID_OPTION` for a host or a time-out that is none. */
export async function look({ env, host, timeout }: LookValues, terminal: Terminal): Promise<DiscoveryReport> {
  const probeTimeoutMs = timeout === undefined ? undefined : Number(timeout);
  // Whoever names a host here lists it; where it leads to is judged all the same.
  const names = host?.filter((name) => isIP(name) === 0 && !name.includes('/')) ?? [];
  const security = new SecurityModule({
    audit: false,
    ...(names.length > 0 && { allowedHosts: [...USUAL, ...names] }),
  });
  const discovery = new ServiceDiscovery({ env, hosts: host, probeTimeoutMs, security });
  try {
    return await whileWorking(terminal, 'Looking for model servers', discovery.discoverAll());
  } finally {
    await discovery.close();
    await security.close();
  }
}
