import { ContextManager, ModelSelector, SecurityModule, ServiceDiscovery, type Transport } from 'local-llm-router';
import { fakeLlamaCpp, fakeLMStudio, fakeOllama, fakeVLLM } from 'local-llm-router/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chats, failure, over, up } from './setup.js';

/** A transport that answers with its own name. */
const named = (name: string, asked: string[] = []): Transport => ({
  name,
  specificationVersion: 1,
  capabilities: {},
  async *chat({ model }) {
    asked.push(model.id);
    yield { type: 'text', text: `by ${name}` };
    yield { type: 'finish', finishReason: 'stop' };
  },
});

describe('a transport of the host', () => {
  it('takes the place of the built-in one of its name', async () => {
    const fake = await up(fakeOllama());
    const { text } = await over(fake, { transports: [named('ollama')] }).route('hello');
    expect(text).toBe('by ollama');
    expect(chats(fake)).toEqual([]);
  });

  it('serves the type of server that it is named after, beside the built-in ones', async () => {
    const studio = await up(fakeLMStudio({ models: [{ id: 'a', contextLength: 16_384 }] }));
    const vllm = await up(fakeVLLM({ models: [{ id: 'b', contextLength: 16_384 }], reply: 'by the wire' }));
    const router = over([studio, vllm], { transports: [named('lmstudio')] });
    expect((await router.route({ prompt: 'hello', model: 'a' })).text).toBe('by lmstudio');
    expect((await router.route({ prompt: 'hello', model: 'b' })).text).toBe('by the wire');
  });

  it('is followed by the next model where it fails', async () => {
    const fake = await up(fakeOllama());
    const broken: Transport = {
      ...named('ollama'),
      // biome-ignore lint/correctness/useYield: the transport of this test throws before its first event
      async *chat() {
        throw new TypeError('my own bug');
      },
    };
    const error = await failure(over(fake, { transports: [broken] }).route('hello'));
    expect(error.code).toBe('ERR_ALL_ATTEMPTS_FAILED');
    expect(error.attempts?.map(({ code }) => code)).toEqual(['ERR_BAD_RESPONSE', 'ERR_BAD_RESPONSE']);
  });

  it('gets the guarded fetch, the signal, and the key of its service', async () => {
    const fake = await up(fakeOllama({ apiKey: 'secret-key' }));
    const seen: Record<string, unknown>[] = [];
    const transport: Transport = {
      ...named('ollama'),
      async *chat({ headers, model, prompt: _prompt }, { fetch, signal }) {
        const denied = await failure(fetch('https://models.example.com/', { signal }));
        const allowed = await fetch(`${model.baseURL}/api/version`, { headers, signal });
        seen.push({ headers, denied: denied.code, status: allowed.status });
        yield { type: 'text', text: 'ok' };
        yield { type: 'finish', finishReason: 'stop' };
      },
    };
    const services = [{ type: 'ollama', baseURL: fake.url, apiKey: 'secret-key' }] as const;
    await over([], { services, transports: [transport] }).route('hello');
    expect(seen).toEqual([
      { headers: { authorization: 'Bearer secret-key' }, denied: 'ERR_EGRESS_DENIED', status: 200 },
    ]);
  });
});

describe('the network', () => {
  it('can be replaced as a whole', async () => {
    const fake = await up(fakeOllama());
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      asked.push(pathname);
      return globalThis.fetch(`${fake.url}${pathname}`, init);
    };
    const router = over([], { services: [{ type: 'ollama', baseURL: 'http://localhost:9' }], fetch });
    const { model } = await router.route('hello');
    expect(model.baseURL).toBe('http://localhost:9');
    expect(asked).toContain('/api/tags');
    expect(asked.at(-1)).toBe('/api/chat');
  });

  it('can be replaced beside a SecurityModule of the host, which stays open', async () => {
    const fake = await up(fakeOllama());
    let count = 0;
    const fetch: typeof globalThis.fetch = (input, init) => {
      count += 1;
      return globalThis.fetch(input, init);
    };
    const security = new SecurityModule();
    onTestFinished(() => security.close());
    const router = over(fake, { security, fetch });
    await router.route('hello');
    await router.close();
    expect(count).toBeGreaterThan(1);
    expect((await security.fetch(`${fake.url}/api/version`)).status).toBe(200);
    expect(security.audit.recent().some(({ event }) => event === 'query')).toBe(true);
  });
});

describe('a model outside of the allowed network', () => {
  const start = async (allowExternal: boolean) => {
    const fake = await up(fakeLlamaCpp({ models: [{ id: 'm', contextLength: 16_384 }], reply: 'from afar' }));
    const fetch: typeof globalThis.fetch = (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      return globalThis.fetch(`${fake.url}${url.pathname}`, init);
    };
    const lookup = async () => [{ address: '93.184.215.14', family: 4 as const }];
    return over([], {
      fetch,
      security: { allowExternal, allowedHosts: ['localhost', 'models.example.com'], lookup },
      services: [
        { type: 'openai-compatible', baseURL: 'https://models.example.com', contextLength: 16_384, models: ['m'] },
      ],
    });
  };

  it('is asked only in a call that grants it, and the audit log says so', async () => {
    const router = await start(true);
    const refused = await failure(router.route('hello'));
    expect(refused.code).toBe('ERR_NO_MODEL');
    expect(refused.message).toMatch(/m at .*\((locality|remote)\).*allowExternal/);
    const { text, decision } = await router.route('hello', { allowExternal: true });
    expect(text).toBe('from afar');
    expect(decision.requirements.allowExternal).toBe(true);
    expect(router.security.audit.recent()).toContainEqual(
      expect.objectContaining({ event: 'attempt.start', external: true }),
    );
    expect(await failure(router.route('hello'))).toMatchObject({ code: 'ERR_NO_MODEL' });
  });

  it('is not asked where the router does not allow it at all', async () => {
    const router = await start(false);
    const error = await failure(router.route('hello', { allowExternal: true }));
    expect(['ERR_EGRESS_DENIED', 'ERR_NO_SERVICE', 'ERR_NO_MODEL']).toContain(error.code);
  });
});

