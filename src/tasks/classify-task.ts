import type { Message } from '../core/chat.js';
import type { ClassifyOptions, TaskCategory, TaskClassification, TaskType } from '../core/task.js';
import { estimateComplexity } from './complexity.js';
import { readFeatures } from './features.js';
import { NOUN, VERB } from './lexicon.js';
import { hasMaterial } from './material.js';
import { type Model, model, type Scores } from './model.js';
import { COLUMNS } from './model-table.js';
import { type Reading, readMessage } from './reading.js';
import { textOf } from './request-text.js';
import { wordsOf } from './shape.js';
import type { Token } from './tokens.js';

const CATEGORIES = ['coding', 'reasoning', 'analysis', 'documentation'] as const;

/**
 * Below this confidence the category is a guess: a second opinion is worth asking for.
 *
 * Of queries that it was not trained on, one in twelve to one in eight lies below; of those about half are right.
 */
export const UNSURE_BELOW = 0.5;

/** Whether a classification is a guess. */
export function isUnsure(task: Pick<TaskClassification, 'confidence'>): boolean {
  return task.confidence < UNSURE_BELOW;
}

/**
 * Tells what kind of answer a query wants, how hard it is, and whether it needs code from the workspace.
 *
 * Of a message list the last user message decides; a short follow-up ("do it") takes over what came before.
 * Never throws and never waits; reads at most the first 3 000 and the last 1 500 characters of a message.
 *
 * @param query - The user's words, or a conversation.
 * @param o - What the host knows beside the text.
 * @public
 */
export function classifyTask(query: string | readonly Message[], o: ClassifyOptions = {}): TaskClassification {
  const turns = userTurns(query);
  const weights = model();
  const now = readMessage(turns[0] ?? '', o);
  const z = score(now, weights);
  // Never throws: callers without types pass `null`.
  if (o?.hasTools === true) z[NEED] = (z[NEED] as number) + 0.6;
  const before = followsUp(now)
    ? turns
        .slice(1)
        .map((t) => readMessage(t, o))
        .find((r) => r.clauses.length > 0 && !followsUp(r))
    : undefined;
  if (before !== undefined) {
    const earlier = score(before, weights);
    const found = argmax(earlier) === 2;
    // "Fix it" goes ahead with a finding; "simplify it" after an explanation asks for another one.
    const goes =
      YES.test(turns[0] ?? '') || now.clauses.some((c) => c.act === 'goAhead' || (found && c.verb === 'change'));
    // "Do it" after a plan or a finding asks for the work itself; after a text, for the text.
    const work = goes && argmax(earlier) !== 3;
    if (work) z[0] = (z[0] as number) + 3;
    for (let i = 0; i < 4; i++)
      z[i] = (z[i] as number) * (goes ? 1 : 0.5) + (earlier[i] as number) * (work ? 0.2 : goes ? 0.9 : 0.7);
    for (const i of [NEED, EFFORT]) z[i] = Math.max(z[i] as number, earlier[i] as number);
  }
  const keywordsMatched = keywords(now);
  // Without a word that is known, what is left is a guess; and people's words vary more than those it was trained on.
  const vague = keywordsMatched.length === 0 && before === undefined && !hasMaterial(now.material);
  const p = probabilities(z, vague ? 0.5 : 1.1);
  const order = [0, 1, 2, 3].sort((a, b) => (p[b] as number) - (p[a] as number) || a - b);
  const best = order[0] as number;
  const category = CATEGORIES[best] as TaskCategory;
  return {
    category,
    confidence: p[best] as number,
    alternatives: order.slice(1).map((i) => ({ category: CATEGORIES[i] as TaskCategory, confidence: p[i] as number })),
    requiresSerena: (z[NEED] as number) > ENOUGH,
    keywordsMatched,
    taskType: taskType(category, now),
    complexity: estimateComplexity(
      before === undefined ? now : { ...before, clauses: [...before.clauses, ...now.clauses] },
      category,
      z[EFFORT] as number,
    ),
  };
}

