/** How many lines of each kind a message holds beside its own words. */
export interface Material {
  code: number;
  trace: number;
  log: number;
  diff: number;
  quote: number;
  /** Code within a sentence. */
  inline: number;
}

export type LineKind = 'blank' | 'prose' | 'code' | 'trace' | 'log' | 'diff' | 'quote';

/** Nothing pasted. */
export function noMaterial(): Material {
  return { code: 0, trace: 0, log: 0, diff: 0, quote: 0, inline: 0 };
}

/** Whether there is code or output to work on. */
export function hasMaterial(m: Material): boolean {
  return m.code + m.trace + m.log + m.diff + m.inline > 0;
}

const TRACE =
  /^\s*(?:at \S.{0,200}[(:]|File "|Traceback|Caused by:|goroutine \d|Exception in|thread '|\.\.\. \d+ more|\^+\s*$|#\d+ +0x)/;
const LOG =
  /^\s*(?:\[?\d{4}-\d\d-\d\d[T ]|\[?\d\d:\d\d:\d\d|\[\d+\.\d+|\[?(?:ERROR|WARN|WARNING|INFO|FATAL|DEBUG)[ :\]]|npm ERR!|[\w-]+\[\d+\]:|(?:[A-Za-z]+ ){0,3}[Ee]rror(?:\[\w+\])?: |(?:Uncaught )?[\w$.]+(?:Error|Exception)\s?:|(?:fatal|panic): |Program received |\[[A-Z]+\d+\])/;
const DIFF = /^(?:diff --git |@@ |\+\+\+ |--- [ab]?\/|index [\da-f]{6,})/;
// What the marks below do not tell.
const CODE_START =
  /^\s*(?:#include\b|#!|<[?/]?[a-zA-Z][\w-]*[ >/]|(?:const|fn|func|struct|enum|void|int|def|class) \w|function\b ?\w*\(|import (?:\w+ from|\{|\*|[\w.]+;?$|['"])|from \S+ import |return\b.{0,200}[)\w]$|(?:if|for|while) ?\(|(?:if|for|while|with|elif|try|else|except)\b.{0,200}:$|SELECT .|INSERT INTO |CREATE TABLE|(?:FROM|WHERE) \w|(?:GROUP|ORDER) BY|(?:INNER|LEFT) JOIN|\* @|\/[/*]|\*\/|[\])}])/;
const CODE_MARK =
  /(?=[!&(+:;<={|}-])(?:[=!+-]=|[=-]>|\(\);|::\w|(?<=\w\s?)=\s?["'\w[{(]|[;{}]$|(?<=\w)\(.{0,200}\)\s*[:;{]?$|<\/\w+>|&&|\|\|)/;

/** Whether a line has nothing but words, as most sentences do. */
export function isPlain(line: string): boolean {
  return PLAIN.test(line);
}

// Latin letters and those from À on, between them blanks and the marks of sentences.
const PLAIN = /^(?! |(?:import|from|return|at|class|[A-Z]{4,})\b)[a-zA-Z ,.?!'’\xc0-\u2000\u3040-\uffff-]*$/;

/** What a line is; `after` says that the line before it was material. */
export function lineKind(line: string, after: boolean): LineKind {
  if (line.length > 600) line = line.slice(0, 600);
  const text = line.trim();
  if (text === '') return 'blank';
  if (text.startsWith('>')) return text.startsWith('>>>') ? 'code' : 'quote';
  if (TRACE.test(line)) return 'trace';
  if (LOG.test(line)) return 'log';
  if (DIFF.test(line)) return 'diff';
  if (CODE_START.test(line)) {
    const words = plainWords(text);
    if (words < 4 || (words < 8 && !(/[.?!]$/.test(text) && !/[;{}=]/.test(text)))) return 'code';
  }
  if (/[|\t].*[|\t].*[|\t]/.test(text) || (after && /,.*,.*,/.test(text) && plainWords(text) < 6)) return 'code';
  // `explain cumsum()` is a sentence that names a call.
  if (!after && /^[a-z]+ [\w.]+\(\)\??$/i.test(text)) return 'prose';
  if (CODE_MARK.test(text) && (/[;{}]$/.test(text) || symbols(text) * 5 > text.length || plainWords(text) < 4))
    return 'code';
  return after && /^(?: {2}|\t)/.test(line) && plainWords(text) < 6 ? 'code' : 'prose';
}

// Words of a sentence: letters only, with a blank or the end after them.
function plainWords(text: string): number {
  return text.match(/(?<![^\s])[\p{L}'’-]+[,.!?:]?(?![^\s])/gu)?.length ?? 0;
}

function symbols(text: string): number {
  return text.match(/[{}()[\];=<>+*/\\|&$%^~"'_:]/g)?.length ?? 0;
}

/** Splits a line that holds words and material: what is said, and whether material remains. */
export function splitMixedLine(line: string, kind: LineKind): [string, boolean] {
  if (kind === 'log') {
    // "SomeError: text - please fix": the wish stands behind the last dash.
    const dash = Math.max(line.lastIndexOf(' - '), line.lastIndexOf(' — '));
    return dash > 0 && line.length - dash < 80 ? [line.slice(dash + 3), true] : ['', true];
  }
  if (kind !== 'code') return ['', true];
  const start = line.search(INLINE_START);
  const said = start > 0 ? line.slice(0, start) : '';
  return (plainWords(said) >= 3 && !CODE_WORD.test(said)) || /[\u3040-\ud7af]{3}/.test(said)
    ? [said, true]
    : ['', true];
}

const CODE_WORD =
  /^(?:\s|(?:const|let|var|int|char|return|for|while|if|else|public|private|static|void|class|import|from)\b)/;
const INLINE_START = /#include|#!\/|\bSELECT\s|\bdef \w|\bfunction\s?\w*\(|\bfor \w+ in |\bprint\(|[{;=<[]|\b\w+\(/;
