import type { FakeServer } from 'local-llm-router/testing';
import * as testing from 'local-llm-router/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FetchLike } from '../../src/core/fetch-like.js';
import { serviceId } from '../../src/discovery/base-url.js';
import { ServiceDiscovery } from '../../src/discovery/service-discovery.js';
import { SERVICE_SPECS } from '../../src/services/registry.js';
import { Loopback } from './loopback.js';

type Start = () => Promise<FakeServer>;

/** Every fake that there is; a new one is in the zoo without being named here. */
const fakes = Object.entries(testing).flatMap(([name, start]): { name: string; start: Start }[] =>
  name.startsWith('fake') && typeof start === 'function' ? [{ name, start: start as Start }] : [],
);
/** This machine, and as many others as servers share a port. */
const HOSTS = ['localhost', '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'];
const PORTS = [...new Set(SERVICE_SPECS.flatMap(({ ports }) => ports))];

const loopback = new Loopback();
let animals: FakeServer[];
let hostile: string[];
beforeAll(async () => {
  animals = await Promise.all(fakes.map(({ start }) => start()));
  hostile = [
    // A black hole, a tarpit that answers byte by byte for ever, and a web page.
    await loopback.raw(() => {}),
    await loopback.raw((socket) => {
      const timer = setInterval(() => socket.write('H'), 50);
      socket.on('close', () => clearInterval(timer));
    }),
    await loopback.http((_, response) => void response.setHeader('content-type', 'text/html').end('<h1>My shop</h1>')),
  ];
});
afterAll(async () => {
  await Promise.all(animals.map((animal) => animal.close()));
  await loopback.close();
});

/** Numbers from 0 to 1 that are the same each time (a linear congruential generator). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/**
 * Puts every animal at each of its default ports: those that share one get it on different hosts, so that each of them
 * stands alone against the descriptions of all. In between, on ports that are left, what is no model server.
 */
function settle(random: () => number) {
  const cages = new Map<string, string>();
  const expected: string[] = [];
  for (const port of PORTS) {
    const sharing = shuffled(animals, random).filter(({ type }) =>
      SERVICE_SPECS.some((spec) => spec.type === type && spec.ports.includes(port)),
    );
    for (const [i, { type, url }] of sharing.entries()) {
      const baseURL = `http://${HOSTS[i]}:${port}`;
      cages.set(baseURL, url);
      expected.push(serviceId(type, baseURL));
    }
  }
  const free = HOSTS.flatMap((host) => PORTS.map((port) => `http://${host}:${port}`)).filter((url) => !cages.has(url));
  const traps = shuffled(free, random).slice(0, 2 * hostile.length);
  for (const [i, url] of traps.entries()) cages.set(url, hostile[i % hostile.length] as string);
  return { cages, expected, traps };
}

/** A network in which these addresses lead to these servers, and 127.0.0.1 is another name of localhost. */
function networkOf(cages: ReadonlyMap<string, string>): FetchLike {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const target = cages.get(url.origin.replace('127.0.0.1', 'localhost'));
    if (target !== undefined) return fetch(`${target}${url.pathname}${url.search}`, init);
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    return Promise.reject(new TypeError('fetch failed', { cause: refused }));
  };
}

describe('all fakes at once', () => {
  it('are of every kind that has a fake, and each is of a known kind', () => {
    const known = SERVICE_SPECS.map(({ type }) => type);
    expect(animals.length).toBeGreaterThanOrEqual(4);
    expect(new Set(animals.map(({ type }) => type)).size).toBe(animals.length);
    expect(known).toEqual(expect.arrayContaining(animals.map(({ type }) => type)));
  });

  it.each([1, 2, 3])(
    'are each identified, and none twice, between what is no model server (order %i)',
    async (seed) => {
      const random = numbers(seed);
      const { cages, expected, traps } = settle(random);
      const discovery = new ServiceDiscovery({
        hosts: shuffled([...HOSTS, '127.0.0.1'], random),
        fetch: networkOf(cages),
        probeTimeoutMs: 2_000,
      });
      const { services, failures } = await discovery.discoverAll();
      await discovery.close();
      const found = services.map(({ id }) => id.replace('@127.0.0.1:', '@localhost:'));
      expect(found.sort()).toEqual(expected.sort());
      const failed = new Set(failures.map(({ baseURL }) => baseURL.replace('127.0.0.1', 'localhost')));
      expect([...failed]).toEqual(expect.arrayContaining(traps));
    },
    30_000,
  );
});
