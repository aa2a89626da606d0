import { type HttpHandler, http } from 'msw';
import * as v from 'valibot';
import { checkOptions, optional } from '../internal/options.js';
import { SERVICE_SPECS } from '../services/registry.js';
import { llamaCppParts } from './fake-llama-cpp.js';
import { lmStudioParts } from './fake-lm-studio.js';
import { ollamaParts } from './fake-ollama.js';
import type { FakeServerOptions } from './fake-server.js';
import { vllmParts } from './fake-vllm.js';
import { answerInMemory } from './in-memory.js';

/**
 * A mocked server.
 * @public
 */
export interface MswServerOptions extends Omit<FakeServerOptions, 'port'> {
  /** Where it answers, without a trailing slash. @defaultValue its default port at `http://localhost` */
  readonly baseURL?: string | undefined;
}

/**
 * The servers to mock; what is not named is not there.
 * @public
 */
export interface MswHandlersOptions {
  /** An Ollama at `http://localhost:11434`. */
  readonly ollama?: true | MswServerOptions | undefined;
  /** An LM Studio at `http://localhost:1234`. */
  readonly lmstudio?: true | MswServerOptions | undefined;
  /** A llama.cpp server at `http://localhost:8080`. */
  readonly 'llama.cpp'?: true | MswServerOptions | undefined;
  /** A vLLM at `http://localhost:8000`. */
  readonly vllm?: true | MswServerOptions | undefined;
}

const SERVERS = {
  ollama: { parts: ollamaParts, baseURL: 'http://localhost:11434' },
  lmstudio: { parts: lmStudioParts, baseURL: 'http://localhost:1234' },
  'llama.cpp': { parts: llamaCppParts, baseURL: 'http://localhost:8080' },
  vllm: { parts: vllmParts, baseURL: 'http://localhost:8000' },
} as const;

const server = v.custom<object>(
  (x) => x === true || (typeof x === 'object' && x !== null && !Array.isArray(x)),
  'true, or an object of options of the fake server',
);
const handlersSchema = v.strictObject({
  ollama: optional(server),
  lmstudio: optional(server),
  'llama.cpp': optional(server),
  vllm: optional(server),
});

/**
 * Request handlers for [msw](https://mswjs.io) 2 and 3 that answer as the fake servers do, without a socket: the same models,
 * replies and faults. At the other default ports of model servers nothing is found, so one that runs on this machine stays
 * out of the test.
 *
 * @example
 * ```ts
 * const server = setupServer(...mswHandlers({ ollama: { reply: 'const answer = 42;' } }));
 * ```
 * @param o - The servers to mock; without it all four, with their default models.
 * @returns Handlers to be spread into `setupServer` or `server.use`.
 * @throws RouterError `ERR_INVALID_OPTION` for a wrong option.
 * @public
 */
export function mswHandlers(o?: MswHandlersOptions): HttpHandler[] {
  checkOptions(handlersSchema, o, 'mswHandlers');
  const names = Object.keys(SERVERS) as (keyof typeof SERVERS)[];
  const mocked = names.flatMap((name): { baseURL: string; handler: HttpHandler }[] => {
    const given = o === undefined ? true : o[name];
    if (given === undefined) return [];
    const { baseURL = SERVERS[name].baseURL, ...options } = given === true ? {} : given;
    const parts = SERVERS[name].parts(options, `mswHandlers: ${name}`);
    return [{ baseURL, handler: http.all(`${baseURL}/*`, ({ request }) => answerInMemory(parts, request)) }];
  });
  const taken = new Set(mocked.map(({ baseURL }) => baseURL));
  const ports = new Set(SERVICE_SPECS.flatMap((spec) => spec.ports));
  const closed = [...ports]
    .map((port) => `http://localhost:${port}`)
    .filter((baseURL) => !taken.has(baseURL))
    // Not a network error: msw 2 lets one that comes after an abort end the process.
    .map((baseURL) => http.all(`${baseURL}/*`, () => new Response('404 page not found', { status: 404 })));
  return [...mocked.map(({ handler }) => handler), ...closed];
}
