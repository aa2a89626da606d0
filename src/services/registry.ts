import { dockerModelRunner } from './docker-model-runner.js';
import { gpt4all } from './gpt4all.js';
import { jan } from './jan.js';
import { koboldCpp } from './kobold-cpp.js';
import { lemonade } from './lemonade.js';
import { llamaCpp } from './llama-cpp.js';
import { llamaCppPython } from './llama-cpp-python.js';
import { llamaSwap } from './llama-swap.js';
import { lmStudio } from './lm-studio.js';
import { localAI } from './local-ai.js';
import { mlxLm } from './mlx-lm.js';
import { ollama } from './ollama.js';
import { openWebUI } from './open-webui.js';
import type { ServiceSpec } from './service-spec.js';
import { sglang } from './sglang.js';
import { tabbyAPI } from './tabby-api.js';
import { textGenerationWebUI } from './text-generation-webui.js';
import { vllm } from './vllm.js';

/** The servers that are told apart, in the order in which they are tried on a shared port. */
export const SERVICE_SPECS: readonly ServiceSpec[] = [
  ollama,
  lmStudio,
  localAI,
  llamaCpp,
  llamaSwap,
  openWebUI,
  vllm,
  jan,
  gpt4all,
  koboldCpp,
  tabbyAPI,
  textGenerationWebUI,
  mlxLm,
  llamaCppPython,
  lemonade,
  sglang,
  dockerModelRunner,
];
