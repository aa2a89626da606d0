import type { Message } from '../core/chat.js';
import type { ClassifyOptions, TaskCategory, TaskClassification, TaskType } from '../core/task.js';
import { type Clause, readClauses } from './clauses.js';
import { estimateComplexity } from './complexity.js';
import { COMMANDS } from './cues-commands.js';
import type { Language } from './lexicon.js';
import { hasMaterial, type Material } from './material.js';
import { findRequest, textOf } from './request-text.js';
import { ACTS, type Evidence, ORDERS, PASTED, SETTINGS } from './weights.js';
import { needsWorkspace, type Surroundings, surroundingsOf } from './workspace.js';

/** A request as the estimates read it. */
export interface Reading {
  readonly text: string;
  readonly clauses: readonly Clause[];
  readonly language: Language;
  readonly persona: boolean;
  readonly material: Material;
  readonly surroundings: Surroundings;
  readonly command: string | null;
}

const CATEGORIES = ['coding', 'reasoning', 'analysis', 'documentation'] as const;

/**
 * Tells what kind of answer a query wants, how hard it is, and whether it needs code from the workspace.
 *
 * Of a message list the last user message decides; a short follow-up ("do it") takes over what came before.
 * Never throws and never waits; reads at most the first 5 000 and the last 3 000 characters of a message.
 *
 * @param query - The user's words, or a conversation.
 * @param o - What the host knows beside the text.
 * @public
 */
export function classifyTask(query: string | readonly Message[], o: ClassifyOptions = {}): TaskClassification {
  const turns = userTurns(query);
  const now = read(turns[0] ?? '', o);
  const logits = score(now);
  const before = followsUp(now)
    ? turns
        .slice(1)
        .map((t) => read(t, o))
        .find((r) => r.clauses.length > 0 && !followsUp(r))
    : undefined;
  if (before !== undefined) {
    const earlier = score(before);
    const goes = now.clauses.some((c) => c.tokens[0]?.role === 'goAhead');
    for (let i = 0; i < 4; i++) logits[i] = (logits[i] as number) + (earlier[i] as number) * (goes ? 0.9 : 0.6);
    // "Do it" after a plan or a finding asks for the work itself.
    if (goes && argmax(earlier) !== 3) logits[0] = (logits[0] as number) + 3;
  }
  const p = probabilities(logits);
  const order = [0, 1, 2, 3].sort((a, b) => (p[b] as number) - (p[a] as number) || a - b);
  const best = order[0] as number;
  const category = CATEGORIES[best] as TaskCategory;
  const cues: string[] = now.command === null ? [] : [`/${now.command}`];
  for (const clause of now.clauses)
    for (const cue of clause.cues) if (!cues.includes(cue) && cues.length < 24) cues.push(cue);
  return {
    category,
    confidence: p[best] as number,
    alternatives: order.slice(1).map((i) => ({ category: CATEGORIES[i] as TaskCategory, confidence: p[i] as number })),
    requiresSerena: needsWorkspace(now, category) || (before !== undefined && needsWorkspace(before, category)),
    keywordsMatched: cues,
    taskType: taskType(category, now),
    complexity: estimateComplexity(
      before === undefined ? now : { ...before, clauses: [...before.clauses, ...now.clauses] },
      category,
    ),
  };
}

/** Texts of user messages, the last one first. */
function userTurns(query: unknown): string[] {
  if (typeof query === 'string') return [query];
  if (!Array.isArray(query)) return [];
  const turns: string[] = [];
  for (let i = query.length - 1; i >= 0 && turns.length < 5; i--) {
    const message = query[i] as Message | null | undefined;
    if (message?.role !== 'user') continue;
    const text = textOf(message.content);
    if (text !== '') turns.push(text);
  }
  return turns;
}

function read(message: string, o: ClassifyOptions): Reading {
  const request = findRequest(message);
  const read = readClauses(request.text);
  return { ...request, ...read, surroundings: surroundingsOf(read.clauses, request.material, o) };
}

/** A few words that say little on their own. */
function followsUp(r: Reading): boolean {
  if (r.command !== null || hasMaterial(r.material)) return false;
  const words = r.clauses.reduce((n, c) => n + c.tokens.length, 0);
  if (words === 0) return true;
  return (
    words <= 7 &&
    (r.clauses[0]?.tokens[0]?.role === 'goAhead' ||
      r.clauses.every((c) => c.act === 'statement' || c.tokens.length < 3))
  );
}

