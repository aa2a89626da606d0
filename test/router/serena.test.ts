import type { RouterOptions, SerenaClient } from 'local-llm-router';
import { fakeOllama } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { chats, collect, failure, over, said, up } from './setup.js';

const CODE_QUESTION = 'Where is `parseDate` used in this project?';
const SMALL_TALK = 'Explain recursion to a child.';
const SYMBOL = JSON.stringify([
  {
    name_path: 'parseDate',
    kind: 'Function',
    relative_path: 'src/dates.ts',
    body_location: { start_line: 1, end_line: 3 },
    body: 'function parseDate(text) { return new Date(text); }',
  },
]);

describe('Serena', () => {
  it('is asked about code, its answer goes to the model, and the decision tells', async () => {
    const { client, asked } = serena();
    const fake = await up(fakeOllama());
    const router = over(fake, { serena: client });
    const events = await collect(router.stream(CODE_QUESTION));
    const decision = events.find((event) => event.type === 'decision')?.decision;

    expect(asked.map(([tool]) => tool)).toContain('find_symbol');
    expect(decision?.serena).toMatchObject({ state: 'ok', elapsedMs: expect.any(Number) });
    expect(decision?.serena.tokens).toBeGreaterThan(0);
    expect(decision?.serena.calls).toContainEqual({ tool: 'find_symbol', ms: expect.any(Number), outcome: 'ok' });
    expect(events[0]).toEqual({ type: 'status', phase: 'serena' });
    expect(said(chats(fake)[0])[0]?.content).toMatch(/^Where is `parseDate`[\s\S]*return new Date\(text\)/);
    expect(router.status().serena).toBe('ready');
  });

  it('is not asked where no code is needed', async () => {
    const { client, asked } = serena();
    const fake = await up(fakeOllama());
    const { decision } = await over(fake, { serena: client }).route(SMALL_TALK);
    expect(decision.serena).toEqual({ state: 'not-needed', calls: [], tokens: 0, elapsedMs: 0 });
    expect(asked).toEqual([]);
  });

  it.each<[string, RouterOptions, object]>([
    ['where the host says always', { serenaOptions: { when: 'always' } }, {}],
    ['where a file is given', {}, { fileContext: { file: 'src/dates.ts', position: { line: 2, character: 0 } } }],
    [
      'where the category demands it',
      {
        taskRouting: Object.fromEntries(
          ['coding', 'reasoning', 'analysis', 'documentation'].map((c) => [c, { requireSerena: true }]),
        ),
      },
      {},
    ],
  ])('is asked for small talk, too, %s', async (_, options, more) => {
    const { client, asked } = serena();
    const fake = await up(fakeOllama());
    await over(fake, { serena: client, ...options }).route({ prompt: `${SMALL_TALK} Like in \`parseDate\`.`, ...more });
    expect(asked.length).toBeGreaterThan(0);
  });

  it('is not asked in the middle of a tool loop', async () => {
    const { client, asked } = serena();
    const fake = await up(fakeOllama());
    await over(fake, { serena: client, serenaOptions: { when: 'always' } }).route({
      messages: [
        { role: 'user', content: CODE_QUESTION },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'grep', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'src/a.ts:1' },
      ],
    });
    expect(asked).toEqual([]);
  });

  it('is off where the host has none', async () => {
    const fake = await up(fakeOllama());
    const router = over(fake, { serena: false });
    expect((await router.route(CODE_QUESTION)).decision.serena.state).toBe('off');
    expect(router.status().serena).toBe('off');
  });

  it('does not hold a call up by never answering', async () => {
    const fake = await up(fakeOllama());
    const never = new Promise<never>(() => {});
    for (const client of [serena({ listTools: () => never }).client, serena({ callTool: () => never }).client]) {
      const router = over(fake, { serena: client, serenaOptions: { timeoutMs: 20 } });
      const { text, decision } = await router.route(CODE_QUESTION);
      expect(text).not.toBe('');
      expect(decision.serena.state).toBe('timeout');
      await router.close();
    }
  });

  it('does not end a call by failing', async () => {
    const fake = await up(fakeOllama());
    const fail = async (): Promise<never> => {
      throw new Error('Serena is gone');
    };
    const offline = over(fake, { serena: serena({ listTools: fail, callTool: fail }).client });
    expect((await offline.route(CODE_QUESTION)).decision.serena.state).toBe('failed');
    expect(offline.status().serena).toBe('unavailable');
    const refusing = over(fake, {
      serena: serena({ callTool: async () => ({ text: 'Error executing tool: no project', isError: true }) }).client,
    });
    expect((await refusing.route(CODE_QUESTION)).decision.serena.state).toBe('failed');
    expect(said(chats(fake).at(-1))[0]?.content).toBe(CODE_QUESTION);
  });

  it('does not answer by finding nothing', async () => {
    const fake = await up(fakeOllama());
    const { client } = serena({ callTool: async () => ({ text: '[]', isError: false }) });
    const { decision } = await over(fake, { serena: client }).route(CODE_QUESTION);
    expect(decision.serena).toMatchObject({ state: 'empty', tokens: 0 });
    expect(said(chats(fake)[0])[0]?.content).toBe(CODE_QUESTION);
  });

  it('gets no more room than the budget', async () => {
    const long = JSON.stringify([{ ...JSON.parse(SYMBOL)[0], body: 'x = 1;\n'.repeat(5_000) }]);
    const fake = await up(fakeOllama());
    const { client } = serena({ callTool: async () => ({ text: long, isError: false }) });
    const { decision } = await over(fake, { serena: client, serenaOptions: { tokenBudget: 100 } }).route(CODE_QUESTION);
    expect(decision.serena.tokens).toBeLessThanOrEqual(100);
  });

  it('is stopped by the signal of the call', async () => {
    const fake = await up(fakeOllama());
    const controller = new AbortController();
    let seen: AbortSignal | undefined;
    const { client } = serena({
      callTool: (_, __, { signal }) => {
        seen = signal;
        controller.abort();
        return new Promise(() => {});
      },
    });
    const error = await failure(over(fake, { serena: client }).route(CODE_QUESTION, { signal: controller.signal }));
    expect(error.code).toBe('ERR_ABORTED');
    expect(seen?.aborted).toBe(true);
    expect(chats(fake)).toEqual([]);
  });

  it('is asked by explain only on request', async () => {
    const { client, asked, listed } = serena();
    const fake = await up(fakeOllama());
    const router = over(fake, { serena: client });
    expect((await router.explain(CODE_QUESTION)).serena.state).toBe('not-needed');
    expect([asked.length, listed()]).toEqual([0, 0]);
    expect((await router.explain(CODE_QUESTION, { serena: true })).serena.state).toBe('ok');
    expect(asked.length).toBeGreaterThan(0);
    expect(chats(fake)).toEqual([]);
  });

  it('is told to the model in the system prompt', async () => {
    const fake = await up(fakeOllama());
    await over(fake, { serena: serena().client }).route('hi');
    expect(JSON.stringify(chats(fake)[0]?.body)).toContain('(Serena): enabled');
  });
});

/** A client that answers every question with one symbol, and remembers what it was asked. */
function serena(own: Partial<SerenaClient> = {}) {
  const asked: [string, Record<string, unknown>][] = [];
  let lists = 0;
  const client: SerenaClient = {
    listTools: async () => {
      lists += 1;
      return ['find_symbol', 'find_referencing_symbols', 'get_symbols_overview'];
    },
    callTool: async (name, args) => {
      asked.push([name, args]);
      return { text: SYMBOL, isError: false };
    },
    ...own,
  };
  return { client, asked, listed: () => lists };
}
