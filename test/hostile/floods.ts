import type { Socket } from 'node:net';

/** Sends a piece again and again, as fast as the client takes it, until the client leaves. */
export function flood(socket: Socket, piece: string | Buffer): void {
  const one = Buffer.from(piece as string);
  // Small pieces would cost more than they weigh.
  const bytes = Buffer.concat(Array(Math.ceil(65_536 / one.length)).fill(one));
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
