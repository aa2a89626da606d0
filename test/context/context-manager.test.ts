import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContextManager } from '../../src/context/context-manager.js';
import type { ContextOptions } from '../../src/context/context-options.js';
import type { Message, TextPart } from '../../src/core/chat.js';
import type { KeyValueStore } from '../../src/core/store.js';

const perCharacter = { count: (text: string) => text.length };
const model = (contextLength: number, key: string | null = 'qwen3-8b') => ({ key, contextLength });
const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });
const manager = (o: ContextOptions = {}) => new ContextManager({ tokenCounter: perCharacter, ...o });

function filled(turns: number, o: ContextOptions = {}): ContextManager {
  const context = manager(o);
  for (let n = 0; n < turns; n++) {
    context.addMessage(user(`Question ${n}. ${'q'.repeat(80)}`));
    context.addMessage(assistant(`Answer ${n}. ${'a'.repeat(80)}`));
  }
  return context;
}

const prepare = (context: ContextManager, o: Partial<Parameters<ContextManager['prepare']>[0]> = {}) =>
  context.prepare({ session: 'default', system: 'Be brief.', messages: [user('and now?')], model: model(8000), ...o });

describe('options', () => {
  it.each([
    [{ threshold: 2 }, /threshold.*got 2.*from 0.1 to 1/],
    [{ threshold: 0.5, target: 0.6 }, /target: got 0.6; use a number below threshold \(0.5\)/],
    [{ keepRecent: 1.5 }, /keepRecent.*whole number/],
    [{ store: {} }, /store.*get\(\), set\(\), delete\(\), list\(\)/],
    [{ tokenCounter: 'gpt' }, /tokenCounter.*count\(\)/],
    [{ tresh: 0.8 }, /tresh: unknown option.*threshold/],
  ])('%j is refused with the fix', (options, message) => {
    expect(() => new ContextManager(options as ContextOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringMatching(message) }),
    );
  });
});

describe('a conversation', () => {
  it('is exported as it was added, without what belongs to the host', () => {
    const context = manager();
    const tool: Message = { role: 'tool', tool_call_id: 'c', content: 'ok' };
    context.addMessage(user('hi'), { pinned: true, metadata: { from: 'editor' } });
    context.addMessage(tool);
    expect(context.exportForApi()).toEqual([user('hi'), tool]);
    expect(context.session('default')?.messages).toEqual([user('hi'), tool]);
  });

  it('does not change when the host changes its own message or an exported one', () => {
    const context = manager();
    const part: TextPart = { type: 'text', text: 'one' };
    context.addMessage({ role: 'user', content: [part] });
    part.text = 'two';
    for (const exported of context.exportForApi()) exported.content = 'three';
    expect(context.exportForApi()).toEqual([{ role: 'user', content: [{ type: 'text', text: 'one' }] }]);
  });

  it('is one of many that do not mix, until it is cleared', () => {
    const context = manager();
    context.addMessage(user('a'), { session: 'one' });
    context.addMessage(user('b'), { session: 'two' });
    expect(context.sessions()).toEqual(['one', 'two']);
    expect(context.exportForApi({ session: 'one' })).toEqual([user('a')]);
    context.clear({ session: 'one' });
    expect(context.session('one')).toBeUndefined();
    expect(context.exportForApi({ session: 'one' })).toEqual([]);
    expect(context.exportForApi({ session: 'two' })).toEqual([user('b')]);
  });

  it.each([
    [undefined],
    [{ role: 'robot', content: 'x' }],
    [{ role: 'user', content: 7 }],
    [{ role: 'user', content: ['x'] }],
  ])('takes no %j', (message) => {
    expect(() => manager().addMessage(message as unknown as Message)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_REQUEST' }),
    );
  });

  it('knows its usage, and its models in order', () => {
    const context = manager();
    expect(context.usage()).toEqual({ tokens: 0, limit: 0, ratio: 0 });
    context.addMessage(user('x'.repeat(96)));
    context.setModel(model(1000, 'llama3.1-8b'));
    context.setModel(model(2000, 'llama3.1-8b'));
    context.setModel(model(500));
    const { tokens, limit, ratio } = context.usage();
    expect(limit).toBe(500);
    expect(ratio).toBe(tokens / 500);
    expect(context.session('default')?.modelHistory).toEqual(['llama3.1-8b', 'qwen3-8b']);
    expect(() => context.setModel(model(0))).toThrow(expect.objectContaining({ code: 'ERR_INVALID_REQUEST' }));
  });
});

