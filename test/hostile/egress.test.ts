import fc from 'fast-check';
import type { LocalLLMRouter } from 'local-llm-router';
import { describe, expect, it } from 'vitest';
import {
  expectSilence,
  forbidden,
  modelServer,
  NOTHING,
  policy,
  routerOver,
  type ServerOptions,
  SURFACES,
  type Surface,
  use,
} from './egress-scene.js';

// Each test ends with the counters of a listener that nothing may reach, or with those of a server that may be reached
// no more.
expectSilence();

const TYPES = ['openai-compatible', 'ollama'] as const;

/** Nobody knows whether a model behind the OpenAI dialect fills gaps, and none of its routes loads one. */
const OLLAMA_ONLY: readonly Surface[] = ['fill', 'warm', 'unload'];
const typesFor = (surface: Surface) => TYPES.filter((type) => type === 'ollama' || !OLLAMA_ONLY.includes(surface));

/** Whether a request is one of this use, and not of the discovery before it. */
const isOf = (surface: Surface, method: string): boolean =>
  surface === 'initialize' ? method === 'GET' : method === 'POST';

describe('the listeners', () => {
  it('count whoever follows', async () => {
    const target = await forbidden();
    const server = await modelServer({
      instead: (_, response) => {
        response.writeHead(307, { location: `${target.url}/` }).end();
        return true;
      },
    });
    await (await fetch(server.url, { method: 'POST', body: 'prompt' })).text();
    expect(target.reached()).toMatchObject({ connections: 1, bytes: expect.any(Number) });
    expect(target.reached().bytes).toBeGreaterThan(0);
  });
});

describe.each([...SURFACES, 'warm', 'unload'] as const)('a redirect that %s meets', (surface) => {
  it.each([301, 302, 303, 307, 308])('is not followed (%i)', async (status) => {
    const six = await forbidden('::1').catch(() => undefined);
    const target = await forbidden();
    const locations = [
      `${target.url}/`,
      `//${target.host}:${target.port}/v1/models`,
      `http://far.lan:${target.port}/`,
      `http://127.1:${target.port}/../`,
      `\\\\${target.host}:${target.port}`,
      '/elsewhere',
      '?again',
      '',
      ...(six ? [`${six.url}/`] : []),
    ];
    for (const [i, location] of locations.entries()) {
      for (const type of typesFor(surface)) {
        // Both wires go through one door: the second is asked for one place of each kind.
        if (type === 'ollama' && ![0, 2, 5, 8].includes(i)) continue;
        const server = await modelServer({
          loaded: surface === 'unload',
          instead: ({ method }, response) => {
            if (!isOf(surface, method)) return false;
            response.writeHead(status, { location }).end();
            return true;
          },
        });
        const router = routerOver([{ type, baseURL: server.url }], {
          security: policy(async () => [{ address: '127.0.0.2', family: 4 }]),
        });
        await use(router, surface, `${server.url}/v1/chat/completions`);
        const met = server.asked.filter(({ method }) => isOf(surface, method));
        expect(met.length).toBeGreaterThan(0);
        expect(met.map(({ path }) => path).filter((path) => /elsewhere|again/.test(path))).toEqual([]);
        // Each request once: none is repeated where it was sent to.
        if (surface !== 'initialize') expect(met).toHaveLength(1);
        await router.close();
      }
    }
    expect(target.reached()).toEqual(NOTHING);
    expect(six?.reached() ?? NOTHING).toEqual(NOTHING);
  });
});

