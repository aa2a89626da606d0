/** Three fake servers in a process of their own, which do one thing in a hundred wrong, of each kind of wrong. */
import {
  type FakeFaultName,
  type FakeRequest,
  type FakeServer,
  fakeFaults,
  fakeLlamaCpp,
  fakeOllama,
  fakeVLLM,
} from 'local-llm-router/testing';

/** What the parent hears: at the start, and again for each message that it sends. */
export interface SoakServers {
  readonly services: readonly { readonly type: FakeServer['type']; readonly baseURL: string }[];
  readonly struck: Readonly<Record<string, number>>;
}

const FAULTS = Object.keys(fakeFaults) as FakeFaultName[];
const struck: Record<string, number> = Object.fromEntries(FAULTS.map((name) => [name, 0]));

function faults({ method, path }: FakeRequest): FakeFaultName | undefined {
  if (method !== 'POST' || !/\/(chat|completions)$/.test(path)) return undefined;
  const name = FAULTS[Math.floor(Math.random() * 100)];
  if (name !== undefined) struck[name] = (struck[name] ?? 0) + 1;
  return name;
}

const options = (id: string) => ({
  models: [{ id, loaded: true, contextLength: 16_384 }],
  reply: `All of it by ${id}.`,
  faults,
});
const fakes = await Promise.all([
  fakeOllama(options('first:7b')),
  fakeVLLM(options('second:7b')),
  fakeLlamaCpp(options('third:7b')),
]);
process.on('message', report);
report();

function report(): void {
  // They remember all that they were asked.
  for (const { requests } of fakes) (requests as FakeRequest[]).length = 0;
  process.send?.({ services: fakes.map(({ type, url }) => ({ type, baseURL: url })), struck } satisfies SoakServers);
}
