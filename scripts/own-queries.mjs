// The labelled queries of test/tasks/queries, for the scripts that learn from them.
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../test/tasks/queries/', import.meta.url);
const LINE = /^([CRAD])([CRAD])? ([01?]) (\d+) (?:(de|fr|es|pt|it|ru|zh|ja|ko) )?(.*)$/;

/** One for each line, as test/tasks/own-queries.ts describes it; `file` and `line` tell where it stands. */
export function ownQueries() {
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.txt'))
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .flatMap((file) =>
      readFileSync(new URL(file, folder), 'utf8')
        .trimEnd()
        .split('\n')
        .map((text, line) => {
          const [, letter, alt, need, effort, language = 'en', query] = LINE.exec(text) ?? [];
          if (query === undefined) throw new Error(`${file}:${line + 1} is not a query line`);
          return {
            file,
            line,
            letter,
            alt,
            need,
            effort: Number(effort),
            language,
            query: query.replaceAll('⏎', '\n'),
          };
        }),
    );
}
