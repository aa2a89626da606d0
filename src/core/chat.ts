import type { Attempt, FallbackLevel, RoutingDecision } from './decision.js';
import type { CallOptions } from './events.js';
import type { ModelRef } from './model.js';
import type { TaskCategory } from './task.js';

/** Text in a message. @public */
export type TextPart = { type: 'text'; text: string };

/** A piece of a message, in OpenAI chat-completions form. @public */
export type ContentPart =
  | TextPart
  | { type: 'image_url'; image_url: { url: string; detail?: 'auto' | 'low' | 'high' } }
  | { type: 'input_audio'; input_audio: { data: string; format: 'wav' | 'mp3' } }
  | { type: 'file'; file: { file_data?: string; file_id?: string; filename?: string } }
  | { type: 'refusal'; refusal: string };

/** A call of a function that the model asks for. @public */
export interface ToolCall {
  /** Pairs the call with its result. */
  id: string;
  /** Always `function`. */
  type: 'function';
  /** Name and arguments; `arguments` is JSON text as the model wrote it. */
  function: { name: string; arguments: string };
}

/** A call of a custom tool; typed so that hosts can pass it, refused as `ERR_UNSUPPORTED`. @public */
export type CustomToolCall = { id: string; type: 'custom'; custom: { name: string; input: string } };

/** A message in OpenAI chat-completions form. @public */
export interface Message {
  /** Who speaks. */
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool' | 'function';
  /** What is said. */
  content?: string | ContentPart[] | null;
  /** Name of the speaker. */
  name?: string;
  /** What the assistant asks to be called. */
  tool_calls?: (ToolCall | CustomToolCall)[];
  /** Of a tool result: the call it answers. */
  tool_call_id?: string;
}

/** The model's answer as a message, ready to be pushed back. @public */
export interface AssistantMessage {
  /** Always `assistant`. */
  role: 'assistant';
  /** The text; `null` where there are only tool calls. */
  content: string | null;
  /** What it asks to be called. */
  tool_calls?: ToolCall[];
}

/** A tool that the model may call. @public */
export type ToolDefinition =
  | {
      type: 'function';
      function: { name: string; description?: string; parameters?: Record<string, unknown>; strict?: boolean | null };
    }
  | { type: 'custom'; custom: { name: string; description?: string } };

/** Which tools the model may or must call. @public */
export type ToolChoice =
  | 'none'
  | 'auto'
  | 'required'
  | { type: 'function'; function: { name: string } }
  | { type: 'custom'; custom: { name: string } }
  | { type: 'allowed_tools'; allowed_tools: { mode: 'auto' | 'required'; tools: Record<string, unknown>[] } };

/** The form that the answer must have. @public */
export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema';
      json_schema: {
        name: string;
        description?: string;
        schema?: Record<string, unknown>;
        strict?: boolean | null;
      };
    };

/** A place in a text file as LSP counts: 0-based line, 0-based UTF-16 unit. @public */
export interface Position {
  /** 0-based line. */
  readonly line: number;
  /** 0-based UTF-16 unit in the line. */
  readonly character: number;
}

/** From `start` up to, not including, `end`. @public */
export interface Range {
  /** First place. */
  readonly start: Position;
  /** Place behind the last. */
  readonly end: Position;
}

/** The file that the user looks at. @public */
export interface FileContext {
  /** Path, absolute or relative to the workspace. */
  readonly file: string;
  /** Its text, where the host has a newer one than the disk. */
  readonly text?: string | undefined;
  /** Where the cursor is. */
  readonly position?: Position | undefined;
  /** What is selected. */
  readonly selection?: Range | undefined;
}

/** Time limits in milliseconds; those of the call come before the service's, those before the router's. @public */
export interface Timeouts {
  /** From sending to the first content, per attempt. @defaultValue 120000 once loaded, 600000 while the server loads */
  readonly firstContentMs?: number | undefined;
  /** Between two contents; comments and empty deltas do not count. @defaultValue 60000 */
  readonly idleMs?: number | undefined;
  /** For the whole call. @defaultValue none */
  readonly totalMs?: number | undefined;
  /** For making the connection. @defaultValue 3000 */
  readonly connectMs?: number | undefined;
  /** In our own queue. @defaultValue none */
  readonly queueMs?: number | undefined;
}

