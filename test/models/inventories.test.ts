import { describe, expect, test } from 'vitest';
import type { Requirements } from '../../src/core/decision.js';
import type { TaskCategory } from '../../src/core/task.js';
import { ModelSelector } from '../../src/models/model-selector.js';
import { type Given, served, task } from './served.js';

// What people run, what they ask, and what someone who knows the models would take.
interface Inventory {
  readonly what: string;
  readonly models: Readonly<Record<string, Given>>;
  readonly asks: readonly (readonly [
    TaskCategory,
    complexity: number,
    choice: string | null,
    why: string,
    Requirements?,
  ])[];
}

const VLLM = 'vllm@gpu1:8000';
const cold = { state: 'unloaded', max: 32_768, context: 4096 } as const;
const sees = { can: ['completion', 'chat', 'tools', 'vision', 'json-schema'] } satisfies Given;

const INVENTORIES: readonly Inventory[] = [
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
];

const CASES = INVENTORIES.flatMap(({ what, models, asks }) =>
  asks.map(([category, complexity, choice, why, o]) => ({ what, models, category, complexity, choice, why, o })),
);

describe('the choice that someone who knows the models would make', () => {
  test.each(CASES)(
    '$what: $category at $complexity takes $choice ($why)',
    ({ models, category, complexity, choice, o }) => {
      const candidates = Object.entries(models).map(([id, given]) => served(id, given));
      const best = new ModelSelector().select(task(category, complexity), candidates, o);
      expect(best?.model.id ?? null).toBe(choice);
    },
  );
});
