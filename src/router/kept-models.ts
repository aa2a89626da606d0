import type { RankedModel } from '../core/decision.js';
import type { ModelRef, ServedModel } from '../core/model.js';
import type { Transport } from '../core/transport.js';
import { refKey } from '../internal/model-name.js';
import { printable } from '../internal/redact.js';
import type { RouterParts } from './router-options.js';

/** What `pinnedModels` means for the models that are there now. */
interface Kept {
  readonly of: readonly ServedModel[];
  readonly keys: ReadonlySet<string>;
  /** Those in memory, by service. */
  readonly loaded: ReadonlyMap<string, readonly string[]>;
  /** Models that are not in memory although their server could say so. */
  readonly cold: ReadonlySet<string>;
  readonly notes: readonly string[];
}

/** The models that the host wants kept in memory. */
export class KeptModels {
  readonly #parts: Pick<RouterParts, 'pinnedModels' | 'discovery' | 'selector'>;
  #kept: Kept | undefined;

  constructor(parts: Pick<RouterParts, 'pinnedModels' | 'discovery' | 'selector'>) {
    this.#parts = parts;
  }

  has(model: Pick<ModelRef, 'id' | 'service'>): boolean {
    return this.#parts.pinnedModels.length > 0 && this.#now().keys.has(refKey(model));
  }

  /** What a request to a model says about staying in memory; only Ollama takes it. */
  keepAlive(model: ModelRef, { name }: Transport): { keepAlive?: number } {
    return name === 'ollama' && this.has(model) ? { keepAlive: -1 } : {};
  }

  /** Puts a model whose load could push a kept one out behind the others, and says so. */
  arrange(ranked: RankedModel[]): { readonly ranked: RankedModel[]; readonly notes: readonly string[] } {
    if (this.#parts.pinnedModels.length === 0) return { ranked, notes: [] };
    const { keys, loaded, cold, notes } = this.#now();
    const pushes = ({ model }: RankedModel): boolean => {
      const key = refKey(model);
      return loaded.has(model.service) && cold.has(key) && !keys.has(key);
    };
    const pushing = ranked.filter(pushes);
    if (pushing.length === 0) return { ranked, notes };
    const others = ranked.filter((entry) => !pushes(entry));
    const [what, whom] = [
      pushing.map(({ model }) => model.id),
      new Set(pushing.flatMap(({ model }) => loaded.get(model.service) ?? [])),
    ].map((ids) => printable([...ids].join(', '), 400));
    const why = `a load of ${what} could push the pinned ${whom} out of memory`;
    return {
      ranked: [...others, ...pushing],
      notes: [...notes, others.length > 0 ? `Tried after the others: ${why}.` : `No other model is left: ${why}.`],
    };
  }

  #now(): Kept {
    const { pinnedModels, discovery, selector } = this.#parts;
    const of = discovery.models();
    if (this.#kept?.of === of) return this.#kept;
    const kept = of.filter((model) => pinnedModels.some((name) => selector.isNamed(model, name)));
    const loaded = new Map<string, string[]>();
    for (const { id, service, state } of kept) {
      if (state.value === 'loaded') loaded.set(service, [...(loaded.get(service) ?? []), id]);
    }
    this.#kept = {
      of,
      keys: new Set(kept.map(refKey)),
      loaded,
      cold: new Set(of.filter(({ state }) => state.value === 'unloaded').map(refKey)),
      notes: pinnedModels
        .filter((name) => !of.some((model) => selector.isNamed(model, name)))
        .map((name) => `No server lists "${printable(name, 120)}" of \`pinnedModels\`.`),
    };
    return this.#kept;
  }
}
