import type { Socket } from 'node:net';
import {
  type Attempt,
  type AuditSink,
  type Clock,
  LocalLLMRouter,
  type RouteEvent,
  type RouteResult,
  type RouterError,
  type RouterOptions,
} from 'local-llm-router';
import { type FakeServer, fakeOllama } from 'local-llm-router/testing';
import { type RawRequest, type RawServer, rawServer } from '../transports/loopback.js';
import { KEY, PROMPT, type ServerRow } from './catalogue.js';
import { fullQueue } from './full-queue.js';
import type { Wire } from './wires.js';

export const HOSTILE = 'hostile:7b';
export const HEALTHY = 'healthy:7b';
/** The conversation of a call that names none. */
export const SESSION = 'scene';
export const HEALTHY_TEXT = 'All is well.';
/** A prompt that the healthy server answers only when it is told to. */
const IN_FLIGHT = 'in flight';

/** How one call ended. */
export interface Outcome {
  readonly mode: 'route' | 'stream';
  readonly scene: Scene;
  readonly result: RouteResult | undefined;
  readonly error: RouterError | undefined;
  /** Of a stream. */
  readonly events: readonly RouteEvent[];
  readonly attempts: readonly Attempt[];
}

/** A hostile server, perhaps a healthy one, and a router over them. */
export interface Scene {
  readonly row: ServerRow;
  readonly wire: Wire;
  readonly server: HostileServer;
  readonly healthy: FakeServer | undefined;
  readonly router: LocalLLMRouter;
  /** The lines of the audit log. */
  readonly audit: readonly Record<string, unknown>[];
  call(mode: Outcome['mode'], session?: string): Promise<Outcome>;
  /** Starts a call at the healthy service, and gives what ends it: its text. */
  inFlight(): Promise<() => Promise<string>>;
  /** Ends everything. */
  close(): Promise<void>;
  /** Timers of the router that still run. */
  readonly timers: number;
}

/** Makes a scene; nothing hostile has happened yet, and the router knows both services. */
export async function scene(row: ServerRow, wire: Wire, o: { healthy: boolean }): Promise<Scene> {
  const server = await hostileServer(row, wire);
  let release = (): void => {};
  let arrived = (): void => {};
  const healthy = o.healthy
    ? await fakeOllama({
        models: [{ id: HEALTHY, loaded: true }],
        reply: async ({ messages }) => {
          if (JSON.stringify(messages.at(-1)).includes(IN_FLIGHT)) {
            await new Promise<void>((resolve) => {
              release = resolve;
              arrived();
            });
          }
          return HEALTHY_TEXT;
        },
      })
    : undefined;
  const audit: Record<string, unknown>[] = [];
  const sink: AuditSink = {
    write: async (lines) => void audit.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>)),
  };
  const clock = new CountedClock();
  const first = { primary: [HOSTILE] };
  const router = new LocalLLMRouter({
    // A busy machine must not lose a service before the call.
    discovery: { hosts: [], env: false, probeTimeoutMs: 60_000 },
    retry: { maxRetries: 0 },
    taskRouting: { coding: first, reasoning: first, analysis: first, documentation: first },
    clock,
    ...row.router,
    security: { audit: { sinks: [sink] }, ...(row.router?.security as object | undefined) },
    services: [
      { type: wire.type, baseURL: server.url, apiKey: KEY, contextLength: 16_384, ...row.endpoint },
      ...(healthy ? [{ type: healthy.type, baseURL: healthy.url }] : []),
    ],
  } satisfies RouterOptions);
  const { services } = await router.initialize();
  if (services.length !== (healthy ? 2 : 1)) throw new Error(`${row.id}: a service was not found before the call.`);
  await server.arm();

  const self: Scene = {
    row,
    wire,
    server,
    healthy,
    router,
    audit,
    call: async (mode, session = SESSION) => {
      const request = { prompt: PROMPT, session, ...row.request };
      const events: RouteEvent[] = [];
      try {
        if (mode === 'route') {
          const result = await router.route(request);
          return { mode, scene: self, result, error: undefined, events, attempts: result.attempts };
        }
        const stream = router.stream(request);
        for await (const event of stream) events.push(event);
        const result = await stream.result;
        return { mode, scene: self, result, error: undefined, events, attempts: result.attempts };
      } catch (thrown) {
        const error = thrown as RouterError;
        return { mode, scene: self, result: undefined, error, events, attempts: error.attempts ?? [] };
      }
    },
    inFlight: async () => {
      const here = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const call = router.route({ prompt: IN_FLIGHT, session: 'in flight', model: HEALTHY });
      await Promise.race([here, call]);
      return async () => {
        release();
        return (await call).text;
      };
    },
    close: async () => {
      await router.close();
      await healthy?.close();
      await server.close();
    },
    get timers() {
      return clock.running;
    },
  };
  return self;
}

/** The server of a row. */
export interface HostileServer extends Pick<RawServer, 'url' | 'requests' | 'close'> {
  /** From now on it does what its row says. */
  arm(): Promise<void>;
  /** Reads on where a row has stopped reading: else it would not see that its client has left. */
  resume(): void;
  /** Connections that are open. */
  readonly open: number;
  /** Most bytes that it got rid of on one connection. */
  readonly mostBytes: number;
}

export async function hostileServer(row: ServerRow, wire: Wire): Promise<HostileServer> {
  let armed = false;
  let stop = async (): Promise<void> => {};
  const sockets: Socket[] = [];
  const listing = { ...wire.listing(HOSTILE), ...row.listing };
  const server = await rawServer(
    (socket, request) => (armed ? row.answer?.(socket, wire, request) : list(socket, request, listing)),
    (socket) => {
      if (!armed) return;
      sockets.push(socket);
      row.connect?.(socket);
    },
  );
  return {
    url: server.url,
    requests: server.requests,
    arm: async () => {
      armed = true;
      server.requests.length = 0;
      if (row.listener !== undefined) await server.close();
      if (row.listener === 'full') stop = await fullQueue(Number(new URL(server.url).port));
    },
    resume: () => {
      for (const socket of sockets) socket.resume();
    },
    get open() {
      return sockets.filter((socket) => !socket.destroyed).length;
    },
    get mostBytes() {
      return Math.max(0, ...sockets.map(({ bytesWritten }) => bytesWritten));
    },
    close: async () => {
      await stop();
      await server.close();
    },
  };
}

/** What a good server says of itself. */
function list(socket: Socket, { head }: RawRequest, listing: Readonly<Record<string, unknown>>): void {
  const path = head.split(' ')[1] ?? '';
  const found = listing[path];
  const body = typeof found === 'string' ? found : JSON.stringify(found ?? { error: 'not found' });
  const status = found === undefined ? '404 Not Found' : '200 OK';
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** The machine's clock, with its timers counted. */
class CountedClock implements Clock {
  readonly #running = new Set<unknown>();

  get running(): number {
    return this.#running.size;
  }

  now(): number {
    return Date.now();
  }

  setTimeout(fn: () => void, ms: number): unknown {
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      fn();
    }, ms);
    this.#running.add(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.#running.delete(timer);
    clearTimeout(timer as NodeJS.Timeout);
  }
}
