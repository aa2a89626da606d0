import { getEventListeners, once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { LocalLLMRouter, RouteEvent, RouterError } from 'local-llm-router';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualClock } from './manual-clock.js';
import { failure, over, soon } from './setup.js';

const MOMENTS = [
  'before the queue',
  'in the queue',
  'before the headers',
  'before the first content',
  'in mid stream',
  'after the end',
] as const;
type Moment = (typeof MOMENTS)[number];

const WAYS = [
  'an aborted signal',
  'a signal that times out',
  'close() of the router',
  'return()',
  'a broken loop',
] as const;
type Way = (typeof WAYS)[number];

/** How far the server goes with the answer at each moment. */
const STAGES: Readonly<Record<Moment, Stage>> = {
  'before the queue': 'whole',
  'in the queue': 'nothing',
  'before the headers': 'nothing',
  'before the first content': 'headers',
  'in mid stream': 'half',
  'after the end': 'whole',
};
type Stage = 'nothing' | 'headers' | 'half' | 'whole';

/** What the caller of a stream sees then; `null`: nothing, so a loop cannot be broken there. */
const SEEN: Readonly<Record<Moment, ((event: RouteEvent) => boolean) | null>> = {
  'before the queue': ({ type }) => type === 'decision',
  'in the queue': (event) => event.type === 'status' && event.phase === 'queued',
  'before the headers': null,
  'before the first content': null,
  'in mid stream': ({ type }) => type === 'text',
  'after the end': ({ type }) => type === 'done',
};

/** An Ollama on loopback that stops where it is told, and tells when the connection of an answer has closed. */
async function upstream() {
  const sockets = new Set<Socket>();
  const answers: { readonly response: ServerResponse; readonly closed: Promise<unknown> }[] = [];
  let stage: Stage = 'whole';
  const json = (response: ServerResponse, value: unknown): void => {
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(value));
  };
  const model = { name: 'm:7b', model: 'm:7b', digest: 'd', size: 1, details: { context_length: 8_192 } };
  const server = createServer((request, response) => {
    request.resume();
    if (request.url === '/') return response.end('Ollama is running');
    if (request.url === '/api/version') return json(response, { version: '0.33.0' });
    if (request.url === '/api/tags') return json(response, { models: [{ ...model, capabilities: ['completion'] }] });
    if (request.url === '/api/ps') return json(response, { models: [{ ...model, context_length: 8_192 }] });
    if (request.url !== '/api/chat') return json(response, {});
    answers.push({ response, closed: once(response, 'close') });
    if (stage === 'nothing') return undefined;
    response.setHeader('Content-Type', 'application/x-ndjson');
    response.flushHeaders();
    const line = (content: string, more: object = {}): boolean =>
      response.write(
        `${JSON.stringify({ model: 'm:7b', message: { role: 'assistant', content }, done: false, ...more })}\n`,
      );
    if (stage !== 'headers') line('half');
    if (stage === 'whole') {
      line('', { done: true, done_reason: 'stop', prompt_eval_count: 1, eval_count: 1 });
      response.end();
    }
    return undefined;
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    answers,
    stopAt: (next: Stage) => {
      stage = next;
    },
  };
}

interface Scene {
  readonly router: LocalLLMRouter;
  readonly server: Awaited<ReturnType<typeof upstream>>;
  readonly controller: AbortController;
  readonly signal: AbortSignal;
  /** Resolves when the moment has come. */
  reached(): Promise<unknown>;
}

/** Starts the call, cancels it at the moment, and gives how it ended: with an error, or with its text. */
async function cancelled(kind: 'route' | 'stream', way: Way, moment: Moment, scene: Scene): Promise<unknown> {
  const { router, controller, signal } = scene;
  const end = async (): Promise<void> => {
    if (way === 'an aborted signal') controller.abort();
    else if (way === 'close() of the router') await router.close();
  };
  const request = { prompt: 'hello', session: 's' };
  if (kind === 'route') {
    const call = router.route(request, { signal }).then(({ text }) => text);
    call.catch(() => {});
    await (moment === 'after the end' ? call.catch(() => {}) : Promise.race([scene.reached(), call.catch(() => {})]));
    await end();
    return call.catch((error: unknown) => error);
  }
  const stream = router.stream(request, { signal });
  const result = stream.result.then(
    ({ text }) => text,
    (error: unknown) => error,
  );
  if (way === 'a broken loop') {
    for await (const event of stream) if (SEEN[moment]?.(event) === true) break;
    return result;
  }
  const events = stream[Symbol.asyncIterator]();
  const seen = (async () => {
    for (let step = await events.next(); !step.done; ) step = await events.next();
  })().catch(() => {});
  await (moment === 'after the end' ? seen : Promise.race([scene.reached(), seen]));
  if (way === 'return()') expect(await events.return?.()).toEqual({ done: true, value: undefined });
  await end();
  await seen;
  return result;
}

