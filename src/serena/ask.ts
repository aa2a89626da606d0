import type { Clock } from '../core/clock.js';
import type { SerenaCall } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import type { SerenaClient } from '../core/serena-client.js';
import { raceAbort, withDeadline } from '../internal/deadline.js';
import { asArray, asObject, asString } from '../internal/json.js';
import { enclosing, type FoundSymbol, readAnswer, type SerenaAnswer, symbolsIn } from './answers.js';
import { isCodeFile } from './mentions.js';
import {
  type CodeSection,
  diagnosticSections,
  implementationSections,
  overviewSections,
  referenceSections,
  symbolSections,
} from './sections.js';
import { positionRegex, SERENA_TOOLS, type SerenaQuestion } from './tools.js';

/** A file to ask about; positions are 0-based. */
export interface TargetFile {
  /** As Serena takes it. */
  readonly path: string;
  /** Whether the path is one from the project's root; else it is a bare name to look for. */
  readonly exact: boolean;
  readonly line: number | undefined;
  readonly character: number | undefined;
}

/** What to ask about. */
export interface SerenaTarget {
  /** Name paths, surest first. */
  readonly symbols: readonly string[];
  readonly files: readonly TargetFile[];
  /** The file that the user looks at. */
  readonly open: string | undefined;
  /** Whether it matters where symbols are used. */
  readonly uses: boolean;
  /** Whether errors and warnings are asked for. */
  readonly errors: boolean;
}

/** Where the answers go as they come, so that a deadline leaves what there is. */
export interface SerenaRun {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The deadline, in the clock's time. */
  readonly endsAt: number;
  readonly calls: SerenaCall[];
  readonly found: CodeSection[][];
}

// A clean file takes Serena five seconds to say nothing about; one with errors half a second.
const DIAGNOSTICS_MS = 1500;
const MAX_MATCHES = 5;
const MAX_REFERENCES = 3;
const MAX_NAMESAKES = 2;
// LSP's File and Package: a project-wide search finds those too.
const NO_FILES = [1, 4];

type Ask = (question: SerenaQuestion, args: Record<string, unknown>, ms?: number) => Promise<SerenaAnswer>;

const OFFERED = new WeakMap<SerenaClient, ReadonlySet<string>>();

/** Asks everything about a target. All questions go out at once: Serena's floor of 0.1 s is per batch. */
export async function askSerena(client: SerenaClient, target: SerenaTarget, run: SerenaRun): Promise<void> {
  const tools = await toolsOf(client, run);
  if (!tools) return;
  const ask = asker(client, tools, run);
  let references = 0;
  const askUses = async (symbol: FoundSymbol | undefined, out: CodeSection[]): Promise<void> => {
    if (!symbol || !target.uses || references === MAX_REFERENCES) return;
    references++;
    const answer = await ask('references', { name_path: symbol.path, relative_path: symbol.file });
    if (answer.kind === 'ok')
      out.push(...referenceSections(answer.value, symbol.path, SERENA_TOOLS.references.priority));
  };
  const jobs = [
    ...target.files.map((file) => (out: CodeSection[]) => askFile(file, ask, askUses, out)),
    ...target.symbols.map((name) => (out: CodeSection[]) => askSymbol(name, target.open, ask, askUses, out)),
  ];
  await Promise.all(
    jobs.map((job) => {
      const out: CodeSection[] = [];
      run.found.push(out);
      return job(out);
    }),
  );
  const file = target.files[0]?.path;
  if (!target.errors || file === undefined || !isCodeFile(file)) return;
  // Last and alone: nothing else waits behind a slow one.
  const answer = await ask('diagnostics', { relative_path: file, min_severity: 2 }, DIAGNOSTICS_MS);
  if (answer.kind === 'ok') run.found.push(diagnosticSections(answer.value, file));
}

type AskUses = (symbol: FoundSymbol | undefined, out: CodeSection[]) => Promise<void>;

async function askFile(file: TargetFile, ask: Ask, askUses: AskUses, out: CodeSection[]): Promise<void> {
  for (const path of file.exact ? [file.path] : await pathsOf(file.path, ask)) {
    const cursor: CodeSection[] = [];
    const around: CodeSection[] = [];
    await Promise.all([
      file.line === undefined || file.character === undefined
        ? undefined
        : askPosition(path, file.line, file.character, ask, askUses, cursor),
      askOutline(path, file.line, ask, around),
    ]);
    out.push(...cursor, ...around);
  }
}

/** Paths of files with this name. */
async function pathsOf(name: string, ask: Ask): Promise<string[]> {
  const answer = await ask('file', { file_mask: name, relative_path: '.', skip_ignored_files: true });
  if (answer.kind !== 'ok') return [name];
  const paths = asArray(asObject(answer.value)?.['files']).flatMap((path) => asString(path) ?? []);
  return paths.length === 0 ? [name] : paths.slice(0, MAX_NAMESAKES);
}

async function askPosition(
  path: string,
  line: number,
  character: number,
  ask: Ask,
  askUses: AskUses,
  out: CodeSection[],
): Promise<void> {
  const args = { relative_path: path, regex: positionRegex(line, character), include_info: true };
  const answer = await ask('declaration', args);
  if (answer.kind !== 'ok') return;
  out.push(...symbolSections(answer.value, SERENA_TOOLS.declaration.priority));
  await askUses(symbolsIn(answer.value)[0], out);
}

