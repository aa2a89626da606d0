import type { Capability, ServedModel } from '../../src/core/model.js';
import type { ServiceType } from '../../src/core/service.js';
import type { TaskCategory, TaskClassification } from '../../src/core/task.js';
import { parseModelId } from '../../src/models/model-id.js';

/** What a test says of a served model; the rest is an idle, loaded chat model with a window of 32k. */
export interface Given {
  service?: string;
  context?: number;
  max?: number;
  assumedContext?: boolean;
  state?: ServedModel['state']['value'];
  busy?: boolean;
  slots?: number;
  can?: Capability[];
  assumedCan?: boolean;
  quant?: string;
  sizeGb?: number;
  locality?: ServedModel['locality'];
  remote?: ServedModel['remote'];
  priority?: number;
  aliases?: string[];
}

/** A served model as discovery would describe it. */
export function served(id: string, o: Given = {}): ServedModel {
  const service = o.service ?? 'ollama@localhost:11434';
  const type = service.split('@')[0] as ServiceType;
  const context = { value: o.context ?? 32_768, source: o.assumedContext ? 'assumed' : 'server' } as const;
  return {
    id,
    service,
    type,
    baseURL: `http://${service.split('@')[1] ?? 'localhost'}`,
    identity: parseModelId(id, { service: type }),
    capabilities: {
      value: o.can ?? ['completion', 'chat', 'tools', 'json-schema'],
      source: o.assumedCan ? 'assumed' : 'server',
    },
    state: { value: o.state ?? 'loaded', source: 'server' },
    contextLength: context,
    maxContextLength: o.max === undefined ? context : { value: o.max, source: 'server' },
    locality: o.locality ?? 'loopback',
    remote: o.remote ?? 'no',
    ...(o.aliases && { aliases: o.aliases }),
    ...(o.priority === undefined ? {} : { priority: o.priority }),
    ...(o.busy === undefined ? {} : { busy: { value: o.busy, source: 'server' } }),
    ...(o.slots === undefined ? {} : { parallelSlots: { value: o.slots, source: 'server' } }),
    ...(o.quant === undefined ? {} : { quantization: { value: o.quant, source: 'server' } }),
    ...(o.sizeGb === undefined ? {} : { sizeBytes: { value: o.sizeGb * 1e9, source: 'server' } }),
  };
}

/** A task of a category and complexity. */
export function task(category: TaskCategory, score = 5): TaskClassification {
  return {
    category,
    confidence: 0.9,
    alternatives: [],
    requiresSerena: false,
    keywordsMatched: [],
    taskType: category === 'coding' ? 'code_generation' : category === 'documentation' ? 'creative' : category,
    complexity: { score, band: score <= 3 ? 'low' : score <= 6 ? 'medium' : 'high', reasons: [] },
  };
}
