import type { Capability, ModelIdentity } from '../core/model.js';
import type { TaskCategory } from '../core/task.js';
import { CATALOG_DATA } from './catalog-data.js';
import { CATALOG_NAMES } from './catalog-names.js';
import { STARTING_SCORES } from './task-defaults.js';

/** How good a model is at a kind of work, 0 to 1, and who says so. */
export interface TaskScore {
  readonly value: number;
  /** `benchmark`: public boards; `hand-set`: of our own; `inferred`: from size, age and kind; `host`: the host's own. */
  readonly source: 'benchmark' | 'hand-set' | 'inferred' | 'host';
}

/**
 * Layers, key-value heads, head dimension; with a sliding window also the window, and that one layer in n sees everything.
 * Latent attention has 0.5 heads: one vector for keys and values together.
 */
export type KvShape = readonly [layers: number, heads: number, dimension: number, window?: number, fullEvery?: number];

/** What the catalogue knows of a model; what is not known is absent. */
export interface CatalogEntry {
  readonly key: string;
  /** Parameters in billions. */
  readonly totalB?: number | undefined;
  /** Parameters used per token, in billions. */
  readonly activeB?: number | undefined;
  /** Trained context window in tokens. */
  readonly contextWindow?: number | undefined;
  /** Context window that the shipped configuration sets, where it is smaller. */
  readonly contextConfigured?: number | undefined;
  /** Context window with RoPE scaling switched on. */
  readonly contextExtended?: number | undefined;
  /** What it is known to do. */
  readonly can: readonly Capability[];
  /** What it is known not to do. */
  readonly cannot: readonly Capability[];
  readonly scores: Readonly<Record<TaskCategory, TaskScore>> | undefined;
  /** 1 best, 2 good, 3 basic: hand-set. */
  readonly tier?: 1 | 2 | 3 | undefined;
  /** What it keeps per token, and whether that was checked against its configuration. */
  readonly cache?: { readonly shape: KvShape; readonly checked: boolean } | undefined;
}

/**
 * A model of the host's own, or better knowledge about a catalogued one.
 * @public
 */
export type CatalogOverride = {
  readonly [K in Exclude<keyof ModelIdentity, 'key'>]?: ModelIdentity[K] | undefined;
} & {
  /** Catalogue key; an unknown one adds a model. A served model is matched by it, or by `id`. */
  readonly key: string;
  /** Context window in tokens. */
  readonly contextWindow?: number | undefined;
  /** What it can do; replaces what the catalogue says. */
  readonly capabilities?: readonly Capability[] | undefined;
  /** How good it is per category, 0 to 100. */
  readonly scores?: { readonly [C in TaskCategory]?: number | undefined } | undefined;
};

/** The categories, in the order of the score columns. */
export const CATEGORIES: readonly TaskCategory[] = ['coding', 'reasoning', 'analysis', 'documentation'];

const FLAGS: Readonly<Record<string, Capability>> = {
  t: 'tools',
  v: 'vision',
  r: 'reasoning',
  f: 'fill-in-the-middle',
  e: 'embedding',
};

let entries: ReadonlyMap<string, CatalogEntry> | undefined;

/** The catalogue's entry for a key, or `undefined`. */
export function catalogEntry(key: string): CatalogEntry | undefined {
  entries ??= readEntries();
  return entries.get(key);
}

/** The entry with a host's better knowledge laid over it; `sizeB` is what the served name says. */
export function overrideEntry(override: CatalogOverride, sizeB: number | null): CatalogEntry {
  const known = catalogEntry(override.key);
  const given = override.scores;
  const totalB = override.sizeB ?? known?.totalB ?? sizeB ?? undefined;
  const activeB = override.activeB ?? known?.activeB;
  const fallback = known?.scores ?? inferredScores(totalB, activeB);
  return {
    ...known,
    key: override.key,
    totalB,
    activeB,
    contextWindow: override.contextWindow ?? known?.contextWindow,
    contextConfigured: override.contextWindow === undefined ? known?.contextConfigured : undefined,
    contextExtended: override.contextWindow === undefined ? known?.contextExtended : undefined,
    can: override.capabilities ?? known?.can ?? [],
    cannot: override.capabilities === undefined ? (known?.cannot ?? []) : [],
    scores: perCategory((category) => {
      const score = given?.[category];
      return score === undefined ? fallback[category] : { value: score / 100, source: 'host' };
    }),
  };
}

/** Scores of a model of which nothing but its size is known, in billions of parameters; cautious. */
export function inferredScores(
  totalB: number | undefined,
  activeB: number | undefined,
): Record<TaskCategory, TaskScore> {
  // The formula of scripts/build-catalog.mjs for a model of mid-2024 without a speciality.
  const effective = Math.max(Math.sqrt((totalB ?? 4) * (activeB ?? totalB ?? 4)), 0.1);
  const value = 1 / (1 + Math.exp(-(28 + 21 * Math.log10(effective) + 4 - 50) / 22));
  return perCategory(() => ({ value, source: 'inferred' }));
}

/** The facts stand in the order of the names. */
function readEntries(): Map<string, CatalogEntry> {
  const facts = CATALOG_DATA.split('\n');
  const models = CATALOG_NAMES.split('\n').filter((line) => !line.startsWith('#'));
  return new Map(
    models.map((line, i) => {
      const [key = '', , , total] = line.split('|');
      return [key, readEntry(key, total, facts[i] as string)];
    }),
  );
}

function readEntry(key: string, total: string | undefined, line: string): CatalogEntry {
  const [active, context, configured, extended, flags = '', scores = '', cache = ''] = line.split('|');
  const start = STARTING_SCORES[key];
  return {
    key,
    totalB: positive(total),
    activeB: positive(active),
    contextWindow: positive(context),
    contextConfigured: positive(configured),
    contextExtended: positive(extended),
    can: [...flags].flatMap((flag) => FLAGS[flag] ?? []),
    cannot: [...flags].flatMap((flag) => (FLAGS[flag] ? [] : (FLAGS[flag.toLowerCase()] ?? []))),
    scores: scores === '' ? undefined : readScores(scores.split(','), start?.slice(1)),
    tier: start?.[0],
    cache: cache === '' ? undefined : readCache(cache),
  };
}

function readCache(text: string): CatalogEntry['cache'] {
  const shape = text.split(' ').map(Number.parseFloat) as unknown as KvShape;
  return { shape, checked: !text.endsWith('~') };
}

function readScores(columns: readonly string[], start: readonly number[] | undefined): CatalogEntry['scores'] {
  return perCategory((_, i) => {
    const column = columns[i] ?? '';
    const value = Number.parseInt(column, 10) / 100;
    if (!column.endsWith('~')) return { value, source: 'benchmark' };
    const hand = start?.[i];
    if (hand === undefined) return { value, source: 'inferred' };
    // The hand-set scale of January 2025, where the best had 99, laid on the scale of the boards.
    return { value: (value + (0.9 * hand - 8) / 100) / 2, source: 'hand-set' };
  });
}

function perCategory<T>(make: (category: TaskCategory, column: number) => T): Record<TaskCategory, T> {
  return {
    coding: make('coding', 0),
    reasoning: make('reasoning', 1),
    analysis: make('analysis', 2),
    documentation: make('documentation', 3),
  };
}

function positive(text: string | undefined): number | undefined {
  const value = Number.parseFloat(text ?? '') * (text?.endsWith('k') ? 1024 : 1);
  return value > 0 ? value : undefined;
}
