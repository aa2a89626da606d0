import { type LocalLLMRouter, type RouteEvent, RouterError } from 'local-llm-router';
import { type FakeServer, fakeLlamaCpp, fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chats, collect, failure, over, soon, up } from './setup.js';

const ANSWER = 'One two three four five six.';
const PIECES = ['One', ' two', ' three', ' four', ' five', ' six.'];

describe('an answer on its way', () => {
  it('is not asked for before somebody reads it', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    await router.initialize();
    const asked = fake.requests.length;
    const stream = router.stream('hello');
    stream[Symbol.asyncIterator]();
    void stream.textStream;
    await router.explain('a look at the router takes a while');
    expect(fake.requests.length).toBe(asked);
    expect(router.context.sessions()).toEqual([]);
  });

  it('comes in full to whoever only awaits the result', async () => {
    const fake = await up(fakeOllama({ reply: ANSWER }));
    const { text } = await over(fake).stream('hello').result;
    expect(text).toBe(ANSWER);
    expect(chats(fake)).toHaveLength(1);
  });

  it('goes no further than it is read', async () => {
    const fake = await up(fakeOllama({ reply: ANSWER }));
    const router = over(fake);
    const events = router.stream('hello')[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ type: 'decision' });
    expect(chats(fake)).toEqual([]);
  });

  it('gives all events to a loop that begins after the result was read', async () => {
    const fake = await up(fakeOllama({ reply: ANSWER }));
    const stream = over(fake).stream('hello');
    const { result } = stream;
    const events = await collect(stream);
    expect(events[0]?.type).toBe('decision');
    expect(textsOf(events)).toEqual(PIECES);
    expect(events.at(-1)).toEqual({ type: 'done', result: await result });
    expect(chats(fake)).toHaveLength(1);
  });

  it('still gives all events after the result is there', async () => {
    const fake = await up(fakeOllama({ reply: ANSWER }));
    const stream = over(fake).stream('hello');
    await stream.result;
    expect(textsOf(await collect(stream))).toEqual(PIECES);
  });

  it('is one text event and one piece of textStream per delta, read together', async () => {
    const fake = await up(fakeLlamaCpp({ reply: ANSWER }));
    const stream = over(fake).stream('hello');
    const [pieces, events, { text }] = await Promise.all([collect(stream.textStream), collect(stream), stream.result]);
    expect(pieces).toEqual(PIECES);
    expect(textsOf(events)).toEqual(PIECES);
    expect(text).toBe(ANSWER);
    expect(chats(fake)).toHaveLength(1);
  });

  it('can be read as a ReadableStream', async () => {
    const fake = await up(fakeOllama({ reply: ANSWER }));
    const { textStream } = over(fake).stream('hello');
    expect(textStream).toBeInstanceOf(ReadableStream);
    expect(await new Response(textStream.pipeThrough(new TextEncoderStream())).text()).toBe(ANSWER);
  });

  it('is complete for a loop that ends itself at done', async () => {
    const fake = await up(fakeOllama({ reply: ANSWER }));
    const router = over(fake);
    const stream = router.stream('hello');
    for await (const event of stream) if (event.type === 'done') break;
    expect((await stream.result).text).toBe(ANSWER);
    expect((await router.route('and now?')).text).toBe(ANSWER);
  });

  it('frees the session with its last event', async () => {
    const fake = await up(fakeOllama({ reply: ANSWER }));
    const router = over(fake);
    const events = router.stream('hello')[Symbol.asyncIterator]();
    for (let event = await events.next(); event.value?.type !== 'done'; ) event = await events.next();
    expect((await router.route('and now?')).text).toBe(ANSWER);
  });
});