// Where both would do, the look-up is saved.
const ENOUGH = 0.2;
const NEED = 4;
const EFFORT = 5;
const YES = /^(?:yes|yep|sure|ja|oui|s[ií]|sim|да|好|はい|네)(?![a-zà-ÿ])/i;

function score(r: Reading, weights: Model): Scores {
  const sums = new Float64Array(COLUMNS);
  readFeatures(r, (feature, value) => weights.add(sums, feature, value));
  if (r.command !== null) addCommand(sums, r.command);
  return sums;
}

// Slash commands that coding agents and editors share, by what they ask for. Own collection.
const COMMANDS = [
  ' fix tests test edit new refactor generate code terminal optimize implement build run ',
  ' ask plan think design brainstorm architect ',
  ' review analyze search debug audit security-review find problems pr-comments ',
  ' explain doc docs comment commit summarize changelog readme pr title init compact ',
];

function addCommand(sums: Scores, command: string): void {
  const i = COMMANDS.findIndex((list) => list.includes(` ${command} `));
  if (i < 0) return;
  sums[i] = (sums[i] as number) + 5;
  sums[NEED] = (sums[NEED] as number) + (i === 1 || command === 'title' ? 0 : 1.5);
}

function keywords({ command, clauses }: Reading): string[] {
  const cues = command === null ? [] : [`/${command}`];
  for (const { shape } of clauses) {
    const { tokens, roles } = shape.all;
    for (let i = shape.from; i < shape.to && cues.length < 24; i++) {
      const { entry, raw } = tokens[i] as Token;
      if (entry === 0) continue;
      const says = (entry & (VERB | NOUN)) !== 0 || 'yhwlkofm'.includes(roles.charAt(i));
      const word = raw.toLowerCase();
      if (says && !cues.includes(word)) cues.push(word);
    }
  }
  return cues;
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

/** A few words that say little on their own. */
function followsUp(r: Reading): boolean {
  if (r.command !== null || hasMaterial(r.material)) return false;
  const words = r.clauses.reduce((n, c) => n + c.shape.roles.length, 0);
  if (words === 0) return true;
  return (
    words <= 7 &&
    (r.clauses[0]?.act === 'goAhead' ||
      r.clauses.every(({ act, shape }) => act === 'statement' || shape.roles.length < (act === 'yesNo' ? 4 : 3)))
  );
}

function probabilities(z: Scores, sharpness: number): number[] {
  const top = Math.max(z[0] as number, z[1] as number, z[2] as number, z[3] as number);
  const powers = [0, 1, 2, 3].map((i) => Math.exp(((z[i] as number) - top) * sharpness));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / total);
}

function argmax(z: Scores): number {
  let best = 0;
  for (let i = 1; i < 4; i++) if ((z[i] as number) > (z[best] as number)) best = i;
  return best;
}

function taskType(category: TaskCategory, { clauses, material }: Reading): TaskType {
  if (category === 'reasoning' || category === 'analysis') return category;
  const main = clauses.find(({ act }) => act === 'order' || act === 'howTo' || act === 'wish') ?? clauses[0];
  if (category === 'documentation') {
    if (main === undefined) return 'analysis';
    if (IN_PLACE.test(wordsOf(main.shape))) return 'completion';
    return main.verb === 'explain' || /^w|^y|^how/.test(main.act) ? 'analysis' : 'creative';
  }
  if (material.code > 0 && (main === undefined || FINISH.test(wordsOf(main.shape)))) return 'completion';
  const makes = main?.verb === 'make' || main?.verb === 'do' || main?.act === 'howTo';
  return makes || (main?.act === 'statement' && main.object === 'code') ? 'code_generation' : 'code_refactor';
}

const FINISH = /\b(?:complete|finish|continue)\b/;
const IN_PLACE = /^document\b|\b(?:docstrings?|comments?|[jt]sdoc|javadoc|kommentare?)\b|注释|コメント|주석/;
