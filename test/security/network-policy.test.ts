import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localityOf, parseAddress, parseCidr } from '../../src/security/ip-address.js';
import {
  compilePolicy,
  judgeAnswers,
  judgeName,
  judgeUrl,
  type PolicyOptions,
} from '../../src/security/network-policy.js';
import { SecurityModule } from '../../src/security/security-module.js';
import { decision } from './records.js';

const byte = fc.integer({ min: 0, max: 255 });
const ipv4 = fc.tuple(byte, byte, byte, byte).map((b) => b.join('.'));
const group = fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16));
const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((g) => g.join(':'));
const interesting = fc.constantFrom(
  '127.0.0.1',
  '127.0.0.2',
  '10.0.0.5',
  '192.168.1.1',
  '172.16.0.1',
  '8.8.8.8',
  '169.254.169.254',
  '0.0.0.0',
  '224.0.0.1',
  '::1',
  '::',
  'fd00::1',
  'fe80::1',
  '2001:db8::1',
  '2606:4700::1111',
  '64:ff9b::1',
  '::ffff:8.8.8.8',
  '::ffff:10.0.0.5',
  'fd00:ec2::254',
);
const address = fc.oneof(interesting, ipv4, ipv6);
const cidr = fc.constantFrom(
  '127.0.0.0/8',
  '10.0.0.0/8',
  '10.0.0.0/16',
  '192.168.0.0/16',
  '8.8.8.0/24',
  '169.254.0.0/16',
  '169.254.169.254/32',
  '::1/128',
  'fc00::/7',
  '2000::/3',
  '0.0.0.0/1',
  '128.0.0.0/1',
  '0.0.0.0/0',
  '::/0',
);
const name = fc.constantFrom(
  'localhost',
  'gpu.lan',
  'a.gpu.lan',
  'gpu.lan.evil.test',
  'api.example.com',
  'example.com',
);
const host = fc.oneof(
  name,
  fc.constantFrom('*', '*.gpu.lan', '*.example.com', '10.0.0.5', '8.8.8.8', '::1', '192.168.0.0/16'),
);
const policy: fc.Arbitrary<PolicyOptions> = fc.record({
  allowExternal: fc.option(fc.boolean(), { nil: undefined }),
  allowedHosts: fc.option(fc.array(host, { maxLength: 4 }), { nil: undefined }),
  allowedCidrs: fc.option(fc.array(cidr, { maxLength: 4 }), { nil: undefined }),
});

describe('narrowing', () => {
  it('never allows what was not allowed before', () => {
    let narrower = 0;
    fc.assert(
      fc.property(
        policy,
        policy,
        name,
        fc.array(address, { minLength: 1, maxLength: 3 }),
        (wide, narrow, host, answers) => {
          let parent: ReturnType<typeof compilePolicy>;
          let child: ReturnType<typeof compilePolicy>;
          try {
            parent = compilePolicy(wide);
            child = compilePolicy(narrow, parent);
          } catch {
            // Every address at once, without allowExternal: refused, so nothing is widened.
            return;
          }
          const literal = answers[0] as string;
          const url = `http://${literal.includes(':') ? `[${literal}]` : literal}:8080/`;
          const before = [judgeUrl(parent, url).decision, judgeName(parent, host), judgeAnswers(parent, host, answers)];
          const after = [judgeUrl(child, url).decision, judgeName(child, host), judgeAnswers(child, host, answers)];
          for (const [i, { allowed }] of after.entries()) if (allowed) expect(before[i]?.allowed).toBe(true);
          if (before.some((b, i) => b.allowed && !after[i]?.allowed)) narrower += 1;
          // Nothing given changes nothing.
          const same = compilePolicy({}, parent);
          expect(judgeUrl(same, url).decision).toEqual(before[0]);
          expect(judgeAnswers(same, host, answers)).toEqual(before[2]);
        },
      ),
      { numRuns: 3_000 },
    );
    expect(narrower).toBeGreaterThan(100);
  });

  it('takes away hosts, blocks and the internet, one at a time', async () => {
    const lookup = async (host: string) => [
      { address: host === 'gpu.lan' ? '10.0.0.5' : '8.8.8.8', family: 4 as const },
    ];
    const wide = new SecurityModule({
      allowExternal: true,
      allowedHosts: ['gpu.lan', 'api.example.com', '1.1.1.1'],
      lookup,
    });
    const allowed = async (security: SecurityModule): Promise<boolean[]> => {
      const urls = ['http://gpu.lan/', 'https://api.example.com/', 'http://1.1.1.1/', 'http://10.0.0.9/'];
      return (await Promise.all(urls.map((url) => security.validateEndpoint(url)))).map((d) => d.allowed);
    };
    expect(await allowed(wide)).toEqual([true, true, true, true]);
    expect(await allowed(wide.narrow({ allowExternal: false }))).toEqual([true, false, true, true]);
    expect(await allowed(wide.narrow({ allowedHosts: ['gpu.lan'] }))).toEqual([true, false, false, true]);
    expect(await allowed(wide.narrow({ allowedCidrs: ['10.0.0.5/32'] }))).toEqual([true, true, true, false]);
    expect(await allowed(wide.narrow({ allowExternal: true, allowedHosts: ['*'] }))).toEqual([true, true, false, true]);
    expect(await allowed(wide.narrow({ allowExternal: false }).narrow({ allowExternal: true }))).toEqual([
      true,
      false,
      true,
      true,
    ]);
    await wide.close();
  });
});

