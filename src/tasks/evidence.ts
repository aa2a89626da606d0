import type { Clause } from './clauses.js';
import { commandEvidence } from './cues-commands.js';
import { hasMaterial } from './material.js';
import type { Reading } from './reading.js';
import { type Evidence, NUDGES, PASTED, WEIGHTS } from './weights.js';

/** Evidence for [coding, reasoning, analysis, documentation] in all of a message, in log odds. */
export function weigh(r: Reading): number[] {
  const { clauses, ties, material } = r;
  const sum = [0, 0, 0, 0];
  const add = (evidence = '', weight = 1): void => {
    for (let i = 0; i < evidence.length; i++)
      sum[i] = (sum[i] as number) + ((evidence.charCodeAt(i) - 77) / 4) * weight;
  };
  if (r.command !== null) add(commandEvidence(r.command));
  const stated = clauses.every((c) => /^(?:statement|complaint|wish)$/.test(c.act));
  // Languages without articles tell no "the parser" from "a parser".
  const general = /ru|zh|ja|ko/.test(r.language) ? '' : '+general';
  const setting = ties.given ? '+given' : ties.general ? general : '+definite';
  let rank = 0;
  let checked = false;
  clauses.forEach((clause, i) => {
    const { act, verb, object, shape } = clause;
    if (PREAMBLE.test(shape.text) && i < clauses.length - 1) return;
    const spoken = stated || (act !== 'statement' && act !== 'complaint');
    const weight = spoken ? (POSITION[rank++] ?? 0.25) : act === 'complaint' ? 0.3 : 0.2;
    const kind =
      act === 'order'
        ? (verb ?? 'unknown')
        : act === 'howTo' && verb === 'explain'
          ? 'explain how to'
          : act === 'wish' && verb !== null
            ? 'wish of'
            : act;
    if (act === 'order') add(orderOf(clause), weight);
    else add(WEIGHTS[`${kind}>${object}`] ?? WEIGHTS[kind], weight);
    if (verb !== null && (kind === 'wish of' || kind === 'howTo'))
      add(orderOf(clause), weight * (kind === 'howTo' ? 0.15 : 0.8));
    add(WEIGHTS[kind + setting], weight);
    const key = `${kind}>${object}${setting}`;
    for (const [what, where, pattern, evidence] of NUDGES) {
      if (what.test(key) && pattern.test(shape[where])) add(evidence, weight);
    }
    // "Review it and fix what you find" is answered with changed code.
    if (checked && verb === 'change' && object !== 'prose') add(PASTED['changeAfterCheck']);
    checked ||= verb === 'check';
  });
  const alone = clauses.length === 0 && r.command === null;
  const pasted = hasMaterial(material);
  if (!pasted && (alone || (clauses.length === 1 && saysNothing(clauses[0] as Clause)))) add(PASTED['smallTalk']);
  if (material.trace + material.log > material.code) add(PASTED[alone ? 'traceAlone' : 'trace']);
  else if (material.code > 0) add(PASTED[alone ? 'codeAlone' : 'code']);
  return sum;
}

const POSITION = [1, 0.45, 0.35, 0.25];
// They set the stage for what is asked next.
const PREAMBLE = /^(?:read|suppose|assume|consider|imagine|given|take|have a look|look at|here)\b/;

/** Evidence of an order: of its very verb and object, else of their kinds. */
function orderOf({ word, verb, object }: Clause): Evidence | undefined {
  return WEIGHTS[`${word}>${object}`] ?? WEIGHTS[`${verb}>${object}`] ?? WEIGHTS[verb ?? 'unknown'];
}

/** "Ok cool": a few words without a cue. */
function saysNothing({ act, shape }: Clause): boolean {
  return (
    act === 'statement' &&
    /^0{1,3}$/.test(shape.verbs) &&
    /^0*$/.test(shape.nouns) &&
    !/[yhwlkofmtui]/.test(shape.roles + shape.names)
  );
}
