import type http from 'node:http';
import { FallbackExecutor, openaiTransport, type RouteStream } from 'local-llm-router';
import { describe, expect, it } from 'vitest';
import { CANARY, leaksOf } from './egress-canaries.js';
import { expectNoLeak, failureOf, filesOf, listening, REQUEST, withKey, world } from './egress-canary-world.js';
import { expectSilence, modelServer, type ServerOptions } from './egress-scene.js';

expectSilence();

type Echo = (response: http.ServerResponse, told: string) => void;

/** What a server can send back of what it was told. */
const ECHOES: readonly (readonly [string, Echo])[] = [
  ...[400, 401, 404, 413, 429, 500, 503].flatMap((status) => [
    [`a ${status} with JSON`, jsonError(status)] as const,
    [
      `a ${status} with text`,
      (response: http.ServerResponse, told: string): void => void response.writeHead(status).end(told),
    ] as const,
  ]),
  ['a 200 with an error', jsonError(200)],
  [
    'a redirect',
    (response, told) => void response.writeHead(302, { location: `http://127.0.0.1/${oneLine(told)}` }).end(),
  ],
  ['a reason phrase', (response, told) => void response.writeHead(500, oneLine(told)).end()],
  [
    'headers',
    (response, told) => void response.writeHead(429, { 'retry-after': oneLine(told), 'x-echo': oneLine(told) }).end(),
  ],
  ['a content type', (response, told) => void response.writeHead(200, { 'content-type': oneLine(told) }).end(told)],
  ['an encoding', (response, told) => void response.writeHead(200, { 'content-encoding': oneLine(told) }).end(told)],
  ['a page', (response, told) => void response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>${told}</p>`)],
  ['no HTTP', (response, told) => void response.socket?.end(`${oneLine(told)}\r\n\r\n`)],
  ['a status line', (response, told) => void response.socket?.end(`HTTP/1.1 ${oneLine(told)}\r\n\r\n`)],
  ['a header line', (response, told) => void response.socket?.end(`HTTP/1.1 200 OK\r\n${oneLine(told)}\0\r\n\r\n`)],
  [
    'a chunk size',
    (response, told) =>
      void response.socket?.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${oneLine(told)}\r\n`),
  ],
  [
    'an event that is no JSON',
    (response, told) =>
      void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${oneLine(told)}\n\n`),
  ],
  [
    'an event with an error',
    (response, told) =>
      void response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(`data: ${JSON.stringify({ error: { message: told, code: told } })}\n\n`),
  ],
  ['a line with an error', (response, told) => void response.end(`${JSON.stringify({ error: told })}\n`)],
  [
    'a tool call',
    (response, told) =>
      void response.end(
        `data: ${JSON.stringify({ choices: [{ delta: { tool_calls: [{ index: 0, id: told, function: { name: told, arguments: told } }] }, finish_reason: told }] })}\n\n`,
      ),
  ],
  [
    'a part of the answer',
    (response, told) => {
      response.write(
        `data: ${JSON.stringify({ choices: [{ delta: { content: told, reasoning_content: told } }] })}\n\n`,
      );
      response.write(
        `${JSON.stringify({ model: told, message: { role: 'assistant', content: told }, done: false })}\n`,
      );
      setImmediate(() => response.destroy());
    },
  ],
];

function oneLine(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '').slice(0, 2_000);
}

/** Reads one piece and leaves. */
async function firstText({ textStream }: RouteStream): Promise<void> {
  const reader = textStream.getReader();
  try {
    await reader.read();
  } finally {
    await reader.cancel();
  }
}

function jsonError(status: number): Echo {
  return (response: http.ServerResponse, told: string): void => {
    const error = { message: told, type: told, code: told, param: told, detail: [{ msg: told, loc: [told] }] };
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error, message: told, detail: told }));
  };
}

describe('a server that sends back what it was told, as', () => {
  it.each(ECHOES)('%s', async (_, echo) => {
    for (const type of ['openai-compatible', 'ollama'] as const) {
      const place = await world();
      const instead: ServerOptions['instead'] = ({ method, body, headers }, response) => {
        if (method !== 'POST') return false;
        echo(response, `${CANARY.serverError} ${body} ${JSON.stringify(headers)}`);
        return true;
      };
      const server = await modelServer({ instead });
      const router = listening(place, { services: [withKey(type, server.url)] });
      for (const call of [
        () => router.route(REQUEST),
        () => router.stream(REQUEST).result,
        () => firstText(router.stream(REQUEST)),
        () => router.embed(`${CANARY.prompt} to embed`),
        () =>
          router.security
            .fetch(`${server.url}/x`, { method: 'POST', body: CANARY.prompt, headers: { 'x-key': CANARY.apiKey } })
            .then((r) => r.text()),
      ]) {
        const error = await failureOf(call).catch(() => undefined);
        await expectNoLeak(place, router, error);
      }
      const executor = new FallbackExecutor({
        transports: [openaiTransport()],
        fetch: router.security.fetch,
        logger: place.options.logger,
      });
      const [found] = router.discovery.models();
      const model = {
        id: found?.id ?? 'm',
        key: null,
        service: 's',
        type: 'openai-compatible' as const,
        baseURL: server.url,
      };
      const outcome = await executor.executeWithFallback(REQUEST, [{ model, score: 1, parts: [] }]);
      await expectNoLeak(place, undefined, outcome.error);
      expect([executor, outcome.attempts].flatMap(leaksOf)).toEqual([]);
    }
  });
});

describe('a name that a server makes up', () => {
  it('cannot forge lines or hide text, and holds no key', async () => {
    const id = `x\u202eevil\u2066\u200f\ufeff`;
    const place = await world();
    const server = await modelServer({
      instead: ({ path }, response) => {
        if (path === '/v1/models')
          response.end(JSON.stringify({ object: 'list', data: [{ id }, { id: 'a\nb' }, { id: '\u001b[31mred' }] }));
        else response.writeHead(500).end(CANARY.reply);
        return true;
      },
    });
    const router = listening(place, { services: [withKey('openai-compatible', server.url)] });
    const errors = [
      await failureOf(() => router.route(REQUEST)),
      await failureOf(() => router.route({ ...REQUEST, model: `none\u202e\u001b[2J` })),
      await failureOf(() => router.embed(CANARY.prompt)),
    ];
    for (const error of errors) await expectNoLeak(place, router, error);
    expect(
      router.discovery
        .models()
        .map((model) => model.id)
        .join(),
    ).not.toMatch(/[\n\u202e\u2066\u200f\ufeff]|red/);
    expect(await filesOf(place.directory)).toMatch(/^[\n\x20-\x7e]+$/);
    const logged = place.told.filter((each) => typeof each === 'string');
    for (const hidden of ['\u202e', '\u2066', '\u001b']) expect(logged.join('')).not.toContain(hidden);
  });
});