/** The bytes of an address and a prefix, as the block that they lie in. */
const blockOf = (bytes: readonly number[], prefix: number): string => {
  const masked = bytes.map((byte, i) => byte & ~(0xff >> Math.min(8, Math.max(0, prefix - i * 8))));
  return `${written(masked)}/${prefix}`;
};
const written = (bytes: readonly number[]): string =>
  bytes.length === 4
    ? bytes.join('.')
    : Array.from({ length: 8 }, (_, i) =>
        ((bytes[2 * i] as number) * 256 + (bytes[2 * i + 1] as number)).toString(16),
      ).join(':');
// Few values per byte, so that addresses, blocks and policies meet.
const near = fc.constantFrom(0, 1, 2, 10, 127, 128, 168, 192, 253, 255);
const anyBytes = fc.oneof(
  fc.array(near, { minLength: 4, maxLength: 4 }),
  fc.array(near, { minLength: 16, maxLength: 16 }),
  interesting.map((text) => parseAddress(text)?.bytes as readonly number[]),
);
const anyBlock = fc
  .tuple(anyBytes, fc.nat({ max: 128 }))
  .map(([bytes, prefix]) => blockOf(bytes, bytes.length === 4 ? prefix % 33 : prefix));
const anyPolicy: fc.Arbitrary<PolicyOptions> = fc.record({
  allowExternal: fc.option(fc.boolean(), { nil: undefined }),
  allowedHosts: fc.option(fc.array(fc.oneof(host, anyBlock, anyBytes.map(written)), { maxLength: 4 }), {
    nil: undefined,
  }),
  allowedCidrs: fc.option(fc.array(anyBlock, { maxLength: 5 }), { nil: undefined }),
});

describe('a chain of narrowed modules', () => {
  it('allows less with each link, or is refused', async () => {
    let reached = 0;
    let refused = 0;
    let narrower = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyPolicy, { minLength: 2, maxLength: 4 }),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        fc.array(anyBytes, { minLength: 6, maxLength: 6 }),
        name,
        async (policies, strict, picks, named) => {
          const answers = picks.slice(0, 2).map((bytes) => ({
            address: written(bytes),
            family: bytes.length === 4 ? (4 as const) : (6 as const),
          }));
          const lookup = async () => answers;
          const urls = [
            ...picks.map((bytes) => (bytes.length === 4 ? written(bytes) : `[${written(bytes)}]`)),
            named,
            'localhost',
          ].map((at) => `http://${at}:8080/v1`);
          const judge = async (module: SecurityModule) =>
            Promise.all(urls.map(async (url) => module.validateEndpoint(url)));
          let module: SecurityModule | undefined;
          let before: Awaited<ReturnType<typeof judge>> | undefined;
          const root: SecurityModule[] = [];
          for (const [i, given] of policies.entries()) {
            const options = { ...given, strict: strict[i], lookup };
            try {
              module = module === undefined ? new SecurityModule({ ...options, audit: false }) : module.narrow(options);
            } catch (error) {
              // R10: every address at once, where it was not said that the internet is meant.
              expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
              refused += 1;
              break;
            }
            root.push(module);
            const after = await judge(module);
            for (const [k, { allowed, addresses }] of after.entries()) {
              if (!allowed) {
                expect(addresses).toEqual([]);
                if (before?.[k]?.allowed) narrower += 1;
                continue;
              }
              reached += 1;
              if (before === undefined) continue;
              expect(before[k]?.allowed).toBe(true);
              expect(before[k]?.addresses).toEqual(expect.arrayContaining([...addresses]));
            }
            before = after;
            if (given.allowExternal === false) expect(module.allowsExternal).toBe(false);
          }
          await root[0]?.close();
        },
      ),
      { numRuns: 500 },
    );
    expect(reached).toBeGreaterThan(200);
    expect(narrower).toBeGreaterThan(30);
    expect(refused).toBeGreaterThan(3);
  });

  it('records no more than its parent, in the same log', async () => {
    const security = new SecurityModule({ logQueries: false, logResponses: false, strict: true });
    expect(() => security.narrow({ audit: false })).toThrow(/a narrowed module shares the log of its parent/);
    expect(() => security.narrow({ audit: { onFailure: 'continue' } })).toThrow(/shares the log/);
    const narrow = security.narrow({ logQueries: 'text', logResponses: 'text', strict: false });
    await narrow.logQuery({ query: 'canary-query', response: 'canary-reply', decision, outcome: 'ok' });
    expect(narrow.audit).toBe(security.audit);
    expect(JSON.stringify(security.audit.recent())).not.toContain('canary');
    expect(security.audit.recent().at(-1)).toMatchObject({ event: 'query' });
    await security.close();
  });

  it('judges what another look-up of its own says by all its policies', async () => {
    const wide = new SecurityModule({ allowedHosts: ['gpu.lan'], allowedCidrs: ['10.0.0.0/8'] });
    const answer = async (address: string) => {
      const narrow = wide.narrow({
        allowedCidrs: ['10.0.0.0/9', '127.0.0.0/8'],
        lookup: async () => [{ address, family: 4 }],
      });
      return (await narrow.validateEndpoint('http://gpu.lan/')).allowed;
    };
    expect(await Promise.all(['10.0.0.5', '10.200.0.5', '127.0.0.1', '8.8.8.8'].map(answer))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    await wide.close();
  });

  it('cannot be changed afterwards through the options that it was made of', async () => {
    const allowedHosts = ['gpu.lan'];
    const options = {
      allowedHosts,
      allowedCidrs: ['10.0.0.0/8'],
      allowExternal: false,
      lookup: async () => [{ address: '8.8.8.8', family: 4 as const }],
    };
    const security = new SecurityModule(options);
    allowedHosts.push('*');
    options.allowedCidrs.push('8.8.8.0/24');
    options.allowExternal = true;
    expect((await security.validateEndpoint('http://8.8.8.8/')).allowed).toBe(false);
    expect((await security.validateEndpoint('http://evil.test/')).rule).toBe('R4');
    expect((await security.validateEndpoint('http://gpu.lan/')).allowed).toBe(false);
    expect(security.narrow({ allowExternal: true }).allowsExternal).toBe(false);
    await security.close();
  });
});

