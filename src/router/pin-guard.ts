import type { RankedModel, Rejection } from '../core/decision.js';
import type { ModelRef, ServedModel } from '../core/model.js';
import { modelError } from '../internal/model-error.js';
import { refKey } from '../internal/model-name.js';
import type { PinVerdict } from '../internal/pin.js';
import { printable } from '../internal/redact.js';
import { parseModelId } from '../models/model-id.js';
import type { Ranking } from '../models/model-selector.js';
import { type PinFinding, PinRule } from '../models/pin-rule.js';
import type { RouterParts } from './router-options.js';

/** The pins in one call. */
export interface PinWatch {
  /**
   * Right before a request: how the model is pinned, its digest asked for once more; `undefined` where no pin names it.
   * Rejects with `ERR_MODEL_MISMATCH` for a model that is not to be asked.
   */
  before(model: ModelRef): Promise<PinVerdict> | undefined;
  /** After an answer, `named` being the model that it names: rejects with `ERR_MODEL_MISMATCH` where it is not to count. */
  after(model: ModelRef, named: string | undefined): Promise<void> | undefined;
  /** What was found and let pass. */
  readonly notes: readonly string[];
}

/** Keeps to the pins of a router, whatever its selector does. */
export class PinGuard {
  readonly #parts: Pick<RouterParts, 'discovery' | 'security'>;
  readonly #rules: readonly PinRule[];
  /** Snapshots of models that were audited. */
  readonly #recorded = new WeakSet<ServedModel>();

  constructor(parts: Pick<RouterParts, 'discovery' | 'security' | 'selector'>) {
    this.#parts = parts;
    this.#rules = [parts.security.pins, parts.selector.pins].map((set) => new PinRule(set)).filter((r) => !r.isEmpty);
  }

