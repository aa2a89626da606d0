import type { ServiceType } from '../core/service.js';
import { gpt4all } from './gpt4all.js';
import { jan } from './jan.js';
import { llamaCpp } from './llama-cpp.js';
import { lmStudio } from './lm-studio.js';
import { ollama } from './ollama.js';
import { openWebUI } from './open-webui.js';
import type { ServiceSpec } from './service-spec.js';
import { vllm } from './vllm.js';

/** The servers that are told apart, in the order in which they are tried on a shared port. */
export const SERVICE_SPECS: readonly ServiceSpec[] = [ollama, lmStudio, llamaCpp, openWebUI, vllm, jan, gpt4all];

/** The description of a type, if it has one of its own. */
export function specOf(type: ServiceType): ServiceSpec | undefined {
  return SERVICE_SPECS.find((spec) => spec.type === type);
}
