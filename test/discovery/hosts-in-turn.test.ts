import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as environment from '../../src/discovery/environment.js';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import { SecurityModule } from '../../src/security/security-module.js';
import { network } from '../services/recorded.js';

vi.mock('../../src/discovery/environment.js', { spy: true });

// As in a container whose host is reachable by name and as gateway.
beforeEach(() => {
  vi.mocked(environment.likelyHosts).mockResolvedValue(['localhost', 'host.docker.internal', '172.17.0.1']);
});

const tags = { models: [{ name: 'x', digest: 'd' }] };
let discovery: ServiceDiscovery;
afterEach(() => discovery.close());

async function discover(
  answers: Record<string, unknown>,
  lookup?: () => Promise<{ address: string; family: 4 | 6 }[]>,
) {
  const net = network(answers);
  const security = new SecurityModule({
    fetch: net.fetch,
    lookup: lookup ?? (async () => [{ address: '172.17.0.1', family: 4 }]),
  });
  discovery = new ServiceDiscovery({ security, types: ['ollama'] });
  return {
    report: await discovery.discoverAll(),
    asked: new Set(net.requests.map(({ url }) => new URL(url).hostname)),
  };
}

describe('in a container', () => {
  it('other hosts are left alone where localhost has a server', async () => {
    const { report, asked } = await discover({ 'GET http://localhost:11434/api/tags': tags });
    expect(report.services.map(({ id }) => id)).toEqual(['ollama@localhost:11434']);
    expect([...asked]).toEqual(['localhost']);
  });

  it('the server of the host is found, once, although it has two names', async () => {
    const { report } = await discover({
      'GET http://host.docker.internal:11434/api/tags': tags,
      'GET http://172.17.0.1:11434/api/tags': tags,
    });
    expect(report.services.map(({ id, models }) => [id, models[0]?.locality])).toEqual([
      ['ollama@host.docker.internal:11434', 'private'],
    ]);
  });

  it('a name that is not known is one failure, not one per port', async () => {
    const { report, asked } = await discover({}, () =>
      Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
    );
    expect(report.failures.map(({ baseURL }) => baseURL)).toEqual([
      'http://localhost:11434',
      'http://host.docker.internal',
      'http://172.17.0.1:11434',
    ]);
    expect([...asked]).toEqual(['localhost', '172.17.0.1']);
  });
});
