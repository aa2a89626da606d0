// Measures classifyTask on a labelled JSONL file: node scripts/eval-tasks.mjs <file.jsonl> [--worst=10]
// A row: { query or messages, category?, alt?, requiresSerena?, serenaClear?, complexity?, taskType?, lang?, tags?, id? };
// what a row does not say is not measured on it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const CATEGORIES = ['coding', 'reasoning', 'analysis', 'documentation'];
const args = process.argv.slice(2);
const file = args.find((a) => !a.startsWith('--'));
const option = (name) => args.find((a) => a.startsWith(`--${name}`))?.split('=')[1];
if (file === undefined) {
  console.error('Usage: node scripts/eval-tasks.mjs <labelled.jsonl> [--worst=10]');
  process.exit(2);
}

const { classifyTask, UNSURE_BELOW } = await load();
const { rows, unread } = readRows();
const all = rows.map((row) => {
  const got = classifyTask(row.messages ?? row.query);
  return {
    row,
    got,
    strict: got.category === row.category,
    withAlt: got.category === row.category || got.category === row.alt,
  };
});
const results = all.filter((r) => CATEGORIES.includes(r.row.category));

console.log(`${rows.length} rows of ${file}${unread === 0 ? '' : `; ${unread} lines are no labelled query`}`);
console.log(
  `strict ${rate(results, (r) => r.strict)}   with alt ${rate(results, (r) => r.withAlt)}   macro-F1 ${macroF1().toFixed(3)}`,
);
confusion();
groups('language', (r) => [r.row.lang ?? 'en']);
groups('tag', (r) => (Array.isArray(r.row.tags) ? r.row.tags : []));
calibration();
serena();
complexity();
taskTypes();
worst(Number(option('worst') ?? 10));

/** Lines that are JSON objects with a text or messages to classify. */
function readRows() {
  const rows = [];
  let unread = 0;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.trim() === '') continue;
    try {
      const row = JSON.parse(line);
      if (typeof row?.query !== 'string' && !Array.isArray(row?.messages)) throw new Error('no query');
      rows.push(row);
    } catch {
      unread++;
    }
  }
  return { rows, unread };
}

/** Source bundled in memory: measures what is in `src`, needs no build. */
async function load() {
  const entry = fileURLToPath(new URL('../src/tasks/classify-task.ts', import.meta.url));
  const out = await build({ entryPoints: [entry], bundle: true, format: 'esm', write: false, target: 'node20' });
  return import(`data:text/javascript;base64,${Buffer.from(out.outputFiles[0].contents).toString('base64')}`);
}

function rate(list, test) {
  return list.length === 0 ? '-' : (list.filter(test).length / list.length).toFixed(3);
}

function macroF1() {
  const scores = CATEGORIES.map((c) => {
    const hit = results.filter((r) => r.strict && r.row.category === c).length;
    const said = results.filter((r) => r.got.category === c).length;
    const is = results.filter((r) => r.row.category === c).length;
    return hit === 0 ? 0 : (2 * hit) / (said + is);
  });
  return scores.reduce((a, b) => a + b, 0) / scores.length;
}

function confusion() {
  console.log(
    '\nconfusion (rows: label)'.padEnd(24),
    CATEGORIES.map((c) => c.slice(0, 8).padStart(9)).join(''),
    '   recall',
  );
  for (const label of CATEGORIES) {
    const of = results.filter((r) => r.row.category === label);
    const counts = CATEGORIES.map((c) => of.filter((r) => r.got.category === c).length);
    console.log(
      label.padEnd(23),
      counts.map((n) => String(n).padStart(9)).join(''),
      '  ',
      rate(of, (r) => r.strict),
    );
  }
}

function groups(name, keys) {
  const by = new Map();
  for (const r of results) for (const key of keys(r)) by.set(key, [...(by.get(key) ?? []), r]);
  console.log(`\nby ${name}: n, strict, with alt`);
  for (const [key, list] of [...by].sort((a, b) => b[1].length - a[1].length).slice(0, 16)) {
    console.log(
      `  ${key.padEnd(20)} ${String(list.length).padStart(4)}  ${rate(list, (r) => r.strict)}  ${rate(list, (r) => r.withAlt)}`,
    );
  }
}

