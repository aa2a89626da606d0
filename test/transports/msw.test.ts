import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ollamaTransport } from '../../src/transports/ollama.js';
import { openaiTransport } from '../../src/transports/openai.js';
import { collect, modelAt } from './loopback.js';

const server = setupServer();
beforeAll(() => server.listen());
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

const ask = (transport: ReturnType<typeof openaiTransport>, url: string, signal = new AbortController().signal) =>
  transport.chat({ model: modelAt(url), messages: [{ role: 'user', content: 'hi' }], headers: {} }, { signal, fetch });

it('reads the simplest mock, one JSON completion, as a whole answer', async () => {
  server.use(
    http.post('http://localhost:1234/v1/chat/completions', () =>
      HttpResponse.json({ choices: [{ message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }] }),
    ),
    http.post('http://localhost:11434/api/chat', () =>
      HttpResponse.json({ message: { role: 'assistant', content: 'Hello' }, done: true, done_reason: 'stop' }),
    ),
  );
  expect(await collect(ask(openaiTransport(), 'http://localhost:1234'))).toMatchObject({
    text: 'Hello',
    finish: { finishReason: 'stop' },
  });
  expect(await collect(ask(ollamaTransport(), 'http://localhost:11434'))).toMatchObject({
    text: 'Hello',
    finish: { finishReason: 'stop' },
  });
});

it('ends a mock that never does when the call is aborted', async () => {
  server.use(
    http.post('http://localhost:11434/api/chat', () => {
      const body = new ReadableStream({
        start: (controller) =>
          controller.enqueue(new TextEncoder().encode('{"message":{"content":"hi"},"done":false}\n')),
      });
      return new HttpResponse(body, { headers: { 'Content-Type': 'application/x-ndjson' } });
    }),
  );
  const controller = new AbortController();
  const run = async () => {
    for await (const event of ask(ollamaTransport(), 'http://localhost:11434', controller.signal)) {
      expect(event).toEqual({ type: 'text', text: 'hi' });
      controller.abort();
    }
  };
  await expect(run()).rejects.toMatchObject({ code: 'ERR_ABORTED' });
});
