import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AuditSink,
  LocalLLMRouter,
  type Logger,
  type RouteRequest,
  RouterError,
  type RouterErrorCode,
  type RouterOptions,
  type SerenaClient,
} from 'local-llm-router';
import { expect, onTestFinished } from 'vitest';
import { CANARY, forges, leaksOf } from './egress-canaries.js';

export const REQUEST: RouteRequest = {
  messages: [
    { role: 'system', content: CANARY.system },
    { role: 'user', content: `Fix \`${CANARY.symbol}\` please: ${CANARY.prompt}` },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'c', content: CANARY.toolResult },
    { role: 'user', content: `${CANARY.prompt} go on` },
  ],
  session: 's',
  fileContext: { file: 'src/a.ts', text: `const ${CANARY.file} = 1;` },
  tools: [{ type: 'function', function: { name: 'f', description: CANARY.schema } }],
  metadata: { note: CANARY.metadata },
  extraBody: { user: CANARY.extra },
};

export interface World {
  readonly options: RouterOptions;
  /** All that was told to anybody: loggers, subscribers, sinks. */
  readonly told: unknown[];
  readonly directory: string;
}

/** Options with a secret in every place that has one, and an ear at every place that tells something. */
export async function world(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'router-canary-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const told: unknown[] = [];
  const tell = (...given: unknown[]): void => void told.push(...given);
  const logger: Logger = { debug: tell, info: tell, warn: tell, error: tell };
  const sink: AuditSink = { write: async (lines) => tell(...lines) };
  const serena: SerenaClient = {
    listTools: async () => ['find_symbol', 'get_symbols_overview'],
    callTool: async () => ({
      text: JSON.stringify([{ name_path: 'a', kind: 'Function', relative_path: 'src/a.ts', body: CANARY.serena }]),
      isError: false,
    }),
  };
  const before = { ...process.env };
  Object.assign(process.env, {
    OPENAI_API_KEY: CANARY.environment,
    OLLAMA_API_KEY: CANARY.environment,
    ZQ: CANARY.environment,
  });
  onTestFinished(() => {
    process.env = before;
  });
  const key = new TextEncoder().encode(CANARY.auditKey.repeat(3));
  const options: RouterOptions = {
    logger,
    serena,
    serenaOptions: { when: 'always' },
    systemPrompt: CANARY.system,
    discovery: false,
    retry: { maxRetries: 0 },
    security: {
      logQueries: true,
      logResponses: true,
      audit: { directory: join(directory, 'audit'), key, sinks: [sink] },
    },
  };
  return { options, told, directory };
}

/** A router of such a world; all that its subscribers hear is told. */
export function listening({ options, told }: World, more: RouterOptions = {}): LocalLLMRouter {
  const router = new LocalLLMRouter({ ...options, ...more });
  onTestFinished(() => router.close());
  router.onDecision((decision) => told.push(decision));
  router.onAttempt((attempt, id) => told.push(attempt, id));
  return router;
}

export const withKey = (type: 'ollama' | 'openai-compatible' | 'llama.cpp' | 'gpt4all', baseURL: string) => ({
  type,
  baseURL,
  apiKey: async () => CANARY.apiKey,
  headers: { 'x-custom': CANARY.header },
});

/** Everything public that a host may print. */
export async function publicObjects(router: LocalLLMRouter): Promise<unknown[]> {
  const { discovery, selector, context, security } = router;
  return [
    router,
    discovery,
    selector,
    context,
    security,
    security.narrow({ allowExternal: false }),
    security.fetch,
    security.audit,
    security.audit.recent(),
    security.audit.checkpoint(),
    router.status(),
    discovery.services(),
    discovery.models(),
    await discovery.discoverAll(),
    selector.routing,
    context.sessions(),
    context.usage({ session: 's' }),
    await router.explain(REQUEST),
    await security.validateEndpoint('http://10.0.0.1/'),
    router.stream(REQUEST),
    router.stream(REQUEST).textStream,
  ];
}

export async function filesOf(directory: string): Promise<string> {
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  const texts = files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

/** Looks everywhere after something happened. */
export async function expectNoLeak(
  { told, directory }: World,
  router: LocalLLMRouter | undefined,
  error: unknown,
): Promise<void> {
  expect(leaksOf(error)).toEqual([]);
  expect(forges(error)).toBe(false);
  expect(told.flatMap(leaksOf)).toEqual([]);
  if (router === undefined) return;
  await router.security.audit.flush().catch(() => {});
  expect(leaksOf(await filesOf(directory))).toEqual([]);
  expect([router, router.security.audit.recent(), router.status()].flatMap(leaksOf)).toEqual([]);
}

export async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** Every code in an error, in its causes and attempts. */
export function codesOf(error: unknown): RouterErrorCode[] {
  if (!RouterError.is(error)) return [];
  const attempts = (error.attempts ?? []).flatMap(({ code }) => code ?? []);
  return [error.code, ...attempts, ...codesOf(error.cause)];
}