const CODES: Readonly<Record<Way, string>> = {
  'an aborted signal': 'ERR_ABORTED',
  'a signal that times out': 'ERR_TIMEOUT',
  'close() of the router': 'ERR_CLOSED',
  'return()': 'ERR_ABORTED',
  'a broken loop': 'ERR_ABORTED',
};

const cells = (['route', 'stream'] as const).flatMap((kind) =>
  WAYS.filter((way) => kind === 'stream' || !/return|loop/.test(way)).flatMap((way) =>
    MOMENTS.filter((moment) => way !== 'a broken loop' || SEEN[moment] !== null).map((moment) => ({
      kind,
      way,
      moment,
    })),
  ),
);

describe('a call that is cancelled', () => {
  it.each(cells)('$kind, $moment, by $way: nothing of it is left', async ({ kind, way, moment }) => {
    const server = await upstream();
    const clock = new ManualClock();
    let isKeyLost = false;
    const apiKey = (): Promise<string> => (isKeyLost ? new Promise(() => {}) : Promise.resolve('key'));
    const services = [{ type: 'ollama', baseURL: server.baseURL, maxConcurrent: 1, apiKey } as const];
    const router = over([], { clock, services });
    await router.initialize();
    server.stopAt(STAGES[moment]);
    const controller = new AbortController();
    // An answer may take its time on a busy machine; the others wait for as long as it takes.
    const limitMs = moment === 'after the end' ? 60_000 : 100;
    const signal = way === 'a signal that times out' ? AbortSignal.timeout(limitMs) : controller.signal;

    const other = new AbortController();
    let blocker: Promise<RouterError> | undefined;
    if (moment === 'in the queue') {
      blocker = failure(router.route({ prompt: 'first', session: 'other' }, { signal: other.signal }));
      await soon(() => server.answers.length).toBe(1);
    }
    isKeyLost = moment === 'before the queue';
    const before = server.answers.length;
    const reached = async (): Promise<void> => {
      if (moment === 'before the queue') await soon(() => clock.pending.includes(10_000)).toBe(true);
      else if (moment === 'in the queue') await soon(() => router.status().queues[0]?.waiting).toBe(1);
      else await soon(() => server.answers.length).toBe(before + 1);
    };
    const ended = await cancelled(kind, way, moment, { router, server, controller, signal, reached });

    if (moment === 'after the end') expect(ended).toBe('half');
    else {
      const { code, cause } = ended as RouterError;
      // Content had come: the answer was cut by a clock, not by its caller.
      const isCut = code === 'ERR_INTERRUPTED' && moment === 'in mid stream';
      expect(isCut ? (cause as RouterError).code : code).toBe(CODES[way]);
    }
    // The connection closes; the test would time out otherwise.
    await Promise.all(server.answers.slice(before).map(({ closed }) => closed));
    other.abort();
    await blocker;
    await Promise.all(server.answers.map(({ closed }) => closed));
    expect(router.status().queues).toEqual([]);
    for (const each of [signal, other.signal]) expect(getEventListeners(each, 'abort')).toEqual([]);
    await soon(() => clock.pending).toEqual([]);

    if (way !== 'close() of the router') {
      isKeyLost = false;
      server.stopAt('whole');
      expect((await router.route({ prompt: 'and now?', session: 's' })).text).toBe('half');
      expect(router.status()).toMatchObject({ queues: [], health: [] });
    }
    await router.close();
    await Promise.all([...server.sockets].map((socket) => once(socket, 'close')));
    expect(server.sockets.size).toBe(0);
    expect(clock.pending).toEqual([]);
  });
});