describe('an answer that is not wanted any more', () => {
  const ways: [string, (router: LocalLLMRouter) => Promise<unknown>, string][] = [
    [
      'by leaving the loop',
      async (router) => {
        const stream = router.stream('hello');
        for await (const { type } of stream) if (type === 'text') break;
        return stream.result;
      },
      'ERR_ABORTED',
    ],
    [
      'by leaving the text',
      async (router) => {
        const stream = router.stream('hello');
        for await (const piece of stream.textStream) if (piece !== '') break;
        return stream.result;
      },
      'ERR_ABORTED',
    ],
    [
      'by cancelling textStream',
      async (router) => {
        const stream = router.stream('hello');
        const reader = stream.textStream.getReader();
        await reader.read();
        await reader.cancel();
        return stream.result;
      },
      'ERR_ABORTED',
    ],
    [
      'by a signal, while the loop waits',
      async (router) => {
        const controller = new AbortController();
        for await (const { type } of router.stream('hello', { signal: controller.signal })) {
          if (type === 'text') controller.abort();
        }
      },
      'ERR_ABORTED',
    ],
    [
      'by a signal that times out, in route',
      (router) => router.route('hello', { signal: AbortSignal.timeout(60) }),
      'ERR_TIMEOUT',
    ],
  ];

  it.each(ways)('%s, is not generated further', async (_, leave, code) => {
    const fake = await up(fakeOllama({ reply: ANSWER, faults: ['hang-mid-stream'] }));
    const router = over(fake);
    await router.initialize();
    const error = await failure(leave(router));
    // A time-out after the first content is an interruption like any other.
    expect([code, 'ERR_INTERRUPTED']).toContain(error.code);
    await soon(() => chats(fake)[0]?.cancelled).toBe(true);
    expect(router.context.sessions()).toEqual([]);
  });

  it('is not even asked for where its signal is aborted already', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    const error = await failure(router.route('hello', { signal: AbortSignal.abort('enough') }));
    expect(error).toMatchObject({ code: 'ERR_ABORTED', cause: 'enough' });
    const stream = router.stream('hello', { signal: AbortSignal.abort() });
    expect(await failure(stream.result)).toMatchObject({ code: 'ERR_ABORTED' });
    expect(await failure(router.explain('hello', { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(fake.requests).toEqual([]);
  });

  it('frees session and connection where it was aborted while nobody read on', async () => {
    const fake = await up(fakeOllama({ reply: ANSWER, faults: [{ name: 'hang-mid-stream', times: 1 }] }));
    const router = over(fake);
    const controller = new AbortController();
    const events = router.stream('hello', { signal: controller.signal })[Symbol.asyncIterator]();
    for (let event = await events.next(); event.value?.type !== 'text'; ) event = await events.next();
    controller.abort();
    expect((await router.route('and now?')).text).toBe(ANSWER);
    expect(chats(fake)[0]?.cancelled).toBe(true);
    expect(await failure(async () => collect({ [Symbol.asyncIterator]: () => events }))).toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});

describe('a call that fails', () => {
  const failing: [string, () => Promise<FakeServer>, string][] = [
    ['before its first content', () => fakeOllama({ faults: ['reset'] }), 'ERR_ALL_ATTEMPTS_FAILED'],
    ['in the middle', () => fakeOllama({ reply: ANSWER, faults: ['close-mid-stream'] }), 'ERR_INTERRUPTED'],
  ];

  it.each(failing)('%s, tells loop, text and result the same', async (_, start, code) => {
    const fake = await up(start());
    const stream = over(fake).stream('hello');
    const errors = await Promise.all([
      failure(() => collect(stream)),
      failure(() => collect(stream.textStream)),
      failure(stream.result),
    ]);
    expect(errors[0].code).toBe(code);
    expect(RouterError.is(errors[0])).toBe(true);
    expect(errors[1]).toBe(errors[0]);
    expect(errors[2]).toBe(errors[0]);
  });

  it('never becomes an unhandled rejection, whatever was looked at', async () => {
    const seen: unknown[] = [];
    const listener = (error: unknown): void => void seen.push(error);
    process.on('unhandledRejection', listener);
    onTestFinished(() => void process.off('unhandledRejection', listener));
    const fake = await up(fakeOllama({ faults: ['reset'] }));
    const router = over(fake);
    const stream = router.stream('hello');
    void stream.result;
    void stream.textStream;
    await failure(() => collect(stream));
    await failure(() => collect(router.stream('hello').textStream));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
  });

  it('throws at once where the input is wrong', async () => {
    const router = over([]);
    expect(() => router.stream('')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_REQUEST' }));
    expect(() => router.stream('hello', { timeouts: { totalMs: -1 } })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
    );
    await router.close();
    expect(() => router.stream('hello')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });
});

function textsOf(events: readonly RouteEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'text' ? [event.text] : []));
}
