/**
 * Random calls meet random faults, by a clock that stands still while anything happens. What holds whatever happens is
 * checked after each schedule. SCHEDULES=100000 runs more of them, SCHEDULES_SEED=<seed> one world again.
 */
import { type Attempt, LocalLLMRouter, type RouteResult, RouterError } from 'local-llm-router';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ManualClock } from '../router/manual-clock.js';
import { type CallPlan, callPlan, type Ended, interferes, make } from './schedules-call.js';
import { diceOf } from './schedules-dice.js';
import { answerOf, FAULTS, HARMLESS, network, type WireRequest, weatherOf } from './schedules-network.js';

const SCHEDULES = Number(process.env['SCHEDULES'] ?? 5_000);
/** Schedules that share a router, so that what one leaves behind meets the next. */
const PER_WORLD = 25;
const SEED = process.env['SCHEDULES_SEED'];

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const unhandled: unknown[] = [];
const caught = (reason: unknown): void => void unhandled.push(reason);
beforeAll(async () => {
  // What is loaded when it is needed takes time that is not the clock's.
  await Promise.all([import('openai'), import('ollama/browser')]);
  process.on('unhandledRejection', caught);
});
afterAll(() => {
  process.off('unhandledRejection', caught);
});

/** Lets time pass, from timer to timer, until it is done; nothing may stand still or take for ever. */
async function pass(clock: ManualClock, isDone: () => boolean, limitMs: number, what: string): Promise<void> {
  const untilMs = clock.now() + limitMs;
  for (let idle = 0; ; ) {
    await settle();
    if (isDone()) return;
    const next = Math.min(...clock.pending);
    if (next === Number.POSITIVE_INFINITY) {
      idle += 1;
      if (idle > 200) throw new Error(`${what}: no timer runs, and nothing happens any more.`);
      continue;
    }
    idle = 0;
    if (clock.now() + next > untilMs) throw new Error(`${what}: not done after ${limitMs} ms.`);
    clock.advance(Math.max(0, next));
  }
}

const seen = { struck: new Map<string, number>(), codes: new Map<string, number>() };
const count = (map: Map<string, number>, key: string, by = 1): void => void map.set(key, (map.get(key) ?? 0) + by);

