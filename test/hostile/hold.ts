import { inspect } from 'node:util';
import { ServiceDiscovery } from 'local-llm-router';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Ending, KEY, PROMPT, type Row, SAID, type ServerRow } from './catalogue.js';
import { HEALTHY, HEALTHY_TEXT, HOSTILE, hostileServer, type Outcome, type Scene, SESSION, scene } from './scene.js';
import { WIRES, type Wire } from './wires.js';

/** What the network tells a moment later. */
const SOON = { interval: 2, timeout: 5_000 };

/** Both are one engine, and one of them shows it; with HOSTILE=full (the soak run does) each row meets both, each way. */
const isFull = process.env['HOSTILE'] === 'full';
const ALONE = isFull ? (['stream', 'route'] as const) : (['stream'] as const);
const WITH_HEALTHY = isFull ? (['route', 'stream'] as const) : (['route'] as const);

/** Runs the rows of one chapter against the contract. */
export function hold(rows: readonly Row[]): void {
  for (const row of rows) {
    const title = `${row.id} ${row.title}`;
    if ('check' in row) {
      it(title, async () => {
        const look = watch();
        await row.check();
        await look();
      });
      continue;
    }
    for (const wire of WIRES.filter(({ name }) => row.wires?.includes(name) ?? true)) {
      describe(`${title} (${wire.name})`, () => {
        it.each(ALONE)('alone, %s', (mode) => alone(row, wire, mode));
        it.each(WITH_HEALTHY)('with a healthy service, %s', (mode) => withHealthy(row, wire, mode));
        if (row.crowd) it('50 at once', () => crowd(row, wire));
        if (row.discovery !== false) it('when it is looked for', () => lookedFor(row, wire, row.discovery as string));
      });
    }
  }
}

/** One server and nobody else: a whole answer or a typed error. */
async function alone(row: ServerRow, wire: Wire, mode: Outcome['mode']): Promise<void> {
  const look = watch();
  const at = await scene(row, wire, { healthy: false });
  onTestFinished(at.close);
  const outcome = await at.call(mode);
  ended(outcome, endingOf(row, wire));
  clean(outcome);
  // C5: a failed call leaves the conversation as it was.
  expect(said(at)).toEqual(outcome.result ? [PROMPT, outcome.result.message.content] : []);
  await row.verify?.(outcome);
  await nothingLeft(at, look);
}

/** C4, C5, C8: the answer comes from the other service, exactly once, and a call that runs there is not disturbed. */
async function withHealthy(row: ServerRow, wire: Wire, mode: Outcome['mode']): Promise<void> {
  const look = watch();
  const at = await scene(row, wire, { healthy: true });
  onTestFinished(at.close);
  const ending = endingOf(row, wire);
  const finish = await at.inFlight();
  const outcome = await at.call(mode);
  expect(await finish()).toBe(HEALTHY_TEXT);
  clean(outcome);
  if (ending.kind === 'failed') {
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ text: HEALTHY_TEXT, fallbackLevel: 'fallback', model: { id: HEALTHY } });
    expect(outcome.attempts.map((attempt) => [attempt.model.id, attempt.outcome])).toEqual([
      [HOSTILE, 'failed'],
      [HEALTHY, 'ok'],
    ]);
    expect(ending.codes).toContain(outcome.attempts[0]?.code);
    expect(said(at)).toEqual([PROMPT, HEALTHY_TEXT]);
  } else ended(outcome, ending);
  await row.verify?.(outcome);
  await nothingLeft(at, look);
}

/** Many callers at once: each has an end of its own, and none gets another's. */
async function crowd(row: ServerRow, wire: Wire): Promise<void> {
  const look = watch();
  const at = await scene(row, wire, { healthy: true });
  onTestFinished(at.close);
  const ending = endingOf(row, wire);
  const finish = await at.inFlight();
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, i) => at.call(i % 2 === 0 ? 'route' : 'stream', `caller ${i}`)),
  );
  expect(await finish()).toBe(HEALTHY_TEXT);
  for (const outcome of outcomes) {
    clean(outcome);
    if (ending.kind === 'failed' || outcome.result?.model.id === HEALTHY) {
      expect(outcome.result?.text).toBe(HEALTHY_TEXT);
    } else ended(outcome, ending);
  }
  await nothingLeft(at, look);
}

/** The same bytes as an answer to discovery: a failure with a code, and the healthy service is found. */
async function lookedFor(row: ServerRow, wire: Wire, expected: ServerRow['discovery']): Promise<void> {
  const look = watch();
  const server = await hostileServer(row, wire);
  const other = await hostileServer({ id: '', title: '', ends: { kind: 'failed', codes: [] }, discovery: false }, wire);
  onTestFinished(async () => void (await Promise.all([server.close(), other.close()])));
  await server.arm();
  const discovery = new ServiceDiscovery({
    hosts: [],
    env: false,
    probeTimeoutMs: row.endpoint?.timeouts === undefined ? 10_000 : 100,
    services: [server, other].map(({ url }) => ({ type: wire.type, baseURL: url, apiKey: KEY })),
  });
  onTestFinished(() => discovery.close());
  const report = await discovery.discoverAll();
  const found = report.services.map(({ baseURL }) => baseURL);
  expect(found).toContain(other.url);
  const isFound = found.includes(server.url);
  const failure = report.failures.find(({ baseURL }) => baseURL === server.url);
  const got = isFound ? 'up' : failure?.code;
  if (expected instanceof RegExp) expect(got).toMatch(expected);
  else expect([expected].flat()).toContain(got);
  readable(failure?.reason ?? '');
  expect(inspect(report, { depth: 10 })).not.toMatch(new RegExp(`${KEY}|${SAID}`));
  if (row.maxBytes !== undefined) expect(server.mostBytes).toBeLessThan(row.maxBytes);
  await discovery.close();
  await Promise.all([server.close(), other.close()]);
  await look();
}

