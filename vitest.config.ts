import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));
// TEST_TARGET=dist runs the same tests against the built package.
const built = process.env['TEST_TARGET'] === 'dist';
const place = (name: string) => (built ? `${root}dist/${name}.js` : `${root}src/${name}.ts`);
// msw 3 needs Node 22; MSW=3 runs every msw test with it.
const msw3 = process.env['MSW'] === '3' ? [{ find: /^msw(\/.*)?$/, replacement: 'msw3$1' }] : [];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^local-llm-router$/, replacement: place('index') },
      { find: /^local-llm-router\/testing\/msw$/, replacement: place('testing-msw') },
      { find: /^local-llm-router\/([a-z-]+)$/, replacement: place('$1') },
      { find: /^(?:\.\.\/)+src\/(.*)\.js$/, replacement: place('$1') },
      ...msw3,
    ],
  },
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: ['test/real/**', 'node_modules/**'],
    reporters: ['default', './test/count-reporter.ts'],
    // By default one core is left idle, which is half of a small machine.
    maxWorkers: '100%',
    testTimeout: 10_000,
    restoreMocks: true,
  },
});
