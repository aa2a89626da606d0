import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Absolute path of the repository, with a slash at its end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Source files by their path below `src/`, such as `core/errors.ts`. */
export type Sources = ReadonlyMap<string, ts.SourceFile>;

/** Reads `src/`; tests read it, never the build. */
export function readSources(): Sources {
  const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.split('\\').join('/'))
    .filter((path) => path.endsWith('.ts'))
    .sort();
  return parseSources(Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, 'src', path), 'utf8')])));
}

/** Parses texts as if they stood in `src/`. */
export function parseSources(texts: Readonly<Record<string, string>>): Sources {
  return new Map(
    Object.entries(texts).map(([path, text]) => [
      path,
      ts.createSourceFile(path, text, { languageVersion: ts.ScriptTarget.ES2022 }, true),
    ]),
  );
}

/** One import or re-export. */
export interface Import {
  /** `core/errors.ts` of our own, else `npm:valibot` or `node:fs`; `?` and the text where it names no file. */
  readonly target: string;
  /** `type`: gone after compiling; `lazy`: an `import()` call. */
  readonly kind: 'static' | 'lazy' | 'type';
}

/** Everything that a file imports, also in `import()` calls and types. */
export function readImports(path: string, sources: Sources): Import[] {
  const file = sources.get(path);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, kind: Import['kind']): void => {
    const text = specifier && ts.isStringLiteralLike(specifier) ? specifier.text : undefined;
    found.push({ target: text === undefined ? '? (computed)' : target(path, text, sources), kind });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly ? 'type' : 'static');
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier)
      add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'static');
    else if (ts.isImportTypeNode(node))
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, 'type');
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], 'lazy');
    ts.forEachChild(node, visit);
  };
  if (file) visit(file);
  return found;
}

function target(from: string, specifier: string, sources: Sources): string {
  if (specifier.startsWith('node:')) return specifier;
  if (!specifier.startsWith('.')) return `npm:${specifier.match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? specifier}`;
  const path = posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
  return sources.has(path) ? path : `? (${specifier})`;
}
