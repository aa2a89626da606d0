import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type RouterErrorCode, verifyAuditLog } from 'local-llm-router';
import { fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { childScript } from '../security/child-script.js';
import { CANARY, forges, leaksOf } from './egress-canaries.js';
import {
  codesOf,
  expectNoLeak,
  filesOf,
  listening,
  publicObjects,
  REQUEST,
  withKey,
  world,
} from './egress-canary-world.js';
import { expectSilence, modelServer } from './egress-scene.js';
import { ALL_CODES, CASES } from './egress-secret-cases.js';

expectSilence();

describe('keys, prompts, replies and file contents', () => {
  it('stand in no picture of a public object, in no event and no file, where all goes well', async () => {
    const place = await world();
    const fake = await fakeOllama({
      apiKey: CANARY.apiKey,
      models: [{ id: 'qwen3:8b', contextLength: 32_768 }],
      reply: ({ tools }) => ({
        text: `${CANARY.reply} `.repeat(4),
        reasoning: CANARY.reasoning,
        ...(tools.length > 0 ? { toolCalls: [{ name: 'f', arguments: { a: CANARY.toolCall } }] } : {}),
      }),
    });
    onTestFinished(() => fake.close());
    const router = listening(place, { services: [withKey('ollama', fake.url)] });
    router.onServiceChange((change) => place.told.push(change));
    expect((await publicObjects(router)).flatMap(leaksOf)).toEqual([]);
    await router.initialize();
    const result = await router.route(REQUEST);
    expect(result.text).toContain(CANARY.reply);
    const { decision, attempts, model, usage, timings, finishReason, fallbackLevel } = result;
    expect([decision, attempts, model, usage, timings, finishReason, fallbackLevel].flatMap(leaksOf)).toEqual([]);
    await router.route({ prompt: `${CANARY.prompt} once more`, session: 's' });
    const stream = router.stream({ prompt: `${CANARY.prompt} streamed`, session: 's' });
    for await (const event of stream) {
      // Beside what they are there for, events tell nothing.
      if (!['text', 'reasoning', 'tool-call', 'tool-call-delta', 'done'].includes(event.type)) place.told.push(event);
      if (event.type === 'text') expect(leaksOf(stream)).toEqual([]);
    }
    expect([stream, stream.textStream].flatMap(leaksOf)).toEqual([]);
    expect((await publicObjects(router)).flatMap(leaksOf)).toEqual([]);
    expect(place.told.length).toBeGreaterThan(10);
    await expectNoLeak(place, router, undefined);
    await router.close();
    expect((await filesOf(place.directory)).match(/"event":"query"/g)?.length).toBeGreaterThan(2);
    expect(leaksOf(await filesOf(place.directory))).toEqual([]);
    expect(leaksOf(await verifyAuditLog(join(place.directory, 'audit')))).toEqual([]);
    expect(leaksOf(router)).toEqual([]);
  });

  it('arrive where they belong', async () => {
    const place = await world();
    const server = await modelServer();
    const router = listening(place, { services: [withKey('openai-compatible', server.url)] });
    await router.route(REQUEST);
    const sent = JSON.stringify(server.asked.at(-1));
    for (const name of [
      'prompt',
      'system',
      'toolResult',
      'file',
      'apiKey',
      'header',
      'extra',
      'schema',
      'symbol',
    ] as const) {
      expect(sent).toContain(CANARY[name]);
    }
    for (const name of ['metadata', 'auditKey', 'environment'] as const) expect(sent).not.toContain(CANARY[name]);
  });
});

describe('an error', () => {
  const reached = new Set<RouterErrorCode>();

  it('that holds some is found out, however deep', () => {
    const inner = Object.assign(new Error('x'), { body: { text: [CANARY.reply] } });
    expect(leaksOf(new Error('y', { cause: inner }))).not.toEqual([]);
    expect(leaksOf(new Map([['key', new TextEncoder().encode(CANARY.auditKey)]]))).not.toEqual([]);
    expect(leaksOf({ key: Buffer.from(CANARY.auditKey).toString('base64') })).not.toEqual([]);
    expect(forges(new Error('a', { cause: new Error('b\u202ec') }))).toBe(true);
  });

  it.each(CASES.map((each) => [each.name, each] as const))('holds none of them: %s', async (_, { code, run }) => {
    const place = await world();
    const { error, router } = await run(place);
    const codes = codesOf(error);
    expect(codes).toContain(code);
    for (const each of codes) reached.add(each);
    await expectNoLeak(place, router, error);
  });

  it('is reached by a case for every code that the library gives', () => {
    expect(ALL_CODES.filter((code) => !reached.has(code))).toEqual(['ERR_BUDGET']);
  });
});

/** Every kind of failure, in a process that says what reaches its console and what nobody caught. */
async function inChild(): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const script = await childScript(`
    import { LocalLLMRouter } from './src/index.ts';
    import { fakeFaults, fakeLlamaCpp, fakeOllama } from './src/testing.ts';
    process.on('unhandledRejection', () => console.log('UNHANDLED'));
    process.on('uncaughtException', () => console.log('UNCAUGHT'));
    process.on('warning', () => console.log('WARNING'));
    async function main() {
      for (const start of [fakeOllama, fakeLlamaCpp]) {
        for (const fault of [undefined, ...Object.keys(fakeFaults)]) {
          const fake = await start({ models: [{ id: 'm:7b', contextLength: 16000 }], faults: fault ? [fault] : [] });
          const router = new LocalLLMRouter({ discovery: false, retry: { maxRetries: 0 }, timeouts: { firstContentMs: 30, idleMs: 30, totalMs: 200 }, services: [{ type: fake.type, baseURL: fake.url }] });
          await router.route('prompt').catch(() => {});
          const stream = router.stream('prompt');
          void stream.result;
          try { for await (const event of stream) if (event.type === 'text') break; } catch {}
          void router.stream('left alone');
          void router.route('closed').catch(() => {});
          await router.embed('text').catch(() => {});
          await router.close();
          await fake.close();
        }
      }
      console.log('ended');
    }
    main();
  `);
  onTestFinished(() => script.done());
  return new Promise((resolve) => {
    execFile(process.execPath, [script.path], { env: { PATH: process.env['PATH'] } }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, code: error ? Number(error.code ?? -1) : 0 }),
    );
  });
}

describe('the router in a process of its own', () => {
  it('prints nothing and leaves no rejection behind, whatever fails', async () => {
    const { stdout, stderr, code } = await inChild();
    expect({ stdout, stderr, code }).toEqual({ stdout: 'ended\n', stderr: '', code: 0 });
  });
});
