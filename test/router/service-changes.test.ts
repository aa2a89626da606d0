import { type ServiceChange, ServiceDiscovery } from 'local-llm-router';
import { fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualClock } from '../execution/manual-clock.js';
import { network } from '../services/recorded.js';
import { failure, over, soon, up } from './setup.js';

describe('a router', () => {
  it('tells of services and models that come and go', async () => {
    const fake = await up(fakeOllama({ models: [{ id: 'a:7b' }] }));
    const router = over(fake);
    const heard: string[] = [];
    const leave = router.onServiceChange(({ type, service }) => void heard.push(`${type} ${service.type}`));
    await router.initialize();
    expect(heard).toEqual(['service-up ollama', 'model-added ollama']);
    await fake.close();
    await router.discovery.refresh();
    expect(heard.slice(2)).toEqual(['service-down ollama', 'model-removed ollama']);
    leave();
    await up(fakeOllama({ port: fake.port }));
    await router.discovery.refresh();
    expect(heard).toHaveLength(4);
  });

  it('lets go of the discovery of its host when it closes, and not of what others hear there', async () => {
    const clock = new ManualClock();
    const answers = { 'GET /api/tags': { models: [{ name: 'x' }] } };
    const discovery = new ServiceDiscovery({
      hosts: ['localhost'],
      types: ['ollama'],
      fetch: network(answers).fetch,
      clock,
    });
    onTestFinished(() => discovery.close());
    const router = over([], { discovery });
    const nothing = (_: ServiceChange): void => {};
    router.onServiceChange(nothing);
    await clock.advance(0);
    expect(clock.pending).toBe(1);
    const leave = discovery.watch(nothing);
    await router.close();
    expect(clock.pending).toBe(1);
    leave();
    expect(clock.pending).toBe(0);
    expect(() => router.onServiceChange(nothing)).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });
});

describe('what discovery found', () => {
  it('is looked at again at once when a server was restarted with other models', async () => {
    const before = await up(fakeOllama({ models: [{ id: 'old:7b' }] }));
    const router = over(before);
    expect((await router.route('hello')).model.id).toBe('old:7b');
    await before.close();
    await up(fakeOllama({ port: before.port, models: [{ id: 'new:7b' }] }));
    await failure(router.route('hello'));
    await soon(() => router.discovery.models().map(({ id }) => id)).toEqual(['new:7b']);
    expect((await router.route('hello')).model.id).toBe('new:7b');
  });

  it('is forgotten when the server is gone', async () => {
    const gone = await up(fakeOllama({ models: [{ id: 'gone:7b' }] }));
    const other = await up(fakeOllama({ models: [{ id: 'other:7b' }] }));
    const router = over([gone, other]);
    await router.initialize();
    await gone.close();
    const { attempts } = await failure(router.route({ prompt: 'hello', model: 'gone:7b' }));
    expect(attempts).toMatchObject([{ outcome: 'failed', code: 'ERR_UNREACHABLE' }]);
    await soon(() => router.status().services.map(({ baseURL }) => baseURL)).toEqual([other.url]);
  });

  it('is not looked at once per failure', async () => {
    const fake = await up(fakeOllama({ faults: ['reset'] }));
    const router = over(fake);
    await router.initialize();
    const looks = (): number => fake.requests.filter(({ path }) => path === '/api/tags').length;
    for (let i = 0; i < 5; i++) await failure(router.route('hello'));
    await router.discovery.discoverAll();
    expect(looks()).toBe(2);
  });
});
