import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HttpResponse, http, passthrough } from 'msw';
import { setupServer } from 'msw/node';
import ts from 'typescript';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

const root = resolve(import.meta.dirname ?? '.', '..');
const folder = join(root, '.run/readme');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const snippets = [...readme.matchAll(/^(<!-- run -->\n)?```ts\n(.*?)^```$/gms)].map((match, i) => ({
  file: join(folder, `snippet-${i + 1}.ts`),
  marked: match[1] !== undefined,
  code: match[2] as string,
  first: (match[2] as string).split('\n').find((line) => line !== '' && !line.startsWith('import')) ?? '',
}));

const tags = {
  models: [
    {
      name: 'qwen2.5-coder:7b',
      model: 'qwen2.5-coder:7b',
      modified_at: '2026-01-01T00:00:00Z',
      size: 4_683_087_332,
      digest: 'd'.repeat(64),
      details: { family: 'qwen2', parameter_size: '7.6B', quantization_level: 'Q4_K_M', context_length: 32_768 },
      capabilities: ['completion', 'tools'],
    },
  ],
};
const answer = [
  { message: { role: 'assistant', content: 'The answer.' }, done: false },
  { message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 9, eval_count: 3 },
].map((line) => `${JSON.stringify({ model: 'qwen2.5-coder:7b', created_at: '2026-01-01T00:00:00Z', ...line })}\n`);

const server = setupServer(
  http.get('http://localhost:11434/api/version', () => HttpResponse.json({ version: '0.33.0' })),
  http.get('http://localhost:11434/api/tags', () => HttpResponse.json(tags)),
  http.get('http://localhost:11434/api/ps', () => HttpResponse.json({ models: [] })),
  http.post('http://localhost:11434/api/chat', () => new HttpResponse(answer.join(''))),
  // A model server of this machine stays out of the test; fake servers are reached.
  http.all(/^http:\/\/localhost:/, () => new HttpResponse('404 page not found', { status: 404 })),
  http.all('*', () => passthrough()),
);

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  for (const { file, code } of snippets) writeFileSync(file, `${code}\nexport {};\n`);
  server.listen();
});
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

describe('README', () => {
  it('has every TypeScript block marked to be run', () => {
    expect(snippets.length).toBeGreaterThanOrEqual(11);
    expect(snippets.filter(({ marked }) => !marked)).toEqual([]);
  });

  it('compiles every block', { timeout: 60_000 }, () => {
    const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const program = ts.createProgram(
      snippets.map(({ file }) => file),
      options,
    );
    const messages = ts
      .getPreEmitDiagnostics(program)
      .filter(({ file }) => file?.fileName.includes('/readme/'))
      .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
    expect(messages).toEqual([]);
  });

  for (const { file, first } of snippets) {
    it(`runs: ${first}`, async () => {
      const log = vi.spyOn(console, 'log').mockImplementation(() => {});
      vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
      await import(/* @vite-ignore */ file);
      expect(log).toHaveBeenCalled();
      expect(log.mock.calls.flat().filter((value) => value === undefined)).toEqual([]);
    });
  }
});
