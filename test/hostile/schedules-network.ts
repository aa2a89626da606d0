/** Three fake servers without sockets, whose faults and pauses are drawn from one seed. */
import type { Clock, FetchLike, ServiceEndpoint } from 'local-llm-router';
import { type FakeChat, type FakeFaultName, fakeFaults } from 'local-llm-router/testing';
import { llamaCppParts } from '../../src/testing/fake-llama-cpp.js';
import { ollamaParts } from '../../src/testing/fake-ollama.js';
import type { FakeServerOptions } from '../../src/testing/fake-server.js';
import { vllmParts } from '../../src/testing/fake-vllm.js';
import type { FakeParts } from '../../src/testing/generation.js';
import { playInMemory } from '../../src/testing/in-memory.js';
import type { Dice } from './schedules-dice.js';

export const FAULTS = Object.keys(fakeFaults) as FakeFaultName[];
/** After these the answer is complete all the same. */
export const HARMLESS: ReadonlySet<string> = new Set(['byte-by-byte', 'bom', 'crlf', 'keep-alives', 'more-after-end']);
/** They send for ever: whoever waits for long has to look at all of it. */
const FOR_EVER: ReadonlySet<string> = new Set(['slow-headers', 'endless-hints', 'flood', 'only-keep-alives']);

const NEVER = new AbortController().signal;

/** A request for an answer that has left the router. */
export interface WireRequest {
  /** Tag of the call, from its prompt. */
  readonly call: string;
  readonly service: string;
  readonly model: string;
  readonly fault: FakeFaultName | undefined;
  /** The server is still at it. */
  open: boolean;
}

/** How the servers behave for a while. */
export interface Weather {
  /** Chance of a fault per request, by server. */
  readonly rates: readonly number[];
  readonly faults: readonly FakeFaultName[];
  /** Pause before each piece of an answer, in milliseconds. */
  readonly paceMs: number;
}

/** The whole answer of a model to a call: no two are alike. */
export function answerOf(model: string, call: string): string {
  const words = Array.from({ length: 1 + (Number(call.slice(1)) % 5) }, (_, i) => `${model}+${i}`);
  return `${call} by ${words.join(' ')}.`;
}

/** The weathers of a world: `patient` ones keep the clocks at their defaults, so that nothing may go on for ever. */
export function weatherOf(dice: Dice, isPatient: boolean): Weather & { readonly isEndless: boolean } {
  const isEndless = !isPatient && dice.chance(0.3);
  const possible = FAULTS.filter((name) =>
    name === 'endless-answer' ? isEndless : !(isPatient && FOR_EVER.has(name)),
  );
  return {
    isEndless,
    rates: [0, 1, 2].map(() => dice.pick([0, 0.2, 0.5, 0.9, 1])),
    faults: dice.chance(0.3) ? [dice.pick(possible), dice.pick(possible)] : possible,
    paceMs: dice.pick([0, 10, 40]),
  };
}

export function network(
  dice: Dice,
  clock: Clock,
  o: {
    /** Called before a request for an answer is looked at. */
    sent(request: WireRequest): void;
  },
) {
  let weather: Weather = { rates: [0, 0, 0], faults: FAULTS, paceMs: 10 };
  const stretched: Clock = {
    now: () => clock.now(),
    setTimeout: (fn, ms) => clock.setTimeout(fn, ms * (weather.paceMs || 20)),
    clearTimeout: (id) => clock.clearTimeout(id),
  };
  // A fetch need not look at the signal: the router must not rely on it.
  const isPolite = dice.chance(0.7);
  const servers = [0, 1, 2].map((index) => {
    const type = dice.pick(['ollama', 'vllm', 'llama.cpp'] as const);
    const models = Array.from({ length: type === 'ollama' ? dice.whole(1, 2) : 1 }, (_, i) => ({
      id: `s${index}m${i}:7b`,
      loaded: dice.chance(0.6),
    }));
    const options: FakeServerOptions = {
      models,
      reply: ({ model, messages }: FakeChat) => answerOf(model, tagIn(messages) ?? 'unknown'),
    };
    const make = { ollama: ollamaParts, vllm: vllmParts, 'llama.cpp': llamaCppParts }[type];
    const baseURL = `http://127.0.0.1:${1001 + index}`;
    const service = `${type}@127.0.0.1:${1001 + index}`;
    return { type, models, baseURL, service, parts: make(options, 'schedules') satisfies FakeParts };
  });

  const struck = new Map<string, number>();
  const fetch: FetchLike = async (input, init) => {
    const url = new URL(String(input));
    const index = Number(url.port) - 1001;
    const server = servers[index] as (typeof servers)[number];
    const isAnswer = server.parts.dialect.generates.has(url.pathname);
    // Looking at a server mostly works, else there would be nothing to route to.
    const isHit = dice.chance((weather.rates[index] as number) * (isAnswer ? 1 : 0.05));
    const fault = isHit ? dice.pick(weather.faults) : undefined;
    let request: WireRequest | undefined;
    if (isAnswer) {
      const body = JSON.parse(String(init?.body)) as { model: string; messages: unknown };
      const call = tagIn(body.messages) ?? 'unknown';
      request = { call, service: server.service, model: body.model, fault, open: true };
      if (fault !== undefined) struck.set(fault, (struck.get(fault) ?? 0) + 1);
      o.sent(request);
    }
    const signal = init?.signal ?? NEVER;
    const text = String(init?.body ?? '');
    // A `Request` would cost more than all the rest.
    const asked = {
      url: url.href,
      method: init?.method ?? 'GET',
      headers: new Headers(init?.headers),
      signal,
      text: async () => text,
    };
    // The fault is asked for before anything is waited for but the body of the request.
    const { response, played } = await playInMemory(
      {
        ...server.parts,
        settings: { ...server.parts.settings, pickFault: () => fault, delayMs: weather.paceMs === 0 ? 0 : 1 },
      },
      asked,
      stretched,
    );
    played.finally(() => {
      if (request !== undefined) request.open = false;
    });
    const answered = response.then((got) => {
      if (got.type === 'error') throw new TypeError('fetch failed');
      return got;
    });
    return isPolite ? raced(answered, signal) : answered;
  };

  return {
    fetch,
    servers,
    struck,
    services: servers.map(({ type, baseURL }): ServiceEndpoint => {
      const maxConcurrent = dice.pick([undefined, undefined, 1, 2]);
      return { type, baseURL, maxConcurrent };
    }),
    turnTo: (next: Weather) => {
      weather = next;
    },
    calm: () => {
      weather = { rates: [0, 0, 0], faults: FAULTS, paceMs: 10 };
    },
  };
}

/** The tag of the call in its last message. */
function tagIn(messages: unknown): string | undefined {
  const last = (messages as { content?: unknown }[]).at(-1)?.content;
  return /\bc\d+\b/.exec(typeof last === 'string' ? last : JSON.stringify(last))?.[0];
}

/** As a fetch does: an abort rejects at once. */
function raced(work: Promise<Response>, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
