import { CODE_ENDINGS, JS_PRODUCTS } from '../internal/file-endings.js';

/** A file that a text names. */
export interface FileMention {
  /** As the text writes it, with slashes. */
  readonly path: string;
  /** 0-based line, from forms like `a.ts:12`. */
  readonly line: number | undefined;
}

/** The code that a text talks about. */
export interface Mentions {
  /** Name paths as Serena writes them (`Class/method`), surest first. */
  readonly symbols: readonly string[];
  readonly files: readonly FileMention[];
}

// More names make Serena slow and the answer vague.
const MAX_SYMBOLS = 5;
const MAX_WEAK = 2;
const MAX_FILES = 3;
// What is looked at of a long text: the request stands before or after what was pasted.
const HEAD = 8000;
const TAIL = 2000;

const CODE_FILE = /* @__PURE__ */ new RegExp(`\\.(?:${CODE_ENDINGS})$`, 'i');
// Products that look like files or symbols.
const PRODUCT_FILE = /* @__PURE__ */ new RegExp(`^(?:${JS_PRODUCTS}|socket|asp)\\.\\w+$`, 'i');
const PRODUCT =
  /^(?:(?:Java|Type|Coffee|Post|Action)Script|GitHub|GitLab|PostgreSQL|MySQL|MongoDB|NoSQL|GraphQL|OpenAI|OpenAPI|FastAPI|PyTorch|TensorFlow|NumPy|SciPy|IntelliJ|PyCharm|WebStorm|WebSockets?|WebAssembly|OAuth\d?|RESTful|DevOps|LaTeX|macOS|iOS|NodeJS|VSCode|YouTube|LinkedIn|JUnit|PowerShell|README|LangChain|LlamaIndex|LMStudio|GPT4All)$/;
const COMMON =
  /^(?:Python|Java|Kotlin|Rust|Ruby|Swift|Scala|Haskell|Elixir|Erlang|React|Angular|Svelte|Django|Flask|Rails|Spring|Laravel|Docker|Kubernetes|Linux|Windows|Ubuntu|Debian|Redis|Kafka|Node|Next|Express|Jest|Vitest|English|German|French|Spanish|Chinese|Japanese|Please|Thanks|Note|Also|Then|This|That|These|What|When|Where|Which|Unicode|Markdown|Internet|Google|Amazon|Microsoft|Serena|Ollama)$/;
const STOP =
  /^(?:a|an|and|any|are|as|at|be|been|but|by|call|called|can|could|defined|do|does|for|from|has|have|he|here|if|in|into|is|it|its|like|may|must|name|named|not|of|on|once|one|or|our|return|should|so|switch|than|that|the|their|then|there|they|this|to|too|type|used|using|was|we|were|what|when|where|which|while|who|why|will|with|works?|would|you|your)$/i;

const NAME = '[A-Za-z_$][\\w$]*';
const PATH = `${NAME}(?:(?:\\.|::|#|/)${NAME}){0,5}`;

/** Finds the symbols and files that a text names; linear in its length. */
export function mentionsIn(text: string): Mentions {
  const look = text.length > HEAD + TAIL ? `${text.slice(0, HEAD)}\n${text.slice(-TAIL)}` : text;
  // Pasted code names everything; only the words around it say what is meant.
  const prose = look.replace(/```[\s\S]*?(?:```|$)/g, ' ');
  const files = filesIn(look);
  const fileNames = new Set(files.flatMap(({ path }) => [path, path.slice(path.lastIndexOf('/') + 1)]));

  const symbols = new Set<string>();
  const add = (name: string): void => {
    const path = name.replace(/^(?:this|self|super)(?:\.|::|#|\/)/, '').replace(/(?:\.|::|#)/g, '/');
    const isName = path.length > 1 && path.length <= 120 && !STOP.test(path) && !PRODUCT_FILE.test(name);
    if (isName && symbols.size < MAX_SYMBOLS && !isFile(name) && !fileNames.has(name)) symbols.add(path);
  };
  for (const [, name = ''] of prose.matchAll(new RegExp(`\`(${PATH})(?:\\(\\))?\``, 'g'))) add(name);
  for (const [, name = ''] of prose.matchAll(new RegExp(`(?<![\\w$.])(${PATH})\\(`, 'g'))) add(name);
  const kinds =
    'class|function|method|interface|struct|enum|trait|component|module|constant|variable|symbol|hook|decorator|named|called';
  for (const [, name = ''] of prose.matchAll(new RegExp(`\\b(?:${kinds})\\s+(${PATH})(?![\\w$])`, 'gi'))) {
    if (!PRODUCT.test(name) && !COMMON.test(name)) add(name);
  }
  for (const word of wordsOf(prose)) if (looksLikeName(word) && !PRODUCT.test(word)) add(word);
  if (symbols.size === 0) {
    const weak = [...prose.matchAll(/(?<=[a-z,] )[A-Z][a-z]{2,40}(?![\w$-])/g)].map(([name]) => name);
    for (const name of weak.filter((name) => !COMMON.test(name)).slice(0, MAX_WEAK)) add(name);
  }
  return { symbols: [...symbols], files };
}

function filesIn(text: string): FileMention[] {
  const files = new Map<string, FileMention>();
  for (const word of wordsOf(text)) {
    const [, path = '', line] = /^(.*?)(?::(\d{1,6}))?(?::\d{1,6})?$/.exec(word) ?? [];
    const normal = path.replace(/\\/g, '/').replace(/^(?:\.\/)+/, '');
    if (!isFile(normal) || files.has(normal)) continue;
    files.set(normal, { path: normal, line: line === undefined ? undefined : Math.max(0, Number(line) - 1) });
    if (files.size === MAX_FILES) break;
  }
  return [...files.values()];
}

/** Whether a path looks like one of a language that has a language server. */
export function isCodeFile(path: string): boolean {
  return CODE_FILE.test(path);
}

function isFile(word: string): boolean {
  return /^[\w@$+~.\-/:\\]{3,250}$/.test(word) && isCodeFile(word) && !word.includes('://') && !PRODUCT_FILE.test(word);
}

/** Whether a bare word can hardly be anything but a name in code. */
function looksLikeName(word: string): boolean {
  if (!new RegExp(`^${PATH}$`).test(word) || word.length > 100 || word.includes('/')) return false;
  if (/^[a-z$]+[A-Z]|^[A-Z][a-z\d]+[A-Z]|^[A-Z]{2,}[a-z]/.test(word)) return true;
  if (/[A-Za-z\d]_[A-Za-z\d]/.test(word)) return true;
  return word.includes('::') || /^[A-Z]\w+[.#][a-z]\w+$/.test(word);
}

function wordsOf(text: string): string[] {
  return text
    .split(/[\s"'`()<>{}[\],;|*=]+/)
    .filter((word) => word.length > 1 && word.length <= 250)
    .map((word) => word.replace(/[.:!?]+$/, ''));
}
