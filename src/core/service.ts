import type { Timeouts } from './chat.js';
import type { Capability, ServedModel } from './model.js';

/**
 * The servers that are told apart out of the box.
 * @public
 */
export type KnownServiceType =
  | 'ollama'
  | 'lmstudio'
  | 'jan'
  | 'open-webui'
  | 'localai'
  | 'vllm'
  | 'llama.cpp'
  | 'koboldcpp'
  | 'gpt4all'
  | 'text-generation-webui'
  | 'sglang'
  | 'llama-swap'
  | 'docker-model-runner'
  | 'lemonade'
  | 'tabbyapi'
  | 'mlx-lm'
  | 'llama-cpp-python'
  | 'openai-compatible';

/**
 * A known server, or a kind of the host's own (`custom:...`).
 * @public
 */
export type ServiceType = KnownServiceType | `custom:${string}`;

/**
 * A server that the host names, or an override of a default one.
 * @public
 */
export interface ServiceEndpoint {
  /** What server it is; `openai-compatible` fits any that speaks that protocol. */
  readonly type: ServiceType;
  /** Address, with or without `/v1` and trailing slash, for example `http://192.168.1.20:8000`. Keys do not belong in it. */
  readonly baseURL: string;
  /** Name for people; `name/model` also names a model of this service. @defaultValue the server's usual name */
  readonly name?: string | undefined;
  /** `false` switches this address off, also a default one. @defaultValue true */
  readonly enabled?: boolean | undefined;
  /** Order among equals, lower first. @defaultValue 100 */
  readonly priority?: number | undefined;
  /** Key, or a function that gives a short-lived one; sent as `Authorization: Bearer` to this origin only. */
  readonly apiKey?: string | (() => string | Promise<string>) | undefined;
  /** Further request headers, sent to this origin only. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Context window in tokens where the server does not say. */
  readonly contextLength?: number | undefined;
  /** Time-outs of this service; a call's own come first. */
  readonly timeouts?: Timeouts | undefined;
  /** Repetitions after a transient error, before the first content. @defaultValue the router's `retry.maxRetries` */
  readonly maxRetries?: number | undefined;
  /** Requests in flight at once. @defaultValue what the server reports, 1 for KoboldCpp, else no limit of ours */
  readonly maxConcurrent?: number | undefined;
  /** Own paths of an `openai-compatible` endpoint, below its origin. */
  readonly paths?:
    | {
        /** List of models. @defaultValue '/v1/models' */
        readonly models?: string | undefined;
        /** Chat completions. @defaultValue '/v1/chat/completions' */
        readonly chat?: string | undefined;
        /** Health check. */
        readonly health?: string | undefined;
      }
    | undefined;
  /** Put before each model id of this service when models are named. */
  readonly modelPrefix?: string | undefined;
  /** `openai` talks to Ollama through `/v1` instead of its native API. @defaultValue 'native' where there is one */
  readonly apiStyle?: 'native' | 'openai' | undefined;
  /** The host's own list: where the server may not be asked, and its word that these models stay local. */
  readonly models?: readonly string[] | undefined;
}

/**
 * A server that was found.
 * @public
 */
export interface Service {
  /** Stable id, `type@host:port`. */
  readonly id: string;
  /** What server it is. */
  readonly type: ServiceType;
  /** Name for people. */
  readonly name: string;
  /** Origin and path prefix; `null` for a model in process. */
  readonly baseURL: string | null;
  /** The server's own version. */
  readonly version?: string | undefined;
  /** Whether it answers. */
  readonly status: 'up' | 'loading' | 'unauthorized' | 'down';
  /** The last answer is older than the last attempt to get one. */
  readonly stale: boolean;
  /** When it last answered, milliseconds since the epoch. */
  readonly lastSeenMs: number;
  /** Whether requests to it carry a key, or a header of the host's that is one. @defaultValue false */
  readonly keyed?: boolean | undefined;
  /** Of a proxy: what it stands before; a model reachable both ways is listed at its own server only. */
  readonly behind?: readonly ServiceType[] | undefined;
  /** What it serves. */
  readonly models: readonly ServedModel[];
}

/**
 * What a discovery run found.
 * @public
 */
export interface DiscoveryReport {
  /** Addresses that answered as a known server. */
  readonly services: readonly Service[];
  /** The rest, each with its reason. */
  readonly failures: readonly DiscoveryFailure[];
  /** Duration in milliseconds. */
  readonly elapsedMs: number;
}

/**
 * An address at which no usable server answered.
 * @public
 */
export interface DiscoveryFailure {
  /** The address. */
  readonly baseURL: string;
  /** What was expected there, where anything was. */
  readonly type?: ServiceType | undefined;
  /** Stable reason: a `RouterErrorCode`, or a system code such as `ECONNREFUSED`. */
  readonly code: string;
  /** The reason in words. */
  readonly reason: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
}

/**
 * Something about a service or its models changed.
 * @public
 */
export type ServiceChange =
  | { readonly type: 'service-up' | 'service-down' | 'service-loading'; readonly service: Service }
  | {
      readonly type: 'model-added' | 'model-removed' | 'model-loaded' | 'model-unloaded';
      readonly service: Service;
      readonly model: ServedModel;
    };

/**
 * A kind of server of the host's own, found like the built-in ones.
 * @public
 */
export interface ServiceDefinition {
  /** Its name, beginning with `custom:`. */
  readonly type: `custom:${string}`;
  /** Ports to try on each host. */
  readonly ports: readonly number[];
  /** GET paths without side effect. */
  readonly probes: readonly string[];
  /** Says from the replies whether this is the server, and what it serves; `null` if it is another. */
  identify(
    replies: {
      /** The path that was asked. */
      path: string;
      /** HTTP status. */
      status: number;
      /** Reply headers. */
      headers: Headers;
      /** Parsed JSON, or the text where it is none. */
      body: unknown;
    }[],
  ): {
    /** The server's version. */
    version?: string;
    /** What it serves. */
    models: {
      /** Served id. */
      id: string;
      /** Context window in force, in tokens. */
      contextLength?: number;
      /** What the model can do. */
      capabilities?: Capability[];
    }[];
  } | null;
  /** Name of the `Transport` that talks to it. */
  readonly transport: string;
}
