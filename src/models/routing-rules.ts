import * as v from 'valibot';
import type { Requirements } from '../core/decision.js';
import type { TaskCategory, TaskClassification } from '../core/task.js';
import { flag, listOf, number, oneOf, optional, text } from '../internal/options.js';
import { CATEGORIES } from './catalog.js';
import { matchesGlob } from './glob.js';
import { plainName } from './plain-name.js';

/**
 * A wish of the host about which models take which requests. All conditions that are given must hold; a rule without any always holds.
 * A model that a request names itself (`model`) comes before all rules.
 * @public
 */
export interface RoutingRule {
  /** How the decision calls it. @defaultValue its place in the list, `rule 1` */
  readonly name?: string | undefined;
  /** When it holds. */
  readonly when: RuleCondition;
  /** Only these models may be used: served id, catalogue key, or `service/model`. Where several rules hold, a model must be in the list of each. */
  readonly use?: readonly string[] | undefined;
  /** These models come first, in this order, before those of `taskRouting`. */
  readonly prefer?: readonly string[] | undefined;
  /** These models come last. */
  readonly avoid?: readonly string[] | undefined;
}

/**
 * What a request must be like for a rule to hold.
 * @public
 */
export interface RuleCondition {
  /** Kind of task. */
  readonly category?: TaskCategory | undefined;
  /** Expected effort, 1 to 10, bounds included. */
  readonly complexity?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined;
  /** One of these words or phrases stands in the last user message; whole words, letter case does not count. Taken literally, no patterns. */
  readonly keywords?: readonly string[] | undefined;
  /** Programming language of the open file, or of a code block in the request: `typescript`, `python`, or the usual file extension. */
  readonly language?: string | undefined;
  /** The request carries images. */
  readonly hasImages?: boolean | undefined;
  /** The request offers tools. */
  readonly hasTools?: boolean | undefined;
  /** Tokens of the whole prompt, bounds included. */
  readonly tokens?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined;
  /** The conversation's name. */
  readonly session?: string | undefined;
  /** Globs, one of which the open file matches: `**`, `*`, `?`, `{a,b}`; relative to the workspace. */
  readonly files?: readonly string[] | undefined;
}

/**
 * What rules ask about a request beside its classification.
 * @public
 */
export interface RequestFacts {
  /** The last user message. */
  readonly text: string;
  /** Path of the open file, relative to the workspace where it lies in it. */
  readonly file: string | undefined;
  /** Tokens of the whole prompt. */
  readonly tokens: number;
}

/** A list that says something. */
const some = (item: v.GenericSchema<string>, what: string) =>
  optional(v.pipe(listOf(item, what), v.minLength(1, `at least one of ${what}`)));
const names = () => some(text(), 'model names');
const glob = () =>
  v.custom<string>(
    (x) => typeof x === 'string' && x !== '' && !/[[\]!]/.test(x),
    'a glob of **, *, ? and {a,b}; sets of characters and exceptions are not known',
  );
const range = (most: number, unit = '') =>
  optional(
    v.pipe(
      v.strictObject(
        { min: optional(number(0, most, unit)), max: optional(number(0, most, unit)) },
        'an object of min, max',
      ),
      v.check(({ min, max }) => min === undefined || max === undefined || min <= max, 'a min that is not above max'),
    ),
  );

/** Schema of one rule. */
const ruleSchema = /* @__PURE__ */ v.strictObject(
  {
    name: /* @__PURE__ */ optional(/* @__PURE__ */ text()),
    when: /* @__PURE__ */ v.strictObject(
      {
        category: /* @__PURE__ */ optional(/* @__PURE__ */ oneOf(...CATEGORIES)),
        complexity: /* @__PURE__ */ range(10),
        keywords: /* @__PURE__ */ some(/* @__PURE__ */ text(), 'words'),
        language: /* @__PURE__ */ optional(/* @__PURE__ */ text()),
        hasImages: /* @__PURE__ */ optional(/* @__PURE__ */ flag()),
        hasTools: /* @__PURE__ */ optional(/* @__PURE__ */ flag()),
        tokens: /* @__PURE__ */ range(1e9, 'tokens'),
        session: /* @__PURE__ */ optional(/* @__PURE__ */ text()),
        files: /* @__PURE__ */ some(/* @__PURE__ */ glob(), 'globs'),
      },
      'an object of conditions',
    ),
    use: /* @__PURE__ */ names(),
    prefer: /* @__PURE__ */ names(),
    avoid: /* @__PURE__ */ names(),
  },
  'an object of name, when, use, prefer, avoid',
);

/** Schema of `rules`. */
export const routingRulesSchema = /* @__PURE__ */ listOf(ruleSchema, 'routing rules');

/** What the rules that hold come to. */
export interface RulesInEffect {
  /** Lists that a model must be in, each with the rule it is from; empty: no rule restricts. */
  readonly use: readonly { readonly rule: string; readonly names: ReadonlySet<string> }[];
  readonly prefer: readonly string[];
  readonly avoid: ReadonlySet<string>;
  /** What the decision says about them. */
  readonly notes: readonly string[];
}

