import { SecurityModule, ServiceDiscovery } from 'local-llm-router';
import { fakeOllama } from 'local-llm-router/testing';
import { expect, onTestFinished, vi } from 'vitest';
import { answers, PROMPT, type Row, SHORT } from './catalogue.js';
import { watch } from './hold.js';
import { scene } from './scene.js';
import { CHUNKED, chunked, head, WIRES } from './wires.js';

type Lookup = (host: string) => Promise<{ address: string; family: 4 | 6 }[]>;
const YEAR = 31_557_600_000;

/** Faults around the server. */
export const localFaults: readonly Row[] = [
  ...WIRES.flatMap((wire) =>
    [-3_600_000, 10 * YEAR].map(
      (jump): Row => ({
        id: 'H88',
        title: `the clock jumps by ${jump} ms in the middle of an answer (${wire.name})`,
        check: async () => {
          const look = watch();
          const realNow = Date.now;
          let offset = 0;
          vi.spyOn(Date, 'now').mockImplementation(() => realNow() + offset);
          onTestFinished(() => void vi.restoreAllMocks());
          const at = await scene(
            {
              id: 'H88',
              title: '',
              ends: answers(''),
              discovery: false,
              answer: (socket) => {
                socket.write(`${head(wire, CHUNKED)}${chunked(wire.text('One '))}`);
                offset = jump;
                setImmediate(() => socket.end(`${chunked(wire.text('two.'), wire.end)}0\r\n\r\n`));
              },
            },
            wire,
            { healthy: false },
          );
          onTestFinished(at.close);
          const seen: number[] = [];
          for (const mode of ['route', 'stream'] as const) {
            offset = 0;
            const { result } = await at.call(mode);
            expect(result?.text).toBe('One two.');
            seen.push(result?.attempts.length ?? 0);
          }
          expect(seen).toEqual([1, 1]);
          expect(at.router.status()).toMatchObject({ health: [], queues: [] });
          await at.router.close();
          // The order of the log is its own, and each record tells both clocks.
          const told = at.audit.map(({ seq }) => seq as number);
          expect(told).toEqual([...told].sort((a, b) => a - b));
          const mono = at.audit.map((record) => record['mono'] as number);
          expect(mono.every((value, i) => i === 0 || value >= (mono[i - 1] as number))).toBe(true);
          await at.close();
          await look();
        },
      }),
    ),
  ),
  ...WIRES.map(
    (wire): Row => ({
      id: 'H88b',
      title: `the clock is set back, and then the server falls silent (${wire.name})`,
      check: async () => {
        const realNow = Date.now;
        let offset = 0;
        vi.spyOn(Date, 'now').mockImplementation(() => realNow() + offset);
        onTestFinished(() => void vi.restoreAllMocks());
        const at = await scene(
          {
            id: 'H88b',
            title: '',
            ends: answers(''),
            discovery: false,
            endpoint: SHORT,
            answer: (socket) => {
              socket.write(head(wire) + wire.text('One'));
              setTimeout(() => {
                offset -= 3_600_000;
              }, 10);
            },
          },
          wire,
          { healthy: false },
        );
        onTestFinished(at.close);
        const { error } = await at.call('stream');
        expect(error).toMatchObject({ code: 'ERR_INTERRUPTED', cause: { code: 'ERR_TIMEOUT' } });
        await at.close();
      },
    }),
  ),
  ...(
    [
      ['answers after the time for connecting', () => new Promise<never>(() => {}), ['ERR_TIMEOUT']],
      ['says that there is no such name', () => Promise.reject(coded('ENOTFOUND')), ['ERR_UNREACHABLE', 'ENOTFOUND']],
      ['fails', () => Promise.reject(coded('EAI_AGAIN')), ['ERR_UNREACHABLE', 'EAI_AGAIN']],
      ['gives no address', async () => [], ['ERR_EGRESS_DENIED']],
      [
        'gives an address of the internet among 10 000 of ours',
        async () => [...many(9_999), { address: '93.184.215.14', family: 4 as const }],
        ['ERR_EGRESS_DENIED'],
      ],
    ] as const
  ).map(
    ([title, lookup, codes]): Row => ({
      id: 'H89',
      title: `DNS ${title}`,
      check: async () => {
        const { report, decision } = await lookAt(lookup as Lookup, 'http://gpu.lan:11434');
        expect(report.services).toEqual([]);
        expect(codes).toContain(report.failures[0]?.code);
        expect(report.failures[0]?.reason).toContain('gpu.lan');
        expect(decision.allowed).toBe(false);
      },
    }),
  ),
  {
    id: 'H89b',
    title: 'DNS gives 10 000 addresses: a few are tried',
    check: async () => {
      const fake = await fakeOllama();
      onTestFinished(() => fake.close());
      const port = new URL(fake.url).port;
      const { report, decision } = await lookAt(
        async () => [{ address: '127.0.0.1', family: 4 }, ...many(9_999)],
        `http://gpu.lan:${port}`,
      );
      expect(report.services).toHaveLength(1);
      expect(decision.allowed).toBe(true);
      expect(decision.addresses.length).toBeLessThan(100);
    },
  },
];

const many = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    address: `127.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`,
    family: 4 as const,
  }));

const coded = (code: string): Error => Object.assign(new Error(`${PROMPT} ${code}`), { code });

async function lookAt(lookup: Lookup, baseURL: string) {
  const look = watch();
  const security = new SecurityModule({ allowedHosts: ['gpu.lan'], lookup, connectTimeoutMs: 60 });
  const discovery = new ServiceDiscovery({
    security,
    hosts: [],
    env: false,
    probeTimeoutMs: 5_000,
    services: [{ type: 'ollama', baseURL }],
  });
  const report = await discovery.discoverAll();
  const decision = await security.validateEndpoint(baseURL);
  await discovery.close();
  await security.close();
  await look();
  expect(JSON.stringify([report.failures, decision])).not.toContain(PROMPT);
  return { report, decision };
}
