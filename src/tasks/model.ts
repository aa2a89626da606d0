import { reader, SlotMap } from './cue-hash.js';
import { BITS, COLUMNS, MODEL, STEP } from './model-table.js';

/**
 * What the features of a message sum up to: log odds of coding, reasoning, analysis and documentation; of a need for the
 * workspace; effort, against the mean.
 */
export type Scores = Float64Array;

/** The trained weights: each feature has one of a few profiles of them. */
export class Model {
  readonly #profiles: SlotMap;
  readonly #weights: Float64Array;

  constructor() {
    const [profiles, features, space, packed] = MODEL;
    const [slotBits, profileBits, weightBits] = BITS;
    const next = reader(packed);
    const weights = new Float64Array(profiles * COLUMNS);
    for (let at = 0; at < weights.length; at++) {
      if (at % COLUMNS === 3) continue;
      const code = next(weightBits);
      weights[at] = (code % 2 === 1 ? (code + 1) / -2 : code / 2) * (STEP[at % COLUMNS] as number);
      // The categories count only against each other: the last is what the others leave.
      const last = at - (at % COLUMNS) + 3;
      if (at < last) weights[last] = (weights[last] as number) - (weights[at] as number);
    }
    this.#weights = weights;
    this.#profiles = new SlotMap(
      features,
      space,
      () => next(slotBits),
      () => next(profileBits),
    );
  }

  /** Adds what a feature says. */
  add(scores: Scores, feature: number, value: number): void {
    const profile = this.#profiles.get(feature);
    if (profile < 0) return;
    const at = profile * COLUMNS;
    for (let c = 0; c < COLUMNS; c++) scores[c] = (scores[c] as number) + (this.#weights[at + c] as number) * value;
  }
}

let made: Model | undefined;

/** The model, made at first use in two or three milliseconds. */
export function model(): Model {
  made ??= new Model();
  return made;
}