  /** A ranking without the models that their pins refuse. */
  admit(ranking: Ranking): Ranking {
    if (this.#rules.length === 0) return ranking;
    const served = new Map(this.#parts.discovery.models().map((model) => [refKey(model), model]));
    const refused: Rejection[] = [];
    const ranked = ranking.ranked.filter(({ model }) => {
      const finding = this.#judge(model, served.get(refKey(model)));
      if (!isRefused(finding)) return true;
      const { reason, remedy } = finding.verdict;
      refused.push({ model, rule: 'pin', reason, remedy });
      return false;
    });
    for (const { model } of [...ranking.ranked, ...ranking.rejected]) this.#record(model, served.get(refKey(model)));
    return { ...ranking, ranked, rejected: [...ranking.rejected, ...refused] };
  }

  /** What to say of the pins of a ranking: how the first choice is pinned, and who is used although its pin does not hold. */
  notes(ranked: readonly RankedModel[]): string[] {
    if (this.#rules.length === 0) return [];
    return ranked.flatMap(({ model }, at) => {
      const { verdict } = this.#judge(model, this.#served(model)) ?? {};
      if (verdict === undefined) return [];
      const name = printable(model.id, 120);
      if (verdict.outcome !== 'match') return [`${name}: ${verdict.reason} It may be used: \`pinMode\` is "warn".`];
      return at === 0 ? [`${name} is pinned by ${STRENGTHS[verdict.strength]}.`] : [];
    });
  }

  /** Follows one call; `undefined` where there are no pins. */
  watch(call: string, signal: AbortSignal): PinWatch | undefined {
    if (this.#rules.length === 0) return undefined;
    const { discovery, security } = this.#parts;
    const notes: string[] = [];
    const found = discovery.models();
    const report = (phase: 'sending' | 'answered', model: ModelRef, { enforced, verdict }: PinFinding): void => {
      security.recordPin({ call, model, phase, verdict });
      const failure = modelError('ERR_MODEL_MISMATCH', model, `${verdict.reason} ${verdict.remedy}`);
      if (enforced) throw failure;
      notes.push(failure.message);
    };
    const verify = async (model: ModelRef, served: ServedModel, known: PinFinding): Promise<PinVerdict> => {
      const digests = known.byDigest ? await discovery.digestsNow(model, 'listed', signal) : undefined;
      const finding = digests === undefined ? known : this.#withDigest(model, served, digests?.[0]);
      if (finding.verdict.outcome !== 'match') report('sending', model, finding);
      return finding.verdict;
    };
    const verifyAnswer = async (
      model: ModelRef,
      served: ServedModel,
      known: PinFinding,
      named: string | undefined,
    ): Promise<void> => {
      if (named !== undefined && this.#isOther(model, served, named)) {
        const reason = `It is pinned, and its server answered with ${printable(named, 120)}.`;
        report('answered', model, {
          ...known,
          verdict: { ...known.verdict, outcome: 'mismatch', reason, remedy: LOAD },
        });
      }
      const loaded = (known.byDigest && (await discovery.digestsNow(model, 'loaded', signal))) || [];
      const [first, ...others] = loaded.map((digest) => this.#withDigest(model, served, digest));
      if (first === undefined || [first, ...others].some(({ verdict }) => verdict.outcome === 'match')) return;
      report('answered', model, first);
    };
    const pinned = <T>(model: ModelRef, work: (served: ServedModel, finding: PinFinding) => Promise<T>) => {
      const served = this.#served(model) ?? unknownNow(found.find((known) => refKey(known) === refKey(model)));
      const finding = this.#judge(model, served);
      return served === undefined || finding === null ? undefined : work(served, finding);
    };
    return {
      before: (model) => pinned(model, (served, finding) => verify(model, served, finding)),
      after: (model, named) => pinned(model, (served, finding) => verifyAnswer(model, served, finding, named)),
      notes,
    };
  }

  #served({ service, id }: ModelRef): ServedModel | undefined {
    return this.#parts.discovery.models().find((model) => model.id === id && model.service === service);
  }

  /** The finding that weighs most: one that refuses, then one that warns. */
  #judge(ref: ModelRef, served: ServedModel | undefined): PinFinding | null {
    if (served === undefined) return null;
    const findings = this.#rules.flatMap((rule) => rule.judge(ref, served) ?? []);
    const failed = findings.filter(({ verdict }) => verdict.outcome !== 'match');
    return failed.find(isRefused) ?? failed[0] ?? findings[0] ?? null;
  }

  #withDigest(ref: ModelRef, served: ServedModel, digest: string | undefined): PinFinding {
    const now = { ...served, digest: digest === undefined ? undefined : { value: digest, source: 'server' as const } };
    return this.#judge(ref, now) as PinFinding;
  }

  /** Whether a reply names another model; many servers name a file, an alias or their backend in the place of the id. */
  #isOther({ id, service, type }: ModelRef, served: ServedModel, named: string): boolean {
    const plain = (name: string): string => name.toLowerCase().replace(/:latest$/, '');
    if ([id, ...(served.aliases ?? [])].some((own) => plain(own) === plain(named))) return false;
    // Ollama gives back the name that it was asked for.
    if (type === 'ollama') return true;
    const models = this.#parts.discovery.models();
    if (models.some((other) => other.service === service && other.id !== id && other.id === named)) return true;
    const { key } = parseModelId(named, { service: type });
    return key !== null && served.identity.key !== null && key !== served.identity.key;
  }

  /** Once for each look at a server. */
  #record(model: ModelRef, served: ServedModel | undefined): void {
    const finding = this.#judge(model, served);
    if (served === undefined || finding === null || finding.verdict.outcome === 'match' || this.#recorded.has(served))
      return;
    this.#recorded.add(served);
    this.#parts.security.recordPin({ model, phase: 'ranked', verdict: finding.verdict });
  }
}

const STRENGTHS = { digest: 'its digest', 'size+name': 'size and name only', name: 'its name only' } as const;
const LOAD = 'Load the model that was asked for, or name another.';

/** A model that its server lists no longer: it stays pinned, and nothing is told of it. */
function unknownNow(model: ServedModel | undefined): ServedModel | undefined {
  return model && { ...model, digest: undefined, sizeBytes: undefined, quantization: undefined };
}

function isRefused(finding: PinFinding | null): finding is PinFinding {
  return finding?.enforced === true && finding.verdict.outcome !== 'match';
}
