import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CompactRules, type ContextEntry, compact } from '../../src/context/compaction.js';
import { extractSummary, SUMMARY_HEAD } from '../../src/context/summary.js';
import type { Message } from '../../src/core/chat.js';

// One token per character and four per message: budgets are easy to read.
const sizeOf = (message: Message) =>
  4 +
  (typeof message.content === 'string' ? message.content.length : 0) +
  (message.tool_calls ? JSON.stringify(message.tool_calls).length : 0);
const rules = (o: Partial<CompactRules> = {}): CompactRules => ({
  limit: 4000,
  goal: 2500,
  window: 5000,
  keepRecent: 10,
  maxToolOutputTokens: 500,
  keepRecentToolCalls: 5,
  count: sizeOf,
  summarize: async (messages, maxTokens) => extractSummary(messages, Math.floor(maxTokens / 4)),
  ...o,
});
const entry = (message: Message, pinned = false): ContextEntry => ({ message, pinned });
const user = (content: string) => entry({ role: 'user', content });
const assistant = (content: string) => entry({ role: 'assistant', content });
const call = (id: string) =>
  entry({
    role: 'assistant',
    content: null,
    tool_calls: [{ id, type: 'function', function: { name: 'run', arguments: '{}' } }],
  });
const output = (id: string, content: string) => entry({ role: 'tool', tool_call_id: id, content });
const total = (entries: readonly ContextEntry[]) => entries.reduce((all, { message }) => all + sizeOf(message), 0);

async function compacted(entries: readonly ContextEntry[], o: Partial<CompactRules> = {}) {
  const result = await compact(entries, rules(o));
  if ('overflow' in result) throw new Error(`overflow of ${result.overflow}`);
  return result;
}

describe('compaction', () => {
  it('leaves what is short enough alone', async () => {
    const entries = [user('a'), assistant('b')];
    const result = await compacted(entries);
    expect(result.entries).toBe(entries);
    expect(result.report).toBeNull();
  });

  it('keeps head and tail of older tool outputs, and the last five as they are', async () => {
    const long = `BEGIN ${'x'.repeat(2000)} END`;
    const entries = [user('go'), ...[1, 2, 3, 4, 5, 6, 7].flatMap((n) => [call(`c${n}`), output(`c${n}`, long)])];
    const { entries: kept, report } = await compacted(entries, { limit: 100_000, goal: 90_000 });
    const outputs = kept
      .filter(({ message }) => message.role === 'tool')
      .map(({ message }) => message.content as string);
    expect(outputs.slice(2)).toEqual(Array(5).fill(long));
    for (const cut of outputs.slice(0, 2)) {
      expect(cut.length).toBeLessThanOrEqual(500);
      expect(cut.startsWith('BEGIN')).toBe(true);
      expect(cut.endsWith('END')).toBe(true);
      expect(cut).toMatch(/\[\.\.\. \d+ characters left out \.\.\.\]/);
    }
    expect(report).toMatchObject({ removed: 2, summarized: 0, before: total(entries), after: total(kept) });
  });

  it('sums up what is older than the last ten messages, as an exchange that chat templates take', async () => {
    const entries = [
      entry({ role: 'system', content: 'Be brief.' }),
      ...Array.from({ length: 12 }, (_, n) => [
        user(`Question ${n}. ${'q'.repeat(100)}`),
        assistant(`Answer ${n}. ${'a'.repeat(100)}`),
      ]).flat(),
    ];
    const { entries: kept, report } = await compacted(entries, { goal: 2000 });
    expect(kept[0]).toBe(entries[0]);
    expect(kept.slice(-10)).toEqual(entries.slice(-10));
    expect(kept.slice(1, 3).map(({ message }) => message.role)).toEqual(['user', 'assistant']);
    const summary = kept[1]?.message.content as string;
    expect(summary.startsWith(SUMMARY_HEAD)).toBe(true);
    expect(summary).toContain('The user asked: Question 0.');
    expect(report).toMatchObject({ removed: 14, summarized: 14, limit: 5000 });
  });

  it('carries an earlier summary into the next one', async () => {
    const turn = (n: number) => [user(`Task ${n}. ${'q'.repeat(150)}`), assistant(`Done ${n}. ${'a'.repeat(150)}`)];
    const first = await compacted(Array.from({ length: 10 }, (_, n) => turn(n)).flat(), { goal: 1000 });
    const second = await compacted([...first.entries, ...Array.from({ length: 10 }, (_, n) => turn(n + 10)).flat()], {
      goal: 1000,
    });
    const summaries = second.entries.filter(({ message }) => String(message.content).startsWith(SUMMARY_HEAD));
    expect(summaries).toHaveLength(1);
    expect(summaries[0]?.message.content).toContain('Task 0.');
  });

  it('drops nothing of a last user message that does not fit, but says how much it takes', async () => {
    const result = await compact([assistant('old '.repeat(100)), user('x'.repeat(5000))], rules());
    expect(result).toEqual({ overflow: 5004 });
  });

  it('cuts a summary that is longer than asked for', async () => {
    const entries = Array.from({ length: 40 }, (_, n) => user(`${n} ${'q'.repeat(150)}`));
    const { entries: kept, report } = await compacted(entries, { summarize: async () => 's'.repeat(50_000) });
    expect(total(kept)).toBeLessThanOrEqual(4000);
    expect(kept[0]?.message.content).toContain('characters left out');
    expect(report?.after).toBe(total(kept));
  });
});

