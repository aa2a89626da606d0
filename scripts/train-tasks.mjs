// Trains the weights of classifyTask on our own labelled queries (test/tasks/own-queries.txt) and packs them into
// src/tasks/model-table.ts. With --folds it only measures: five times, on queries that were not trained on.
// scripts/eval-tasks.mjs measures on other rows.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { formatText } from './format-text.mjs';

const CATEGORIES = ['coding', 'reasoning', 'analysis', 'documentation'];
const LETTERS = 'CRAD';
const COLUMNS = 5; // four categories, need of the workspace
const NEED = 4;
/** How many features are kept, and how fine their weights are. */
const ROWS = 745;
const STEP = [0.3, 0.3, 0.3, 0.3, 0.4];
/** Weights nearer to zero by this part of a step than they need be are dropped: most of what is stored is zeros then. */
const DEAD = 0.1;
/** Slots for each feature: the more, the fewer others are taken for it. */
const ROOM = 60;
const BITS = 5;
/** Strength of the pull to zero. */
const PULL = 1;

const root = new URL('..', import.meta.url);
const tasks = fileURLToPath(new URL('src/tasks/', root));
const { readMessage, readFeatures, pack, slotOf } = await load(['reading', 'features', 'cue-hash']);

const own = readFileSync(new URL('test/tasks/own-queries.txt', root), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const [, letter, alt, need, , text] = /^([CRAD])([CRAD])? ([01?]) \d+ (?:(de|fr|es|pt|it|ru|zh|ja|ko) )?(.*)$/.exec(
      line,
    );
    const target = CATEGORIES.map((_, i) =>
      LETTERS[i] === letter ? (alt === undefined ? 1 : 0.75) : LETTERS[i] === alt ? 0.25 : 0,
    );
    return {
      ...read(text.replaceAll('⏎', '\n')),
      label: LETTERS.indexOf(letter),
      target,
      need: need === '?' ? null : Number(need),
    };
  });

if (process.argv.includes('--folds')) folds();
else {
  const model = quantise(train(own));
  const { text, bytes } = write(model);
  writeFileSync(`${tasks}model-table.ts`, formatText(text, 'src/tasks/model-table.ts'));
  console.log(`${model.size} features, ${bytes} digits`);
}

function read(text) {
  const features = new Map();
  readFeatures(readMessage(text, {}), (feature, value) => features.set(feature, (features.get(feature) ?? 0) + value));
  return { features };
}

/** Softmax regression for the category, logistic for the need; thinned out step by step. */
function train(rows, most = ROWS) {
  const square = new Map();
  for (const { features } of rows)
    for (const [f, value] of features) square.set(f, (square.get(f) ?? 0) + value * value);
  let model = learn(rows);
  for (const size of [most * 4, most * 2, most * 1.4, most].map(Math.round)) {
    if (size >= model.size) continue;
    const says = (w) => {
      const mean = (w[0] + w[1] + w[2] + w[3]) / 4;
      return Math.hypot(w[0] - mean, w[1] - mean, w[2] - mean, w[3] - mean, w[NEED] * 0.5);
    };
    const order = [...model]
      .map(([f, w]) => [f, says(w) * Math.min(square.get(f), 60) ** 0.5])
      .sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    model = learn(rows, new Set(order.slice(0, size).map(([f]) => f)));
  }
  return model;
}

function learn(rows, only) {
  const index = new Map();
  const data = rows.map((row) => {
    const list = [];
    for (const [f, value] of row.features) {
      if (only !== undefined && !only.has(f)) continue;
      if (!index.has(f)) index.set(f, index.size);
      list.push([index.get(f) * COLUMNS, value]);
    }
    return list;
  });
  const weights = new Float64Array(index.size * COLUMNS);
  const seen = new Float64Array(weights.length);
  for (let epoch = 0; epoch < 50; epoch++) {
    const slope = new Float64Array(weights.length);
    data.forEach((list, r) => {
      const z = sum(list, weights);
      const error = errors(z, rows[r]);
      for (const [at, value] of list) for (let c = 0; c < COLUMNS; c++) slope[at + c] += error[c] * value;
    });
    for (let i = 0; i < weights.length; i++) {
      const s = slope[i] + PULL * weights[i];
      seen[i] += s * s;
      weights[i] -= (0.5 * s) / (Math.sqrt(seen[i]) + 1e-9);
    }
  }
  return new Map([...index].map(([f, i]) => [f, [...weights.slice(i * COLUMNS, i * COLUMNS + COLUMNS)]]));
}

