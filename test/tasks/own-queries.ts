import { readdirSync, readFileSync } from 'node:fs';

/** A labelled query of our own. */
export interface OwnQuery {
  readonly query: string;
  readonly category: 'coding' | 'reasoning' | 'analysis' | 'documentation';
  /** Another category that a reasonable person could choose. */
  readonly alt: OwnQuery['category'] | undefined;
  readonly requiresSerena: boolean;
  /** Whether a person could not say otherwise. */
  readonly serenaClear: boolean;
  readonly complexity: number;
  readonly lang: string;
}

const CATEGORIES = { C: 'coding', R: 'reasoning', A: 'analysis', D: 'documentation' } as const;

const folder = new URL('queries/', import.meta.url);

/** Names of the files of queries: what people type most often (`common/`), and what is rare or hard (`rare/`). */
export function queryFiles(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.txt'))
    .map((file) => file.slice(0, -4).replaceAll('\\', '/'))
    .sort();
}

/**
 * Queries written for this project, with the label a person would give. A line of the file: category letter, a second one where
 * another category would do,
 * whether workspace code is needed (1, 0, or ? where both would do), effort 1-10, language unless English, text (⏎ breaks the line).
 */
export function ownQueries(file = 'common/first'): OwnQuery[] {
  return readFileSync(new URL(`${file}.txt`, folder), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, letter, alt, serena, effort, lang, text] =
        /^([CRAD])([CRAD])? ([01?]) (\d+) (?:(de|fr|es|pt|it|ru|zh|ja|ko) )?(.*)$/.exec(line) ?? [];
      if (text === undefined) throw new Error(`Not a query line: ${line}`);
      return {
        query: text.replaceAll('⏎', '\n'),
        category: CATEGORIES[letter as keyof typeof CATEGORIES],
        alt: alt === undefined ? undefined : CATEGORIES[alt as keyof typeof CATEGORIES],
        requiresSerena: serena === '1',
        serenaClear: serena !== '?',
        complexity: Number(effort),
        lang: lang ?? 'en',
      };
    });
}
