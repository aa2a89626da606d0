import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { type Attempt, type RouterError, RouterError as RouterErrorClass } from 'local-llm-router';
import { type FakeFaultName, fakeFaults, fakeLlamaCpp, fakeLMStudio, fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chats, collect, failure, over, said, up } from './setup.js';

const ANSWER = 'One two three four five six.';
const AFTER_CONTENT: readonly FakeFaultName[] = [
  'close-mid-stream',
  'error-in-stream',
  'no-finish',
  'done-without-finish',
];
const ENDLESS: readonly FakeFaultName[] = [
  'hang',
  'hang-mid-stream',
  'slow-headers',
  'only-keep-alives',
  'endless-answer',
];
/** After these the answer is whole. */
const ODD: readonly FakeFaultName[] = ['byte-by-byte', 'bom', 'crlf', 'keep-alives', 'more-after-end'];
const BEFORE_CONTENT = (Object.keys(fakeFaults) as FakeFaultName[]).filter(
  (name) => !AFTER_CONTENT.includes(name) && !ENDLESS.includes(name) && !ODD.includes(name) && name !== 'overflow',
);
const TWO = { models: [{ id: 'first:7b' }, { id: 'second:7b' }], reply: ANSWER };
const FIRST = {
  coding: { primary: ['first:7b'] },
  reasoning: { primary: ['first:7b'] },
  analysis: { primary: ['first:7b'] },
  documentation: { primary: ['first:7b'] },
};

