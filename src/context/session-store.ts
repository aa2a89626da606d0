import { RouterError } from '../core/errors.js';
import type { CallOptions } from '../core/events.js';
import type { KeyValueStore } from '../core/store.js';
import { fromStored, type Session, toStored } from './sessions.js';

/** Sessions in the host's store; remembers which version of each is known, so that no other process's work is overwritten. */
export class SessionStore {
  readonly #store: KeyValueStore | undefined;
  readonly #versions = new Map<string, string | undefined>();

  constructor(store: KeyValueStore | undefined) {
    this.#store = store;
  }

  /** Writes a session; removes it if it is gone from memory but known to be stored. */
  async save(id: string, session: Session | undefined, o: CallOptions): Promise<void> {
    const store = this.#needed();
    const key = keyOf(id);
    const known = this.#versions.has(id);
    if (!session) {
      if (known) await store.delete(key, { signal: o.signal });
      this.#versions.delete(id);
      return;
    }
    // A store without versions gives none back: it cannot be asked to compare.
    const version = known ? this.#versions.get(id) : null;
    const { ok, version: next } = await store.set(
      key,
      toStored(session),
      version === undefined ? undefined : { ifVersion: version },
    );
    if (!ok) {
      throw new RouterError(
        'ERR_EDIT_CONFLICT',
        'The stored session was written by someone else since it was last loaded or saved here; load() it, then add to it again.',
      );
    }
    this.#versions.set(id, next);
  }

  /** Reads a session; `undefined` where none is stored. */
  async load(id: string, o: CallOptions): Promise<Session | undefined> {
    const stored = await this.#needed().get(keyOf(id), { signal: o.signal });
    if (stored === undefined) {
      this.#versions.delete(id);
      return undefined;
    }
    const session = fromStored(stored.value);
    if (!session) {
      throw new RouterError(
        'ERR_BAD_RESPONSE',
        'What the store holds under the name of the session is no session; remove it, or give the store a prefix of its own.',
      );
    }
    this.#versions.set(id, stored.version);
    return session;
  }

  #needed(): KeyValueStore {
    if (this.#store) return this.#store;
    throw new RouterError(
      'ERR_INVALID_OPTION',
      'There is no store to save to or load from: make the ContextManager with { store }.',
    );
  }
}

function keyOf(id: string): string {
  return `session:${id}`;
}