describe('an endpoint of the host', () => {
  it('may have paths of its own and a key that is made for each request', async () => {
    const fake = await up(fakeLlamaCpp({ models: [{ id: 'm', contextLength: 16_384 }] }));
    let keys = 0;
    const own: string[] = [];
    const fetch: typeof globalThis.fetch = (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      own.push(`${url.pathname} ${new Headers(init?.headers).get('authorization')}`);
      url.pathname = url.pathname.replace('/my/list', '/v1/models').replace('/my/chat', '/v1/chat/completions');
      return globalThis.fetch(url, init);
    };
    const router = over([], {
      fetch,
      services: [
        {
          type: 'openai-compatible',
          baseURL: `${fake.url}/v1/`,
          contextLength: 16_384,
          paths: { models: '/my/list', chat: '/my/chat' },
          apiKey: async () => `key-${++keys}`,
        },
      ],
    });
    expect((await router.route('hello')).text).not.toBe('');
    await router.route('hello');
    expect(own[0]).toBe('/my/list Bearer key-1');
    const sent = own.filter((line) => line.startsWith('/my/chat'));
    expect(sent).toHaveLength(2);
    expect(new Set(sent).size).toBe(2);
    expect(own.every((line) => line.startsWith('/my/'))).toBe(true);
  });

  it('keeps its key to itself', async () => {
    const locked = await up(fakeVLLM({ apiKey: 'secret-key', faults: ['status-500'] }));
    const open = await up(fakeLlamaCpp());
    const router = over(open, { services: [{ type: 'vllm', baseURL: locked.url, apiKey: 'secret-key' }] });
    await router.route({ prompt: 'hello', maxTokens: 5 });
    await router.route('hello again');
    expect(JSON.stringify(open.requests)).not.toContain('secret-key');
    expect(chats(locked)[0]?.headers['authorization'] ?? 'Bearer secret-key').toBe('Bearer secret-key');
  });

  it('whose key function fails is skipped', async () => {
    const open = await up(fakeLlamaCpp({ models: [{ id: 'llama3.2:1b', contextLength: 16_384 }] }));
    const locked = await up(fakeVLLM({ apiKey: 'k', models: [{ id: 'big', contextLength: 16_384 }] }));
    let works = true;
    const apiKey = (): string => {
      if (works) return 'k';
      throw new Error('the vault is closed');
    };
    const first = { primary: ['big'] };
    const router = over(open, {
      services: [{ type: 'vllm', baseURL: locked.url, apiKey }],
      taskRouting: { coding: first, reasoning: first, analysis: first, documentation: first },
    });
    await router.initialize();
    works = false;
    const { attempts, model } = await router.route('hello');
    expect(model.service).toContain('llama.cpp');
    expect(attempts).toMatchObject([{ outcome: 'skipped', code: 'ERR_UNAUTHORIZED' }, { outcome: 'ok' }]);
  });

  it('comes first among equals by its priority, and not at all when it is off', async () => {
    const models = [{ id: 'm', contextLength: 16_384 }];
    const [a, b] = [await up(fakeLlamaCpp({ models })), await up(fakeLlamaCpp({ models }))];
    const at = (url: string, more: object) => ({ type: 'llama.cpp' as const, baseURL: url, ...more });
    const served = async (...services: ReturnType<typeof at>[]) => {
      const { model, decision } = await over([], { services }).route('hello');
      return [model.baseURL, decision.ranked.length];
    };
    expect(await served(at(a.url, { priority: 200 }), at(b.url, { priority: 1 }))).toEqual([b.url, 2]);
    expect(await served(at(a.url, { priority: 1 }), at(b.url, { priority: 200 }))).toEqual([a.url, 2]);
    expect(await served(at(a.url, { enabled: false }), at(b.url, {}))).toEqual([b.url, 1]);
  });
});

describe('ready-made parts', () => {
  it('are used as they are, and stay open', async () => {
    const fake = await up(fakeOllama({ models: [{ id: 'first:7b' }, { id: 'second:7b' }] }));
    const second = { primary: ['second:7b'] };
    const security = new SecurityModule();
    const discovery = new ServiceDiscovery({ security, hosts: [], services: [{ type: 'ollama', baseURL: fake.url }] });
    const selector = new ModelSelector({
      taskRouting: { coding: second, reasoning: second, analysis: second, documentation: second },
    });
    const context = new ContextManager();
    await discovery.discoverAll();
    const router = over([], { discovery, selector, context, security });
    expect([router.discovery, router.selector, router.context, router.security]).toEqual([
      discovery,
      selector,
      context,
      security,
    ]);
    const { model } = await router.route('hello');
    expect(model.id).toBe('second:7b');
    await router.close();
    expect((await discovery.refresh()).services).toHaveLength(1);
    expect(context.sessions()).toEqual(['default']);
    await discovery.close();
    await security.close();
  });

  it('do not keep the router from looking at the machine', async () => {
    const fake = await up(fakeOllama());
    const discovery = new ServiceDiscovery({ hosts: [], services: [{ type: 'ollama', baseURL: fake.url }] });
    onTestFinished(() => discovery.close());
    await discovery.discoverAll();
    await over([], { discovery }).route('hello');
    expect(JSON.stringify(chats(fake)[0]?.body)).toMatch(/Operating system: (Linux|macOS|Windows)/);
  });
});