const MODELS = JSON.stringify({ object: 'list', data: [{ id: 'first:7b', object: 'model' }] });
const LIST = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${MODELS.length}\r\n\r\n${MODELS}`;

describe('a model that fails before its first content', () => {
  it.each(BEFORE_CONTENT)('(%s) is followed by the next one', async (name) => {
    const fake = await up(fakeOllama({ ...TWO, faults: [{ name, model: 'first:7b' }] }));
    const router = over(fake, { taskRouting: FIRST });
    const heard: Attempt[] = [];
    router.onAttempt((attempt) => void heard.push(attempt));
    const events = await collect(router.stream('hello'));
    const done = events.at(-1);
    const result = done?.type === 'done' ? done.result : undefined;

    expect(result).toMatchObject({ text: ANSWER, fallbackLevel: 'fallback', model: { id: 'second:7b' } });
    expect(result?.attempts).toMatchObject([
      { model: { id: 'first:7b' }, level: 'primary', outcome: 'failed', retries: 0 },
      { model: { id: 'second:7b' }, level: 'fallback', outcome: 'ok' },
    ]);
    const [failed] = result?.attempts ?? [];
    expect(failed?.code).toMatch(/^ERR_/);
    expect(failed?.reason).toMatch(/first:7b|127\.0\.0\.1/);
    expect(events.filter(({ type }) => type === 'attempt-failed')).toEqual([
      { type: 'attempt-failed', attempt: failed },
    ]);
    expect(heard).toEqual(result?.attempts);
    expect(events.flatMap((event) => (event.type === 'text' ? [event.text] : [])).join('')).toBe(ANSWER);
  });

  it('is asked once more where the failure may pass', async () => {
    const fake = await up(fakeOllama({ ...TWO, faults: [{ name: 'reset', times: 1 }] }));
    const router = over(fake, { taskRouting: FIRST, retry: { maxRetries: 1, minDelayMs: 1 } });
    const { attempts, fallbackLevel } = await router.route('hello');
    expect(fallbackLevel).toBe('primary');
    expect(attempts).toMatchObject([{ outcome: 'ok', retries: 1 }]);
  });

  it('may be at another service', async () => {
    const dead = await up(fakeLMStudio({ models: [{ id: 'first:7b', contextLength: 8_192 }], faults: ['html'] }));
    const alive = await up(fakeOllama({ models: [{ id: 'second:7b' }], reply: ANSWER }));
    const { text, model, attempts } = await over([dead, alive], { taskRouting: FIRST }).route('hello');
    expect(text).toBe(ANSWER);
    expect(model.type).toBe('ollama');
    expect(attempts.map(({ model }) => model.type)).toEqual(['lmstudio', 'ollama']);
  });

  it.each([
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.6\r\n'],
    [
      'a body that is cut short',
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 99\r\n\r\ndata: {',
    ],
    [
      'an answer in binary',
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\n\u0000\u0001\u0002\u0003',
    ],
    ['a redirect', 'HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n'],
  ])('whose server answers %s is followed by the next one', async (_, bytes) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (data) => socket.end(String(data).startsWith('GET') ? LIST : bytes));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const alive = await up(fakeOllama({ models: [{ id: 'second:7b' }], reply: ANSWER }));
    const router = over(alive, {
      taskRouting: FIRST,
      services: [{ type: 'openai-compatible', baseURL, contextLength: 16_384 }],
    });
    const { text, attempts } = await router.route('hello');
    expect(text).toBe(ANSWER);
    expect(attempts).toMatchObject([{ model: { id: 'first:7b' }, outcome: 'failed' }, { outcome: 'ok' }]);
  });

  it('whose server is gone since it was found is followed by the next one', async () => {
    const gone = await up(fakeLlamaCpp({ models: [{ id: 'first:7b', contextLength: 16_384 }] }));
    const alive = await up(fakeOllama({ models: [{ id: 'second:7b' }] }));
    const router = over([gone, alive], { taskRouting: FIRST });
    await router.initialize();
    await gone.close();
    const { attempts } = await router.route('hello');
    expect(attempts).toMatchObject([{ outcome: 'failed', code: 'ERR_UNREACHABLE' }, { outcome: 'ok' }]);
  });
});

describe('a model whose answer has an odd form', () => {
  it.each(ODD)('(%s) has answered', async (name) => {
    const fake = await up(fakeOllama({ ...TWO, faults: [{ name, model: 'first:7b' }] }));
    const { text, attempts } = await over(fake, { taskRouting: FIRST }).route('hello');
    expect(text).toBe(ANSWER);
    expect(attempts).toMatchObject([{ model: { id: 'first:7b' }, outcome: 'ok' }]);
  });
});

describe('a model that breaks off in the middle', () => {
  it.each(AFTER_CONTENT)('(%s) ends route and stream with what had come', async (name) => {
    const fake = await up(fakeOllama({ ...TWO, faults: [{ name, model: 'first:7b' }] }));
    const router = over(fake, { taskRouting: FIRST });
    const stream = router.stream('hello');
    const pieces: string[] = [];
    const streamed = await failure(async () => {
      for await (const piece of stream.textStream) pieces.push(piece);
    });
    for (const error of [await failure(router.route('hello')), streamed]) {
      expect(error).toMatchObject({ code: 'ERR_INTERRUPTED', isRetryable: true, model: 'first:7b' });
      expect(ANSWER.startsWith(error.partialText ?? '?')).toBe(true);
      expect(error.attempts).toMatchObject([{ outcome: 'failed', code: 'ERR_INTERRUPTED' }]);
      expect((error.cause as RouterError).code).toMatch(/^ERR_/);
    }
    expect(pieces.join('')).toBe(streamed.partialText);
    expect(chats(fake).map(({ model }) => model)).toEqual(['first:7b', 'first:7b']);
  });
});

describe('a prompt that the server finds too long', () => {
  it('is sent again with a reduced context, and the conversation keeps what was left out', async () => {
    let refused = 0;
    const fake = await up(
      fakeLlamaCpp({
        models: [{ id: 'm', contextLength: 16_384 }],
        faults: ({ body }) => {
          const tooLong = JSON.stringify(body ?? '').length > 20_000;
          if (tooLong) refused += 1;
          return tooLong ? 'overflow' : undefined;
        },
      }),
    );
    const router = over(fake);
    for (let i = 0; i < 4; i++) {
      router.context.addMessage({ role: 'user', content: `question ${i} ${'x '.repeat(2_000)}` });
      router.context.addMessage({ role: 'assistant', content: `answer ${i} ${'y '.repeat(2_000)}` });
    }
    const result = await router.route('and now?');
    expect(refused).toBe(1);
    expect(result.fallbackLevel).toBe('reduced-context');
    expect(result.attempts).toMatchObject([
      { level: 'primary', outcome: 'failed', code: 'ERR_CONTEXT_OVERFLOW' },
      { level: 'reduced-context', outcome: 'ok' },
    ]);
    expect(said(chats(fake)[1]).at(-1)?.content).toBe('and now?');
    expect(router.context.session('default')?.messages).toHaveLength(10);
  });

  it('is refused as such where nothing of it may be left out', async () => {
    const fake = await up(fakeLlamaCpp({ models: [{ id: 'm', contextLength: 16_384 }], faults: ['overflow'] }));
    const error = await failure(over(fake).route('word '.repeat(6_000)));
    expect(error).toMatchObject({ code: 'ERR_CONTEXT_OVERFLOW' });
    expect(error.attempts?.map(({ level, outcome }) => `${level} ${outcome}`)).toEqual([
      'primary failed',
      'reduced-context skipped',
    ]);
  });

  it('that no model holds is compacted rather than refused', async () => {
    const fake = await up(fakeLlamaCpp({ models: [{ id: 'm', contextLength: 16_384 }] }));
    const router = over(fake);
    for (let i = 0; i < 30; i++) router.context.addMessage({ role: 'user', content: `${i} ${'x '.repeat(2_000)}` });
    const { decision } = await router.route('and now?');
    expect(decision.notes.join()).toContain('compacted');
    expect(decision.context.compaction).toMatchObject({ limit: 16_384 });
  });
});

describe('when every model failed', () => {
  it('the error names each attempt and why', async () => {
    const fake = await up(
      fakeOllama({
        ...TWO,
        faults: [
          { name: 'html', model: 'first:7b' },
          { name: 'status-500', model: 'second:7b' },
        ],
      }),
    );
    const error = await failure(over(fake, { taskRouting: FIRST }).route('hello'));
    expect(error.code).toBe('ERR_ALL_ATTEMPTS_FAILED');
    expect(error.attempts).toMatchObject([
      { model: { id: 'first:7b' }, level: 'primary', outcome: 'failed', code: 'ERR_BAD_RESPONSE' },
      { model: { id: 'second:7b' }, level: 'fallback', outcome: 'failed' },
    ]);
    expect(error.message).toContain('first:7b');
    expect(error.message).toContain('second:7b');
    expect(RouterErrorClass.is(error.cause)).toBe(true);
  });

  it('a model that keeps failing comes last for a while, and the status shows it', async () => {
    const fake = await up(fakeOllama({ ...TWO, faults: [{ name: 'status-500', model: 'first:7b' }] }));
    const router = over(fake, { taskRouting: FIRST });
    for (let i = 0; i < 3; i++) await router.route('hello');
    expect(router.status().health).toMatchObject([{ model: { id: 'first:7b' }, state: 'open' }]);
    const asked = chats(fake).length;
    expect((await router.route('hello')).model.id).toBe('second:7b');
    expect(
      chats(fake)
        .slice(asked)
        .map(({ model }) => model),
    ).toEqual(['second:7b']);
  });
});

describe('a forced model', () => {
  const forced: [string, (service: string) => string][] = [
    ['its served id', () => 'qwen2.5-coder:7b'],
    ['its catalogue key', () => 'qwen2.5-coder-7b'],
    ['service/model', (service) => `${service}/qwen2.5-coder:7b`],
  ];

  it.each(forced)('is the only one that is asked, named by %s', async (_, nameAt) => {
    const models = [{ id: 'llama3.3:70b' }, { id: 'qwen2.5-coder:7b' }];
    const fake = await up(fakeOllama({ models }));
    const router = over(fake);
    const service = `ollama@127.0.0.1:${fake.port}`;
    const { model, decision } = await router.route({ prompt: 'hello', model: nameAt(service) });
    expect(model).toMatchObject({ id: 'qwen2.5-coder:7b', key: 'qwen2.5-coder-7b' });
    expect(decision.ranked).toHaveLength(1);
    expect(decision.rejected).toMatchObject([{ model: { id: 'llama3.3:70b' }, rule: 'rule' }]);
    expect(decision.requirements.model).toBe(nameAt(service));
  });

  it('that nobody serves is an error with every rejection and its remedy', async () => {
    const fake = await up(fakeOllama(TWO));
    const router = over(fake);
    const decisions: (string | null)[] = [];
    router.onDecision(({ selected }) => void decisions.push(selected?.model.id ?? null));
    const error = await failure(router.route({ prompt: 'hello', model: 'gpt-oss:20b' }));
    expect(error.code).toBe('ERR_NO_MODEL');
    expect(error.message).toContain('"gpt-oss:20b"');
    for (const name of ['first:7b', 'second:7b', 'Leave `model` out']) expect(error.message).toContain(name);
    expect(decisions).toEqual([null]);
    expect(chats(fake)).toEqual([]);
    expect((await router.explain({ prompt: 'hello', model: 'gpt-oss:20b' })).rejected).toHaveLength(2);
  });

  it('that cannot take the request is told why, without a line for each that was not asked for', async () => {
    const fake = await up(fakeOllama(TWO));
    const router = over(fake);
    const content = [{ type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AAAA' } }];
    const error = await failure(router.route({ messages: [{ role: 'user', content }], model: 'second:7b' }));
    expect(error).toMatchObject({ code: 'ERR_NO_MODEL' });
    expect(error.message).toMatch(/second:7b .*\(vision\)/);
    expect(error.message).not.toContain('first:7b');
    const nobody = await failure(router.route({ prompt: 'hello', model: 'nobody:7b' }));
    expect(nobody.message).toBe(
      'No server lists "nobody:7b"; there is first:7b, second:7b. Leave `model` out, or name one of these.',
    );
  });
});
