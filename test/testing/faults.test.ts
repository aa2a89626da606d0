import { afterEach, describe, expect, it } from 'vitest';
import type { FakeFaultName, FakeServer, FakeServerOptions } from '../../src/testing.js';
import {
  fakeFaults,
  fakeJan,
  fakeLemonade,
  fakeLlamaCpp,
  fakeLlamaSwap,
  fakeLMStudio,
  fakeOllama,
  fakeSGLang,
  fakeVLLM,
} from '../../src/testing.js';

const servers: FakeServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const fakes = {
  fakeSGLang: { make: fakeSGLang, path: '/v1/chat/completions', fields: { stream: true } },
  fakeLlamaSwap: { make: fakeLlamaSwap, path: '/v1/chat/completions', fields: { stream: true } },
  fakeLemonade: { make: fakeLemonade, path: '/v1/chat/completions', fields: { stream: true } },
  fakeOllama: { make: fakeOllama, path: '/api/chat', fields: {} },
  'fakeOllama /v1': { make: fakeOllama, path: '/v1/chat/completions', fields: { stream: true } },
  fakeLlamaCpp: { make: fakeLlamaCpp, path: '/v1/chat/completions', fields: { stream: true } },
  fakeLMStudio: { make: fakeLMStudio, path: '/v1/chat/completions', fields: { stream: true } },
  fakeVLLM: { make: fakeVLLM, path: '/v1/chat/completions', fields: { stream: true } },
  fakeJan: { make: fakeJan, path: '/v1/chat/completions', fields: { stream: true } },
};

/** What a client learns: the status, the text, whether the answer was said to be complete, and how the body ended. */
interface Learned {
  readonly status: number | 'no reply' | 'silence';
  readonly type: string;
  readonly text: string;
  readonly complete: boolean;
  readonly error: boolean;
  readonly end: 'clean' | 'broken' | 'silence';
}

async function learn(url: string, path: string, body?: object, signal?: AbortSignal): Promise<Learned> {
  const nothing = { type: '', text: '', complete: false, error: false };
  const post = body && { method: 'POST', body: JSON.stringify(body) };
  let reply: Response;
  try {
    reply = await fetch(url + path, { ...post, ...(signal && { signal }) });
  } catch {
    return signal?.aborted
      ? { ...nothing, status: 'silence', end: 'silence' }
      : { ...nothing, status: 'no reply', end: 'broken' };
  }
  let raw = '';
  let end: Learned['end'] = 'clean';
  const decoder = new TextDecoder();
  try {
    for await (const chunk of reply.body ?? []) raw += decoder.decode(chunk, { stream: true });
  } catch {
    end = signal?.aborted ? 'silence' : 'broken';
  }
  const sound = raw.split('\n').filter(isJson).join('\n');
  const texts = [...sound.matchAll(/"content":"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]);
  return {
    status: reply.status,
    type: reply.headers.get('content-type') ?? '',
    text: texts.join(''),
    complete: /"finish_reason":"|"done":true/.test(sound),
    error: /"error"|"model":""/.test(sound),
    end,
  };
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line.replace(/^data: /, ''));
    return true;
  } catch {
    return false;
  }
}

/** Learns of a request, and leaves it once the server has answered another one in the meantime. */
async function learnUnlessSilent(server: FakeServer, path: string, body: object): Promise<Learned> {
  const leave = new AbortController();
  const learned = learn(server.url, path, body, leave.signal);
  await expect.poll(() => server.requests.length, { interval: 5 }).toBe(1);
  for (let i = 0; i < 3; i++) await learn(server.url, '/v1/models');
  leave.abort();
  return learned;
}

const TEXT = 'One two three four five six';
const HALF = 'One two three';

/** What each fault looks like from outside, where the answer is streamed. */
const expected: Record<FakeFaultName, Partial<Learned>> = {
  hang: { status: 'silence' },
  reset: { status: 'no reply', end: 'broken' },
  html: { status: 200, type: 'text/html; charset=utf-8', text: '', end: 'clean' },
  'invalid-json': { status: 200, text: '', complete: false, end: 'clean' },
  'status-429': { status: 429, error: true },
  'status-500': { status: 500, error: true },
  'status-503-loading': { status: 503, error: true },
  overflow: { error: true, text: '', complete: false },
  'close-before-content': { status: 200, text: '', complete: false, end: 'broken' },
  'error-before-content': { status: 200, text: '', error: true, complete: false, end: 'clean' },
  'close-mid-stream': { status: 200, text: HALF, complete: false, end: 'broken' },
  'error-in-stream': { status: 200, text: HALF, error: true, complete: false, end: 'clean' },
  'hang-mid-stream': { status: 200, text: HALF, complete: false, end: 'silence' },
  'no-finish': { status: 200, text: TEXT, complete: false, error: false, end: 'clean' },
  'done-without-finish': { status: 200, text: TEXT, complete: false, error: false, end: 'clean' },
  'empty-answer': { status: 200, text: '', complete: true, error: false, end: 'clean' },
  'status-401': { status: 401, error: true },
  // Most clients follow it, and find nothing there.
  redirect: { text: '', complete: false },
  // The platform's client does not see that it breaks off.
  compressed: { status: 200, text: '', complete: false },
  'not-http': { status: 'no reply', end: 'broken' },
  'slow-headers': { status: 'silence' },
  'endless-hints': { status: 'silence' },
  flood: { status: 200, text: '', complete: false, end: 'silence' },
  'endless-answer': { status: 200, complete: false, end: 'silence' },
  'only-keep-alives': { status: 200, text: '', complete: false, end: 'silence' },
  'byte-by-byte': { status: 200, text: TEXT, complete: true, end: 'clean' },
  bom: { status: 200, text: TEXT, complete: true, end: 'clean' },
  crlf: { status: 200, text: TEXT, complete: true, end: 'clean' },
  'keep-alives': { status: 200, text: TEXT, complete: true, end: 'clean' },
  'more-after-end': { status: 200, complete: true, end: 'clean' },
};
const isSilent = ({ status, end }: Partial<Learned>): boolean => status === 'silence' || end === 'silence';
const ODD: readonly string[] = ['byte-by-byte', 'bom', 'crlf', 'keep-alives', 'more-after-end'];

