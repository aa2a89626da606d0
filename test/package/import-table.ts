/** What the files of one room may import. */
export interface Room {
  /** The row; a type-only import may go to any row above. */
  readonly row: number;
  /** Rooms, or single files of a room. */
  readonly imports: readonly string[];
  /** Third-party packages, lazily loaded ones too. */
  readonly packages: readonly string[];
  /** Whether Node's own modules may be imported. */
  readonly node: boolean;
}

const base = ['core', 'internal'];
const room = (row: number, imports: readonly string[], packages: readonly string[] = [], node = true): Room => ({
  row,
  imports,
  packages,
  node,
});

/** The rooms of `src/`, from the ground up. */
export const rooms: Readonly<Record<string, Room>> = {
  core: room(0, [], [], false),
  internal: room(1, ['core'], ['valibot'], false),
  tasks: room(2, base, ['valibot'], false),
  context: room(2, base, ['valibot'], false),
  security: room(2, base, ['ipaddr.js', 'undici', 'valibot']),
  execution: room(2, base, ['p-retry', 'valibot'], false),
  serena: room(2, base, ['valibot']),
  edits: room(2, base, ['valibot']),
  stores: room(2, base, ['valibot']),
  analytics: room(2, base, ['valibot']),
  models: room(3, base, ['valibot'], false),
  transports: room(4, base, ['ollama', 'openai'], false),
  services: room(5, [...base, 'models/identify-model', 'transports'], ['valibot']),
  discovery: room(6, [...base, 'services', 'security'], ['p-limit', 'valibot']),
  router: room(
    7,
    [
      ...base,
      'models',
      'transports',
      'services',
      'security',
      'tasks',
      'context',
      'discovery',
      'execution',
      'serena/gather',
      'serena/pack',
      'edits',
    ],
    ['valibot'],
  ),
  gateway: room(8, base, ['@hono/node-server', 'hono', 'valibot']),
  profiling: room(8, base, ['valibot']),
  escalation: room(8, [...base, 'transports'], ['valibot']),
  config: room(
    9,
    [...base, 'models', 'security', 'router', 'context', 'discovery'],
    ['@valibot/to-json-schema', 'valibot', 'yaml'],
  ),
  testing: room(10, [...base, 'services'], ['msw', 'valibot']),
  cli: room(11, [...base, 'entry']),
};

/** The entries (`src/*.ts`): each re-exports by name, values from these rooms and types from anywhere. */
export const entries: Readonly<Record<string, readonly string[]>> = {
  'index.ts': [
    'core',
    'tasks',
    'models',
    'context',
    'security',
    'transports',
    'discovery',
    'execution',
    'edits',
    'router',
  ],
  'classifiers.ts': ['context', 'core', 'tasks'],
  'testing.ts': ['testing'],
  'testing-msw.ts': ['testing'],
};

/** The files that `bin` names: they run when they are loaded, and nothing imports them. */
export const commands: ReadonlySet<string> = new Set(['cli.ts']);

/** What must not be loaded together with a file: not in it, nor in anything that it imports statically. */
export const unreachable: readonly { readonly from: string; readonly never: RegExp }[] = [
  // An importer of the main entry starts no process, opens no database and loads no client before it is used.
  {
    from: 'index.ts',
    never: /^(?:node:(?:child_process|cluster|sqlite|worker_threads)|npm:(?:ollama|openai|undici))$/,
  },
  { from: 'index.ts', never: /^(?:escalation|gateway|config|testing|profiling|analytics|stores|cli)\// },
  { from: 'testing.ts', never: /^npm:(?:msw|ollama|openai|undici|vitest)$/ },
  // Two functions that hosts bundle alone.
  { from: 'tasks/classify-task.ts', never: /^(?:npm|node):/ },
  { from: 'models/model-id.ts', never: /^(?:npm|node):/ },
];
