import { lstat } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { DeploymentFacts } from './deployment-finding.js';

/** What this machine and process say. */
export async function machineFacts(
  directory: string | null,
): Promise<Pick<DeploymentFacts, 'directoryMode' | 'env' | 'hasIPv6' | 'node'>> {
  const found = directory === null ? undefined : await lstat(directory).catch(() => undefined);
  const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return {
    // Windows has no such bits.
    directoryMode: process.getuid === undefined ? undefined : found?.mode,
    env: process.env,
    hasIPv6: interfaces.some(
      ({ family, internal, address }) => family === 'IPv6' && !internal && !/^fe[89ab]/i.test(address),
    ),
    node: { version: process.version, restricted: Boolean(process.permission) },
  };
}