describe('a name that changes its address', () => {
  const bad = { address: '127.0.0.2', family: 4 as const };
  const good = { address: '127.0.0.1', family: 4 as const };
  // No connection is kept, so that each request asks anew where its name leads.
  const CLOSING: ServerOptions = { headers: { connection: 'close' } };

  const scene = async () => {
    const server = await modelServer(CLOSING);
    // The same port at the other address: where a client would go that only takes the name.
    const target = await forbidden('127.0.0.2', server.port);
    const answers = { now: [good] as (typeof good)[] };
    const looked: string[] = [];
    const security = policy(async (host) => {
      looked.push(host);
      return answers.now;
    });
    const url = `http://gpu.lan:${server.port}`;
    return { server, target, answers, looked, security, url };
  };

  it.each(TYPES)('between discovery and the answer gets nothing (%s)', async (type) => {
    for (const surface of SURFACES.filter((each) => typesFor(each).includes(type))) {
      const { server, target, answers, security, url } = await scene();
      const router = routerOver([{ type, baseURL: url }], { security });
      await router.initialize();
      expect(router.discovery.models().length).toBeGreaterThan(0);
      const before = server.asked.length;
      answers.now = [bad];
      if (surface === 'initialize') await router.discovery.refresh();
      else {
        const error = await use(router, surface, `${url}/v1/chat/completions`);
        expect(JSON.stringify(error)).toContain('ERR_EGRESS_DENIED');
      }
      expect(server.asked).toHaveLength(before);
      expect(target.reached()).toEqual(NOTHING);
      await router.close();
    }
  });

  it('between validateEndpoint and fetch gets nothing', async () => {
    const { target, answers, security, url } = await scene();
    const router = routerOver([], { security });
    expect(await router.security.validateEndpoint(url)).toMatchObject({ allowed: true });
    answers.now = [bad];
    await expect(router.security.fetch(url)).rejects.toMatchObject({ code: 'ERR_EGRESS_DENIED' });
    expect(target.reached()).toEqual(NOTHING);
  });

  it('gets nothing whatever the order of its answers, mixed ones among them', async () => {
    const { server, target, security: options, url } = await scene();
    const mapped = { address: '::ffff:127.0.0.2', family: 6 as const };
    const answer = fc.constantFrom([good], [bad], [good, bad], [bad, good], [good, mapped], [mapped], []);
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 2, maxLength: 6 }), async (sequence) => {
        let turn = 0;
        const given: (typeof sequence)[number][] = [];
        const lookup = async () => {
          const now = sequence[turn++ % sequence.length] ?? [];
          given.push(now);
          return now;
        };
        const router = routerOver([], { security: { ...options, lookup } });
        for (let i = 0; i < sequence.length; i++) {
          const before = given.length;
          const reply = await router.security.fetch(`${url}/v1/models`).catch(() => undefined);
          await reply?.body?.cancel();
          // Allowed if all that its own look-up gave was good, and looked up once.
          expect(given.length - before).toBe(1);
          expect(reply !== undefined).toBe(JSON.stringify(given.at(-1)) === JSON.stringify([good]));
        }
        await router.close();
      }),
      { numRuns: 40 },
    );
    expect(server.asked.length).toBeGreaterThan(0);
    expect(target.reached()).toEqual(NOTHING);
  });

  it('to one on the internet gets nothing either, although the call may go there', async () => {
    const { server, answers, security, url } = await scene();
    const router = routerOver([{ type: 'openai-compatible', baseURL: url }], {
      security: { ...security, allowExternal: true },
    });
    await router.initialize();
    answers.now = [{ address: '93.184.215.14', family: 4 }];
    const before = server.asked.length;
    const call = router.route('hello', { allowExternal: true });
    await expect(call).rejects.toMatchObject({ attempts: [{ code: 'ERR_EGRESS_DENIED' }] });
    expect(server.asked).toHaveLength(before);
    const connected = router.security.audit.recent().filter(({ event }) => event === 'egress.connect');
    expect(new Set(connected.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));
  });

  it('is not asked for at all where it is not listed', async () => {
    const { looked, security, target, url } = await scene();
    const hidden = url.replace('gpu.lan', 'secret-prompt.evil.test');
    const router = routerOver([{ type: 'openai-compatible', baseURL: hidden }], { security });
    for (const surface of SURFACES) await use(router, surface, hidden);
    expect((await router.security.validateEndpoint(hidden)).rule).toBe('R4');
    expect(looked).toEqual([]);
    expect(target.reached()).toEqual(NOTHING);
  });
});

