// Measures parseModelId on labelled names: node scripts/eval-model-names.mjs <file.jsonl> [--errors]
// One JSON object per line: { id, service?, truth: { key, family?, sizeB?, activeB?, quant?, release? }, tags? }
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [file, ...flags] = process.argv.slice(2);
if (!file) {
  process.stderr.write('usage: node scripts/eval-model-names.mjs <file.jsonl> [--errors]\n');
  process.exit(2);
}
const outfile = join(tmpdir(), `model-id-${process.pid}.mjs`);
await build({
  entryPoints: [fileURLToPath(new URL('../src/models/model-id.ts', import.meta.url))],
  outfile,
  bundle: true,
  format: 'esm',
  logLevel: 'error',
});
const { parseModelId } = await import(pathToFileURL(outfile));
rmSync(outfile);

// Labelled files name two services without the dots and dashes of ours.
const SERVICE = { llamacpp: 'llama.cpp', openwebui: 'open-webui', textgenwebui: 'text-generation-webui' };
const rows = readFileSync(file, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((l) => JSON.parse(l));
const count = { right: 0, falseMatch: 0, wrong: 0, missed: 0 };
const fields = {};
const derivative = { rows: 0, flagged: 0, key: 0 };
const loose = (v) =>
  v === null || v === undefined
    ? null
    : String(v)
        .toLowerCase()
        .replace(/[^a-z0-9]/g, '');
for (const r of rows) {
  const got = parseModelId(r.id, { service: SERVICE[r.service] ?? r.service });
  const want = r.truth.key ?? null;
  const kind = got.key === want ? 'right' : want === null ? 'falseMatch' : got.key === null ? 'missed' : 'wrong';
  count[kind]++;
  if (kind !== 'right' && flags.includes('--errors')) {
    process.stdout.write(`${kind}\t${r.service}\t${r.id}\t want ${want}\t got ${got.key}\t(${r.note ?? ''})\n`);
  }
  if (want === null && (r.tags ?? []).some((t) => t === 'finetune' || t === 'pruned')) {
    derivative.rows++;
    if (got.derivative) derivative.flagged++;
    else if (flags.includes('--derivative')) process.stdout.write(`not flagged\t${r.id}\n`);
    if (got.key !== null) derivative.key++;
  }
  const pairs = { sizeB: got.sizeB, activeB: got.activeB, quant: got.quantization };
  if (want !== null) Object.assign(pairs, { family: got.family, version: got.version, variant: got.variant });
  for (const [name, value] of Object.entries(pairs)) {
    if (!(name in r.truth)) continue;
    fields[name] ??= { n: 0, right: 0 };
    const f = fields[name];
    f.n++;
    if (loose(value) === loose(r.truth[name])) f.right++;
    else if (flags.includes(`--${name}`))
      process.stdout.write(`${name}\t${r.id}\t want ${r.truth[name]}\t got ${value}\n`);
  }
}
const pct = (n, d) => (d === 0 ? '-' : `${((100 * n) / d).toFixed(1)} %`);
const nulls = rows.filter((r) => (r.truth.key ?? null) === null).length;
process.stdout.write(
  `${rows.length} names: key right ${pct(count.right, rows.length)}, false match ${count.falseMatch} of ${nulls} without key, ` +
    `wrong model ${count.wrong}, missed ${count.missed}\n` +
    `derivatives: ${derivative.rows}, given a key ${derivative.key} (${pct(derivative.key, derivative.rows)}), flagged ${pct(derivative.flagged, derivative.rows)}\n` +
    `${Object.entries(fields)
      .map(([k, f]) => `${k} ${pct(f.right, f.n)}`)
      .join(', ')}\n`,
);
// Time of this process alone, so that others on the machine do not count.
const passes = 40;
const from = process.cpuUsage();
for (let pass = 0; pass < passes; pass++) for (const r of rows) parseModelId(r.id);
const { user, system } = process.cpuUsage(from);
process.stdout.write(`${((user + system) / (passes * rows.length)).toFixed(2)} µs of CPU per name\n`);
