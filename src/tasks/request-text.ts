import type { ContentPart, Message } from '../core/chat.js';
import { peelEnvelope } from './envelope.js';
import { isPlain, lineKind, type Material, noMaterial, splitMixedLine } from './material.js';

/** A message's own words, and what else it holds. */
export interface RequestText {
  /** What the user says, without pasted material and harness blocks. */
  readonly text: string;
  /** What was pasted. */
  readonly material: Material;
  /** Slash command without its slash, if the message begins with one. */
  readonly command: string | null;
}

// Only so much is read of a message: the wish stands at its beginning or its end.
const HEAD = 3_000;
const TAIL = 1_500;
// Of the peeled words: what a person asks fits in this.
const WORDS_HEAD = 500;
const WORDS_TAIL = 250;
// More lines of code or output than this tell nothing new.
const ENOUGH = 12;

/** Text of a message; parts that are no text count as nothing. */
export function textOf(content: Message['content'] | undefined): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  let text = '';
  for (const part of content as readonly (ContentPart | null | undefined)[]) {
    if (part?.type === 'text' && typeof part.text === 'string') text += text === '' ? part.text : `\n${part.text}`;
  }
  return text;
}

/** Finds the request in a message: pasted code, logs, traces, diffs, quotes and agent envelopes are peeled off. */
export function findRequest(message: string): RequestText {
  const cut = message.length > HEAD + TAIL;
  const whole = cut ? `${message.slice(0, HEAD)}\n${message.slice(-TAIL)}` : message;
  const material = noMaterial();
  const words: string[] = [];
  const inner = peelEnvelope(whole.includes('\r') ? whole.replace(/\r\n?/g, '\n') : whole);
  const parts = inner.includes('```') ? inner.split('```') : [inner];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as string;
    // In a message that was cut, the fence may have been opened in what is missing.
    const prose = i % 2 === 0 || (cut && i === parts.length - 1);
    if (prose) readProse(part, material, words);
    else readFence(part, material);
  }
  // "Improve this paragraph:": what comes behind is not the request.
  if (words.length > 1 && OWN_TEXT.test(words[0] as string)) material.quote += words.splice(1).length;
  let text = words.join('\n').trim();
  const command = /^\/([a-z][\w:-]*)(?=\s|$)/i.exec(text)?.[1]?.toLowerCase() ?? null;
  if (command !== null) text = text.slice(command.length + 1).trim();
  if (text.length > WORDS_HEAD + WORDS_TAIL) text = `${text.slice(0, WORDS_HEAD)}\n${text.slice(-WORDS_TAIL)}`;
  return { text, material, command };
}

const OWN_TEXT =
  /\b(?:this|these|following|below)\b.{0,60}\b(?:paragraph|text|sentence|e?mail|message|document|notes)\b.{0,60}:\s*$|^(?:translate|proofread|rephrase|summari[sz]e)\b.{0,80}:\s*$/i;

function readFence(part: string, material: Material): void {
  const lines = part.split('\n', ENOUGH);
  if (/^\w*$/.test((lines[0] ?? '').trim())) lines.shift();
  for (const line of lines) {
    const kind = lineKind(line, true);
    if (kind !== 'blank') material[kind === 'prose' ? 'code' : kind]++;
  }
}

function readProse(part: string, material: Material, words: string[]): void {
  // How many lines of material stand before this one.
  let run = 0;
  for (const line of part.split('\n')) {
    const plain = isPlain(line);
    // Deep in pasted code, only a line of nothing but words can be the request.
    if (run > ENOUGH && !plain) continue;
    const kind = plain && run === 0 ? (line === '' ? 'blank' : 'prose') : lineKind(line, run > 0);
    if (kind === 'blank') {
      if (run <= ENOUGH) run = 0;
      continue;
    }
    if (kind === 'prose') {
      run = 0;
      const start = line.length > 40 && !plain ? line.search(CODE_WITHIN) : -1;
      if (start > 12) material.code++;
      words.push(plain ? line : takeSpans(start > 12 ? line.slice(0, start) : line, material));
      continue;
    }
    const [said, pasted] = splitMixedLine(line, kind);
    if (said !== '') words.push(takeSpans(said, material));
    if (pasted) material[kind]++;
    run = pasted ? run + 1 : 0;
  }
}

/** Long code in backticks or quotes is material; a short name stays in the sentence. */
function takeSpans(line: string, material: Material): string {
  return line.replace(SPANS, (span) => {
    const inner = span.slice(1, -1);
    if (span.startsWith('`') && inner.length < 24 && !/[\s{};=]/.test(inner))
      return ` ${inner.includes('(') ? inner : `${inner}()`} `;
    if (span.startsWith('`')) {
      material.inline++;
      return ' () ';
    }
    if (/[{};=<>]|\w\(/.test(inner)) {
      material.code++;
      return ' ';
    }
    if (inner.length > 40) {
      material.quote++;
      return ' ';
    }
    return span;
  });
}

// Code that begins within a line of words.
const CODE_WITHIN =
  /#include\b|#!\/|\bSELECT .{1,300} FROM |\bdef \w+\(|\bfunction \w+\(|\bprint\(|\bfor \w+ in .{1,80}:/;

const SPANS = /`[^`\n]{1,2000}`|["“][^"“”\n]{8,2000}["”]|'[^'\n]{12,2000}'/g;
