import type { ServiceType } from './service.js';

/**
 * A value and where it comes from; `assumed` is a conservative guess.
 * @public
 */
export interface Fact<T> {
  /** The value. */
  readonly value: T;
  /** Who said so. */
  readonly source: 'server' | 'config' | 'catalog' | 'profiled' | 'assumed';
}

/**
 * What a model can do.
 * @public
 */
export type Capability =
  | 'completion'
  | 'chat'
  | 'fill-in-the-middle'
  | 'tools'
  | 'vision'
  | 'audio'
  | 'video'
  | 'reasoning'
  | 'json-schema'
  | 'embedding'
  | 'rerank'
  | 'image-generation'
  | 'speech';

/**
 * What a served name says about its model.
 * @public
 */
export interface ModelIdentity {
  /** The name as given. */
  readonly id: string;
  /** Catalogue key, or `null` where the name is no catalogued model. */
  readonly key: string | null;
  /** Of a derivative: the model it was probably made from. A guess, kept apart from `key`. */
  readonly base: string | null;
  /** Model family, for example `qwen-coder`. */
  readonly family: string | null;
  /** Version within the family, for example `2.5`. */
  readonly version: string | null;
  /** Parameters in billions. */
  readonly sizeB: number | null;
  /** Parameters used per token (mixture of experts), in billions. */
  readonly activeB: number | null;
  /** For example `instruct`, `thinking`, `base`. */
  readonly variant: string | null;
  /** Label such as `Q4_K_M`, as the name writes it. */
  readonly quantization: string | null;
  /** Who published this build. */
  readonly publisher: string | null;
  /** A finetune, distill, merge or otherwise altered model: its base's facts do not hold. */
  readonly derivative: boolean;
  /** Confidence in the reading, 0 to 1. */
  readonly confidence: number;
}

/**
 * A model at a service, with what is true of it now.
 * @public
 */
export interface ServedModel {
  /** The name that the server takes. */
  readonly id: string;
  /** Further names by which a host may ask for it: the server's own aliases, and the id with the endpoint's `modelPrefix` or behind its `name/`. */
  readonly aliases?: readonly string[] | undefined;
  /** Id of its service. */
  readonly service: string;
  /** Type of its service. @defaultValue read from `service` */
  readonly type?: ServiceType | undefined;
  /** Address of its service; `null` in process. */
  readonly baseURL?: string | null | undefined;
  /** Order among equals as the host configured it, lower first. @defaultValue 100 */
  readonly priority?: number | undefined;
  /** What its name says, and what its server says about the weights behind it; where they differ, the server. */
  readonly identity: ModelIdentity;
  /** Where the name and the server contradict each other, in words. */
  readonly notes?: readonly string[] | undefined;
  /** Digest of the weights or manifest. */
  readonly digest?: Fact<string> | undefined;
  /** Size on disk in bytes. */
  readonly sizeBytes?: Fact<number> | undefined;
  /** Quantisation label. */
  readonly quantization?: Fact<string> | undefined;
  /** What it can do. */
  readonly capabilities: Fact<readonly Capability[]>;
  /** Whether it is in memory. */
  readonly state: Fact<'loaded' | 'loading' | 'sleeping' | 'unloaded' | 'unknown'>;
  /** Whether it is generating. */
  readonly busy?: Fact<boolean> | undefined;
  /** Context in force now, or what a load would give, in tokens. */
  readonly contextLength: Fact<number>;
  /** The most that a load could give, in tokens. */
  readonly maxContextLength: Fact<number>;
  /** Requests it serves at once. */
  readonly parallelSlots?: Fact<number> | undefined;
  /** Memory in use in bytes. */
  readonly memoryBytes?: Fact<number> | undefined;
  /** Key-value cache in bytes per token at `f16`, from the model's own description; all layers counted in full. */
  readonly cacheBytesPerToken?: Fact<number> | undefined;
  /** Where its service is. */
  readonly locality: 'in-process' | 'loopback' | 'private' | 'external';
  /** Whether the service passes prompts on to another machine. */
  readonly remote: 'no' | 'yes' | 'unknown';
}

/**
 * Names one model at one service.
 * @public
 */
export interface ModelRef {
  /** The name that the server takes. */
  readonly id: string;
  /** Catalogue key. */
  readonly key: string | null;
  /** Id of its service. */
  readonly service: string;
  /** Type of its service. */
  readonly type: ServiceType;
  /** Address of its service; `null` in process. */
  readonly baseURL: string | null;
}

/**
 * Memory that a model needs, in bytes.
 * @public
 */
export interface MemoryEstimate {
  /** Weights. */
  readonly weightsBytes: number;
  /** Key-value cache at the asked context, over all slots. */
  readonly kvCacheBytes: number;
  /** Buffers of the runtime. */
  readonly overheadBytes: number;
  /** Sum of the three. */
  readonly totalBytes: number;
  /** Which inputs were not known and had to be assumed. */
  readonly assumed: readonly string[];
}
