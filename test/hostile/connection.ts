import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { LocalLLMRouter, ServiceDiscovery } from 'local-llm-router';
import { fakeOllama } from 'local-llm-router/testing';
import { expect, onTestFinished, vi } from 'vitest';
import { rawServer } from '../transports/loopback.js';
import { fails, NO_SERVICE, type Row, SAID, SHORT } from './catalogue.js';
import { HEALTHY, HEALTHY_TEXT, HOSTILE } from './scene.js';
import { SELF_SIGNED } from './self-signed.js';
import { head, openai } from './wires.js';

/** More than the sockets between two processes hold. */
const LARGE = { extraBody: { padding: 'x'.repeat(20_000_000) } };

/** What happens before a reply. */
export const connection: readonly Row[] = [
  {
    id: 'H01',
    title: 'nothing listens at its port',
    listener: 'closed',
    ends: fails('ERR_UNREACHABLE'),
    discovery: 'ECONNREFUSED',
    crowd: true,
  },
  {
    id: 'H02',
    title: 'requests to connect are dropped on the way',
    listener: 'full',
    endpoint: { timeouts: { connectMs: 60 } },
    ends: fails('ERR_TIMEOUT'),
    discovery: 'ERR_TIMEOUT',
    crowd: true,
  },
  {
    id: 'H03',
    title: 'accepts, and never sends a byte',
    endpoint: SHORT,
    ends: fails('ERR_TIMEOUT'),
    discovery: 'ERR_TIMEOUT',
    crowd: true,
  },
  {
    id: 'H04',
    title: 'accepts, and hangs up',
    connect: (socket) => void socket.end(),
    ends: fails('ERR_UNREACHABLE'),
    discovery: NO_SERVICE,
    crowd: true,
  },
  {
    id: 'H05',
    title: 'accepts, and resets the connection',
    connect: (socket) => void socket.resetAndDestroy(),
    ends: fails('ERR_UNREACHABLE'),
    discovery: NO_SERVICE,
    crowd: true,
  },
  {
    id: 'H06',
    title: 'accepts a request of 20 MB, and never reads it',
    connect: (socket) => void socket.pause(),
    request: LARGE,
    endpoint: SHORT,
    ends: fails('ERR_TIMEOUT'),
    discovery: false,
    verify: ({ scene }) => scene.server.resume(),
  },
  {
    id: 'H07',
    title: 'refuses a request of 20 MB with 413 before it has read it',
    connect: (socket) => {
      socket.once('data', () => {
        socket.pause();
        socket.end(head(openai, 'Content-Length: 0\r\nConnection: close\r\n', '413 Payload Too Large'));
      });
    },
    request: LARGE,
    ends: fails('ERR_CONTEXT_OVERFLOW'),
    discovery: false,
    verify: ({ scene }) => scene.server.resume(),
  },
  {
    id: 'H08',
    title: 'closes each connection at its own time after a reply, while requests go on',
    check: async () => {
      let served = 0;
      const server = await rawServer((socket, request) => {
        const isChat = request.head.startsWith('POST');
        const body = isChat
          ? openai.text('One two.') + openai.end
          : JSON.stringify(openai.listing(HOSTILE)['/v1/models']);
        socket.write(head(openai, `Content-Length: ${body.length}\r\n`) + body);
        const wait = served++ % 5;
        if (wait === 0) socket.end();
        else setTimeout(() => socket.end(), wait - 1);
      });
      // With the retries of the defaults: a request that met a closing connection has not been taken by anybody, and after
      // the pause (here shorter than usual) all that were closing are closed.
      const router = new LocalLLMRouter({
        discovery: { hosts: [], env: false, probeTimeoutMs: 60_000 },
        services: [{ type: 'openai-compatible', baseURL: server.url, contextLength: 16_384 }],
        retry: { minDelayMs: 50 },
      });
      for (let i = 0; i < 200; i++) {
        expect((await router.route({ messages: [{ role: 'user', content: 'x' }] })).text).toBe('One two.');
      }
      await router.close();
      await server.close();
    },
  },
  ...(
    [
      ['H09', 'speaks SSH', `SSH-2.0-OpenSSH_9.6 ${SAID}\r\n`],
      ['H10', 'answers without a status line', `<html>${SAID}</html>`],
    ] as const
  ).map(
    ([id, title, bytes]): Row => ({
      id,
      title,
      answer: (socket) => void socket.end(bytes),
      ends: fails('ERR_BAD_RESPONSE'),
      discovery: NO_SERVICE,
      crowd: true,
    }),
  ),
  {
    id: 'H11',
    title: 'answers with a TLS alert',
    answer: (socket) => void socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46])),
    ends: fails('ERR_BAD_RESPONSE'),
    discovery: NO_SERVICE,
    verify: ({ attempts }) => expect(attempts[0]?.reason).toMatch(/use https:/),
  },
  {
    id: 'H12',
    title: 'speaks plain HTTP where TLS is expected',
    check: async () => {
      const server = await rawServer(
        () => {},
        // What every server says to bytes that are no request.
        (socket) =>
          void socket.once('data', () => socket.end(head(openai, 'Connection: close\r\n', '400 Bad Request'))),
      );
      const report = await lookAt(server.url.replace('http:', 'https:'));
      expect(report.services).toEqual([]);
      expect(report.failures[0]?.reason).toMatch(/use http:/);
      expect(server.requests).toEqual([]);
      await server.close();
    },
  },
  {
    id: 'H13',
    title: 'shows a certificate that nobody trusts, and the environment says not to look',
    check: async () => {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
      onTestFinished(() => void vi.unstubAllEnvs());
      let bytes = 0;
      const server = createTlsServer(SELF_SIGNED, (socket) => {
        socket.on('error', () => {});
        socket.on('data', (data) => {
          bytes += data.length;
        });
      });
      server.on('tlsClientError', () => {});
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const report = await lookAt(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
      expect(report.services).toEqual([]);
      expect(report.failures[0]?.reason).toMatch(/certificate.*not trusted/);
      expect(bytes).toBe(0);
      await new Promise((resolve) => server.close(resolve));
    },
  },
  {
    id: 'H14',
    title: 'holds every request, while very many are made',
    check: async () => {
      let most = 0;
      const server = await rawServer((socket, request) => {
        if (request.head.startsWith('GET')) {
          const list = JSON.stringify(openai.listing(HOSTILE)['/v1/models']);
          socket.end(head(openai, `Content-Length: ${list.length}\r\nConnection: close\r\n`) + list);
          return;
        }
        held.add(socket);
        socket.once('close', () => held.delete(socket));
        most = Math.max(most, held.size);
      });
      const held = new Set<object>();
      const healthy = await fakeOllama({ models: [{ id: HEALTHY, loaded: true }], reply: HEALTHY_TEXT });
      const router = new LocalLLMRouter({
        discovery: { hosts: [], env: false, probeTimeoutMs: 60_000 },
        services: [
          { type: 'openai-compatible', baseURL: server.url, contextLength: 16_384, maxConcurrent: 4 },
          { type: 'ollama', baseURL: healthy.url },
        ],
      });
      await router.initialize();
      const ask = (model: string) => router.route({ messages: [{ role: 'user', content: 'x' }], model });
      const waiting = Array.from({ length: 1_000 }, () => ask(HOSTILE).catch((error: { code: string }) => error.code));
      for (let i = 0; i < 20; i++) expect((await ask(HEALTHY)).text).toBe(HEALTHY_TEXT);
      await vi.waitFor(() => expect(held.size).toBe(4), { interval: 2, timeout: 5_000 });
      await router.close();
      expect(new Set(await Promise.all(waiting))).toEqual(new Set(['ERR_CLOSED']));
      expect(most).toBe(4);
      await Promise.all([server.close(), healthy.close()]);
    },
  },
];

async function lookAt(baseURL: string) {
  const discovery = new ServiceDiscovery({
    hosts: [],
    env: false,
    probeTimeoutMs: 60_000,
    services: [{ type: 'openai-compatible', baseURL }],
  });
  const report = await discovery.discoverAll();
  await discovery.close();
  return report;
}
