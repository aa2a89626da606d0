/** What the router says of itself must be so. */
import type { SerenaClient, Transport } from 'local-llm-router';
import { fakeOllama } from 'local-llm-router/testing';
import { expect, it } from 'vitest';
import { chats, collect, failure, over, systems, up } from './setup.js';

it('a model that failed lately is not called the first choice', async () => {
  const models = [{ id: 'qwen2.5-coder:32b', loaded: true }, { id: 'llama3.2:3b' }];
  const fake = await up(fakeOllama({ models, faults: [{ name: 'status-500', model: 'qwen2.5-coder:32b' }] }));
  const router = over(fake);
  for (let i = 0; i < 3; i += 1) await router.route({ messages: [{ role: 'user', content: 'Write a loop' }] });
  const { selected, ranked, notes } = await router.explain('Write a loop');
  expect(selected?.model.id).toBe('llama3.2:3b');
  expect(ranked.at(-1)?.model.id).toBe('qwen2.5-coder:32b');
  expect(notes.join()).toContain('qwen2.5-coder:32b');
});

it('a model that answered is loaded, whatever discovery saw before', async () => {
  const fake = await up(fakeOllama({ models: [{ id: 'a:7b' }] }));
  const router = over(fake);
  const phases = async () =>
    (await collect(router.stream('hi'))).flatMap((event) => (event.type === 'status' ? [event.phase] : []));
  expect(await phases()).toContain('loading');
  expect(await phases()).not.toContain('loading');
});

it('Serena is reported as it is now, and the system prompt stays as it was', async () => {
  const fake = await up(fakeOllama());
  let broken = true;
  const answer = async <T>(value: T): Promise<T> => {
    if (broken) throw new Error('down');
    return value;
  };
  const serena: SerenaClient = {
    listTools: () => answer(['find_symbol']),
    callTool: () => answer({ text: '[{"name_path":"Cart","kind":"Class","relative_path":"a.ts"}]', isError: false }),
  };
  const router = over(fake, { serena });
  expect((await router.initialize()).serena).toBe('unavailable');
  broken = false;
  await router.route('Who calls `Cart.total` in our code?');
  expect(router.status().serena).toBe('ready');
  broken = true;
  await router.route('Who calls `Cart.add` in our code?');
  const prompts = chats(fake).flatMap(systems);
  expect(new Set(prompts).size).toBe(1);
});

it('a transport is not sent what it says that it cannot carry', async () => {
  const fake = await up(fakeOllama({ models: [{ id: 'a:7b', capabilities: ['completion', 'chat', 'tools'] }] }));
  const plain: Transport = {
    name: 'ollama',
    specificationVersion: 1,
    capabilities: { tools: false },
    async *chat() {
      yield { type: 'text', text: 'sent' };
      yield { type: 'finish', finishReason: 'stop' };
    },
  };
  const request = { prompt: 'hi', tools: [{ type: 'function' as const, function: { name: 'f' } }] };
  const error = await failure(over(fake, { transports: [plain] }).route(request));
  expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED', attempts: [{ outcome: 'skipped' }] });
});

it('reasoningEffort does not make a model fail that cannot reason', async () => {
  const fake = await up(fakeOllama({ models: [{ id: 'a:7b', capabilities: ['completion', 'chat'] }] }));
  await over(fake).route({ prompt: 'hi', reasoningEffort: 'low' });
  expect(chats(fake)[0]?.body).not.toHaveProperty('think');
});

it('a hook that gives no answer leaves the conversation as it was', async () => {
  const fake = await up(fakeOllama());
  const router = over(fake, { hooks: { afterResponse: (result) => ({ text: result.text }) as never } });
  expect(await failure(router.route('hi'))).toMatchObject({ code: 'ERR_INVALID_OPTION' });
  expect(router.context.session('default')?.messages ?? []).toEqual([]);
});

it('a hook that gives no request ends the call before anything is sent', async () => {
  const fake = await up(fakeOllama());
  const router = over(fake, { hooks: { beforeRequest: () => ({}) as never } });
  expect(await failure(router.route('hi'))).toMatchObject({ code: 'ERR_INVALID_OPTION' });
  expect(chats(fake)).toEqual([]);
});

it('the window of a session is the one in force, not the largest there could be', async () => {
  const fake = await up(fakeOllama({ models: [{ id: 'a:7b', contextLength: 8192, loaded: true }] }));
  const router = over(fake);
  const { decision } = await router.route('hi');
  expect(router.context.usage().limit).toBe(decision.context.numCtx);
});

it('one failed attempt says what to do about it', async () => {
  const fake = await up(fakeOllama({ models: [{ id: 'a:7b' }], faults: ['status-500'] }));
  const error = await failure(over(fake).route('hi'));
  expect(error.message).toContain(error.attempts?.[0]?.reason);
});
