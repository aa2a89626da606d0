import { afterEach, describe, expect, it } from 'vitest';
import { LocalLLMRouter } from '../../src/router/local-llm-router.js';
import { type FakeServer, fakeOllama } from '../../src/testing.js';

let server: FakeServer | undefined;
let router: LocalLLMRouter | undefined;
afterEach(async () => {
  await router?.close();
  await server?.close();
});

describe('rules of the host', () => {
  it('decide by words, open file and language, and stand in the decision', async () => {
    server = await fakeOllama({ models: [{ id: 'qwen2.5-coder:7b' }, { id: 'llama3.2:3b' }, { id: 'gemma3:12b' }] });
    router = new LocalLLMRouter({
      discovery: false,
      services: [{ type: 'ollama', baseURL: server.url }],
      workspace: '/home/me/shop',
      rules: [
        { name: 'migrations', when: { files: ['db/**/*.sql'] }, use: ['llama3.2:3b'] },
        { name: 'typescript', when: { language: 'typescript' }, prefer: ['gemma3:12b'] },
        { name: 'not for secrets', when: { keywords: ['secret'] }, avoid: ['qwen2.5-coder:7b', 'gemma3:12b'] },
      ],
    });
    const migration = await router.route({
      prompt: 'Add a column',
      fileContext: { file: '/home/me/shop/db/v2/001.sql', text: 'create table a (b int);' },
    });
    expect(migration.model.id).toBe('llama3.2:3b');
    expect(migration.decision.notes).toContain('The rule "migrations" holds: use llama3.2:3b.');
    expect(migration.decision.rejected.map(({ rule }) => rule)).toEqual(['rule', 'rule']);
    const fenced = await router.explain('Tidy this\n```ts\nlet a = 1\n```');
    expect(fenced.selected?.model.id).toBe('gemma3:12b');
    const secret = await router.explain('Where does the secret come from?');
    expect(secret.selected?.model.id).toBe('llama3.2:3b');
    const forced = await router.explain({ prompt: 'the secret', model: 'gemma3:12b' });
    expect(forced.selected?.model.id).toBe('gemma3:12b');
  });
});
