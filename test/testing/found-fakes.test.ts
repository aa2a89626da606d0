import { afterEach, describe, expect, it } from 'vitest';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import type { FakeModel, FakeServer } from '../../src/testing.js';
import { fakeKoboldCpp, fakeLocalAI, fakeTabbyAPI, fakeTextGenerationWebUI } from '../../src/testing.js';

const open: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(open.splice(0).map((it) => it.close())));

async function find(server: FakeServer, apiKey?: string) {
  const services = [{ type: server.type, baseURL: server.url, apiKey }];
  const discovery = new ServiceDiscovery({ hosts: [], services });
  open.push(server, discovery);
  return { report: await discovery.discoverAll(), discovery };
}

const model: FakeModel = { id: 'acme/coder-7b', loaded: true, contextLength: 6_000 };
const makers = [
  ['localai', fakeLocalAI, { value: 4_096, source: 'assumed' }, null],
  ['koboldcpp', fakeKoboldCpp, { value: 6_000, source: 'server' }, 1],
  ['text-generation-webui', fakeTextGenerationWebUI, { value: 4_096, source: 'assumed' }, null],
  ['tabbyapi', fakeTabbyAPI, { value: 6_000, source: 'server' }, 4],
] as const;

describe.each(makers)('a fake %s', (type, make, contextLength, maxConcurrent) => {
  it('is found as what it imitates, and nothing that it was asked made it write', async () => {
    const server = await make({ models: [model] });
    const { report, discovery } = await find(server);
    expect(report.failures).toEqual([]);
    expect(report.services).toMatchObject([{ type, status: 'up', models: [{ id: model.id, contextLength }] }]);
    expect(report.services[0]?.models[0]?.state.value).toBe('loaded');
    expect(discovery.connection(report.services[0]?.id ?? '')?.maxConcurrent).toBe(maxConcurrent);
    expect(server.requests.filter(({ path }) => /completions|generate|load/.test(path))).toEqual([]);
  });

  it('is found without a model', async () => {
    const { report } = await find(await make({ models: [] }));
    expect(report.services).toMatchObject([{ type, status: 'up', models: [] }]);
  });

  it('is locked without its key, and open with it', async () => {
    const locked = await find(await make({ models: [model], apiKey: 'k' }));
    expect(locked.report.services).toMatchObject([{ type, status: 'unauthorized', models: [] }]);
    expect(locked.report.failures).toMatchObject([
      { code: 'ERR_UNAUTHORIZED', remedy: expect.stringContaining('apiKey') },
    ]);
    const opened = await find(await make({ models: [model], apiKey: 'k' }), 'k');
    expect(opened.report.services).toMatchObject([{ type, status: 'up', models: [{ id: model.id }] }]);
  });
});
