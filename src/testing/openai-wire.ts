import { type Answer, DONE, type Reply, sse, type Wire } from './generation.js';

type Json = Readonly<Record<string, unknown>>;

/** Where servers of the OpenAI dialect differ in `/v1/chat/completions`. */
export interface OpenAiStyle {
  /** A chunk around its choices; `last` goes on the last one. */
  chunk(choices: readonly Json[], last?: Json): Json;
  /** One choice of a chunk. */
  choice(delta: Json, finish: Answer['finish']): Json;
  /** First delta, before any content; `null`: the role stands in the first delta with content. */
  readonly role: Json | null;
  readonly reasoningField: 'reasoning' | 'reasoning_content';
  /** Members that every delta of text lacks and those of reasoning and tool calls have. */
  readonly besideText: Json;
  /** Whole calls, or name and arguments in fragments. */
  readonly wholeCalls: boolean;
  /** Delta of the chunk that says why it ended. */
  readonly finishDelta: Json;
  /** Whether the request asked for `usage` in the stream. */
  readonly includeUsage: boolean;
  usage(answer: Answer): Json;
  /** Further members of the last chunk. */
  last?(answer: Answer): Json;
  readonly streamHeaders?: Readonly<Record<string, string>>;
  readonly failure: string;
  readonly failed: Reply;
  whole(answer: Answer): Reply;
}

/** Whether the body asks for `usage` at the end of its stream. */
export function wantsUsage(body: Json): boolean {
  return (body['stream_options'] as Json | null | undefined)?.['include_usage'] === true;
}

/** Writes answers as a server of this style does. */
export function openAiWire(style: OpenAiStyle): Wire {
  const frame = (delta: Json, finish: Answer['finish'] = null): Json => style.chunk([style.choice(delta, finish)]);
  return {
    streamType: STREAM_TYPE,
    ...(style.streamHeaders && { streamHeaders: style.streamHeaders }),
    open: style.role === null ? [] : [sse(frame(style.role))],
    content(answer) {
      const deltas = [
        ...answer.reasoning.map((text) => ({ ...style.besideText, [style.reasoningField]: text })),
        ...answer.text.map((text) => ({ content: text })),
        ...(style.wholeCalls ? wholeCalls(answer) : fragments(answer)).map((calls) => ({
          ...style.besideText,
          tool_calls: calls,
        })),
      ];
      return deltas.map((delta, at) =>
        sse(frame(style.role === null && at === 0 ? { role: 'assistant', ...delta } : delta)),
      );
    },
    finish(answer) {
      const last = style.last?.(answer);
      const choices = [style.choice(style.finishDelta, answer.finish)];
      if (!style.includeUsage) return [sse(style.chunk(choices, last))];
      return [sse(style.chunk(choices)), sse(style.chunk([], { usage: style.usage(answer), ...last }))];
    },
    done: DONE,
    failure: style.failure,
    failed: style.failed,
    whole: style.whole,
  };
}

const STREAM_TYPE = 'text/event-stream';

/** The three numbers that all of them report. */
export function usageOf(answer: Answer): { prompt_tokens: number; completion_tokens: number; total_tokens: number } {
  // A broken-off answer is reported as nothing at all by those that report it.
  const known = answer.finish !== null;
  const prompt = known ? answer.promptTokens : 0;
  const output = known ? answer.outputTokens : 0;
  return { prompt_tokens: prompt, completion_tokens: output, total_tokens: prompt + output };
}

function wholeCalls(answer: Answer): Json[][] {
  return answer.toolCalls.length === 0
    ? []
    : [
        answer.toolCalls.map(({ id, name, arguments: text }, index) => ({
          id,
          index,
          type: 'function',
          function: { name, arguments: text },
        })),
      ];
}

function fragments(answer: Answer): Json[][] {
  return answer.toolCalls.flatMap(({ id, name, arguments: text }, index) => {
    const [first = '', ...rest] = text.match(/^.|.{1,6}/gs) ?? [];
    return [
      [{ index, id, type: 'function', function: { name, arguments: first } }],
      ...rest.map((part) => [{ index, function: { arguments: part } }]),
    ];
  });
}
