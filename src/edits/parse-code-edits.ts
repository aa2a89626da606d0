import type { FileContext, ProposedEdit, ToolCall } from '../core/chat.js';
import { pathOfInfo, pathOfLine } from './path-text.js';
import { replaceEdit, wholeFileEdit } from './proposals.js';
import { editOfToolCall } from './tool-call-edits.js';

interface Fence {
  readonly at: number;
  readonly mark: string;
  readonly indent: number;
  readonly info: string;
  /** Whether search/replace blocks stand in it; it is no file then. */
  blocks: boolean;
  /** Fences with a language that were opened inside and wait for their end. */
  inner: number;
}

interface Block {
  readonly middle: number;
  readonly end: number;
}

const HEAD = /^ {0,3}(<{5,9}|-{5,9}) SEARCH>?\s*$/;
const MIDDLE = /^ {0,3}(={5,9})\s*$/;
const END = /^ {0,3}(?:>{5,9}|\+{5,9}) REPLACE\s*$/;
const FENCE = /^(\s*)(`{3,}|~{3,})(.*)$/;
const MAX_MARK = 400;

/**
 * Finds the edits that a reply proposes: search/replace blocks, and fenced blocks that carry the path of a file. A fenced
 * block without a path is prose and proposes nothing. Paths are given as the reply writes them; nothing is read or
 * written. Line ends become `\n`. Total, and linear in the length of the reply.
 * @public
 */
export function parseCodeEdits(
  reply: string,
  o: { readonly toolCalls?: readonly ToolCall[] | undefined; readonly fileContext?: FileContext | undefined } = {},
): ProposedEdit[] {
  const openFile = o.fileContext?.file;
  const edits = typeof reply === 'string' ? editsInText(reply, openFile) : [];
  for (const call of o.toolCalls ?? []) {
    const edit = editOfToolCall(call, openFile);
    if (edit) edits.push(edit);
  }
  return edits;
}

function editsInText(reply: string, openFile: string | undefined): ProposedEdit[] {
  const lines = reply.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  const blocks = blocksIn(lines);
  const edits: ProposedEdit[] = [];
  let fence: Fence | undefined;
  // A block without a path goes on with the file of the one before.
  let file = openFile;
  for (let i = 0; i < lines.length; i++) {
    const block = blocks.get(i);
    if (block) {
      file = pathOfBlock(lines, i, fence) ?? file;
      if (fence) fence.blocks = true;
      const search = lines.slice(i + 1, block.middle).join('\n');
      const replace = lines.slice(block.middle + 1, block.end).join('\n');
      const edit = file === undefined ? undefined : replaceEdit(file, search, replace, openFile);
      if (edit) edits.push(edit);
      i = block.end;
    } else if (fence === undefined) {
      fence = fenceAt(lines, i);
    } else if (ends(lines[i] as string, fence)) {
      const edit = fence.blocks ? undefined : editOfFence(lines, fence, i, openFile);
      if (edit) {
        edits.push(edit);
        file = edit.file;
      }
      fence = undefined;
    }
  }
  return edits;
}

/** All whole search/replace blocks by their first line; what has no end, or two middles, is none. */
function blocksIn(lines: readonly string[]): ReadonlyMap<number, Block> {
  const blocks = new Map<number, Block>();
  let head = -1;
  let width = 0;
  let middles: number[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.length > MAX_MARK) continue;
    const begin = HEAD.exec(line)?.[1];
    if (begin !== undefined) {
      head = i;
      width = begin.length;
      middles = [];
    } else if (head >= 0) {
      if (MIDDLE.exec(line)?.[1]?.length === width) middles.push(i);
      if (!END.test(line)) continue;
      const [middle] = middles;
      if (middle !== undefined && middles.length === 1) blocks.set(head, { middle, end: i });
      head = -1;
    }
  }
  return blocks;
}

/** The path of a search/replace block: above it, in the info string of its fence, or above the fence. */
function pathOfBlock(lines: readonly string[], at: number, fence: Fence | undefined): string | undefined {
  const above = pathAbove(lines, at, fence ? fence.at + 1 : 0);
  if (above !== undefined || fence === undefined || fence.blocks) return above;
  return pathOfInfo(fence.info) ?? pathAbove(lines, fence.at, 0);
}

/** The path that the line above is, with at most one blank line between. */
function pathAbove(lines: readonly string[], at: number, from: number): string | undefined {
  let i = at - 1;
  if (i >= from && lines[i]?.trim() === '') i--;
  return i < from ? undefined : pathOfLine(lines[i] as string);
}

function fenceAt(lines: readonly string[], at: number): Fence | undefined {
  const line = lines[at] as string;
  const [, blank = '', mark, info = ''] = FENCE.exec(line) ?? [];
  // The info string of a backtick fence has no backtick; else it is code in a line of prose.
  if (mark === undefined || (mark.startsWith('`') && info.includes('`'))) return undefined;
  return { at, mark, indent: blank.length, info: info.trim(), blocks: false, inner: 0 };
}

/** Whether a line ends the fence. Models write fences in fences of the same length; an inner one with a language is told apart. */
function ends(line: string, fence: Fence): boolean {
  const [, blank = '', mark, rest = ''] = FENCE.exec(line) ?? [];
  if (mark === undefined || mark[0] !== fence.mark[0] || mark.length < fence.mark.length) return false;
  // One that is indented further belongs to the code (a docstring).
  if (blank.length > fence.indent + 3) return false;
  if (rest.trim() !== '') fence.inner++;
  else if (fence.inner > 0) fence.inner--;
  else return true;
  return false;
}

// What these hold is no file, whatever stands above.
const NO_FILE = /^(?:diff|patch|udiff|console|terminal|output|shell-?session)$/i;
const SHELL = /^(?:sh|bash|zsh|shell|powershell|pwsh|cmd|bat)$/i;
const SHELL_FILE = /\.(?:sh|bash|zsh|fish|ps1|bat|cmd)$|(?:^|[\\/])[^.\\/]+$/i;

function editOfFence(
  lines: readonly string[],
  fence: Fence,
  end: number,
  openFile: string | undefined,
): ProposedEdit | undefined {
  const language = /^[^\s:{]*/.exec(fence.info)?.[0] ?? '';
  if (NO_FILE.test(language) || /^\d+:\d+:/.test(fence.info)) return undefined;
  const named = pathOfInfo(fence.info);
  const above = named === undefined ? pathAbove(lines, fence.at, 0) : undefined;
  const file = named ?? above;
  if (file === undefined) return undefined;
  // `package.json`, then `npm install`: a command about the file.
  if (above !== undefined && SHELL.test(language) && !SHELL_FILE.test(above)) return undefined;
  const body = lines.slice(fence.at + 1, end).map((line) => outdent(line, fence.indent));
  if (isPatch(body)) return undefined;
  return wholeFileEdit(file, body.length === 0 ? '' : `${body.join('\n')}\n`, openFile);
}

function isPatch(body: readonly string[]): boolean {
  const [first = '', second = ''] = body;
  return (
    first.startsWith('*** Begin Patch') ||
    first.startsWith('diff --git ') ||
    (first.startsWith('--- ') && second.startsWith('+++ '))
  );
}

/** A fence that is indented takes as much from its lines. */
function outdent(line: string, indent: number): string {
  let n = 0;
  while (n < indent && (line[n] === ' ' || line[n] === '\t')) n++;
  return n === 0 ? line : line.slice(n);
}