const NONE: RulesInEffect = { use: [], prefer: [], avoid: new Set(), notes: [] };

/** The rules that hold for a request, put together. None does for a model that the request names, nor for vectors. */
export function rulesInEffect(
  rules: readonly RoutingRule[],
  task: TaskClassification,
  o: Requirements,
  facts: RequestFacts | undefined,
): RulesInEffect {
  if (rules.length === 0 || o.model !== undefined || o.capabilities?.includes('embedding')) return NONE;
  const use: { rule: string; names: ReadonlySet<string> }[] = [];
  const prefer: string[] = [];
  const avoid = new Set<string>();
  const notes: string[] = [];
  for (const [index, rule] of rules.entries()) {
    if (!holds(rule.when, task, o, facts)) continue;
    const name = rule.name ?? `rule ${index + 1}`;
    if (rule.use !== undefined) use.push({ rule: name, names: new Set(rule.use.map(plainName)) });
    prefer.push(...(rule.prefer ?? []).map(plainName));
    for (const model of rule.avoid ?? []) avoid.add(plainName(model));
    const does = (['use', 'prefer', 'avoid'] as const)
      .filter((wish) => rule[wish] !== undefined)
      .map((wish) => `${wish} ${rule[wish]?.join(', ')}`);
    notes.push(`The rule "${name}" holds: ${does.join('; ') || 'it asks for nothing'}.`);
  }
  return { use, prefer: [...new Set(prefer)], avoid, notes };
}

type Range = RuleCondition['tokens'];
const within = (value: number, { min = 0, max = Number.POSITIVE_INFINITY }: NonNullable<Range>): boolean =>
  value >= min && value <= max;

function holds(
  when: RuleCondition,
  task: TaskClassification,
  o: Requirements,
  { text = '', file, tokens = o.contextTokens ?? 0 }: Partial<RequestFacts> = {},
): boolean {
  const needs = (capability: 'tools' | 'vision'): boolean => o.capabilities?.includes(capability) === true;
  return (
    (when.category === undefined || when.category === task.category) &&
    (when.complexity === undefined || within(task.complexity.score, when.complexity)) &&
    (when.hasImages === undefined || when.hasImages === needs('vision')) &&
    (when.hasTools === undefined || when.hasTools === needs('tools')) &&
    (when.tokens === undefined || within(tokens, when.tokens)) &&
    (when.session === undefined || when.session === o.session) &&
    (when.files === undefined || (file !== undefined && when.files.some((glob) => matchesGlob(file, glob)))) &&
    (when.language === undefined || languagesOf(text, file).has(languageOf(when.language))) &&
    (when.keywords === undefined || when.keywords.some((word) => mentions(text, word)))
  );
}

const LETTER = /[\p{L}\p{N}_]/u;
/** Scripts without spaces between words have no whole words to look for. */
const JOINED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;

function mentions(text: string, word: string): boolean {
  const [lower, wanted] = [text.toLowerCase(), word.toLowerCase()];
  const isOpen = (inside: string, outside: string): boolean =>
    !LETTER.test(inside) || JOINED.test(inside) || !LETTER.test(outside);
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    if (isOpen(wanted.charAt(0), lower.charAt(at - 1)) && isOpen(wanted.charAt(wanted.length - 1), lower.charAt(end))) {
      return true;
    }
  }
  return false;
}

/** Other names of languages: usual extensions and what stands at code blocks. */
const LANGUAGES: Readonly<Record<string, string>> = {
  ts: 'typescript',
  tsx: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  js: 'javascript',
  jsx: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  py: 'python',
  pyi: 'python',
  rb: 'ruby',
  rs: 'rust',
  golang: 'go',
  kt: 'kotlin',
  kts: 'kotlin',
  cs: 'csharp',
  'c#': 'csharp',
  h: 'c',
  cc: 'cpp',
  cxx: 'cpp',
  hpp: 'cpp',
  'c++': 'cpp',
  sh: 'shellscript',
  bash: 'shellscript',
  zsh: 'shellscript',
  shell: 'shellscript',
  ps1: 'powershell',
  yml: 'yaml',
  md: 'markdown',
  htm: 'html',
  ex: 'elixir',
  exs: 'elixir',
  hs: 'haskell',
  pl: 'perl',
  tf: 'terraform',
};

function languageOf(name: string): string {
  const lower = name.toLowerCase().replace(/^\./, '');
  return Object.hasOwn(LANGUAGES, lower) ? (LANGUAGES[lower] as string) : lower;
}

function languagesOf(text: string, file: string | undefined): Set<string> {
  const found = new Set<string>();
  for (const [, name] of text.matchAll(/^[ \t]{0,3}(?:```|~~~)[ \t]*([\w+#-]{1,20})/gm))
    found.add(languageOf(name as string));
  const extension = file === undefined ? null : /\.([^./\\]+)$/.exec(file);
  if (extension !== null) found.add(languageOf(extension[1] as string));
  return found;
}
