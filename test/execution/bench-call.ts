import type { Attempt } from '../../src/core/decision.js';
import { RouterError } from '../../src/core/errors.js';
import { silentLogger } from '../../src/core/logger.js';
import type { ModelRef } from '../../src/core/model.js';
import type { ChatRequest, Transport, TransportEvent } from '../../src/core/transport.js';
import { type ExecuteOptions, execute } from '../../src/execution/execute.js';
import { Health } from '../../src/execution/health.js';
import type { Candidate, ExecutionEvent, ExecutionReport, FallbackPlan } from '../../src/execution/plan.js';
import { Queues } from '../../src/execution/queues.js';
import { ManualClock } from './manual-clock.js';

export const text = (value: string): TransportEvent => ({ type: 'text', text: value });
export const stop: TransportEvent = { type: 'finish', finishReason: 'stop' };
export const fail = (
  code: RouterError['code'],
  details: ConstructorParameters<typeof RouterError>[2] = {},
): RouterError => new RouterError(code, `${code} of the test`, details);

export const ref = (id: string, service = `s-${id}`): ModelRef => ({
  id,
  key: null,
  service,
  type: 'openai-compatible',
  baseURL: 'http://box.test',
});

/** One try of a model: what comes, in order; an error is thrown; `hang` waits for the signal. */
export type Script = (TransportEvent | RouterError | Error | 'hang' | 'deaf')[];

/** A whole little world: models with scripts, one per try. */
export function world(scripts: Record<string, Script[]>, change: Partial<Candidate> = {}) {
  const clock = new ManualClock();
  const health = new Health(clock, () => 0.5);
  const queues = new Queues(clock);
  const sent: { model: string; request: ChatRequest; signal: AbortSignal }[] = [];
  const tries = new Map<string, number>();
  const transport: Transport = {
    name: 'scripted',
    specificationVersion: 1,
    capabilities: {},
    async *chat(request, { signal }) {
      const { id } = request.model;
      const nth = tries.get(id) ?? 0;
      tries.set(id, nth + 1);
      sent.push({ model: id, request, signal });
      for (const step of scripts[id]?.[nth] ?? [fail('ERR_UNREACHABLE')]) {
        if (step === 'deaf') await new Promise(() => {});
        else if (step === 'hang') {
          await new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
          );
        } else if (step instanceof Error) throw step;
        else yield step;
      }
    },
  };
  const attempts: Attempt[] = [];
  const started: string[] = [];
  const plan: FallbackPlan = {
    ranked: Object.keys(scripts).map((id) => ref(id)),
    prepare: async (model) => ({
      model,
      transport,
      request: { model, messages: [], headers: {} },
      fetch: () => Promise.reject(new Error('no network')),
      timeouts: { firstContentMs: 120_000, idleMs: 60_000 },
      maxRetries: 0,
      slots: null,
      priority: 'interactive',
      ...change,
    }),
    onAttemptStart: (model, level) => void started.push(`${model.id}:${level}`),
    onAttempt: (attempt) => void attempts.push(attempt),
  };
  const controller = new AbortController();
  const start = (with_: Partial<FallbackPlan> = {}, more: Partial<ExecuteOptions> = {}) =>
    execute(
      { ...plan, ...with_ },
      {
        signal: controller.signal,
        abort: (reason) => controller.abort(reason),
        clock,
        health,
        queues,
        retry: { minDelayMs: 200 },
        logger: silentLogger,
        ...more,
      },
    );
  return { clock, health, queues, transport, plan, sent, attempts, started, controller, start };
}

export interface Told {
  events: ExecutionEvent[];
  report?: ExecutionReport;
  error?: RouterError;
}

/** Runs a call to its end. */
export async function run(call: AsyncGenerator<ExecutionEvent, ExecutionReport>): Promise<Told> {
  const told: Told = { events: [] };
  try {
    for (;;) {
      const { done, value } = await call.next();
      if (done) {
        told.report = value;
        return told;
      }
      told.events.push(value);
    }
  } catch (error) {
    told.error = error as RouterError;
    return told;
  }
}

export const texts = (told: Told): string[] =>
  told.events.flatMap((event) => (event.type === 'text' ? [event.text] : []));
export const outcomes = (attempts: readonly Attempt[]): string[] =>
  attempts.map(({ model, level, outcome, code }) => [model.id, level, outcome, code].filter(Boolean).join(' '));