describe('checkAndCompact', () => {
  it('does nothing without a model, or below 80 % of the window', async () => {
    const context = filled(20);
    expect(await context.checkAndCompact()).toBeNull();
    context.setModel(model(6000));
    expect(await context.checkAndCompact()).toBeNull();
    expect(context.exportForApi()).toHaveLength(40);
  });

  it('compacts once above it, and remembers what it did', async () => {
    const context = filled(40);
    context.setModel(model(6000));
    const report = await context.checkAndCompact();
    expect(report).toMatchObject({ limit: 6000, removed: 70, summarized: 70 });
    expect(report?.after).toBeLessThan(3000);
    expect(context.exportForApi().slice(-10)).toEqual(filled(40).exportForApi().slice(-10));
    expect(context.session('default')?.compactions).toEqual([report]);
    expect(await context.checkAndCompact()).toBeNull();
  });

  it('never leaves more than the window, whatever was said', async () => {
    const message = fc.record({
      role: fc.constantFrom('user' as const, 'assistant' as const, 'tool' as const),
      content: fc.integer({ min: 0, max: 900 }).map((n) => 'x'.repeat(n)),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 60 }),
        fc.integer({ min: 1500, max: 9000 }),
        async (messages, window) => {
          const context = new ContextManager();
          for (const m of messages) context.addMessage(m);
          context.setModel(model(window));
          await context.checkAndCompact();
          expect(context.usage().ratio).toBeLessThanOrEqual(0.8);
          const last = messages.filter(({ role }) => role === 'user').at(-1);
          if (last) expect(context.exportForApi()).toContainEqual(last);
        },
      ),
    );
  });

  it('leaves room enough where a fifth of the window is no whole number', async () => {
    const context = new ContextManager();
    const said = 't85 a457 a664 a823 a365 a266 u556 t669 a850 a145 u272 t139 a438 u807'.split(' ');
    const roles = { t: 'tool', a: 'assistant', u: 'user' } as const;
    for (const one of said) {
      const role = roles[one.charAt(0) as keyof typeof roles];
      context.addMessage({ role, content: 'x'.repeat(Number(one.slice(1))) });
    }
    context.setModel({ key: 'qwen3-8b', contextLength: 1819 });
    await context.checkAndCompact();
    expect(context.usage().ratio).toBeLessThanOrEqual(0.8);
  });

  it('refuses what cannot fit, with the numbers and a remedy, and changes nothing', async () => {
    const context = filled(3);
    context.addMessage(user(`secret ${'x'.repeat(5000)}`));
    context.setModel(model(4000));
    const error = await context.checkAndCompact().catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_CONTEXT_OVERFLOW', contextLimit: 4000 });
    expect((error as Error).message).toMatch(/5011 tokens.*4000 tokens leaves 3200.*Shorten/);
    expect((error as Error).message).not.toContain('secret');
    expect(context.exportForApi()).toHaveLength(7);
  });

  it('loses no message that was added while it worked', async () => {
    const context = filled(40, {
      summarizer: {
        summarize: async () => {
          context.addMessage(user('one more thing'));
          return 'what was said';
        },
      },
    });
    context.setModel(model(6000));
    expect(await context.checkAndCompact()).not.toBeNull();
    expect(context.exportForApi().at(-1)).toEqual(user('one more thing'));
    expect(context.exportForApi()[0]?.content).toContain('what was said');
  });

  it('can be cancelled although the summarizer hangs', async () => {
    const context = filled(40, { summarizer: { summarize: () => new Promise(() => {}) } });
    context.setModel(model(6000));
    const controller = new AbortController();
    const compaction = context.checkAndCompact({ signal: controller.signal });
    controller.abort();
    await expect(compaction).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(context.exportForApi()).toHaveLength(80);
  });
});

describe('a hand-over', () => {
  it('compacts for the smaller window and tells from whom to whom', async () => {
    const context = filled(40);
    context.setModel(model(32_000, 'llama3.1-8b'));
    const report = await context.prepareHandoff(model(6000));
    expect(report).toMatchObject({ from: 'llama3.1-8b', to: 'qwen3-8b', compaction: { limit: 6000 } });
    expect(report.tokens).toBe(report.compaction?.after);
    expect(context.usage().limit).toBe(6000);
  });

  it('changes nothing when the conversation cannot fit', async () => {
    const context = manager();
    context.addMessage(user('x'.repeat(5000)));
    context.setModel(model(32_000, 'llama3.1-8b'));
    await expect(context.prepareHandoff(model(4000))).rejects.toMatchObject({ code: 'ERR_CONTEXT_OVERFLOW' });
    expect(context.usage().limit).toBe(32_000);
    await expect(manager().prepareHandoff(model(4000))).resolves.toEqual({
      from: null,
      to: 'qwen3-8b',
      tokens: 0,
      compaction: null,
    });
  });
});

