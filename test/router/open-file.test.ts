import { LocalLLMRouter, type RouteRequest } from 'local-llm-router';
import { type FakeServer, fakeOllama } from 'local-llm-router/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';

let server: FakeServer;
let router: LocalLLMRouter;

beforeEach(async () => {
  server = await fakeOllama();
  router = new LocalLLMRouter({
    discovery: false,
    services: [{ type: 'ollama', baseURL: server.url }],
    workspace: '/home/me/shop',
  });
});

afterEach(async () => {
  await router.close();
  await server.close();
});

async function sentFor(fileContext: RouteRequest['fileContext']): Promise<string> {
  await router.route({ prompt: 'What does this do?', fileContext });
  const { body } = server.requests.findLast(({ path }) => path === '/api/chat') ?? {};
  return (body as { messages: { content: string }[] }).messages.at(-1)?.content ?? '';
}

const text = Array.from({ length: 200 }, (_, i) => `line ${i}`).join('\n');
const file = '/home/me/shop/src/cart.ts';

it('sends what is selected, named relative to the workspace, and stores the question alone', async () => {
  const selection = { start: { line: 10, character: 0 }, end: { line: 12, character: 3 } };
  const sent = await sentFor({ file, text, selection });
  expect(sent).toMatch(/^What does this do\?\n/);
  expect(sent).toContain('### Selected: src/cart.ts:11-13\nline 10\nline 11\nline 12\n');
  expect(sent).not.toContain('line 13');
  expect(router.context.session('default')?.messages[0]?.content).toBe('What does this do?');
});

it('sends what stands around the cursor', async () => {
  const sent = await sentFor({ file, text, position: { line: 100, character: 0 } });
  expect(sent).toContain('### Open: src/cart.ts:61-141');
  expect(sent).not.toContain('line 59\n');
});

it('survives positions beyond the text, and sends nothing without a text', async () => {
  const beyond = { start: { line: 900, character: 0 }, end: { line: 950, character: 0 } };
  expect(await sentFor({ file, text, selection: beyond })).toContain('line 199');
  expect(await sentFor({ file })).toBe('What does this do?');
});
