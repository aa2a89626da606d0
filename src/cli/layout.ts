/** How commands lay out text: at most 80 columns, colour only for a person. */

/** Columns of the narrowest terminal that is reckoned with. */
export const WIDTH = 80;

/** A way of showing a text; codes are those of ANSI terminals. */
export type Paint = (text: string, colour: keyof typeof COLOURS) => string;

const COLOURS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** Colour on a terminal, unless `NO_COLOR` is set. */
export function paintFor(isInteractive: boolean): Paint {
  const isPlain = !isInteractive || Boolean(process.env['NO_COLOR']);
  return (text, colour) => (isPlain ? text : `\u001b[${COLOURS[colour]}m${text}\u001b[0m`);
}

/** A text broken between words into lines of at most {@link WIDTH}; a longer word is broken where the line ends. */
export function wrap(text: string, indent = 0, first = indent): string[] {
  const lines: string[] = [];
  let line = ' '.repeat(first);
  const room = (): number => WIDTH - line.length;
  for (const word of text.split(' ').filter((part) => part !== '')) {
    let rest = word;
    const isFirst = line.trim() === '';
    if (!isFirst && rest.length + 1 > room()) {
      lines.push(line);
      line = ' '.repeat(indent);
    } else if (!isFirst) {
      line += ' ';
    }
    while (rest.length > room()) {
      const cut = room();
      lines.push(line + rest.slice(0, cut));
      rest = rest.slice(cut);
      line = ' '.repeat(indent);
    }
    line += rest;
  }
  return [...lines, line];
}

/** A row of a table; a first cell that is too long stands on lines of its own, above the others. */
export function row(indent: number, widths: readonly number[], cells: readonly string[]): string[] {
  const [first = '', ...rest] = cells;
  const width = widths[0] ?? 0;
  const place = (text: string): string =>
    [text, ...rest]
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join(' ')
      .trimEnd();
  const pad = ' '.repeat(indent);
  return first.length <= width ? [pad + place(first)] : [...wrap(first, indent), pad + place('')];
}
