import { type Clock, systemClock } from '../core/clock.js';
import { asObject, asString, parseJson } from '../internal/json.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeParts } from './generation.js';
import { handle } from './loopback.js';
import { type Line, play } from './play.js';

/** What is read of a request. */
export type AskedInMemory = Pick<Request, 'url' | 'method' | 'headers' | 'signal' | 'text'>;

/** Answers a request as the fake server would over a socket; a network error where it cuts the connection before its reply. */
export async function answerInMemory(parts: FakeParts, request: Request): Promise<Response> {
  return (await playInMemory(parts, request)).response;
}

/** The same, with the end of all that the server does about the request; pauses take the time of `clock`. */
export async function playInMemory(
  { dialect, settings }: FakeParts,
  request: AskedInMemory,
  clock: Clock = systemClock,
): Promise<{ readonly response: Promise<Response>; readonly played: Promise<void> }> {
  const asked = await read(request);
  const { line, response } = lineOf(request.signal, dialect.headers(asked), clock);
  const fault = settings.pickFault(asked, dialect.generates.has(asked.path));
  const played = play(line, { dialect, request: asked, fault, delayMs: settings.delayMs }, () =>
    handle(dialect, asked),
  );
  // Without a reply by then there is none; to a client that has left a network error would be one that nobody catches.
  const none = (): Response => (request.signal.aborted ? new Response() : Response.error());
  return { response: Promise.race([response, played.then(none, none)]), played };
}

async function read(request: AskedInMemory): Promise<FakeRequest> {
  const { pathname, search, host } = new URL(request.url);
  const text = await request.text();
  const body = text === '' ? undefined : (parseJson(text) ?? text);
  return {
    method: request.method,
    path: pathname,
    query: search,
    headers: { host, ...Object.fromEntries(request.headers) },
    body,
    model: asString(asObject(body)?.['model']),
    cancelled: false,
  };
}

function lineOf(
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
  clock: Clock,
): { line: Line; response: Promise<Response> } {
  const encoder = new TextEncoder();
  const pieces: (Uint8Array | 'end' | 'cut')[] = [];
  let wake = (): void => {};
  let leave = (): void => {};
  const gone = new Promise<void>((resolve) => {
    leave = resolve;
  });
  if (signal.aborted) leave();
  else signal.addEventListener('abort', () => leave(), { once: true });
  const push = (piece: Uint8Array | 'end' | 'cut'): void => {
    pieces.push(piece);
    wake();
  };
  // By demand: an error would take with it what was not read yet.
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        while (pieces.length === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        const piece = pieces.shift();
        if (piece === 'end') controller.close();
        else if (piece === 'cut') controller.error(new TypeError('terminated'));
        else if (piece !== undefined) controller.enqueue(piece);
      },
      cancel: () => leave(),
    },
    { highWaterMark: 0 },
  );
  let answer: ((response: Response) => void) | undefined;
  const response = new Promise<Response>((resolve) => {
    answer = resolve;
  });
  const line: Line = {
    gone,
    head: (status, more) => {
      const isEmpty = status === 204 || status === 304;
      answer?.(new Response(isEmpty ? null : body, { status, headers: { ...headers, ...more } }));
      answer = undefined;
    },
    write: async (piece) => {
      if (piece !== '') push(typeof piece === 'string' ? encoder.encode(piece) : piece);
    },
    end: () => push('end'),
    cut: () => {
      answer?.(Response.error());
      push('cut');
    },
    pause: async (ms) => {
      let timer: unknown;
      const waited = new Promise<void>((resolve) => {
        timer = clock.setTimeout(resolve, ms);
      });
      await Promise.race([waited, gone]);
      clock.clearTimeout(timer);
    },
  };
  return { line, response };
}
