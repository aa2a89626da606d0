import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { RouterError } from '../../src/core/errors.js';
import { LocalLLMRouter } from '../../src/router/local-llm-router.js';
import { parseAddress } from '../../src/security/ip-address.js';
import { SecurityModule } from '../../src/security/security-module.js';
import { watchConnections } from './fake-sockets.js';

interface Case {
  readonly id: string;
  readonly family: string;
  readonly url: string;
  readonly policy: { allowExternal: boolean; allowedHosts: string[]; allowedCidrs: string[] };
  readonly dns: Record<string, string[] | { sequence: string[][] }>;
  readonly dns_must_not_be_queried?: boolean;
  readonly config_error?: boolean;
  readonly redirects?: { status: number; location: string }[];
  readonly env?: Record<string, string>;
  readonly connect_to?: string[];
  readonly expected: 'allow' | 'deny';
  readonly why: string;
  /** Where the case comes from. */
  readonly source: string;
}

const cases = readFileSync(new URL('../fixtures/egress-cases.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

/** A resolver that knows the case's names and remembers what it was asked. */
function resolver({ dns }: Case) {
  const asked: string[] = [];
  const lookup = async (host: string) => {
    const entry = dns[host] ?? dns[`${host}.`];
    const turn = asked.filter((name) => name === host).length;
    asked.push(host);
    if (entry === undefined) throw Object.assign(new Error('unknown'), { code: 'ENOTFOUND' });
    const answers = Array.isArray(entry) ? entry : (entry.sequence[turn] ?? []);
    return answers.map((address) => ({ address, family: address.includes(':') ? (6 as const) : (4 as const) }));
  };
  return { asked, lookup };
}

/** What the whole check says about the endpoint itself; a redirect comes later. */
const endpointVerdict = (c: Case) => (c.family === 'redirect' ? 'allow' : c.expected);

describe('the labelled endpoint cases', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  it('are there, each with its source', () => {
    expect(cases.length).toBe(316);
    for (const { source } of cases) expect(source).not.toBe('');
  });

  for (const c of cases.filter((x) => x.config_error)) {
    it(`${c.id}: ${c.why}`, () => {
      expect(() => new SecurityModule(c.policy)).toThrow(
        expect.objectContaining({
          code: 'ERR_INVALID_OPTION',
          message: expect.stringMatching(/allowed(?:Hosts|Cidrs)/),
        }),
      );
    });
  }

  for (const c of cases.filter((x) => !x.config_error)) {
    it(`${c.id}: ${c.why}`, async () => {
      Object.assign(process.env, c.env);
      const first = resolver(c);
      const judge = new SecurityModule({ ...c.policy, lookup: first.lookup });
      const decision = await judge.validateEndpoint(c.url);
      expect(decision.allowed ? 'allow' : 'deny').toBe(endpointVerdict(c));
      expect(decision.reason).not.toBe('');
      if (decision.allowed && c.connect_to) expect(decision.addresses).toEqual(c.connect_to);
      if (!decision.allowed) expect(decision.addresses).toEqual([]);
      if (c.dns_must_not_be_queried) expect(first.asked).toEqual([]);

      const second = resolver(c);
      const sockets = watchConnections();
      const door = new SecurityModule({ ...c.policy, lookup: second.lookup });
      const error: unknown = await door.fetch(c.url, { method: 'POST', body: '{}' }).catch((e: unknown) => e);
      expect(RouterError.is(error)).toBe(true);
      if (endpointVerdict(c) === 'allow') {
        // Let through as far as the system's own refusal to connect.
        expect((error as RouterError).code).toBe('ERR_UNREACHABLE');
        const contacted = sockets.addresses.map((address) => parseAddress(address)?.text);
        expect(contacted).toEqual(c.connect_to ?? decision.addresses);
      } else {
        expect((error as RouterError).code).toBe('ERR_EGRESS_DENIED');
        expect(sockets.addresses).toEqual([]);
      }
      if (c.dns_must_not_be_queried) expect(second.asked).toEqual([]);
      await Promise.all([judge.close(), door.close()]);
    });
  }

  for (const c of cases.filter((x) => !x.config_error)) {
    it(`${c.id} as the address of a service, through the router`, async () => {
      Object.assign(process.env, c.env);
      const { lookup } = resolver(c);
      const sockets = watchConnections();
      const judge = new SecurityModule({ ...c.policy, lookup: resolver(c).lookup });
      const url = URL.canParse(c.url) ? new URL(c.url) : undefined;
      let router: LocalLLMRouter;
      try {
        router = new LocalLLMRouter({
          discovery: false,
          security: { ...c.policy, lookup },
          services: [{ type: 'openai-compatible', baseURL: c.url.replace(/[?].*$/, ''), models: ['m'] }],
        });
      } catch (error) {
        // The form of an address is judged at construction; nothing that may be contacted is refused there.
        expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
        expect(c.expected).toBe('deny');
        return;
      }
      const { addresses } = await judge.validateEndpoint(c.url);
      await router.initialize();
      const { failures } = await router.discovery.discoverAll();
      const codes = new Set(failures.map(({ code }) => code));
      const outcome = await router.route('prompt').catch((e: unknown) => e);
      expect(RouterError.is(outcome)).toBe(true);
      const contacted = new Set(sockets.addresses.map((address) => parseAddress(address)?.text));
      if (c.family === 'dns-rebinding') {
        // Each connection looks up anew: the one answer that is allowed may be contacted, whenever it comes.
        expect([...contacted].filter((address) => address !== '10.1.2.3')).toEqual([]);
      } else if (endpointVerdict(c) === 'allow') {
        expect(codes).not.toContain('ERR_EGRESS_DENIED');
        expect([...contacted].filter((address) => !(c.connect_to ?? addresses).includes(address as string))).toEqual(
          [],
        );
        expect(contacted.size > 0 || url?.port === '22').toBe(true);
      } else {
        expect(codes).toEqual(new Set(['ERR_EGRESS_DENIED']));
        expect(outcome).toMatchObject({ code: 'ERR_EGRESS_DENIED' });
        expect([...contacted]).toEqual([]);
      }
      await Promise.all([router.close(), judge.close()]);
    });
  }

  for (const c of cases.filter((x) => x.redirects)) {
    it(`${c.id} with a network that answers so`, async () => {
      const asked: string[] = [];
      const replies = [...(c.redirects ?? [])];
      const security = new SecurityModule({
        ...c.policy,
        fetch: async (input) => {
          asked.push(String(input));
          const { status, location } = replies.shift() ?? { status: 200, location: '' };
          const headers = new Headers();
          if (!/[\r\n]/.test(location)) headers.set('location', location);
          return new Response(status === 200 ? '{}' : null, { status, headers });
        },
      });
      const answer = await security.fetch(c.url).catch((e: unknown) => e);
      expect(asked).toEqual([c.url]);
      if (c.expected === 'allow') expect(answer).toMatchObject({ status: 200 });
      else {
        expect(answer).toMatchObject({ code: 'ERR_BAD_RESPONSE', isRetryable: false });
        expect((answer as Error).message).toMatch(/redirect refused/);
        expect((answer as Error).message).toContain(String(c.redirects?.[0]?.status));
        expect((answer as Error).message).not.toMatch(/8\.8\.8\.8|evil|passwd/);
      }
      await security.close();
    });
  }
});
