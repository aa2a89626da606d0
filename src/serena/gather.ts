import type { FileContext } from '../core/chat.js';
import type { Clock } from '../core/clock.js';
import type { SerenaCall, SerenaReport } from '../core/decision.js';
import { RouterError } from '../core/errors.js';
import type { SerenaClient } from '../core/serena-client.js';
import type { TaskClassification } from '../core/task.js';
import { abortError, withDeadline } from '../internal/deadline.js';
import { askSerena, type SerenaTarget } from './ask.js';
import { mentionsIn } from './mentions.js';
import { openFileSection } from './open-file.js';
import { packContext } from './pack.js';
import type { CodeSection } from './sections.js';
import { relativePath } from './tools.js';

/** What is asked of Serena, and within what bounds. */
export interface GatherOptions {
  /** What the user says. */
  readonly text: string;
  readonly fileContext?: FileContext | undefined;
  /** Root of the project, where the client does not name its own. */
  readonly workspace?: string | undefined;
  readonly task: TaskClassification;
  /** For all calls together. */
  readonly timeoutMs: number;
  readonly tokenBudget: number;
  readonly countTokens: (text: string) => number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Makes the delimiter of the block. Default: random. */
  readonly id?: (() => string) | undefined;
}

/**
 * Asks Serena about the symbols and files that a request names, within one time limit, and packs the answers within a
 * token budget, behind what the host says of the open file. Without a client only the latter. Every failure of the client is data in the report; only an abort by the caller throws (`ERR_ABORTED`).
 */
export async function gatherCodeContext(
  client: SerenaClient | null,
  o: GatherOptions,
): Promise<{ report: SerenaReport; context: string | null }> {
  const started = o.clock.now();
  const root = client?.workspaceRoot ?? o.workspace;
  const target = targetOf(o, root);
  const calls: SerenaCall[] = [];
  const found: CodeSection[][] = [];
  if (client !== null && (target.symbols.length > 0 || target.files.length > 0)) {
    try {
      const what = { clock: o.clock, ms: o.timeoutMs, signal: o.signal, what: 'Asking Serena' };
      await withDeadline(what, (signal) =>
        askSerena(client, target, { clock: o.clock, signal, endsAt: started + o.timeoutMs, calls, found }),
      );
    } catch (error) {
      // Only the deadline and the caller end the questions early; what was found until then counts.
      if (!RouterError.is(error)) throw error;
    }
  }
  if (o.signal.aborted) throw abortError(o.signal);
  const open = o.fileContext && openFileSection(o.fileContext, root);
  const sections = [...(open ? [open] : []), ...found.flat()];
  const id = o.id ?? (() => globalThis.crypto.randomUUID().replaceAll('-', ''));
  const context = packContext(sections, { tokenBudget: o.tokenBudget, countTokens: o.countTokens, id });
  return {
    report: {
      state: client === null ? 'off' : stateOf(calls, found.flat().length > 0, o.task.requiresSerena),
      calls,
      tokens: context === null ? 0 : o.countTokens(context),
      elapsedMs: o.clock.now() - started,
    },
    context,
  };
}

const ABOUT_USES =
  /\b(?:refactor|renam|usages?\b|used\b|uses\b|calls?\b|called\b|callers?\b|referenc|impact|depend|affect|who\b|where\b)/i;
const ABOUT_ERRORS = /\b(?:errors?|warnings?|diagnostics?|compil\w*|type-?check\w*|lint\w*|squiggl\w*)\b/i;

function targetOf(o: GatherOptions, root: string | undefined): SerenaTarget {
  const { fileContext: open } = o;
  const mentions = mentionsIn(o.text);
  const files: SerenaTarget['files'][number][] = [];
  const openPath = open && relativePath(open.file, root);
  if (open && openPath !== undefined) {
    const { line, character } = open.position ?? { line: open.selection?.start.line, character: undefined };
    files.push({
      path: openPath,
      exact: true,
      line: isIndex(line) ? line : undefined,
      character: isIndex(character) ? character : undefined,
    });
  }
  for (const { path: named, line } of mentions.files) {
    const path = relativePath(named, root);
    if (path === undefined || openPath === path || openPath?.endsWith(`/${path}`)) continue;
    files.push({ path, exact: path.includes('/'), line, character: undefined });
  }
  return {
    symbols: mentions.symbols,
    files,
    open: openPath,
    uses: o.task.taskType === 'code_refactor' || ABOUT_USES.test(o.text.slice(0, 10_000)),
    errors: ABOUT_ERRORS.test(o.text.slice(0, 10_000)),
  };
}

function isIndex(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 1_000_000;
}

function stateOf(calls: readonly SerenaCall[], found: boolean, wanted: boolean): SerenaReport['state'] {
  if (found) return 'ok';
  if (calls.length === 0) return wanted ? 'empty' : 'not-needed';
  if (calls.some(({ outcome }) => outcome === 'timeout')) return 'timeout';
  return calls.every(({ outcome }) => outcome === 'error') ? 'failed' : 'empty';
}
