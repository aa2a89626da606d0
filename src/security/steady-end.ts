import type { Socket } from 'node:net';

/** What is known of undici's parser of one connection. */
interface Parser {
  paused?: boolean;
  shouldKeepAlive?: boolean;
  ptr?: unknown;
  llhttp?: { llhttp_resume?(ptr: unknown): void };
  resume?(): void;
}

/**
 * Where a server hangs up, or resets the connection, while nobody reads on, undici 7 fails an assertion outside of every call,
 * which ends the process (nodejs/undici#5360, repaired in 8). At an end its parser is told to go on first: what it still holds
 * is at most one piece. After a reset the rest is lost, and nothing makes it a whole reply.
 */
export function steadyEnd<S extends Socket>(socket: S): S {
  const paused = (): Parser | null => {
    const name = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser');
    const parser = name && (socket as unknown as Record<symbol, Parser | null>)[name];
    return parser?.paused ? parser : null;
  };
  const goOn = (): void => {
    paused()?.resume?.();
    const parser = paused();
    if (parser === null) return;
    // A body without a length pauses once more at its last byte: its end can only be told from here.
    parser.llhttp?.llhttp_resume?.(parser.ptr);
    parser.paused = false;
  };
  // All of them before undici's own listeners.
  socket.once('end', goOn);
  socket.once('close', goOn);
  socket.once('error', () => {
    const parser = paused();
    // Of such a connection it takes no reset for the end of a body.
    if (parser) parser.shouldKeepAlive = true;
  });
  return socket;
}
