// Trains the weights of classifyTask on our own labelled queries (test/tasks/queries) and packs them into
// src/tasks/model-table.ts. With --folds it only measures: on queries that were not trained on, a fifth at a time.
// scripts/eval-tasks.mjs measures on other rows.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { formatText } from './format-text.mjs';
import { ownQueries } from './own-queries.mjs';
import { COLUMNS, trainSparse } from './sparse-model.mjs';

const CATEGORIES = ['coding', 'reasoning', 'analysis', 'documentation'];
const LETTERS = 'CRAD';
const NEED = 4;
const EFFORT = 5;
/** What weights are whole multiples of. */
const STEP = [0.15, 0.15, 0.15, 0.15, 0.225, 0.15];
/** Effort that the sums start from. */
const MEAN_EFFORT = 3.3;
/** How many profiles of weights there may be, and what a bit must bring: its part of the loss of all queries. */
const PROFILES = 80;
const PRICE = 1e-5;
/** Slots for each feature: the more, the fewer others are taken for it. */
const ROOM = 60;
// Low bits of steps between slots, of numbers of profiles, of weights.
const SLOT_BITS = 5;
const PROFILE_BITS = 3;
const WEIGHT_BITS = 3;

const root = new URL('..', import.meta.url);
const tasks = fileURLToPath(new URL('src/tasks/', root));
const { readMessage, readFeatures, pack, slotOf } = await load(['reading', 'features', 'cue-hash']);
const queries = ownQueries().map(labelled);

if (process.argv.includes('--folds')) folds();
else {
  const { profiles, model } = train(queries);
  const { text, digits } = write(profiles, model);
  writeFileSync(`${tasks}model-table.ts`, formatText(text, 'src/tasks/model-table.ts'));
  console.log(`${queries.length} queries, ${model.size} features, ${profiles.length} profiles, ${digits} digits`);
}

function labelled({ file, line, letter, alt, need, effort, query }) {
  return {
    features: featuresOf(query),
    label: LETTERS.indexOf(letter),
    alt: LETTERS.indexOf(alt),
    target: CATEGORIES.map((_, c) =>
      LETTERS[c] === letter ? (alt === undefined ? 1 : 0.75) : LETTERS[c] === alt ? 0.25 : 0,
    ),
    yes: need === '?' ? null : Number(need),
    // Our labels lie closer together than efforts do.
    number: 1.25 * effort - 1.3 - MEAN_EFFORT,
    // What people type most often counts for more than what is rare and hard.
    weight: file.startsWith('rare') ? 0.4 : 1,
    // Neighbours in a file are alike, so that a fold is made of whole stretches.
    fold: Math.floor(line / 20) % 5,
  };
}

function featuresOf(text) {
  const features = new Map();
  readFeatures(readMessage(text, {}), (feature, value) => features.set(feature, (features.get(feature) ?? 0) + value));
  return features;
}

function train(rows) {
  return trainSparse(rows, { price: PRICE, profiles: PROFILES, grid: STEP });
}

/** Of some tables, the one in which the fewest of other features are taken for one that is kept. */
function quietest(model, heard) {
  const least = model.size * ROOM;
  let best = { space: least, noise: Number.POSITIVE_INFINITY };
  for (let space = least; space < least + 400; space++) {
    const taken = new Set([...model.keys()].map((f) => slotOf(f, space)));
    let noise = (model.size - taken.size) * 50;
    for (const f of heard) if (!model.has(f) && taken.has(slotOf(f, space))) noise++;
    if (noise < best.noise) best = { space, noise };
  }
  return best.space;
}

function write(profiles, model) {
  const heard = new Set(queries.flatMap(({ features }) => [...features.keys()]));
  for (const word of readFileSync(new URL('test/tasks/own-words.txt', root), 'utf8').split(/\s+/)) {
    for (const f of featuresOf(word).keys()) heard.add(f);
  }
  const space = quietest(model, heard);
  const slots = new Map();
  for (const [f, profile] of model) {
    const slot = slotOf(f, space);
    if (!slots.has(slot)) slots.set(slot, profile);
  }
  const numbers = profiles.flatMap((weights) =>
    weights
      .map((w, c) => Math.round(w / STEP[c]))
      .filter((_, c) => c !== 3)
      .map((s) => [s < 0 ? -2 * s - 1 : 2 * s, WEIGHT_BITS]),
  );
  let last = 0;
  for (const [slot, profile] of [...slots].sort((a, b) => a[0] - b[0])) {
    numbers.push([slot - last, SLOT_BITS], [profile, PROFILE_BITS]);
    last = slot;
  }
  const packed = pack(numbers);
  const text = `// Weights trained on our own queries. Made by scripts/train-tasks.mjs.

/** Columns of a profile of weights: coding, reasoning, analysis, documentation, need of the workspace, effort. */
export const COLUMNS = ${COLUMNS};

/** What a step of each weight is. */
export const STEP = ${JSON.stringify(STEP)};

/** Effort that the sums start from. */
export const MEAN_EFFORT = ${MEAN_EFFORT};

/** Low bits of steps between slots, of numbers of profiles, of weights. */
export const BITS = [${SLOT_BITS}, ${PROFILE_BITS}, ${WEIGHT_BITS}] as const;

/** Number of profiles, of features, of slots; profiles packed as weights, then features packed as slot and profile. */
export const MODEL = [${profiles.length}, ${slots.size}, ${space}, ${JSON.stringify(packed)}] as const;
`;
  return { text, digits: packed.length };
}

function folds() {
  let right = 0;
  let either = 0;
  let need = 0;
  let clear = 0;
  let near = 0;
  const bins = Array.from({ length: 10 }, () => [0, 0]);
  for (let fold = 0; fold < 5; fold++) {
    const { profiles, model } = train(queries.filter((row) => row.fold !== fold));
    for (const row of queries.filter((q) => q.fold === fold)) {
      const z = new Float64Array(COLUMNS);
      for (const [f, value] of row.features)
        profiles[model.get(f)]?.forEach((w, c) => {
          z[c] += w * value;
        });
      const powers = [0, 1, 2, 3].map((c) => Math.exp(z[c]));
      const best = powers.indexOf(Math.max(...powers));
      const sure = powers[best] / powers.reduce((a, b) => a + b);
      if (best === row.label) right++;
      if (best === row.label || best === row.alt) either++;
      const bin = bins[Math.min(9, Math.floor(sure * 10))];
      bin[0] += sure;
      if (best === row.label) bin[1]++;
      if (row.yes !== null) {
        clear++;
        if (z[NEED] > 0 === (row.yes === 1)) need++;
      }
      if (Math.abs(Math.round(z[EFFORT] - row.number)) <= 1) near++;
    }
  }
  const part = (n, of = queries.length) => (n / of).toFixed(3);
  const ece = bins.reduce((sum, [a, b]) => sum + Math.abs(a - b), 0);
  console.log(
    `strict ${part(right)}  with alt ${part(either)}  ECE ${part(ece)}  need ${part(need, clear)}  effort within 1 ${part(near)}`,
  );
}

async function load(names) {
  const contents = names.map((name) => `export * from './${name}.ts';`).join('\n');
  const out = await build({
    stdin: { contents, resolveDir: tasks, loader: 'ts' },
    bundle: true,
    format: 'esm',
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(out.outputFiles[0].contents).toString('base64')}`);
}
