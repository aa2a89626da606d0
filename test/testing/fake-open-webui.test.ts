import { afterEach, describe, expect, it } from 'vitest';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import type { FakeModel, FakeServer, FakeServerOptions } from '../../src/testing.js';
import { fakeOpenWebUI } from '../../src/testing.js';
import { ask, type Exchange, likeness, recorded } from './recording.js';

const FOLDER = 'open-webui/0.12.4';
const servers: FakeServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function start(options?: FakeServerOptions): Promise<FakeServer> {
  const server = await fakeOpenWebUI(options);
  servers.push(server);
  return server;
}

const models: FakeModel[] = [
  { id: 'auto', remote: true },
  { id: 'auto:coding', remote: true },
  { id: 'auto:latest', loaded: true },
];
const open: FakeServerOptions = { models, reply: 'Hello from the fake model.' };

/** Those of the moment, of the page's file, and those that a backend sent; names as HTTP has them, in any case. */
const OTHER =
  /^(?:connection|keep-alive|x-router-model|cache-control|vary|accept-ranges|last-modified|etag|content-length|transfer-encoding)$/;
function plain(exchange: Exchange): Exchange {
  const headers = Object.entries(exchange.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  // Each line of a backend's stream comes as its own piece.
  return { ...exchange, headers: Object.fromEntries(headers.filter(([name]) => !OTHER.test(name))) };
}

const cases: Record<string, { options?: FakeServerOptions; loose?: string[] }> = {
  config: { loose: ['onboarding'] },
  'config-bad-token': { loose: ['onboarding'] },
  version: {},
  health: {},
  models: { loose: ['owned_by'] },
  'models-noauth': {},
  'models-bad-token': { options: { ...open, apiKey: 'sk-right' } },
  'models-bad-apikey': { options: { ...open, apiKey: 'sk-right' } },
  'chat-noauth': {},
  'chat-openai': {},
  'chat-openai-stream': {},
  'chat-ollama': {},
  'chat-ollama-stream': {},
  'err-unknown-model': {},
  'err-no-messages': {},
  'err-upstream-midstream': { options: { ...open, faults: ['error-in-stream'] } },
  embeddings: {},
  'root-v1-models': {},
  'v1-chat-post': {},
};

describe('the fake Open WebUI answers as the recorded one', () => {
  it.each(Object.entries(cases))('%s', async (name, { options, loose }) => {
    const { asked, got } = recorded(FOLDER, name);
    const server = await start(options ?? open);
    // Recorded of a body that was written with other blanks.
    const { 'Content-Length': _, ...headers } = asked.headers;
    const mine = await ask(server.url, { ...asked, headers, body: asked.body ?? undefined });
    const forget = (exchange: Exchange): Exchange =>
      loose?.includes('onboarding') ? { ...exchange, body: exchange.body.replace('"onboarding":true,', '') } : exchange;
    expect(likeness(plain(mine), loose)).toEqual(likeness(plain(forget(got)), loose));
  });

  it('is found as what it is', async () => {
    const { url } = await start({ ...open, apiKey: 'sk-right' });
    const find = async (apiKey?: string) => {
      const discovery = new ServiceDiscovery({ hosts: [], services: [{ type: 'open-webui', baseURL: url, apiKey }] });
      const { services } = await discovery.discoverAll();
      await discovery.close();
      return services[0];
    };
    expect(await find()).toMatchObject({ type: 'open-webui', status: 'unauthorized', version: '0.12.4' });
    const service = await find('sk-right');
    expect(service).toMatchObject({ status: 'up', behind: ['ollama'] });
    expect(service?.models.map(({ id, state }) => [id, state.value])).toEqual([
      ['auto', 'unknown'],
      ['auto:coding', 'unknown'],
      ['auto:latest', 'loaded'],
    ]);
  });
});
