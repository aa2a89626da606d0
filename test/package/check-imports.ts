import ts from 'typescript';
import { commands, entries, rooms, unreachable } from './import-table.js';
import { type Import, readImports, type Sources } from './sources.js';

const ENTRY_ROW = 12;

/** Every way in which the sources leave the import table; one sentence each. */
export function importViolations(sources: Sources): string[] {
  const graph = new Map([...sources.keys()].map((path) => [path, readImports(path, sources)]));
  return [
    ...[...graph].flatMap(([path, imports]) => imports.flatMap((i) => forbidden(path, i))),
    ...[...sources].flatMap(([path, file]) => (isEntry(path) ? entryViolations(path, file) : [])),
    ...[...sources].flatMap(([path, file]) => (file.statements.length === 0 ? [`${path} has nothing in it`] : [])),
    ...cycles(graph),
    ...unreachable.flatMap((rule) => reached(graph, rule.from, rule.never)),
  ];
}

const isEntry = (path: string): boolean => !path.includes('/') && !commands.has(path);
const roomOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : 'entry');
const rowOf = (room: string): number => (room === 'entry' ? ENTRY_ROW : (rooms[room]?.row ?? Number.NaN));

function forbidden(path: string, { target, kind }: Import): string[] {
  const from = roomOf(path);
  const row = rooms[from];
  const no = (why: string): string[] => [`${path} imports ${target}${kind === 'type' ? ' (type)' : ''}: ${why}`];
  if (target.startsWith('?')) return no('no file of src');
  if (from === 'entry') return []; // judged as a whole by entryViolations
  if (row === undefined) return no(`${from}/ is not in the import table`);
  if (target.startsWith('npm:')) return row.packages.includes(target.slice(4)) ? [] : no(`not a package of ${from}/`);
  if (target.startsWith('node:')) return row.node ? [] : no(`${from}/ does without Node`);
  if (commands.has(target)) return no('a command is not imported');
  const to = roomOf(target);
  if (to === from) return [];
  if (kind === 'type' && rowOf(to) < row.row) return [];
  if (row.imports.includes(to) || row.imports.includes(target.replace(/\.ts$/, ''))) return [];
  return no(`${from}/ may import ${row.imports.join(', ') || 'nothing'}`);
}

function entryViolations(path: string, file: ts.SourceFile): string[] {
  const allowed = entries[path];
  if (allowed === undefined) return [`${path} is no entry of the import table`];
  return file.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.moduleSpecifier)
      return [`${path} has logic; an entry has none`];
    const clause = statement.exportClause;
    if (!clause || !ts.isNamedExports(clause)) return [`${path} re-exports without naming`];
    const from = (statement.moduleSpecifier as ts.StringLiteral).text;
    const room = from.split('/')[1] ?? '';
    const typeOnly = statement.isTypeOnly || clause.elements.every((e) => e.isTypeOnly);
    if (!from.startsWith('./') || (!typeOnly && !allowed.includes(room))) return [`${path} re-exports from ${from}`];
    return [];
  });
}

function cycles(graph: ReadonlyMap<string, readonly Import[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) found.push(`cycle: ${[...trail.slice(start), path].join(' -> ')}`);
    if (start !== -1 || done.has(path)) return;
    for (const { target, kind } of graph.get(path) ?? []) if (kind !== 'type') walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}

function reached(graph: ReadonlyMap<string, readonly Import[]>, from: string, never: RegExp): string[] {
  if (!graph.has(from)) return [`${from} is named by a rule and does not exist`];
  const trails = new Map([[from, from]]);
  for (const [path, trail] of trails) {
    for (const { target, kind } of graph.get(path) ?? []) {
      if (kind === 'static' && !trails.has(target)) trails.set(target, `${trail} -> ${target}`);
    }
  }
  return [...trails].filter(([target]) => never.test(target)).map(([, trail]) => `must not be reached: ${trail}`);
}
