import { EventEmitter } from 'node:events';
import net from 'node:net';
import { vi } from 'vitest';

interface ConnectOptions {
  readonly host: string;
  readonly lookup: (
    host: string,
    o: { all: true },
    callback: (error: Error | null, found: { address: string }[]) => void,
  ) => void;
}

/**
 * Lets every connection fail at the moment at which the system would be asked to make it, and tells which addresses it
 * would have been asked for. Everything above that moment (fetch, agent, connector, look-up) is the real thing.
 */
export function watchConnections(): { readonly addresses: string[] } {
  const addresses: string[] = [];
  vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket, ...args: unknown[]) {
    const given = Array.isArray(args[0]) ? (args[0] as unknown[])[0] : args[0];
    const { host, lookup } = given as ConnectOptions;
    const refuse = (found: readonly string[]): void => {
      addresses.push(...found);
      this.destroy(Object.assign(new Error('refused by the test'), { code: 'ECONNREFUSED' }));
    };
    if (net.isIP(host) !== 0) process.nextTick(refuse, [host]);
    else {
      lookup(host, { all: true }, (error, found) => {
        if (error) this.destroy(error);
        else refuse(found.map(({ address }) => address));
      });
    }
    return this;
  });
  return { addresses };
}

/** A listener on a loopback address that must stay unused; counts what reaches it. */
export async function forbiddenListener(address: string): Promise<{
  readonly port: number;
  connections(): number;
  close(): Promise<void>;
}> {
  let connections = 0;
  const server = net.createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  const port = await listen(server, address);
  return { port, connections: () => connections, close: () => closeServer(server) };
}

/** Starts a server on a port of the system's choice. */
export async function listen(server: net.Server, address = '127.0.0.1'): Promise<number> {
  server.listen(0, address);
  await EventEmitter.once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

export function closeServer(server: net.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    (server as { closeAllConnections?: () => void }).closeAllConnections?.();
  });
}
