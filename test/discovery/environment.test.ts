import { describe, expect, it } from 'vitest';
import { detectEnvironment, likelyHosts, type MachineView, readEnvironment } from '../../src/discovery/environment.js';

const ROUTES = [
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
  'eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
  'eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0',
].join('\n');
const WSL2 = 'Linux version 5.15.153.1-microsoft-standard-WSL2 (root@x)';
const WSL1 = 'Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com)';

const machine = (
  files: Record<string, string> = {},
  env: Record<string, string> = {},
  platform = 'linux',
): MachineView => ({
  platform,
  env,
  file: (path) => Promise.resolve(files[path]),
});

describe('the environment', () => {
  it.each([
    ['linux', 'linux'],
    ['darwin', 'macos'],
    ['win32', 'windows'],
    ['freebsd', 'other'],
    ['constructor', 'other'],
  ])('of Node platform %s is %s', async (platform, os) => {
    expect(await readEnvironment(machine({}, {}, platform))).toEqual({
      os,
      wsl: 0,
      container: null,
      codingAgent: null,
      serena: false,
    });
  });

  it.each([
    [{ '/proc/version': WSL2 }, {}, 2],
    [{ '/proc/version': WSL1 }, {}, 1],
    [{ '/proc/version': 'Linux version 6.1.0' }, { WSL_DISTRO_NAME: 'Ubuntu' }, 2],
    [{ '/proc/version': 'Linux version 6.1.0' }, {}, 0],
  ] as const)('%j %j is WSL %i', async (files, env, wsl) => {
    expect((await readEnvironment(machine(files, env))).wsl).toBe(wsl);
  });

  it.each([
    [{ '/.dockerenv': '' }, {}, 'docker'],
    [{ '/run/.containerenv': '' }, {}, 'podman'],
    [{ '/.dockerenv': '' }, { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, 'kubernetes'],
    [{ '/proc/1/cgroup': '0::/kubepods/besteffort' }, {}, 'kubernetes'],
    [{ '/proc/1/cgroup': '1:name=systemd:/docker/abc' }, {}, 'docker'],
    [{}, { container: 'lxc' }, 'lxc'],
    [{ '/proc/1/cgroup': '0::/init.scope' }, {}, null],
  ] as const)('%j %j is the container %s', async (files, env, container) => {
    expect((await readEnvironment(machine(files, env))).container).toBe(container);
  });

  it('of this machine can be told', async () => {
    expect(['linux', 'macos', 'windows', 'other']).toContain((await detectEnvironment()).os);
  });
});

describe('hosts on which a server may run', () => {
  it.each([
    [{}, ['localhost']],
    [{ '/proc/version': WSL1, '/proc/net/route': ROUTES }, ['localhost']],
    [{ '/.dockerenv': '' }, ['localhost', 'host.docker.internal']],
    [{ '/.dockerenv': '', '/proc/net/route': ROUTES }, ['localhost', 'host.docker.internal', '172.17.0.1']],
    [{ '/proc/version': WSL2, '/proc/net/route': ROUTES }, ['localhost', 'host.docker.internal', '172.17.0.1']],
    [{ '/.dockerenv': '', '/proc/net/route': 'nonsense\n\t\t' }, ['localhost', 'host.docker.internal']],
  ])('%j: %j', async (files, hosts) => {
    expect(await likelyHosts(machine(files))).toEqual(hosts);
  });
});
