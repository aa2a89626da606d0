import ts from 'typescript';
import { commands } from './import-table.js';
import type { Sources } from './sources.js';

const MAX_LINES = 400;
const NO_HOME = /(?:^|\/)(?:utils?|helpers?|misc|common|types)\.ts$/;
const KEBAB_CASE = /^[a-z0-9]+(?:[-/][a-z0-9]+)*\.ts$/;

/** Every place that leaves the house's rules of writing; one sentence each. No comment can switch them off. */
export function sourceViolations(sources: Sources): string[] {
  return [...sources].flatMap(([path, file]) => {
    const found: string[] = [];
    if (!KEBAB_CASE.test(path)) found.push(`${path}: not in kebab-case`);
    if (NO_HOME.test(path)) found.push(`${path}: named for no one thing`);
    const lines = codeLines(file);
    if (lines > MAX_LINES) found.push(`${path}: ${lines} lines, at most ${MAX_LINES}`);
    const visit = (node: ts.Node): void => {
      const what = banned(node) ?? (commands.has(path) ? undefined : runs(node));
      if (what) found.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`);
      ts.forEachChild(node, visit);
    };
    visit(file);
    return found;
  });
}

function banned(node: ts.Node): string | undefined {
  if (ts.isEnumDeclaration(node)) return 'an enum';
  if (ts.isModuleDeclaration(node)) return 'a namespace';
  if (ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword) {
    return ts.isDefaultClause(node) ? undefined : 'a default export';
  }
  if (ts.isClassStaticBlockDeclaration(node)) return 'a static block';
  if (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent)) return 'a parameter property';
  if (ts.isPropertyAccessExpression(node) && node.expression.getText() === 'console') return 'console';
  return undefined;
}

/** Code that runs at import stays in every bundle. */
function runs(node: ts.Node): string | undefined {
  const isTop = ts.isExpressionStatement(node) && ts.isSourceFile(node.parent);
  return isTop ? 'a statement with an effect at import' : undefined;
}

/** Lines of a file without those of its data: top-level lists and tables. */
function codeLines(file: ts.SourceFile): number {
  const lineOf = (position: number): number => file.getLineAndCharacterOfPosition(position).line;
  const data = file.statements.filter(ts.isVariableStatement).flatMap((s) =>
    s.declarationList.declarations.flatMap(({ initializer }) => {
      const value = initializer && unwrapped(initializer);
      return value && (ts.isArrayLiteralExpression(value) || ts.isObjectLiteralExpression(value)) ? [value] : [];
    }),
  );
  return data.reduce((sum, n) => sum - (lineOf(n.end) - lineOf(n.getStart())), lineOf(file.text.trimEnd().length) + 1);
}

function unwrapped(node: ts.Expression): ts.Expression {
  return ts.isAsExpression(node) || ts.isSatisfiesExpression(node) ? unwrapped(node.expression) : node;
}
