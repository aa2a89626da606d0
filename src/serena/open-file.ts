import type { FileContext } from '../core/chat.js';
import type { CodeSection } from './sections.js';
import { relativePath } from './tools.js';

/** Lines of the open file that are shown around the cursor where nothing is selected. */
const LINES_AROUND = 40;

/**
 * What the user looks at, as the host gives it: the selected lines, else those around the cursor, else the beginning.
 * `undefined` where the host gives no text.
 */
export function openFileSection(open: FileContext, root: string | undefined): CodeSection | undefined {
  if (open.text === undefined || open.text === '') return undefined;
  const lines = open.text.split(/\r\n|\r|\n/);
  const { selection, position } = open;
  const [from, to] = selection
    ? [selection.start.line, selection.end.line]
    : position
      ? [position.line - LINES_AROUND, position.line + LINES_AROUND]
      : [0, lines.length - 1];
  const first = Math.min(Math.max(0, from), lines.length - 1);
  const last = Math.min(Math.max(first, to), lines.length - 1);
  const path = relativePath(open.file, root) ?? open.file;
  return {
    // Before everything that Serena finds: it is what the user means by "this".
    priority: -1,
    title: `${selection ? 'Selected' : 'Open'}: ${path}:${first + 1}-${last + 1}`,
    body: lines.slice(first, last + 1).join('\n'),
  };
}
