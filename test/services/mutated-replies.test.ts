import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServedModel } from '../../src/core/model.js';
import { SERVICE_SPECS } from '../../src/services/registry.js';
import { look } from './look.js';
import { recorded } from './recorded.js';

const ollama = 'ollama/0.33.0-rc2';
const wheel = 'llama.cpp/b11549-wheel';
const router = 'llama.cpp/v0.5.0';

/** Replies as JSON, by request: recorded, or built from the source where there is no recording. */
const zoo: Record<string, Record<string, string | object>> = {
  ollama: {
    'GET /api/version': `${ollama}/version-get`,
    'GET /api/tags': `${ollama}/tags`,
    'GET /api/ps': `${ollama}/ps-after-load`,
    'POST /api/show': `${ollama}/show-go-template`,
  },
  'llama.cpp': {
    'GET /health': `${wheel}/health`,
    'GET /v1/models': `${wheel}/models-v1`,
    'GET /props': `${wheel}/props`,
  },
  'llama.cpp router': {
    'GET /health': `${router}/router-health`,
    'GET /v1/models': `${router}/router-models-sleeping`,
    'GET /props': `${router}/router-props`,
  },
  'Open WebUI': {
    'GET /api/config': 'open-webui/0.12.4/config',
    'GET /api/models': 'open-webui/0.12.4/models',
  },
  LocalAI: {
    'GET /.well-known/localai.json': { version: 'v4.9.0', endpoints: {}, capabilities: {} },
    'GET /system': 'localai/3.12.1/system-loaded',
    'GET /v1/models': 'localai/3.12.1/models',
    'GET /v1/models/capabilities': {
      object: 'list',
      data: [{ id: 'tiny', capabilities: ['chat'], context_size: 512 }],
    },
    'GET /api/tags': { models: [{ name: 'tiny:latest', size: 9, details: { family: 'cloud-proxy' } }] },
  },
  KoboldCpp: {
    'GET /api/extra/version': 'koboldcpp/1.104/version',
    'GET /api/extra/true_max_context_length': 'koboldcpp/1.104/true-max-context',
    'GET /api/extra/perf': 'koboldcpp/1.104/perf',
    'GET /api/v1/model': 'koboldcpp/1.104/model',
    'GET /v1/models': 'koboldcpp/1.104/models-v1',
  },
  'text-generation-webui': {
    'GET /v1/internal/model/info': 'text-generation-webui/4.7.3/model-info',
    'GET /v1/models': 'text-generation-webui/4.7.3/models',
  },
  'llama-swap': {
    'GET /api/version': 'llama-swap/v250-5-g0bdb3720/api-version',
    'GET /v1/models': 'llama-swap/v250-5-g0bdb3720/v1-models-loaded',
    'GET /running': 'llama-swap/v250-5-g0bdb3720/running',
  },
  'Docker Model Runner': {
    'GET /v1/models': 'docker-model-runner/642c7211/warm-models-v1',
    'GET /models': 'docker-model-runner/642c7211/warm-models-native',
    'GET /engines/ps': 'docker-model-runner/642c7211/warm-engines-ps',
  },
  'mlx-lm': { 'GET /health': 'mlx-lm/0.32.2/health', 'GET /v1/models': 'mlx-lm/0.32.2/models' },
};

const replyOf = (reply: string | object) => (typeof reply === 'string' ? recorded(reply) : Response.json(reply));

const junk = fc.oneof(
  fc.constantFrom(null, '', 'x'.repeat(5_000), 0, -1, 1e308, 1.5, true, [], {}, [[]], { error: 'x' }, '\u0000\n'),
  fc.jsonValue(),
);

/** Drops, retypes, nests or repeats values anywhere in a reply. */
function mutate(value: unknown, pick: () => number, odd: () => unknown): unknown {
  const roll = pick();
  if (roll < 4) return odd();
  if (roll < 6) return [value];
  if (roll < 8) return { data: value, models: value };
  if (Array.isArray(value)) return value.flatMap((item) => (pick() < 8 ? [] : [mutate(item, pick, odd)]));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => (pick() < 8 ? [] : [[key, mutate(item, pick, odd)]])),
    );
  }
  return value;
}

function isSound(model: ServedModel): boolean {
  const counts = [model.contextLength, model.maxContextLength, model.sizeBytes, model.memoryBytes, model.parallelSlots];
  return (
    model.id.length > 0 &&
    model.id.length <= 256 &&
    counts.every((fact) => fact === undefined || (Number.isSafeInteger(fact.value) && fact.value > 0)) &&
    model.capabilities.value.every((capability) => typeof capability === 'string') &&
    ['no', 'yes', 'unknown'].includes(model.remote)
  );
}

describe('replies as no server sends them', () => {
  it.each(Object.keys(zoo))('of %s never throw and never become an unsound fact', async (name) => {
    const replies = await Promise.all(
      Object.entries(zoo[name] ?? {}).map(async ([request, reply]) => [request, await replyOf(reply).json()] as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.gen(), fc.constantFrom(...SERVICE_SPECS.map(({ type }) => type)), async (gen, at) => {
        const pick = () => gen(fc.integer, { min: 0, max: 100 });
        const odd = () => gen(() => junk);
        const answers = Object.fromEntries(
          replies.map(([request, body]) => [request, Response.json(mutate(body, pick, odd) ?? null)]),
        );
        const found = await look(answers, { at });
        expect(found.models.every(isSound)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('of the recorded kind are sound', async () => {
    for (const files of Object.values(zoo)) {
      const answers = Object.fromEntries(Object.entries(files).map(([request, reply]) => [request, replyOf(reply)]));
      for (const { type } of SERVICE_SPECS)
        expect((await look(answers, { at: type })).models.every(isSound)).toBe(true);
    }
  });
});

/** Each was looked up in the source of the servers that have it, or measured. */
const HARMLESS: ReadonlySet<string> = new Set([
  'GET /',
  'GET /.well-known/localai.json',
  'GET /.well-known/serviceinfo',
  'GET /api/config',
  'GET /api/extra/perf',
  'GET /api/extra/true_max_context_length',
  'GET /api/extra/version',
  'GET /api/models',
  'GET /api/ps',
  'GET /api/tags',
  'GET /api/v0/models',
  'GET /api/v1/model',
  'GET /api/v1/models',
  'GET /api/version',
  'GET /engines/_configure',
  'GET /engines/ps',
  'GET /health',
  'GET /lmstudio-greeting',
  'GET /model_info',
  'GET /models',
  'GET /openapi.json',
  'GET /props',
  'GET /readyz',
  'GET /running',
  'GET /system',
  // At GPT4All: the wrong method is refused before any model is looked at.
  'GET /v1/chat/completions',
  'GET /v1/health',
  'GET /v1/internal/model/info',
  'GET /v1/loads?include=core',
  'GET /v1/model',
  'GET /v1/models',
  'GET /v1/models/capabilities',
  'GET /version',
  // At KoboldCpp with a password: counts an empty text, also while it generates.
  'POST /api/extra/tokencount',
  'POST /api/show',
]);

describe('the table of requests', () => {
  it('holds nothing that loads, wakes, unloads or downloads a model, or spends a token', () => {
    const table = SERVICE_SPECS.flatMap(({ requests }) => requests);
    expect(table.filter((request) => !HARMLESS.has(request))).toEqual([]);
  });
});
