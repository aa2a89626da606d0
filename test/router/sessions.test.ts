import type { RouterOptions } from 'local-llm-router';
import { type FakeChat, fakeLlamaCpp, fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { chats, collect, failure, over, said, soon, systems, up } from './setup.js';

const LONG_ANSWER = 'one two three four five six';

describe('a conversation', () => {
  it('goes on under the name default, with each query and answer once', async () => {
    const fake = await up(fakeOllama({ reply: ({ messages }) => `answer ${messages.length}` }));
    const router = over(fake);
    await router.route('first');
    await router.route({ prompt: 'second' });
    await router.route({ prompt: 'third', session: 'default' });
    expect(said(chats(fake)[2]).map(({ role, content }) => `${role}: ${content}`)).toEqual([
      'user: first',
      'assistant: answer 2',
      'user: second',
      'assistant: answer 4',
      'user: third',
    ]);
    expect(router.context.sessions()).toEqual(['default']);
    expect(router.context.session('default')?.messages).toHaveLength(6);
  });

  it('takes given messages as its next ones', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    await router.route({ prompt: 'first', session: 's' });
    await router.route({
      messages: [
        { role: 'user', content: 'second' },
        { role: 'user', content: 'third' },
      ],
      session: 's',
    });
    expect(said(chats(fake)[1]).map(({ content }) => content)).toEqual([
      'first',
      expect.any(String),
      'second',
      'third',
    ]);
    expect(router.context.session('s')?.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'user',
      'assistant',
    ]);
  });

  it('is not touched by messages that stand on their own', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    const messages = [{ role: 'user' as const, content: 'alone' }];
    await router.route({ messages });
    await router.route({ messages });
    expect(chats(fake).map(said)).toEqual([messages, messages]);
    expect(router.context.sessions()).toEqual([]);
  });

  it('does not see what happens to the given messages afterwards', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    const message = { role: 'user' as const, content: 'as it was' };
    await router.route({ messages: [message], session: 's' });
    message.content = 'changed';
    expect(router.context.session('s')?.messages[0]?.content).toBe('as it was');
  });

  it('stores the original query where an enriched one is sent', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake, {
      serena: {
        listTools: async () => ['find_symbol'],
        callTool: async () => ({
          text: JSON.stringify([
            {
              name_path: 'parseDate',
              kind: 'Function',
              relative_path: 'src/dates.ts',
              body_location: { start_line: 1, end_line: 2 },
              body: 'function parseDate() {}',
            },
          ]),
          isError: false,
        }),
      },
    });
    const query = 'What does `parseDate` in this project do?';
    const { decision } = await router.route(query);
    expect(decision.serena.state).toBe('ok');
    expect(said(chats(fake)[0])[0]?.content).toContain('function parseDate() {}');
    expect(router.context.exportForApi()[0]).toEqual({ role: 'user', content: query });
    await router.route('thanks');
    expect(said(chats(fake)[1])[0]?.content).toBe(query);
  });

  it('remembers what the host noted about a query, without sending it', async () => {
    const fake = await up(fakeOllama());
    const saved = new Map<string, unknown>();
    const router = over(fake, { store: mapStore(saved) });
    await router.route({ prompt: 'hello', metadata: { ticket: 'T-17' } });
    await router.context.save();
    expect(JSON.stringify([...saved.values()])).toContain('T-17');
    expect(JSON.stringify(chats(fake))).not.toContain('T-17');
  });

  it.each([
    ['before the first content', 'reset' as const],
    ['in the middle', 'close-mid-stream' as const],
  ])('is as before when a call fails %s', async (_, name) => {
    const fake = await up(fakeOllama({ reply: LONG_ANSWER, faults: faultOf('second', name) }));
    const router = over(fake);
    await router.route('first');
    const before = router.context.exportForApi();
    await failure(router.route('second'));
    await failure(() => collect(router.stream('second')));
    expect(router.context.exportForApi()).toEqual(before);
    await router.route('third');
    expect(said(chats(fake).at(-1)).map(({ content }) => content)).toEqual(['first', LONG_ANSWER, 'third']);
  });

  it('is as before when a call is aborted', async () => {
    const fake = await up(fakeOllama({ reply: LONG_ANSWER, faults: faultOf('second', 'hang-mid-stream') }));
    const router = over(fake);
    await router.route('first');
    const before = router.context.exportForApi();
    for await (const piece of router.stream('second').textStream) if (piece !== '') break;
    expect(router.context.exportForApi()).toEqual(before);
  });

  it('gets its calls one after another, in the order in which they were made', async () => {
    const fake = await up(fakeOllama({ reply: ({ messages }) => `to ${messages.at(-1)?.content}` }));
    const router = over(fake);
    const phases: string[] = [];
    const [, , third] = await Promise.all([
      router.route('a'),
      router.route('b'),
      collect(router.stream('c')).then((events) => {
        for (const event of events) if (event.type === 'status') phases.push(event.phase);
      }),
    ]);
    expect(third).toBeUndefined();
    expect(phases[0]).toBe('queued');
    expect(said(chats(fake)[2]).map(({ content }) => content)).toEqual(['a', 'to a', 'b', 'to b', 'c']);
  });

  it('goes on after a call that gave up waiting for its turn', async () => {
    const fake = await up(fakeOllama({ faults: [{ name: 'hang', times: 1 }] }));
    const router = over(fake);
    const first = new AbortController();
    const second = new AbortController();
    const calls = [
      failure(router.route('a', { signal: first.signal })),
      failure(router.route('b', { signal: second.signal })),
      router.route('c'),
    ] as const;
    second.abort();
    expect(await calls[1]).toMatchObject({ code: 'ERR_ABORTED' });
    await soon(() => chats(fake).length).toBe(1);
    first.abort();
    expect(await calls[0]).toMatchObject({ code: 'ERR_ABORTED' });
    await calls[2];
    expect(chats(fake).map((request) => said(request).map(({ content }) => content))).toEqual([['a'], ['c']]);
  });

  it('does not mix with others that run at the same time', async () => {
    const fake = await up(fakeLlamaCpp({ reply: ({ messages }) => `${messages.at(-1)?.content}!` }));
    const router = over(fake);
    const names = Array.from({ length: 8 }, (_, i) => `s${i}`);
    await Promise.all(
      names.flatMap((session) => ['x', 'y', 'z'].map((word) => router.route({ prompt: `${session}${word}`, session }))),
    );
    for (const s of names) {
      expect(router.context.session(s)?.messages.map(({ content }) => content)).toEqual([
        `${s}x`,
        `${s}x!`,
        `${s}y`,
        `${s}y!`,
        `${s}z`,
        `${s}z!`,
      ]);
    }
  });

  it('runs beside another one that takes long', async () => {
    const fake = await up(fakeOllama({ faults: faultOf('slow', 'hang') }));
    const router = over(fake);
    const controller = new AbortController();
    const slow = failure(router.route({ prompt: 'slow', session: 'a' }, { signal: controller.signal }));
    await router.route({ prompt: 'quick', session: 'b' });
    controller.abort();
    expect(await slow).toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('is compacted where it outgrows the window', async () => {
    const fake = await up(fakeLlamaCpp({ models: [{ id: 'm', contextLength: 2_048 }], reply: 'word '.repeat(100) }));
    const router = over(fake, { context: { keepRecent: 2 } });
    const reports: number[] = [];
    for (let i = 0; i < 12; i++) {
      const { decision } = await router.route({ prompt: `question ${i}: ${'more text '.repeat(40)}`, model: 'm' });
      if (decision.context.compaction) reports.push(decision.context.compaction.removed);
      expect(decision.context.inputTokens).toBeLessThan(2_048);
    }
    expect(reports.length).toBeGreaterThan(0);
    expect(router.context.session('default')?.compactions).toHaveLength(reports.length);
    expect(said(chats(fake).at(-1)).at(-1)?.content).toContain('question 11:');
  });
});

