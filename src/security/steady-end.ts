import type { Socket } from 'node:net';

/** What is known of undici's parser of one connection. */
interface Parser {
  paused?: boolean;
  ptr?: unknown;
  llhttp?: { llhttp_resume?(ptr: unknown): void };
  resume?(): void;
}

/**
 * Where a server hangs up while nobody reads on, undici 7 fails an assertion outside of every call, which ends the process
 * (nodejs/undici#5360, repaired in 8). Its parser is told to go on first: what it still holds is at most one piece.
 */
export function steadyEnd<S extends Socket>(socket: S): S {
  // Before undici's own listener.
  socket.once('end', () => {
    const name = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser');
    const parser = name && (socket as unknown as Record<symbol, Parser | null>)[name];
    if (!parser?.paused) return;
    parser.resume?.();
    if (!parser.paused) return;
    // A body without a length pauses once more at its last byte: its end can only be told from here.
    parser.llhttp?.llhttp_resume?.(parser.ptr);
    parser.paused = false;
  });
  return socket;
}