function sum(list, weights) {
  const z = new Float64Array(COLUMNS);
  for (const [at, value] of list) for (let c = 0; c < COLUMNS; c++) z[c] += weights[at + c] * value;
  return z;
}

function softmax(z) {
  const top = Math.max(z[0], z[1], z[2], z[3]);
  const powers = [0, 1, 2, 3].map((c) => Math.exp(z[c] - top));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / total);
}

function errors(z, { target, need }) {
  const p = softmax(z);
  return [...p.map((x, c) => x - target[c]), need === null ? 0 : 1 / (1 + Math.exp(-z[NEED])) - need];
}

/** Weights as whole steps; those of the categories count only against each other, so that they sum up to zero. */
function quantise(model) {
  const out = new Map();
  for (const [f, w] of model) {
    const mean = (w[0] + w[1] + w[2] + w[3]) / 4;
    const exact = w.map((x, c) => (c < 4 ? x - mean : x) / STEP[c]);
    const steps = exact.map(stepsOf);
    for (let rest = steps[0] + steps[1] + steps[2] + steps[3]; rest !== 0; rest -= Math.sign(rest)) {
      const far = [0, 1, 2, 3].sort((i, j) => (steps[j] - exact[j] - steps[i] + exact[i]) * Math.sign(rest))[0];
      steps[far] -= Math.sign(rest);
    }
    if (steps.some((s) => s !== 0)) out.set(f, steps);
  }
  return out;
}

function stepsOf(x) {
  return Math.max(-60, Math.min(60, Math.sign(x) * Math.round(Math.max(0, Math.abs(x) - DEAD)))) || 0;
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

function write(model) {
  const heard = new Set(own.flatMap(({ features }) => [...features.keys()]));
  for (const word of readFileSync(new URL('test/tasks/own-words.txt', root), 'utf8').split(/\s+/)) {
    for (const f of read(word).features.keys()) heard.add(f);
  }
  const space = quietest(model, heard);
  const slots = new Map();
  for (const [f, steps] of model) {
    const slot = slotOf(f, space);
    if (!slots.has(slot)) slots.set(slot, steps);
  }
  const numbers = [];
  let last = 0;
  for (const [slot, steps] of [...slots].sort((a, b) => a[0] - b[0])) {
    numbers.push([slot - last, BITS], ...steps.filter((_, c) => c !== 3).map((s) => [s < 0 ? -2 * s - 1 : 2 * s, 0]));
    last = slot;
  }
  const packed = pack(numbers);
  const text = `// Weights trained on our own queries. Made by scripts/train-tasks.mjs.

/** Weights of a feature: coding, reasoning, analysis, documentation, need of the workspace. */
export const COLUMNS = ${COLUMNS};

/** What a step of each weight is. */
export const STEP = [0.3, 0.3, 0.3, 0.3, 0.4];

/** Low bits of the steps between slots. */
export const BITS = ${BITS};

/** Number of features, number of slots, features packed as slot and weights. */
export const MODEL = [${slots.size}, ${space}, ${JSON.stringify(packed)}] as const;
`;
  return { text, bytes: packed.length };
}

function folds() {
  for (const most of [ROWS, 2 * ROWS, Number.POSITIVE_INFINITY]) {
    let right = 0;
    let need = 0;
    let clear = 0;
    const bins = Array.from({ length: 10 }, () => [0, 0]);
    for (let k = 0; k < 5; k++) {
      // Neighbours in the file are alike, so a fold is made of whole stretches.
      const fold = (i) => ((i / 20) | 0) % 5;
      const model = quantise(
        train(
          own.filter((_, i) => fold(i) !== k),
          most,
        ),
      );
      for (const row of own.filter((_, i) => fold(i) === k)) {
        const z = new Float64Array(COLUMNS);
        for (const [f, value] of row.features)
          model.get(f)?.forEach((s, c) => {
            z[c] += s * STEP[c] * value;
          });
        const p = softmax(z);
        const best = Math.max(...p);
        const hit = p.indexOf(best) === row.label;
        if (hit) right++;
        bins[Math.min(9, Math.floor(best * 10))][0] += best;
        bins[Math.min(9, Math.floor(best * 10))][1] += hit;
        if (row.need !== null) {
          clear++;
          if (z[NEED] > 0 === (row.need === 1)) need++;
        }
      }
    }
    const ece = bins.reduce((s, [a, b]) => s + Math.abs(a - b), 0) / own.length;
    console.log(
      `${most} features: strict ${(right / own.length).toFixed(3)}  ECE ${ece.toFixed(3)}  need ${(need / clear).toFixed(3)}`,
    );
  }
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
