import type { Noun, Role, Verb } from './cue-kinds.js';
import type { Language } from './lexicon.js';
import { type Token, tokenize } from './tokens.js';

/** What a clause does: orders, asks in one of several ways, complains, wishes or states. */
export type Act =
  | 'order'
  | 'why'
  | 'howTo'
  | 'howDoes'
  | 'howMuch'
  | 'whatIs'
  | 'whatDoes'
  | 'whatIf'
  | 'whatWrong'
  | 'which'
  | 'where'
  | 'choose'
  | 'yesNo'
  | 'can'
  | 'complaint'
  | 'wish'
  | 'statement';

/** One clause of a request. */
export interface Clause {
  readonly act: Act;
  /** Of an order, or what a question asks how to do. */
  readonly verb: Verb | null;
  /** The verb as written. */
  readonly word: string;
  /** Kind of the thing that the verb acts on, or that a statement names. */
  readonly object: Noun | null;
  /** The object is new ("a", "some") rather than known ("the", "this", "our"). */
  readonly fresh: boolean;
  /** The cue words that made it so, in the order of the text. */
  readonly cues: readonly string[];
  readonly tokens: readonly Token[];
  readonly asked: boolean;
}

/** Reads a request as clauses. */
export function readClauses(text: string): { clauses: Clause[]; language: Language; persona: boolean } {
  const { tokens, language } = tokenize(text);
  const clauses: Clause[] = [];
  let persona = false;
  let topic: Token[] = [];
  for (const { words, end } of split(tokens)) {
    if (words[0]?.role === 'persona' || (words[0]?.role === 'you' && words[1]?.text === 'are')) {
      persona = true;
      continue;
    }
    const clause = readClause(words, end, language, clauses);
    if (clause !== null) clauses.push(clause);
    topic = words;
  }
  return { clauses, language, persona: persona && topic !== undefined };
}

const QUESTION: ReadonlySet<Role | null> = /* @__PURE__ */ new Set<Role | null>([
  'why',
  'how',
  'what',
  'where',
  'which',
]);

/** Sentences at hard marks; then at commas and "and" where an order or a question begins. */
function split(tokens: readonly Token[]): { words: Token[]; end: string }[] {
  const out: { words: Token[]; end: string }[] = [];
  let words: Token[] = [];
  const close = (end: string): void => {
    if (words.length > 0) out.push({ words, end });
    words = [];
  };
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i] as Token;
    if (t.boundary === 'hard') close(t.text);
    else if (t.boundary === 'soft' || t.role === 'and') {
      const k = skipFillers(tokens, i + 1);
      const next = tokens[k];
      const follows = tokens[k + 1];
      const begins =
        next !== undefined &&
        words.length > 0 &&
        (t.boundary === 'soft' || leadsOrder(words)) &&
        ((next.base && next.verb !== null && (!next.verbNoun || startsObject(follows))) ||
          (QUESTION.has(next.role) && t.boundary === 'soft') ||
          next.role === 'why' ||
          next.role === 'how' ||
          (next.role === 'auxiliary' && t.boundary === 'soft') ||
          (next.role === 'modal' && t.boundary === 'soft' && follows?.role === 'me'));
      if (begins) close(',');
      else words.push(t);
    } else words.push(t);
  }
  close('');
  return out;
}

/** "Read it and fix it" is two orders, "people who read and write" is none. */
function leadsOrder(words: readonly Token[]): boolean {
  const head = words[skipFillers(words, 0)];
  return head !== undefined && (head.base || QUESTION.has(head.role) || head.role === 'modal');
}

function skipFillers(tokens: readonly Token[], from: number): number {
  let k = from;
  while (
    tokens[k] !== undefined &&
    (tokens[k]?.role === 'skip' || tokens[k]?.role === 'and' || tokens[k]?.boundary === 'soft')
  )
    k++;
  return k;
}

/** Whether a token can begin what a verb acts on. */
function startsObject(t: Token | undefined): boolean {
  if (t === undefined || t.boundary !== '') return false;
  return (
    t.role === null ||
    t.ident ||
    t.role === 'plain' ||
    DETERMINERS.has(t.role) ||
    QUESTION.has(t.role) ||
    t.role === 'you' ||
    t.role === 'me' ||
    t.role === 'any'
  );
}

