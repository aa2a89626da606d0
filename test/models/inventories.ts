import type { Requirements } from '../../src/core/decision.js';
import type { TaskCategory } from '../../src/core/task.js';
import type { ModelSelectorOptions } from '../../src/models/model-selector.js';
import type { RequestFacts } from '../../src/models/routing-rules.js';
import type { Given } from './served.js';

/** What people run, what they ask, and what someone who knows the models would take. */
export interface Inventory {
  readonly what: string;
  readonly models: Readonly<Record<string, Given>>;
  readonly options?: ModelSelectorOptions;
  readonly asks: readonly (readonly [
    category: TaskCategory,
    complexity: number,
    choice: string | null,
    why: string,
    Requirements?,
    /** `sticky`: the model that answered last in the session. */
    { readonly sticky?: string; readonly facts?: RequestFacts }?,
  ])[];
}

const VLLM = 'vllm@gpu1:8000';
const LMS = 'lmstudio@localhost:1234';
const CPP = 'llama.cpp@localhost:8080';
const cold = { state: 'unloaded', max: 32_768, context: 4096 } as const;
const sees = { can: ['completion', 'chat', 'tools', 'vision', 'json-schema'] } satisfies Given;

export const INVENTORIES: readonly Inventory[] = [
  {
    what: 'laptop with one 7B',
    models: { 'qwen2.5-coder:7b': cold, 'nomic-embed-text:latest': { can: ['embedding'] } },
    asks: [
      ['coding', 2, 'qwen2.5-coder:7b', 'the only chat model'],
      ['reasoning', 9, 'qwen2.5-coder:7b', 'better than nothing'],
    ],
  },
  {
    what: 'only embedders',
    models: { 'bge-m3:latest': { can: ['embedding'] }, 'mxbai-embed-large:latest': { can: ['embedding'] } },
    asks: [['coding', 5, null, 'nothing that chats']],
  },
  {
    what: 'only remote models',
    models: { 'gpt-oss:120b-cloud': { remote: 'yes' }, 'kimi-k2:1t-cloud': { remote: 'yes' } },
    asks: [
      ['coding', 5, null, 'nothing stays on the machine'],
      ['coding', 9, 'kimi-k2:1t-cloud', 'allowed for this call', { allowExternal: true }],
    ],
  },
  {
    what: 'cold giant, warm small',
    models: { 'llama3.3:70b': cold, 'qwen2.5-coder:7b': {} },
    asks: [
      ['coding', 2, 'qwen2.5-coder:7b', 'an easy query waits for nobody'],
      ['coding', 5, 'qwen2.5-coder:7b', 'good enough, and there'],
      ['reasoning', 9, 'llama3.3:70b', 'a hard one is worth the load'],
    ],
  },
  {
    what: 'two models of one line, both loaded',
    models: { 'qwen2.5-coder:32b': {}, 'qwen2.5-coder:7b': {} },
    asks: [
      ['coding', 6, 'qwen2.5-coder:32b', 'the better one for real work'],
      ['coding', 9, 'qwen2.5-coder:32b', 'the better one for hard work'],
      ['coding', 2, 'qwen2.5-coder:7b', 'the quick one for trifles', { strategy: 'fast' }],
      ['coding', 2, 'qwen2.5-coder:32b', 'the host asked for quality', { strategy: 'quality' }],
      ['coding', 3, 'qwen2.5-coder:7b', 'the host asked for thrift', { strategy: 'cheap' }],
    ],
  },
  {
    what: 'specialists side by side',
    models: { 'qwen2.5-coder:32b': {}, 'deepseek-r1:32b': {}, 'gemma3:27b': sees, 'llama3.2:3b': {} },
    asks: [
      ['coding', 7, 'qwen2.5-coder:32b', 'codes best of these'],
      ['reasoning', 8, 'deepseek-r1:32b', 'made for reasoning'],
      ['documentation', 5, 'gemma3:27b', 'writes best of these'],
      ['coding', 5, 'gemma3:27b', 'the only one that sees', { capabilities: ['vision'] }],
    ],
  },
  {
    what: 'old and new',
    models: { 'codellama:34b': { context: 16_384 }, 'wizardcoder:33b': { context: 16_384 }, 'qwen3.6:27b': {} },
    asks: [
      ['coding', 7, 'qwen3.6:27b', 'three years newer'],
      ['analysis', 6, 'qwen3.6:27b', 'three years newer'],
    ],
  },
  {
    what: 'one model on two servers',
    models: { 'Qwen/Qwen3-32B': { service: VLLM, busy: true, slots: 8 }, 'qwen3:32b': { busy: true, slots: 1 } },
    asks: [['coding', 6, 'Qwen/Qwen3-32B', 'has a free slot']],
  },
  {
    what: 'one model in three quantisations',
    models: { 'qwen3:14b-q2_K': {}, 'qwen3:14b-q8_0': {}, 'qwen3:14b-q4_K_M': {} },
    asks: [['coding', 7, 'qwen3:14b-q8_0', 'least is lost']],
  },
  {
    what: 'the bigger model coarser, the smaller finer',
    models: { 'qwen3:32b-q4_K_M': {}, 'qwen3:8b-q8_0': {} },
    asks: [['reasoning', 7, 'qwen3:32b-q4_K_M', 'size beats bits']],
  },
  {
    what: 'windows of different size',
    models: {
      'mistral-small:24b': { context: 8192, service: 'llama.cpp@h:8080' },
      'qwen3:8b': { context: 4096, max: 40_960 },
    },
    asks: [
      ['coding', 6, 'mistral-small:24b', 'fits, and is better'],
      ['coding', 6, 'qwen3:8b', 'can be loaded larger', { contextTokens: 20_000 }],
      ['coding', 6, null, 'fits nowhere', { contextTokens: 200_000 }],
    ],
  },
  {
    what: 'tools needed',
    models: { 'gemma3:12b': { can: ['completion', 'chat', 'vision'] }, 'qwen3:8b': {} },
    asks: [['coding', 5, 'qwen3:8b', 'the only one with tools', { capabilities: ['tools'] }]],
  },
  {
    what: 'a finetune beside its base',
    models: { 'huihui_ai/qwen2.5-coder-abliterate:32b': {}, 'qwen2.5-coder:32b': {} },
    asks: [['coding', 7, 'qwen2.5-coder:32b', 'measured; the other is anyone’s guess']],
  },
  {
    what: 'mixture of experts against a dense model of its size',
    models: { 'qwen3-coder:30b': {}, 'codestral:22b': {} },
    asks: [['coding', 5, 'qwen3-coder:30b', 'better, and a tenth of the work per token']],
  },
  {
    what: 'a server that loads while another is ready',
    models: { 'qwen3:14b': { state: 'loading' }, 'phi4:14b': { context: 16_384 } },
    asks: [['documentation', 4, 'phi4:14b', 'as good, and ready']],
  },
  // --- small machines
  {
    what: 'nothing at all',
    models: {},
    asks: [['coding', 5, null, 'nothing is served']],
  },
  {
    what: 'tiny laptop: a 1B warm, a 4B on disk',
    models: { 'llama3.2:1b': {}, 'qwen3:4b': cold },
    asks: [
      ['coding', 2, 'llama3.2:1b', 'a trifle does not wait for a load', { strategy: 'fast' }],
      ['coding', 7, 'qwen3:4b', 'the small one cannot do it'],
      ['reasoning', 8, 'qwen3:4b', 'the small one cannot do it'],
    ],
  },
  {
    what: 'three sizes of one coder, all cold',
    models: { 'qwen2.5-coder:3b': cold, 'qwen2.5-coder:7b': cold, 'qwen2.5-coder:14b': cold },
    asks: [
      ['coding', 8, 'qwen2.5-coder:14b', 'all must load, so the best'],
      ['coding', 2, 'qwen2.5-coder:3b', 'the quickest is asked for', { strategy: 'fast' }],
      ['coding', 2, 'qwen2.5-coder:3b', 'the smallest is asked for', { strategy: 'cheap' }],
    ],
  },
  {
    what: 'laptop with 16 GB: what does not fit is no choice',
    models: { 'llama3.3:70b': cold, 'qwen2.5-coder:32b': cold, 'qwen2.5-coder:7b': cold },
    options: { maxVramGb: 12 },
    asks: [
      ['coding', 9, 'qwen2.5-coder:7b', 'the others would need 21 and more GiB'],
      ['reasoning', 9, 'qwen2.5-coder:7b', 'the others would need 21 and more GiB'],
    ],
  },
  {
    what: 'a limit of memory and a model that is in it already',
    models: { 'qwen2.5-coder:32b': { sizeGb: 19.9 }, 'qwen3:4b': cold },
    options: { maxVramGb: 12 },
    asks: [['coding', 8, 'qwen2.5-coder:32b', 'it is loaded, so it fits']],
  },
  {
    what: 'a coarse build that fits and a fine one that does not',
    models: { 'qwen3:32b-q8_0': cold, 'qwen3:32b-q4_K_M': cold, 'qwen3:14b-q8_0': cold },
    options: { maxVramGb: 24 },
    asks: [['reasoning', 8, 'qwen3:32b-q4_K_M', 'the bigger model at four bits before the smaller at eight']],
  },
  {
    what: 'two bits of a big model against four of a middle one',
    models: { 'llama3.3:70b-instruct-q2_K': {}, 'qwen3:32b-q4_K_M': {} },
    asks: [['coding', 7, 'qwen3:32b-q4_K_M', 'two bits lose more than size gives, and it is newer']],
  },
  // --- servers
  {
    what: 'two-GPU server with one big model and a workstation with a small one',
    models: {
      'Qwen/Qwen3-235B-A22B-Instruct-2507': { service: VLLM, context: 131_072, slots: 16 },
      'qwen2.5-coder:7b': {},
    },
    asks: [
      ['coding', 9, 'Qwen/Qwen3-235B-A22B-Instruct-2507', 'hard work goes to the server'],
      ['reasoning', 8, 'Qwen/Qwen3-235B-A22B-Instruct-2507', 'hard work goes to the server'],
      ['coding', 2, 'qwen2.5-coder:7b', 'trifles stay here when speed is asked for', { strategy: 'fast' }],
    ],
  },
  {
    what: 'every slot of the big one busy',
    models: { 'Qwen/Qwen2.5-72B-Instruct': { service: VLLM, busy: true, slots: 1 }, 'qwen3:32b': {} },
    asks: [
      ['documentation', 4, 'qwen3:32b', 'as good for this, and idle'],
      ['coding', 6, 'qwen3:32b', 'as good for this, and idle'],
    ],
  },
  {
    what: 'a big one that is busy against a small one that is idle',
    models: { 'qwen3.6:27b': { busy: true, slots: 1 }, 'llama3.2:3b': {} },
    asks: [
      ['coding', 8, 'qwen3.6:27b', 'waiting is cheaper than a wrong answer'],
      ['coding', 2, 'llama3.2:3b', 'a trifle does not wait where speed is asked for', { strategy: 'fast' }],
    ],
  },
  {
    what: 'mixed services with three builds of one model',
    models: {
      'qwen/qwen3-8b': { service: LMS, quant: 'Q4_K_M' },
      'Qwen3-8B-Q8_0.gguf': { service: CPP, quant: 'Q8_0' },
      'qwen3:8b': { ...cold, quant: 'Q4_K_M' },
    },
    asks: [['coding', 5, 'Qwen3-8B-Q8_0.gguf', 'loaded, and least lost']],
  },
  {
    what: 'the same build on two servers with priorities',
    models: {
      'qwen3:8b @ near': { service: 'ollama@near:11434', priority: 10 },
      'qwen3:8b @ far': { service: 'ollama@far:11434', priority: 200, locality: 'private' },
    },
    asks: [['coding', 5, 'qwen3:8b @ near', 'the host wants it first']],
  },
  {
    what: 'the preferred server has it cold, the other has it warm',
    models: {
      'qwen3:32b @ near': { ...cold, service: 'ollama@near:11434', priority: 50 },
      'qwen3:32b @ far': { service: 'ollama@far:11434', priority: 150 },
    },
    asks: [['coding', 5, 'qwen3:32b @ far', 'a load costs more than a place in the list of servers']],
  },
  {
    what: 'one model on two servers, one of them asleep',
    models: {
      'qwen3-14b @ awake': { service: 'llama.cpp@b:8080' },
      'qwen3-14b @ asleep': { service: 'llama.cpp@a:8080', state: 'sleeping' },
    },
    asks: [['reasoning', 6, 'qwen3-14b @ awake', 'needs no waking']],
  },
  {
    what: 'a server in the house and one outside',
    models: {
      'openai/gpt-oss-120b': { service: 'openai-compatible@api.example:443', locality: 'external', remote: 'yes' },
      'qwen3:14b': {},
    },
    asks: [
      ['reasoning', 9, 'qwen3:14b', 'nothing leaves unasked'],
      ['reasoning', 9, 'openai/gpt-oss-120b', 'allowed for this call, and far better', { allowExternal: true }],
    ],
  },
  {
    what: 'a proxy that may pass prompts on',
    models: { 'gpt-4o': { service: 'openai-compatible@lan:4000', remote: 'unknown' }, 'phi4:14b': { context: 16_384 } },
    asks: [['documentation', 5, 'phi4:14b', 'nobody knows where the other one runs']],
  },
  // --- other kinds in the list
  {
    what: 'a home with one of everything',
    models: {
      'whisper-large-v3': { service: 'localai@localhost:8080', can: ['completion', 'chat'], assumedCan: true },
      'stable-diffusion-xl': { service: 'localai@localhost:8080', can: ['image-generation'] },
      'bge-reranker-v2-m3': { service: 'localai@localhost:8080', can: ['rerank'] },
      'kokoro-tts': { service: 'localai@localhost:8080', can: ['speech'] },
      'nomic-embed-text': { can: ['embedding'] },
      'gemma3:4b': sees,
    },
    asks: [
      ['coding', 8, 'gemma3:4b', 'the only one that writes'],
      ['documentation', 3, 'gemma3:4b', 'the only one that writes'],
      ['coding', 5, 'nomic-embed-text', 'the only one that makes vectors', { capabilities: ['embedding'] }],
    ],
  },
  {
    what: 'an embedder that a server lists as a chat model',
    models: {
      'bge-m3': { service: 'openai-compatible@h:1', can: ['completion', 'chat'], assumedCan: true },
      'smollm2:1.7b': {},
    },
    asks: [['documentation', 8, 'smollm2:1.7b', 'the catalogue knows what the other is']],
  },
  {
    what: 'a big embedder beside a small chat model',
    models: { 'qwen3-embedding:8b': { can: ['embedding'] }, 'qwen3:0.6b': {} },
    asks: [['reasoning', 9, 'qwen3:0.6b', 'vectors are no answer']],
  },
  {
    what: 'filling in the middle',
    models: { 'qwen2.5-coder:1.5b': { can: ['completion', 'chat', 'fill-in-the-middle'] }, 'llama3.3:70b': {} },
    asks: [
      ['coding', 2, 'qwen2.5-coder:1.5b', 'trained for it', { capabilities: ['fill-in-the-middle'] }],
      ['coding', 8, 'llama3.3:70b', 'this is a question, not a gap'],
    ],
  },
  {
    what: 'several models that fill in',
    models: { 'codellama:7b': { context: 16_384 }, 'qwen2.5-coder:7b': {}, 'starcoder2:3b': { context: 16_384 } },
    asks: [['coding', 2, 'qwen2.5-coder:7b', 'best of those that fill in', { capabilities: ['fill-in-the-middle'] }]],
  },
  // --- what a request needs
  {
    what: 'images and two models that see',
    models: { 'qwen2.5vl:7b': sees, 'gemma3:27b': sees, 'qwen3.6:27b': {} },
    asks: [
      ['coding', 6, 'gemma3:27b', 'the better of those that see', { capabilities: ['vision'] }],
      ['coding', 6, 'qwen3.6:27b', 'without an image the best coder'],
    ],
  },
  {
    what: 'an image and nobody who sees',
    models: { 'qwen3:8b': {}, 'llama3.1:8b': {} },
    asks: [['coding', 5, null, 'nobody sees', { capabilities: ['vision'] }]],
  },
  {
    what: 'an agent with tools among models that were not trained for them',
    models: {
      'codellama:34b': { context: 16_384, can: ['completion', 'chat'] },
      'starcoder2:15b': { context: 16_384, can: ['completion', 'chat'] },
      'llama3.1:8b': {},
    },
    asks: [['coding', 8, 'llama3.1:8b', 'the only one that calls tools', { capabilities: ['tools'] }]],
  },
  {
    what: 'tools: known at one, unknown at the other',
    models: {
      'my-team-coder': { service: 'openai-compatible@h:1', can: ['completion', 'chat'], assumedCan: true },
      'qwen3:14b': {},
    },
    asks: [['coding', 5, 'qwen3:14b', 'known to call tools', { capabilities: ['tools'] }]],
  },
  {
    what: 'a schema is wanted and only one server enforces it',
    models: {
      'mlx-community/Qwen3-14B-4bit': { service: 'mlx-lm@h:8080', can: ['completion', 'chat'] },
      'qwen3:8b': {},
    },
    asks: [['coding', 4, 'qwen3:8b', 'its server enforces schemas', { capabilities: ['json-schema'] }]],
  },
  {
    what: 'tools and images at once',
    models: {
      'llava:7b': { can: ['completion', 'chat', 'vision'] },
      'qwen3:32b': {},
      'mistral-small3.2:24b': sees,
    },
    asks: [['coding', 6, 'mistral-small3.2:24b', 'the only one with both', { capabilities: ['tools', 'vision'] }]],
  },
  {
    what: 'a long prompt',
    models: {
      'qwen2.5-coder:32b': { context: 32_768, service: 'vllm@h:1' },
      'llama3.1:8b': { context: 131_072, service: 'vllm@h:2' },
    },
    asks: [
      ['analysis', 6, 'llama3.1:8b', 'the only one that takes it', { contextTokens: 60_000 }],
      ['analysis', 6, 'qwen2.5-coder:32b', 'fits both', { contextTokens: 20_000 }],
    ],
  },
  {
    what: 'a long prompt that Ollama can load a model for',
    models: { 'qwen3:14b': { context: 4096, max: 40_960 }, 'phi4:14b': { context: 16_384, max: 16_384 } },
    asks: [
      ['coding', 5, 'qwen3:14b', 'can be loaded larger', { contextTokens: 30_000 }],
      ['coding', 5, 'phi4:14b', 'as good, and needs no reload', { contextTokens: 10_000 }],
    ],
  },
  {
    what: 'a window that nobody tells',
    models: {
      'mystery-8b': { service: 'openai-compatible@h:1', context: 4096, assumedContext: true },
      'qwen3:8b': { context: 16_384, max: 40_960 },
    },
    asks: [['coding', 5, 'qwen3:8b', 'known to take it', { contextTokens: 12_000 }]],
  },
  {
    what: 'windows below what a kind of task is given',
    models: {
      'qwen2.5-coder:7b': { context: 4096, service: CPP },
      'llama3.2:3b': { context: 16_384, service: 'llama.cpp@localhost:8081' },
    },
    asks: [
      ['coding', 5, 'llama3.2:3b', 'four thousand tokens are too few for code'],
      ['coding', 5, 'qwen2.5-coder:7b', 'whoever forces it means it', { model: 'qwen2.5-coder-7b' }],
    ],
  },
  // --- knowing the models
  {
    what: 'thinking and instruct twins',
    models: {
      'qwen3:30b-a3b-thinking-2507-q4_K_M': {},
      'qwen3:30b-a3b-instruct-2507-q4_K_M': {},
    },
    asks: [
      ['coding', 2, 'qwen3:30b-a3b-instruct-2507-q4_K_M', 'a quick edit needs no thinking aloud'],
      ['coding', 2, 'qwen3:30b-a3b-instruct-2507-q4_K_M', 'a quick edit needs no thinking aloud', { strategy: 'fast' }],
      ['reasoning', 9, 'qwen3:30b-a3b-thinking-2507-q4_K_M', 'a hard question does'],
    ],
  },
  {
    what: 'a distill that thinks against a coder of its size',
    models: { 'deepseek-r1:14b': {}, 'qwen2.5-coder:14b': {} },
    asks: [
      ['coding', 4, 'qwen2.5-coder:14b', 'made for it, and to the point'],
      ['reasoning', 8, 'deepseek-r1:14b', 'made for it'],
    ],
  },
  {
    what: 'only finetunes that nobody knows',
    models: {
      'hf.co/DavidAU/Llama-3.2-8X3B-MOE-Dark-Champion-GGUF:Q4_K_M': { sizeGb: 11 },
      'dolphin3:8b': { sizeGb: 4.9 },
      'my-tiny:latest': { sizeGb: 0.8 },
    },
    asks: [['coding', 6, 'hf.co/DavidAU/Llama-3.2-8X3B-MOE-Dark-Champion-GGUF:Q4_K_M', 'size is all that is known']],
  },
  {
    what: 'a known small model against an unknown one of the same size',
    models: { 'qwen2.5-coder:7b': {}, 'acme-coder:7b': {} },
    asks: [['coding', 6, 'qwen2.5-coder:7b', 'measured; of the other nothing is known']],
  },
  {
    what: 'an unknown giant against a known dwarf',
    models: { 'house-model:70b': {}, 'qwen2.5-coder:1.5b': {} },
    asks: [['reasoning', 8, 'house-model:70b', 'seventy billion parameters can hardly be worse than one and a half']],
  },
  {
    what: 'generations of one line',
    models: { 'llama2:70b': { context: 4096, max: 4096 }, 'llama3.1:8b': {}, 'qwen3:8b': {} },
    asks: [
      ['coding', 5, 'qwen3:8b', 'the newest'],
      ['reasoning', 7, 'qwen3:8b', 'the newest; the biggest has too small a window'],
    ],
  },
  {
    what: 'mixture of experts with many parameters and few active',
    models: { 'gpt-oss:20b': {}, 'gemma3:12b': { can: ['completion', 'chat', 'vision'] } },
    asks: [['reasoning', 7, 'gpt-oss:20b', 'reasons better, and runs like a 4B']],
  },
  {
    what: 'a big mixture against a bigger dense model',
    models: { 'gpt-oss:120b': { service: VLLM, context: 131_072 }, 'llama3.1:405b': { service: 'vllm@gpu2:8000' } },
    asks: [
      ['coding', 8, 'gpt-oss:120b', 'newer, and one hundredth of the work per token'],
      ['coding', 3, 'gpt-oss:120b', 'newer, and one hundredth of the work per token'],
    ],
  },
  {
    what: 'writers and coders',
    models: { 'gemma3:27b': sees, 'qwen2.5-coder:32b': {} },
    asks: [
      ['documentation', 5, 'gemma3:27b', 'writes better'],
      ['coding', 6, 'qwen2.5-coder:32b', 'codes better'],
    ],
  },
  {
    what: 'aliases that say nothing',
    models: {
      default: { service: CPP, aliases: ['chat'] },
      'qwen3:32b': {},
    },
    asks: [
      ['coding', 6, 'qwen3:32b', 'known'],
      ['coding', 6, 'default', 'asked for by its other name', { model: 'chat' }],
    ],
  },
  // --- what the host wants
  {
    what: "the host's own list",
    models: { 'qwen3.6:27b': {}, 'codellama:34b': { context: 16_384 }, 'mistral:7b': {} },
    options: { taskRouting: { coding: { primary: ['mistral:7b'], fallback: ['codellama-34b'] } } },
    asks: [
      ['coding', 9, 'mistral:7b', 'the host says so'],
      ['reasoning', 8, 'qwen3.6:27b', 'no list for this'],
    ],
  },
  {
    what: "the host's list and nothing of it served",
    models: { 'qwen3:8b': {}, 'llama3.2:1b': {} },
    options: { taskRouting: { coding: { primary: ['deepseek-v3'] } } },
    asks: [['coding', 6, 'qwen3:8b', 'the best of what is there']],
  },
  {
    what: 'a list whose first is cold',
    models: { 'qwen2.5-coder:32b': cold, 'qwen2.5-coder:7b': {} },
    options: { taskRouting: { coding: { primary: ['qwen2.5-coder:32b', 'qwen2.5-coder:7b'] } } },
    asks: [['coding', 2, 'qwen2.5-coder:32b', 'the host knows that it must load']],
  },
  {
    what: 'a rule that restricts',
    models: { 'qwen3.6:27b': {}, 'granite3.3:8b': {} },
    options: { rules: [{ when: { keywords: ['payroll'] }, use: ['granite-3.3-8b'] }] },
    asks: [
      [
        'coding',
        6,
        'granite3.3:8b',
        'the rule',
        {},
        { facts: { text: 'Fix the payroll export', file: undefined, tokens: 9 } },
      ],
      [
        'coding',
        6,
        'qwen3.6:27b',
        'the rule does not hold',
        {},
        { facts: { text: 'Fix the export', file: undefined, tokens: 9 } },
      ],
    ],
  },
  {
    what: 'rules that prefer and avoid',
    models: { 'qwen3.6:27b': {}, 'qwen2.5-coder:32b': {}, 'gpt-oss:20b': {} },
    options: {
      rules: [
        { when: { complexity: { max: 3 } }, prefer: ['gpt-oss-20b'] },
        { when: { category: 'documentation' }, avoid: ['qwen3.6-27b'] },
      ],
    },
    asks: [
      ['coding', 2, 'gpt-oss:20b', 'preferred for trifles'],
      ['documentation', 6, 'gpt-oss:20b', 'the best writer is to be avoided; of the others it is no coder'],
    ],
  },
  {
    what: 'better knowledge of the host',
    models: { 'acme/sql-coder:7b': {}, 'qwen2.5-coder:7b': {} },
    options: { catalog: [{ key: 'sql-coder', id: 'acme/sql-coder:7b', scores: { coding: 95 } }] },
    asks: [['coding', 7, 'acme/sql-coder:7b', 'the host measured it']],
  },
  {
    what: 'a model that the request names',
    models: { 'qwen3:32b': {}, 'llama3.2:1b': cold },
    asks: [
      ['coding', 9, 'llama3.2:1b', 'named', { model: 'llama3.2:1b' }],
      ['coding', 9, null, 'named, and not there', { model: 'llama3.2:3b' }],
    ],
  },
  // --- sessions
  {
    what: 'a conversation with one of two equals',
    models: {
      'qwen3:14b @ a': { service: 'ollama@a:11434' },
      'qwen3:14b @ b': { service: 'ollama@b:11434' },
    },
    asks: [
      ['coding', 5, 'qwen3:14b @ b', 'it has the conversation in its cache', {}, { sticky: 'qwen3:14b @ b' }],
      ['coding', 5, 'qwen3:14b @ a', 'first by name, for want of anything else'],
    ],
  },
  {
    what: 'a conversation that becomes hard',
    models: { 'llama3.2:3b': {}, 'qwen3:32b': {} },
    asks: [['reasoning', 9, 'qwen3:32b', 'staying is no reason for a bad answer', {}, { sticky: 'llama3.2:3b' }]],
  },
  {
    what: 'a conversation among models that are nearly equal',
    models: { 'qwen2.5-coder:14b': {}, 'qwen3:14b': {} },
    asks: [
      ['coding', 4, 'qwen3:14b', 'good enough, and it knows the conversation', {}, { sticky: 'qwen3:14b' }],
      [
        'coding',
        4,
        'qwen2.5-coder:14b',
        'good enough, and it knows the conversation',
        {},
        { sticky: 'qwen2.5-coder:14b' },
      ],
    ],
  },
  // --- strategies
  {
    what: 'four strategies over a rack',
    models: {
      'deepseek-ai/DeepSeek-V3': { service: VLLM, context: 65_536 },
      'qwen3:32b': {},
      'qwen3-coder:30b': {},
      'qwen3:1.7b': {},
    },
    asks: [
      ['reasoning', 9, 'deepseek-ai/DeepSeek-V3', 'the best there is', { strategy: 'quality' }],
      ['coding', 5, 'qwen3-coder:30b', 'good, and three billion parameters a token'],
      ['coding', 2, 'qwen3:1.7b', 'quickest', { strategy: 'fast' }],
      ['documentation', 1, 'qwen3:1.7b', 'least memory', { strategy: 'cheap' }],
    ],
  },
];
