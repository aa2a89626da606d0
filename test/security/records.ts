import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attempt, RoutingDecision } from '../../src/core/decision.js';
import type { ModelRef } from '../../src/core/model.js';

export const key = new Uint8Array(32).fill(7);

export const model: ModelRef = {
  id: 'qwen2.5-coder:7b',
  key: 'qwen2.5-coder-7b',
  service: 'ollama@localhost:11434',
  type: 'ollama',
  baseURL: 'http://localhost:11434',
};

export const attempt: Attempt = {
  model,
  level: 'primary',
  outcome: 'ok',
  startedMs: 1,
  durationMs: 42,
  retries: 0,
};

export const decision: RoutingDecision = {
  id: 'decision-1',
  task: {
    category: 'coding',
    confidence: 0.9,
    alternatives: [],
    requiresSerena: false,
    keywordsMatched: [],
    taskType: 'code_generation',
    complexity: { score: 4, band: 'medium', reasons: [] },
  },
  requirements: { session: 'alice' },
  selected: { model, score: 1, parts: [] },
  ranked: [],
  rejected: [],
  serena: { state: 'off', calls: [], tokens: 0, elapsedMs: 0 },
  context: { inputTokens: 12, limit: { value: 4096, source: 'server' }, reservedOutput: 512, compaction: null },
  notes: [],
};

/** A directory of its own for each test; `done` removes it. */
export async function scratch(): Promise<{ path: string; done(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'router-audit-'));
  return { path, done: () => rm(path, { recursive: true, force: true }) };
}

export async function segmentsIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort();
}

/** All lines of a log, oldest first. */
export async function linesIn(directory: string): Promise<string[]> {
  const texts = await Promise.all((await segmentsIn(directory)).map((name) => readFile(join(directory, name), 'utf8')));
  return texts.join('').split('\n').slice(0, -1);
}
