/** Every behaviour of the catalogue has a row, or a test of its own where no row can show it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { body } from './body.js';
import { connection } from './connection.js';
import { framing } from './framing.js';
import { identity } from './identity.js';
import { localFaults } from './local-faults.js';
import { realServers } from './real-servers.js';
import { streams } from './streams.js';

/** What no call at a hostile server can show: the file that does, words of its test, and why it stands there. */
const ELSEWHERE: Readonly<Record<string, readonly [file: string, words: string, why: string]>> = {
  H75: [
    'router/pins.test.ts',
    'between ranking and sending is not asked either',
    'needs pins and a model that is swapped',
  ],
  H79: ['discovery/count-once.test.ts', 'are no second services', 'is about two descriptions of one server'],
  H83: ['router/prompt-cutters.test.ts', 'never sends what does not fit', 'is prevented, not survived'],
  H85: ['security/audit-disk.test.ts', 'a disk that is full', 'is a fault of a disk'],
  H86: ['security/audit-log.test.ts', 'symlink', 'is a fault of a directory'],
  H87: ['security/audit-crash.test.ts', 'a killed process', 'takes processes that are killed'],
  H90: ['hostile/egress-environment.test.ts', 'a process whose environment holds', 'takes a process of its own'],
};

const rows = [...connection, ...framing, ...body, ...streams, ...identity, ...localFaults, ...realServers];
const numbers = new Set(rows.map(({ id }) => /^H\d\d/.exec(id)?.[0]));

describe('the catalogue', () => {
  it.each(Array.from({ length: 90 }, (_, i) => `H${String(i + 1).padStart(2, '0')}`))('has %s', (id) => {
    const other = ELSEWHERE[id];
    expect(numbers.has(id)).toBe(other === undefined);
    if (other === undefined) return;
    const [file, words] = other;
    expect(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')).toContain(words);
  });

  it('names each row once', () => {
    const names = rows.map(({ id, title }) => `${id} ${title}`);
    expect(names).toEqual([...new Set(names)]);
  });

  it('has a way in which every kind of server with recordings really breaks', () => {
    const recorded = new Set(realServers.map(({ id }) => id.split('/')[0]));
    expect([...recorded].sort()).toEqual([
      'docker-model-runner',
      'koboldcpp',
      'llama-cpp-python',
      'llama-swap',
      'llama.cpp',
      'localai',
      'mlx-lm',
      'ollama',
      'open-webui',
      'text-generation-webui',
    ]);
  });
});