describe('prepare', () => {
  it('puts system prompt, conversation and new messages together, and changes nothing before commit', async () => {
    const context = filled(1);
    const prompt = await prepare(context);
    expect(prompt.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
    expect(prompt.compaction).toBeNull();
    expect(context.exportForApi()).toHaveLength(2);
    prompt.commit([user('the original query'), assistant('42')], { metadata: { ticket: '7' } });
    prompt.commit([user('twice')]);
    expect(context.exportForApi().slice(2)).toEqual([user('the original query'), assistant('42')]);
    expect(context.usage().limit).toBe(8000);
  });

  it('remembers the window that was in force, where it is told with the outcome', async () => {
    const context = filled(1);
    const unknown = { key: 'a', contextLength: 2 ** 30 };
    (await prepare(context, { model: unknown })).commit([user('x'), assistant('y')], { window: 4096 });
    expect(context.usage().limit).toBe(4096);
    expect(context.session('default')?.modelHistory.at(-1)).toBe('a');
  });

  it('adds no second system prompt', async () => {
    const context = manager();
    context.addMessage({ role: 'developer', content: 'Mine.' });
    expect((await prepare(context)).messages.map(({ role }) => role)).toEqual(['developer', 'user']);
    const own: Message[] = [{ role: 'system', content: 'Mine.' }, user('x')];
    expect((await prepare(manager(), { messages: own })).messages).toEqual(own);
  });

  it('keeps the prefix byte for byte from turn to turn while nothing is compacted', async () => {
    const context = manager();
    let before = '';
    for (let turn = 0; turn < 5; turn++) {
      const prompt = await prepare(context, { messages: [user(`turn ${turn}`)] });
      const wire = JSON.stringify(prompt.messages).slice(0, -1);
      expect(wire.startsWith(before)).toBe(true);
      before = wire;
      prompt.commit([user(`turn ${turn}`), assistant('ok')]);
    }
  });

  it('makes a compaction part of the conversation at commit only, so that the next prefix is stable again', async () => {
    const context = filled(60);
    const first = await prepare(context);
    expect(first.compaction).not.toBeNull();
    expect(context.exportForApi()).toHaveLength(120);
    first.commit([user('and now?'), assistant('now')]);
    expect(context.session('default')?.compactions).toEqual([first.compaction]);
    const second = await prepare(context, { messages: [user('again')] });
    expect(second.compaction).toBeNull();
    expect(JSON.stringify(second.messages)).toContain(JSON.stringify(first.messages).slice(0, -1));
  });

  it('forgets nothing for a window that was reduced for one call', async () => {
    const context = filled(30);
    const prompt = await prepare(context, { reduceTo: 3000 });
    expect(prompt.compaction).toMatchObject({ limit: 3000 });
    prompt.commit([user('and now?'), assistant('now')]);
    expect(context.exportForApi()).toHaveLength(62);
  });

  it('reckons with tools and the answer', async () => {
    const parameters = { type: 'object', properties: { path: { type: 'string', description: 'x'.repeat(2000) } } };
    const tools = [{ type: 'function' as const, function: { name: 'read', parameters } }];
    const bare = await prepare(manager());
    const withTools = await prepare(manager(), { tools });
    expect(withTools.tokens - bare.tokens).toBeGreaterThan(500);
    const overflowing = prepare(manager(), { tools, model: model(700), reservedOutput: 300 });
    await expect(overflowing).rejects.toMatchObject({ code: 'ERR_CONTEXT_OVERFLOW' });
    expect((await prepare(manager(), { reservedOutput: 100_000 })).reservedOutput).toBe(4000);
    expect((await prepare(manager())).reservedOutput).toBe(1600);
    expect((await prepare(manager({ reserveOutput: 77 }))).reservedOutput).toBe(77);
  });

  it('keeps nothing of a call without a session', async () => {
    const context = manager();
    const prompt = await prepare(context, { session: undefined, system: undefined });
    prompt.commit([user('x')]);
    expect(prompt.messages).toEqual([user('and now?')]);
    expect(context.sessions()).toEqual([]);
  });

  it('does not resurrect a session that was cleared meanwhile', async () => {
    const context = filled(60);
    const prompt = await prepare(context);
    context.clear();
    prompt.commit([user('and now?'), assistant('now')]);
    expect(context.exportForApi()).toEqual([user('and now?'), assistant('now')]);
  });

  it('goes on with estimates and an extract when the host parts fail, and says so', async () => {
    const broken = () => {
      throw new Error('secret');
    };
    const context = filled(60, { tokenCounter: { count: broken }, summarizer: { summarize: broken } });
    const prompt = await prepare(context, { model: model(2500) });
    expect(prompt.compaction?.summarized).toBeGreaterThan(0);
    expect(prompt.messages[1]?.content).toContain('The user asked: Question 0.');
    expect(prompt.notes).toEqual([
      'The token counter failed; its counts were estimated.',
      'The summarizer failed; an extract was used.',
    ]);
  });

  it('takes counters and summarizers that answer later', async () => {
    const context = filled(60, {
      tokenCounter: { count: async (text) => text.length },
      summarizer: {
        summarize: async (messages, { maxTokens }) => `${messages.length} messages in ${maxTokens} tokens`,
      },
    });
    const prompt = await prepare(context);
    expect(prompt.messages[1]?.content).toMatch(/\d+ messages in \d+ tokens/);
    expect(prompt.notes).toEqual([]);
  });
});

describe('saving and loading', () => {
  function versionedStore(): KeyValueStore & { data: Map<string, { value: string; version: string }> } {
    const data = new Map<string, { value: string; version: string }>();
    let last = 0;
    return {
      data,
      get: async (key) => {
        const found = data.get(key);
        return found && { value: JSON.parse(found.value), version: found.version };
      },
      set: async (key, value, o) => {
        const now = data.get(key)?.version ?? null;
        if (o?.ifVersion !== undefined && o.ifVersion !== now) return { ok: false };
        const version = String(++last);
        data.set(key, { value: JSON.stringify(value), version });
        return { ok: true, version };
      },
      delete: async (key) => void data.delete(key),
      list: async (prefix) => [...data.keys()].filter((key) => key.startsWith(prefix)),
    };
  }

  it('brings a conversation to another process, pins and models included', async () => {
    const store = versionedStore();
    const one = filled(40, { store });
    one.addMessage(user('never forget'), { pinned: true, metadata: { from: 'editor' } });
    one.setModel(model(6000));
    await one.checkAndCompact();
    await one.save();
    const two = manager({ store });
    await two.load();
    expect(two.session('default')).toEqual(one.session('default'));
    expect(two.usage()).toMatchObject({ limit: 6000 });
    for (let n = 0; n < 60; n++) two.addMessage(user(`more ${'x'.repeat(80)}`));
    await two.checkAndCompact();
    expect(two.exportForApi()).toContainEqual(user('never forget'));
  });

  it('overwrites no work of another process', async () => {
    const store = versionedStore();
    const [one, two] = [filled(1, { store }), filled(2, { store })];
    await one.save();
    await expect(two.save()).rejects.toMatchObject({ code: 'ERR_EDIT_CONFLICT' });
    await two.load();
    expect(two.exportForApi()).toHaveLength(2);
    two.addMessage(user('later'));
    await two.save();
    await expect(one.save()).rejects.toMatchObject({ code: 'ERR_EDIT_CONFLICT' });
    await two.save();
  });

  it('works with a store that knows no versions', async () => {
    const data = new Map<string, unknown>();
    const store: KeyValueStore = {
      get: async (key) => (data.has(key) ? { value: data.get(key) } : undefined),
      set: async (key, value) => {
        data.set(key, structuredClone(value));
        return { ok: true };
      },
      delete: async (key) => void data.delete(key),
      list: async () => [...data.keys()],
    };
    const context = filled(1, { store });
    await context.save();
    context.addMessage(user('more'));
    await context.save();
    const other = manager({ store });
    await other.load();
    expect(other.exportForApi()).toHaveLength(3);
  });

  it('removes what was cleared, and nothing that it never knew', async () => {
    const store = versionedStore();
    const context = filled(1, { store });
    await context.save();
    await manager({ store }).save();
    expect(store.data.size).toBe(1);
    context.clear();
    await context.save();
    expect(store.data.size).toBe(0);
  });

  it('leaves the conversation alone when nothing, or nothing readable, is stored', async () => {
    const store = versionedStore();
    const context = filled(1, { store });
    await context.load();
    expect(context.exportForApi()).toHaveLength(2);
    for (const value of [
      null,
      'x',
      { format: 1 },
      { format: 2, messages: [] },
      { format: 1, messages: [{ message: { role: 'x' } }] },
    ]) {
      await store.set('session:default', value);
      await expect(context.load()).rejects.toMatchObject({ code: 'ERR_BAD_RESPONSE' });
    }
    expect(context.exportForApi()).toHaveLength(2);
  });

  it('says what is missing without a store, and can be cancelled', async () => {
    await expect(manager().save()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
    await expect(manager().load()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
    const store = { ...versionedStore(), get: () => new Promise<undefined>(() => {}) };
    const load = manager({ store }).load({ signal: AbortSignal.abort() });
    await expect(load).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});
