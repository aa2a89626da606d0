import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Service, ServiceChange } from '../../src/core/service.js';
import type { DiscoveryOptions } from '../../src/discovery/discovery-options.js';
import { serviceChanges } from '../../src/discovery/service-changes.js';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import { ManualClock, settle } from '../execution/manual-clock.js';
import { network } from '../services/recorded.js';

const TTL = 10_000;
/** Longer than an interval with its fifth more. */
const NEXT = 1.25 * TTL;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** An Ollama whose answers the test changes, watched through a clock that only the test moves. */
function watched(options: DiscoveryOptions = {}) {
  const clock = new ManualClock();
  const answers: Record<string, unknown> = {};
  const net = network(answers);
  const warnings: unknown[][] = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (...a: unknown[]) => void warnings.push(a) };
  const discovery = new ServiceDiscovery({
    hosts: ['localhost'],
    types: ['ollama'],
    ttlMs: TTL,
    probeTimeoutMs: 100,
    clock,
    logger,
    fetch: net.fetch,
    ...options,
  });
  closing.push(() => discovery.close());
  const heard: string[] = [];
  const listen = (change: ServiceChange): void => void heard.push(nameOf(change));
  /** What was heard since the last time. */
  const news = (): string[] => heard.splice(0);
  return { clock, answers, net, warnings, discovery, listen, news };
}

const nameOf = (change: ServiceChange): string =>
  'model' in change ? `${change.type} ${change.model.id}` : `${change.type} ${change.service.id}`;

function serve(answers: Record<string, unknown>, names: readonly string[], loaded: readonly string[] = []): void {
  answers['GET /'] = new Response('Ollama is running');
  answers['GET /api/version'] = { version: '0.33.0' };
  answers['GET /api/tags'] = { models: names.map((name) => ({ name, digest: name })) };
  answers['GET /api/ps'] = { models: loaded.map((name) => ({ name, digest: name })) };
  answers['POST /api/show'] = {};
}

function stop(answers: Record<string, unknown>, instead?: () => Promise<Response>): void {
  for (const key of Object.keys(answers)) delete answers[key];
  if (instead) for (const path of ['/', '/api/version', '/api/tags']) answers[`GET ${path}`] = instead;
}

const silent = (): Promise<Response> => new Promise(() => {});
const SERVICE = 'ollama@localhost:11434';

