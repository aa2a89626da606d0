import { once } from 'node:events';
import { LocalLLMRouter } from 'local-llm-router';
import { expect } from 'vitest';
import { rawServer } from '../transports/loopback.js';
import { answers, fails, NO_SERVICE, type Row, SAID, SHORT } from './catalogue.js';
import { flood, trickle } from './floods.js';
import { HOSTILE, type Outcome } from './scene.js';
import { CHUNKED, chunked, good, head, openai, type Wire } from './wires.js';

const CLOSE = 'Connection: close\r\n';
const bad = fails('ERR_BAD_RESPONSE');

/** A reply that no HTTP client may take. */
const malformed = (id: string, title: string, bytes: (wire: Wire) => string): Row => ({
  id,
  title,
  answer: (socket, wire) => void socket.end(bytes(wire)),
  ends: bad,
  discovery: NO_SERVICE,
});

/** Status line, headers and framing. */
export const framing: readonly Row[] = [
  {
    id: 'H15',
    title: 'sends one byte of a header after another, for ever',
    answer: (socket, wire) => {
      socket.write(head(wire, 'X: ').trimEnd());
      trickle(socket, 'a');
    },
    endpoint: SHORT,
    ends: fails('ERR_TIMEOUT'),
    discovery: 'ERR_TIMEOUT',
  },
  {
    id: 'H16',
    title: 'sends one header after another, for ever',
    answer: (socket, wire) => {
      socket.write(head(wire).slice(0, -2));
      trickle(socket, 'X: a\r\n');
    },
    endpoint: SHORT,
    ends: fails('ERR_TIMEOUT'),
    discovery: 'ERR_TIMEOUT',
  },
  {
    id: 'H17',
    title: 'floods with 103 Early Hints',
    answer: (socket) => flood(socket, 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'),
    ends: fails('ERR_BAD_RESPONSE', 'ERR_TOO_LARGE'),
    discovery: NO_SERVICE,
    maxBytes: 8_000_000,
  },
  {
    id: 'H17b',
    title: 'sends one 103 Early Hints after another, for ever',
    answer: (socket) => trickle(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'),
    endpoint: SHORT,
    ends: fails('ERR_TIMEOUT', 'ERR_BAD_RESPONSE', 'ERR_TOO_LARGE'),
    discovery: NO_SERVICE,
  },
  {
    id: 'H17c',
    title: 'sends one 103 Early Hints before a good answer',
    answer: (socket, wire) => void socket.end(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${good(wire)}`),
    ends: answers('One two.'),
    discovery: NO_SERVICE,
  },
  {
    id: 'H18',
    title: 'floods with 100 Continue',
    answer: (socket) => flood(socket, 'HTTP/1.1 100 Continue\r\n\r\n'),
    ends: fails('ERR_BAD_RESPONSE', 'ERR_TOO_LARGE'),
    discovery: NO_SERVICE,
    maxBytes: 8_000_000,
  },
  {
    id: 'H19',
    title: 'sends a header of 20 000 bytes',
    answer: (socket, wire) => void socket.end(head(wire, `X: ${'a'.repeat(20_000)}\r\n${CLOSE}`)),
    ends: fails('ERR_TOO_LARGE'),
    discovery: 'ERR_TOO_LARGE',
  },
  {
    id: 'H20',
    title: 'sends 5 000 headers',
    answer: (socket, wire) =>
      void socket.end(head(wire, 'a: b\r\n'.repeat(5_000) + CLOSE) + wire.text('One two.') + wire.end),
    ends: fails('ERR_TOO_LARGE'),
    discovery: 'ERR_TOO_LARGE',
  },
  {
    id: 'H21',
    title: 'has headers with the names of what objects inherit',
    answer: (socket, wire) =>
      void socket.end(
        head(wire, `__proto__: polluted\r\nconstructor: polluted\r\ntoString: polluted\r\n${CLOSE}`) +
          wire.text('One two.') +
          wire.end,
      ),
    ends: answers('One two.'),
    discovery: NO_SERVICE,
    verify: () =>
      expect(`${{}} ${Object.keys(Object.prototype)} ${({}).constructor.name}`).toBe('[object Object]  Object'),
  },
  malformed(
    'H22',
    'switches protocols unasked',
    () => 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n',
  ),
  malformed('H23', 'answers with the status 000', (wire) => head(wire, CLOSE, '000 Nothing') + wire.text(SAID)),
  malformed('H24', 'answers with the status 999', (wire) => head(wire, CLOSE, '999 Nothing') + wire.text(SAID)),
  {
    ...malformed('H25', 'asks for credentials of a proxy', (wire) =>
      head(wire, `Proxy-Authenticate: Basic realm="${SAID}"\r\nContent-Length: 0\r\n${CLOSE}`, '407 X'),
    ),
    verify: ({ scene }: Outcome) => {
      for (const { head } of scene.server.requests) expect(head).not.toMatch(/proxy-auth/i);
    },
  } as Row,
  {
    id: 'H26',
    title: 'asks for other credentials than a key',
    answer: (socket, wire) =>
      void socket.end(head(wire, `WWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n${CLOSE}`, '401 X')),
    ends: fails('ERR_UNAUTHORIZED'),
    discovery: ['up', 'ERR_UNAUTHORIZED'],
    verify: ({ scene, attempts }) => {
      expect(scene.server.requests).toHaveLength(1);
      expect(attempts[0]?.reason).toMatch(/apiKey/);
    },
  },
  malformed(
    'H27',
    'gives its body a length and chunks',
    (wire) => head(wire, `Content-Length: 3\r\n${CHUNKED}${CLOSE}`) + chunked(wire.text(SAID)),
  ),
  malformed(
    'H28',
    'gives its body two lengths',
    (wire) => head(wire, `Content-Length: 3\r\nContent-Length: 300\r\n${CLOSE}`) + wire.text(SAID),
  ),
  malformed(
    'H29',
    'gives its body a negative length',
    (wire) => head(wire, `Content-Length: -1\r\n${CLOSE}`) + wire.text(SAID),
  ),
  malformed(
    'H29b',
    'gives its body a length beyond all numbers',
    (wire) => head(wire, `Content-Length: 99999999999999999999\r\n${CLOSE}`) + wire.text(SAID),
  ),
  {
    ...malformed(
      'H30',
      'has a chunk of a size beyond all numbers',
      (wire) => `${head(wire, CHUNKED + CLOSE)}FFFFFFFFFFFFFFFFF\r\n${wire.text(SAID)}`,
    ),
    ends: fails('ERR_BAD_RESPONSE', 'ERR_INTERRUPTED'),
  } as Row,
  {
    ...malformed('H30b', 'has a chunk of no size', (wire) => `${head(wire, CHUNKED + CLOSE)}ZZ\r\n${wire.text(SAID)}`),
    ends: fails('ERR_BAD_RESPONSE', 'ERR_INTERRUPTED'),
  } as Row,
  {
    id: 'H31',
    title: 'has a chunk with an extension of 1 MB',
    answer: (socket, wire) => {
      const body = wire.text('One two.') + wire.end;
      socket.end(
        `${head(wire, CHUNKED + CLOSE)}${body.length.toString(16)};x=${'a'.repeat(1_000_000)}\r\n${body}\r\n0\r\n\r\n`,
      );
    },
    ends: answers('One two.'),
    discovery: NO_SERVICE,
    maxBytes: 8_000_000,
  },
  {
    id: 'H32',
    title: 'sends 20 kB of trailers after a complete answer',
    answer: (socket, wire) =>
      void socket.end(
        `${head(wire, CHUNKED)}${chunked(wire.text('One two.') + wire.end)}0\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      ),
    // Its end was there before: nothing is missing. The connection is given up.
    ends: answers('One two.'),
    discovery: NO_SERVICE,
  },
  malformed(
    'H33',
    'ends its header lines with a bare LF',
    (wire) => head(wire, 'X: a\r\n').replaceAll('\r\n', '\n') + wire.text(SAID),
  ),
  malformed('H33b', 'has a NUL in a header', (wire) => head(wire, `X: a\0b\r\n${CLOSE}`) + wire.text(SAID)),
  malformed('H33c', 'folds a header', (wire) => head(wire, `X: a\r\n b\r\n${CLOSE}`) + wire.text(SAID)),
  {
    id: 'H34',
    title: 'answers 204 with a body that is a reply of its own',
    answer: (socket, wire) =>
      void socket.end(head(wire, 'Content-Length: 20\r\n', '204 No Content') + good(wire, SAID)),
    ends: fails('ERR_BAD_RESPONSE', 'ERR_INTERRUPTED'),
    discovery: NO_SERVICE,
  },
  {
    id: 'H35',
    title: 'sends a second reply that nobody asked for, behind the first one or a moment later',
    check: () => staleReplies(),
  },
  {
    id: 'H36',
    title: 'sets cookies, and names other places to go to',
    answer: (socket, wire) => {
      const elsewhere = `http://127.0.0.1:${socket.localPort}/elsewhere`;
      const body = wire.text('One two.') + wire.end;
      socket.write(
        head(
          wire,
          `Set-Cookie: ${SAID}=1; Path=/\r\nAlt-Svc: h2="127.0.0.1:${socket.localPort}"\r\nRefresh: 0; url=${elsewhere}\r\n` +
            `Link: <${elsewhere}>; rel=preconnect\r\nUpgrade: h2c\r\nContent-Length: ${body.length}\r\n`,
        ) + body,
      );
    },
    ends: answers('One two.'),
    discovery: NO_SERVICE,
    verify: async ({ scene, mode }) => {
      await scene.call(mode, 'again');
      expect(scene.server.requests.filter(({ head }) => head.startsWith('POST'))).toHaveLength(2);
      for (const { head } of scene.server.requests) expect(head).not.toMatch(/^cookie:|elsewhere/im);
    },
  },
  ...[301, 302, 303, 307, 308].map(
    (status): Row => ({
      id: `H37-${status}`,
      title: `redirects with ${status}, to itself`,
      answer: (socket, wire) =>
        void socket.end(
          head(
            wire,
            `Location: http://127.0.0.1:${socket.localPort}/${SAID}\r\nContent-Length: 0\r\n${CLOSE}`,
            `${status} X`,
          ),
        ),
      ends: bad,
      discovery: 'ERR_BAD_RESPONSE',
      verify: ({ scene, attempts }) => {
        expect(attempts[0]?.reason).toMatch(/redirect refused/);
        expect(scene.server.requests).toHaveLength(1);
      },
    }),
  ),
  ...['429 X', '503 X'].flatMap((status) =>
    (
      [
        ['999999999', 0],
        ['-1', 1],
        ['NaN', 1],
        ['Wed, 01 Jan 2099 00:00:00 GMT', 0],
      ] as const
    ).map(
      ([wait, retries]): Row => ({
        id: `H38-${status.slice(0, 3)}`,
        title: `is too busy (${status.slice(0, 3)}), and says to come back after ${wait}`,
        answer: (socket, wire) =>
          void socket.end(head(wire, `Retry-After: ${wait}\r\nContent-Length: 0\r\n${CLOSE}`, status)),
        router: { retry: { maxRetries: 1, minDelayMs: 1 } },
        ends: fails('ERR_OVERLOADED'),
        // A server that is too busy is there; 503 is what one says while it loads.
        discovery: ['up', 'ERR_BAD_RESPONSE'],
        verify: ({ attempts }) => expect(attempts[0]?.retries).toBe(retries),
      }),
    ),
  ),
];

/** Each call gets its own answer, whatever else has arrived on its connection, which is given up. */
async function staleReplies(): Promise<void> {
  let asked = 0;
  let gone = Promise.resolve<unknown>(undefined);
  const server = await rawServer((socket, request) => {
    const reply = (body: string): string => head(openai, `Content-Length: ${body.length}\r\n`) + body;
    if (request.head.startsWith('GET')) {
      socket.write(reply(JSON.stringify(openai.listing(HOSTILE)['/v1/models'])));
      return;
    }
    asked += 1;
    gone = once(socket, 'close');
    const own = reply(openai.text(`answer ${asked}`) + openai.end);
    const stale = reply(openai.text('stale') + openai.end);
    if (asked % 2 === 0) socket.write(own + stale);
    else {
      socket.write(own);
      setTimeout(() => socket.write(stale), 2);
    }
  });
  const router = new LocalLLMRouter({
    discovery: { hosts: [], env: false, probeTimeoutMs: 60_000 },
    services: [{ type: 'openai-compatible', baseURL: server.url, contextLength: 16_384 }],
    retry: { maxRetries: 0 },
  });
  for (let i = 1; i <= 10; i++) {
    expect((await router.route({ messages: [{ role: 'user', content: 'x' }] })).text).toBe(`answer ${i}`);
    await gone;
  }
  await router.close();
  await server.close();
}
