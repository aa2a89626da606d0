import { defineConfig } from 'tsup';

// One file out per file in, so that an importer's bundler drops whole modules.
export default defineConfig({
  entry: ['src/**/*.ts'],
  format: ['esm'],
  target: 'node20.19',
  bundle: false,
  splitting: false,
  sourcemap: true,
  clean: true,
  dts: false,
});
