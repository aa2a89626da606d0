import fs from 'node:fs';
import { join } from 'node:path';
import { LocalLLMRouter } from 'local-llm-router';
import { fakeOllama } from 'local-llm-router/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AuditEvent, AuditEvents } from '../../src/security/audit-chain.js';
import { AuditTrail } from '../../src/security/audit-log.js';
import { SecurityModule } from '../../src/security/security-module.js';
import { attempt, decision, key, linesIn, model, scratch } from './records.js';

type FieldsOf<T> = T extends unknown ? keyof T : never;

const ATTEMPT = ['call', 'service', 'model', 'endpoint', 'level'] as const;
const ESCALATION = ['call', 'rule', 'service', 'model', 'endpoint'] as const;
const FIELDS = {
  'audit.open': ['segment', 'keyId'],
  'audit.failure': ['code'],
  'audit.gap': ['torn', 'dropped'],
  'audit.rotate': ['segment'],
  'audit.retired': ['segment', 'lastSeq', 'head'],
  'audit.close': [],
  'policy.loaded': ['policy'],
  'egress.deny': ['rule', 'host'],
  'egress.connect': ['host', 'address', 'port'],
  'escalation.granted': ESCALATION,
  'escalation.denied': ESCALATION,
  'pin.mismatch': ['call', 'service', 'model', 'endpoint', 'phase', 'outcome', 'pin', 'digest'],
  'attempt.start': [...ATTEMPT, 'external', 'pin', 'digest'],
  'attempt.end': [...ATTEMPT, 'outcome', 'code', 'ms', 'retries', 'tokensIn', 'tokensOut'],
  query: [
    'call',
    'session',
    'category',
    'complexity',
    'service',
    'model',
    'tokensIn',
    'outcome',
    'query',
    'queryText',
    'response',
    'responseText',
  ],
} as const satisfies { [E in AuditEvent]: readonly FieldsOf<AuditEvents[E]>[] };

// A field that the type has and this table has not does not compile.
type Unlisted = { [E in AuditEvent]: Exclude<FieldsOf<AuditEvents[E]>, (typeof FIELDS)[E][number]> }[AuditEvent];
const unlisted: Unlisted[] = [] satisfies never[];

const FRAME = ['v', 'seq', 't', 'mono', 'run', 'event', 'prev', 'h', 'mac'];
const WORD = /^[\w.:@/+-]{0,120}$/;

let directory: string;
let done: () => Promise<void>;
beforeEach(async () => {
  const { path, done: remove } = await scratch();
  directory = join(path, 'audit');
  done = remove;
});
afterEach(() => done());

it('every record of a busy log holds only fields that its kind of event has, and no free text', async () => {
  const fake = await fakeOllama();
  const router = new LocalLLMRouter({
    discovery: false,
    services: [{ type: 'ollama', baseURL: fake.url }],
    security: { audit: { directory, key, rotateBytes: 4_096, retainSegments: 3 }, logResponses: true },
  });
  await router.route({ messages: [{ role: 'user', content: 'two words' }], session: 'my session' });
  for await (const _ of router.stream('two words'));
  await router.route('two words', { allowExternal: true }).catch(() => {});
  await router.security.fetch('http://8.8.8.8/two%20words').catch(() => {});
  for (let i = 0; i < 40; i++) router.security.recordAttemptEnd({ call: 'call-1', attempt });
  const disk = vi.spyOn(fs, 'writeSync').mockImplementation(() => {
    throw Object.assign(new Error('two words'), { code: 'ENOSPC' });
  });
  router.security.recordAttemptEnd({ call: 'call-1', attempt });
  disk.mockRestore();
  await router.close();
  await fake.close();
  const segments = fs.readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
  fs.appendFileSync(join(directory, segments.sort().at(-1) as string), 'torn');
  const next = new SecurityModule({ audit: { directory, key } });
  await next.recordAttemptStart({ call: 'call-2', model, level: 'primary', external: true });
  await next.logQuery({ query: 'two words', response: 'two words', decision, outcome: 'failed' });
  await next.close();

  const records = (await linesIn(directory)).map((line) => JSON.parse(line) as Record<string, unknown>);
  const events = new Set(records.map(({ event }) => event));
  for (const event of ['audit.open', 'audit.failure', 'audit.gap', 'audit.rotate', 'audit.retired', 'audit.close']) {
    expect([event, events.has(event)]).toEqual([event, true]);
  }
  for (const record of records) {
    const allowed: readonly string[] = [...FRAME, ...FIELDS[record['event'] as AuditEvent]];
    expect(Object.keys(record).filter((name) => !allowed.includes(name))).toEqual([]);
    expect(Object.values(record).filter((x) => typeof x === 'string' && !WORD.test(x))).toEqual([]);
    expect(FRAME.filter((name) => !(name in record))).toEqual([]);
  }
  expect(unlisted).toEqual([]);
});

it('a field that an event does not have is refused by the compiler', () => {
  const trail = new AuditTrail(null);
  trail.note('egress.deny', { rule: 'R3', host: 'a.test' });
  // @ts-expect-error a URL is no field of a refusal
  trail.note('egress.deny', { rule: 'R3', host: 'a.test', url: 'http://a.test/secret' });
  // @ts-expect-error no event has this name
  trail.hold('attempt.middle', {});
  // @ts-expect-error the code is missing
  trail.note('audit.failure', {});
  expect(trail.recent()).toEqual([]);
});
