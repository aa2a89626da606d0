import type { ClassifyOptions, TaskCategory } from '../core/task.js';
import type { Reading } from './classify-task.js';
import type { Clause } from './clauses.js';
import { hasMaterial, type Material } from './material.js';
import type { Token } from './tokens.js';

/** What ties a request to certain code or text. */
export interface Surroundings {
  /** Pasted material, a name out of code, or "this", "our": one certain thing. */
  readonly given: boolean;
  /** Nothing points at a certain thing. */
  readonly general: boolean;
  /** Code, output or a picture is in the message. */
  readonly pasted: boolean;
  /** "our", "us", the repository. */
  readonly ours: boolean;
  /** "we" doing something now. */
  readonly we: boolean;
  /** "this", "the selected". */
  readonly pointed: boolean;
  /** Names out of code. */
  readonly named: number;
  /** "the parser", "the login page". */
  readonly definite: boolean;
  readonly tech: boolean;
  readonly tools: boolean;
}

/** Looks for what ties a request to certain code. */
export function surroundingsOf(clauses: readonly Clause[], material: Material, o: ClassifyOptions): Surroundings {
  const pasted = hasMaterial(material) || o.hasImages === true;
  let ours = false;
  let we = false;
  let pointed = false;
  let named = 0;
  let definite = false;
  let tech = false;
  for (const { tokens, act } of clauses) {
    for (let i = 0; i < tokens.length; i++) {
      const t = tokens[i] as Token;
      if (t.role === 'our' || (t.noun === 'workspace' && tokens[i - 1]?.role !== 'indefinite')) ours = true;
      if (t.role === 'we' && act !== 'howTo' && act !== 'choose' && act !== 'order' && act !== 'statement') we = true;
      if (t.role === 'this') pointed = true;
      if (t.ident) named++;
      if (t.tech) tech = true;
      if (t.role === 'definite' && isCertain(tokens, i)) definite = true;
    }
  }
  const given = pasted || ours || we || pointed || named > 0;
  return {
    given,
    general: !given && !definite,
    pasted,
    ours,
    we,
    pointed,
    named,
    definite,
    tech,
    tools: o.hasTools === true,
  };
}

/** "The parser" is a certain thing; "the same thread", "the CAP theorem", "the lifecycle of a component" are not. */
function isCertain(tokens: readonly Token[], at: number): boolean {
  if (VAGUE.test(tokens[at + 1]?.text ?? '')) return false;
  for (let i = at + 1; i < Math.min(tokens.length, at + 6); i++) {
    const t = tokens[i] as Token;
    if (t.noun === 'concept' || t.noun === 'plan') return false;
    if (t.text === 'of') {
      const next = tokens[i + 1];
      return !(next?.role === 'indefinite' || next?.tech === true || next?.noun === 'concept');
    }
    if (t.role === 'preposition' || t.role === 'auxiliary') return true;
  }
  return true;
}

const VAGUE =
  /^(?:same|first|last|most|best|only|number|length|sum|other|next|world|internet|web|user|browser|past|future|following)$/;

/**
 * How much each sign speaks for code that must be looked up: above zero in sum, it must. Set by hand.
 */
const NEED = {
  coding: -0.2,
  reasoning: -2.2,
  analysis: 0.9,
  documentation: 0.3,
  pasted: -5,
  output: -3,
  ours: 3,
  we: 1,
  pointed: 1.6,
  named: 2,
  definite: 1.3,
  definiteGoal: 0.4,
  tools: 0.6,
  /** "Add", "rename", "handle": there is something to add to. */
  changes: 1.2,
  /** "Write a function that ...": it stands alone. */
  makes: -1.2,
  freshMakes: -0.6,
  wish: 1.2,
  complaint: 1.4,
  /** "sql query for ...", "nginx config that ...". */
  artefact: -1.6,
  howTo: -2,
  choice: -0.6,
  concept: -1.5,
  general: -0.9,
  tech: -0.8,
  prose: 0.9,
  letter: -3,
  ownText: -3.5,
} as const;

/** Whether a good answer needs workspace code that the message does not hold. */
export function needsWorkspace(r: Reading, category: TaskCategory): boolean {
  const s = r.surroundings;
  const main = r.clauses.find((c) => c.act !== 'statement') ?? r.clauses[0];
  const object = main?.object ?? null;
  const makes = main?.verb === 'make' || main?.verb === 'do';
  const adds = ADDING.test(main?.word ?? '');
  let need: number = NEED[category];
  if (s.pasted) need += r.material.code + r.material.diff + r.material.inline > 0 ? NEED.pasted : NEED.output;
  if (r.material.quote > 0) need += NEED.output;
  if (s.ours) need += NEED.ours;
  if (s.we) need += NEED.we;
  if (s.pointed) need += NEED.pointed;
  if (s.named > 0) need += NEED.named;
  if (s.definite) need += makes && !adds ? NEED.definiteGoal : NEED.definite;
  if (s.tools) need += NEED.tools;
  if (main === undefined) return need > 0;
  if (category === 'coding') {
    if (main.verb === 'change' || adds) need += NEED.changes;
    else if (makes && main.act !== 'wish') need += NEED.makes + (main.fresh || s.tech ? NEED.freshMakes : 0);
    if (main.act === 'wish') need += NEED.wish;
    if (main.act === 'complaint') need += NEED.complaint;
    if (main.act === 'statement') need += standsAlone(main) ? NEED.artefact : NEED.complaint;
  }
  if (category === 'documentation') {
    if (object === 'message' || LETTER.test(main.tokens.map((t) => t.text).join(' '))) need += NEED.letter;
    else if (s.pointed && s.named === 0 && OWN_TEXT.test(main.tokens.map((t) => t.text).join(' ')))
      need += NEED.ownText;
    else if (object === 'prose' && main.verb !== 'explain') need += NEED.prose;
  }
  if (main.act === 'howTo' || main.act === 'howDoes' || main.act === 'can') need += NEED.howTo;
  if (main.act === 'choose' && category !== 'reasoning') need += NEED.choice;
  if (object === 'concept') need += NEED.concept;
  if (category === 'analysis' || category === 'documentation') {
    if (s.general && (main.verb === 'explain' || main.verb === null)) need += NEED.general;
    if (s.tech && !s.given) need += NEED.tech;
  }
  return need > 0;
}

const ADDING =
  /^(?:add|insert|include|introduce|put|provide_missing|append|remove|sort|call|return|cache|log|catch|run|commit|push|ajout.*|anad.*|agreg.*|adicion.*|добав.*|添加|增加|加上|追加|추가|넣어|hinzufug.*|fug.*|aggiung.*)$/;
// Texts for people outside, and texts that the message holds itself.
const LETTER =
  /\b(?:letter|story|poem|haiku|essay|blog post|blogpost|article|speech|slogan|cover letter|resume|product description|job posting|tweet|joke|title|talk|newsletter|linkedin|press release|user stories)\b/;
const OWN_TEXT = /\b(?:sentence|paragraph|text|following|spelling|translate)\b/;

/** A noun phrase that describes something new: "regex for ...", "python function that ...". */
function standsAlone(clause: Clause): boolean {
  const at = clause.tokens.findIndex((t) => t.noun === 'code');
  if (at < 0 || clause.tokens[0]?.role === 'definite') return false;
  return (
    clause.tokens.slice(at + 1).some((t) => t.role === 'to' || ALONE.test(t.text)) || clause.tokens.some((t) => t.tech)
  );
}

const ALONE = /^(?:that|which|for|to|so that)$/;
