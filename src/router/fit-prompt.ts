import { chooseNumCtx } from '../context/num-ctx.js';
import type { PreparedPrompt } from '../context/prepared-prompt.js';
import type { ContextReport } from '../core/decision.js';
import type { Fact, ModelRef, ServedModel } from '../core/model.js';
import { modelError } from '../internal/model-error.js';
import { refKey } from '../internal/model-name.js';
import { contextWithin } from '../models/memory.js';
import type { Question } from './question.js';
import { type RouterState, servedModel } from './router-state.js';

/** A prompt that fits one model, and what is told about it. */
export interface FittedPrompt {
  readonly model: ModelRef;
  readonly served: ServedModel;
  readonly prompt: PreparedPrompt;
  readonly numCtx: number | undefined;
  /** The answer's limit to send: the caller's, and less where the server would rather cut the prompt. */
  readonly maxTokens: number | undefined;
  readonly report: ContextReport;
  readonly notes: readonly string[];
}

/** Stands for "as long as need be": a window that nobody knows is no reason to cut a prompt. */
const UNKNOWN_WINDOW = 2 ** 30;

/**
 * Fits a question to a model's window. `reduceTo` is the window to squeeze it into after the server refused it as too long.
 * Throws `ERR_CONTEXT_OVERFLOW`, and `ERR_NO_MODEL` if the model is gone.
 */
export async function fitPrompt(
  state: RouterState,
  { request, messages, system }: Question,
  model: ModelRef,
  reduceTo: number | undefined,
  signal: AbortSignal,
): Promise<FittedPrompt> {
  const { parts } = state;
  const served = servedModel(state, model);
  const connection = parts.discovery.connection(model.service);
  if (served === undefined || connection === undefined) {
    throw modelError('ERR_NO_MODEL', model, 'it is gone.');
  }
  const asksNumCtx = connection.usesNumCtx && request.wire.numCtx !== 'server';
  const inForce = contextInForce(state, served, connection.service.lastSeenMs);
  const window = withinMemory(windowOf(served, asksNumCtx, request.wire.numCtx), asksNumCtx, {
    state,
    served,
    inForce,
  });
  const prompt = await parts.context.prepare({
    session: request.session,
    system,
    messages,
    tools: request.wire.tools,
    model: { key: model.key, contextLength: window.source === 'assumed' ? UNKNOWN_WINDOW : window.value },
    reservedOutput: request.wire.maxTokens,
    reduceTo,
    signal,
  });
  const numCtx = asksNumCtx ? numCtxFor(window, request.wire.numCtx, prompt, inForce) : undefined;
  const limit: Fact<number> = numCtx === undefined ? window : { value: numCtx, source: window.source };
  return {
    model,
    served,
    prompt,
    numCtx,
    maxTokens: connection.cutsPrompts ? roomBeside(prompt, window, request.wire.maxTokens) : request.wire.maxTokens,
    report: {
      inputTokens: prompt.tokens,
      limit,
      reservedOutput: Math.min(prompt.reservedOutput, Math.max(0, limit.value - prompt.tokens)),
      ...(numCtx === undefined ? {} : { numCtx }),
      compaction: prompt.compaction,
    },
    notes: [...prompt.notes, ...windowNotes(served, limit, numCtx, inForce), ...nameNotes(served)],
  };
}

/** The window that a prompt may fill: what a load could give where we may ask for one, else what is in force. */
function windowOf(served: ServedModel, asksNumCtx: boolean, asked: number | 'server' | undefined): Fact<number> {
  const { contextLength, maxContextLength } = served;
  if (!asksNumCtx) return contextLength;
  if (typeof asked === 'number') return { value: asked, source: 'config' };
  // A model that is in memory with more than its listed maximum knows better.
  return maxContextLength.value >= contextLength.value ? maxContextLength : contextLength;
}

/** What an answer may take without taking it from the prompt, whose tokens are an estimate. */
function roomBeside({ tokens }: PreparedPrompt, window: Fact<number>, asked: number | undefined): number | undefined {
  if (window.source === 'assumed') return asked;
  const room = Math.max(1, window.value - tokens - Math.ceil(tokens / 8));
  return Math.min(asked ?? room, room);
}

/** The context that the model is loaded with, in tokens: by the server's word, or by our own request since; 0 if unloaded. */
function contextInForce(state: RouterState, served: ServedModel, lastSeenMs: number): number {
  const ours = state.answered.get(refKey(served));
  if (ours?.numCtx !== undefined && ours.atMs >= lastSeenMs) return ours.numCtx;
  return served.state.value === 'loaded' && served.contextLength.source === 'server' ? served.contextLength.value : 0;
}

/** Asks for no longer context than `maxVramGb` has room for; what is loaded already has shown that it fits. */
function withinMemory(
  window: Fact<number>,
  asksNumCtx: boolean,
  { state, served, inForce }: { readonly state: RouterState; readonly served: ServedModel; readonly inForce: number },
): Fact<number> {
  const { maxVramBytes } = state.parts.selector;
  if (!asksNumCtx || maxVramBytes === null || window.source === 'config') return window;
  const max = window.source === 'assumed' ? UNKNOWN_WINDOW : window.value;
  const value = Math.max(inForce, contextWithin(served, maxVramBytes, max));
  return value < max ? { value, source: 'config' } : window;
}

function numCtxFor(
  window: Fact<number>,
  asked: number | 'server' | undefined,
  prompt: PreparedPrompt,
  inForce: number,
): number {
  if (typeof asked === 'number') return asked;
  // A loaded model is worth some room for the answer: asking for more would load it anew.
  if (prompt.tokens + Math.min(prompt.reservedOutput, Math.floor(inForce / 4)) <= inForce) return inForce;
  return chooseNumCtx({
    needed: prompt.tokens + prompt.reservedOutput,
    max: window.source === 'assumed' ? UNKNOWN_WINDOW : window.value,
  });
}

function nameNotes({ id, notes = [] }: ServedModel): string[] {
  return notes.map((note) => `${id}: ${note}`);
}

function windowNotes(served: ServedModel, limit: Fact<number>, numCtx: number | undefined, inForce: number): string[] {
  const notes: string[] = [];
  if (limit.source === 'assumed' && numCtx === undefined) {
    notes.push(
      `${served.service} does not say how long a prompt ${served.id} takes; give \`contextLength\` of the service.`,
    );
  }
  if (numCtx !== undefined && inForce !== 0 && inForce !== numCtx) {
    notes.push(`${served.id} is loaded anew with a context of ${numCtx} tokens (now ${inForce}).`);
  }
  return notes;
}