function calibration() {
  console.log('\ncalibration: bin, n, mean confidence, strict accuracy');
  let ece = 0;
  for (let i = 0; i < 10; i++) {
    const bin = results.filter((r) => Math.min(9, Math.floor(r.got.confidence * 10)) === i);
    if (bin.length === 0) continue;
    const mean = bin.reduce((sum, r) => sum + r.got.confidence, 0) / bin.length;
    const right = bin.filter((r) => r.strict).length / bin.length;
    ece += (Math.abs(mean - right) * bin.length) / results.length;
    console.log(`  ${(i / 10).toFixed(1)}  ${String(bin.length).padStart(4)}  ${mean.toFixed(3)}  ${right.toFixed(3)}`);
  }
  const sure = results.filter((r) => r.got.confidence >= 0.6);
  const unsure = results.filter((r) => r.got.confidence < UNSURE_BELOW);
  console.log(
    `ECE ${ece.toFixed(3)}   at confidence >= 0.6: ${sure.length} rows, strict ${rate(sure, (r) => r.strict)}   unsure: ${unsure.length} rows, strict ${rate(unsure, (r) => r.strict)}`,
  );
}

function serena() {
  const known = all.filter((r) => typeof r.row.requiresSerena === 'boolean');
  if (known.length === 0) return;
  const clear = known.filter((r) => r.row.serenaClear !== false);
  const right = (r) => r.got.requiresSerena === r.row.requiresSerena;
  console.log(
    `\nrequiresSerena: clear ${rate(clear, right)} (${clear.length})   all ${rate(known, right)} (${known.length})`,
  );
}

function complexity() {
  const known = all.filter((r) => typeof r.row.complexity === 'number');
  if (known.length === 0) return;
  const off = known.map((r) => Math.abs(r.got.complexity.score - r.row.complexity));
  const mae = off.reduce((a, b) => a + b, 0) / off.length;
  const band = (n) => (n <= 3 ? 'low' : n <= 6 ? 'medium' : 'high');
  console.log(
    `complexity: within 1 ${rate(off, (d) => d <= 1)}   MAE ${mae.toFixed(2)}   Spearman ${spearman(
      known.map((r) => r.got.complexity.score),
      known.map((r) => r.row.complexity),
    ).toFixed(3)}   band ${rate(known, (r) => r.got.complexity.band === band(r.row.complexity))}`,
  );
}

function spearman(a, b) {
  const x = ranks(a);
  const y = ranks(b);
  const mean = (x.length + 1) / 2;
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) ** 2;
    yy += (y[i] - mean) ** 2;
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

/** Ranks with ties shared. */
function ranks(values) {
  const order = values.map((v, i) => [v, i]).sort((p, q) => p[0] - q[0]);
  const out = new Array(values.length);
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j < order.length && order[j][0] === order[i][0]) j++;
    for (let k = i; k < j; k++) out[order[k][1]] = (i + j + 1) / 2;
    i = j;
  }
  return out;
}

function taskTypes() {
  const known = all.filter((r) => typeof r.row.taskType === 'string');
  if (known.length > 0)
    console.log(`taskType: ${rate(known, (r) => r.got.taskType === r.row.taskType)} (${known.length})`);
}

function worst(n) {
  const wrong = results.filter((r) => !r.withAlt).sort((a, b) => b.got.confidence - a.got.confidence);
  console.log(`\nworst errors (${Math.min(n, wrong.length)} of ${wrong.length})`);
  for (const { row, got } of wrong.slice(0, n)) {
    const text = String(row.query ?? JSON.stringify(row.messages))
      .replace(/\s+/g, ' ')
      .slice(0, 100);
    console.log(
      `  ${row.id ?? ''} ${row.category} -> ${got.category} ${got.confidence.toFixed(2)} [${got.keywordsMatched.slice(0, 6).join(', ')}] ${text}`,
    );
  }
}
