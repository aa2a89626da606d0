import type { ServedFake } from './fake-settings.js';
import { type Answer, type Reply, sse, type Wire } from './generation.js';
import { openAiWire, usageOf } from './openai-wire.js';

/** An entry of `GET /api/models`, by the kind of connection that it comes from. */
export function openWebUIEntry(model: ServedFake): object {
  const { id } = model;
  if (model.remote) {
    const upstream = { id, object: 'model', created: 1_700_000_000, owned_by: 'openai' };
    return {
      ...upstream,
      // The label of every such connection, wherever it leads.
      connection_type: 'external',
      name: id,
      openai: { ...upstream, connection_type: 'external' },
      provider: '',
      urlIdx: 0,
      actions: [],
      filters: [],
      tags: [],
    };
  }
  return {
    id,
    name: id,
    object: 'model',
    created: 0,
    owned_by: 'ollama',
    ollama: {
      name: id,
      model: id,
      modified_at: '2026-11-20T10:00:00Z',
      size: model.sizeBytes,
      digest: model.digest,
      details: {
        parent_model: '',
        format: 'gguf',
        family: model.family,
        families: [model.family],
        parameter_size: model.parameterSize,
        quantization_level: model.quantization,
      },
      capabilities: ollamaWords(model),
      connection_type: 'local',
      urls: [0],
      ...(model.loaded && { expires_at: 1_795_215_600 }),
    },
    ...(model.loaded && { loaded: true }),
    connection_type: 'local',
    tags: [],
    actions: [],
    filters: [],
  };
}

function ollamaWords({ capabilities }: ServedFake): string[] {
  if (capabilities.has('embedding')) return ['embedding'];
  const words = (['tools', 'vision'] as const).filter((word) => capabilities.has(word));
  return ['completion', ...words, ...(capabilities.has('reasoning') ? ['thinking'] : [])];
}

const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
const now = (): number => Math.floor(Date.now() / 1000);
const ERROR = { error: { message: 'upstream broke', type: 'server_error', code: 'interrupted' } };

/** What an OpenAI connection answers; it is passed on unchanged. */
export function openAiChatWire(model: string, number: string, includeUsage: boolean): Wire {
  const about = (object: string) => ({ id: `chatcmpl-${number}`, object, created: now(), model });
  return {
    ...openAiWire({
      chunk: (choices, last) => ({ ...about('chat.completion.chunk'), choices, ...last }),
      choice: (delta, finish) => ({ index: 0, delta, finish_reason: finish }),
      role: { role: 'assistant', content: '' },
      reasoningField: 'reasoning_content',
      besideText: {},
      wholeCalls: false,
      finishDelta: {},
      includeUsage,
      usage: usageOf,
      failure: sse(ERROR),
      failed: json(ERROR, 500),
      whole: (answer) =>
        json({
          ...about('chat.completion'),
          choices: [{ index: 0, message: message(answer), finish_reason: answer.finish }],
          usage: usageOf(answer),
        }),
    }),
    streamType: 'text/event-stream; charset=utf-8',
  };
}

/** What an Ollama connection answers, as it is rewritten into the OpenAI dialect. */
export function ollamaChatWire(model: string, number: string): Wire {
  const created = now();
  const choice = (rest: object, finish: Answer['finish']) => ({
    index: 0,
    logprobs: null,
    finish_reason: finish,
    ...rest,
  });
  return openAiWire({
    chunk: (choices, last) => ({
      id: `chatcmpl-${number}`,
      created,
      model,
      choices,
      object: 'chat.completion.chunk',
      ...last,
    }),
    choice: (delta, finish) => choice({ delta }, finish),
    role: null,
    reasoningField: 'reasoning_content',
    besideText: {},
    wholeCalls: true,
    finishDelta: {},
    // Always in the last chunk, whether asked for or not.
    includeUsage: false,
    usage,
    last: (answer) => ({ usage: usage(answer) }),
    failure: sse(ERROR),
    failed: json(ERROR, 500),
    whole: (answer) =>
      json({
        id: `${model}-${number}`,
        created,
        model,
        choices: [choice({ message: message(answer) }, answer.finish)],
        object: 'chat.completion',
        usage: usage(answer),
      }),
  });
}

function message(answer: Answer): object {
  const tool_calls = answer.toolCalls.map(({ id, name, arguments: text }, index) => ({
    index,
    id,
    type: 'function',
    function: { name, arguments: text },
  }));
  return {
    role: 'assistant',
    content: answer.text.join(''),
    ...(answer.reasoning.length > 0 && { reasoning_content: answer.reasoning.join('') }),
    ...(tool_calls.length > 0 && { tool_calls }),
  };
}

function usage(answer: Answer): Record<string, unknown> {
  const { prompt_tokens, completion_tokens, total_tokens } = usageOf(answer);
  return {
    input_tokens: prompt_tokens,
    output_tokens: completion_tokens,
    total_tokens,
    prompt_tokens,
    completion_tokens,
    'response_token/s': 50,
    'prompt_token/s': 900,
    total_duration: 1_000_000_000,
    load_duration: 1_000_000,
    prompt_eval_count: prompt_tokens,
    prompt_eval_duration: 10_000_000,
    eval_count: completion_tokens,
    eval_duration: 100_000_000,
    approximate_total: '0h0m1s',
    completion_tokens_details: { reasoning_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  };
}