describe('addresses', () => {
  it('are read in one way only, and written canonically', () => {
    fc.assert(
      fc.property(address, (text) => {
        const parsed = parseAddress(text);
        expect(parsed).not.toBeNull();
        expect(parseAddress((parsed as { text: string }).text)).toEqual(parsed);
        expect(new URL(`http://${text.includes(':') ? `[${text}]` : text}/`).hostname).toBeTruthy();
      }),
    );
    expect(parseAddress('::ffff:10.0.0.5')?.text).toBe('10.0.0.5');
    expect(parseAddress('::127.0.0.1')?.text).toBe('::7f00:1');
  });

  it.each([
    '',
    '10.1',
    '010.0.0.1',
    '0x7f000001',
    '127.0.0.1 ',
    '1.2.3.4.5',
    'fe80::1%eth0',
    '[::1]',
    'localhost',
    '1.2.3.4/8',
  ])('are not %j', (text) => expect(parseAddress(text)).toBeNull());

  it.each([
    '10/8',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0',
    '10.0.0.1/8',
    'fc00::/129',
    'fd00::1/64',
    '10.0.0.0/8/8',
    '::ffff:10.0.0.0/8',
    ' 10.0.0.0/8',
  ])('come in no block written %j', (text) => expect(parseCidr(text)).toBeNull());

  it('of services say how far away they are', () => {
    expect(localityOf(['127.0.0.1', '::1'])).toBe('loopback');
    expect(localityOf(['127.0.0.1', '10.0.0.5'])).toBe('private');
    expect(localityOf(['fd00::1'])).toBe('private');
    expect(localityOf(['10.0.0.5', '8.8.8.8'])).toBe('external');
    expect(localityOf([])).toBe('external');
  });
});

describe('a wrong policy', () => {
  it.each<[string, object, RegExp]>([
    ['an unknown option', { allowedHost: [] }, /allowedHost: unknown option; remove it. Known: .*allowedHosts/],
    [
      'a host with a port',
      { allowedHosts: ['gpu.lan:80'] },
      /allowedHosts: got "gpu.lan:80"; use a host name without port/,
    ],
    ['an address in another base', { allowedHosts: ['0x7f000001'] }, /allowedHosts/],
    ['a URL as host', { allowedHosts: ['http://gpu.lan'] }, /allowedHosts/],
    ['a host that is no text', { allowedHosts: [3] }, /allowedHosts.*use a host name/],
    ['every address', { allowedCidrs: ['0.0.0.0/0'] }, /every address/],
    ['a flag that is none', { allowExternal: 'yes' }, /allowExternal: got "yes"; use true or false/],
    [
      'an unknown audit option',
      { audit: { dir: 'x' } },
      /audit\.dir: unknown option; remove it. Known: directory, key/,
    ],
    ['a sink that is none', { audit: { sinks: [{}] } }, /audit/],
  ])('%s is refused at construction, with the fix', (_, options, message) => {
    const make = (): SecurityModule => new SecurityModule(options);
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
    expect(make).toThrow(message);
  });

  it('does not appear where every address is allowed together with the internet', async () => {
    const security = new SecurityModule({ allowExternal: true, allowedCidrs: ['0.0.0.0/0'], allowedHosts: [] });
    expect((await security.validateEndpoint('http://8.8.8.8/')).allowed).toBe(true);
    expect((await security.validateEndpoint('http://169.254.169.254/')).allowed).toBe(false);
    expect((await security.narrow({ allowExternal: false }).validateEndpoint('http://8.8.8.8/')).allowed).toBe(false);
  });
});
