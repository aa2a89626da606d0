import type { ProposedEdit, ToolCall } from '../core/chat.js';
import { asObject, parseJson } from '../internal/json.js';
import { replaceEdit, wholeFileEdit } from './proposals.js';

// As the editing tools of common coding agents name their arguments.
const FILE = ['path', 'file_path', 'filePath', 'relative_path', 'target_file', 'file', 'filename'];
const OLD_AND_NEW = [
  ['old_string', 'new_string'],
  ['oldString', 'newString'],
  ['old_str', 'new_str'],
  ['old_text', 'new_text'],
  ['search', 'replace'],
] as const;
const CONTENT = ['content', 'contents', 'file_text', 'text'];
// Only a tool that says so writes a whole file; one that appends has the same arguments.
const WRITER = /^(?:write|create)(?:_?(?:to_?)?(?:text_?)?file)?$/i;

/** The edit that a tool call asks for, if its arguments say a file and what changes in it. */
export function editOfToolCall(call: ToolCall, openFile: string | undefined): ProposedEdit | undefined {
  const args = asObject(parseJson(String(call?.function?.arguments ?? '')));
  const file = firstText(args, FILE);
  if (!args || !file) return undefined;
  for (const [before, after] of OLD_AND_NEW) {
    const [search, replace] = [args[before], args[after]];
    if (typeof search === 'string' && typeof replace === 'string') {
      return replaceEdit(file, search, replace, openFile);
    }
  }
  const content = firstText(args, CONTENT);
  return content !== undefined && WRITER.test(call.function.name) ? wholeFileEdit(file, content, openFile) : undefined;
}

function firstText(args: Record<string, unknown> | undefined, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = args?.[key];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}
