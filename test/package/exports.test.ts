import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { readSources, root, type Sources } from './sources.js';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>;
  bin?: Record<string, string>;
};
const sources = readSources();
const commands = Object.values(manifest.bin ?? {}).map((path) => path.replace('./', '').replace('dist/', ''));
const entries = [...sources.keys()].filter(
  (path) => !path.includes('/') && !commands.includes(path.replace(/\.ts$/, '.js')),
);

describe('the entries', () => {
  it('are the files at the top of src, one for one', () => {
    const expected = Object.fromEntries(
      entries.map((path) => {
        const file = path.replace(/\.ts$/, '');
        const name = file === 'index' ? '.' : `./${file.replace(/^testing-/, 'testing/')}`;
        return [name, { types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` }];
      }),
    );
    expect(manifest.exports).toEqual({ ...expected, './package.json': './package.json' });
  });

  it.each(entries)('%s exports only what is documented and tagged @public', (path) => {
    expect(exportsOf(path, sources).flatMap(undocumented)).toEqual([]);
  });
});

interface Exported {
  readonly name: string;
  readonly file: string;
}

function exportsOf(path: string, all: Sources): Exported[] {
  return (all.get(path)?.statements ?? []).flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.moduleSpecifier) return [];
    if (!statement.exportClause || !ts.isNamedExports(statement.exportClause)) return [];
    const file = (statement.moduleSpecifier as ts.StringLiteral).text.replace(/^\.\//, '').replace(/\.js$/, '.ts');
    return statement.exportClause.elements.map((e) => ({ name: (e.propertyName ?? e.name).text, file }));
  });
}

function undocumented({ name, file }: Exported): string[] {
  const found = (sources.get(file)?.statements ?? []).filter((statement) => namesOf(statement).includes(name));
  if (found.length === 0) return [`${name} is not declared in ${file}`];
  const tags = found.flatMap((node) => ts.getJSDocTags(node).map((tag) => tag.tagName.text));
  const texts = found.flatMap((node) => ts.getJSDocCommentsAndTags(node)).filter(ts.isJSDoc);
  return [
    ...(texts.some((doc) => ts.getTextOfJSDocComment(doc.comment)) ? [] : [`${name} in ${file} has no doc comment`]),
    ...(tags.includes('public') ? [] : [`${name} in ${file} is not tagged @public`]),
  ];
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map((d) => d.name.getText());
  const declared =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return declared && statement.name ? [statement.name.text] : [];
}
