import type { Environment } from '../core/environment.js';
import type { ModelRef, ServedModel } from '../core/model.js';
import type { Health } from '../execution/health.js';
import type { Queues } from '../execution/queues.js';
import type { KeptModels } from './kept-models.js';
import type { Network } from './network.js';
import type { PinGuard } from './pin-guard.js';
import type { RouterParts } from './router-options.js';
import type { RunningCalls } from './running-calls.js';
import type { SessionQueue } from './session-queue.js';

/** What one router remembers between calls, beside its parts. */
export interface RouterState {
  readonly parts: RouterParts;
  /** What the system prompt names. */
  environment: Environment;
  readonly network: Network;
  readonly kept: KeptModels;
  readonly pins: PinGuard;
  readonly health: Health;
  readonly queues: Queues;
  readonly sessions: SessionQueue;
  readonly running: RunningCalls;
  /** Which model asked for a tool, by session and id of the call: its result goes back to that model. */
  readonly toolCallers: BoundedMap<string, ModelRef>;
  /** Which model answered a session last: its prefix cache is warm. */
  readonly lastModels: BoundedMap<string, ModelRef>;
  /** Which model embedded last: vectors of different models do not compare. */
  lastEmbedder: ModelRef | undefined;
  /** When a model last answered, and the context that it was loaded with at our request, in tokens. */
  readonly answered: BoundedMap<string, { readonly numCtx: number | undefined; readonly atMs: number }>;
  /** Resolves when models are known or servers are loading theirs; throws `ERR_NO_SERVICE` where there are none. */
  ready(signal: AbortSignal): Promise<'ready' | 'loading'>;
}

/** Names a tool call: some servers number the calls of every answer alike. */
export function callKey(session: string | undefined, id: string): string {
  return `${session ?? ''}\n${id}`;
}

/** What is known of a model now; `undefined` if its service no longer lists it. */
export function servedModel({ parts }: RouterState, model: ModelRef): ServedModel | undefined {
  return parts.discovery.models().find(({ id, service }) => id === model.id && service === model.service);
}

/** A map that forgets what was set longest ago. */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #limit: number;

  constructor(limit: number) {
    super();
    this.#limit = limit;
  }

  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    if (this.size > this.#limit) this.delete(this.keys().next().value as K);
    return this;
  }
}
