import type { ModelRef, ServedModel } from '../core/model.js';
import { judgePin, type NamedPin, type PinEvidence, type PinSet, type PinVerdict } from '../internal/pin.js';
import { namesOf } from './model-profile.js';
import { plainName } from './plain-name.js';

/** What the pins that name a model say of it. */
export interface PinFinding {
  /** Whether a model that is not the pinned one is refused. */
  readonly enforced: boolean;
  /** The first that does not hold, mismatches before what cannot be verified; else that of the strongest. */
  readonly verdict: PinVerdict;
  /** Whether a digest decides, so that the server can be asked again. */
  readonly byDigest: boolean;
}

/** The pins of one owner, as a ranking asks them. */
export class PinRule {
  readonly #isEnforced: boolean;
  readonly #pins: readonly (NamedPin & { readonly plain: string })[];
  /** Served models are snapshots: each is judged once. */
  readonly #judged = new WeakMap<ServedModel, PinFinding | null>();

  constructor({ mode, pins }: PinSet) {
    this.#isEnforced = mode === 'enforce';
    this.#pins = mode === 'off' ? [] : pins.map((named) => ({ ...named, plain: plainName(named.name) }));
  }

  /** Whether there is anything to judge by. */
  get isEmpty(): boolean {
    return this.#pins.length === 0;
  }

  /** What the pins say of a model; `null` where none names it. Several that name it must all hold. */
  judge(ref: ModelRef, served: ServedModel): PinFinding | null {
    if (this.isEmpty) return null;
    let finding = this.#judged.get(served);
    if (finding === undefined) {
      const names = namesOf(ref, served.aliases ?? []);
      finding = this.#find(
        this.#pins.filter(({ plain }) => names.has(plain)),
        { ...served, service: ref.service, type: ref.type },
      );
      this.#judged.set(served, finding);
    }
    return finding;
  }

  #find(pins: readonly NamedPin[], evidence: PinEvidence): PinFinding | null {
    const verdicts = pins.map((pin) => judgePin(pin, evidence)).sort((a, b) => rank(a) - rank(b));
    const [verdict] = verdicts;
    if (verdict === undefined) return null;
    const byDigest = verdicts.some(({ strength }) => strength === 'digest');
    return { enforced: this.#isEnforced, verdict, byDigest };
  }
}

const OUTCOMES: readonly PinVerdict['outcome'][] = ['mismatch', 'unverified', 'match'];
const STRENGTHS: readonly PinVerdict['strength'][] = ['digest', 'size+name', 'name'];

function rank({ outcome, strength }: PinVerdict): number {
  return OUTCOMES.indexOf(outcome) * STRENGTHS.length + STRENGTHS.indexOf(strength);
}