const DETERMINERS: ReadonlySet<Role | null> = /* @__PURE__ */ new Set<Role | null>([
  'definite',
  'indefinite',
  'this',
  'our',
  'my',
]);

function readClause(all: readonly Token[], end: string, language: Language, earlier: readonly Clause[]): Clause | null {
  const before = earlier[earlier.length - 1];
  const start = skipFillers(all, 0);
  const words = all.slice(start);
  const head = words[0];
  if (head === undefined) return null;
  const asked = end === '?' || end === '？';
  const english = language === 'en';
  let act = english ? englishAct(words, asked, before === undefined) : anyAct(words, asked, language);
  let at = -1;
  const seeksVerb = act === 'order' || act === 'howTo' || act === 'can' || act === 'wish' || act === 'choose';
  if (seeksVerb) at = verbAt(words, act, language);
  let verb = at >= 0 ? (words[at] as Token).verb : null;
  const cues: string[] = [];
  if (act === 'order' && (verb === 'explain' || verb === 'show')) {
    // "Explain why ...", "tell me where ...": the question inside is what is asked.
    const inner = innerQuestion(words, at);
    if (inner !== null && (verb === 'show' || (verb === 'explain' && OVERRIDING.has(inner)))) {
      act = inner;
      verb = inner === 'howTo' ? (verb === 'explain' ? 'explain' : 'do') : null;
    }
  }
  // "Make the list sortable" changes something that is there.
  if (verb === 'make' && MAKES_OTHER.test((words[at] as Token).text) && isKnown(words, at)) verb = 'change';
  let found = objectOf(words, at, language);
  // "The chapter is outdated, rewrite it."
  if (found.object === null && before !== undefined && words.length < 8 && words.some((t) => IT.test(t.text))) {
    found = { object: before.object, fresh: false };
  }
  for (const t of words) if (t.verb !== null || t.noun !== null || isAsking(t)) cues.push(t.text);
  if (act === 'howTo' && verb === 'reason') act = 'choose';
  if ((verb === 'make' || verb === 'show') && words.slice(at + 1, at + 5).some((t) => TELLS_ABOUT.test(t.text)))
    verb = 'explain';
  const word = at >= 0 ? (words[at] as Token).text : act === 'order' ? head.text : '';
  return { act, verb, word, object: found.object, fresh: found.fresh, cues, tokens: words, asked };
}

const OVERRIDING: ReadonlySet<Act> = /* @__PURE__ */ new Set<Act>(['why', 'where', 'howTo', 'choose', 'whatWrong']);
// "Give me an overview of ..." explains.
const TELLS_ABOUT = /^(?:overview|explanation|introduction)$/;
const MAKES_OTHER = /^(?:make|get)$/;
const IT = /^(?:it|them|that|lo|la|es|ihn|sie|его|ее|их|それ|它)$/;

function isKnown(words: readonly Token[], at: number): boolean {
  const role = words[at + 1]?.role;
  return role === 'definite' || role === 'this' || role === 'our' || role === 'my' || words[at + 1]?.ident === true;
}

function isAsking(t: Token): boolean {
  return QUESTION.has(t.role) || t.role === 'choice' || t.role === 'failure' || t.role === 'modal';
}

function englishAct(words: readonly Token[], asked: boolean, first: boolean): Act {
  const head = words[0] as Token;
  if (QUESTION.has(head.role)) return questionAct(words, 0);
  if (head.role === 'auxiliary') return yesNoAct(words);
  if (head.role === 'modal' && (head.text === 'should' || head.text === 'shouldnt')) return 'choose';
  if (head.text === 'when' && words[1]?.role === 'auxiliary') return whenAct(words);
  if (head.text === 'when' && words[1]?.role === 'modal') return 'choose';
  if (isOrder(words, 0, first) || isUnknownOrder(words)) return 'order';
  if (head.role === 'any' && words.slice(1, 4).some((t) => t.noun === 'finding')) return 'yesNo';
  if (head.role === 'any' && !has(words, 'why'))
    return has(words, 'choice') || words.some((t) => t.noun === 'plan') ? 'choose' : 'yesNo';
  if (head.role === 'choice') return 'choose';
  for (let i = 1; i < words.length; i++) {
    const role = words[i]?.role;
    if (role === 'why') return 'why';
    if (role === 'how' && (i > 2 || asked)) return questionAct(words, i);
    if (asked && (role === 'what' || role === 'where' || (role === 'which' && i > 2))) return questionAct(words, i);
    if (i === 1 && role === 'which' && head.role === 'preposition') return questionAct(words, i);
  }
  if (words.some((t) => t.role === 'choice' && CHOICE_MARKS.has(t.text)) || (asked && has(words, 'choice')))
    return 'choose';
  if (asked) return 'yesNo';
  if (has(words, 'modal')) return 'wish';
  if (has(words, 'failure') || head.noun === 'finding') return 'complaint';
  return 'statement';
}

