import type { FakeRequest } from './fake-request.js';
import type { FakeFaultName } from './faults.js';
import type { Answer, Dialect, Generation, Outcome, Reply } from './generation.js';

/** The open connection of one request; all of it does nothing once the client has left. */
export interface Line {
  /** Sends status and headers; without a length the body goes in chunks. */
  head(status: number, headers: Readonly<Record<string, string>>): void;
  write(piece: string | Uint8Array): Promise<void>;
  /** Sends bytes in place of a reply; absent where there is no socket. */
  raw?(bytes: string): void;
  end(): void;
  /** Cuts the connection. */
  cut(): void;
  /** Waits; ends at once when the client leaves or the server closes. */
  pause(ms: number): Promise<void>;
  /** Ends when the client leaves or the server closes. */
  readonly gone: Promise<void>;
}

const PAGE = '<!doctype html>\n<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n';

/** Faults that need no answer: what they send, and whether that is all. */
const EARLY: Partial<Record<FakeFaultName, (line: Line, dialect: Dialect, request: FakeRequest) => Promise<void>>> = {
  hang: (line) => line.gone,
  reset: async (line) => line.cut(),
  html: (line) => send(line, { status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: PAGE }),
  'status-429': (line, dialect, request) => {
    const reply = dialect.error(request, 429, 'Too many requests, please try again later.');
    return send(line, { ...reply, headers: { ...reply.headers, 'Retry-After': '1' } });
  },
  'status-500': (line, dialect, request) => send(line, dialect.error(request, 500, 'internal error')),
  'status-503-loading': (line, dialect, request) => send(line, dialect.loading(request)),
  overflow: (line, dialect, request) => send(line, dialect.overflow(request, 9_000, 4_096)),
  'status-401': (line, dialect, request) => send(line, dialect.error(request, 401, 'Invalid API key.')),
  redirect: (line, _, request) =>
    send(line, { status: 307, headers: { Location: `${request.path}/elsewhere` }, body: '' }),
  'not-http': async (line) => {
    line.raw?.('SSH-2.0-OpenSSH_9.6\r\n');
    line.cut();
  },
  'slow-headers': (line) => {
    line.raw?.('HTTP/1.1 200 OK\r\nX-Slow: ');
    return forEver(line, () => line.raw?.('a'));
  },
  'endless-hints': (line) => forEver(line, () => line.raw?.('HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n')),
};

/** What a reader has to take as well as the usual form: the pieces of a whole answer, written otherwise. */
const ODD: Partial<
  Record<FakeFaultName, (frames: readonly string[], keepAlive: string) => readonly (string | Uint8Array)[]>
> = {
  'byte-by-byte': (frames) => [...new TextEncoder().encode(frames.join(''))].map((byte) => Uint8Array.of(byte)),
  bom: (frames) => ['\ufeff', ...frames],
  crlf: (frames) => frames.map((frame) => frame.replaceAll('\n', '\r\n')),
  'keep-alives': (frames, keepAlive) => frames.flatMap((frame) => [keepAlive, frame]),
  'more-after-end': (frames) => [...frames, ...frames, 'rubbish\n'],
};

const FLOOD = 'x'.repeat(65_536);
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);

/** Goes on until the client leaves. */
async function forEver(line: Line, step: () => void | Promise<void>): Promise<void> {
  let left = false;
  void line.gone.then(() => {
    left = true;
  });
  while (!left) {
    await step();
    await line.pause(1);
  }
}

/** Answers one request, with what goes wrong in it. */
export async function play(
  line: Line,
  o: { dialect: Dialect; request: FakeRequest; fault: FakeFaultName | undefined; delayMs: number },
  answer: () => Outcome | Promise<Outcome>,
): Promise<void> {
  const early = o.fault && EARLY[o.fault];
  if (early !== undefined) return early(line, o.dialect, o.request);
  const outcome = await answer();
  if (!('wire' in outcome)) return o.fault === 'invalid-json' ? sendBroken(line, outcome) : send(line, outcome);
  try {
    const spoiled = spoil(outcome, o.fault);
    await (spoiled.stream ? stream(line, spoiled, o.fault, o.delayMs) : sendWhole(line, spoiled, o.fault));
  } finally {
    outcome.ended?.();
  }
}

/** Faults of the answer itself. */
function spoil(generation: Generation, fault: FakeFaultName | undefined): Generation {
  const { answer } = generation;
  if (fault === 'no-finish' || fault === 'done-without-finish') {
    return { ...generation, answer: { ...answer, finish: null } };
  }
  if (fault !== 'empty-answer') return generation;
  const empty: Answer = { ...answer, reasoning: [], text: [], toolCalls: [], finish: 'stop', outputTokens: 0 };
  return { ...generation, answer: empty };
}

