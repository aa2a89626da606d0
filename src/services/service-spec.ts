import type { ServedModel } from '../core/model.js';
import type { ServiceType } from '../core/service.js';

/** What an address answered to one request: the body is read, bounded and parsed. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; `undefined` where it is none, whatever its content type claims. */
  readonly json: unknown;
}

/** A request that discovery may send; method and path below the base URL. */
export type SafeRequest = `${'GET' | 'POST'} /${string}`;

/** Sends one request of a description's own table; `null` where no complete answer came. Equal GETs are sent once. */
export type Ask = (request: SafeRequest, body?: Readonly<Record<string, unknown>>) => Promise<Reply | null>;

/** What is known of a model beside its server; all of it may be left out. */
type Known = Omit<ServedModel, 'id' | 'service' | 'type' | 'baseURL' | 'priority' | 'identity' | 'locality' | 'notes'>;

/** What a server says about one model; what it leaves out is filled with assumed values. */
export type ModelFacts = { readonly [K in keyof Known]?: Known[K] | undefined } & {
  readonly id: string;
  /** The file or repository that the server names as weights; wins over the served name. */
  readonly weights?: string | undefined;
  /** How many parameters the weights have; wins over the served name too. */
  readonly parameters?: number | undefined;
  /** Their architecture as GGUF files name it, for example `qwen3moe`. */
  readonly architecture?: string | undefined;
  /** Address at which the model's own server answers, where a proxy says it. */
  readonly upstream?: string | undefined;
};

/** What a server says about itself and its models. */
export interface Reading {
  /** `down`: it answers, and says that it cannot work. */
  readonly status: 'up' | 'loading' | 'unauthorized' | 'down';
  readonly version?: string | undefined;
  readonly models: readonly ModelFacts[];
  /** Requests that the server takes at once, all models together. */
  readonly maxConcurrent?: number | undefined;
  /** The `owned_by` of an OpenAI-style list, where it was read without knowing whose it is. */
  readonly owner?: string | undefined;
  /** It is a proxy although its description does not say so: models that another server lists are listed there only. */
  readonly isProxy?: boolean | undefined;
  /** Of a proxy: what it stands before, as far as it says. */
  readonly behind?: readonly ServiceType[] | undefined;
  /** Ports of this machine at which processes of its own serve its models. */
  readonly childPorts?: readonly number[] | undefined;
  /** Why it is `unauthorized`, where giving a key as usual is not the answer. */
  readonly refused?: Refused | undefined;
}

/** A refusal in words. */
export interface Refused {
  /** Ends the sentence that begins with the server's name and address. */
  readonly why: string;
  readonly remedy: string;
}

/** What a request that loads or unloads is about. */
export interface ControlledModel {
  readonly id: string;
  /** Further names of it, the server's own among them. */
  readonly aliases: readonly string[];
  readonly isEmbedding: boolean;
  /** The context to load with, in tokens, where the server takes one from a request. */
  readonly numCtx: number | undefined;
  /** The host wants it kept in memory. */
  readonly isPinned: boolean;
}

/** One request of a {@link ModelControl}; the path is below the base URL. */
export interface ControlRequest {
  readonly path: `/${string}`;
  /** Default: POST with the body, or an empty object. */
  readonly method?: 'GET' | undefined;
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** How a server is told to load or to unload a model. Only ever sent because the host asked for just that. */
export interface ModelControl {
  /** Several: one for each name under which the model may be in memory; what is not there is no failure. */
  requests(model: ControlledModel): readonly ControlRequest[];
  /** What a reply means where its status does not tell. */
  outcome?(reply: Reply): 'done' | 'failed' | 'unsupported' | undefined;
  /** The reply comes before the end: the model's state tells it. */
  readonly isEarly?: boolean | undefined;
  /** Sent for a model in memory too: it then stays longer. */
  readonly renews?: boolean | undefined;
  /** Takes models that the server does not list. */
  readonly takesUnlisted?: boolean | undefined;
}

/**
 * One kind of server: where it listens, what may be asked, how it is known and what its answers mean.
 * A new kind is a new file with one of these and one line in `registry.ts`.
 */
export interface ServiceSpec {
  readonly type: ServiceType;
  /** Name for people. */
  readonly name: string;
  /** Ports that it listens on by default. */
  readonly ports: readonly number[];
  /** Name of the transport that talks to it. */
  readonly transport: string;
  /** Where the OpenAI dialect begins below the base URL. Default: `/v1`. */
  readonly apiPath?: string | undefined;
  /** Whether it answers in one piece, at the end: the first content then takes as long as the whole answer. */
  readonly answersWhole?: boolean | undefined;
  /** Whether it cuts a prompt without a word where prompt and answer together do not fit. */
  readonly cutsPrompts?: boolean | undefined;
  /** Whether it ends the stream of an overlong prompt without a byte. */
  readonly endsOverlong?: boolean | undefined;
  /** Whether it takes `response_format: json_object` and lets the model write what it likes. */
  readonly looseJson?: boolean | undefined;
  /** Whether a request may set the context window to load with (`num_ctx`). */
  readonly usesNumCtx: boolean;
  /** The `owned_by` of its OpenAI-style model list, where that tells it from others. */
  readonly owner?: string | undefined;
  /** Whether it passes requests on to other servers; a model that one of those lists itself is listed there only. */
  readonly isProxy?: boolean | undefined;
  /** How it loads and unloads on request, where it can. */
  readonly load?: ModelControl | undefined;
  readonly unload?: ModelControl | undefined;
  /** Requests of other tables that have a side effect at this one: never sent where the host says that it is this one. */
  readonly never?: readonly SafeRequest[] | undefined;
  /** Everything that discovery may send: nothing here loads, wakes, unloads or downloads a model or spends a token. */
  readonly requests: readonly SafeRequest[];
  /** Whether this server answers, by the shape of its replies (body and headers), never by a status alone. */
  identify(ask: Ask): Promise<boolean>;
  /**
   * The runtime truth; `null` where the answers cannot be read as this server's. `named` are the models that the host
   * lists, for servers that do not say theirs.
   */
  read(ask: Ask, named?: readonly string[]): Promise<Reading | null>;
  /**
   * The digests that it tells of one name now, as listed or of what is in memory; `null` without an answer. Where this is left
   * out, all is read for the listed ones, and nothing tells what is in memory.
   */
  digests?(ask: Ask, id: string, of: 'listed' | 'loaded'): Promise<readonly string[] | null>;
}