describe('watch', () => {
  it('tells what comes, loads, unloads and goes', async () => {
    const { clock, answers, discovery, listen, news } = watched();
    discovery.watch(listen);
    await clock.advance(0);
    expect(news()).toEqual([]);

    serve(answers, ['a', 'b']);
    // Nobody answered: the pause has doubled.
    await clock.advance(2 * NEXT);
    expect(news()).toEqual([`service-up ${SERVICE}`, 'model-added a', 'model-added b']);

    serve(answers, ['b', 'c'], ['b']);
    await clock.advance(NEXT);
    expect(news()).toEqual(['model-removed a', 'model-loaded b', 'model-added c']);

    serve(answers, ['b', 'c']);
    await clock.advance(NEXT);
    expect(news()).toEqual(['model-unloaded b']);

    stop(answers);
    await clock.advance(NEXT);
    expect(news()).toEqual([`service-down ${SERVICE}`, 'model-removed b', 'model-removed c']);
    expect(discovery.services()).toEqual([]);
  });

  it('hands over the service and the model as they are now', async () => {
    const { clock, answers, discovery } = watched();
    serve(answers, ['a']);
    const changes: ServiceChange[] = [];
    discovery.watch((change) => changes.push(change));
    await clock.advance(0);
    expect(changes[0]).toEqual({ type: 'service-up', service: discovery.services()[0] });
    expect(changes[1]).toEqual({
      type: 'model-added',
      service: discovery.services()[0],
      model: discovery.models()[0],
    });
    stop(answers);
    await clock.advance(NEXT);
    expect(changes[2]).toMatchObject({ type: 'service-down', service: { id: SERVICE, status: 'down', models: [] } });
  });

  it('tells of a server that loads, and that it is there afterwards', async () => {
    const { clock, answers, discovery, listen, news } = watched({ types: ['llama.cpp'] });
    const headers = { server: 'llama.cpp' };
    const loading = (): Response => Response.json({ error: { code: 503 } }, { status: 503, headers });
    answers['GET http://localhost:8080/health'] = loading;
    answers['GET http://localhost:8080/v1/models'] = loading;
    discovery.watch(listen);
    await clock.advance(0);
    expect(news()).toEqual(['service-loading llama.cpp@localhost:8080']);
    answers['GET http://localhost:8080/v1/models'] = { object: 'list', data: [{ id: 'm' }] };
    await clock.advance(NEXT);
    expect(news()).toEqual(['service-up llama.cpp@localhost:8080', 'model-added m']);
  });

  it('tells the differences of every run, whoever asked for it', async () => {
    const { clock, answers, discovery, listen, news } = watched();
    serve(answers, ['a']);
    await discovery.discoverAll();
    discovery.watch(listen);
    await clock.advance(0);
    // What is known when the watch begins is no news.
    expect(news()).toEqual([]);
    serve(answers, ['a', 'b']);
    await discovery.refresh();
    expect(news()).toEqual(['model-added b']);
  });

  it('asks nobody twice within the time to live when it begins, and nobody at all when nobody listens', async () => {
    const { clock, answers, net, discovery, listen } = watched();
    serve(answers, ['a']);
    await discovery.discoverAll();
    const asked = net.sent.length;
    const leave = discovery.watch(listen);
    await settle();
    expect(net.sent).toHaveLength(asked);
    leave();
    expect(clock.pending).toBe(0);
    await clock.advance(10 * TTL);
    expect(net.sent).toHaveLength(asked);
  });

  it('keeps the last answer of a server that stumbles, and drops it at the second miss', async () => {
    const { clock, answers, discovery, listen, news } = watched();
    serve(answers, ['a']);
    discovery.watch(listen);
    await clock.advance(0);
    const { lastSeenMs } = discovery.services()[0] as Service;
    news();
    stop(answers, silent);
    await clock.advance(NEXT + 100);
    expect(news()).toEqual([]);
    expect(discovery.services()).toMatchObject([{ id: SERVICE, status: 'up', stale: true, lastSeenMs }]);
    expect(discovery.models().map(({ id }) => id)).toEqual(['a']);
    await clock.advance(2 * NEXT + 100);
    expect(news()).toEqual([`service-down ${SERVICE}`, 'model-removed a']);
    expect(discovery.services()).toEqual([]);
  });

  it('says nothing of a server that missed one probe and is back', async () => {
    const { answers, discovery, listen, news } = watched();
    serve(answers, ['a']);
    await discovery.discoverAll();
    discovery.watch(listen);
    stop(answers, async () => new Response('', { status: 502 }));
    const { services, failures } = await discovery.refresh();
    expect(services).toMatchObject([{ stale: true }]);
    expect(failures).toMatchObject([{ code: 'ERR_BAD_RESPONSE' }]);
    serve(answers, ['a']);
    expect((await discovery.refresh()).services).toMatchObject([{ stale: false }]);
    expect(news()).toEqual([]);
  });

  it('looks less often while nobody answers, and never in a storm', async () => {
    const { clock, net, discovery, listen } = watched({ ttlMs: 0 });
    const runs = (): number => net.sent.filter((line) => line === 'GET /api/tags').length;
    discovery.watch(listen);
    await clock.advance(60_000);
    expect(runs()).toBeLessThanOrEqual(60_000 / 250 + 1);
    const slow = watched();
    slow.discovery.watch(slow.listen);
    await slow.clock.advance(100 * TTL);
    const looks = slow.net.sent.filter((line) => line === 'GET /api/tags').length;
    expect(looks).toBeGreaterThan(100 / (4 * 1.2));
    expect(looks).toBeLessThan(100 / (4 * 0.8) + 3);
  });

  it('logs a listener that throws, and the others hear on', async () => {
    const { clock, answers, warnings, discovery, listen, news } = watched();
    serve(answers, ['a']);
    discovery.watch(() => {
      throw new RangeError('secret');
    });
    discovery.watch(listen);
    await clock.advance(0);
    expect(news()).toEqual([`service-up ${SERVICE}`, 'model-added a']);
    expect(warnings).toContainEqual(['A listener threw', 'RangeError']);
  });

  it.each([
    ['the last unsubscription', async (_: ServiceDiscovery, leave: () => void) => leave()],
    ['close()', (discovery: ServiceDiscovery) => discovery.close()],
  ])('leaves no timer behind after %s, not in the middle of a look either', async (_, end) => {
    for (const isStuck of [false, true]) {
      const { clock, answers, discovery, listen } = watched();
      serve(answers, ['a']);
      if (isStuck) stop(answers, silent);
      const leave = discovery.watch(listen);
      const second = discovery.watch(listen);
      await settle();
      expect(clock.pending).toBeGreaterThan(0);
      second();
      second();
      expect(clock.pending).toBeGreaterThan(0);
      await end(discovery, leave);
      await settle();
      expect(clock.pending).toBe(0);
    }
  });

  it('can be taken up again, and not after close()', async () => {
    const { clock, answers, discovery, listen, news } = watched();
    discovery.watch(listen)();
    await settle();
    serve(answers, ['a']);
    discovery.watch(listen);
    await clock.advance(0);
    expect(news()).toEqual([`service-up ${SERVICE}`, 'model-added a']);
    await discovery.close();
    expect(() => discovery.watch(listen)).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });
});

describe('serviceChanges', () => {
  const statuses = ['up', 'loading', 'unauthorized', 'down'] as const;
  const states = ['loaded', 'loading', 'sleeping', 'unloaded', 'unknown'] as const;
  const model = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    state: fc.record({ value: fc.constantFrom(...states), source: fc.constant('server' as const) }),
  });
  const services = fc.uniqueArray(
    fc.record({
      id: fc.constantFrom('x', 'y'),
      status: fc.constantFrom(...statuses),
      models: fc.uniqueArray(model, { selector: ({ id }) => id }),
    }),
    { selector: ({ id }) => id },
  );

  it('leads from the models of one run to those of the next, and says nothing of runs that are alike', () => {
    fc.assert(
      fc.property(services, services, (earlier, later) => {
        const [before, after] = [earlier, later] as unknown as Service[][];
        const known = namesOf(before as Service[]);
        for (const change of serviceChanges(before as Service[], after as Service[])) {
          if (change.type === 'model-added') known.add(`${change.service.id} ${change.model.id}`);
          if (change.type === 'model-removed') known.delete(`${change.service.id} ${change.model.id}`);
        }
        expect(known).toEqual(namesOf(after as Service[]));
        expect(serviceChanges(after as Service[], after as Service[])).toEqual([]);
      }),
    );
  });
});

function namesOf(services: readonly Service[]): Set<string> {
  return new Set(services.flatMap(({ id, models }) => models.map((model) => `${id} ${model.id}`)));
}
