import type { ContentPart, Message } from '../core/chat.js';
import type { CompactionReport } from '../core/decision.js';
import { isSystem } from '../internal/messages.js';
import { SUMMARY_HEAD } from './summary.js';
import { headAndTail } from './trim-text.js';

/** A message of a conversation and what the host said about it. */
export interface ContextEntry {
  readonly message: Message;
  /** Never summarised, cut or dropped. */
  readonly pinned: boolean;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Belongs to the call at hand, not (yet) to the stored conversation. */
  readonly fresh?: boolean | undefined;
}

/** What a compaction keeps to. */
export interface CompactRules {
  /** Most tokens that the messages may take; never exceeded. */
  readonly limit: number;
  /** Tokens that suffice: what follows is left alone. */
  readonly goal: number;
  /** The whole window, for the report. */
  readonly window: number;
  readonly keepRecent: number;
  readonly maxToolOutputTokens: number;
  readonly keepRecentToolCalls: number;
  readonly count: (message: Message) => number | Promise<number>;
  readonly summarize: (messages: readonly Message[], maxTokens: number) => Promise<string>;
}

/** `overflow` is what the messages that must stay take, where that is more than the limit. */
export type Compacted =
  | { readonly entries: readonly ContextEntry[]; readonly report: CompactionReport | null }
  | { readonly overflow: number };

interface Item {
  entry: ContextEntry;
  tokens: number;
  readonly index: number;
  readonly group: number;
  readonly stays: boolean;
  gone: boolean;
}

/** Entries that a compaction wrote; a later one sums them up again. */
const WRITTEN = 'local-llm-router:compaction';
const NOTE = `${SUMMARY_HEAD}\n(The earlier messages were left out, because they did not fit.)`;
const SUMMARY_SHARE = 0.125;
const SUMMARY_TOKENS = 1024;

/**
 * Makes a conversation fit: cuts older tool outputs, then sums up older messages, then (only if it must) cuts and sums up
 * recent ones, oldest first. System and pinned messages and the last user message stay as they are, and a tool call
 * leaves together with its results.
 */
export async function compact(entries: readonly ContextEntry[], rules: CompactRules): Promise<Compacted> {
  const items = await toItems(entries, rules.count);
  const before = items.reduce((all, { tokens }) => all + tokens, 0);
  let total = before;
  let changed = 0;
  const cut = async (item: Item): Promise<void> => {
    const saved = await cutOutput(item, rules);
    if (saved === 0) return;
    total -= saved;
    changed++;
  };
  const remove = (group: readonly Item[]): void => {
    for (const item of group) {
      item.gone = true;
      total -= item.tokens;
    }
  };

  const outputs = items.filter(({ entry }) => isOutput(entry.message) && !entry.pinned);
  for (const item of outputs.slice(0, Math.max(0, outputs.length - rules.keepRecentToolCalls))) await cut(item);

  if (total > rules.goal) {
    const recent = items.length - rules.keepRecent;
    for (const group of removable(items)) if (group.every(({ index }) => index < recent)) remove(group);
  }
  const room = Math.min(SUMMARY_TOKENS, Math.floor(rules.limit * SUMMARY_SHARE));
  if (total > rules.limit) {
    for (const item of outputs) {
      if (total <= rules.limit - room) break;
      if (!item.gone) await cut(item);
    }
    for (const group of removable(items)) {
      if (total <= rules.limit - room) break;
      remove(group);
    }
  }
  if (total > rules.limit) return { overflow: total };

  const gone = items.filter((item) => item.gone);
  if (gone.length === 0 && changed === 0) return { entries, report: null };
  const summary = gone.length === 0 ? [] : await summaryOf(items, rules, Math.min(room, rules.limit - total));
  const first = items.findIndex((item) => item.gone);
  const kept = items.flatMap((item, i) => [
    ...(i === first ? summary.map(({ entry }) => entry) : []),
    ...(item.gone ? [] : [item.entry]),
  ]);
  return {
    entries: kept,
    report: {
      before,
      after: total + summary.reduce((all, { tokens }) => all + tokens, 0),
      limit: rules.window,
      removed: gone.length + changed,
      summarized: summary.length === 0 || summary[0]?.entry.message.content === NOTE ? 0 : gone.length,
    },
  };
}

async function toItems(entries: readonly ContextEntry[], count: CompactRules['count']): Promise<Item[]> {
  const groups = groupsOf(entries);
  const last = lastToKeep(entries);
  const keptGroups = new Set<number>();
  entries.forEach((entry, i) => {
    if (entry.pinned || isSystem(entry.message) || i === last) keptGroups.add(groups[i] as number);
  });
  const items: Item[] = [];
  for (const [i, entry] of entries.entries()) {
    const group = groups[i] as number;
    const tokens = await count(entry.message);
    items.push({ entry, tokens, index: i, group, stays: keptGroups.has(group), gone: false });
  }
  return items;
}

