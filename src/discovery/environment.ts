import { readFile } from 'node:fs/promises';
import type { Environment } from '../core/environment.js';

/** What the operating system shows of itself; a file that is not there is `undefined`. */
export interface MachineView {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: (path: string) => Promise<string | undefined>;
}

/**
 * Says what the host app runs on: operating system, WSL, container.
 * Reads a few files below `/proc` and the variables `WSL_DISTRO_NAME`, `KUBERNETES_SERVICE_HOST` and `container`; never rejects.
 * @public
 */
export function detectEnvironment(): Promise<Environment> {
  return readEnvironment(thisMachine());
}

/** The machine that this process runs on. */
export function thisMachine(): MachineView {
  return {
    platform: process.platform,
    env: process.env,
    file: (path) => readFile(path, 'utf8').catch(() => undefined),
  };
}

const SYSTEMS: Readonly<Record<string, Environment['os']>> = { linux: 'linux', darwin: 'macos', win32: 'windows' };

/** {@link detectEnvironment} for any machine. */
export async function readEnvironment(machine: MachineView): Promise<Environment> {
  const os = Object.hasOwn(SYSTEMS, machine.platform) ? SYSTEMS[machine.platform] : undefined;
  const isLinux = os === 'linux';
  return {
    os: os ?? 'other',
    wsl: isLinux ? await wslVersion(machine) : 0,
    container: isLinux ? await containerKind(machine) : null,
    codingAgent: null,
    serena: false,
  };
}

async function wslVersion({ env, file }: MachineView): Promise<Environment['wsl']> {
  const version = (await file('/proc/version')) ?? '';
  // WSL 2 has a kernel of its own; WSL 1 shows version 4.4 with "-Microsoft".
  if (/wsl2|microsoft-standard/i.test(version)) return 2;
  if (/microsoft/i.test(version)) return 1;
  return env['WSL_DISTRO_NAME'] ? 2 : 0;
}

async function containerKind({ env, file }: MachineView): Promise<string | null> {
  if (env['KUBERNETES_SERVICE_HOST']) return 'kubernetes';
  if ((await file('/run/.containerenv')) !== undefined) return 'podman';
  if ((await file('/.dockerenv')) !== undefined) return 'docker';
  const group = (await file('/proc/1/cgroup')) ?? '';
  if (group.includes('kubepods')) return 'kubernetes';
  if (group.includes('docker')) return 'docker';
  return env['container'] || null;
}

/** Hosts on which a local server may run, in the order in which they are tried. */
export async function likelyHosts(machine: MachineView): Promise<readonly string[]> {
  const { wsl, container } = await readEnvironment(machine);
  if (container === null && wsl !== 2) return ['localhost'];
  const gateway = gatewayOf((await machine.file('/proc/net/route')) ?? '');
  return ['localhost', 'host.docker.internal', ...(gateway === undefined ? [] : [gateway])];
}

/** The default gateway in the kernel's route table, where addresses are hexadecimal with the last byte first. */
function gatewayOf(routes: string): string | undefined {
  for (const line of routes.split('\n')) {
    const [, destination, gateway = ''] = line.split('\t');
    if (destination !== '00000000' || !/^[\dA-F]{8}$/i.test(gateway) || gateway === '00000000') continue;
    return [6, 4, 2, 0].map((at) => Number.parseInt(gateway.slice(at, at + 2), 16)).join('.');
  }
  return undefined;
}
