import { gzipSync } from 'node:zlib';
import { ServiceDiscovery } from 'local-llm-router';
import { expect } from 'vitest';
import { rawServer } from '../transports/loopback.js';
import { answers, breaksOff, fails, NO_SERVICE, type Row, SAID, SHORT } from './catalogue.js';
import { flood, trickle } from './floods.js';
import type { Outcome } from './scene.js';
import { CHUNKED, chunked, head, openai, type Wire } from './wires.js';

const CLOSE = 'Connection: close\r\n';
const JSON_TYPE = { contentType: 'application/json' };
const MB = 1_048_576;
let bomb: Buffer | undefined;

/** A body that should be an answer and is read right. */
const odd = (id: string, title: string, body: (wire: Wire) => string | Buffer, text = 'One two.'): Row => ({
  id,
  title,
  answer: (socket, wire) => {
    socket.write(head(wire, CLOSE));
    socket.end(body(wire));
  },
  ends: answers(text),
  discovery: NO_SERVICE,
  verify: untouched,
});

/** A reply in an encoding that nobody asked for; all of them are refused unread. */
const encoded = (id: string, title: string, encoding: string, bytes: (wire: Wire) => string | Buffer): Row => ({
  id,
  title,
  answer: (socket, wire) => {
    const body = Buffer.from(bytes(wire) as string);
    socket.write(head(wire, `Content-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n${CLOSE}`));
    socket.end(body);
  },
  ends: fails('ERR_BAD_RESPONSE'),
  discovery: NO_SERVICE,
  maxBytes: 8 * MB,
  verify: ({ scene }) => {
    for (const { head } of scene.server.requests) expect(head).toMatch(/accept-encoding: identity/i);
  },
});

/** A whole answer in one object, as a server writes it that does not stream. */
const whole = (wire: Wire, content: string, more: object = {}): string =>
  JSON.stringify(
    wire.name === 'openai'
      ? { choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }], ...more }
      : { model: 'hostile:7b', message: { role: 'assistant', content }, done: true, done_reason: 'stop', ...more },
  );

/** Nothing that a server wrote became a property of ours. */
function untouched(): void {
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
}

/** Usage is a count or it is nothing. */
function counts({ result }: Outcome): void {
  for (const value of Object.values(result?.usage ?? {})) {
    if (typeof value !== 'string') expect(Number.isSafeInteger(value) && Number(value) >= 0).toBe(true);
  }
}

