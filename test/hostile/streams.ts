import { expect, onTestFinished, vi } from 'vitest';
import { answers, breaksOff, type CheckRow, fails, PROMPT, type Row, SAID, SHORT } from './catalogue.js';
import { flood, trickle } from './floods.js';
import { nothingLeft, watch } from './hold.js';
import { type Case, inTurn } from './in-turn.js';
import { type Scene, SESSION, scene } from './scene.js';
import { CHUNKED, chunked, head, ollama, openai, WIRES, type Wire } from './wires.js';

/** What the sockets between two processes hold, and our own bound of a line on top. */
const LINE_FLOOD = 16_000_000;
/** The same with our bound of a body. */
const BODY_FLOOD = 50_000_000;

const CLOSE = 'Connection: close\r\n';
const chunk = (delta: unknown, finish: string | null = null): string =>
  JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] });
const data = (json: string): string => `data: ${json}\n\n`;
const HI = data(chunk({ content: 'hi' }));
const STOP = data(chunk({}, 'stop'));
const DONE = 'data: [DONE]\n\n';
const line = (content: string, more = '"done":false'): string =>
  `{"message":{"role":"assistant","content":"${content}"},${more}}\n`;
const END = line('', '"done":true,"done_reason":"stop"');
const toolCall = (call: object): string => data(chunk({ tool_calls: [call] }));
const empty = (wire: Wire): string =>
  wire.frame(
    wire.name === 'openai'
      ? { choices: [{ delta: {} }] }
      : { message: { role: 'assistant', content: '' }, done: false },
  );

/** All cases end in the same way. */
const all = (ends: Case[2], bodies: Readonly<Record<string, string>>): Case[] =>
  Object.entries(bodies).map(([what, body]) => [what, body, ends]);

