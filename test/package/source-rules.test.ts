import { describe, expect, it } from 'vitest';
import { sourceViolations } from './source-rules.js';
import { parseSources, readSources } from './sources.js';

describe('the rules of writing', () => {
  it('hold in src', () => {
    expect(sourceViolations(readSources())).toEqual([]);
  });

  it('let data be long', () => {
    const rows = "  'one row of a table',\n".repeat(500);
    expect(sourceViolations(parseSources({ 'models/data.ts': `export const rows = [\n${rows}] as const;\n` }))).toEqual(
      [],
    );
  });

  it.each<[string, string, string]>([
    ['core/a.ts', `${'\n'.repeat(400)}export const a = 1;`, 'core/a.ts: 401 lines, at most 400'],
    ['core/anA.ts', 'export const a = 1;', 'core/anA.ts: not in kebab-case'],
    ['core/utils.ts', 'export const a = 1;', 'core/utils.ts: named for no one thing'],
    ['core/a.ts', 'export enum A { B }', 'core/a.ts:1: an enum'],
    ['core/a.ts', 'export namespace A { export const b = 1; }', 'core/a.ts:1: a namespace'],
    ['core/a.ts', 'const a = 1;\nexport default a;', 'core/a.ts:2: a default export'],
    ['core/a.ts', 'export default function a() {}', 'core/a.ts:1: a default export'],
    ['core/a.ts', 'export class A { static { a(); } }', 'core/a.ts:1: a static block'],
    ['core/a.ts', 'export class A { constructor(readonly b: string) {} }', 'core/a.ts:1: a parameter property'],
    ['core/a.ts', "export const a = () => console.log('a');", 'core/a.ts:1: console'],
    ['core/a.ts', 'start();', 'core/a.ts:1: a statement with an effect at import'],
  ])('catch a violation: %s, %s', (path, text, violation) => {
    expect(sourceViolations(parseSources({ [path]: text }))).toEqual([violation]);
  });
});
