// Bundles each export of the main entry alone, as a host's bundler would, and judges its size and what it drags in.
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { manifest } from './entries.mjs';

const packages = Object.keys(manifest.dependencies);
/** Bytes, minified and gzipped: `inlined` with dependencies and at once, `own` of our own code, lazy parts too. */
const limits = {
  '(bare import)': { inlined: 0, thirdParty: false },
  classifyTask: { inlined: 20_000, thirdParty: false },
  parseModelId: { inlined: 20_000, thirdParty: false },
  // `aim` is the target and is not met; it is reported as missed each time. `own` only keeps it from growing unseen.
  LocalLLMRouter: { own: 146_000, aim: 60_000 },
};
// Loaded by what needs it and when it is needed, never together with the entry.
const clients = /^(?:ollama|openai|undici)$/;
const builtins = /^(?:node:)?(?:child_process|sqlite|cluster|worker_threads)$/;
const hosts =
  /api\.openai\.com|api\.anthropic\.com|generativelanguage\.googleapis\.com|openrouter\.ai|api\.mistral\.ai|api\.groq\.com/g;

async function bundle(code, external) {
  const { metafile, outputFiles } = await build({
    stdin: { contents: code, resolveDir: process.cwd(), sourcefile: 'host.mjs' },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    metafile: true,
    write: false,
    outdir: 'out',
    external,
    logLevel: 'error',
  });
  const { outputs } = metafile;
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const entry = Object.keys(outputs).find((path) => outputs[path].entryPoint);
  // esbuild also writes chunks of modules that were shaken out: only what the entry leads to counts.
  const follow = (kinds) => {
    const found = new Set([entry]);
    for (const path of found) {
      for (const i of outputs[path].imports) if (!i.external && kinds.includes(i.kind)) found.add(i.path);
    }
    return [...found];
  };
  const now = follow(['import-statement']);
  const later = follow(['import-statement', 'dynamic-import']).filter((path) => !now.includes(path));
  const size = (paths) => paths.reduce((sum, path) => sum + bytes(texts.get(basename(path)).trim()), 0);
  const modules = now.flatMap((path) => Object.entries(outputs[path].inputs).filter(([, i]) => i.bytesInOutput > 0));
  return {
    now: size(now),
    later: size(later),
    packages: modules.flatMap(([path]) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []),
    builtins: now.flatMap((path) => outputs[path].imports.filter((i) => i.external).map((i) => i.path)),
    hosts: now.flatMap((path) => texts.get(basename(path)).match(hosts) ?? []),
  };
}

const bytes = (text) => (text === '' ? 0 : gzipSync(text).length);
const problems = [];
const row = (...cells) => console.log(cells.map((c, i) => (i === 0 ? c.padEnd(26) : String(c).padStart(14))).join(''));

row('bytes, min+gzip', 'own', 'third party', 'third, lazy');
const names = Object.keys(await import(manifest.name));
for (const name of ['(bare import)', ...names]) {
  const code = name.startsWith('(') ? `import '${manifest.name}';` : `export { ${name} } from '${manifest.name}';`;
  const own = await bundle(code, packages);
  const inlined = await bundle(code, []);
  const ownBytes = own.now + own.later;
  // Where nothing of others is in it, the difference is only the wrapper of a second chunk.
  const now = inlined.packages.length === 0 ? own.now : inlined.now;
  row(name, ownBytes, Math.max(0, now - own.now), inlined.later - own.later);
  const limit = limits[name] ?? {};
  if (limit.aim !== undefined && ownBytes > limit.aim)
    console.log(`TARGET MISSED ${name}: own ${ownBytes} > ${limit.aim}`);
  if (limit.own !== undefined && ownBytes > limit.own) problems.push(`${name}: own ${ownBytes} > ${limit.own}`);
  if (limit.inlined !== undefined && now > limit.inlined) problems.push(`${name}: ${now} > ${limit.inlined}`);
  const unwanted = [
    ...inlined.packages.filter((path) => limit.thirdParty === false || clients.test(path)),
    ...inlined.builtins.filter((path) => builtins.test(path)),
    ...inlined.hosts,
  ];
  if (unwanted.length > 0) problems.push(`${name} must not hold ${[...new Set(unwanted)].join(', ')}`);
}
for (const name of Object.keys(limits)) {
  if (!name.startsWith('(') && !names.includes(name)) problems.push(`${name} has a limit and is not exported`);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
