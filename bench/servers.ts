/** Fakes on true default ports and black holes, in a process of their own; tells over IPC what they are and were asked. */
import { createServer, type Server } from 'node:net';
import * as testing from 'local-llm-router/testing';

/** What the parent hears: at the start, and again for each message that it sends. */
export interface ServersReport {
  readonly asked: readonly { readonly type: string; readonly requests: number }[];
  readonly holes: readonly string[];
}

type Start = (o: { port: number }) => Promise<testing.FakeServer>;

/** Ports that differ, so that all can be up at once; the servers that share one of them stay out. */
const FAKES: readonly (readonly [Start, number])[] = [
  [testing.fakeOllama, 11_434],
  [testing.fakeLMStudio, 1_234],
  [testing.fakeLlamaCpp, 9_931],
  [testing.fakeVLLM, 8_000],
  [testing.fakeJan, 1_337],
  [testing.fakeOpenWebUI, 3_000],
  [testing.fakeKoboldCpp, 5_001],
  [testing.fakeGPT4All, 4_891],
  [testing.fakeTextGenerationWebUI, 5_000],
  [testing.fakeLocalAI, 8_080],
];

const fakes = await Promise.all(FAKES.map(([start, port]) => start({ port })));
const holes = await Promise.all([hole(), hole(), hole()]);
process.on('message', report);
report();

function report(): void {
  const asked = fakes.map(({ type, requests }) => ({ type, requests: requests.length }));
  process.send?.({ asked, holes } satisfies ServersReport);
}

/** A server that takes a connection and never says a word. */
function hole(): Promise<string> {
  const server: Server = createServer((socket) => void socket.on('error', () => {}));
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
    });
  });
}
