import type { Timeouts } from '../core/chat.js';
import { RouterError } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import type { DiscoveryReport } from '../core/service.js';
import { pause } from '../execution/retry.js';
import { resolveTimeouts } from '../execution/timeouts.js';
import { refKey } from '../internal/model-name.js';
import { printable } from '../internal/redact.js';
import { type RouterState, servedModel } from './router-state.js';

/** Pauses between two looks at a server that is loading; they double. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;

/** Whether all that was found are servers that load their models. */
export function isLoading({ services }: DiscoveryReport): boolean {
  return services.some(({ status }) => status === 'loading');
}

/** Waits until a server has loaded its model; throws `ERR_NO_SERVICE` where none does in the time for a first content. */
export async function modelsLoaded(
  { parts }: RouterState,
  timeouts: Timeouts | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { clock, discovery } = parts;
  const untilMs = clock.now() + resolveTimeouts(timeouts, undefined, parts.timeouts, true).firstContentMs;
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(2 * ms, LONGEST_PAUSE_MS)) {
    const report = await discovery.refresh({ signal });
    if (discovery.models().length > 0) return;
    const left = untilMs - clock.now();
    if (left <= 0 || !isLoading(report)) throw noService(report);
    await pause(Math.min(ms, left), clock, signal);
  }
}

/** The error of a look that found no model. */
export function noService({ services, failures }: DiscoveryReport): RouterError {
  const found = services.map(({ id, status }) => `- ${id}: ${status}, lists no model`);
  const tried = failures.map(({ baseURL, reason, remedy }) => `- ${baseURL}: ${reason} ${remedy ?? ''}`.trimEnd());
  const lines = [...found, ...tried];
  const list = lines.length === 0 ? ' nothing: `discovery` is off and `services` is empty.' : `\n${lines.join('\n')}`;
  if (lines.length > 0 && failures.filter(({ code }) => code === 'ERR_EGRESS_DENIED').length === lines.length) {
    return new RouterError('ERR_EGRESS_DENIED', `No model server may be contacted. Tried:${list}`);
  }
  return new RouterError(
    'ERR_NO_SERVICE',
    `No model server can be used. Start one (for example Ollama), or name its address in \`services\`. Tried:${list}`,
    { isRetryable: true },
  );
}

/** What is told of a name that no server lists. */
export function unlistedName(name: string, known: readonly string[]): string {
  const list = known.length === 0 ? 'no model' : printable(known.slice(0, 20).join(', '), 800);
  return `No server lists "${printable(name, 120)}"; there is ${list}.`;
}

/**
 * Whether a model has to be loaded before it answers, by what was learnt since a time: what its server said, or an answer
 * that came. A server that does not say what it has in memory is not one that swaps.
 */
export function loadsSince(state: RouterState, model: ModelRef): (sinceMs: number) => boolean {
  return (sinceMs) => {
    const told = servedModel(state, model)?.state;
    if (told?.source !== 'server' || (told.value !== 'loaded' && told.value !== 'unloaded')) return false;
    const toldMs = state.parts.discovery.connection(model.service)?.service.lastSeenMs ?? Number.NEGATIVE_INFINITY;
    const answeredMs = state.answered.get(refKey(model))?.atMs ?? Number.NEGATIVE_INFINITY;
    const isLoaded = answeredMs > toldMs || told.value === 'loaded';
    return !isLoaded || Math.max(toldMs, answeredMs) < sinceMs;
  };
}

/** A load may have pushed other models out: looks again, and lets those run that need not wait for it. */
export function lookAfterLoad({ parts, queues }: RouterState, { service }: ModelRef): void {
  void parts.discovery.doubt('loaded').then(() => queues.look(service));
}