const text = fc.string({ maxLength: 20 }).chain((s) => fc.integer({ min: 0, max: 80 }).map((n) => s.repeat(n)));
// A conversation as it comes: turns, tool calls with their results in any order, some unanswered, some pinned.
const conversation = fc
  .array(
    fc.oneof(
      fc.record({ kind: fc.constant('user' as const), text, pinned: fc.boolean() }),
      fc.record({ kind: fc.constant('assistant' as const), text, pinned: fc.constant(false) }),
      fc.record({
        kind: fc.constant('system' as const),
        text: fc.string({ maxLength: 30 }),
        pinned: fc.constant(false),
      }),
      fc.record({
        kind: fc.constant('tools' as const),
        texts: fc.array(text, { maxLength: 3 }),
        pinned: fc.boolean(),
        late: fc.boolean(),
      }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => {
    const entries: ContextEntry[] = [];
    const late: ContextEntry[] = [];
    parts.forEach((part, n) => {
      // Pinned ones are few and short: they never leave.
      if (part.kind !== 'tools') {
        entries.push(
          entry({ role: part.kind, content: part.pinned ? part.text.slice(0, 20) : part.text }, part.pinned),
        );
        return;
      }
      const ids = part.texts.map((_, i) => `${n}-${i}`);
      entries.push(
        entry({
          role: 'assistant',
          content: null,
          tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
        }),
      );
      part.texts.forEach((content, i) => {
        const result = entry(
          { role: 'tool', tool_call_id: ids[i] as string, content: part.pinned ? content.slice(0, 20) : content },
          part.pinned,
        );
        (part.late && i > 0 ? late : entries).push(result);
      });
    });
    return [...entries, ...late];
  });

describe('compaction of any conversation', () => {
  const options = fc.record({
    limit: fc.integer({ min: 200, max: 6000 }),
    keepRecent: fc.integer({ min: 0, max: 12 }),
    keepRecentToolCalls: fc.integer({ min: 0, max: 6 }),
  });

  it('fits, keeps what must stay, splits no tool call from its result, and is deterministic', async () => {
    await fc.assert(
      fc.asyncProperty(conversation, options, async (entries, o) => {
        const all = rules({ ...o, goal: Math.floor(o.limit * 0.6), window: o.limit + 1000 });
        const result = await compact(entries, all);
        const protectedEntries = entries.filter(({ message, pinned }) => pinned || message.role === 'system');
        const lastUser = entries.filter(({ message }) => message.role === 'user').at(-1);
        if ('overflow' in result) {
          expect(result.overflow).toBeGreaterThan(o.limit);
          return;
        }
        const kept = result.entries;
        expect(total(kept)).toBeLessThanOrEqual(o.limit);
        for (const e of [...protectedEntries, ...(lastUser ? [lastUser] : [])]) expect(kept).toContain(e);
        const calls = kept.flatMap(({ message }) => (message.tool_calls ?? []).map(({ id }) => id));
        const results = kept.flatMap(({ message }) => message.tool_call_id ?? []);
        const answered = new Set(entries.flatMap(({ message }) => message.tool_call_id ?? []));
        expect([...results].sort()).toEqual(calls.filter((id) => answered.has(id)).sort());
        if (result.report) expect(result.report.after).toBe(total(kept));
        expect(await compact(entries, all)).toEqual(result);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the order of what it keeps', async () => {
    await fc.assert(
      fc.asyncProperty(conversation, options, async (entries, o) => {
        const result = await compact(entries, rules({ ...o, goal: 100 }));
        if ('overflow' in result) return;
        const places = result.entries.map((e) => entries.indexOf(e)).filter((i) => i >= 0);
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }),
    );
  });

  it('overflows only where system, pinned and last user messages alone do not fit', async () => {
    await fc.assert(
      fc.asyncProperty(conversation, options, async (entries, o) => {
        const result = await compact(entries, rules(o));
        if (!('overflow' in result)) return;
        const last =
          entries.filter(({ message }) => message.role === 'user').at(-1) ??
          entries.filter(({ message }) => message.role !== 'system').at(-1);
        const callsOf = (e: ContextEntry) => (e.message.tool_calls ?? []).map(({ id }) => id);
        const stays = new Set(entries.filter((e) => e.pinned || e.message.role === 'system' || e === last));
        for (const e of entries) {
          const ids = [...callsOf(e), ...(e.message.tool_call_id === undefined ? [] : [e.message.tool_call_id])];
          const base = ids[0]?.split('-')[0];
          // A pinned result keeps its call, and with it the other results.
          if (base === undefined) continue;
          if (
            [...stays].some((s) =>
              [...callsOf(s), s.message.tool_call_id ?? ''].some((id) => id.split('-')[0] === base),
            )
          )
            stays.add(e);
        }
        expect(total([...stays])).toBeGreaterThan(o.limit);
      }),
      { numRuns: 300 },
    );
  });
});
