import { CATALOG_MAKERS, CATALOG_NAMES } from './catalog-names.js';
import { MAKER_VARIANT, MAYBE_PACKAGING, REPACKERS } from './model-words.js';
import { takeApart } from './name-parts.js';

/** One name of a catalogued model, taken apart. */
export interface Name {
  readonly model: Catalogued;
  readonly size: number | null;
  readonly active: number | null;
  readonly release: string | null;
}

export interface Catalogued {
  readonly key: string;
  readonly family: string;
  readonly version: string | null;
  readonly variant: string | null;
  readonly total: number | null;
  /** Whether a name of it carries a chat mark, whether all do, and whether one carries a base mark. */
  readonly chatMarked: boolean;
  readonly alwaysMarked: boolean;
  readonly baseMarked: boolean;
  /** Sizes and releases over all its names. */
  readonly sizes: ReadonlySet<number>;
  readonly releases: ReadonlySet<string>;
}

/** Catalogued names by what is telling in them. */
export interface NameIndex {
  readonly bySignature: ReadonlyMap<string, readonly Name[]>;
  /** Words of the catalogued names, each with the family that it points to. */
  readonly words: ReadonlyMap<string, string>;
  /** Who publishes models under the makers' names: the makers, and who repacks them. */
  readonly publishers: ReadonlySet<string>;
}

let index: NameIndex | undefined;

/** The catalogued names, taken apart at the first use. */
export function nameIndex(): NameIndex {
  index ??= buildIndex();
  return index;
}

function buildIndex(): NameIndex {
  const bySignature = new Map<string, Name[]>();
  const words = new Map<string, string>();
  let family = '';
  for (const line of CATALOG_NAMES.split('\n')) {
    if (line.startsWith('#')) {
      family = line.slice(1);
      continue;
    }
    const [key = '', version = '', variant = '', total = '', ...aliases] = line.split('|');
    const own = takeApart(key, words);
    const taken = [
      own,
      ...aliases.map((name) => (/^[+-]$/.test(name) ? { ...own, chat: name === '+' } : takeApart(name, words))),
    ];
    const model: Catalogued = {
      key,
      family,
      version: version || null,
      variant: variant || null,
      total: total === '' ? null : Number(total),
      chatMarked: taken.some((p) => p.chat),
      alwaysMarked: taken.every((p) => p.chat),
      baseMarked: taken.some((p) => p.base),
      sizes: new Set(taken.flatMap((p) => p.size ?? [])),
      releases: new Set(taken.flatMap((p) => p.release ?? [])),
    };
    for (const { words: all, size, active, release } of taken) {
      const signature = all.join(' ');
      const names = bySignature.get(signature) ?? [];
      if (!names.some((n) => n.model === model && n.size === size && n.active === active && n.release === release)) {
        names.push({ model, size, active, release });
      }
      bySignature.set(signature, names);
      for (const word of all) {
        // A word that says the family: not a number, not a kind of model.
        const telling = !/^\d/.test(word) && word.length > 1 && !MAKER_VARIANT.has(word) && !MAYBE_PACKAGING.has(word);
        if (!words.has(word)) words.set(word, telling ? family : '');
      }
    }
  }
  return { bySignature, words, publishers: new Set(`${CATALOG_MAKERS} ${REPACKERS}`.split(' ')) };
}