/** A number per entry; a tool call and its results share one, wherever they stand. */
function groupsOf(entries: readonly ContextEntry[]): number[] {
  const callers = new Map<string, number>();
  return entries.map(({ message, metadata }, i) => {
    if (metadata?.[WRITTEN] === 'reply') return Math.max(0, i - 1);
    for (const call of message.tool_calls ?? []) callers.set(call.id, i);
    return (message.tool_call_id === undefined ? undefined : callers.get(message.tool_call_id)) ?? i;
  });
}

/** The last user message; without one, the last message that is no system message. */
function lastToKeep(entries: readonly ContextEntry[]): number {
  let last = -1;
  for (const [i, { message, metadata }] of entries.entries()) {
    if (isSystem(message)) continue;
    const user = message.role === 'user' && !metadata?.[WRITTEN];
    if (user || last < 0 || entries[last]?.message.role !== 'user') last = i;
  }
  return last;
}

/** Groups that may leave, oldest first. */
function removable(items: readonly Item[]): Item[][] {
  const groups = new Map<number, Item[]>();
  for (const item of items) {
    if (item.stays || item.gone) continue;
    const group = groups.get(item.group);
    if (group) group.push(item);
    else groups.set(item.group, [item]);
  }
  return [...groups.values()];
}

/** Cuts a tool output to head and tail; gives the tokens saved. */
async function cutOutput(item: Item, rules: CompactRules): Promise<number> {
  const max = rules.maxToolOutputTokens;
  if (item.tokens <= max) return 0;
  const { message } = item.entry;
  const parts: ContentPart[] = typeof message.content === 'string' ? [] : (message.content ?? []);
  const text =
    typeof message.content === 'string'
      ? message.content
      : parts.map((p) => (p.type === 'text' ? p.text : '')).join('\n');
  const others = parts.filter((part) => part.type !== 'text');
  let chars = Math.floor((text.length * max) / item.tokens);
  // The share of characters is only a first guess: tokens are not spread evenly, and the line in the middle counts too.
  for (let tries = 0; tries < 12 && chars > 0; tries++, chars = Math.floor(chars * 0.8)) {
    const shorter = headAndTail(text, chars);
    const cut: Message = {
      ...message,
      content: others.length === 0 ? shorter : [{ type: 'text', text: shorter }, ...others],
    };
    const tokens = await rules.count(cut);
    if (tokens > max && tries < 11) continue;
    const saved = item.tokens - tokens;
    if (saved <= 0) return 0;
    item.entry = { ...item.entry, message: cut };
    item.tokens = tokens;
    return saved;
  }
  return 0;
}

/** The messages that stand for what is gone, in at most `budget` tokens; none where not even a note fits. */
async function summaryOf(
  items: readonly Item[],
  rules: CompactRules,
  budget: number,
): Promise<{ entry: ContextEntry; tokens: number }[]> {
  const gone = items.filter((item) => item.gone && item.entry.metadata?.[WRITTEN] !== 'reply');
  const after = items.findIndex((item) => item.gone);
  const next = items.slice(after).find((item) => !item.gone && !isSystem(item.entry.message));
  // As an exchange between user and assistant: many chat templates refuse a second system message or two users in a row.
  const reply =
    next?.entry.message.role === 'user' ? [written('reply', { role: 'assistant', content: 'Understood.' })] : [];
  const replyTokens = reply[0] === undefined ? 0 : await rules.count(reply[0].message);
  const pair = async (content: string) => {
    const entry = written('summary', { role: 'user', content });
    const tokens = await rules.count(entry.message);
    return tokens + replyTokens <= budget
      ? [{ entry, tokens }, ...reply.map((r) => ({ entry: r, tokens: replyTokens }))]
      : undefined;
  };
  const note = await pair(NOTE);
  if (note === undefined) return [];
  const max = budget - replyTokens - (await rules.count({ role: 'user', content: SUMMARY_HEAD })) - 1;
  if (max < 16) return note;
  const text = (
    await rules.summarize(
      gone.map((item) => item.entry.message),
      max,
    )
  ).trim();
  if (text === '') return note;
  for (let chars = text.length; chars >= Math.min(40, text.length); chars = Math.floor(chars * 0.8)) {
    const fitting = await pair(`${SUMMARY_HEAD}\n${headAndTail(text, chars)}`);
    if (fitting) return fitting;
  }
  return note;
}

function written(what: 'summary' | 'reply', message: Message): ContextEntry {
  return { message, pinned: false, metadata: { [WRITTEN]: what } };
}

function isOutput(message: Message): boolean {
  return message.role === 'tool' || message.role === 'function';
}
