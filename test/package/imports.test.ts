import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importViolations } from './check-imports.js';
import { rooms } from './import-table.js';
import { parseSources, readSources, root } from './sources.js';

describe('the import table', () => {
  it('holds in src', () => {
    expect(importViolations(readSources())).toEqual([]);
  });

  it('knows every folder of src, and each has something in it', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((e) => e.isDirectory());
    for (const { name } of folders) {
      expect(Object.keys(rooms)).toContain(name);
      expect(readdirSync(join(root, 'src', name)), name).not.toEqual([]);
    }
  });

  it('lets a room import only from lower ones', () => {
    for (const [name, room] of Object.entries(rooms)) {
      for (const to of room.imports.filter((i) => i !== 'entry')) {
        expect(rooms[to.split('/')[0] ?? '']?.row, `${name} -> ${to}`).toBeLessThan(room.row);
      }
    }
  });
});

describe('a planted violation is caught', () => {
  const clean = {
    'index.ts': "export { a } from './core/a.js';\nexport type { B } from './services/b.js';",
    'testing.ts': "export { fake } from './testing/fake.js';",
    'tasks/classify-task.ts': "import { a } from '../core/a.js';\nexport const t = a;",
    'models/model-id.ts': "import type { T } from '../tasks/t.js';\nexport const m = (t: T) => t;",
    'core/a.ts': 'export const a = 1;',
    'tasks/t.ts': 'export type T = 1;',
    'services/b.ts': 'export type B = 1;',
    'testing/fake.ts': "import { createServer } from 'node:http';\nexport const fake = createServer;",
  };
  const violations = (planted: Record<string, string>) => importViolations(parseSources({ ...clean, ...planted }));

  it('where there is none, nothing is reported', () => {
    expect(violations({})).toEqual([]);
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'a room above',
      { 'core/x.ts': "import { t } from '../tasks/classify-task.js';\nexport const x = t;" },
      'core/x.ts imports tasks/classify-task.ts: core/ may import nothing',
    ],
    [
      'a neighbour',
      { 'context/x.ts': "export { t } from '../tasks/classify-task.js';" },
      'context/x.ts imports tasks/classify-task.ts: context/ may import core, internal',
    ],
    [
      'a neighbour, lazily',
      { 'context/x.ts': "export const x = () => import('../tasks/classify-task.js');" },
      'context/x.ts imports tasks/classify-task.ts: context/ may import core, internal',
    ],
    [
      'a type of a row below',
      { 'tasks/x.ts': "export type { B } from '../services/b.js';" },
      'tasks/x.ts imports services/b.ts (type): tasks/ may import core, internal',
    ],
    [
      'a type inside a type',
      { 'tasks/x.ts': "export type X = import('../services/b.js').B;" },
      'tasks/x.ts imports services/b.ts (type): tasks/ may import core, internal',
    ],
    [
      'a room that opens only one file',
      { 'services/x.ts': "export { m } from '../models/catalog.js';", 'models/catalog.ts': 'export const m = 1;' },
      'services/x.ts imports models/catalog.ts: services/ may import core, internal, models/identify-model, transports',
    ],
    [
      'an entry',
      { 'edits/x.ts': "export { a } from '../index.js';" },
      'edits/x.ts imports index.ts: edits/ may import core, internal',
    ],
    [
      'a command',
      { 'cli/x.ts': "export { x } from '../cli.js';", 'cli.ts': "import './core/a.js';\nexport const x = 1;" },
      'cli/x.ts imports cli.ts: a command is not imported',
    ],
    [
      'a computed import',
      { 'security/x.ts': 'export const x = (name: string) => import(name);' },
      'security/x.ts imports ? (computed): no file of src',
    ],
    ['a missing file', { 'core/x.ts': "export { y } from './y.js';" }, 'core/x.ts imports ? (./y.js): no file of src'],
    [
      'a package of another room',
      { 'models/x.ts': "export { default as limit } from 'p-limit';" },
      'models/x.ts imports npm:p-limit: not a package of models/',
    ],
    [
      'a Node module where there is none',
      { 'core/x.ts': "export { readFileSync } from 'node:fs';" },
      'core/x.ts imports node:fs: core/ does without Node',
    ],
    [
      'an unknown room',
      { 'misc/x.ts': "export { a } from '../core/a.js';" },
      'misc/x.ts imports core/a.ts: misc/ is not in the import table',
    ],
    ['an empty file', { 'core/x.ts': '// later\n' }, 'core/x.ts has nothing in it'],
    [
      'a cycle',
      { 'core/x.ts': "export { y } from './y.js';", 'core/y.ts': "export { x } from './x.js';" },
      'cycle: core/x.ts -> core/y.ts -> core/x.ts',
    ],
    ['logic in an entry', { 'testing.ts': 'export const logic = 1;' }, 'testing.ts has logic; an entry has none'],
    [
      'an entry that names nothing',
      { 'testing.ts': "export * from './testing/fake.js';" },
      'testing.ts re-exports without naming',
    ],
    [
      'an entry that reaches into another room',
      { 'testing.ts': "export { a } from './core/a.js';" },
      'testing.ts re-exports from ./core/a.js',
    ],
    [
      'an unknown entry',
      { 'extra.ts': "export { a } from './core/a.js';" },
      'extra.ts is no entry of the import table',
    ],
    [
      'a client that is loaded at once',
      {
        'index.ts': "export { t } from './router/x.js';",
        'router/x.ts': "export { t } from '../transports/x.js';",
        'transports/x.ts': "export { default as t } from 'openai';",
      },
      'must not be reached: index.ts -> router/x.ts -> transports/x.ts -> npm:openai',
    ],
    [
      'a process that is started from the main entry',
      {
        'index.ts': "export { x } from './discovery/x.js';",
        'discovery/x.ts': "export { spawn as x } from 'node:child_process';",
      },
      'must not be reached: index.ts -> discovery/x.ts -> node:child_process',
    ],
    [
      'a package behind a function that hosts bundle alone',
      {
        'tasks/classify-task.ts': "export { v } from '../internal/v.js';",
        'internal/v.ts': "export * as v from 'valibot';",
      },
      'must not be reached: tasks/classify-task.ts -> internal/v.ts -> npm:valibot',
    ],
  ])('%s', (_, planted, violation) => {
    expect(violations(planted)).toEqual([violation]);
  });

  it('a rule for a file that is gone', () => {
    const { 'models/model-id.ts': _, ...rest } = clean;
    expect(importViolations(parseSources(rest))).toEqual(['models/model-id.ts is named by a rule and does not exist']);
  });

  it('but a client that is loaded lazily is none', () => {
    const lazy = {
      'index.ts': "export { x } from './router/x.js';",
      'router/x.ts': "export { x } from '../transports/x.js';",
      'transports/x.ts': "export const x = () => import('openai');",
    };
    expect(violations(lazy)).toEqual([]);
  });
});
