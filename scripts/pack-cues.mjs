// Packs the readable cue lists (src/tasks/cues-*.ts) into src/tasks/cue-table.ts; with --check fails if that is not up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { formatText } from './format-text.mjs';
import { ownQueries } from './own-queries.mjs';

const tasks = fileURLToPath(new URL('../src/tasks/', import.meta.url));
const cues = await load(['cues-en', 'cues-western', 'cues-eastern', 'cue-hash', 'cue-kinds', 'fold']);
const { VERBS, NOUNS, ROLES, EFFORTS, digitOf, fold, hashOf, pack, slotOf } = cues;

// Bits of an entry, as in lexicon.ts.
const VERB = 15;
const NOUN = 15 << 4;
const ROLE = 31 << 8;
const GROUPS = [
  [VERBS, (i) => i + 1],
  [NOUNS, (i) => (i + 1) << 4],
  [Object.keys(ROLES), (i) => (i + 1) << 8],
];
// How many slots there are for each word: the more, the fewer other words are taken for a cue. Languages that are
// matched by stems or substrings look up more often.
const ROOM = { en: 420, effort: 350 };
// As in lexicon.ts.
const SLOT_BITS = 9;
const KIND_BITS = 3;
const effort = {};
const LISTS = {
  en: cues.EN,
  de: cues.DE,
  fr: cues.FR,
  es: cues.ES_PT,
  ru: cues.RU,
  zh: cues.ZH,
  ja: cues.JA,
  ko: cues.KO,
  effort,
};
const openers = new Set();
for (const list of Object.values(LISTS)) {
  for (const words of Object.values(list))
    for (const cue of words.split(' ')) {
      const parts = fold(cue).split('_');
      for (let k = 1; k < parts.length; k++) openers.add(parts.slice(0, k).join(' '));
    }
}

// What the languages are looked up with: words and forms of English, beginnings of the others, pieces where no blanks are.
const heard = Object.fromEntries(Object.keys(LISTS).map((language) => [language, new Map()]));
for (const { language, query } of ownQueries()) {
  for (const part of fold(query)
    .replace(/['’]/g, '')
    .split(/[,.;:!?()]+/)) {
    const words = part.split(/\s+/);
    words.forEach((word, i) => {
      hear(word, language);
      // Phrases are looked up too.
      for (let k = 2; openers.has(word) && k < 6 && i + k <= words.length; k++)
        note(words.slice(i, i + k).join(' '), { pt: 'es', it: 'es' }[language] ?? language);
    });
  }
}
for (const word of readFileSync(new URL('../test/tasks/own-words.txt', import.meta.url), 'utf8').split(/\s+/))
  hear(word, 'en');

function note(text, ...languages) {
  for (const l of languages) heard[l]?.set(hashOf(text), (heard[l].get(hashOf(text)) ?? 0) + 1);
}

function hear(word, language) {
  if (/zh|ja|ko/.test(language)) {
    for (let i = 0; i < word.length; i++) for (let k = 1; k < 9; k++) note(word.slice(i, i + k), language);
  } else {
    note(word, 'en', 'effort');
    for (const cut of [1, 2, 3, 4]) if (word.length > cut + 2) note(word.slice(0, -cut), 'en');
    const foreign = { pt: 'es', it: 'es' }[language] ?? language;
    if (foreign !== 'en') for (let k = 3; k <= word.length; k++) note(word.slice(0, k), foreign);
  }
}

const tables = Object.entries(LISTS).map(([language, list]) => {
  const words = new Map();
  // Verb, noun and role each from the row that came first.
  const put = (word, entry) => {
    const old = words.get(word) ?? 0;
    const part = (mask) => old & mask || entry & mask;
    words.set(word, part(VERB) | part(NOUN) | part(ROLE));
  };
  for (const [names, entryOf] of GROUPS) {
    names.forEach((name, i) => {
      for (const raw of list[name]?.split(' ') ?? []) {
        const text = fold(raw).replaceAll('_', ' ');
        put(text.endsWith('*') ? text.slice(0, -1) : text, entryOf(i));
      }
    });
  }
  for (const name of EFFORTS) effort[name] = `${effort[name] ?? ''} ${list[name] ?? ''}`.trim();
  if (language === 'effort') {
    EFFORTS.forEach((name, i) => {
      for (const raw of effort[name].split(' ')) put(fold(raw).replaceAll('_', ' ').replace(/\*$/, ''), i + 1);
    });
  }
  const space = quietest(language, words);
  const slots = new Map();
  for (const [word, entry] of words) {
    const slot = slotOf(hashOf(word), space);
    if (slots.has(slot)) console.warn(`${language}: "${word}" shares its slot`);
    slots.set(slot, entry);
  }
  return { language, space, slots: [...slots].sort((a, b) => a[0] - b[0]) };
});

/** Of some tables, the one in which the fewest words of our own test queries are taken for a cue that they are not. */
function quietest(language, words) {
  const hashes = new Set([...words.keys()].map((word) => hashOf(word)));
  const least = words.size * (ROOM[language] ?? 500);
  let best = { space: least, noise: Number.POSITIVE_INFINITY };
  for (let space = least; space < least + 300; space++) {
    const taken = new Set([...hashes].map((hash) => slotOf(hash, space)));
    let noise = (hashes.size - taken.size) * 50;
    // What was heard once only says little.
    for (const [hash, times] of heard[language])
      if (times > 1 && !hashes.has(hash) && taken.has(slotOf(hash, space))) noise += Math.log2(1 + times);
    if (noise < best.noise) best = { space, noise };
  }
  return best.space;
}

const bits = Array.from({ length: 780 }, () => 0);
for (const word of openers) bits[slotOf(hashOf(word), bits.length)] = 1;
let opening = '';
for (let i = 0; i < bits.length; i += 6) {
  opening += digitOf(bits.slice(i, i + 6).reduce((sum, bit, k) => sum + (bit << k), 0));
}

const counts = new Map();
for (const { slots } of tables) for (const [, entry] of slots) counts.set(entry, (counts.get(entry) ?? 0) + 1);
const kinds = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([entry]) => entry);
const rows = tables.map(({ language, space, slots }) => {
  let last = 0;
  const packed = pack(
    slots.flatMap(([slot, entry]) => {
      const step = slot - last;
      last = slot;
      return [
        [step, SLOT_BITS],
        [kinds.indexOf(entry), KIND_BITS],
      ];
    }),
  );
  return `  ${language}: [${slots.length}, ${space}, ${JSON.stringify(packed)}],\n`;
});
const text = formatText(
  `// The cues of cues-*.ts as packed hashes. Made by scripts/pack-cues.mjs.

/** Entries that words have, the commonest first. */
export const KINDS = [${kinds.join(', ')}] as const;

/** Letters of the roles, as ROLES has them; none first. */
export const ROLE_LETTERS = '.${Object.values(ROLES).join('')}';

/** One bit for each beginning of a phrase, by its hash. */
export const OPENERS = ${JSON.stringify(opening)};

/** Of each language: number of cues, number of slots, cues packed as slot and kind. */
export const TABLE = {
${rows.join('')}} as const;
`,
  'src/tasks/cue-table.ts',
);

const file = `${tasks}cue-table.ts`;
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== text) {
    console.error('src/tasks/cue-table.ts is not up to date: run node scripts/pack-cues.mjs');
    process.exit(1);
  }
} else writeFileSync(file, text);

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