describe('the system prompt', () => {
  const prompts = async (options: RouterOptions): Promise<string[][]> => {
    const fake = await up(fakeOllama());
    const router = over(fake, options);
    for (const query of ['Write a parser', 'Why?', 'And in Rust?']) await router.route(query);
    await router.route({ prompt: 'hi', session: 'other' });
    return chats(fake).map(systems);
  };

  it('names system, agent and Serena, and stays the same byte by byte', async () => {
    const sent = await prompts({ codingAgent: { name: 'aider', kind: 'cli', version: '0.86', source: 'option' } });
    expect(sent[0]).toHaveLength(1);
    expect(sent).toEqual(Array(4).fill(sent[0]));
    expect(sent[0]?.[0]).toMatch(/Operating system: (Linux|macOS|Windows)/);
    expect(sent[0]?.[0]).toContain('Coding agent: aider 0.86');
    expect(sent[0]?.[0]).toContain('(Serena): disabled');
  });

  it('is a text of the host', async () => {
    expect(await prompts({ systemPrompt: 'Be brief.' })).toEqual(Array(4).fill(['Be brief.']));
  });

  it('is made from the environment by a function of the host', async () => {
    const sent = await prompts({ systemPrompt: ({ os, serena }) => `On ${os}, ${serena}.` });
    const os = { linux: 'linux', darwin: 'macos', win32: 'windows' }[process.platform as 'linux'] ?? 'other';
    expect(sent).toEqual(Array(4).fill([`On ${os}, false.`]));
  });

  it.each([[false as const], ['']])('is none with %j', async (systemPrompt) => {
    expect(await prompts({ systemPrompt })).toEqual(Array(4).fill([]));
  });

  it('ends the call where the function of the host throws', async () => {
    const fake = await up(fakeOllama());
    const cause = new Error('no prompt today');
    const router = over(fake, {
      systemPrompt: () => {
        throw cause;
      },
    });
    expect(await failure(router.route('hi'))).toMatchObject({ code: 'ERR_ABORTED', cause });
    const wrong = over(fake, { systemPrompt: (() => 7) as unknown as () => string });
    expect(await failure(wrong.route('hi'))).toMatchObject({ code: 'ERR_INVALID_OPTION' });
    expect(chats(fake)).toEqual([]);
  });

  it.each(['system', 'developer'] as const)('is left out where the request brings a %s message', async (role) => {
    const fake = await up(fakeOllama());
    const router = over(fake);
    const messages = [
      { role, content: 'Mine.' },
      { role: 'user' as const, content: 'hi' },
    ];
    await router.route({ messages, session: 's' });
    await router.route({ prompt: 'again', session: 's' });
    await router.route({ messages });
    expect(chats(fake).map(systems)).toEqual([['Mine.'], ['Mine.'], ['Mine.']]);
  });

  it('is not added to messages that stand on their own', async () => {
    const fake = await up(fakeOllama());
    await over(fake).route({ messages: [{ role: 'user', content: 'hi' }] });
    expect(chats(fake).map(systems)).toEqual([[]]);
  });
});

function faultOf(query: string, name: 'reset' | 'hang' | 'close-mid-stream' | 'hang-mid-stream') {
  return ({ body }: FakeChat['request']) =>
    (body as { messages?: { content: string }[] } | undefined)?.messages?.at(-1)?.content === query ? name : undefined;
}

function mapStore(map: Map<string, unknown>): NonNullable<RouterOptions['store']> {
  return {
    get: async (key) => (map.has(key) ? { value: map.get(key) } : undefined),
    set: async (key, value) => {
      map.set(key, value);
      return { ok: true };
    },
    delete: async (key) => void map.delete(key),
    list: async (prefix) => [...map.keys()].filter((key) => key.startsWith(prefix)),
  };
}