describe('an address in another spelling', () => {
  const SPELLINGS = [
    ...[
      '127.0.0.2',
      '127.0.0.2.',
      '127.2',
      '127.0.2',
      '2130706434',
      '0x7f000002',
      '0x7F.0.0.2',
      '0177.0.0.2',
      '0177.2',
    ],
    ...['017700000002', '127.0.0.02', '127.0.0.0x2', '%31%32%37.0.0.2', '１２７.０.０.２', '①②⑦.⓪.⓪.②', '127。0。0。2'],
    ...['[::ffff:127.0.0.2]', '[::ffff:7f00:2]', '[0:0:0:0:0:ffff:7f00:0002]', '[::FFFF:7F00:2]', '[::127.0.0.2]'],
    ...['[::7f00:2]', '[::ffff:0:127.0.0.2]', '[64:ff9b::127.0.0.2]', '[64:ff9b:1::7f00:2]', '[2002:7f00:2::]'],
    ...['[fe80::1%25lo]', '127.0.0.1@127.0.0.2', '127.0.0.1:80@127.0.0.2', 'a:b@127.0.0.2', '@127.0.0.2'],
    ...[
      '127.0.0.1\\@127.0.0.2',
      '127.0.0.1#@127.0.0.2',

      '127.0.0.\t2',
      '127.0.0.2\n',
      ' 127.0.0.2',
    ],
    ...[
      '/127.0.0.2',
      '\\127.0.0.2',
      '127.0.0.2%2f',
      '127.0.0.2%00.gpu.lan',
      'gpu.lan.127.0.0.2',
      'localhost',
      'LOCALHOST.',
    ],
    ...[
      '127.0.0.2.nip.io',
      'gpu.lan@127.0.0.2',
      'gpu.lan%40127.0.0.2',
      'gpu。lan.evil.test',
      'ｇｐｕ.lan.',
      '0',
      '0.0.0.0',
      '[::]',
    ],
  ];

  it.each(SPELLINGS)('leads nowhere: %s', async (host) => {
    const six = await forbidden('::1').catch(() => undefined);
    const target = await forbidden('127.0.0.2', six?.port ?? 0);
    const url = `http://${host}:${target.port}`;
    // Names are resolved to the forbidden address, so only a refusal keeps it unreached.
    const security = policy(async () => [{ address: '127.0.0.2', family: 4 }]);
    const door = routerOver([], { security });
    for (const full of [url, `${url}/v1`, `${url}/v1/chat/completions?x=1`]) {
      expect(await door.security.validateEndpoint(full)).toMatchObject({ allowed: false, addresses: [] });
      const error = await use(door, 'security.fetch', full);
      expect(error).toMatchObject({ code: 'ERR_EGRESS_DENIED' });
    }
    for (const type of TYPES) {
      let router: LocalLLMRouter;
      try {
        router = routerOver([{ type, baseURL: url }], { security });
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
        continue;
      }
      for (const surface of SURFACES) await use(router, surface, url);
    }
    expect(target.reached()).toEqual(NOTHING);
    expect(six?.reached() ?? NOTHING).toEqual(NOTHING);
  });

  it('as a host of discovery leads nowhere', async () => {
    const target = await forbidden('127.0.0.2', 11_434).catch(() => undefined);
    for (const host of ['127.0.0.2', '[::ffff:7f00:2]', 'far.lan', 'localhost']) {
      const router = routerOver([], {
        discovery: { hosts: [host], types: ['ollama'] },
        security: policy(async () => [{ address: '127.0.0.2', family: 4 }]),
      });
      await router.initialize();
      expect(router.discovery.services()).toEqual([]);
      const { failures } = await router.discovery.refresh();
      expect(failures.map(({ code }) => code)).toEqual(['ERR_EGRESS_DENIED']);
    }
    expect(target?.reached() ?? NOTHING).toEqual(NOTHING);
  });
});

