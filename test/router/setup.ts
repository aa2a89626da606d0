import { LocalLLMRouter, type RouterError, type RouterOptions, ServiceDiscovery } from 'local-llm-router';
import type { FakeRequest, FakeServer } from 'local-llm-router/testing';
import { expect, onTestFinished } from 'vitest';

/** Starts a fake server that is closed when the test ends. */
export async function up(starting: Promise<FakeServer>): Promise<FakeServer> {
  const fake = await starting;
  onTestFinished(() => fake.close());
  return fake;
}

type Served = Pick<FakeServer, 'type' | 'url'>;

/** A router over these servers and nothing else; closed when the test ends. */
export function over(fakes: Served | readonly Served[], options: RouterOptions = {}): LocalLLMRouter {
  const services = [fakes].flat().map(({ type, url }) => ({ type, baseURL: url }));
  const router = new LocalLLMRouter({
    discovery: false,
    retry: { maxRetries: 0 },
    ...options,
    ...(options.discovery instanceof ServiceDiscovery ? {} : { services: [...services, ...(options.services ?? [])] }),
  });
  onTestFinished(() => router.close());
  return router;
}

/** The requests for an answer that a fake got. */
export function chats(fake: Pick<FakeServer, 'requests'>): FakeRequest[] {
  return fake.requests.filter(({ method, path }) => method === 'POST' && /\/(chat|completions|generate)$/.test(path));
}

interface SentMessage {
  readonly role: string;
  readonly content: string;
}

/** The messages of a request for an answer, without the system prompt. */
export function said(request: FakeRequest | undefined): SentMessage[] {
  return sent(request).filter(({ role }) => role !== 'system');
}

/** The system prompts of a request for an answer. */
export function systems(request: FakeRequest | undefined): string[] {
  return sent(request).flatMap(({ role, content }) => (role === 'system' ? [content] : []));
}

function sent(request: FakeRequest | undefined): readonly SentMessage[] {
  return (request?.body as { messages?: SentMessage[] } | undefined)?.messages ?? [];
}

/** The error that a call ends with. */
export async function failure(call: Promise<unknown> | (() => unknown)): Promise<RouterError> {
  try {
    await (typeof call === 'function' ? call() : call);
  } catch (error) {
    return error as RouterError;
  }
  throw new Error('the call did not fail');
}

/** What an async iterable gives, until its end. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** What comes true in a moment: a server learns by the network that its client has left. */
export function soon<T>(look: () => T) {
  return expect.poll(look, { interval: 2 });
}
