import { reader, SlotMap } from './cue-hash.js';
import { BITS, COLUMNS, MODEL, STEP } from './model-table.js';

/** What the features of a message sum up to: log odds of coding, reasoning, analysis, documentation; of a need for the workspace. */
export type Scores = Float64Array;

/** The trained weights of the features. */
export class Model {
  readonly #rows: SlotMap;
  readonly #weights: Int8Array;

  constructor() {
    const [count, space, packed] = MODEL;
    const next = reader(packed);
    const weights = new Int8Array(count * COLUMNS);
    this.#weights = weights;
    this.#rows = new SlotMap(
      count,
      space,
      () => next(BITS),
      (i) => {
        const at = i * COLUMNS;
        for (let c = 0; c < COLUMNS; c++) {
          if (c === 3) continue;
          const code = next(0);
          weights[at + c] = code % 2 === 1 ? (code + 1) / -2 : code / 2;
        }
        // The categories count only against each other: the last is what the others leave.
        weights[at + 3] = -((weights[at] as number) + (weights[at + 1] as number) + (weights[at + 2] as number));
        return i;
      },
    );
  }

  /** Adds what a feature says. */
  add(scores: Scores, feature: number, value: number): void {
    const row = this.#rows.get(feature);
    if (row < 0) return;
    for (let c = 0; c < COLUMNS; c++)
      scores[c] = (scores[c] as number) + (this.#weights[row * COLUMNS + c] as number) * (STEP[c] as number) * value;
  }
}

let made: Model | undefined;

/** The model, made at first use: under a millisecond. */
export function model(): Model {
  made ??= new Model();
  return made;
}