describe('what the options of a service can say', () => {
  it('never leads elsewhere than to its own address', async () => {
    const target = await forbidden();
    const server = await modelServer();
    const away = `${target.host}:${target.port}`;
    const paths = [
      `//${away}/x`,
      `/\\${away}`,
      `/@${away}/`,
      `/..//${away}/`,
      `/%2f%2f${away}`,
      `/:80@${away}`,
      `/?http://${away}`,
    ];
    const bases = [
      '',
      `/../..//${away}`,
      `//${away}`,
      `/@${away}`,
      `/http://${away}/v1`,
      `/%2e%2e/${away}`,
      `/;@${away}`,
    ];
    for (const path of paths) {
      for (const base of ['', '/v1/']) {
        for (const type of ['openai-compatible', 'ollama', 'llama.cpp'] as const) {
          const router = routerOver([
            {
              type,
              baseURL: `${server.url}${base}`,
              models: ['m'],
              apiStyle: 'openai',
              paths: { models: path, chat: path, health: path },
            },
          ]);
          for (const surface of SURFACES) await use(router, surface, server.url);
          await router.close();
        }
      }
    }
    for (const base of bases) {
      let router: LocalLLMRouter;
      try {
        router = routerOver([{ type: 'openai-compatible', baseURL: `${server.url}${base}`, models: ['m'] }]);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
        continue;
      }
      for (const surface of SURFACES) await use(router, surface, server.url);
      await router.close();
    }
    expect(server.asked.length).toBeGreaterThan(100);
    expect(target.reached()).toEqual(NOTHING);
  });
});

describe('a connection that is kept', () => {
  it('is not used by a module that would not make it', async () => {
    const server = await modelServer();
    const wide = routerOver([{ type: 'openai-compatible', baseURL: server.url }]);
    for (let i = 0; i < 3; i++) await wide.route('hello');
    const asked = server.asked.length;
    const connections = server.connections();
    const narrow = wide.security.narrow({ allowedCidrs: ['127.0.0.3/32'] });
    await expect(narrow.fetch(`${server.url}/v1/models`)).rejects.toMatchObject({ code: 'ERR_EGRESS_DENIED' });
    const router = routerOver([{ type: 'openai-compatible', baseURL: server.url }], { security: narrow });
    for (const surface of SURFACES) await use(router, surface, `${server.url}/v1/models`);
    expect(server.asked).toHaveLength(asked);
    expect(server.connections()).toBe(connections);
  });

  it('to a name is not used by a module that does not list it', async () => {
    const server = await modelServer();
    const url = `http://gpu.lan:${server.port}`;
    const security = policy(async () => [{ address: '127.0.0.1', family: 4 }]);
    const wide = routerOver([{ type: 'openai-compatible', baseURL: url }], { security });
    await wide.route('hello');
    const asked = server.asked.length;
    const narrow = wide.security.narrow({ allowedHosts: ['far.lan'] });
    const router = routerOver([{ type: 'openai-compatible', baseURL: url }], { security: narrow });
    for (const surface of SURFACES) await use(router, surface, `${url}/v1/models`);
    expect(server.asked).toHaveLength(asked);
  });

  it('belongs to one module: a narrowed one makes its own, and a closed one has none', async () => {
    const server = await modelServer();
    const wide = routerOver([{ type: 'openai-compatible', baseURL: server.url }]);
    await (await wide.security.fetch(`${server.url}/v1/models`)).text();
    expect(server.connections()).toBe(1);
    const narrow = wide.security.narrow({ connectTimeoutMs: 1_000 });
    await (await narrow.fetch(`${server.url}/v1/models`)).text();
    expect(server.connections()).toBe(2);
    await narrow.close();
    await expect(narrow.fetch(`${server.url}/v1/models`)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(server.asked).toHaveLength(2);
  });
});
