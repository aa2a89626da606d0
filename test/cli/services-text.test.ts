import { expect, it } from 'vitest';
import { servicesText } from '../../src/cli/services-text.js';
import type { Service } from '../../src/index.js';
import { served } from '../models/served.js';

it('shows under a model where its name and its server contradict each other', () => {
  const note = 'Its name says llama-3.3-70b-instruct; its server reports 8 billion parameters, llama.';
  const service: Service = {
    id: 'ollama@localhost:11434',
    type: 'ollama',
    name: 'Ollama',
    baseURL: 'http://localhost:11434',
    status: 'up',
    stale: false,
    lastSeenMs: 0,
    models: [{ ...served('llama3.3:70b'), notes: [note] }, served('qwen3:8b')],
  };
  const lines = servicesText([service], (text) => text);
  expect(lines.join(' ').replace(/\s+/g, ' ')).toContain(`loaded ${note} qwen3:8b`);
  for (const line of lines) expect(line.length).toBeLessThan(80);
});
