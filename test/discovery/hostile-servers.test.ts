import { afterEach, describe, expect, it } from 'vitest';
import type { ServiceEndpoint } from '../../src/core/service.js';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import { Loopback } from './loopback.js';

const loopback = new Loopback();
const made: ServiceDiscovery[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((it) => it.close()));
  await loopback.close();
});

/** Looks at these addresses; only a test with a server that stalls waits for the time-out. */
const discover = (urls: readonly string[], o: Partial<ServiceEndpoint> = {}, probeTimeoutMs = 60_000) => {
  const services = urls.map((baseURL) => ({ type: 'openai-compatible', baseURL, ...o }) as ServiceEndpoint);
  const it = new ServiceDiscovery({ hosts: [], services, probeTimeoutMs });
  made.push(it);
  return it.discoverAll();
};

describe('an address', () => {
  it('at which nothing listens is a failure with its system code', async () => {
    const report = await discover([await loopback.closed()]);
    expect(report.failures).toMatchObject([
      { code: 'ECONNREFUSED', reason: expect.stringContaining('Nothing listens') },
    ]);
  });

  it('that never answers, or answers byte by byte for ever, costs one time-out and never the others', async () => {
    const hole = await loopback.raw(() => {});
    const tarpit = await loopback.http((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(timer));
    });
    const { url } = await loopback.json({ '/v1/models': { data: [{ id: 'x' }] } });
    const report = await discover([hole, tarpit, url], {}, 2_000);
    expect(report.services.map(({ baseURL }) => baseURL)).toEqual([url]);
    expect(report.failures.map(({ baseURL, code }) => [baseURL, code])).toEqual([
      [hole, 'ERR_TIMEOUT'],
      [tarpit, 'ERR_TIMEOUT'],
    ]);
  });

  it('is one of many that are looked at together, without a warning on the console', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listen);
    const { url } = await loopback.json({});
    await discover(Array.from({ length: 40 }, (_, i) => `${url}/${i}`));
    // Warnings are emitted on the next tick.
    await new Promise((done) => setImmediate(done));
    process.off('warning', listen);
    expect(warnings).toEqual([]);
  });

  it('that stalls is not asked a second time', async () => {
    let connections = 0;
    const hole = await loopback.raw(() => connections++);
    await discover([hole], { type: 'llama.cpp' }, 1_000);
    expect(connections).toBe(1);
  });

  it.each<[string, string]>([
    ['speaks SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['answers without a status line', '<html>hi</html>'],
    ['breaks off at once', ''],
    ['answers 000', 'HTTP/1.1 000 Nothing\r\n\r\n'],
    ['answers half of a list', 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"data":[{"id":"x"}]}'],
    ['redirects', 'HTTP/1.1 307 Temporary\r\nlocation: http://127.0.0.1:1/v1/models\r\ncontent-length: 0\r\n\r\n'],
  ])('that %s is a failure', async (_, bytes) => {
    const url = await loopback.raw((socket) => {
      socket.on('data', () => socket.end(bytes));
    });
    const report = await discover([url]);
    expect(report.services).toEqual([]);
    expect(report.failures).toMatchObject([{ baseURL: url, code: expect.stringMatching(/^[A-Z_]+$/) }]);
  });

  it('that lists without end is cut off', async () => {
    let sent = 0;
    const url = await loopback.http((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"data":[');
      const more = (): void => {
        while (!response.destroyed && response.write(`${JSON.stringify({ id: `m${sent++}`.padEnd(200, 'x') })},`));
      };
      response.on('drain', more);
      more();
    });
    const report = await discover([url]);
    expect(report.failures).toMatchObject([{ code: 'ERR_TOO_LARGE', remedy: expect.stringContaining('models') }]);
    // 1 MiB is read; what the sockets hold on top is small beside 50 MB.
    expect(sent * 200).toBeLessThan(20_000_000);
  });

  it('whose list is too long serves what the host names', async () => {
    const long = { data: Array.from({ length: 10_000 }, (_, i) => ({ id: `m${i}`.padEnd(200, 'x') })) };
    const { url } = await loopback.json({ '/v1/models': long });
    const report = await discover([url], { models: ['mine'] });
    expect(report.services[0]?.models.map(({ id }) => id)).toEqual(['mine']);
  });

  it('with a name of __proto__ among its models changes nothing of ours', async () => {
    const url = await loopback.http((_, response) => {
      response.end(
        '{"data":[{"id":"__proto__","__proto__":{"polluted":true}},{"id":"constructor"}],"__proto__":{"polluted":true}}',
      );
    });
    const report = await discover([url]);
    expect(report.services[0]?.models.map(({ id }) => id)).toEqual(['__proto__', 'constructor']);
    expect('polluted' in {}).toBe(false);
  });

  it('is asked cleanly below its path: no double slash, which servers answer with redirects', async () => {
    const { url, sent, headers } = await loopback.json({ '/llm/v1/models': { data: [{ id: 'x' }] } });
    const report = await discover([`${url}//llm/v1/`]);
    expect(report.services).toMatchObject([
      { id: `openai-compatible@${new URL(url).host}/llm`, baseURL: `${url}/llm` },
    ]);
    expect(sent).toEqual(['GET /llm/openapi.json', 'GET /llm/v1/models']);
    for (const sentHeaders of headers) {
      expect(sentHeaders).toMatchObject({ accept: 'application/json' });
      expect(sentHeaders).not.toHaveProperty('origin');
    }
  });
});
