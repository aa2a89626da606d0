/// <reference lib="esnext.disposable" preserve="true" />
import type { Message, ToolDefinition } from '../core/chat.js';
import type { Capability } from '../core/model.js';
import type { KnownServiceType } from '../core/service.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeFault, FakeFaultName } from './faults.js';

/**
 * A running fake server on loopback.
 * @public
 */
export interface FakeServer {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly url: string;
  /** The port it listens on. */
  readonly port: number;
  /** The server that it imitates. */
  readonly type: KnownServiceType;
  /** What it was asked so far, oldest first. */
  readonly requests: readonly FakeRequest[];
  /** Stops it at once, open replies included. */
  close(): Promise<void>;
  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A model of a fake server; everything but `id` has a default.
 * @public
 */
export interface FakeModel {
  /** Name under which it is served. */
  readonly id: string;
  /** Context in force once it is loaded, in tokens. @defaultValue 4096 for Ollama, 8192 for the others */
  readonly contextLength?: number | undefined;
  /** Largest context of the model, in tokens. @defaultValue 32768, at least `contextLength` */
  readonly maxContextLength?: number | undefined;
  /** What it can do. @defaultValue chat, completion and tools */
  readonly capabilities?: readonly Capability[] | undefined;
  /** Whether it is in memory from the start. @defaultValue only the first default model; servers of one model always */
  readonly loaded?: boolean | undefined;
  /** Size of its weights. @defaultValue 4.7 GB */
  readonly sizeBytes?: number | undefined;
  /** Its quantisation, as the server writes it. @defaultValue 'Q4_K_M' */
  readonly quantization?: string | undefined;
  /** 64 hex digits. @defaultValue made from `id` */
  readonly digest?: string | undefined;
  /** Architecture, for example `qwen2`. @defaultValue what `id` says, else 'llama' */
  readonly family?: string | undefined;
  /** As the servers write it, for example `7.6B`. @defaultValue what `id` says, else '7.6B' */
  readonly parameterSize?: string | undefined;
  /**
   * Ollama, Jan, llama-swap and Lemonade: listed as a model that runs on another host, and fails when asked. Open WebUI: comes from an OpenAI connection.
   * @defaultValue false
   */
  readonly remote?: boolean | undefined;
}

/**
 * A call of a tool in a fake answer.
 * @public
 */
export interface FakeToolCall {
  /** Name of the function. */
  readonly name: string;
  /** Its arguments; a text is taken as the JSON that the model wrote. */
  readonly arguments: Readonly<Record<string, unknown>> | string;
}

/**
 * A fake answer.
 * @public
 */
export interface FakeReply {
  /** The text; streamed word by word. @defaultValue '' */
  readonly text?: string | undefined;
  /** What the model thought, in the field that the server has for it. */
  readonly reasoning?: string | undefined;
  /** What it asks to be called. */
  readonly toolCalls?: readonly FakeToolCall[] | undefined;
  /** Why it ends. @defaultValue 'tool_calls' with tool calls, 'length' where the limit of the request cut it, else 'stop' */
  readonly finishReason?: 'stop' | 'length' | 'tool_calls' | undefined;
}

/**
 * A question to a fake model.
 * @public
 */
export interface FakeChat {
  /** Name of the served model that answers. */
  readonly model: string;
  /** The messages as they came over the wire. */
  readonly messages: readonly Message[];
  /** The tools on offer. */
  readonly tools: readonly ToolDefinition[];
  /** The whole request. */
  readonly request: FakeRequest;
}

/**
 * Options of a fake server.
 * @public
 */
export interface FakeServerOptions {
  /** Port on 127.0.0.1. @defaultValue 0, any free one */
  readonly port?: number | undefined;
  /** What it serves. @defaultValue two models */
  readonly models?: readonly FakeModel[] | undefined;
  /** What it answers. @defaultValue one short sentence */
  readonly reply?: string | ((chat: FakeChat) => string | FakeReply | Promise<string | FakeReply>) | undefined;
  /** Pause before each piece of a streamed answer, in milliseconds. @defaultValue 0 */
  readonly delayMs?: number | undefined;
  /** Key that it asks for; without it a request gets the server's own refusal. @defaultValue none */
  readonly apiKey?: string | undefined;
  /** What goes wrong: the first entry that fits, or what the function says of each request. @defaultValue nothing */
  readonly faults?:
    | readonly (FakeFaultName | FakeFault)[]
    | ((request: FakeRequest) => FakeFaultName | undefined)
    | undefined;
}
