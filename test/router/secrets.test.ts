import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Logger, RouteRequest, RouterError, RouterOptions } from 'local-llm-router';
import { type FakeFaultName, fakeFaults, fakeLlamaCpp, fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chats, collect, failure, over, up } from './setup.js';

// Every text that must not leave its place. No dictionary words, so that no cue of the classifier is one of them.
const CANARY = {
  prompt: 'zqprompt7731',
  reply: 'zqreply7732',
  reasoning: 'zqreason7733',
  key: 'zqkey7734',
  header: 'zqheader7735',
  file: 'zqfile7736',
  symbol: 'zqsymbol7737',
  system: 'zqsystem7738',
  tool: 'zqtool7739',
};
const ANY = new RegExp(Object.values(CANARY).join('|'));

const REQUEST: RouteRequest = {
  messages: [
    { role: 'system', content: CANARY.system },
    { role: 'user', content: `Fix \`${CANARY.symbol}\` please: ${CANARY.prompt} ${'x '.repeat(50)}` },
  ],
  session: 's',
  fileContext: { file: 'src/a.ts', text: CANARY.file },
  tools: [{ type: 'function', function: { name: CANARY.tool } }],
  metadata: { note: CANARY.prompt },
};

/** Options that write down all that the router says, with secrets in every place that has some. */
function listening(url: string): { options: RouterOptions; logged: unknown[] } {
  const logged: unknown[] = [];
  const log = (...a: unknown[]): void => void logged.push(...a);
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  const options: RouterOptions = {
    logger,
    services: [{ type: 'ollama', baseURL: url, apiKey: CANARY.key, headers: { 'x-custom': CANARY.header } }],
    serena: {
      listTools: async () => ['find_symbol'],
      callTool: async () => ({
        text: JSON.stringify([{ name_path: 'a', kind: 'Function', relative_path: 'src/a.ts', body: CANARY.file }]),
        isError: false,
      }),
    },
  };
  return { options, logged };
}

/** All ways in which a host may look at an error. */
function shown(error: RouterError): string {
  return [
    error.message,
    error.stack,
    String(error),
    JSON.stringify(error),
    inspect(error, { depth: 20, showHidden: false }),
    JSON.stringify(error.attempts),
    inspect(error.cause, { depth: 20 }),
  ].join('\n');
}

describe('prompt, reply and keys', () => {
  // After the others the answer is whole.
  const failing = (Object.keys(fakeFaults) as FakeFaultName[]).filter(
    (name) => !['byte-by-byte', 'bom', 'crlf', 'keep-alives', 'more-after-end'].includes(name),
  );

  it.each(failing)('stand in no error, log or audit record (%s)', async (name) => {
    const fake = await up(
      fakeOllama({
        apiKey: CANARY.key,
        faults: [name],
        reply: () => ({ text: `${CANARY.reply} `.repeat(6), reasoning: CANARY.reasoning }),
      }),
    );
    const { options, logged } = listening(fake.url);
    const router = over([], options);
    const events: unknown[] = [];
    const timeouts = { firstContentMs: 40, idleMs: 40, totalMs: 200 };
    const error = await failure(async () => {
      for await (const event of router.stream(REQUEST, { timeouts })) {
        if (!['decision', 'text', 'reasoning'].includes(event.type)) events.push(event);
      }
    });
    expect(error.code).toMatch(/^ERR_/);
    expect(shown(error)).not.toMatch(ANY);
    expect(JSON.stringify(events)).not.toMatch(ANY);
    expect(inspect(logged, { depth: 10 })).not.toMatch(ANY);
    expect(JSON.stringify(router.security.audit.recent())).not.toMatch(ANY);
    expect(router.security.audit.recent().length).toBeGreaterThan(0);
    expect(inspect(router, { depth: 20 })).not.toMatch(new RegExp(`${CANARY.key}|${CANARY.header}`));
  });

  it('stand in no error where the server sends them back', async () => {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const list = { object: 'list', data: [{ id: 'echo', max_model_len: 16_384 }] };
        response.setHeader('content-type', 'application/json');
        const refused = request.method !== 'GET';
        response.statusCode = refused ? 400 : 200;
        const error = { message: `I cannot ${body}`, type: body, code: 400, param: body };
        response.end(JSON.stringify(refused ? { error } : list));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    onTestFinished(() => server.closeAllConnections());
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { options, logged } = listening(baseURL);
    const router = over([], {
      ...options,
      services: [{ type: 'openai-compatible', baseURL, apiKey: CANARY.key, models: ['echo'] }],
    });
    const error = await failure(router.route({ ...REQUEST, model: 'echo' }));
    expect(error.attempts).toMatchObject([{ model: { id: 'echo' }, outcome: 'failed' }]);
    expect(shown(error)).not.toMatch(ANY);
    expect(inspect(logged, { depth: 10 })).not.toMatch(ANY);
  });

  it('stand in no error about a request that cannot be taken', async () => {
    const fake = await up(fakeLlamaCpp({ models: [{ id: 'm', contextLength: 9_000 }] }));
    const router = over(fake);
    const long = await failure(router.route(`${CANARY.prompt} ${'word '.repeat(20_000)}`));
    expect(['ERR_NO_MODEL', 'ERR_CONTEXT_OVERFLOW']).toContain(long.code);
    expect(shown(long)).not.toMatch(ANY);
    const wrong = [
      await failure(router.route({ prompt: CANARY.prompt, messages: [] })),
      await failure(
        router.route({
          messages: [{ role: 'user', content: [{ type: 'text' }] }],
          prompt: undefined,
        } as unknown as RouteRequest),
      ),
      await failure(router.route({ messages: CANARY.prompt } as unknown as RouteRequest)),
    ];
    for (const error of wrong.slice(0, 2)) expect(shown(error)).not.toMatch(ANY);
  });

  it('stand in no file of the audit log', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'router-audit-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const fake = await up(
      fakeOllama({ apiKey: CANARY.key, reply: CANARY.reply, faults: [{ name: 'reset', times: 1 }] }),
    );
    const { options } = listening(fake.url);
    const router = over([], {
      ...options,
      security: { logQueries: true, logResponses: true, audit: { directory, key: new Uint8Array(32).fill(7) } },
    });
    await router.route(REQUEST);
    await collect(router.stream(REQUEST));
    await router.close();
    const files = await readdir(directory, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'utf8')),
    );
    expect(texts.join('').match(/"query"/g)?.length).toBeGreaterThan(1);
    expect(texts.join('')).not.toMatch(ANY);
  });

  it('go where they belong', async () => {
    const fake = await up(fakeOllama({ apiKey: CANARY.key, reply: CANARY.reply }));
    const { options } = listening(fake.url);
    const { text } = await over([], options).route(REQUEST);
    expect(text).toContain(CANARY.reply);
    const [sent] = chats(fake);
    expect(sent?.headers).toMatchObject({ authorization: `Bearer ${CANARY.key}`, 'x-custom': CANARY.header });
    for (const part of [CANARY.prompt, CANARY.system, CANARY.tool]) expect(JSON.stringify(sent?.body)).toContain(part);
  });
});