async function world(seed: number): Promise<void> {
  const dice = diceOf(seed);
  vi.spyOn(Math, 'random').mockImplementation(dice.next);
  const clock = new ManualClock();
  const isPatient = dice.chance(0.25);
  const problems: string[] = [];
  const wires: WireRequest[] = [];
  const decisions = new Map<string, string[]>();
  /** Nothing is sent that no sink has taken; else the log is in memory only. */
  const isStrict = dice.chance(0.25);
  let sinkMs = isStrict ? dice.pick([0, 5]) : 0;
  const log: AuditRecord[] = [];
  const write = async (lines: string[]): Promise<void> => {
    if (sinkMs > 0) await new Promise<void>((resolve) => void clock.setTimeout(resolve, sinkMs));
    log.push(...lines.map(read));
  };
  const attempts = new Map<string, { model: string; outcome: string; retries: number }[]>();
  const sessionOf = new Map<string, string>();
  const over = new Set<string>();

  const net = network(dice, clock, {
    sent: (wire) => {
      wires.push(wire);
      const id = decisions.get(sessionOf.get(wire.call) ?? '')?.at(-1);
      // Of a repeated request it lies further back.
      const isNoted = [20, 1_000].some((limit) => {
        const intent = audit(limit).findLast(({ event, call }) => event === 'attempt.start' && call === id);
        return intent?.service === wire.service && intent.model === wire.model;
      });
      if (!isNoted) problems.push(`${wire.call}: a request without its intent in the audit`);
      if (over.has(wire.call)) problems.push(`${wire.call}: a request after its end`);
    },
  });
  const router = new LocalLLMRouter({
    discovery: false,
    services: net.services,
    fetch: net.fetch,
    clock,
    retry: { maxRetries: dice.whole(0, 2), minDelayMs: dice.pick([0, 200]) },
    timeouts: isPatient ? {} : { firstContentMs: 1_500, idleMs: 500 },
    serena: false,
    security: isStrict ? { audit: { onFailure: 'block', sinks: [{ write }] } } : {},
  });
  const audit = (limit: number): readonly AuditRecord[] =>
    isStrict ? log : (router.security.audit.recent(limit) as unknown as AuditRecord[]);
  router.onDecision(({ id, requirements: { session = '' } }) => {
    decisions.set(session, [...(decisions.get(session) ?? []), id]);
  });
  router.onAttempt(({ model, outcome, retries }, id) => {
    attempts.set(id, [...(attempts.get(id) ?? []), { model: `${model.service}/${model.id}`, outcome, retries }]);
  });
  await router.initialize();
  const models = net.servers.flatMap(({ models }) => models.map(({ id }) => id));
  const firstMs = isPatient ? 600_000 : 3_000;
  const idleMs = isPatient ? 60_000 : 3_000;
  const awayMs = 2 * idleMs;

  try {
    for (let nth = 0; nth < PER_WORLD; nth++) {
      const isLast = nth === PER_WORLD - 1;
      const weather = weatherOf(dice, isPatient);
      net.turnTo(weather);
      wires.length = 0;
      log.length = 0;
      const plans = Array.from({ length: dice.pick([1, 1, 1, 1, 2, 2, 3, 5]) }, (_, i) =>
        callPlan(dice, `c${nth * 5 + i}`, {
          shared: `shared${nth >> 2}`,
          isPatient,
          isEndless: weather.isEndless,
          models,
        }),
      );
      for (const { tag, session } of plans) sessionOf.set(tag, session);
      const before = new Map(plans.map(({ session }) => [session, said(router, session)]));
      const ended: Ended[] = [];
      let isClosed = false;
      let closedMs: number | undefined;
      for (const plan of plans) {
        void make(router, clock, plan, { awayMs, forgotten: () => over.add(plan.tag) }).then((end) => {
          over.add(plan.tag);
          ended.push(end);
        });
      }
      if (isLast && dice.chance(0.5)) {
        clock.setTimeout(
          () => {
            closedMs = clock.now();
            void router.close().then(() => {
              isClosed = true;
            });
          },
          dice.pick([0, 20, 300]),
        );
      }
      const limitMs = plans.length * 20 * (firstMs + 20 * idleMs);
      await pass(clock, () => ended.length === plans.length, limitMs, 'the calls');
      await pass(clock, () => clock.pending.length === 0, 60_000, 'what the calls left');
      if (closedMs !== undefined) await pass(clock, () => isClosed, 60_000, 'closing');

      for (const end of ended) check(end);
      if (wires.some(({ open }) => open)) problems.push('a server still answers');
      const { queues, health } = router.status();
      if (queues.length > 0) problems.push(`queues: ${JSON.stringify(queues)}`);
      for (const [session, were] of before) {
        const gained = (decisions.get(session) ?? [])
          .flatMap((id) => ended.filter(({ result }) => result?.id === id))
          .flatMap(({ plan, result }) => [plan.request.prompt, result?.text]);
        expect(said(router, session), `the conversation ${session}`).toEqual([...were, ...gained]);
      }
      for (const { model } of health) {
        if (!models.includes(model.id)) problems.push('health of a model that there is not');
      }
      if (unhandled.length > 0) problems.push(`unhandled: ${unhandled.splice(0).map(String)}`);
      if (problems.length > 0) throw new Error(problems.join('; '));
      clock.advance(dice.pick([0, 0, 3_000, 40_000]));

      function check(end: Ended): void {
        const problem = wrongWith(end, {
          wires: wires.filter(({ call }) => call === end.plan.tag),
          attemptsOf: (id) => attempts.get(id) ?? [],
          isAudited: (id) =>
            [40, 1_000].some(
              (limit) => audit(limit).filter(({ event, call }) => event === 'query' && call === id).length === 1,
            ),
          closedMs,
          paceMs: weather.paceMs,
          sinkMs,
          isAlone: plans.length === 1 && !isPatient,
          // A look at the servers may have failed too.
          mayMiss: weather.rates.some((rate) => rate > 0) || nth > 0,
        });
        if (problem !== undefined) problems.push(`${problem}\n${shown(end, wires)}`);
        count(seen.codes, end.error?.code ?? 'ok');
      }
      if (isClosed) return;
    }
    // Whatever happened, each model answers again once its server is well.
    net.calm();
    clock.advance(600_000);
    expect(router.status().health.filter(({ state }) => state === 'open')).toEqual([]);
    await router.discovery.refresh();
    // First whoever is best, then each by its name.
    for (const [index, model] of [undefined, ...models].entries()) {
      const tag = `c${1_000 + index}`;
      sessionOf.set(tag, tag);
      let result: RouteResult | undefined;
      const call = router.route({ prompt: tag, session: tag, model }).then((answer) => {
        result = answer;
      });
      await pass(clock, () => result !== undefined, 60_000, 'a call when all is well again');
      await call;
      expect(result).toMatchObject({ fallbackLevel: 'primary', attempts: [{ outcome: 'ok' }] });
      expect(result?.text).toBe(answerOf(model ?? (result?.model.id as string), tag));
    }
    expect(router.status().health).toEqual([]);
    sinkMs = 0;
    await router.close();
    // A server may take a second to end a whole answer.
    await pass(clock, () => clock.pending.length === 0, 1_000, 'a closed router');
  } finally {
    for (const [fault, times] of net.struck) count(seen.struck, fault, times);
  }
}