function endingOf(row: ServerRow, wire: Wire): Ending {
  return typeof row.ends === 'function' ? row.ends(wire) : row.ends;
}

/** The call ended as its row says. */
export function ended(outcome: Outcome, ending: Ending): void {
  const { result, error, attempts, mode, events } = outcome;
  const streamed = events.flatMap((event) => (event.type === 'text' ? [event.text] : [])).join('');
  if (ending.kind === 'answer') {
    expect(error).toBeUndefined();
    expect(result?.text).toBe(ending.text);
    if (ending.finishReason) expect(result?.finishReason).toBe(ending.finishReason);
    if (mode === 'stream') expect(streamed).toBe(ending.text);
    expect(attempts.at(-1)).toMatchObject({ outcome: 'ok', model: { id: HOSTILE } });
    return;
  }
  expect(result).toBeUndefined();
  expect(error).toMatchObject({ name: 'RouterError' });
  expect(attempts.every((attempt) => attempt.outcome === 'failed' && attempt.model.id === HOSTILE)).toBe(true);
  if (ending.kind === 'failed') {
    expect(ending.codes).toContain(attempts[0]?.code);
    expect(['ERR_ALL_ATTEMPTS_FAILED', ...ending.codes]).toContain(error?.code);
    expect(error?.partialText).toBeUndefined();
    expect(streamed).toBe('');
    return;
  }
  // Two models' text is never mixed: nobody else was asked.
  expect(attempts).toHaveLength(1);
  expect(error?.code).toBe('ERR_INTERRUPTED');
  expect(ending.codes).toContain((error?.cause as Outcome['error'])?.code);
  if (ending.text instanceof RegExp) expect(error?.partialText).toMatch(ending.text);
  else expect(error?.partialText).toBe(ending.text);
  if (mode === 'stream') expect(streamed).toBe(error?.partialText);
}

/** C1: every message is short, names who it is about, and repeats nothing that came from the caller or the server. */
export function clean({ error, attempts, events, scene: at, result }: Outcome): void {
  const where = new URL(at.server.url).host;
  for (const { outcome, reason = '' } of attempts) {
    readable(reason);
    if (outcome === 'failed') expect(reason).toContain(where);
  }
  if (error) {
    readable(error.message);
    expect(error.message).toContain(where);
    expect(error.attempts?.[0]?.model).toMatchObject({ id: HOSTILE, baseURL: at.server.url });
    silent(error);
  }
  silent(attempts);
  silent(events.filter(({ type }) => type === 'attempt-failed'));
  silent(result?.decision);
}

/** Nothing of the canaries is in it, however deep. */
export function silent(value: unknown): void {
  expect(inspect(value, { depth: 12, maxStringLength: null })).not.toMatch(new RegExp(`${PROMPT}|${KEY}|${SAID}`));
}

/** A message for people. */
export function readable(message: string): void {
  expect(message.length).toBeLessThan(600);
  expect(message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\u{10000}-\u{10ffff}]/u);
}

/** What the conversation holds. */
function said(at: Scene): unknown[] {
  return (at.router.context.session(SESSION)?.messages ?? []).map(({ content }) => content);
}

/** C3, C6, C7: a flood was held back, every attempt is on record, and nothing is open. */
export async function nothingLeft(at: Scene, look: () => Promise<void>): Promise<void> {
  if (at.row.maxBytes !== undefined) expect(at.server.mostBytes).toBeLessThan(at.row.maxBytes);
  await at.router.close();
  await vi.waitFor(() => expect(at.timers).toBe(0), SOON);
  await vi.waitFor(() => expect(at.server.open).toBe(0), SOON);
  const of = (event: string): unknown[] => at.audit.filter((record) => record['event'] === event);
  expect(of('attempt.start').length).toBeGreaterThan(0);
  expect(of('attempt.end')).toHaveLength(of('attempt.start').length);
  expect(JSON.stringify(at.audit)).not.toMatch(new RegExp(`${PROMPT}|${KEY}|${SAID}|${HEALTHY_TEXT}`));
  await at.close();
  await look();
}

/** C7: what the process holds and prints; gives the check that nothing was added. */
export function watch(): () => Promise<void> {
  const before = sockets();
  const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;
  const printed = methods.map((method) => vi.spyOn(console, method));
  const warnings: string[] = [];
  const onWarning = ({ message }: Error): void => {
    // Node.js says so wherever it is set, whether it has an effect or not.
    if (!message.includes('NODE_TLS_REJECT_UNAUTHORIZED')) warnings.push(message);
  };
  process.on('warning', onWarning);
  onTestFinished(() => void process.off('warning', onWarning));
  return async () => {
    await vi.waitFor(() => expect(sockets()).toBeLessThanOrEqual(before), SOON);
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
    expect(warnings).toEqual([]);
    // A rejection that nobody handles, and an exception that nobody catches, fail the run by themselves.
  };
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(?:TCP|TLS|Pipe)(?:Socket)?Wrap$/.test(name)).length;
}