function whenAct(words: readonly Token[]): Act {
  if (/^(?:would|should|can|could|to)$/.test((words[1] as Token).text)) return 'choose';
  return words.some((t) => t.role === 'definite' || t.role === 'our' || t.role === 'we' || t.role === 'this' || t.ident)
    ? 'where'
    : 'howDoes';
}

const CHOICE_MARKS: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'or',
  'vs',
  'vs.',
  'versus',
  'overkill',
  'pros and cons',
  'rather than',
]);

/** Other languages: an order where a verb leads, else the strongest question word, else any verb. */
function anyAct(words: readonly Token[], asked: boolean, language: Language): Act {
  const head = words[0] as Token;
  if (head.role === 'modal' && words.length > 2)
    return asked || language === 'ru' || words[1]?.role !== 'definite' ? 'choose' : 'wish';
  if (head.role === 'choice') return 'choose';
  const verbFinal = language === 'ja' || language === 'ko';
  if (!verbFinal && head.verb !== null && !(head.verbNoun && asked)) return 'order';
  const at = (role: Role): number => words.findIndex((t) => t.role === role);
  if (at('why') >= 0) return 'why';
  if (at('where') >= 0) return has(words, 'choice') ? 'choose' : 'where';
  if (
    has(words, 'choice') &&
    (asked ||
      at('which') >= 0 ||
      language === 'zh' ||
      verbFinal ||
      CHOICE_MARKS.has(words.find((t) => t.role === 'choice')?.text ?? ''))
  )
    return 'choose';
  const how = at('how');
  if (how >= 0) {
    const rest = words.slice(how + 1);
    if (rest.some((t) => t.role === 'modal')) return 'choose';
    if (words.some((t) => t.role === 'works')) return 'howDoes';
    return words.some((t) => t.verb !== null || t.role === 'me') ? 'howTo' : 'howDoes';
  }
  if (at('which') >= 0) return words.some((t) => t.role === 'modal') ? 'choose' : 'which';
  if (at('what') >= 0) {
    if (words.some((t) => t.noun === 'finding' || t.role === 'failure')) return 'whatWrong';
    return 'whatIs';
  }
  const verb = words.find((t) => t.verb !== null);
  const yesNo = head.role === 'auxiliary' || (has(words, 'auxiliary') && (asked || language === 'zh' || verbFinal));
  if (yesNo) return verb !== undefined && !asked && verbFinal ? 'order' : 'yesNo';
  if (verb !== undefined && !(asked && !verbFinal)) return 'order';
  if (asked) return 'yesNo';
  if (has(words, 'modal')) return 'wish';
  if (has(words, 'failure')) return 'complaint';
  return 'statement';
}

function has(words: readonly Token[], role: Role): boolean {
  return words.some((t) => t.role === role);
}

