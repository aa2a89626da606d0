/** A tool of Serena that reads code. */
export interface SerenaTool {
  readonly tool: string;
  /** Place in the packed context, lowest first. */
  readonly priority: 1 | 2 | 3 | 5;
  /** The questions it answers. */
  readonly answers: readonly string[];
  /** Longest answer that is asked for, in characters; Serena's own default of 150,000 would fill a local model's window. */
  readonly maxChars?: number;
}

/**
 * The reading tools of Serena 2.1.0 by priority: symbols, then navigation, then structure, last diagnostics (a clean
 * TypeScript file takes it five seconds). Tools that write (priority 4) are never called from here.
 */
export const SERENA_TOOLS = {
  symbol: { tool: 'find_symbol', priority: 1, answers: ['definition', 'body', 'outline with lines'], maxChars: 8000 },
  references: { tool: 'find_referencing_symbols', priority: 1, answers: ['references', 'callers'], maxChars: 6000 },
  // No `max_answer_chars` here: an answer is one symbol.
  declaration: { tool: 'find_declaration', priority: 1, answers: ['hover', 'definition at a position'] },
  implementations: { tool: 'find_implementations', priority: 2, answers: ['implementations'], maxChars: 3000 },
  overview: { tool: 'get_symbols_overview', priority: 3, answers: ['symbols of a file'], maxChars: 3000 },
  file: { tool: 'find_file', priority: 3, answers: ['path of a file'] },
  diagnostics: { tool: 'get_diagnostics_for_file', priority: 5, answers: ['errors', 'warnings'], maxChars: 4000 },
} as const satisfies Readonly<Record<string, SerenaTool>>;

/** One of the tools, by what it is asked for. */
export type SerenaQuestion = keyof typeof SERENA_TOOLS;

/**
 * A regular expression for `find_declaration` that stands for a position: Serena finds declarations by a match in the
 * file, and looks up the place where the only group begins. It takes the UTF-16 column as it is.
 */
export function positionRegex(line: number, character: number): string {
  const lines = line === 0 ? '' : `(?:[^\\n]*\\n){${line}}`;
  const columns = character === 0 ? '' : `[^\\n]{${character}}`;
  return `\\A${lines}${columns}([^\\n]?)`;
}

/**
 * The path as Serena takes it: relative to its project, with slashes; `undefined` where it leads out of the project.
 * An absolute path stays as it is where the host does not say what the project is.
 */
export function relativePath(file: string, root: string | undefined): string | undefined {
  const path = file
    .replace(/^file:\/\/(?=\/)/, '')
    .replace(/\\/g, '/')
    .replace(/^(?:\.\/)+/, '');
  if (path === '' || path.split('/').includes('..') || path.includes('\0')) return undefined;
  if (!/^(?:\/|[a-z]:\/)/i.test(path) || root === undefined) return path;
  const base = root.replace(/\\/g, '/').replace(/\/+$/, '');
  // Windows writes a drive letter either way.
  const inside = path.slice(0, base.length).toLowerCase() === base.toLowerCase() && path[base.length] === '/';
  return inside ? path.slice(base.length + 1) : undefined;
}
