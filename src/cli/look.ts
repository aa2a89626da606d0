import { type DiscoveryReport, ServiceDiscovery } from '../index.js';
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

/** Looks once. Throws `ERR_INVALID_OPTION` for a host or a time-out that is none. */
export async function look({ env, host, timeout }: LookValues, terminal: Terminal): Promise<DiscoveryReport> {
  const probeTimeoutMs = timeout === undefined ? undefined : Number(timeout);
  const discovery = new ServiceDiscovery({ env, hosts: host, probeTimeoutMs });
  try {
    return await whileWorking(terminal, 'Looking for model servers', discovery.discoverAll());
  } finally {
    await discovery.close();
  }
}