/** A request, in OpenAI's words where it has them. @public */
export interface RouteRequest {
  /** What the user says; continues the session. */
  prompt?: string | undefined;
  /** Messages; appended to `session` if given, else on their own. */
  messages?: Message[] | undefined;
  /** Conversation to continue. @defaultValue 'default' for `prompt`, none for `messages` */
  session?: string | undefined;
  /** The file that the user looks at. */
  fileContext?: FileContext | undefined;
  /** Tools that the model may call. */
  tools?: ToolDefinition[] | undefined;
  /** Which of them it may or must call. */
  toolChoice?: ToolChoice | undefined;
  /** The form that the answer must have. */
  responseFormat?: ResponseFormat | undefined;
  /** Forced model: served id, catalogue key or `service/model`. */
  model?: string | undefined;
  /** Skips classification of the category. */
  task?: TaskCategory | undefined;
  /** Skips the estimate of complexity; 1 to 10. */
  complexity?: number | undefined;
  /** What to weigh most. @defaultValue 'balanced' */
  strategy?: 'quality' | 'balanced' | 'fast' | 'cheap' | undefined;
  /** Order in our queue. @defaultValue 'interactive' */
  priority?: 'interactive' | 'background' | undefined;
  /** Sampling temperature, 0 to 2. */
  temperature?: number | undefined;
  /** Nucleus sampling, 0 to 1. */
  topP?: number | undefined;
  /** Sample from the best k tokens only. */
  topK?: number | undefined;
  /** Seed of the sampler. */
  seed?: number | undefined;
  /** Texts that end the answer. */
  stop?: string | string[] | undefined;
  /** Most tokens of the answer. */
  maxTokens?: number | undefined;
  /** -2 to 2. */
  frequencyPenalty?: number | undefined;
  /** -2 to 2. */
  presencePenalty?: number | undefined;
  /** How much a reasoning model thinks. */
  reasoningEffort?: 'none' | 'low' | 'medium' | 'high' | undefined;
  /** Fill in the middle: `prompt` is what stands before, this what stands after. */
  suffix?: string | undefined;
  /** Context to load an Ollama model with, in tokens; `server` leaves it to the server. */
  numCtx?: number | 'server' | undefined;
  /** How long Ollama keeps the model loaded: seconds, or a Go duration such as `30m`. */
  keepAlive?: string | number | undefined;
  /** Merged into the wire request of the chosen server. */
  extraBody?: Record<string, unknown> | undefined;
  /** Stored with the conversation's message, not sent. */
  metadata?: Record<string, string> | undefined;
}

/** Options of one call; a grant is never part of request data. @public */
export interface RouteOptions extends CallOptions {
  /** Time limits of this call. */
  readonly timeouts?: Timeouts | undefined;
  /** Grants models outside the allowed network for this call, where the router allows them at all. @defaultValue false */
  readonly allowExternal?: boolean | undefined;
  /** `false`: Serena is not asked in this call; `true`: it is, whatever the task, about what the request names. @defaultValue as `serenaOptions.when` says; `explain` asks only with `true` */
  readonly serena?: boolean | undefined;
}

/** Tokens used. @public */
export interface Usage {
  /** Tokens of the prompt. */
  readonly inputTokens: number;
  /** Tokens of the answer. */
  readonly outputTokens: number;
  /** Prompt tokens that the server had cached. */
  readonly cachedTokens?: number | undefined;
  /** Tokens spent on reasoning. */
  readonly reasoningTokens?: number | undefined;
  /** Whether the server said so or we counted. */
  readonly source: 'reported' | 'estimated';
}

/** Why an answer ended. @public */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'unknown';

/** An answer. @public */
export interface RouteResult {
  /** Same as `decision.id`. */
  readonly id: string;
  /** The text, without reasoning. */
  readonly text: string;
  /** The answer as a message, ready to be pushed back. */
  readonly message: AssistantMessage;
  /** What the model thought, where it says so. */
  readonly reasoning?: string | undefined;
  /** What the model asks to be called. */
  readonly toolCalls: ToolCall[];
  /** Why it ended. */
  readonly finishReason: FinishReason;
  /** Tokens used. */
  readonly usage: Usage;
  /** The model that answered. */
  readonly model: ModelRef;
  /** What was decided, and why. */
  readonly decision: RoutingDecision;
  /** What was tried, in order. */
  readonly attempts: readonly Attempt[];
  /** How far down the list the answer came from. */
  readonly fallbackLevel: FallbackLevel;
  /** Durations in milliseconds. */
  readonly timings: RouteTimings;
  /** Edits that the answer proposes; nothing is applied. */
  readonly edits: readonly ProposedEdit[];
}

/** Durations of a call in milliseconds. @public */
export interface RouteTimings {
  /** Until the decision stood. */
  readonly decisionMs: number;
  /** In our own queue. */
  readonly queueMs: number;
  /** From the start of the call to the first content. */
  readonly firstContentMs: number;
  /** From start to end. */
  readonly totalMs: number;
}

/** A change to a file that an answer proposes. @public */
export interface ProposedEdit {
  /** How the answer wrote it. */
  readonly format: 'search-replace' | 'whole-file' | 'unified-diff' | 'apply-patch' | 'symbol';
  /** What it does. */
  readonly operation: 'edit' | 'create' | 'delete' | 'move';
  /** Path as the answer names it. */
  readonly file: string;
  /** Of a move: the new path. */
  readonly newFile?: string | undefined;
  /** Text to be replaced. */
  readonly search?: string | undefined;
  /** What replaces it. */
  readonly replace?: string | undefined;
  /** Whole new content. */
  readonly content?: string | undefined;
  /** Name path of the symbol to be replaced. */
  readonly symbol?: string | undefined;
  /** The change for a person to read. */
  readonly preview: string;
}

/** What a stream tells; unknown types are to be ignored. @public */
export type RouteEvent =
  | { readonly type: 'decision'; readonly decision: RoutingDecision }
  | {
      readonly type: 'status';
      readonly phase: 'serena' | 'queued' | 'loading' | 'generating';
      readonly model?: ModelRef | undefined;
      readonly queuePosition?: number | undefined;
    }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | {
      readonly type: 'tool-call-delta';
      readonly index: number;
      readonly id?: string | undefined;
      readonly name?: string | undefined;
      readonly arguments: string;
    }
  | { readonly type: 'tool-call'; readonly toolCall: ToolCall }
  | { readonly type: 'attempt-failed'; readonly attempt: Attempt }
  | { readonly type: 'done'; readonly result: RouteResult };