interface AuditRecord {
  readonly event: string;
  readonly call?: string;
  readonly service?: string;
  readonly model?: string;
}

const read = (line: string): AuditRecord => JSON.parse(line) as AuditRecord;

function said(router: LocalLLMRouter, session: string): unknown[] {
  return (router.context.session(session)?.messages ?? []).map(({ content }) => content);
}

/** All that there is to know of a call that went wrong. */
function shown({ plan, result, error, ...end }: Ended, wires: readonly WireRequest[]): string {
  const tried = (result?.attempts ?? error?.attempts ?? []).map(({ model, reason, ...rest }) => ({
    model: model.id,
    ...rest,
    reason,
  }));
  const sent = wires.filter(({ call }) => call === plan.tag);
  return JSON.stringify(
    {
      plan,
      text: result?.text,
      code: error?.code,
      message: error?.message,
      partial: error?.partialText,
      ...end,
      tried,
      sent,
    },
    null,
    1,
  );
}

interface Facts {
  readonly wires: readonly WireRequest[];
  attemptsOf(id: string): readonly { model: string; outcome: string; retries: number }[];
  /** Once. */
  isAudited(id: string): boolean;
  readonly closedMs: number | undefined;
  readonly paceMs: number;
  readonly sinkMs: number;
  /** No other call was under way, so that it waited for nobody. */
  readonly isAlone: boolean;
  readonly mayMiss: boolean;
}

const END_OF_CALLER: ReadonlySet<string> = new Set(['ERR_ABORTED', 'ERR_CLOSED', 'ERR_TIMEOUT']);

/** What is not as it has to be about a call that ended. */
function wrongWith({ plan, result, error, ...end }: Ended, facts: Facts): string | undefined {
  const { wires } = facts;
  if ((result === undefined) === (error === undefined)) return 'it did not end once';
  if (error !== undefined && !RouterError.is(error)) return `it threw ${String((error as Error).stack)}`;
  if (end.listeners > 0) return 'listeners are left at its signal';

  // One model's text, whole or in part.
  const last = result?.model.id ?? error?.attempts?.at(-1)?.model.id;
  if (result !== undefined) {
    if (result.text !== answerOf(result.model.id, plan.tag)) return `its text is "${result.text}"`;
    if (/loop|text|all|slow/.test(plan.caller) && end.streamed !== result.text) return 'other text was streamed';
    if (!result.text.startsWith(end.streamed)) return 'other text was streamed';
  } else {
    const { partialText = '', code } = error as RouterError;
    const whole = last === undefined ? '' : answerOf(last, plan.tag).repeat(200);
    if (!whole.startsWith(partialText)) return `its partial text is "${partialText}" of ${last}`;
    if (!partialText.startsWith(end.streamed)) return `"${end.streamed}" was streamed, "${partialText}" reported`;
    if (/loop|all|slow/.test(plan.caller) && partialText !== end.streamed) return 'less was streamed than reported';
    if (code === 'ERR_INTERRUPTED' && partialText === '') return 'it was interrupted without a text';
  }

  // The attempts are what went over the wire.
  const id = result?.id;
  const list = result?.attempts ?? error?.attempts ?? [];
  const told = list.map(({ model, outcome, retries }) => ({ model: `${model.service}/${model.id}`, outcome, retries }));
  if (id !== undefined && JSON.stringify(facts.attemptsOf(id)) !== JSON.stringify(told))
    return 'other attempts were told';
  if (id !== undefined && !facts.isAudited(id)) return 'it does not stand once in the audit';
  if (result !== undefined && told.filter(({ outcome }) => outcome === 'ok').length !== 1)
    return 'not one attempt is ok';
  let at = 0;
  for (const { model, outcome, retries } of told) {
    let sent = 0;
    while (sent <= retries && wireOf(wires[at]) === model && outcome !== 'skipped') {
      sent += 1;
      at += 1;
    }
    // Its end may have come before the last one was sent.
    const isCut = outcome === 'failed' && END_OF_CALLER.has(error?.code ?? '');
    const least = outcome === 'ok' || outcome === 'failed' ? retries + (isCut ? 0 : 1) : 0;
    if (sent < least) return `an attempt (${outcome}) with ${retries} retries sent ${sent} requests`;
  }
  const isToldAll = error?.attempts !== undefined || result !== undefined;
  if (isToldAll && at !== wires.length) return `${wires.length} requests, ${at} of them in attempts`;
  return inTime({ plan, ...end }, facts) ?? clocksHeld(plan, list, facts) ?? excused({ plan, error }, facts);
}