function score(r: Reading): number[] {
  const sum = [0, 0, 0, 0];
  const add = (evidence: Evidence | undefined, weight: number): void => {
    if (evidence === undefined) return;
    for (let i = 0; i < 4; i++) sum[i] = (sum[i] as number) + (evidence[i] as number) * weight;
  };
  if (r.command !== null) add(COMMANDS[r.command], 1.3);
  const explicit = r.clauses.filter((c) => c.act !== 'statement' && c.act !== 'complaint' && c.act !== 'wish').length;
  const setting = r.surroundings.given
    ? '+given'
    : r.surroundings.general
      ? NO_ARTICLES.has(r.language)
        ? ''
        : '+general'
      : '+definite';
  let rank = 0;
  let checked = false;
  for (const clause of r.clauses) {
    const spoken = clause.act !== 'statement' && clause.act !== 'complaint';
    if (PREAMBLES.has(clause.tokens[0]?.text ?? '') && clause !== r.clauses[r.clauses.length - 1]) continue;
    const weight = spoken || explicit === 0 ? (POSITION[rank] ?? 0.25) : clause.act === 'complaint' ? 0.3 : 0.2;
    if (spoken || explicit === 0) rank++;

    if (clause.act === 'order') {
      const verb = clause.verb ?? 'unknown';
      add(orderOf(clause), weight);
      if (verb === 'check' && clause.tokens.some((t) => /^(?:vs\.?|versus|better|best)$/.test(t.text)))
        add(SETTINGS['check+choice'], weight);
      add(SETTINGS[verb + setting], weight);
      // "Review it and fix what you find" is answered with changed code.
      if (checked && verb === 'change' && clause.object !== 'prose') add(CHANGE_AFTER_CHECK, 1);
      checked ||= verb === 'check';
    } else {
      const kind =
        clause.act === 'howTo' && clause.verb === 'explain'
          ? 'explain how to'
          : clause.act === 'wish' && clause.verb !== null
            ? 'wish of'
            : clause.act;
      add(ACTS[`${kind}>${clause.object}`] ?? ACTS[kind], weight);
      if (kind === 'wish of') add(orderOf(clause), 0.8 * weight);
      if (kind === 'howTo' && clause.verb !== null) add(orderOf(clause), 0.15 * weight);
      add(SETTINGS[kind + setting], weight);
      if (clause.act === 'howTo' && clause.tokens.some((t) => t.tech)) add(SETTINGS['howTo+tech'], weight);
      if (clause.act === 'why' && STATE.test(clause.tokens[1]?.text ?? '')) add(SETTINGS['why+state'], weight);
      if (clause.act === 'why' && setting !== '+general' && clause.tokens.some((t) => t.role === 'failure'))
        add(SETTINGS['why+failure'], weight);
      if (clause.act === 'yesNo' && clause.tokens.some((t) => t.role === 'any' || SPECIFIC.test(t.text)))
        add(SETTINGS['yesNo+specific'], weight);
    }
    if (namesReader(clause)) add(SETTINGS['for+prose'], 1);
  }
  if (r.clauses.length === 0 && !hasMaterial(r.material)) add(PASTED['smallTalk'], 1);
  const m = r.material;
  const alone = r.clauses.length === 0 && r.command === null;
  if (m.trace + m.log > m.code) add(PASTED[alone ? 'traceAlone' : 'trace'], 1);
  else if (m.code > 0) add(alone ? (m.open ? PASTED['openCode'] : PASTED['codeAlone']) : PASTED['code'], 1);
  return sum;
}

/** Evidence of an order: of its very verb and object, else of their kinds. */
function orderOf(clause: Clause): Evidence | undefined {
  const { word, verb, object } = clause;
  return ORDERS[`${word}>${object}`] ?? ORDERS[`${verb}>${object}`] ?? ORDERS[verb ?? 'unknown'];
}

const NO_ARTICLES: ReadonlySet<Language> = /* @__PURE__ */ new Set<Language>(['ru', 'zh', 'ja', 'ko']);
const STATE = /^(?:is|are|was|were|did|has|have|isnt|arent|cant|doesnt|dont|wont)$/;
const SPECIFIC =
  /^(?:still|ever|already|actually|all|every|each|both|somewhere|somehow|forget|did|correctly|properly)$/;

/** "..., for the wiki": what it is wanted for. */
function namesReader(clause: Clause): boolean {
  const { tokens } = clause;
  return tokens.some(
    (t, i) =>
      t.text === 'for' &&
      (tokens[i + 1]?.noun === 'prose' || (tokens[i + 1]?.role === 'definite' && tokens[i + 2]?.noun === 'prose')),
  );
}

// They set the stage for what is asked next.
const PREAMBLES: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'read',
  'suppose',
  'assume',
  'consider',
  'imagine',
  'given',
  'take',
  'have a look',
  'look at',
  'here',
]);
const POSITION = [1, 0.45, 0.35, 0.25] as const;
const CHANGE_AFTER_CHECK: Evidence = [1.4, 0, -0.6, 0];

const TEMPERATURE = 1;

function probabilities(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const powers = logits.map((x) => Math.exp((x - top) / TEMPERATURE));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / total);
}

function argmax(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

function taskType(category: TaskCategory, r: Reading): TaskType {
  if (category === 'reasoning') return 'reasoning';
  if (category === 'analysis') return 'analysis';
  const main = r.clauses.find((c) => c.act === 'order' || c.act === 'howTo' || c.act === 'wish') ?? r.clauses[0];
  const words = main?.tokens.map((t) => t.text) ?? [];
  if (category === 'documentation') {
    if (words.some((w) => IN_PLACE.test(w)) || main?.tokens[0]?.text === 'document') return 'completion';
    return main === undefined || main.verb === 'explain' || EXPLAINING.has(main.act) ? 'analysis' : 'creative';
  }
  if (r.clauses.length === 0 && r.material.open) return 'completion';
  if (words.some((w) => /^(?:complete|finish|continue)$/.test(w)) && r.material.code > 0) return 'completion';
  const makes =
    main?.verb === 'make' ||
    main?.verb === 'do' ||
    main?.act === 'howTo' ||
    (main?.act === 'statement' && main.object === 'code');
  return makes ? 'code_generation' : 'code_refactor';
}

const IN_PLACE = /^(?:docstrings?|comments?|jsdoc|tsdoc|javadoc|annotations?|kommentare?|注释|コメント|주석)$/;
const EXPLAINING: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'whatIs',
  'howDoes',
  'yesNo',
  'which',
  'where',
  'why',
]);
