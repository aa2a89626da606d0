import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/**
 * Listens at a port without ever taking a connection, and fills its queue: the system then drops every further request
 * to connect, as a firewall does. Gives what ends it.
 */
export async function fullQueue(port: number): Promise<() => Promise<void>> {
  const lock = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     require('node:net').createServer().listen({ port: workerData.port, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage('listening');
       Atomics.wait(workerData.lock, 0, 0);
       process.exit();
     });`,
    { eval: true, workerData: { port, lock } },
  );
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  // The system takes one more than the queue is long; the last of them waits like everybody who comes later.
  const waiting: Socket[] = [];
  for (let taken = true; taken; ) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    waiting.push(socket);
    taken = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, 50, false);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }
  return async () => {
    for (const socket of waiting) socket.destroy();
    Atomics.store(lock, 0, 1);
    Atomics.notify(lock, 0);
    await worker.terminate();
  };
}
