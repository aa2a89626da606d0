import { fakeOllama } from 'local-llm-router/testing';
import { expect, it } from 'vitest';
import { over, up } from './setup.js';

it('notes in the decision where the name of the chosen model and its server contradict each other', async () => {
  const models = [
    { id: 'qwen3:8b', loaded: true, family: 'qwen3', parameterSize: '4.0B' },
    { id: 'llama3.2:1b', family: 'qwen2' },
  ];
  const router = over(await up(fakeOllama({ models })));
  const { decision, model } = await router.route('Write a binary search in Rust');
  expect(model).toMatchObject({ id: 'qwen3:8b', key: null });
  const note = 'qwen3:8b: Its name says qwen3-8b; its server reports 4 billion parameters, qwen3.';
  expect(decision.notes.filter((text) => text.includes('Its name says'))).toEqual([note]);
});

it('and says nothing where they agree', async () => {
  const router = over(await up(fakeOllama({ models: [{ id: 'qwen2.5-coder:32b', loaded: true }] })));
  const { decision, model } = await router.route('Write a binary search in Rust');
  expect(model.key).toBe('qwen2.5-coder-32b');
  expect(decision.notes.join()).not.toContain('Its name says');
});