function questionAct(words: readonly Token[], at: number): Act {
  const head = words[at] as Token;
  const next = words[at + 1];
  const near = words.slice(at + 1, at + 4);
  if (head.role === 'why') return near.some((t) => t.text === 'need') ? 'choose' : 'why';
  if (head.role === 'how') {
    if (next === undefined) return 'howDoes';
    if (next.role === 'choice') return 'choose';
    if (near.some((t) => t.role === 'modal' && t.text.startsWith('should'))) return 'choose';
    if (next.role === 'to') return 'howTo';
    if (next.text === 'would you' || next.text === 'will you') return 'choose';
    if (/^would$/.test(next.text)) return near.some((t) => t.role === 'you') ? 'choose' : 'howTo';
    if (next.role === 'auxiliary')
      return near.some((t) => t.role === 'me' || t.role === 'you' || t.role === 'we' || t.text === 'one')
        ? 'howTo'
        : next.text === 'can' || next.text === 'could'
          ? 'howTo'
          : 'howDoes';
    if (next.role === 'me' || next.role === 'you' || next.role === 'we') return 'howTo';
    return next.verb !== null && next.base ? 'howTo' : near.some((t) => t.role === 'auxiliary') ? 'howMuch' : 'howDoes';
  }
  const choosing =
    words.some((t) => t.role === 'choice' && t.text !== 'or') ||
    words.some((t) => t.role === 'modal' && t.text.startsWith('should'));
  if (head.role === 'where') {
    if (near.some((t) => t.role === 'you') && words.length < 5) return 'choose';
    return choosing || near.some((t) => t.role === 'me' || t.role === 'modal') ? 'choose' : 'where';
  }
  if (head.role === 'which') return choosing ? 'choose' : 'which';
  if (choosing) return 'choose';
  if (next === undefined) return 'whatIs';
  if (near.some((t) => t.text === 'if')) return 'whatIf';
  const [first, second] = [near[0] as Token, near[1]];
  const last = words[words.length - 1] as Token;
  const aux = AUXILIARY_VERB.test(first.text);
  if (aux && (DOES.test(last.text) || (first.text.startsWith('do') && words.some((t) => DOES.test(t.text)))))
    return 'whatDoes';
  if (last.text === 'for' || near.some((t) => PURPOSE.test(t.text))) return 'whatDoes';
  if (head.text === 'what is' || head.text === 'whats' || first.role === 'auxiliary') {
    const rest = head.text === 'what' ? [second, near[2]] : [first, second];
    if (
      rest.some((t) => t?.role === 'failure' || t?.noun === 'finding' || t?.text === 'not') &&
      !(second?.text === 'some' || second?.text === 'common')
    )
      return 'whatWrong';
    if (rest[0]?.ing === true && rest[0].verb !== null) return 'whatWrong';
  }
  if (first.role === 'failure' || first.noun === 'finding') return 'whatWrong';
  if (/^(?:would|could|might|will|happens|breaks|else)$/.test(first.text)) {
    return words.some((t) => t.noun === 'plan') || has(words, 'choice') || /^(?:you|i)$/.test(second?.text ?? '')
      ? 'choose'
      : 'whatIf';
  }
  if (first.third || /^(?:depends|still|changed|sets|keeps)$/.test(first.text)) return 'which';
  if (first.role !== 'auxiliary' && head.text === 'what') {
    // "What database can be used", "what permissions does the role have".
    if (near.some((t) => t.text === 'can' || t.text === 'could')) return 'choose';
    if (
      words
        .slice(at + 2, at + 6)
        .some((t, i, some) => t.role === 'auxiliary' && /^(?:me|you|we)$/.test(some[i + 1]?.role ?? ''))
    )
      return 'choose';
    if (words.slice(at + 2, at + 6).some((t) => t.role === 'auxiliary')) return 'which';
  }
  return 'whatIs';
}

const AUXILIARY_VERB = /^(?:do|does|doest|did|is|are)$/;
const DOES = /^(?:do|does|mean|means|doing|stand|represent|achieve)$/;
const PURPOSE = /^(?:purpose|purpose of|meaning|role|job|point|idea|responsibility|responsible)$/;

function yesNoAct(words: readonly Token[]): Act {
  const head = words[0] as Token;
  const second = words[1];
  if (/^(?:dont|doesnt)$/.test(head.text) && second?.verb != null) return 'statement';
  if (words.some((t) => t.role === 'choice' && t.text !== 'or') || (has(words, 'choice') && words.length < 9))
    return 'choose';
  if (words.slice(1, 4).some((t) => t.text === 'need' || t.text === 'have to')) return 'choose';
  if (second?.role === 'you') return words.some((t) => t.verb !== null) ? 'order' : 'yesNo';
  if ((head.text === 'can' || head.text === 'could' || head.text === 'may') && second !== undefined) return 'can';
  return 'yesNo';
}

