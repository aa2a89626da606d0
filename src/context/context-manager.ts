import type { Message, ToolDefinition } from '../core/chat.js';
import type { CompactionReport } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import type { CallOptions } from '../core/events.js';
import { raceAbort } from '../internal/deadline.js';
import { isSystem } from '../internal/messages.js';
import { type ContextEntry, compact } from './compaction.js';
import { type ContextOptions, type NormalisedContext, normaliseContext } from './context-options.js';
import { MessageCounter } from './message-counter.js';
import type { PreparedPrompt } from './prepared-prompt.js';
import { SessionStore } from './session-store.js';
import {
  checkMessage,
  checkModel,
  copies,
  copyMessage,
  entryOf,
  type HandoffReport,
  newSession,
  replaceEntries,
  type Session,
  useModel,
  type WindowModel,
} from './sessions.js';
import { extractSummary } from './summary.js';

/** A conversation that does not name its session goes on here. */
const DEFAULT_SESSION = 'default';

/**
 * Keeps conversations within the context window of the model that goes on with them.
 *
 * Sessions live in memory until `clear`, as many as the host names; a conversation only loses what a
 * {@link CompactionReport} tells.
 *
 * @example
 * ```ts
 * const context = new ContextManager({ threshold: 0.8, target: 0.5 });
 * context.addMessage({ role: 'user', content: 'Why does the build fail?' });
 * context.setModel({ key: 'qwen3-8b', contextLength: 8192 });
 * await context.checkAndCompact();
 * const messages = context.exportForApi();
 * ```
 * @public
 */
export class ContextManager {
  readonly #options: NormalisedContext;
  readonly #counter: MessageCounter;
  readonly #store: SessionStore;
  readonly #sessions = new Map<string, Session>();
  #system: Message | undefined;

  /** Makes a manager; throws `ERR_INVALID_OPTION`. */
  constructor(options?: ContextOptions) {
    this.#options = normaliseContext(options);
    this.#counter = new MessageCounter(this.#options.tokenCounter);
    this.#store = new SessionStore(this.#options.store);
  }

  /**
   * Adds a message (a copy of it) to a session. A pinned one is never summarised, cut or dropped.
   * Throws `ERR_INVALID_REQUEST` for what is no message.
   */
  addMessage(
    message: Message,
    o: {
      readonly session?: string | undefined;
      readonly pinned?: boolean | undefined;
      readonly metadata?: Readonly<Record<string, string>> | undefined;
    } = {},
  ): void {
    checkMessage(message);
    this.#open(o.session).entries.push(entryOf(message, o.metadata, o.pinned));
  }

