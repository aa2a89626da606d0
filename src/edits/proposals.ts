import type { ProposedEdit } from '../core/chat.js';

const PREVIEW_LINES = 40;

/**
 * A text of a file replaced by another one; `undefined` where both are the same. A search for nothing writes a new file,
 * but never the open one anew: there the blank lines are meant.
 */
export function replaceEdit(
  file: string,
  search: string,
  replace: string,
  openFile: string | undefined,
): ProposedEdit | undefined {
  if (search === replace) return undefined;
  const create = search.trim() === '' && !isOpen(file, openFile);
  return {
    format: 'search-replace',
    operation: create ? 'create' : 'edit',
    file,
    search,
    replace,
    ...(create ? { content: replace === '' || replace.endsWith('\n') ? replace : `${replace}\n` } : {}),
    preview: previewOf(file, create ? undefined : search, replace),
  };
}

/** A file written anew. */
export function wholeFileEdit(file: string, content: string, openFile: string | undefined): ProposedEdit {
  const operation = isOpen(file, openFile) ? 'edit' : 'create';
  return { format: 'whole-file', operation, file, content, preview: previewOf(file, undefined, content) };
}

function previewOf(file: string, before: string | undefined, after: string): string {
  return [file, ...(before === undefined ? [] : marked(before, '-')), ...marked(after, '+')].join('\n');
}

function marked(text: string, sign: '-' | '+'): string[] {
  if (text === '') return [];
  const lines = text.replace(/\n$/, '').split('\n');
  const shown = lines.slice(0, PREVIEW_LINES).map((line) => `${sign} ${line}`);
  if (lines.length > PREVIEW_LINES) shown.push(`${sign} (${lines.length - PREVIEW_LINES} more lines)`);
  return shown;
}

/** The open file may be absolute where the reply's path is relative. */
function isOpen(file: string, openFile: string | undefined): boolean {
  if (openFile === undefined) return false;
  const [x, y] = [file, openFile].map((path) => path.replace(/\\/g, '/').replace(/^(?:\.\/)+/, ''));
  return x === y || y?.endsWith(`/${x}`) === true;
}
