import {
  LocalLLMRouter,
  type RouteEvent,
  RouterError,
  type RouterOptions,
  type ServiceEndpoint,
} from 'local-llm-router';
import { expect, it, onTestFinished } from 'vitest';
import { tinyModels } from './tiny-model.js';

export const SENTENCE = tinyModels.chain.pieces.join('');

// The tiny models are run with less context than the defaults ask for.
const LOW = { minContext: 256 };
const taskRouting = { coding: LOW, reasoning: LOW, analysis: LOW, documentation: LOW };

/** A router that knows these servers only and ends with the test; each letter is a token, as the tiny models count. */
export function routerFor(services: readonly ServiceEndpoint[], options: RouterOptions = {}): LocalLLMRouter {
  const router = new LocalLLMRouter({
    discovery: false,
    services,
    systemPrompt: false,
    tokenCounter: { count: (text) => text.length },
    serena: false,
    taskRouting,
    ...options,
  });
  onTestFinished(() => router.close());
  return router;
}

// Minutes of generating, if nobody stops it.
const forever = { prompt: 'Go on', maxTokens: 60_000 };

/** What every server must do: answer, stream, and stop when it is told to. `endless` takes one request at a time. */
export function itIsRoutedTo(servers: {
  readonly chain: () => ServiceEndpoint;
  readonly endless: () => ServiceEndpoint;
}) {
  const { chain, endless } = servers;

  it('is routed to', async () => {
    const endpoint = chain();
    const result = await routerFor([endpoint]).route('Say hi');
    expect(result).toMatchObject({
      text: SENTENCE,
      finishReason: 'stop',
      model: { type: endpoint.type, baseURL: endpoint.baseURL },
      fallbackLevel: 'primary',
      attempts: [{ outcome: 'ok', retries: 0 }],
    });
  });

  it('is streamed from, with the same result', async () => {
    const stream = routerFor([chain()]).stream('Say hi');
    const events: RouteEvent[] = [];
    for await (const event of stream) events.push(event);
    const texts = events.flatMap((event) => (event.type === 'text' ? [event.text] : []));
    expect(texts.join('')).toBe(SENTENCE);
    expect(texts.length).toBeGreaterThan(10);
    expect(events[0]?.type).toBe('decision');
    expect(events.at(-1)).toEqual({ type: 'done', result: await stream.result });
  });

  it('is asked by many at once, and answers all', async () => {
    const router = routerFor([chain()]);
    const asked = Array.from({ length: 6 }, (_, i) => router.route({ prompt: `Say hi ${i}`, session: `s${i}` }));
    expect((await Promise.all(asked)).map(({ text }) => text)).toEqual(asked.map(() => SENTENCE));
  });

  it('keeps to the limit of the request', async () => {
    const result = await routerFor([endless()]).route({ prompt: 'Go on', maxTokens: 50 });
    expect(result.finishReason).toBe('length');
    expect(result.text.trim().split(' ').length).toBeGreaterThan(40);
  });

  it('would go on generating if it were not cancelled', async () => {
    const { baseURL } = endless();
    const reading = new AbortController();
    onTestFinished(() => reading.abort());
    const reply = await chat(baseURL, { max_tokens: forever.maxTokens, stream: true }, reading.signal);
    const read = reply.text().catch(() => {});
    expect(await answersInTime(baseURL)).toBe(false);
    reading.abort();
    await read;
    expect(await answersInTime(baseURL)).toBe(true);
  });

  it('stops generating when a stream is cancelled', async () => {
    const leave = new AbortController();
    const stream = routerFor([endless()]).stream(forever, { signal: leave.signal });
    let texts = 0;
    const failure = await (async () => {
      for await (const event of stream) if (event.type === 'text' && ++texts === 20) leave.abort();
    })().catch((error: unknown) => error);
    expect(RouterError.is(failure) && failure.code).toBe('ERR_ABORTED');
    expect(await answersInTime(endless().baseURL)).toBe(true);
  });

  it('stops generating when the reader of a stream leaves', async () => {
    for await (const event of routerFor([endless()]).stream(forever)) if (event.type === 'text') break;
    expect(await answersInTime(endless().baseURL)).toBe(true);
  });

  it('stops generating when a route is cancelled', async () => {
    const { baseURL } = endless();
    const leave = new AbortController();
    const failure = routerFor([endless()])
      .route(forever, { signal: leave.signal })
      .catch((error: unknown) => error);
    // It is being answered once nobody else is.
    while (await answersInTime(baseURL)) {}
    leave.abort();
    expect(RouterError.is(await failure) && ((await failure) as RouterError).code).toBe('ERR_ABORTED');
    expect(await answersInTime(baseURL)).toBe(true);
  });
}

function chat(url: string, body: object, signal: AbortSignal): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }], ...body }),
    signal,
  });
}

/** Whether a server that does one thing at a time is free. */
async function answersInTime(url: string): Promise<boolean> {
  try {
    const reply = await chat(url, { max_tokens: 1 }, AbortSignal.timeout(4_000));
    await reply.text();
    return reply.status === 200;
  } catch {
    return false;
  }
}
