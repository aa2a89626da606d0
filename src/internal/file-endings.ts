/** Parts of regular expressions that tell files by their names. */

/** Endings of source files in languages that have a language server. */
export const CODE_ENDINGS =
  '[cm]?[jt]sx?|pyi?|go|rs|java|kts?|scala|rb|php|cs|fs|vb|c|h|cc|cpp|cxx|hh|hpp|m|mm|swift|dart|lua|exs?|erl|hs|ml|clj|zig|nim|jl|r|pl|sh|sql|vue|svelte|astro';

/** Products whose names look like files: `node.js`. */
export const JS_PRODUCTS =
  'node|next|nuxt|vue|react|express|three|d3|ember|angular|alpine|chart|moment|backbone|discord';
