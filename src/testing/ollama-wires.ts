import { parseJson } from '../internal/json.js';
import { type Answer, type Reply, sse, type Wire } from './generation.js';
import { openAiWire, usageOf } from './openai-wire.js';

/** What an answer is about. */
export interface Told {
  /** The name as the request wrote it: it is echoed. */
  readonly name: string;
  readonly count: number;
  /** Whether the model had to be loaded for it. */
  readonly cold: boolean;
}

// Go sends a length where the whole body fits its buffer, else chunks.
const sized = (headers: Record<string, string>, status: number, body: string): Reply => ({
  status,
  headers,
  body,
  ...(body.length > 2_048 && { chunked: true }),
});

/** A reply of the native routes. */
export const native = (value: unknown, status = 200): Reply =>
  sized({ 'Content-Type': 'application/json; charset=utf-8' }, status, JSON.stringify(value));

/** A reply of the OpenAI routes: another type, and a line end. */
export const compatible = (value: unknown, status = 200): Reply =>
  sized({ 'Content-Type': 'application/json' }, status, `${JSON.stringify(value)}\n`);

const TYPES: Readonly<Record<number, string>> = { 400: 'invalid_request_error', 404: 'not_found_error' };

/** An error of the OpenAI routes. */
export const compatibleError = (message: string, status: number): Reply =>
  compatible({ error: { message, type: TYPES[status] ?? 'api_error', param: null, code: null } }, status);

/** What a dead runner leaves. */
const FAILURE = 'an error was encountered while running the model: unexpected EOF';

/** `/api/chat`, or `/api/generate` with `response` in place of a message. */
export function nativeWire(told: Told, route: 'chat' | 'generate'): Wire {
  const started = Date.now();
  const line = (content: string, more: object): object => ({
    model: told.name,
    created_at: stamp(),
    ...say(content, more),
  });
  const say = (content: string, more: object): object =>
    route === 'chat' ? { message: { role: 'assistant', content, ...more } } : { response: content, ...more };
  const calls = ({ toolCalls }: Answer): object =>
    toolCalls.length === 0
      ? {}
      : {
          tool_calls: toolCalls.map(({ id, name, arguments: text }, index) => ({
            id,
            function: { index, name, arguments: parseJson(text) ?? {} },
          })),
        };
  const end = (answer: Answer): object =>
    answer.finish === null
      ? { done: false }
      : {
          done: true,
          done_reason: answer.finish === 'length' ? 'length' : 'stop',
          ...(route === 'generate' && { context: [1, 2, 3] }),
          total_duration: (Date.now() - started + 1) * 1_000_000,
          load_duration: told.cold ? 250_000_000 : 1_000_000,
          prompt_eval_count: answer.promptTokens,
          prompt_eval_duration: answer.promptTokens * 500_000,
          // Counts of nothing are left out.
          ...(answer.outputTokens > 0 && {
            eval_count: answer.outputTokens,
            eval_duration: answer.outputTokens * 20_000_000,
          }),
        };
  const row = (value: object): string => `${JSON.stringify(value)}\n`;
  return {
    streamType: 'application/x-ndjson',
    open: [],
    content: (answer) => [
      ...answer.reasoning.map((thinking) => row({ ...line('', { thinking }), done: false })),
      ...answer.text.map((text) => row({ ...line(text, {}), done: false })),
    ],
    // Whole tool calls stand on the last line.
    finish: (answer) => [row({ ...line('', calls(answer)), ...end(answer) })],
    done: '',
    failure: row({ error: FAILURE }),
    failed: native({ error: FAILURE }, 500),
    whole: (answer) => {
      const thinking = answer.reasoning.length > 0 ? { thinking: answer.reasoning.join('') } : {};
      return native({ ...line(answer.text.join(''), { ...thinking, ...calls(answer) }), ...end(answer) });
    },
  };
}

/** `/v1/chat/completions`. */
export function compatibleWire(told: Told, includeUsage: boolean): Wire {
  const id = `chatcmpl-${told.count % 999}`;
  const created = Math.floor(Date.now() / 1000);
  const about = (object: string, model = told.name) => ({
    id,
    object,
    created,
    model,
    system_fingerprint: 'fp_ollama',
  });
  const chunk = (choices: readonly object[], last?: object) => ({
    ...about('chat.completion.chunk'),
    choices,
    ...last,
  });
  return openAiWire({
    chunk,
    choice: (delta, finish) => ({ index: 0, delta, finish_reason: finish }),
    role: null,
    reasoningField: 'reasoning',
    besideText: { content: '' },
    wholeCalls: true,
    finishDelta: {},
    includeUsage,
    usage: usageOf,
    // The text of the error is lost on this route: a chunk without a model, then the end.
    failure: sse({
      ...about('chat.completion.chunk', ''),
      choices: [{ index: 0, delta: { content: '' }, finish_reason: null }],
    }),
    failed: compatibleError(FAILURE, 500),
    whole: (answer) =>
      compatible({
        ...about('chat.completion'),
        choices: [{ index: 0, message: message(answer), finish_reason: answer.finish }],
        usage: usageOf(answer),
      }),
  });
}

function message(answer: Answer): object {
  const tool_calls = answer.toolCalls.map(({ id, name, arguments: text }, index) => ({
    id,
    index,
    type: 'function',
    function: { name, arguments: text },
  }));
  return {
    role: 'assistant',
    content: answer.text.join(''),
    ...(answer.reasoning.length > 0 && { reasoning: answer.reasoning.join('') }),
    ...(tool_calls.length > 0 && { tool_calls }),
  };
}

/** Now, with the nine decimals that Go writes. */
export const stamp = (at = Date.now()): string => new Date(at).toISOString().replace('Z', '123456Z');