/** What comes in an event stream or in lines. */
export const streams: readonly Row[] = [
  {
    id: 'H59',
    title: 'sends a line that never ends',
    answer: (socket, wire) => {
      socket.write(head(wire) + (wire.name === 'openai' ? 'data: "' : '{"message":"'));
      flood(socket, 'x'.repeat(65_536));
    },
    ends: fails('ERR_TOO_LARGE'),
    discovery: 'ERR_TOO_LARGE',
    maxBytes: LINE_FLOOD,
  },
  {
    id: 'H59b',
    title: 'sends a line that never ends, in small pieces and after some text',
    answer: (socket, wire) => {
      socket.setNoDelay(true);
      socket.write(head(wire) + wire.text('One') + (wire.name === 'openai' ? 'data: "' : '{"message":"'));
      flood(socket, 'x'.repeat(997));
    },
    ends: breaksOff('One', 'ERR_TOO_LARGE'),
    discovery: false,
    maxBytes: LINE_FLOOD,
  },
  {
    id: 'H59c',
    title: 'sends an event that never ends, in lines',
    wires: ['openai'],
    answer: (socket, wire) => {
      socket.write(head(wire));
      flood(socket, `data: ${'x'.repeat(1_000)}\n`);
    },
    ends: fails('ERR_TOO_LARGE'),
    discovery: 'ERR_TOO_LARGE',
    maxBytes: LINE_FLOOD,
  },
  ...WIRES.map(
    (wire): Row => ({ id: 'H60', title: `sends 200 000 tiny events at once (${wire.name})`, check: () => tiny(wire) }),
  ),
  {
    id: 'H61',
    title: 'sends comments or empty lines for ever',
    answer: (socket, wire) => {
      socket.write(head(wire));
      trickle(socket, wire.name === 'openai' ? ': ping\n\n' : '\n');
    },
    endpoint: SHORT,
    ends: fails('ERR_TIMEOUT'),
    discovery: 'ERR_TIMEOUT',
    crowd: true,
  },
  {
    id: 'H61b',
    title: 'sends comments or empty lines for ever after some text',
    answer: (socket, wire) => {
      socket.write(head(wire) + wire.text('One'));
      trickle(socket, wire.name === 'openai' ? ': ping\n\n' : '\n');
    },
    endpoint: SHORT,
    ends: breaksOff('One', 'ERR_TIMEOUT'),
    discovery: false,
  },
  {
    id: 'H61c',
    title: 'floods with comments or empty lines',
    answer: (socket, wire) => {
      socket.write(head(wire));
      flood(socket, (wire.name === 'openai' ? `: ${'x'.repeat(998)}\n\n` : `${' '.repeat(999)}\n`).repeat(64));
    },
    ends: fails('ERR_TOO_LARGE'),
    discovery: 'ERR_TOO_LARGE',
    maxBytes: BODY_FLOOD,
  },
  {
    id: 'H62',
    title: 'ends without saying that the answer is complete',
    answer: (socket, wire) => void socket.end(head(wire, CLOSE) + wire.text('One')),
    ends: breaksOff('One', 'ERR_INTERRUPTED'),
    discovery: false,
  },
  {
    id: 'H62b',
    title: 'ends before any text',
    answer: (socket, wire) => void socket.end(head(wire, CLOSE)),
    ends: fails('ERR_INTERRUPTED'),
    discovery: false,
    crowd: true,
  },
  inTurn({
    id: 'H62c',
    title: 'does not end as an answer ends',
    wire: openai,
    cases: [
      ...all(breaksOff('hi', 'ERR_INTERRUPTED'), {
        'a bare [DONE]': HI + DONE,
        'half an event': `${HI}data: {"choices":[{"del`,
        'a server that gave up': HI + data(chunk({}, 'abort')) + DONE,
        'an error as its reason': HI + data(chunk({}, 'error')) + DONE,
      }),
      ...all(fails('ERR_INTERRUPTED'), {
        'only comments': ': ping\n\n: ping\n\n',
        'only [DONE]': DONE,
        'a role and no more': data(chunk({ role: 'assistant', content: '' })),
      }),
    ],
  }),
  inTurn({
    id: 'H62d',
    title: 'does not end as an answer ends',
    wire: ollama,
    cases: all(breaksOff('hi', 'ERR_INTERRUPTED'), {
      'done:false': line('hi'),
      'done:true without a reason': line('hi') + line('', '"done":true'),
      'the reason of a load': line('hi') + line('', '"done":true,"done_reason":"load"'),
      'half a line': `${line('hi')}{"message":{"con`,
    }),
  }),
  {
    id: 'H63',
    title: 'sends an error after some text',
    answer: (socket, wire) =>
      void socket.end(head(wire, CLOSE) + wire.text('One') + wire.frame({ error: { message: `${SAID} ${PROMPT}` } })),
    ends: breaksOff('One', 'ERR_BAD_RESPONSE'),
    discovery: false,
  },
  inTurn({
    id: 'H63b',
    title: 'says in one of many forms that it failed',
    wire: openai,
    cases: [
      ...all(fails('ERR_BAD_RESPONSE'), {
        'an error object': data(`{"error":{"message":"${PROMPT}"}}`) + DONE,
        'an error as text': `{"error":"${SAID}"}`,
        'a flat error object': data(`{"object":"error","message":"${SAID}","code":500}`),
        'an error event': `event: error\ndata: it broke on ${PROMPT}\n\n`,
        'an error event, flat': `event: error\ndata: {"message":"${SAID}","code":500}\n\n`,
      }),
      ...all(breaksOff('hi', 'ERR_BAD_RESPONSE'), {
        'a raw error line': `${HI}{"error":{"message":"${SAID}"}}\n`,
        'an error and a good end': HI + data(`{"error":{"message":"${SAID}"}}`) + STOP + DONE,
      }),
      [
        'an overflow',
        'event: error\ndata: {"error":{"message":"The number of tokens to keep from the initial prompt is greater than the context length"}}\n\n',
        fails('ERR_CONTEXT_OVERFLOW'),
      ],
    ],
  }),
  inTurn({
    id: 'H63c',
    title: 'says in one of many forms that it failed',
    wire: ollama,
    cases: [
      ...all(fails('ERR_BAD_RESPONSE'), {
        'an error object': `{"error":{"message":"${SAID}"}}\n`,
        'an error as text': `{"error":"${PROMPT}"}`,
      }),
      ['an error after text', `${line('hi')}{"error":"it broke on ${PROMPT}"}\n`, breaksOff('hi', 'ERR_BAD_RESPONSE')],
      ['an error and a good end', `${line('hi')}{"error":"${SAID}"}\n${END}`, breaksOff('hi', 'ERR_BAD_RESPONSE')],
    ],
  }),
  {
    id: 'H64',
    title: 'sends something that is not JSON between good events',
    answer: (socket, wire) => {
      const broken = wire.name === 'openai' ? `data: {${SAID}\n\n` : `{${SAID}\n`;
      socket.end(head(wire, CLOSE) + wire.text('One') + broken + wire.text('two') + wire.end);
    },
    ends: breaksOff('One', 'ERR_BAD_RESPONSE'),
    discovery: false,
  },
  inTurn({
    id: 'H64b',
    title: 'sends what is no answer at all',
    wire: openai,
    contentType: 'text/plain',
    cases: [
      ...all(fails('ERR_BAD_RESPONSE'), {
        'a web page under another name': `\n <html>${SAID}</html>`,
        'an event that is not JSON': data(SAID) + STOP,
        'plain text': `Internal Server Error ${SAID}`,
        'broken JSON': '{"choices":[{"message":{"content":"hi"',
        'two JSON bodies': '{"choices":[]}{"choices":[]}',
      }),
      ['the last words of a proxy', `${HI}proxy error: ${SAID}`, breaksOff('hi', 'ERR_BAD_RESPONSE')],
    ],
  }),
  inTurn({
    id: 'H64c',
    title: 'sends what is no answer at all',
    wire: ollama,
    contentType: 'text/plain',
    cases: [
      ...all(fails('ERR_BAD_RESPONSE'), {
        'a web page': `<html>${SAID}</html>`,
        'plain text': `Internal Server Error ${SAID}`,
        'an event stream': HI + STOP + DONE,
      }),
      ['a line that is not JSON', `${line('hi')}${SAID}\n${END}`, breaksOff('hi', 'ERR_BAD_RESPONSE')],
    ],
  }),
  {
    id: 'H65',
    title: 'goes on for ever after a complete answer',
    answer: (socket, wire) => {
      socket.write(head(wire) + wire.text('One two.') + wire.end);
      flood(socket, wire.text(SAID).repeat(500));
    },
    ends: answers('One two.', 'stop'),
    discovery: false,
    maxBytes: LINE_FLOOD,
  },
  {
    id: 'H65b',
    title: 'sends rubbish behind a complete answer, and lets the connection open',
    answer: (socket, wire) => void socket.write(`${head(wire)}${wire.text('One two.')}${wire.end}${SAID}\r\n\r\n`),
    ends: answers('One two.', 'stop'),
    discovery: false,
    crowd: true,
  },
  {
    id: 'H66',
    title: 'sends one byte at a time, through characters of many bytes',
    answer: async (socket, wire) => {
      socket.setNoDelay(true);
      const bytes = Buffer.from(head(wire, CLOSE) + wire.text('¡Ñandú – 漢字 \u{1f600}!') + wire.end);
      for (const byte of bytes) {
        socket.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
      socket.end();
    },
    ends: answers('¡Ñandú – 漢字 \u{1f600}!', 'stop'),
    discovery: false,
  },
  inTurn({
    id: 'H66b',
    title: 'writes events in an odd but right way',
    wire: openai,
    contentType: 'text/plain',
    cases: all(answers('hi', 'stop'), {
      CRLF: (HI + STOP + DONE).replaceAll('\n', '\r\n'),
      'lone CR': (HI + STOP + DONE).replaceAll('\n', '\r'),
      'all line ends mixed': `${HI.replaceAll('\n', '\r')}${STOP.replaceAll('\n', '\r\n')}${DONE}`,
      'a BOM': `\ufeff${HI}${STOP}${DONE}`,
      'comments and pings': `: ping\n\n${HI}:\n\n${STOP}${DONE}`,
      'no space after the colon': (HI + STOP + DONE).replaceAll('data: ', 'data:'),
      'data over two lines': `data: {"choices":\ndata: [{"delta":{"content":"hi"}}]}\n\n${STOP}`,
      'no blank line between events': (HI + STOP + DONE).replaceAll('\n\n', '\n'),
      'event, id and retry fields': `event: message\nid: 1\nretry: 10\n${HI}${STOP}${DONE}`,
      'a NUL in an id, and a retry of nonsense': `id: \u0000\nretry: -1e999\n${HI}${STOP}${DONE}`,
      'an unknown field': `foo: bar\n${HI}${STOP}${DONE}`,
      '[DONE] twice and more after it': HI + STOP + DONE + DONE + data(chunk({ content: 'no' })) + data('rubbish'),
      'no [DONE]': HI + STOP,
      'no last blank line': (HI + STOP).trimEnd(),
      'JSON without content': data('{"x":1}') + data('[]') + data('null') + data('7') + HI + STOP,
      'error: null': data('{"error":null,"choices":[]}') + HI + STOP,
      'one JSON body': '{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}',
      'one JSON body over many lines': JSON.stringify(JSON.parse(chunk({ content: 'hi' }, 'stop')), null, 2),
    }),
  }),
  inTurn({
    id: 'H66c',
    title: 'writes lines in an odd but right way',
    wire: ollama,
    contentType: 'text/plain',
    cases: all(answers('hi', 'stop'), {
      CRLF: (line('hi') + END).replaceAll('\n', '\r\n'),
      'a BOM': `\ufeff${line('hi')}${END}`,
      'blank lines': `\n${line('hi')}\n\n${END}`,
      'no last newline': (line('hi') + END).trimEnd(),
      'more after the end': `${line('hi')}${END}${line('no')}rubbish\n`,
      'JSON without content': `{"x":1}\n[]\nnull\n7\n${line('hi')}${END}`,
      'error: null': `{"error":null}\n${line('hi')}${END}`,
      'one JSON body over many lines': JSON.stringify(
        JSON.parse(line('hi', '"done":true,"done_reason":"stop"')),
        null,
        2,
      ),
    }),
  }),
  {
    id: 'H67',
    title: 'repeats a token for ever, whatever the limit was',
    answer: (socket, wire) => {
      socket.write(head(wire));
      flood(socket, wire.text('word '.repeat(1_000)).repeat(12));
    },
    request: { maxTokens: 10 },
    ends: breaksOff(/^(?:word )+$/, 'ERR_TOO_LARGE'),
    discovery: false,
    maxBytes: BODY_FLOOD,
  },
  ...WIRES.map(
    (wire): Row => ({
      id: 'H67b',
      title: `repeats a token slowly for ever, and the whole call has a limit (${wire.name})`,
      check: async () => {
        const look = watch();
        const answer = (socket: Parameters<typeof trickle>[0]): void => {
          socket.write(head(wire));
          trickle(socket, wire.text('word '));
        };
        const router = { timeouts: { totalMs: 100 } };
        const row = { id: 'H67b', title: '', answer, ends: fails(), discovery: false, router } as const;
        const at = await scene(row, wire, { healthy: false });
        onTestFinished(at.close);
        for (const mode of ['route', 'stream'] as const) {
          const { error } = await at.call(mode);
          expect(error).toMatchObject({ code: 'ERR_INTERRUPTED', cause: { code: 'ERR_TIMEOUT' } });
          expect(error?.partialText).toMatch(/^(?:word )+$/);
        }
        await nothingLeft(at, look);
      },
    }),
  ),
  {
    id: 'H68',
    title: 'sends deltas without content for ever',
    answer: (socket, wire) => {
      socket.write(head(wire));
      trickle(socket, empty(wire));
    },
    endpoint: SHORT,
    ends: fails('ERR_TIMEOUT'),
    discovery: false,
  },
  {
    id: 'H68b',
    title: 'sends deltas without content for ever, after some text',
    answer: (socket, wire) => {
      socket.write(head(wire) + wire.text('One'));
      trickle(socket, empty(wire));
    },
    endpoint: SHORT,
    ends: breaksOff('One', 'ERR_TIMEOUT'),
    discovery: false,
  },
  inTurn({
    id: 'H69',
    title: 'fills `choices` as it likes',
    wire: openai,
    cases: [
      ...all(answers('hi', 'stop'), {
        'empty, null and missing': data('{"choices":[]}') + data('{"choices":null}') + HI + data('{"id":"x"}') + STOP,
        'of the wrong type':
          data('{"choices":{}}') + data('{"choices":"x"}') + data('{"choices":[7,null]}') + HI + STOP,
        'empty and null deltas':
          data(chunk({ content: '' })) + data(chunk({ content: null })) + HI + data(chunk(null)) + STOP,
        'content as parts': data(chunk({ content: [{ type: 'text', text: 'hi' }] })) + STOP,
        'content as a number': data(chunk({ content: 7 })) + HI + STOP,
        'content as an object': data(chunk({ content: { text: 'no' } })) + HI + STOP,
        'a second choice first': data('{"choices":[{"index":1,"delta":{"content":"no"}}]}') + HI + STOP,
        'a second choice that ends first': HI + data('{"choices":[{"index":1,"finish_reason":"length"}]}') + STOP,
        'two choices of one number': data(
          '{"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"},{"index":0,"message":{"content":"no"},"finish_reason":"stop"}]}',
        ),
        'no number': data('{"choices":[{"delta":{"content":"hi"}}]}') + STOP,
      }),
      ...all(fails('ERR_BAD_RESPONSE', 'ERR_INTERRUPTED'), {
        'empty, in one body': '{"choices":[]}',
        'a message of null, in one body': '{"choices":[{"index":0,"message":null,"finish_reason":"stop"}]}',
        'only a second one': '{"choices":[{"index":1,"message":{"content":"no"},"finish_reason":"stop"}]}',
        'complete, with nothing in it': STOP + DONE,
      }),
    ],
  }),
  ...[1e9, -1, 0.5, 128].map(
    (index): Row => ({
      id: 'H70',
      title: `numbers a tool call ${index}`,
      wires: ['openai'],
      answer: (socket, wire) =>
        void socket.end(
          head(wire, CLOSE) + toolCall({ index, id: 'a', function: { name: 'f', arguments: '{}' } }) + STOP + DONE,
        ),
      ends: fails('ERR_BAD_RESPONSE'),
      discovery: false,
    }),
  ),
  {
    id: 'H70b',
    title: 'sends arguments of a tool call for ever',
    wires: ['openai'],
    answer: (socket, wire) => {
      socket.write(head(wire) + toolCall({ index: 0, id: 'a', function: { name: 'f', arguments: '{"a":"' } }));
      flood(socket, toolCall({ index: 0, function: { arguments: 'x'.repeat(60_000) } }));
    },
    ends: breaksOff('', 'ERR_TOO_LARGE'),
    discovery: false,
    maxBytes: BODY_FLOOD,
  },
  {
    id: 'H70c',
    title: 'sends a tool call of 4 MB in one piece',
    answer: (socket, wire) => {
      const fn = { name: 'f', arguments: { a: 'x'.repeat(4_000_000) } };
      socket.end(
        head(wire, CLOSE) +
          (wire.name === 'openai'
            ? toolCall({ index: 0, id: 'a', function: { ...fn, arguments: JSON.stringify(fn.arguments) } })
            : wire.frame({ message: { role: 'assistant', content: '', tool_calls: [{ function: fn }] } })) +
          wire.end,
      );
    },
    ends: fails('ERR_TOO_LARGE'),
    discovery: false,
  },
  {
    id: 'H70d',
    title: 'gives two tool calls one id',
    wires: ['openai'],
    answer: (socket, wire) =>
      void socket.end(
        head(wire, CLOSE) +
          [0, 1]
            .map((index) => toolCall({ index, id: 'a', function: { name: `f${index}`, arguments: '{}' } }))
            .join('') +
          data(chunk({}, 'tool_calls')) +
          DONE,
      ),
    ends: answers('', 'tool_calls'),
    discovery: false,
    verify: ({ result }) => {
      expect(result?.toolCalls.map(({ function: f }) => f.name)).toEqual(['f0', 'f1']);
      expect(new Set(result?.toolCalls.map(({ id }) => id)).size).toBe(2);
    },
  },
  inTurn({
    id: 'H71',
    title: 'stops for one reason or another',
    wire: openai,
    cases: [
      ['cut', HI + data(chunk({}, 'length')), answers('hi', 'length')],
      ['cut, by another name', HI + data(chunk({}, 'max_tokens')), answers('hi', 'length')],
      ['filtered', HI + data(chunk({}, 'content_filter')), answers('hi', 'content_filter')],
      ['cut before any text', data(chunk({}, 'length')), answers('', 'length')],
      ['filtered before any text', data(chunk({ content: '' }, 'content_filter')), answers('', 'content_filter')],
      ['tool calls that are none', HI + data(chunk({}, 'tool_calls')), answers('hi', 'stop')],
      ['an unknown reason', HI + data(chunk({}, 'boredom')), answers('hi', 'unknown')],
      ['a word of JavaScript', HI + data(chunk({}, '__proto__')), answers('hi', 'unknown')],
      ['another word of JavaScript', HI + data(chunk({}, 'constructor')), answers('hi', 'unknown')],
    ],
  }),
  inTurn({
    id: 'H71b',
    title: 'stops for one reason or another',
    wire: ollama,
    cases: ['length', 'boredom', '__proto__', 'toString'].map(
      (reason): Case => [
        reason,
        line('hi') + line('', `"done":true,"done_reason":"${reason}"`),
        answers('hi', reason === 'length' ? 'length' : 'unknown'),
      ],
    ),
  }),
  ...WIRES.flatMap((wire) => [
    aCheck('H72', 'is left by its caller in the middle of the answer', wire, left),
    aCheck('H73', 'floods a caller who does not read on', wire, unread),
    aCheck('H73b', 'floods a caller who reads slowly', wire, slowlyRead),
    aCheck('H73c', 'hangs up while its answer is still being read', wire, readAfterItsEnd),
  ]),
];

function aCheck(id: string, title: string, wire: Wire, check: (wire: Wire) => Promise<void>): CheckRow {
  return { id, title: `${title} (${wire.name})`, check: () => check(wire) };
}

const alone = async (wire: Wire, row: Partial<Exclude<Row, CheckRow>>): Promise<Scene> => {
  const at = await scene({ id: '', title: '', ends: fails(), discovery: false, ...row }, wire, { healthy: false });
  onTestFinished(at.close);
  return at;
};

async function tiny(wire: Wire): Promise<void> {
  const look = watch();
  const COUNT = 200_000;
  const piece =
    wire.name === 'openai' ? data('{"choices":[{"delta":{"content":"a"}}]}') : '{"message":{"content":"a"}}\n';
  const bytes = `${head(wire, CHUNKED)}${chunked(piece.repeat(COUNT), wire.end)}0\r\n\r\n`;
  const at = await alone(wire, { answer: (socket) => void socket.end(bytes) });
  for (const mode of ['route', 'stream'] as const) {
    let turns = 0;
    let counting = true;
    const turn = (): void => {
      turns += 1;
      if (counting) setImmediate(turn);
    };
    setImmediate(turn);
    const { result, events } = await at.call(mode);
    counting = false;
    expect(result?.text).toBe('a'.repeat(COUNT));
    if (mode === 'stream') expect(events.filter(({ type }) => type === 'text')).toHaveLength(COUNT);
    // The rest of the process had its turn all the while: at least once for each MB.
    expect(turns).toBeGreaterThan(bytes.length / 1_000_000);
  }
  await nothingLeft(at, look);
}

async function left(wire: Wire): Promise<void> {
  for (const way of ['abort', 'break'] as const) {
    const look = watch();
    const at = await alone(wire, {
      answer: (socket, _, request) => {
        if (request.head.startsWith('POST')) socket.write(head(wire) + wire.text('One'));
        // Discovery may look whether anything has changed.
        else socket.end();
      },
    });
    const leave = new AbortController();
    const stream = at.router.stream({ prompt: PROMPT, session: SESSION }, { signal: leave.signal });
    const read = async (): Promise<void> => {
      for await (const event of stream) {
        if (event.type !== 'text') continue;
        if (way === 'break') break;
        leave.abort();
      }
    };
    if (way === 'break') await read();
    else await expect(read()).rejects.toMatchObject({ code: 'ERR_ABORTED', partialText: 'One' });
    await expect(stream.result).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await vi.waitFor(() => expect(at.server.open).toBe(0), { interval: 2, timeout: 5_000 });
    expect(at.router.status().queues).toEqual([]);
    expect(at.router.context.session(SESSION)?.messages ?? []).toEqual([]);
    await nothingLeft(at, look);
    expect(at.audit.find(({ event }) => event === 'attempt.end')).toMatchObject({ outcome: 'cancelled' });
  }
}

async function unread(wire: Wire): Promise<void> {
  const look = watch();
  const at = await alone(wire, {
    endpoint: { timeouts: { idleMs: 300 } },
    answer: (socket) => {
      socket.write(head(wire));
      flood(socket, wire.text('word '.repeat(1_000)).repeat(12));
    },
  });
  const stream = at.router.stream({ prompt: PROMPT, session: SESSION });
  const reader = stream[Symbol.asyncIterator]();
  while ((await reader.next()).value?.type !== 'text');
  // Nobody reads on. The connection is not kept for that, and until then the server could not get rid of much.
  await vi.waitFor(() => expect(at.server.open).toBe(0), { interval: 5, timeout: 5_000 });
  expect(at.server.mostBytes).toBeLessThan(LINE_FLOOD);
  await expect(stream.result).rejects.toMatchObject({ code: 'ERR_INTERRUPTED', cause: { code: 'ERR_TIMEOUT' } });
  expect(at.router.status()).toMatchObject({ queues: [], health: [] });
  await nothingLeft(at, look);
}

async function slowlyRead(wire: Wire): Promise<void> {
  const look = watch();
  // As much as an answer may hold.
  const COUNT = 1_900;
  const SIZE = 16_000;
  const textOf = (i: number): string => `${i} `.padEnd(SIZE, '.');
  const at = await alone(wire, {
    answer: (socket) => {
      let next = 0;
      const more = (): void => {
        while (!socket.destroyed && next < COUNT && socket.write(chunked(wire.text(textOf(next++)))));
        if (next < COUNT) socket.once('drain', more);
        else socket.end(`${chunked(wire.end)}0\r\n\r\n`);
      };
      socket.write(head(wire, CHUNKED));
      more();
    },
  });
  let read = 0;
  let ahead = 0;
  for await (const event of at.router.stream({ prompt: PROMPT, session: SESSION })) {
    if (event.type !== 'text') continue;
    if (event.text !== textOf(read)) expect(event.text).toBe(textOf(read));
    read += 1;
    ahead = Math.max(ahead, at.server.mostBytes - read * SIZE);
    await new Promise(setImmediate);
  }
  expect(read).toBe(COUNT);
  // What is under way between the two is what the sockets hold, not what the server has.
  expect(ahead).toBeLessThan(LINE_FLOOD);
  await nothingLeft(at, look);
}

async function readAfterItsEnd(wire: Wire): Promise<void> {
  const COUNT = 100;
  const pieces = wire.text('word '.repeat(4_000)).repeat(COUNT) + wire.end;
  // The two ways of a reply after which the connection is closed: with a length, and without.
  for (const more of ['', `Content-Length: ${Buffer.byteLength(pieces)}\r\n`]) {
    const look = watch();
    const at = await alone(wire, { answer: (socket) => void socket.end(head(wire, CLOSE + more) + pieces) });
    let read = 0;
    for await (const event of at.router.stream({ prompt: PROMPT, session: SESSION })) {
      if (event.type === 'text') read += event.text.length;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(read).toBe(COUNT * 20_000);
    await nothingLeft(at, look);
  }
}
