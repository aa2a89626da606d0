import type { Socket } from 'node:net';

/** Sends a piece again and again, as fast as the client takes it, until the client leaves. */
export function flood(socket: Socket, piece: string | Buffer): void {
  const bytes = Buffer.from(piece as string);
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes));
    if (!socket.destroyed) socket.once('drain', more);
  };
  more();
}

/** Sends a piece every few milliseconds until the client leaves. */
export function trickle(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 4);
  socket.once('close', () => clearInterval(timer));
}
