import { asArray, asObject, asString } from '../internal/json.js';
import { type FoundSymbol, symbolsIn } from './answers.js';

/** A piece of code context. */
export interface CodeSection {
  /** Lowest first. */
  readonly priority: number;
  readonly title: string;
  /** Lines of code or facts. */
  readonly body: string;
}

const MAX_LINES = 60;

/** A symbol for people, with 1-based lines. */
function placed({ kind, path, file, start, end }: FoundSymbol): string {
  return `${kind} ${path} in ${file}:${start + 1}${end > start ? `-${end + 1}` : ''}`;
}

/** A section of these lines; none where there are none. */
function listSection(priority: number, title: string, found: readonly string[]): CodeSection[] {
  if (found.length === 0) return [];
  const shown = found.slice(0, MAX_LINES);
  if (found.length > MAX_LINES) shown.push(`(${found.length - MAX_LINES} more)`);
  return [{ priority, title, body: shown.join('\n') }];
}

/** Bodies (or hover texts) of symbols; what came without either, and shortened answers, as lists. */
export function symbolSections(value: unknown, priority: number): CodeSection[] {
  const symbols = symbolsIn(value);
  if (symbols.length === 0) {
    // Shortened: { file: [name paths] }.
    const names = Object.entries(asObject(value) ?? {}).map(
      ([file, paths]) => `${file}: ${asArray(paths).filter(asString).join(', ')}`,
    );
    return listSection(priority, 'Several symbols have this name', names);
  }
  const bare = symbols.filter(({ body, info }) => (body ?? info) === undefined);
  return [
    ...symbols.flatMap((symbol) => {
      const body = symbol.body ?? symbol.info;
      return body === undefined ? [] : [{ priority, title: placed(symbol), body }];
    }),
    ...listSection(priority, 'Symbols', bare.map(placed)),
  ];
}

/** Where a symbol is used: a line each. */
export function referenceSections(value: unknown, name: string, priority: number): CodeSection[] {
  const found: string[] = [];
  for (const [file, kinds] of Object.entries(asObject(value) ?? {})) {
    // Shortened: a number per file.
    if (typeof kinds === 'number') found.push(`${file}: ${kinds} references`);
    for (const entry of Object.values(asObject(kinds) ?? {}).flatMap(asArray)) {
      const reference = asObject(entry);
      const path = asString(reference?.['name_path']) ?? '';
      const [, line, code = ''] =
        /^ {2}> *(\d+):(.*)$/m.exec(asString(reference?.['content_around_reference']) ?? '') ?? [];
      const at = line ?? reference?.['reference_line'];
      found.push(
        `${file}${at === undefined ? '' : `:${Number(at) + 1}`} in ${path}${code === '' ? '' : `: ${code.trim()}`}`,
      );
    }
  }
  return listSection(priority, `References to ${name} (there may be more)`, found);
}

/** The symbols of a file: a line per kind; from `get_symbols_overview` or from an outline with lines. */
export function overviewSections(value: unknown, file: string, priority: number): CodeSection[] {
  const outline = symbolsIn(value);
  const found =
    outline.length > 0
      ? outline.map((symbol) => `${symbol.kind} ${symbol.path}, lines ${symbol.start + 1}-${symbol.end + 1}`)
      : Object.entries(asObject(value) ?? {}).map(([kind, names]) => `${kind}: ${namesOf(names)}`);
  return listSection(priority, `Symbols of ${file}`, found);
}

function namesOf(value: unknown): string {
  if (typeof value === 'number') return `${value} symbols`;
  return [...new Set(asArray(value).map(nameOf))].join(', ');
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.entries(asObject(value) ?? {})
    .map(([name, members]) => {
      const inner = Object.values(asObject(members) ?? {})
        .flatMap(asArray)
        .filter(asString);
      return inner.length === 0 ? name : `${name} (${inner.join(', ')})`;
    })
    .join(', ');
}

/** What implements an interface; what is merely typed with it is left out. */
export function implementationSections(value: unknown, name: string, priority: number): CodeSection[] {
  const found = symbolsIn(value).filter(({ kind }) => !/^(?:Property|Field|Variable|Constant)$/.test(kind));
  return listSection(priority, `Implementations of ${name}`, found.map(placed));
}

/** Errors and warnings: a line each. */
export function diagnosticSections(value: unknown, file: string): CodeSection[] {
  const found: string[] = [];
  for (const [path, severities] of Object.entries(asObject(value) ?? {})) {
    for (const [severity, symbols] of Object.entries(asObject(severities) ?? {})) {
      for (const item of Object.values(asObject(symbols) ?? {}).flatMap(asArray)) {
        const diagnostic = asObject(item);
        const line = asObject(asObject(diagnostic?.['range'])?.['start'])?.['line'];
        const message = asString(diagnostic?.['message'])?.replace(/\s*\n\s*/g, ' ');
        if (message) found.push(`${path}${typeof line === 'number' ? `:${line + 1}` : ''} ${severity}: ${message}`);
      }
    }
  }
  // Few, short and asked for: they come first.
  return listSection(0, `Diagnostics of ${file}`, found);
}
