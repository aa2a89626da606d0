import type { Message, RoutingDecision, ToolDefinition, Transport } from 'local-llm-router';
import { type FakeServer, fakeLlamaCpp, fakeLMStudio, fakeOllama, fakeVLLM } from 'local-llm-router/testing';
import { describe, expect, it } from 'vitest';
import { chats, failure, over, said, up } from './setup.js';

const TOOLS: ToolDefinition[] = [
  {
    type: 'function',
    function: { name: 'read_file', parameters: { type: 'object', properties: { path: { type: 'string' } } } },
  },
];
const IMAGE: Message = {
  role: 'user',
  content: [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
  ],
};

describe('a tool loop', () => {
  const start = () =>
    up(
      fakeOllama({
        models: [{ id: 'strong:7b' }, { id: 'weak:7b' }],
        reply: ({ messages }) =>
          messages.at(-1)?.role === 'tool' ? 'done' : { toolCalls: [{ name: 'read_file', arguments: { path: 'a' } }] },
      }),
    );
  const strongFirst = {
    coding: { primary: ['strong:7b'] },
    reasoning: { primary: ['strong:7b'] },
    analysis: { primary: ['strong:7b'] },
    documentation: { primary: ['strong:7b'] },
  };

  it('stays with the model that asked, also where it ranks lower', async () => {
    const fake = await start();
    const router = over(fake, { taskRouting: strongFirst });
    const asked = await router.route({ prompt: 'read a', tools: TOOLS, model: 'weak:7b', session: 's' });
    const result: Message = { role: 'tool', tool_call_id: asked.toolCalls[0]?.id ?? '', content: 'text of a' };
    const answered = await router.route({ messages: [result], session: 's', tools: TOOLS });
    expect(answered).toMatchObject({ text: 'done', model: { id: 'weak:7b' }, fallbackLevel: 'primary' });
    expect(answered.decision.notes.join()).toContain('asked for the tool');
    expect(answered.decision.ranked.map(({ model }) => model.id)).toEqual(['weak:7b', 'strong:7b']);
    expect((await router.route({ prompt: 'read a', session: 's' })).model.id).toBe('strong:7b');
  });

  it('stays with it in messages that stand on their own, too', async () => {
    const fake = await start();
    const router = over(fake, { taskRouting: strongFirst });
    const messages: Message[] = [{ role: 'user', content: 'read a' }];
    const asked = await router.route({ messages, tools: TOOLS, model: 'weak:7b' });
    messages.push(asked.message, { role: 'tool', tool_call_id: asked.toolCalls[0]?.id ?? '', content: 'x' });
    expect((await router.route({ messages, tools: TOOLS })).model.id).toBe('weak:7b');
    expect(said(chats(fake)[1]).map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
  });

  it('leaves it where it fails', async () => {
    let fails = false;
    const fake = await up(
      fakeOllama({
        models: [{ id: 'strong:7b' }, { id: 'weak:7b' }],
        reply: () => ({ toolCalls: [{ name: 'read_file', arguments: {} }] }),
        faults: ({ model }) => (fails && model === 'weak:7b' ? 'reset' : undefined),
      }),
    );
    const router = over(fake, { taskRouting: strongFirst });
    const { toolCalls } = await router.route({ prompt: 'read a', tools: TOOLS, model: 'weak:7b' });
    fails = true;
    const result: Message = { role: 'tool', tool_call_id: toolCalls[0]?.id ?? '', content: 'x' };
    const next = await router.route({ messages: [result], session: 'default', tools: TOOLS });
    expect(next).toMatchObject({ model: { id: 'strong:7b' }, fallbackLevel: 'fallback' });
  });
});

describe('what a request needs', () => {
  it('an answer in a schema comes back as the model wrote it', async () => {
    const fake = await up(
      fakeVLLM({
        reply: '{"a":1}',
        models: [{ id: 'm', contextLength: 16_384, capabilities: ['chat', 'json-schema'] }],
      }),
    );
    const schema = { type: 'object', properties: { a: { type: 'number' } } };
    const { text, decision } = await over(fake).route({
      prompt: 'give a',
      responseFormat: { type: 'json_schema', json_schema: { name: 'a', schema } },
    });
    expect(JSON.parse(text)).toEqual({ a: 1 });
    expect(decision.requirements.capabilities).toContain('json-schema');
    expect(chats(fake)[0]?.body).toMatchObject({ response_format: { json_schema: { schema } } });
  });

  it('says where nothing makes sure that the answer is JSON', async () => {
    const ask = async (fake: FakeServer) =>
      (await over(fake).route({ prompt: 'give a', responseFormat: { type: 'json_object' } })).decision.notes.join();
    expect(await ask(await up(fakeOllama()))).toMatch(/Ollama does not enforce json_object/);
    expect(await ask(await up(fakeVLLM({ models: [{ id: 'm', contextLength: 16_384 }] })))).not.toMatch(/json_object/);
  });

  it('goes to Ollama as its own format', async () => {
    const fake = await up(fakeOllama({ reply: '{}' }));
    const schema = { type: 'object' };
    const responseFormat = { type: 'json_schema' as const, json_schema: { name: 'a', schema } };
    await over(fake).route({ prompt: 'give a', responseFormat });
    expect(chats(fake)[0]?.body).toMatchObject({ format: schema });
  });

  it('an image is refused where no model sees, with what would change that', async () => {
    const fake = await up(fakeOllama({ models: [{ id: 'blind:7b' }] }));
    const error = await failure(over(fake).route({ messages: [IMAGE] }));
    expect(error).toMatchObject({ code: 'ERR_NO_MODEL' });
    expect(error.message).toMatch(/blind:7b .*\(vision\)/);
    expect(chats(fake)).toEqual([]);
  });

  it('an image goes to the model that sees', async () => {
    const seeing = { id: 'sighted:7b', capabilities: ['chat', 'completion', 'vision'] as const };
    const fake = await up(fakeOllama({ models: [{ id: 'blind:7b' }, seeing] }));
    const { model, decision } = await over(fake).route({ messages: [IMAGE] });
    expect(model.id).toBe('sighted:7b');
    expect(decision.rejected).toMatchObject([{ model: { id: 'blind:7b' }, rule: 'vision' }]);
  });

  it('tools are refused where no model calls any', async () => {
    const fake = await up(fakeOllama({ models: [{ id: 'm', capabilities: ['chat', 'completion'] }] }));
    const error = await failure(over(fake).route({ prompt: 'read a', tools: TOOLS }));
    expect(error.message).toMatch(/m:latest .*\(tools\)/);
    expect((await over(fake).route({ prompt: 'read a', tools: TOOLS, toolChoice: 'none' })).text).not.toBe('');
  });

  it('a custom tool is refused before anything is sent', async () => {
    const fake = await up(fakeLlamaCpp());
    const error = await failure(
      over(fake).route({ prompt: 'hi', tools: [{ type: 'custom', custom: { name: 'shell' } }] }),
    );
    expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED' });
    expect(chats(fake)).toEqual([]);
  });

  it('the gap in a text goes to a model that can fill it, and into no conversation', async () => {
    const filling = { id: 'coder:7b', capabilities: ['completion', 'fill-in-the-middle'] as const };
    const fake = await up(fakeOllama({ models: [{ id: 'chatty:7b' }, filling], reply: 'a + b' }));
    const router = over(fake);
    const { text, model } = await router.route({ prompt: 'const sum = ', suffix: ';\n' });
    expect(text).toBe('a + b');
    expect(model.id).toBe('coder:7b');
    expect(chats(fake)[0]).toMatchObject({ path: '/api/generate', body: { prompt: 'const sum = ', suffix: ';\n' } });
    expect(router.context.sessions()).toEqual([]);
    const atTheStart = await router.explain({ prompt: '', suffix: 'rest' });
    expect(atTheStart.selected?.model.id).toBe('coder:7b');
  });
});

describe('a server that answers with another model', () => {
  it('is told in the notes of the result, and to the logger', async () => {
    const fake = await up(fakeLMStudio({ models: [{ id: 'asked' }, { id: 'loaded', loaded: true }] }));
    const warnings: unknown[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (...words: unknown[]) => void warnings.push(...words) };
    // As LM Studio does with a model that it cannot load.
    const router = over(fake, {
      logger,
      hooks: { beforeRequest: (request) => ({ ...request, model: { ...request.model, id: 'loaded' } }) },
    });
    const decisions: RoutingDecision[] = [];
    router.onDecision((decision) => decisions.push(decision));
    const { decision, model } = await router.route({ prompt: 'hi', model: 'asked' });
    expect(model.id).toBe('asked');
    expect(decision.notes.at(-1)).toMatch(/answered with loaded, not with asked/);
    expect(warnings).toEqual([decision.notes.at(-1)]);
    expect(decisions[0]?.notes).not.toContain(decision.notes.at(-1));
  });

  it.each([
    ['a file', '/models/qwen.gguf', false],
    ['its own alias', 'coder-alias', false],
    ['another model of the service', 'other', true],
  ])('is suspected only by a name that the service lists for another: %s', async (_, servedModel, isOther) => {
    const fake = await up(fakeLlamaCpp({ models: [{ id: 'coder', loaded: true }, { id: 'other' }] }));
    const transport: Transport = {
      name: 'llama.cpp',
      specificationVersion: 1,
      capabilities: {},
      async *chat() {
        yield { type: 'text', text: 'ok' };
        yield { type: 'finish', finishReason: 'stop', servedModel };
      },
    };
    const { decision } = await over(fake, { transports: [transport] }).route({ prompt: 'hi', model: 'coder' });
    expect(decision.notes.some((note) => note.includes('answered with other'))).toBe(isOther);
  });
});