/** What stands in the body, and how it is encoded. */
export const body: readonly Row[] = [
  {
    id: 'H39',
    title: 'stops in the middle of a body of known length',
    answer: (socket, wire) => void socket.end(head(wire, 'Content-Length: 5000\r\n') + wire.text('One')),
    ends: breaksOff('One', 'ERR_INTERRUPTED', 'ERR_BAD_RESPONSE'),
    discovery: NO_SERVICE,
    crowd: true,
  },
  {
    id: 'H39b',
    title: 'stops before the first content of a body of known length',
    answer: (socket, wire) => void socket.end(`${head(wire, 'Content-Length: 100\r\n')}{"choic`),
    ends: fails('ERR_INTERRUPTED', 'ERR_BAD_RESPONSE'),
    discovery: NO_SERVICE,
  },
  {
    id: 'H40',
    title: 'resets the connection in the middle of the body',
    answer: (socket, wire) => {
      socket.write(head(wire, CHUNKED) + chunked(wire.text('One')));
      // What was sent would be lost with the connection if it had not been read.
      setTimeout(() => socket.resetAndDestroy(), 20);
    },
    ends: breaksOff('One', 'ERR_INTERRUPTED', 'ERR_BAD_RESPONSE'),
    discovery: NO_SERVICE,
  },
  {
    id: 'H41',
    title: 'ends a chunked body without its last chunk',
    answer: (socket, wire) => void socket.end(head(wire, CHUNKED) + chunked(wire.text('One'))),
    ends: breaksOff('One', 'ERR_INTERRUPTED', 'ERR_BAD_RESPONSE'),
    discovery: NO_SERVICE,
  },
  {
    id: 'H42',
    title: 'ends a body without length after half of the answer',
    answer: (socket, wire) => void socket.end(head(wire, CLOSE) + wire.text('One')),
    ends: breaksOff('One', 'ERR_INTERRUPTED'),
    discovery: NO_SERVICE,
    crowd: true,
  },
  {
    id: 'H42b',
    title: 'ends a body without length after half of one JSON object',
    answer: (socket, wire) =>
      void socket.end(head({ ...wire, ...JSON_TYPE }, CLOSE) + whole(wire, SAID.repeat(20)).slice(0, 80)),
    ends: fails('ERR_BAD_RESPONSE', 'ERR_INTERRUPTED'),
    discovery: NO_SERVICE,
  },
  {
    id: 'H43',
    title: 'stalls after one byte of the body',
    answer: (socket, wire) => void socket.write(`${head(wire, CHUNKED)}1\r\nd\r\n`),
    endpoint: SHORT,
    ends: fails('ERR_TIMEOUT'),
    discovery: 'ERR_TIMEOUT',
  },
  {
    id: 'H43b',
    title: 'stalls after half of the answer',
    answer: (socket, wire) => void socket.write(head(wire, CHUNKED) + chunked(wire.text('One'))),
    endpoint: SHORT,
    ends: breaksOff('One', 'ERR_TIMEOUT'),
    discovery: 'ERR_TIMEOUT',
    crowd: true,
  },
  {
    id: 'H44',
    title: 'sends one blank after another, for ever',
    answer: (socket, wire) => {
      socket.write(head(wire));
      trickle(socket, ' ');
    },
    endpoint: SHORT,
    ends: fails('ERR_TIMEOUT'),
    discovery: 'ERR_TIMEOUT',
  },
  {
    id: 'H44b',
    title: 'sends one empty line after another behind half of the answer, for ever',
    answer: (socket, wire) => {
      socket.write(head(wire) + wire.text('One'));
      trickle(socket, '\n');
    },
    endpoint: SHORT,
    ends: breaksOff('One', 'ERR_TIMEOUT'),
    discovery: 'ERR_TIMEOUT',
  },
  {
    id: 'H45',
    title: 'floods with letters',
    answer: (socket, wire) => {
      socket.write(head(wire));
      flood(socket, 'x'.repeat(65_536));
    },
    ends: fails('ERR_TOO_LARGE', 'ERR_BAD_RESPONSE'),
    discovery: 'ERR_TOO_LARGE',
    maxBytes: 16 * MB,
  },
  {
    id: 'H45b',
    title: 'floods with blanks',
    answer: (socket, wire) => {
      socket.write(head(wire));
      flood(socket, ' '.repeat(65_536));
    },
    ends: fails('ERR_TOO_LARGE'),
    discovery: 'ERR_TOO_LARGE',
    maxBytes: 48 * MB,
  },
  encoded('H46', 'sends a bomb of gzip', 'gzip', () => {
    bomb ??= gzipSync(Buffer.alloc(200_000_000));
    return bomb;
  }),
  encoded('H47', 'sends gzip that is cut off, with the length of the cut', 'gzip', (wire) =>
    gzipSync(wire.text(SAID.repeat(5_000))).subarray(0, 100),
  ),
  encoded('H48', 'sends broken gzip', 'gzip', () => `\u001f\u008b${SAID}`),
  encoded('H48b', 'sends an encoding that nobody knows', 'canary-server', (wire) => wire.text(SAID)),
  encoded('H48c', 'says gzip a hundred times', Array(100).fill('gzip').join(', '), (wire) => wire.text(SAID)),
  odd('H49', 'begins with a byte order mark', (wire) => `\ufeff${wire.text('One two.')}${wire.end}`),
  odd(
    'H50',
    'has bytes that are no UTF-8',
    (wire) => {
      const [before = '', after = ''] = wire.text('a|b').split('|');
      return Buffer.concat([Buffer.from(before), Buffer.from([0xff, 0xc3]), Buffer.from(after + wire.end)]);
    },
    'a\ufffd\ufffdb',
  ),
  odd(
    'H50b',
    'has halves of characters as escapes',
    (wire) =>
      wire.text('a|b').replace('|', '\\ud800') +
      wire.text('c|').replace('|', '\\ud83d') +
      wire.text('|d').replace('|', '\\ude00') +
      wire.end,
    'a\ufffdbc😀d',
  ),
  {
    id: 'H51',
    title: 'sends every byte in a chunk of its own',
    answer: (socket, wire) => {
      const bytes = Buffer.from(wire.text('é😀中') + wire.end);
      socket.write(head(wire, CHUNKED + CLOSE));
      for (const byte of bytes)
        socket.write(Buffer.concat([Buffer.from('1\r\n'), Buffer.of(byte), Buffer.from('\r\n')]));
      socket.end('0\r\n\r\n');
    },
    ends: answers('é😀中'),
    discovery: NO_SERVICE,
  },
  {
    id: 'H52',
    title: 'answers 200 with a page to log in',
    answer: (socket) =>
      void socket.end(
        `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n${CLOSE}\r\n<!doctype html><title>${SAID}</title><form>`,
      ),
    ends: fails('ERR_BAD_RESPONSE'),
    discovery: NO_SERVICE,
    crowd: true,
  },
  {
    id: 'H52b',
    title: 'answers 200 with a page under the name of an answer',
    answer: (socket, wire) => void socket.end(`${head(wire, CLOSE)}\n<html><title>${SAID}</title></html>`),
    ends: fails('ERR_BAD_RESPONSE'),
    discovery: NO_SERVICE,
  },
  ...(
    [
      ['H53', 500_000],
      ['H53a', 50_000],
    ] as const
  ).map(
    ([id, half]): Row => ({
      id,
      title: `nests its JSON ${half * 2} deep`,
      answer: (socket, wire) => {
        const deep = '['.repeat(half) + ']'.repeat(half);
        const said = whole(wire, 'One two.', { deep: 0 }).replace('"deep":0', `"deep":${deep}`);
        socket.end(head({ ...wire, ...JSON_TYPE }, CLOSE) + said);
      },
      // Parsed in linear time, and a field that nobody reads is not walked.
      ends: answers('One two.'),
      // Discovery asks for so much that a million takes seconds.
      discovery: half > 50_000 ? false : NO_SERVICE,
    }),
  ),
  {
    id: 'H53b',
    title: 'nests the arguments of a tool call too deep to be written again',
    answer: (socket, wire) => {
      const deep = `${'{"a":'.repeat(100_000)}0${'}'.repeat(100_000)}`;
      const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: 0 } };
      const frame = wire.frame(
        wire.name === 'openai'
          ? { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...call }] } }] }
          : { message: { role: 'assistant', content: '', tool_calls: [call] }, done: false },
      );
      socket.end(head(wire, CLOSE) + frame.replace('"arguments":0', `"arguments":${deep}`) + wire.end);
    },
    ends: fails('ERR_BAD_RESPONSE'),
    discovery: NO_SERVICE,
  },
  odd(
    'H54',
    'writes to the prototypes of objects',
    (wire) =>
      `${wire.frame(0).replace('0', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')}${wire.text('One two.').replace('{', '{"__proto__":{"polluted":1},')}${wire.end}`,
  ),
  odd(
    'H55',
    'names its fields twice',
    (wire) => wire.text('One two.').replace('"content":', '"content":"no","content":') + wire.end,
  ),
  ...(['1e999', '-5', '1.5', '"7"', 'null', '[]', '9007199254740993'] as const).map(
    (count): Row =>
      ({
        ...odd(`H56`, `counts ${count} tokens`, (wire) => {
          const text = wire.text('One two.');
          const usage =
            wire.name === 'openai'
              ? wire.frame({ choices: [], usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } })
              : '';
          const end =
            wire.name === 'openai'
              ? wire.end
              : wire.end.replace('"done":true', '"prompt_eval_count":0,"eval_count":0,"total_duration":0,"done":true');
          return text + (usage + end).replaceAll(/(_tokens|_count|_duration)":0/g, `$1":${count}`);
        }),
        verify: counts,
      }) as Row,
  ),
  {
    id: 'H57',
    title: 'lists models under names that are none, twice, or without end',
    check: async () => {
      const names = [
        '__proto__',
        'constructor',
        '../../x',
        'a\nb',
        'a\u001b[31mb',
        'a\u202eb',
        '',
        'twice',
        'twice',
        'x'.repeat(300),
      ];
      const lists = {
        odd: names.map((id) => ({ id })),
        many: Array.from({ length: 60_000 }, (_, i) => ({ id: `m${i}` })),
        long: [{ id: 'x'.repeat(2 * MB) }],
      };
      const servers = await Promise.all(
        Object.values(lists).map((data) =>
          rawServer((socket) => {
            const json = JSON.stringify({ object: 'list', data });
            socket.end(
              head({ ...openai, ...JSON_TYPE }, `Content-Length: ${Buffer.byteLength(json)}\r\n${CLOSE}`) + json,
            );
          }),
        ),
      );
      const discovery = new ServiceDiscovery({
        hosts: [],
        env: false,
        probeTimeoutMs: 60_000,
        services: servers.map(({ url }) => ({ type: 'openai-compatible', baseURL: url })),
      });
      const report = await discovery.discoverAll();
      const [oddOnes, many, long] = servers.map(({ url }) => report.services.find(({ baseURL }) => baseURL === url));
      expect(oddOnes?.models.map(({ id }) => id)).toEqual(['__proto__', 'constructor', '../../x', 'twice']);
      expect(many?.models).toHaveLength(10_000);
      expect(long).toBeUndefined();
      expect(report.failures).toMatchObject([
        { baseURL: servers[1]?.url, code: 'ERR_TOO_LARGE' },
        { baseURL: servers[2]?.url, code: 'ERR_TOO_LARGE' },
      ]);
      untouched();
      await discovery.close();
      await Promise.all(servers.map((server) => server.close()));
    },
  },
  {
    id: 'H58',
    title: 'writes a piece of text without end',
    answer: (socket, wire) => {
      socket.write(head(wire) + wire.text('|').split('|')[0]);
      flood(socket, 'x'.repeat(65_536));
    },
    ends: fails('ERR_TOO_LARGE'),
    discovery: 'ERR_TOO_LARGE',
    maxBytes: 16 * MB,
  },
  {
    id: 'H58b',
    title: 'writes one JSON object without end',
    answer: (socket, wire) => {
      socket.write(head({ ...wire, ...JSON_TYPE }) + whole(wire, '|').split('|')[0]);
      flood(socket, 'x'.repeat(65_536));
    },
    ends: fails('ERR_TOO_LARGE'),
    discovery: 'ERR_TOO_LARGE',
    maxBytes: 48 * MB,
  },
];