/** Whether an order begins here: a verb in its dictionary form (or as titles have it) that is no noun. */
function isOrder(words: readonly Token[], at: number, first: boolean): boolean {
  const t = words[at] as Token;
  if (
    t.verb === null ||
    (t.role !== null &&
      t.role !== 'works' &&
      t.role !== 'plain' &&
      !(t.base && t.role === 'failure' && startsObject(words[at + 1])))
  )
    return false;
  const next = words[at + 1];
  if (t.base && next !== undefined && /^(?:with|by|using|as|into|in|this|these|here|it)$/.test(next.text)) return true;
  if (t.verb === 'document' && t.base && (next?.text === 'that' || next?.role === 'how')) return true;
  if (t.verbNoun || (t.noun !== null && t.base)) {
    if (next?.role === null && words[at + 2]?.role === 'auxiliary') return false;
    if (t.base && startsObject(next)) return true;
    return t.base && next === undefined && (t.verb === 'change' || t.verb === 'document' || t.verb === 'check');
  }
  if (t.base) return true;
  return first && (t.third || t.ing) && startsObject(next);
}

/** An unknown word before "the", "a", "this" is most likely a verb. */
function isUnknownOrder(words: readonly Token[]): boolean {
  const [head, next] = words;
  if (head === undefined || next === undefined) return false;
  return (
    head.verb === null &&
    head.noun === null &&
    head.role === null &&
    !head.ident &&
    !head.tech &&
    /^[a-z]{3,}$/.test(head.text) &&
    !/(?:ed|ly|s)$/.test(head.text) &&
    DETERMINERS.has(next.role)
  );
}

function verbAt(words: readonly Token[], act: Act, language: Language): number {
  if (language === 'ja' || language === 'ko') {
    for (let i = words.length - 1; i >= 0; i--) if (words[i]?.verb != null) return i;
    return -1;
  }
  if (act === 'order' && words[0]?.verb != null) return 0;
  let from = 0;
  if (act === 'howTo')
    from = Math.max(
      0,
      words.findIndex((t) => t.role === 'how'),
    );
  if (act === 'wish')
    from = Math.max(
      0,
      words.findIndex((t) => t.role === 'modal'),
    );
  for (let i = from; i < words.length; i++) {
    const t = words[i] as Token;
    if (t.verb !== null && t.role !== 'auxiliary' && (t.base || act !== 'howTo')) return i;
  }
  return -1;
}

/** The noun that the verb acts on: last noun of the first noun phrase behind it (first one in Romance), else before it. */
function objectOf(words: readonly Token[], at: number, language: Language): { object: Noun | null; fresh: boolean } {
  const headLast =
    language !== 'fr' && language !== 'es' && language !== 'pt' && language !== 'it' && language !== 'ru';
  const eastern = language === 'zh' || language === 'ja' || language === 'ko';
  let object: Noun | null = null;
  let fresh = false;
  let known = false;
  const read = (from: number): void => {
    let seen = false;
    for (let i = from; i < words.length; i++) {
      const t = words[i] as Token;
      if (t.role === 'indefinite' && !seen) fresh = true;
      if ((t.role === 'definite' || t.role === 'this' || t.role === 'our' || t.role === 'my') && !seen) known = true;
      const stops =
        (t.role === 'preposition' && !eastern) || t.role === 'to' || QUESTION.has(t.role) || t.role === 'auxiliary';
      if (stops) {
        // "check for leaks", "look at the parser": the preposition belongs to the verb.
        if (object === null && !seen && i === from && t.noun === null) continue;
        if (object !== null || seen) return;
        continue;
      }
      if ((t.boundary === 'soft' || t.role === 'and') && object !== null) return;
      if (t.noun !== null && t.noun !== 'tech' && !(t.verb !== null && t.base && !t.verbNoun && i > from + 2)) {
        if (object === null || headLast) object = t.noun;
        seen = true;
        if (!headLast) return;
      } else if (t.ident || (t.role === null && t.verb === null && t.boundary === '')) seen = true;
    }
  };
  read(at + 1);
  if (object === null && at > 0) {
    for (let i = at - 1; i >= 0 && object === null; i--) {
      const noun = words[i]?.noun ?? null;
      if (noun !== null && noun !== 'tech') object = noun;
    }
  }
  // In Chinese the thing made may stand before or behind: prose is the stronger sign.
  return { object, fresh: fresh && !known };
}

function innerQuestion(words: readonly Token[], at: number): Act | null {
  for (let i = at + 1; i < Math.min(words.length, at + 4); i++) {
    const t = words[i] as Token;
    if (QUESTION.has(t.role)) return questionAct(words, i);
    if (t.noun !== null || t.ident) return null;
  }
  return null;
}
