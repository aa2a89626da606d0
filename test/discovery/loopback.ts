import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Servers on 127.0.0.1 that a test ends all at once. */
export class Loopback {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /** A server that does with each connection what the test says. */
  async raw(onSocket: (socket: Socket) => void): Promise<string> {
    return this.#listen(createServer(onSocket));
  }

  /** An HTTP server. */
  async http(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    return this.#listen(createHttpServer(handle));
  }

  /** An HTTP server that answers these paths as JSON and the rest with 404; `sent` lists what came. */
  async json(
    answers: Readonly<Record<string, unknown>>,
  ): Promise<{ url: string; sent: string[]; headers: IncomingMessage['headers'][] }> {
    const sent: string[] = [];
    const headers: IncomingMessage['headers'][] = [];
    const url = await this.http((request, response) => {
      sent.push(`${request.method} ${request.url}`);
      headers.push(request.headers);
      const answer = answers[request.url ?? ''];
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? { error: 'not found' }));
    });
    return { url, sent, headers };
  }

  /** An address at which nothing listens. */
  async closed(): Promise<string> {
    const url = await this.raw(() => {});
    const server = this.#servers.pop();
    await new Promise((done) => server?.close(done));
    return url;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.splice(0).map((server) => new Promise((done) => server.close(done))));
  }

  async #listen(server: Server): Promise<string> {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    this.#servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
}