/** The symbols of a file, and the body of the one around a line. */
async function askOutline(path: string, line: number | undefined, ask: Ask, out: CodeSection[]): Promise<void> {
  const { priority } = SERENA_TOOLS.overview;
  if (line !== undefined) {
    // A pattern of "/" matches every top-level symbol; unlike the overview it tells lines.
    const args = { name_path_pattern: '/', substring_matching: true, relative_path: path, depth: 2 };
    const outline = await ask('symbol', args);
    const inside = outline.kind === 'ok' ? enclosing(outline.value, line) : undefined;
    if (outline.kind === 'ok') out.push(...overviewSections(outline.value, path, priority));
    if (inside !== undefined) {
      const body = { name_path_pattern: `/${inside}`, relative_path: path, include_body: true };
      const answer = await ask('symbol', body);
      if (answer.kind === 'ok') out.push(...symbolSections(answer.value, SERENA_TOOLS.symbol.priority));
    }
    if (outline.kind === 'ok') return;
  }
  const answer = await ask('overview', { relative_path: path, depth: 1 });
  if (answer.kind === 'ok') out.push(...overviewSections(answer.value, path, priority));
}

async function askSymbol(
  name: string,
  open: string | undefined,
  ask: Ask,
  askUses: AskUses,
  out: CodeSection[],
): Promise<void> {
  const answer = await findSymbol(name, open, ask);
  if (answer?.kind !== 'ok') return;
  out.push(...symbolSections(answer.value, SERENA_TOOLS.symbol.priority));
  const symbol = symbolsIn(answer.value)[0];
  const implementations = async (): Promise<void> => {
    if (symbol?.kind !== 'Interface') return;
    const found = await ask('implementations', { name_path: symbol.path, relative_path: symbol.file });
    if (found.kind !== 'ok') return;
    out.push(...implementationSections(found.value, symbol.path, SERENA_TOOLS.implementations.priority));
  };
  await Promise.all([askUses(symbol, out), implementations()]);
}

/** Looks in the open file first (0.1 s), then everywhere (seconds while Serena indexes); `a/b` also as `b`. */
async function findSymbol(name: string, open: string | undefined, ask: Ask): Promise<SerenaAnswer | undefined> {
  const last = name.slice(name.lastIndexOf('/') + 1);
  let answer: SerenaAnswer | undefined;
  for (const pattern of new Set([name, last])) {
    const args = { name_path_pattern: pattern, include_body: true, max_matches: MAX_MATCHES };
    for (const where of open === undefined ? [{}] : [{ relative_path: open }, {}]) {
      answer = await ask('symbol', { ...args, exclude_kinds: NO_FILES, ...where });
      if (answer.kind === 'ok' || answer.kind === 'timeout') return answer;
    }
  }
  return answer;
}

/** The one door to the client: whatever it does becomes an answer and a line in the report. */
function asker(client: SerenaClient, tools: ReadonlySet<string>, run: SerenaRun): Ask {
  return async (question, args, ms) => {
    const { tool, ...limits }: { tool: string; maxChars?: number } = SERENA_TOOLS[question];
    if (!tools.has(tool)) return { kind: 'error' };
    if (run.signal.aborted) return { kind: 'timeout' };
    const began = run.clock.now();
    const left = Math.max(1, Math.min(ms ?? Number.POSITIVE_INFINITY, run.endsAt - began));
    const full = limits.maxChars === undefined ? args : { ...args, max_answer_chars: limits.maxChars };
    const call: { -readonly [K in keyof SerenaCall]: SerenaCall[K] } = { tool, ms: 0, outcome: 'timeout' };
    run.calls.push(call);
    const answer = await guarded(run, ms, async (signal) => {
      const result = await client.callTool(tool, full, { signal, timeoutMs: left });
      // Its set of tools has changed; ask again next time.
      if (/^Unknown tool|is not active/.test(String(result?.text).slice(0, 200))) OFFERED.delete(client);
      return readAnswer(result);
    });
    call.ms = run.clock.now() - began;
    call.outcome = answer.kind;
    return answer;
  };
}

async function toolsOf(client: SerenaClient, run: SerenaRun): Promise<ReadonlySet<string> | undefined> {
  const known = OFFERED.get(client);
  if (known) return known;
  const began = run.clock.now();
  const listed = await guarded(run, undefined, async (signal) => {
    const names = new Set(asArray(await client.listTools({ signal })).filter((name) => typeof name === 'string'));
    const usable = Object.values(SERENA_TOOLS).some(({ tool }) => names.has(tool));
    return usable ? { kind: 'ok' as const, value: names } : { kind: 'error' as const };
  });
  if (listed.kind !== 'ok') {
    run.calls.push({ tool: 'tools/list', ms: run.clock.now() - began, outcome: listed.kind });
    return undefined;
  }
  OFFERED.set(client, listed.value);
  return listed.value;
}

/** Runs a call of the client until it ends, throws, hangs past its time or is aborted. */
async function guarded<T extends { readonly kind: string }>(
  run: SerenaRun,
  ms: number | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | { readonly kind: 'timeout' | 'error' }> {
  try {
    const { clock, signal } = run;
    return await withDeadline({ clock, ms, signal, what: 'A call of Serena' }, (s) => raceAbort(s, work(s)));
  } catch (error) {
    return { kind: isTimeout(error) ? 'timeout' : 'error' };
  }
}

function isTimeout(error: unknown): boolean {
  if (RouterError.is(error)) return error.code === 'ERR_TIMEOUT' || error.code === 'ERR_ABORTED';
  // As the MCP clients say it.
  const { code, name } = (asObject(error) ?? {}) as { code?: unknown; name?: unknown };
  return code === -32001 || code === 'REQUEST_TIMEOUT' || code === 'ETIMEDOUT' || name === 'TimeoutError';
}