function wireOf(wire: WireRequest | undefined): string | undefined {
  return wire && `${wire.service}/${wire.model}`;
}

/** A call ends at once when its caller or its time limit ends it. */
function inTime(
  { plan, startedMs, endedMs, stoppedMs }: Pick<Ended, 'plan' | 'startedMs' | 'endedMs' | 'stoppedMs'>,
  { closedMs, sinkMs }: Facts,
): string | undefined {
  if (plan.caller === 'forgetful') return undefined;
  const { totalMs } = plan.timeouts ?? {};
  const limits = [stoppedMs, closedMs, totalMs === undefined ? undefined : startedMs + totalMs];
  const limit = Math.min(...limits.filter((ms) => ms !== undefined));
  // Its end is recorded too.
  const slack = (plan.caller === 'slow' ? plan.pauseMs * 20 : 0) + 3 * sinkMs;
  if (endedMs > Math.max(limit, startedMs) + slack) return `it ended ${endedMs - limit} ms after its limit`;
  return undefined;
}

/** A silent server is left when its clock has run out, and not later. */
function clocksHeld(
  plan: CallPlan,
  attempts: readonly Attempt[],
  { wires, paceMs, sinkMs, isAlone }: Facts,
): string | undefined {
  if (!isAlone || interferes(plan)) return undefined;
  const { firstContentMs = 1_500, idleMs = 500 } = plan.timeouts ?? {};
  const limits: Readonly<Record<string, number>> = {
    hang: firstContentMs,
    'close-before-content': firstContentMs,
    'hang-mid-stream': 10 * paceMs + idleMs,
  };
  const late = attempts.find(({ model, retries, durationMs }) => {
    const [wire, ...more] = wires.filter(({ service, model: id }) => service === model.service && id === model.id);
    const limit = more.length > 0 || retries > 0 ? undefined : limits[wire?.fault ?? ''];
    return limit !== undefined && durationMs > limit + 3 * sinkMs;
  });
  return late && `the attempt at ${late.model.id} took ${late.durationMs} ms`;
}

/** A failure has a reason that its caller can see. */
function excused(
  { plan, error }: { plan: CallPlan; error: RouterError | undefined },
  { wires, closedMs, mayMiss, paceMs }: Facts,
): string | undefined {
  if (error === undefined) return undefined;
  const { code } = error;
  const { firstContentMs = 1_500, idleMs = 500, totalMs, queueMs } = plan.timeouts ?? {};
  const isHit = wires.some(({ fault }) => fault !== undefined && !HARMLESS.has(fault));
  const reasons: Readonly<Record<string, boolean>> = {
    ERR_ABORTED: plan.abort !== 'never' || plan.caller === 'leaver',
    ERR_CLOSED: closedMs !== undefined,
    ERR_TIMEOUT: totalMs !== undefined || interferes(plan),
    ERR_QUEUE_FULL: queueMs !== undefined,
    ERR_INTERRUPTED: isHit || idleMs <= 4 * paceMs || totalMs !== undefined || interferes(plan),
    ERR_ALL_ATTEMPTS_FAILED: isHit || firstContentMs <= 4 * paceMs || queueMs !== undefined,
    ERR_CONTEXT_OVERFLOW: isHit,
    ERR_NO_MODEL: mayMiss || plan.request.model === 'nobody',
    ERR_NO_SERVICE: mayMiss,
  };
  return reasons[code] === true ? undefined : `it failed without a reason: ${code} ${error.message}`;
}

it(`${SCHEDULES} random schedules of calls and faults`, { timeout: 60_000 + SCHEDULES * 100 }, async () => {
  const first = SEED === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(SEED);
  const worlds = SEED === undefined ? Math.ceil(SCHEDULES / PER_WORLD) : 1;
  for (let i = 0; i < worlds; i++) {
    const seed = (first + i) >>> 0;
    try {
      await world(seed);
    } catch (error) {
      throw new Error(`SCHEDULES_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  if (worlds < 100) return;
  for (const fault of FAULTS) expect(seen.struck.get(fault) ?? 0, fault).toBeGreaterThan(10);
  for (const code of ['ok', 'ERR_INTERRUPTED', 'ERR_ALL_ATTEMPTS_FAILED', 'ERR_ABORTED', 'ERR_TIMEOUT', 'ERR_CLOSED']) {
    expect(seen.codes.get(code) ?? 0, code).toBeGreaterThan(10);
  }
});