  /** Says which model goes on with a session, and its context window in tokens. */
  setModel(
    model: { readonly key: string | null; readonly contextLength: number },
    o: { readonly session?: string | undefined } = {},
  ): void {
    checkModel(model);
    useModel(this.#open(o.session), model);
  }

  /**
   * Compacts a session if it takes more than `threshold` of its model's window; gives what was done, or `null`.
   * Throws `ERR_CONTEXT_OVERFLOW` if what must stay does not fit. Without `setModel` there is no window to fit.
   */
  async checkAndCompact(
    o: CallOptions & { readonly session?: string | undefined } = {},
  ): Promise<CompactionReport | null> {
    const session = this.#sessions.get(o.session ?? DEFAULT_SESSION);
    if (!session?.model) return null;
    return (await this.#compactSession(session, session.model, o.signal)).compaction;
  }

  /** The messages of a session, ready to be sent. */
  exportForApi(o: { readonly session?: string | undefined } = {}): Message[] {
    return copies(this.#sessions.get(o.session ?? DEFAULT_SESSION)?.entries ?? []);
  }

  /**
   * Hands a session over to another model: counts anew, compacts if its window demands it, and makes it the session's own.
   * Throws `ERR_CONTEXT_OVERFLOW` if what must stay does not fit; nothing has changed then.
   */
  async prepareHandoff(
    to: { readonly key: string | null; readonly contextLength: number },
    o: CallOptions & { readonly session?: string | undefined } = {},
  ): Promise<HandoffReport> {
    checkModel(to);
    const session = this.#sessions.get(o.session ?? DEFAULT_SESSION) ?? newSession();
    const { tokens, compaction } = await this.#compactSession(session, to, o.signal);
    const from = session.model?.key ?? null;
    useModel(this.#open(o.session), to);
    return { from, to: to.key, tokens, compaction };
  }

  /** How much of its window a session takes, in tokens; `limit` and `ratio` are 0 until a model is set. */
  usage(o: { readonly session?: string | undefined } = {}): { tokens: number; limit: number; ratio: number } {
    const session = this.#sessions.get(o.session ?? DEFAULT_SESSION);
    const model = session?.model ?? null;
    let tokens = 0;
    for (const { message } of session?.entries ?? []) tokens += this.#counter.known(message, model?.key ?? null);
    const limit = model?.contextLength ?? 0;
    return { tokens, limit, ratio: limit === 0 ? 0 : tokens / limit };
  }

  /** A view of a session as it is now; the last 100 models and compactions are remembered. */
  session(id: string):
    | {
        readonly messages: readonly Message[];
        readonly modelHistory: readonly (string | null)[];
        readonly compactions: readonly CompactionReport[];
      }
    | undefined {
    const session = this.#sessions.get(id);
    if (!session) return undefined;
    const { entries, modelHistory, compactions } = session;
    return { messages: copies(entries), modelHistory: [...modelHistory], compactions: [...compactions] };
  }

  /**
   * The newest messages of a session.
   * @internal
   */
  recent(id: string, count: number): Message[] {
    return copies(this.#sessions.get(id)?.entries.slice(-count) ?? []);
  }

  /** Names of all sessions in memory. */
  sessions(): string[] {
    return [...this.#sessions.keys()];
  }

  /** Forgets a session in memory; `save` then removes it from the store. */
  clear(o: { readonly session?: string | undefined } = {}): void {
    this.#sessions.delete(o.session ?? DEFAULT_SESSION);
  }

  /**
   * Writes a session to the store, or removes one that was cleared. Throws `ERR_INVALID_OPTION` without a store and
   * `ERR_EDIT_CONFLICT` if the stored session is not the one that this manager loaded or saved last.
   */
  async save(o: CallOptions & { readonly session?: string | undefined } = {}): Promise<void> {
    const id = o.session ?? DEFAULT_SESSION;
    await raceAbort(o.signal, this.#store.save(id, this.#sessions.get(id), o));
  }

  /**
   * Puts the stored session in the place of the one in memory; without a stored one nothing changes.
   * Throws `ERR_INVALID_OPTION` without a store and `ERR_BAD_RESPONSE` if what is stored is no session.
   */
  async load(o: CallOptions & { readonly session?: string | undefined } = {}): Promise<void> {
    const id = o.session ?? DEFAULT_SESSION;
    const session = await raceAbort(o.signal, this.#store.load(id, o));
    if (session) this.#sessions.set(id, session);
  }

  /**
   * Assembles a prompt that fits the model: `system` (unless the conversation has its own), what the session holds, and
   * the new messages. Nothing changes before `commit`. Throws `ERR_CONTEXT_OVERFLOW` if what must stay does not fit.
   * @internal
   */
  async prepare(o: {
    readonly session: string | undefined;
    readonly system: string | undefined;
    readonly messages: readonly Message[];
    readonly tools?: readonly ToolDefinition[] | undefined;
    readonly model: { readonly key: string | null; readonly contextLength: number };
    /** Default: `reserveOutput`; at most half of the window. */
    readonly reservedOutput?: number | undefined;
    /** A smaller window than the model's, for this call only: what is left out for it stays in the session. */
    readonly reduceTo?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<PreparedPrompt> {
    const session = o.session === undefined ? undefined : this.#sessions.get(o.session);
    const entries: ContextEntry[] = session ? [...session.entries] : [];
    const seen = entries.length;
    const revision = session?.revision;
    for (const message of o.messages) entries.push({ message, pinned: false, fresh: true });
    if (o.system !== undefined && !entries.some(({ message }) => isSystem(message))) {
      entries.unshift({ message: this.#systemMessage(o.system), pinned: true, fresh: true });
    }
    const window = Math.min(o.model.contextLength, o.reduceTo ?? o.model.contextLength);
    const reservedOutput = this.#reserved(window, o.reservedOutput);
    const notes: string[] = [];
    const fitted = await this.#fit(entries, {
      key: o.model.key,
      window,
      reservedOutput,
      extra: this.#counter.tools(o.tools ?? [], o.model.key),
      notes,
      signal: o.signal,
    });
    let open = o.session !== undefined;
    return {
      messages: copies(fitted.entries),
      tokens: fitted.tokens,
      reservedOutput,
      compaction: fitted.compaction,
      notes,
      commit: (added, { metadata, window: remembered = o.model.contextLength } = {}) => {
        if (!open) return;
        open = false;
        const target = this.#open(o.session);
        const { compaction } = fitted;
        if (compaction && o.reduceTo === undefined && target === session && target.revision === revision) {
          const kept = fitted.entries.filter(({ fresh }) => fresh !== true);
          replaceEntries(target, seen, kept, compaction);
        }
        for (const message of added)
          target.entries.push(entryOf(message, message.role === 'user' ? metadata : undefined));
        useModel(target, { key: o.model.key, contextLength: remembered });
      },
    };
  }

  /**
   * Tokens of a prompt before a model is chosen: all of it, and what no compaction may leave out. Estimated for a model
   * that nobody knows.
   * @internal
   */
  measure(o: {
    readonly session: string | undefined;
    readonly system: string | undefined;
    readonly messages: readonly Message[];
    readonly tools?: readonly ToolDefinition[] | undefined;
  }): { total: number; least: number } {
    const tools = this.#counter.tools(o.tools ?? [], null);
    let total = tools;
    let least = tools;
    const add = (message: Message, mustStay: boolean): void => {
      const tokens = this.#counter.known(message, null);
      total += tokens;
      if (mustStay) least += tokens;
    };
    const entries = o.session === undefined ? [] : (this.#sessions.get(o.session)?.entries ?? []);
    for (const { message, pinned } of entries) add(message, pinned || isSystem(message));
    const last = o.messages.findLastIndex(({ role }) => role === 'user');
    for (const [i, message] of o.messages.entries()) add(message, i >= last || isSystem(message));
    if (o.system !== undefined) add(this.#systemMessage(o.system), true);
    return { total, least };
  }

  /**
   * Corrects the estimates for a model: what `prepare` estimated for a prompt and what the server reported for it.
   * @internal
   */
  calibrate(model: string | null, estimated: number, reported: number): void {
    this.#counter.calibrate(model, estimated, reported);
  }

  /**
   * Estimated tokens of a text.
   * @internal
   */
  countText(text: string, model: string | null): number {
    return this.#counter.text(text, model);
  }

  #open(id = DEFAULT_SESSION): Session {
    let session = this.#sessions.get(id);
    if (!session) {
      session = newSession();
      this.#sessions.set(id, session);
    }
    return session;
  }

  #systemMessage(content: string): Message {
    // The same object as long as the text is the same, so that it is counted once.
    if (this.#system?.content !== content) this.#system = { role: 'system', content };
    return this.#system;
  }

  #reserved(window: number, asked = this.#options.reserveOutput): number {
    return Math.min(asked ?? Math.min(4096, Math.ceil(window / 5)), Math.floor(window / 2));
  }

  async #compactSession(
    session: Session,
    model: WindowModel,
    signal: AbortSignal | undefined,
  ): Promise<{ tokens: number; compaction: CompactionReport | null }> {
    const seen = session.entries.length;
    const { revision } = session;
    const window = model.contextLength;
    const { entries, tokens, compaction } = await this.#fit([...session.entries], {
      key: model.key,
      window,
      reservedOutput: this.#reserved(window),
      extra: 0,
      notes: [],
      signal,
    });
    // Another compaction may have been faster; it has the word then.
    if (compaction && session.revision === revision) replaceEntries(session, seen, entries, compaction);
    return { tokens, compaction };
  }

  async #fit(
    entries: readonly ContextEntry[],
    o: {
      readonly key: string | null;
      readonly window: number;
      readonly reservedOutput: number;
      readonly extra: number;
      readonly notes: string[];
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<{ entries: readonly ContextEntry[]; tokens: number; compaction: CompactionReport | null }> {
    const { threshold, target, summarizer, ...rules } = this.#options;
    const limit = o.window - o.reservedOutput - o.extra;
    const note = (text: string): void => {
      if (!o.notes.includes(text)) o.notes.push(text);
    };
    const count = (message: Message) =>
      this.#counter.count(message, o.key, () => note('The token counter failed; its counts were estimated.'));
    const work = async () => {
      let tokens = 0;
      for (const { message } of entries) {
        const counted = count(message);
        tokens += typeof counted === 'number' ? counted : await counted;
      }
      if (tokens <= Math.min(limit, o.window * threshold - o.extra)) {
        return { entries, tokens: tokens + o.extra, compaction: null };
      }
      const compacted = await compact(entries, {
        ...rules,
        limit,
        goal: Math.min(limit, o.window * target - o.extra),
        window: o.window,
        count,
        summarize: async (messages, maxTokens) => {
          try {
            const text: unknown = await summarizer?.summarize(messages.map(copyMessage), {
              maxTokens,
              signal: o.signal,
            });
            if (typeof text === 'string') return text;
            if (summarizer) note('The summarizer gave no text; an extract was used.');
          } catch {
            note('The summarizer failed; an extract was used.');
          }
          return extractSummary(messages, maxTokens);
        },
      });
      if ('overflow' in compacted) throw overflow(compacted.overflow + o.extra, o.window, o.reservedOutput);
      const report = compacted.report;
      return { entries: compacted.entries, tokens: (report?.after ?? tokens) + o.extra, compaction: report };
    };
    // Without the host's functions there is nothing to wait for.
    return this.#options.tokenCounter || summarizer ? raceAbort(o.signal, work()) : work();
  }
}

function overflow(needed: number, window: number, reserved: number): RouterError {
  return new RouterError(
    'ERR_CONTEXT_OVERFLOW',
    `The prompt takes about ${needed} tokens even after compaction, but a context window of ${window} tokens leaves ` +
      `${window - reserved} for it (${reserved} are kept for the answer). Shorten the last message, pin less, offer fewer ` +
      'tools, or use a model that is loaded with a larger context.',
    { contextLimit: window },
  );
}