describe.each(Object.entries(fakes))('%s', (_, { make, path, fields }) => {
  const body = { model: 'm', messages: [{ role: 'user', content: 'Count' }], ...fields };
  async function start(options: FakeServerOptions): Promise<FakeServer> {
    const server = await make({ models: [{ id: 'm', loaded: true }], reply: TEXT, ...options });
    servers.push(server);
    return server;
  }

  it('answers whole without a fault', async () => {
    const { url } = await start({});
    expect(await learn(url, path, body)).toMatchObject({
      status: 200,
      text: TEXT,
      complete: true,
      error: false,
      end: 'clean',
    });
    expect(await learn(url, path, { ...body, stream: false })).toMatchObject({
      text: TEXT,
      complete: true,
      end: 'clean',
    });
  });

  it.each(Object.entries(expected))('streamed, %s', async (fault, seen) => {
    const server = await start({ faults: [fault as FakeFaultName] });
    const learned = isSilent(seen) ? learnUnlessSilent(server, path, body) : learn(server.url, path, body);
    expect(await learned).toMatchObject(seen);
  });

  it.each(Object.entries(expected).filter(([fault]) => !ODD.includes(fault)))(
    'not streamed, %s never looks like a whole answer',
    async (fault, seen) => {
      const server = await start({ faults: [fault as FakeFaultName] });
      const asked = { ...body, stream: false };
      const learned = await (isSilent(seen) ? learnUnlessSilent(server, path, asked) : learn(server.url, path, asked));
      const whole = learned.text === TEXT && learned.complete && learned.end === 'clean' && learned.status === 200;
      expect(whole).toBe(false);
    },
  );
});

describe('which request a fault hits', () => {
  const chat = (server: FakeServer, model: string): Promise<Learned> =>
    learn(server.url, '/api/chat', { model, messages: [{ role: 'user', content: 'hi' }] });
  const models = [{ id: 'a' }, { id: 'b' }];

  it('every fault has a line that says what it does', () => {
    expect(Object.keys(fakeFaults).sort()).toEqual(Object.keys(expected).sort());
  });

  it('only the named model, only so often, and leaves discovery alone', async () => {
    const server = await fakeOllama({ models, faults: [{ name: 'status-500', model: 'a', times: 2 }] });
    servers.push(server);
    expect((await chat(server, 'b')).status).toBe(200);
    expect((await chat(server, 'a')).status).toBe(500);
    expect((await learn(server.url, '/api/tags')).status).toBe(200);
    expect((await chat(server, 'a')).status).toBe(500);
    expect((await chat(server, 'a')).status).toBe(200);
  });

  it('of a model whose name has no tag, also where the client writes :latest', async () => {
    const server = await fakeOllama({ models, faults: [{ name: 'status-500', model: 'a' }] });
    servers.push(server);
    expect((await chat(server, 'a:latest')).status).toBe(500);
  });

  it('every request where told so, or what the function says of each', async () => {
    const dead = await fakeOllama({ models, faults: [{ name: 'html', on: 'any' }] });
    const picky = await fakeOllama({
      models,
      faults: (request) => (request.path === '/api/ps' ? 'status-500' : request.model === 'b' ? 'reset' : undefined),
    });
    servers.push(dead, picky);
    expect((await learn(dead.url, '/api/tags')).type).toBe('text/html; charset=utf-8');
    expect((await learn(picky.url, '/api/ps')).status).toBe(500);
    expect((await learn(picky.url, '/api/tags')).status).toBe(200);
    expect((await chat(picky, 'b')).status).toBe('no reply');
    expect((await chat(picky, 'a')).status).toBe(200);
  });

  it('a busy server says when to come back', async () => {
    const server = await fakeOllama({ models, faults: ['status-429'] });
    servers.push(server);
    const reply = await fetch(`${server.url}/api/chat`, { method: 'POST', body: '{"model":"a"}' });
    expect(reply.headers.get('retry-after')).toBe('1');
  });

  it('a redirect leads to the server itself, whose list shows who follows it', async () => {
    const server = await fakeOllama({ models, faults: ['redirect'] });
    servers.push(server);
    const ask = { method: 'POST', body: '{"model":"a"}', redirect: 'manual' } as const;
    const { status, headers } = await fetch(`${server.url}/api/chat`, ask);
    expect([status, headers.get('location')]).toEqual([307, '/api/chat/elsewhere']);
    expect(server.requests).toHaveLength(1);
  });
});
