import type { ContentPart, CustomToolCall, Message, ToolCall } from '../core/chat.js';
import type { CompactionReport } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import { asArray, asObject, asString } from '../internal/json.js';
import { isRole } from '../internal/messages.js';
import { printable } from '../internal/redact.js';
import type { ContextEntry } from './compaction.js';

/** A model as far as its window is concerned. */
export interface WindowModel {
  readonly key: string | null;
  readonly contextLength: number;
}

/**
 * What a hand-over to another model did.
 * @public
 */
export interface HandoffReport {
  /** Catalogue key of the model before; `null` where none was set or it is unknown. */
  readonly from: string | null;
  /** Catalogue key of the model now. */
  readonly to: string | null;
  /** Tokens of the conversation as the new model counts them. */
  readonly tokens: number;
  /** What had to be compacted for its window, if anything. */
  readonly compaction: CompactionReport | null;
}

/** A conversation in memory. */
export interface Session {
  entries: ContextEntry[];
  model: WindowModel | null;
  modelHistory: (string | null)[];
  compactions: CompactionReport[];
  /** Raised whenever earlier entries change, so that a compaction which ran meanwhile is not put in their place. */
  revision: number;
}

// Histories of models and compactions are for people to read: the newest are enough.
const HISTORY = 100;

/** A conversation with nothing in it. */
export function newSession(): Session {
  return { entries: [], model: null, modelHistory: [], compactions: [], revision: 0 };
}

/** Makes a model the conversation's own and remembers the change. */
export function useModel(session: Session, model: WindowModel): void {
  if (session.model === null || session.model.key !== model.key) {
    session.modelHistory = [...session.modelHistory, model.key].slice(-HISTORY);
  }
  session.model = { key: model.key, contextLength: model.contextLength };
}

/** Puts compacted entries in the place of the first `seen` ones. */
export function replaceEntries(
  session: Session,
  seen: number,
  entries: readonly ContextEntry[],
  report: CompactionReport,
): void {
  session.entries = [...entries, ...session.entries.slice(seen)];
  session.compactions = [...session.compactions, report].slice(-HISTORY);
  session.revision++;
}

/** A message that shares nothing changeable with the given one: what a host or a hook does to one copy stays there. */
export function copyMessage(message: Message): Message {
  const copy = { ...message };
  if (Array.isArray(copy.content)) copy.content = copy.content.map(copyMembers<ContentPart>);
  if (copy.tool_calls) copy.tool_calls = copy.tool_calls.map(copyMembers<ToolCall | CustomToolCall>);
  return copy;
}

function copyMembers<T extends object>(value: T): T {
  const members = Object.entries(value).map(([key, member]: [string, unknown]) => [
    key,
    typeof member === 'object' && member !== null ? { ...member } : member,
  ]);
  return Object.fromEntries(members) as T;
}

/** The conversation as a JSON value. */
export function toStored(session: Session): unknown {
  return {
    format: 1,
    messages: session.entries.map(({ message, pinned, metadata }) => ({
      message: copyMessage(message),
      ...(pinned ? { pinned } : {}),
      ...(metadata ? { metadata: { ...metadata } } : {}),
    })),
    model: session.model,
    modelHistory: session.modelHistory,
    compactions: session.compactions,
  };
}

/** Reads what `toStored` wrote; `undefined` where it is something else. */
export function fromStored(value: unknown): Session | undefined {
  const stored = asObject(value);
  if (stored?.['format'] !== 1 || !Array.isArray(stored['messages'])) return undefined;
  const session = newSession();
  for (const item of stored['messages']) {
    const entry = asObject(item);
    const message = asObject(entry?.['message']);
    if (!isMessage(message)) return undefined;
    const metadata = asObject(entry?.['metadata']) as Record<string, string> | undefined;
    session.entries.push({ message: copyMessage(message), pinned: entry?.['pinned'] === true, metadata });
  }
  const model = asObject(stored['model']);
  const contextLength = model?.['contextLength'];
  if (typeof contextLength === 'number') session.model = { key: asString(model?.['key']) ?? null, contextLength };
  session.modelHistory = asArray(stored['modelHistory']).map((key) => asString(key) ?? null);
  session.compactions = asArray(stored['compactions']).filter((report) => asObject(report)) as CompactionReport[];
  return session;
}

/** Whether a value can be kept as a message. */
export function isMessage(value: unknown): value is Message {
  const message = asObject(value);
  if (!message || !isRole(message['role'])) return false;
  const { content, tool_calls: calls } = message;
  const readable = typeof content === 'string' || content === null || content === undefined || isList(content);
  return readable && (calls === undefined || isList(calls));
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => asObject(item) !== undefined);
}

/** Throws `ERR_INVALID_REQUEST` for what is no message. */
export function checkMessage(message: Message): void {
  if (isMessage(message)) return;
  const role = printable((message as Partial<Message> | undefined)?.role, 40);
  throw new RouterError(
    'ERR_INVALID_REQUEST',
    `addMessage: a message with role "${role}" cannot be kept; use a role of the OpenAI chat format, content that is a ` +
      'text, a list of parts or null, and a list as tool_calls.',
  );
}

/** Throws `ERR_INVALID_REQUEST` for a window that is none. */
export function checkModel(model: WindowModel): void {
  if (Number.isSafeInteger(model?.contextLength) && model.contextLength > 0) return;
  throw new RouterError(
    'ERR_INVALID_REQUEST',
    `The context window of a model: got ${printable(model?.contextLength, 40)}; use a whole number of tokens of at least 1.`,
  );
}

/** A message as a session keeps it: a copy. */
export function entryOf(
  message: Message,
  metadata: Readonly<Record<string, string>> | undefined,
  pinned = false,
): ContextEntry {
  return { message: copyMessage(message), pinned, ...(metadata ? { metadata: { ...metadata } } : {}) };
}

/** The messages of a session, free to be changed. */
export function copies(entries: readonly ContextEntry[]): Message[] {
  return entries.map(({ message }) => copyMessage(message));
}