async function stream(
  line: Line,
  { wire, answer, isBrokenOff = () => false }: Generation,
  fault: FakeFaultName | undefined,
  delayMs: number,
): Promise<void> {
  const content = wire.content(answer);
  const half = Math.ceil(content.length / 2);
  const write = async (frames: readonly string[]): Promise<void> => {
    for (const frame of frames) {
      // Its last line comes all the same.
      if (isBrokenOff() && frame !== wire.done) continue;
      // What opens a stream comes at once, long before the first token.
      if (delayMs > 0 && !wire.open.includes(frame)) await line.pause(delayMs);
      await line.write(frame);
    }
  };
  const keepAlive = wire.streamType.includes('event-stream') ? ': keep-alive\n\n' : '\n';
  const odd = fault && ODD[fault];
  const compressed = fault === 'compressed' ? { 'Content-Encoding': 'gzip' } : {};
  line.head(200, { 'Content-Type': wire.streamType, ...wire.streamHeaders, ...compressed });
  if (odd !== undefined) {
    for (const piece of odd([...wire.open, ...content, ...wire.finish(answer), wire.done], keepAlive)) {
      await line.write(piece);
    }
    return line.end();
  }
  switch (fault) {
    case 'compressed':
      await line.write(GZIP_HEADER);
      return line.end();
    case 'flood':
      await write(wire.open);
      return forEver(line, () => line.write(FLOOD));
    case 'endless-answer':
      await write(wire.open);
      return forEver(line, () => write(content));
    case 'only-keep-alives':
      return forEver(line, () => line.write(keepAlive));
    case 'close-before-content':
      return line.cut();
    case 'close-mid-stream':
      await write([...wire.open, ...content.slice(0, half)]);
      return line.cut();
    case 'hang-mid-stream':
      await write([...wire.open, ...content.slice(0, half)]);
      return line.gone;
    case 'error-before-content':
      await write([wire.failure]);
      return line.end();
    case 'error-in-stream':
      await write([...wire.open, ...content.slice(0, half), wire.failure]);
      return line.end();
    case 'invalid-json': {
      const frame = content[0] ?? wire.finish(answer)[0] ?? '';
      await write([`${frame.slice(0, frame.length / 2)}\n\n`]);
      return line.end();
    }
    case 'no-finish':
      await write([...wire.open, ...content]);
      return line.end();
    case 'done-without-finish':
      await write([...wire.open, ...content, wire.done]);
      return line.end();
    default:
      await write([...wire.open, ...content, ...wire.finish(answer), wire.done]);
      return line.end();
  }
}

async function sendWhole(line: Line, { wire, answer }: Generation, fault: FakeFaultName | undefined): Promise<void> {
  const reply = wire.whole(answer);
  switch (fault) {
    case 'flood':
    case 'endless-answer':
      line.head(reply.status, reply.headers);
      await line.write(reply.body.slice(0, reply.body.length / 2));
      return forEver(line, () => line.write(FLOOD));
    case 'only-keep-alives':
      line.head(reply.status, reply.headers);
      return forEver(line, () => line.write('\n'));
    case 'compressed':
      line.head(reply.status, { ...reply.headers, 'Content-Encoding': 'gzip' });
      await line.write(GZIP_HEADER);
      return line.end();
    case 'error-before-content':
    case 'error-in-stream':
      return send(line, wire.failed);
    case 'invalid-json':
      return sendBroken(line, reply);
    case 'close-before-content':
    case 'close-mid-stream':
    case 'hang-mid-stream': {
      line.head(reply.status, lengthOf(reply));
      if (fault !== 'close-before-content') await line.write(reply.body.slice(0, reply.body.length / 2));
      return fault === 'hang-mid-stream' ? line.gone : line.cut();
    }
    default:
      return send(line, reply);
  }
}

async function send(line: Line, reply: Reply): Promise<void> {
  line.head(reply.status, lengthOf(reply));
  if (reply.cut === true) return line.cut();
  if (reply.body !== '') await line.write(reply.body);
  line.end();
}

function sendBroken(line: Line, reply: Reply): Promise<void> {
  return send(line, { ...reply, body: reply.body.slice(0, reply.body.length / 2) });
}

function lengthOf(reply: Reply): Readonly<Record<string, string>> {
  if (reply.chunked === true) return reply.headers;
  return { ...reply.headers, 'Content-Length': String(new TextEncoder().encode(reply.body).byteLength) };
}
