import { CODE_ENDINGS, JS_PRODUCTS } from '../internal/file-endings.js';

const OTHER_ENDINGS =
  'json[c5]?|ya?ml|toml|ini|cfg|conf|properties|xml|html?|xhtml|css|s[ac]ss|less|styl|svg|md|mdx|markdown|rst|adoc|txt|csv|tsv|graphql|gql|proto|pyx|ipynb|erb|mod|sum|groovy|gradle|hxx|ino|csx|fsx|csproj|sln|rmd|pm|hrl|lhs|elm|mli|cljs|edn|cr|v|sv|vhdl?|sol|tf|tfvars|hcl|nix|ejs|hbs|pug|twig|liquid|bash|zsh|fish|ps1|bat|cmd|mk|cmake|dockerfile|lock|patch';
// A word with another ending and no slash (`Array.map`, `console.log`, `example.com`) is hardly a file.
const ENDINGS = /* @__PURE__ */ new RegExp(`\\.(?:${CODE_ENDINGS}|${OTHER_ENDINGS})$`, 'i');
const NAMES =
  /^(?:Dockerfile|Containerfile|Makefile|GNUmakefile|Justfile|Procfile|Gemfile|Rakefile|Podfile|Brewfile|Vagrantfile|Jenkinsfile|Caddyfile|LICENSE|README|CHANGELOG|NOTICE|CODEOWNERS|BUILD|WORKSPACE|\.[a-z][\w.-]*)$/i;
const PRODUCTS = /* @__PURE__ */ new RegExp(`^(?:${JS_PRODUCTS}|p5|transformers)\\.js$`, 'i');
const LABEL = /^(?:file(?:[ _-]?(?:name|path))?|path)\s*:\s*/i;
const MAX = 250;

/** The path that a line consists of, with or without Markdown around it (`**src/a.ts**`, `### File: src/a.ts`). */
export function pathOfLine(line: string): string | undefined {
  if (line.length > MAX + 50) return undefined;
  let text = line.trim().replace(/^(?:#{1,6}|>|[-*+]|\d{1,3}[.)]|\/\/)\s+/, '');
  let quoted = false;
  for (let layer = 0; layer < 6; layer++) {
    const before = text;
    text = text.replace(/:$/, '').replace(LABEL, '');
    const [, mark, inner] = /^(\*\*|__|`|"|'|\*)(.+)\1$/.exec(text) ?? [];
    if (inner !== undefined) {
      text = inner.trim();
      quoted ||= mark === '`' || mark === '"' || mark === "'";
    }
    // `**File:** src/a.ts`: only the label is marked.
    text = text.replace(/^\*\*([^*]+)\*\*\s*/, '$1 ').trim();
    if (text === before) break;
  }
  return isPath(text, quoted) ? text : undefined;
}

/** The path in the info string of a fence: `ts src/a.ts`, `ts:src/a.ts`, `src/a.ts`, `path=src/a.ts`, `title="src/a.ts"`. */
export function pathOfInfo(info: string): string | undefined {
  if (info.length > MAX + 100) return undefined;
  const attribute =
    /(?:^|[\s{,])(?:path|title|file|filename|filepath)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'{},]+))/i.exec(info);
  if (attribute) {
    const path = (attribute[1] ?? attribute[2] ?? attribute[3] ?? '').trim();
    return isPath(path, true) ? path : undefined;
  }
  const [first = '', ...rest] = info.trim().split(/\s+/);
  if (rest.length > 0) {
    const paths = rest.filter((word) => isPath(word, false));
    return paths.length === 1 ? paths[0] : undefined;
  }
  // `12:20:src/a.ts` cites lines that exist; it does not write them.
  const [, language, path = first] = /^([A-Za-z][\w+#-]*):(.+)$/.exec(first) ?? [];
  const drive = language?.length === 1;
  const word = drive ? first : path;
  return isPath(word, false) && /\.\w+$/.test(word) ? word : undefined;
}

/** Whether a text is nothing but the path of a file; blanks and names without ending only where it stood in quotes. */
function isPath(text: string, quoted: boolean): boolean {
  if (text.length < 2 || text.length > MAX || text.includes('://')) return false;
  if (!/^(?:[A-Za-z]:[\\/])?[\p{L}\p{N}_@.+~$()[\]/\\% -]+$/u.test(text) || (!quoted && /\s/.test(text))) return false;
  const slash = Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\'));
  const name = text.slice(slash + 1);
  if (NAMES.test(name)) return true;
  if (slash >= 0) return /\.[A-Za-z][\w-]{0,15}$/.test(name) || (quoted && /^[\w-]+$/.test(name));
  return ENDINGS.test(name) && !PRODUCTS.test(name) && !name.startsWith('.');
}
