import { describe, expect, it } from 'vitest';
import type { ModelRef } from '../../src/core/model.js';
import type { TransportEvent } from '../../src/core/transport.js';
import { NdjsonParser } from '../../src/transports/ndjson-parser.js';
import { ollamaReply } from '../../src/transports/ollama-reply.js';
import { streamReply } from '../../src/transports/stream-body.js';

const model: ModelRef = { id: 'm', key: null, service: 's', type: 'ollama', baseURL: 'http://localhost:11434' };
const line = (content: string, rest: object = {}): string => `${JSON.stringify({ message: { content }, ...rest })}\n`;
const LAST = line('', { done: true, done_reason: 'stop' });

/** A reply in these pieces; without an end where `open` is set. */
function reply(pieces: readonly string[], o: { open?: boolean; cancelled?: () => void } = {}): Response {
  const encoder = new TextEncoder();
  const left = [...pieces];
  return new Response(
    new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const piece = left.shift();
          if (piece !== undefined) controller.enqueue(encoder.encode(piece));
          else if (o.open !== true) controller.close();
          else await new Promise<void>(() => {});
        },
        cancel: () => o.cancelled?.(),
      },
      { highWaterMark: 0 },
    ),
  );
}

function read(response: Response, signal = new AbortController().signal): ReturnType<typeof streamReply> {
  return streamReply(async () => response, new NdjsonParser(model, ollamaReply(model)), { model, signal });
}

const textOf = ({ value }: IteratorResult<TransportEvent, void>): string | undefined =>
  value?.type === 'text' ? value.text : value?.type;

describe('the events of a reply', () => {
  it.each([
    ['one piece', [line('a') + line('b') + line('c') + LAST]],
    ['a piece for each', [line('a'), line('b'), line('c'), LAST]],
    ['pieces that cut lines', [line('a') + line('b').slice(0, 9), line('b').slice(9) + line('c'), LAST]],
  ])('come in order where many are asked for at once: %s', async (_, pieces) => {
    const events = read(reply(pieces));
    const steps = await Promise.all(Array.from({ length: 6 }, () => events.next()));
    expect(steps.map(textOf)).toEqual(['a', 'b', 'c', 'finish', undefined, undefined]);
    expect(steps.map(({ done }) => done)).toEqual([false, false, false, false, true, true]);
  });

  it('that are left when the reader leaves are not given any more, and the reply is cancelled', async () => {
    let cancelled = false;
    const events = read(
      reply([line('a') + line('b')], {
        open: true,
        cancelled: () => {
          cancelled = true;
        },
      }),
    );
    expect(textOf(await events.next())).toBe('a');
    expect(await events.return?.()).toEqual({ done: true, value: undefined });
    expect(cancelled).toBe(true);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('before a fault in the same piece are given first', async () => {
    const events = read(reply([`${line('a')}no json\n${line('b')}`]));
    expect(textOf(await events.next())).toBe('a');
    await expect(events.next()).rejects.toMatchObject({ code: 'ERR_BAD_RESPONSE' });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('end at an abort, also of a body that would go on for ever; nobody listens to the signal afterwards', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = new Set<unknown>();
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners.add(args[1]);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners.delete(args[1]);
      remove(...args);
    };
    const whole = read(reply([line('a') + LAST]), signal);
    while ((await whole.next()).done !== true);
    expect(listeners.size).toBe(0);
    const endless = read(reply([line('a')], { open: true }), signal);
    expect(textOf(await endless.next())).toBe('a');
    expect(listeners.size).toBe(1);
    const next = endless.next();
    controller.abort();
    await expect(next).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(listeners.size).toBe(0);
  });
});
