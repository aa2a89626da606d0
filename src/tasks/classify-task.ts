import type { Message } from '../core/chat.js';
import type { ClassifyOptions, TaskCategory, TaskClassification, TaskType } from '../core/task.js';
import { estimateComplexity } from './complexity.js';
import { weigh } from './evidence.js';
import { hasMaterial } from './material.js';
import { type Reading, readMessage } from './reading.js';
import { textOf } from './request-text.js';
import { needsWorkspace } from './workspace.js';

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
  const now = readMessage(turns[0] ?? '', o);
  const logits = weigh(now);
  const before = followsUp(now)
    ? turns
        .slice(1)
        .map((t) => readMessage(t, o))
        .find((r) => r.clauses.length > 0 && !followsUp(r))
    : undefined;
  if (before !== undefined) {
    const earlier = weigh(before);
    const goes = now.clauses.some((c) => c.act === 'goAhead');
    for (let i = 0; i < 4; i++) logits[i] = (logits[i] as number) + (earlier[i] as number) * (goes ? 0.9 : 0.6);
    // "Do it" after a plan or a finding asks for the work itself.
    if (goes && argmax(earlier) !== 3) logits[0] = (logits[0] as number) + 3;
  }
  const p = probabilities(logits);
  const order = [0, 1, 2, 3].sort((a, b) => (p[b] as number) - (p[a] as number) || a - b);
  const best = order[0] as number;
  const category = CATEGORIES[best] as TaskCategory;
  const cues = new Set<string>(now.command === null ? [] : [`/${now.command}`]);
  for (const { shape } of now.clauses) {
    shape.words.forEach((word, i) => {
      if (shape.verbs.charAt(i) + shape.nouns.charAt(i) !== '00' || 'yhwlkofm'.includes(shape.roles.charAt(i)))
        cues.add(word);
    });
  }
  return {
    category,
    confidence: p[best] as number,
    alternatives: order.slice(1).map((i) => ({ category: CATEGORIES[i] as TaskCategory, confidence: p[i] as number })),
    requiresSerena: [now, before].some((r) => r !== undefined && needsWorkspace(r, category, o.hasTools === true)),
    keywordsMatched: [...cues].slice(0, 24),
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

/** A few words that say little on their own. */
function followsUp(r: Reading): boolean {
  if (r.command !== null || hasMaterial(r.material)) return false;
  const words = r.clauses.reduce((n, c) => n + c.tokens.length, 0);
  if (words === 0) return true;
  return (
    words <= 7 &&
    (r.clauses[0]?.act === 'goAhead' || r.clauses.every((c) => c.act === 'statement' || c.tokens.length < 3))
  );
}

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

function taskType(category: TaskCategory, { clauses, material }: Reading): TaskType {
  if (category === 'reasoning' || category === 'analysis') return category;
  const main = clauses.find((c) => /^(?:order|howTo|wish)$/.test(c.act)) ?? clauses[0];
  const text = main?.shape.text ?? '';
  if (category === 'documentation') {
    if (IN_PLACE.test(text)) return 'completion';
    return main === undefined || main.verb === 'explain' || EXPLAINING.test(main.act) ? 'analysis' : 'creative';
  }
  if (material.code > 0 && (main === undefined || /\b(?:complete|finish|continue)\b/.test(text))) return 'completion';
  const makes = main?.verb === 'make' || main?.verb === 'do' || main?.act === 'howTo';
  return makes || (main?.act === 'statement' && main.object === 'code') ? 'code_generation' : 'code_refactor';
}

const IN_PLACE = /^document\b|\b(?:docstrings?|comments?|[jt]sdoc|javadoc|kommentare?)\b|注释|コメント|주석/;
const EXPLAINING = /^(?:what|howDoes|yesNo|which|where|why)/;
